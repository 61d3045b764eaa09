//! Files about a problematic upbringing (POS) of 2008, 2009 and 2010: a workbook a year, a row a child of a file.

use std::collections::BTreeMap;

use rust_xlsxwriter::XlsxError;

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::{MOTHER, NOBODY, Person, flag, new_year, small};
use crate::random::{mix, mix_unit};
use crate::shape::{Form, Kind, Shape, column};
use crate::workbook::{fill, workbook};

/// The deliveries, one for each year.
pub(crate) const DELIVERIES: [(i16, Delivery); 3] =
    [(2008, delivery("2008")), (2009, delivery("2009")), (2010, delivery("2010"))];

const fn delivery(period: &'static str) -> Delivery {
    Delivery::of_persons("jongerenwelzijn/pos", period, "2011-05-01")
}

const SHEET: &str = "dossiers";
static SHAPE: Shape = Shape::new(
    Form::Sheet,
    &[
        column("jaar", Kind::Year).key().of_period(),
        column("dossier", Kind::Text).key(),
        column("kind", Kind::Text).key(),
        column("gemeente", Kind::Municipality),
        column("leeftijd", Kind::Count),
    ],
);

/// A child in a file.
struct Child {
    /// What the children of a family share: their mother, or the child itself.
    family: u32,
    person: u32,
    place: u16,
    age: i32,
}

/// Writes the three workbooks.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let broken = |error: XlsxError| SynthError::container("pos.xlsx")(error);
    // A child keeps its number from year to year.
    let mut numbers: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, (year, delivery)) in DELIVERIES.into_iter().enumerate() {
        let children = children(flanders, at as u32, year);
        let mut lines = String::new();
        let (mut count, mut file, mut family) = (0, 0, NOBODY);
        for child in &children {
            if child.family != family {
                (file, family) = (file + 1, child.family);
            }
            let next = numbers.len() + 1;
            let number = *numbers.entry(child.person).or_insert(next);
            let place = String::from_utf8_lossy(flanders.place_code(child.place));
            lines.push_str(&format!("{year}\tP{year}-{file:05}\tK{number:06}\t{place}\t{}\n", child.age));
            count += 1;
        }
        let mut begun = outbox.begin(delivery)?;
        if let Some(mut harm) = begun.harm(SHEET, &SHAPE) {
            let mut harmed = Vec::new();
            count = harm.pass(lines.as_bytes(), &mut harmed) + harm.finish(&mut harmed);
            lines = String::from_utf8_lossy(&harmed).into_owned();
            begun.damaged("pos.xlsx", SHEET, harm.into_wrong());
        }
        let mut book = workbook(2011, 5, 1).map_err(broken)?;
        fill(book.add_worksheet(), SHEET, &SHAPE, &lines).map_err(broken)?;
        let bytes = book.save_to_buffer().map_err(broken)?;
        begun.whole("pos.xlsx", &bytes, count)?;
        begun.finish()?;
    }
    Ok(())
}

/// The children with a file in a year, those of a family together.
fn children(flanders: &Flanders<'_>, at: u32, year: i16) -> Vec<Child> {
    let minors = || flanders.people.iter().enumerate().filter_map(|(at, person)| minor(flanders, at, person, year));
    let sum: f64 = minors().map(|child| weight(flanders, &child)).sum();
    let rate = own::UPBRINGING * flanders.scale / own::SIBLINGS_TOO / sum.max(1e-9);
    let mut chosen: Vec<(u32, Child)> = minors()
        .filter_map(|child| {
            let family = flanders.people[child.family as usize].quirk;
            let person = flanders.people[child.person as usize].quirk;
            // A family has one chance; in a family with a file most of the children are in it.
            let wanted = mix_unit(family, small::UPBRINGING + at) < weight(flanders, &child) * rate
                && mix_unit(person, small::UPBRINGING + 4 + at) < own::SIBLINGS_TOO;
            wanted.then(|| (mix(family, small::UPBRINGING + 8 + at), child))
        })
        .collect();
    // The order of the files tells nothing about where the families live.
    chosen.sort_by_key(|(order, child)| (*order, child.family, child.person));
    chosen.into_iter().map(|(_, child)| child).collect()
}

/// Somebody who is a minor at the end of a year and lives in Flanders.
fn minor(flanders: &Flanders<'_>, at: usize, person: &Person, year: i16) -> Option<Child> {
    let day = new_year(year + 1) - 1;
    let age = flanders.calendar.age_on(day, person.birth);
    if person.birth > day || age > 17 || person.known > day || person.is(flag::WAITING) {
        return None;
    }
    let place = flanders.lives_on(person, day)?;
    let mother = person.parents[MOTHER];
    let family = if mother == NOBODY { at as u32 } else { mother };
    Some(Child { family, person: at as u32, place, age })
}

/// How likely a child's family is to have a file compared with others.
fn weight(flanders: &Flanders<'_>, child: &Child) -> f64 {
    let family = &flanders.people[child.family as usize];
    if flanders.outside_union(flanders.origin(family)) { own::UPBRINGING_OUTSIDE_UNION } else { 1.0 }
}
