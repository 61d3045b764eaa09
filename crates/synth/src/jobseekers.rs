//! Job-seekers without work at the end of each month of 2010, as VDAB delivers them.

use std::convert::Infallible;

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::identity::Supplier;
use crate::parallel::in_order;
use crate::person::{DATES, Person, Story};
use crate::random::Draw;
use crate::shape::{Kind, SEMICOLONS, Shape, column};
use crate::spell::{Spell, month_end, months, spell};
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

/// Who seeks work in 2010.
pub(crate) fn searches(flanders: &Flanders<'_>, threads: usize) -> Vec<Search> {
    let sum: f64 = flanders.people.iter().map(|person| weight(flanders, person) * flanders.presence(person)).sum();
    let rate = own::JOBLESS * flanders.scale * 12.0 / months(own::JOBLESS_SPELLS) / sum.max(1e-9);
    let mut searches = Vec::new();
    let done = in_order(
        threads,
        flanders.homes.len(),
        |home| search(flanders, home, rate),
        |mut more| {
            searches.append(&mut more);
            Ok::<(), Infallible>(())
        },
    );
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
    for search in searches.iter().filter(|search| (search.spell.first..=search.spell.last).contains(&month)) {
        let person = &flanders.people[search.person];
        let Some(place) = flanders.lives_on(person, day) else { continue };
        out.extend_from_slice(b"2010-");
        padded(&mut out, month as u64 + 1, 2);
        out.push(b';');
        padded(&mut out, flanders.number_at(search.person, Supplier::Vdab), 11);
        out.push(b';');
        out.extend_from_slice(search.category);
        out.push(b';');
        out.extend_from_slice(flanders.place_code(place));
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
        let weight = weight(flanders, person);
        if weight > 0.0 && draw.chance((weight * rate).min(0.9)) {
            let spell = spell(&mut draw, own::JOBLESS_SPELLS);
            let young = age(person) <= 25;
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

/// Completed years in the middle of 2010, nearly.
fn age(person: &Person) -> i32 {
    (DATES[0] + 180 - person.birth) / 365
}

/// How likely somebody is to seek work compared with others; 0 for those who cannot be in the file.
fn weight(flanders: &Flanders<'_>, person: &Person) -> f64 {
    let lives = (0..2).any(|date| person.inhabits(date) && flanders.flemish(person.place[date]));
    // All year between 18 and 64.
    if !lives || DATES[0] - person.birth < 18 * 366 || DATES[1] - person.birth > 64 * 365 {
        return 0.0;
    }
    let outside = flanders.outside_union(flanders.origin(person));
    let origin = match (person.story, outside) {
        (Story::Foreign | Story::Naturalised, true) => 3.6,
        (Story::BothParents | Story::OneParent, true) => 2.0,
        (Story::Foreign, false) => 1.2,
        _ => 1.0,
    };
    let age = match age(person) {
        ..25 => 1.9,
        25..35 => 1.1,
        35..50 => 0.9,
        50..60 => 1.0,
        _ => 0.3,
    };
    origin * age
}
