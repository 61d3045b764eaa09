//! Moves of a year, as the national register delivers them: within Belgium, over its border, births, changes of register.

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::flanders::Flanders;
use crate::person::{BELGIAN, DATES, NEVER, Person, date, flag, small};
use crate::random::{mix, mix_unit};
use crate::shape::{Kind, SEMICOLONS, Shape, column};
use crate::text::{iso, padded};

/// The deliveries, with the date on which the year begins that each is about.
pub(crate) const DELIVERIES: [(usize, Delivery); 4] = [
    (date(2008), delivery("2008", "2009-07-15", "2009-06-30")),
    (date(2009), delivery("2009", "2010-07-15", "2010-06-30")),
    (date(2010), delivery("2010", "2011-07-15", "2011-06-30")),
    (date(2011), delivery("2011", "2012-07-15", "2012-06-30")),
];

const fn delivery(period: &'static str, delivered_on: &'static str, extracted_on: &'static str) -> Delivery {
    let extract = "rijksregister/verhuizingen";
    Delivery { extract, period, delivered_on, extracted_on: Some(extracted_on), personal: true }
}

/// The shape of the file.
pub(crate) static SHAPE: Shape = Shape::new(
    SEMICOLONS,
    &[
        column("insz", Kind::Insz).key(),
        column("datum", Kind::Day).key(),
        column("van", Kind::Place).optional(),
        column("naar", Kind::Place).optional(),
        column("soort", Kind::Codes(&["verhuizing", "geboorte", "afvoering", "herinschrijving", "registerwissel"]))
            .key(),
    ],
);

/// Struck off by the municipality: nobody knows where to.
const REMOVED: u16 = 992;
/// Where Belgians mostly go to and come from: the Netherlands, France, Germany, Spain, the United Kingdom, the
/// United States.
const USUAL: [u16; 8] = [129, 129, 111, 111, 103, 109, 112, 402];

/// One end of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    None,
    /// Municipality, as in [`Person::place`].
    Here(u16),
    /// Country by its code, or [`REMOVED`].
    Abroad(u16),
}

/// Writes the years.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let threads = outbox.threads;
    for (year, delivery) in DELIVERIES {
        let mut begun = outbox.begin(delivery)?;
        let mut sink = begun.table("verhuizingen.csv.gz", &SHAPE)?;
        sink.pieces(threads, flanders.blocks(), |block| rows(flanders, year, block))?;
        begun.add(sink)?;
        begun.finish()?;
    }
    Ok(())
}

/// The moves of a block of persons, and how many they are.
pub(crate) fn rows(flanders: &Flanders<'_>, year: usize, block: usize) -> (Vec<u8>, u64) {
    let mut out = Vec::new();
    let mut lines = 0;
    for person in flanders.block(block) {
        if person.is(flag::WAITING) || person.is(flag::PARENT_ONLY) {
            continue;
        }
        let mut add = |day: i32, from: End, to: End, kind: &[u8]| {
            let flemish = |end: End| matches!(end, End::Here(place) if flanders.flemish(place));
            if !flemish(from) && !flemish(to) {
                return;
            }
            padded(&mut out, person.insz(&flanders.calendar), 11);
            out.push(b';');
            iso(&mut out, flanders.calendar.number(day));
            for end in [from, to] {
                out.push(b';');
                match end {
                    End::None => {}
                    End::Here(place) => out.extend_from_slice(flanders.place_code(place)),
                    End::Abroad(REMOVED) => out.extend_from_slice(b"00992"),
                    End::Abroad(country) => padded(&mut out, u64::from(country), 3),
                }
            }
            out.push(b';');
            out.extend_from_slice(kind);
            out.push(b'\n');
            lines += 1;
        };
        spells(person, year, &mut add);
    }
    (out, lines)
}

/// What a person's places on the two ends of a year tell about the moves in between.
fn spells(person: &Person, year: usize, add: &mut impl FnMut(i32, End, End, &[u8])) {
    let (before, after) = (person.place[year], person.place[year + 1]);
    let within = |day: i32| DATES[year] < day && day < DATES[year + 1];
    let chance = mix_unit(person.quirk, small::LEAVING + year as u32);
    if before == 0 && after != 0 {
        let to = End::Here(after);
        if !within(person.known) {
            add(person.moved(year), End::Abroad(country(person)), to, b"herinschrijving");
        } else if person.known == person.birth {
            add(person.known, End::None, to, b"geboorte");
        } else {
            // A Belgian who comes back mostly was in a Belgian register before.
            let back = person.first == BELGIAN && chance < 0.6;
            let kind: &[u8] = if back { b"herinschrijving" } else { b"verhuizing" };
            add(person.known, End::Abroad(country(person)), to, kind);
        }
    } else if before != 0 && after == 0 && person.death == NEVER {
        let from = End::Here(before);
        if chance < if person.is_foreign(DATES[year]) { 0.45 } else { 0.2 } {
            add(person.moved(year), from, End::Abroad(REMOVED), b"afvoering");
        } else {
            add(person.moved(year), from, End::Abroad(country(person)), b"verhuizing");
        }
    } else if before != after && (person.death == NEVER || person.death > DATES[year + 1]) {
        add(person.moved(year), End::Here(before), End::Here(after), b"verhuizing");
    }
    // Who becomes Belgian goes from the foreigners' register to the population register.
    for change in person.changes.iter().filter(|change| change.code == BELGIAN && within(change.day)) {
        let place = person.place_on(change.day);
        let established = person.is(flag::ESTABLISHED) || !person.is_foreign(change.day - 1);
        if place != 0 && !established {
            add(change.day, End::Here(place), End::Here(place), b"registerwissel");
        }
    }
}

/// The country at the other end of a move over the border.
fn country(person: &Person) -> u16 {
    if person.first != BELGIAN && person.is_foreign(person.known) {
        person.nationality(person.known)
    } else {
        USUAL[mix(person.quirk, small::LEAVING + 5) as usize % USUAL.len()]
    }
}
