//! Job-seekers without work at the end of each month of 2010, as VDAB delivers them.

use std::convert::Infallible;

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::identity::Supplier;
use crate::parallel::in_order;
use crate::person::{DATES, Person, Story, date};
use crate::random::Draw;
use crate::shape::{Kind, SEMICOLONS, Shape, column};
use crate::spell::{Beside, Spell, beside_for_touching, month_end, months, spell, spell_beside};
use crate::text::padded;

/// The delivery.
pub(crate) const DELIVERY: Delivery = Delivery::of_persons("vdab/nwwz", "2010", "2011-03-01");

/// The shape of the file.
pub(crate) static SHAPE: Shape = Shape::new(
    SEMICOLONS,
    &[
        column("maand", Kind::Month).key().of_period(),
        column("insz", Kind::Insz).key(),
        column("categorie", Kind::Codes(&["00", "02", "03", "99"])),
        column("gemeente", Kind::Municipality),
    ],
);

/// Somebody's spell, and the category of the file.
pub(crate) struct Search {
    pub(crate) person: usize,
    pub(crate) spell: Spell,
    category: &'static [u8; 2],
}

/// Who seeks work, and when.
pub(crate) struct Searches {
    /// In 2010, as in the file.
    pub(crate) of_2010: Vec<Search>,
    /// By position of the person: the quarters of 2008 to 2011 at whose end the person seeks work, bit 0 for the first.
    pub(crate) quarters: Vec<u16>,
}

/// Draws who seeks work in 2010, and in the years around it.
pub(crate) fn searches(flanders: &Flanders<'_>, threads: usize) -> Searches {
    let year = date(2010);
    let weights = |person: &Person| weight(flanders, person, year) * flanders.presence(person);
    let sum: f64 = flanders.people.iter().map(weights).sum();
    let rate = own::JOBLESS * flanders.scale * 12.0 / months(own::JOBLESS_SPELLS) / sum.max(1e-9);
    let mut searches = Searches { of_2010: Vec::new(), quarters: Vec::with_capacity(flanders.people.len()) };
    let draw = |home: usize| (search(flanders, home, rate), search_beside(flanders, home, rate));
    let done = in_order(threads, flanders.homes.len(), draw, |(mut of_2010, mut quarters)| {
        searches.quarters.append(&mut quarters);
        for search in &of_2010 {
            searches.quarters[search.person] |= search.spell.quarters();
        }
        searches.of_2010.append(&mut of_2010);
        Ok::<(), Infallible>(())
    });
    match done {
        Ok(()) => searches,
        Err(never) => match never {},
    }
}

/// Writes the file, month by month.
pub(crate) fn write(flanders: &Flanders<'_>, searches: &[Search], outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let threads = outbox.threads;
    let mut begun = outbox.begin(DELIVERY)?;
    let mut sink = begun.table("nwwz.csv", &SHAPE)?;
    sink.pieces(threads, 12, |month| rows(flanders, searches, month as i32))?;
    begun.add(sink)?;
    begun.finish()
}

/// The rows of a month, and how many they are.
pub(crate) fn rows(flanders: &Flanders<'_>, searches: &[Search], month: i32) -> (Vec<u8>, u64) {
    let day = month_end(month);
    let mut out = Vec::new();
    let mut lines = 0;
    for search in searches.iter().filter(|search| search.spell.months().contains(&month)) {
        let person = &flanders.people[search.person];
        let Some(place) = flanders.lives_on(person, day) else { continue };
        out.extend_from_slice(b"2010-");
        padded(&mut out, month as u64 + 1, 2);
        out.push(b';');
        padded(&mut out, flanders.number_at(search.person, Supplier::Vdab), 11);
        out.push(b';');
        out.extend_from_slice(search.category);
        out.push(b';');
        out.extend_from_slice(flanders.told_place(person, 1 + month as u32, place));
        out.push(b'\n');
        lines += 1;
    }
    (out, lines)
}

/// The job-seekers of a home.
fn search(flanders: &Flanders<'_>, home: usize, rate: f64) -> Vec<Search> {
    let mut draw = Draw::stream(flanders.seed, "job-seekers", home as u64);
    let mut searches = Vec::new();
    for at in flanders.homes[home].clone() {
        let person = &flanders.people[at];
        let weight = weight(flanders, person, date(2010));
        if weight > 0.0 && draw.chance((weight * rate).min(0.9)) {
            let spell = spell(&mut draw, own::JOBLESS_SPELLS);
            let young = age(person, date(2010)) <= 25;
            let category = match draw.unit() {
                chance if chance < if young { 0.38 } else { 0.008 } => b"02",
                chance if chance < if young { 0.50 } else { 0.09 } => b"03",
                chance if chance < if young { 0.66 } else { 0.22 } => b"99",
                _ => b"00",
            };
            searches.push(Search { person: at, spell, category });
        }
    }
    searches
}

/// The spells of a home's job-seekers that do not touch 2010: the quarters of each person.
fn search_beside(flanders: &Flanders<'_>, home: usize, rate: f64) -> Vec<u16> {
    let mut draw = Draw::stream(flanders.seed, "job-seekers of other years", home as u64);
    let beside = beside_for_touching(own::JOBLESS_SPELLS);
    let quarters = |person: &Person| {
        let mut bits = 0;
        for (year, years) in [(2008, Beside::Before(0)), (2009, Beside::Before(1)), (2011, Beside::After)] {
            let often = own::JOBLESS_BESIDE.iter().find(|(of, _)| *of == year).map_or(1.0, |(_, factor)| *factor);
            let weight = weight(flanders, person, date(year));
            if weight > 0.0 && draw.chance((weight * rate * beside * often).min(0.9)) {
                bits |= spell_beside(&mut draw, own::JOBLESS_SPELLS, years).quarters();
            }
        }
        bits
    };
    flanders.people[flanders.homes[home].clone()].iter().map(quarters).collect()
}

/// Completed years in the middle of the year that begins on a date, nearly.
fn age(person: &Person, year: usize) -> i32 {
    (DATES[year] + 180 - person.birth) / 365
}

/// How likely somebody is to seek work in the year that begins on a date, compared with others; 0 for those who cannot
/// be in the file.
fn weight(flanders: &Flanders<'_>, person: &Person, year: usize) -> f64 {
    let lives = [year, year + 1].into_iter().any(|date| flanders.resides(person, date));
    // All year between 18 and 64.
    if !lives || DATES[year] - person.birth < 18 * 366 || DATES[year + 1] - person.birth > 64 * 365 {
        return 0.0;
    }
    let outside = flanders.outside_union(flanders.origin(person));
    let origin = match (person.story, outside) {
        (Story::Foreign | Story::Naturalised, true) => 3.6,
        (Story::BothParents | Story::OneParent, true) => 2.0,
        (Story::Foreign, false) => 1.2,
        _ => 1.0,
    };
    let age = match age(person, year) {
        ..25 => 1.9,
        25..35 => 1.1,
        35..50 => 0.9,
        50..60 => 1.0,
        _ => 0.3,
    };
    origin * age
}
