//! Everybody: one row for each person of any extract, with the whole story that decides about origin.

use crate::coded::{Marked, hexadecimal};
use crate::error::SynthError;
use crate::flanders::{Flanders, in_extract};
use crate::person::{DATES, FATHER, LAST, MOTHER, NEVER, Person, flag};
use crate::sink::Sink;
use crate::text::{iso, padded};

/// The columns; `truth/README.txt` says what they hold.
pub(crate) const HEADER: &[u8] = b"insz;coded;sex;birth;death;waiting;established;first;\
    change_1_day;change_1_code;change_2_day;change_2_code;\
    father_first;father_from;father_known_from;mother_first;mother_from;mother_known_from;\
    known_from;place_2008;place_2009;place_2010;place_2011;place_2012;without_history\n";
/// The columns of the replaced numbers.
pub(crate) const NUMBERS_HEADER: &[u8] = b"old_insz;insz\n";

/// Writes the rows of all persons.
pub(crate) fn persons(
    flanders: &Flanders<'_>,
    coded: &Marked,
    threads: usize,
    sink: &mut Sink<'_>,
) -> Result<(), SynthError> {
    sink.write(HEADER)?;
    sink.pieces(threads, flanders.blocks(), |block| {
        let persons = flanders.block(block);
        let mut out = Vec::with_capacity(persons.len() * 128);
        let mut lines = 0;
        for (at, person) in (flanders.block_start(block)..).zip(persons) {
            if in_extract(person, LAST) {
                line(flanders, &mut out, person, coded.number(flanders, at));
                lines += 1;
            }
        }
        (out, lines)
    })
}

/// Writes each replaced number with the one that the person has now.
pub(crate) fn numbers(flanders: &Flanders<'_>, sink: &mut Sink<'_>) -> Result<(), SynthError> {
    sink.write(NUMBERS_HEADER)?;
    let mut out = Vec::new();
    for replacement in &flanders.replacements {
        padded(&mut out, replacement.old, 11);
        out.push(b';');
        padded(&mut out, flanders.people[replacement.person as usize].insz(&flanders.calendar), 11);
        out.push(b'\n');
    }
    sink.rows(&out, flanders.replacements.len() as u64)
}

fn line(flanders: &Flanders<'_>, out: &mut Vec<u8>, person: &Person, coded: Option<u64>) {
    let day = |out: &mut Vec<u8>, day: i32| {
        out.push(b';');
        if day != NEVER {
            iso(out, flanders.calendar.number(day));
        }
    };
    let code = |out: &mut Vec<u8>, code: Option<u16>| {
        out.push(b';');
        if let Some(code) = code {
            padded(out, u64::from(code), 3);
        }
    };
    let yes = |out: &mut Vec<u8>, yes: bool| out.extend_from_slice(if yes { b";1" } else { b";0" });
    padded(out, person.insz(&flanders.calendar), 11);
    out.push(b';');
    if let Some(coded) = coded {
        hexadecimal(out, coded);
    }
    out.extend_from_slice(if person.is(flag::WOMAN) { b";F" } else { b";M" });
    day(out, person.birth);
    day(out, person.death);
    yes(out, person.is(flag::WAITING));
    yes(out, person.is(flag::ESTABLISHED));
    code(out, Some(person.first));
    for change in person.changes {
        day(out, change.day);
        code(out, (change.day != NEVER).then_some(change.code));
    }
    for which in [FATHER, MOTHER] {
        // The last extract has everybody; which parents an earlier one has follows from when they are known.
        let filiation = flanders.delivered_filiation(person, which, LAST);
        let parent = filiation.as_ref().map(|filiation| &flanders.people[filiation.parent]);
        code(out, parent.filter(|parent| !parent.is(flag::WITHOUT_HISTORY)).map(|parent| parent.first));
        day(out, filiation.as_ref().map_or(NEVER, |filiation| filiation.begin));
        day(out, parent.map_or(NEVER, |parent| parent.known));
    }
    day(out, person.known);
    for (place, date) in person.place.into_iter().zip(DATES) {
        out.push(b';');
        if place != 0 && person.known <= date {
            out.extend_from_slice(flanders.place_code(place));
        }
    }
    yes(out, person.is(flag::WITHOUT_HISTORY));
    out.push(b'\n');
}
