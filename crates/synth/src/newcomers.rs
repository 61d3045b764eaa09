//! The courses of adult newcomers since 2004, as the database of civic integration had them on 31 December 2010.

use catalog::Day;

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::{Flanders, in_extract};
use crate::person::{ABROAD, BELGIAN, DATES, Person, date, flag, new_year, small};
use crate::random::{Draw, mix};
use crate::shape::{Column, Kind, SEMICOLONS, Shape, column};
use crate::text::{iso, padded};

/// The delivery: a snapshot of a database that never stands still.
pub(crate) const DELIVERY: Delivery = Delivery {
    extract: "inburgering/trajecten",
    period: "2010-12-31",
    delivered_on: "2011-04-15",
    extracted_on: Some("2011-03-31"),
    personal: true,
};
/// The last day that the file tells about.
const SNAPSHOT: i32 = DATES[date(2011)] - 1;
/// The first year.
const FIRST: i16 = 2004;

const YES_OR_NO: Kind = Kind::Codes(&["j", "n"]);
const REASONS: [&str; 4] = ["ziekte", "bevalling", "zorg", "kinderopvang"];
const COLUMNS: &[Column] = &[
    column("insz", Kind::Insz).key(),
    column("geslacht", Kind::Codes(&["V", "M"])),
    column("geboortedatum", Kind::Day),
    column("nationaliteit", Kind::Nationality).optional(),
    column("doelgroep", Kind::Codes(&["1", "2", "3", "4"])),
    column("verplicht", YES_OR_NO),
    column("nieuwkomer_sinds", Kind::Day),
    column("aanmelding", Kind::Day).optional(),
    column("contract", Kind::Day).optional(),
    column("opschorting", Kind::Day).optional(),
    column("reden_opschorting", Kind::Text).optional(),
    column("attest", Kind::Day).optional(),
    column("gemeente", Kind::Municipality),
];
static SHAPE: Shape = Shape::new(SEMICOLONS, COLUMNS).ascending(7, 8);

/// An adult newcomer.
struct Newcomer {
    since: i32,
    /// 1 settled from abroad, 2 newly registered Belgian, 3 asylum seeker, 4 others.
    group: u8,
    place: u16,
}

/// What somebody did since: days, as far as they have come.
#[derive(Default)]
struct Course {
    registered: Option<i32>,
    contract: Option<i32>,
    suspended: Option<i32>,
    reason: &'static str,
    certificate: Option<i32>,
}

/// Writes the file.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let threads = outbox.threads;
    let rates = rates(flanders);
    let mut begun = outbox.begin(DELIVERY)?;
    let mut sink = begun.table("trajecten.csv", &SHAPE)?;
    sink.pieces(threads, flanders.homes.len(), |home| {
        let mut draw = Draw::stream(flanders.seed, "newcomers", home as u64);
        let mut out = Vec::new();
        let mut lines = 0;
        for person in &flanders.people[flanders.homes[home].clone()] {
            let Some(newcomer) = newcomer(flanders, person) else { continue };
            if draw.chance(rates[year(newcomer.since)][usize::from(person.is(flag::WOMAN))]) {
                line(flanders, &mut draw, &mut out, person, &newcomer);
                lines += 1;
            }
        }
        (out, lines)
    })?;
    begun.add(sink)?;
    begun.finish()
}

/// Position of a day's year.
fn year(day: i32) -> usize {
    usize::try_from(Day(day).year() - FIRST).unwrap_or(0)
}

/// For each year, which part of the men and of the women who could be in the file are in it.
fn rates(flanders: &Flanders<'_>) -> Vec<[f64; 2]> {
    let mut found = vec![[0.0; 2]; own::NEWCOMERS.len()];
    for person in &flanders.people {
        if let Some(newcomer) = newcomer(flanders, person) {
            found[year(newcomer.since)][usize::from(person.is(flag::WOMAN))] += 1.0;
        }
    }
    let rate = |(persons, [men, women]): (&f64, &[f64; 2])| {
        let wanted = persons * flanders.scale;
        let of = |share: f64, found: f64| (wanted * share / found.max(1.0)).min(0.95);
        [of(1.0 - own::NEWCOMING_WOMEN, *men), of(own::NEWCOMING_WOMEN, *women)]
    };
    own::NEWCOMERS.iter().zip(&found).map(rate).collect()
}

/// Whether somebody can be in the file: who settled as an adult and lives, or lived lately, in Flanders.
fn newcomer(flanders: &Flanders<'_>, person: &Person) -> Option<Newcomer> {
    if person.is(flag::PARENT_ONLY) || !in_extract(person, date(2011)) {
        return None;
    }
    let chance = mix(person.quirk, small::NEWCOMER);
    let (since, group) = if person.is(flag::WAITING) {
        (person.begin + 122, 3)
    } else if person.first != BELGIAN && person.begin > person.birth && person.known == person.begin {
        (person.begin, if chance.is_multiple_of(140) { 4 } else { 1 })
    } else if person.first == BELGIAN && person.known > person.birth {
        let born_abroad = person.birthplace >= ABROAD || chance.is_multiple_of(4);
        (person.known, born_abroad.then_some(2)?)
    } else {
        return None;
    };
    if since < new_year(FIRST) || since > SNAPSHOT || flanders.calendar.age_on(since, person.birth) < 18 {
        return None;
    }
    // Where the person lives, or else lived at the start, or else on the last date before the snapshot.
    let dates = person.place[..date(2011)].iter().rev().copied();
    let places = [person.place_on(SNAPSHOT), person.place_on(since)].into_iter().chain(dates);
    let place = places.into_iter().find(|place| flanders.flemish(*place))?;
    Some(Newcomer { since, group, place })
}

fn line(flanders: &Flanders<'_>, draw: &mut Draw, out: &mut Vec<u8>, person: &Person, newcomer: &Newcomer) {
    let calendar = &flanders.calendar;
    let nationality = person.nationality(newcomer.since);
    let obliged = match newcomer.group {
        1 | 2 => nationality == BELGIAN || flanders.outside_union(nationality) && draw.chance(0.9),
        3 => draw.chance(0.5),
        _ => false,
    };
    let course = course(draw, newcomer.since, obliged, person.is(flag::WOMAN));
    padded(out, person.insz(calendar), 11);
    out.extend_from_slice(if person.is(flag::WOMAN) { b";V;" } else { b";M;" });
    iso(out, calendar.number(person.birth));
    out.push(b';');
    padded(out, u64::from(nationality), 3);
    out.extend_from_slice(&[b';', b'0' + newcomer.group, b';', if obliged { b'j' } else { b'n' }]);
    let day = |out: &mut Vec<u8>, day: Option<i32>| {
        out.push(b';');
        if let Some(day) = day {
            iso(out, calendar.number(day));
        }
    };
    day(out, Some(newcomer.since));
    for step in [course.registered, course.contract, course.suspended] {
        day(out, step);
    }
    out.push(b';');
    out.extend_from_slice(course.reason.as_bytes());
    day(out, course.certificate);
    out.push(b';');
    out.extend_from_slice(flanders.told_place(person, 0, newcomer.place));
    out.push(b'\n');
}

/// How far somebody has come: each step has its chance and its time, and only what happened by the snapshot is there.
fn course(draw: &mut Draw, since: i32, obliged: bool, woman: bool) -> Course {
    let mut step = |chance: f64, from: Option<i32>, least: i32, most: i32| {
        let (happens, days) = (draw.chance(chance), draw.between(least, most));
        from.filter(|_| happens).map(|from| from + days).filter(|day| *day <= SNAPSHOT)
    };
    let sex = usize::from(woman);
    let registered = step(own::REGISTERING[usize::from(obliged)], Some(since), 5, 180);
    let contract = step(own::SIGNING[sex], registered, 0, 120);
    let suspended = step(own::SUSPENDED[sex], contract, 20, 300);
    let certificate = step(own::CERTIFIED, contract, 200, 650).filter(|day| suspended.is_none_or(|from| from < *day));
    let chances: [f64; 4] = if woman { [0.15, 0.5, 0.1, 0.25] } else { [0.6, 0.0, 0.3, 0.1] };
    let mut rest = draw.unit();
    let at = chances.iter().position(|chance| {
        rest -= chance;
        rest < 0.0
    });
    let reason = if suspended.is_some() { REASONS[at.unwrap_or(0)] } else { "" };
    Course { registered, contract, suspended, reason, certificate }
}
