//! The national register's three extracts: persons, nationalities, filiation.

use std::path::Path;

use crate::Summary;
use crate::delivery::{Begun, Delivery};
use crate::error::SynthError;
use crate::flanders::{Flanders, in_extract};
use crate::person::{ABROAD, DATES, EXTRACTED, FATHER, MOTHER, NEVER, Person, Reason, flag};
use crate::text::{iso, padded};

const PERSONS: &str = "rijksregister/personen";
const NATIONALITIES: &str = "rijksregister/nationaliteit";
const FILIATION: &str = "rijksregister/afstamming";

/// The register's deliveries, with the date that each is about.
pub(crate) const DELIVERIES: [(usize, Delivery); 7] = [
    (0, delivery(PERSONS, 0)),
    (1, delivery(PERSONS, 1)),
    (2, delivery(PERSONS, 2)),
    (1, delivery(NATIONALITIES, 1)),
    (2, delivery(NATIONALITIES, 2)),
    (1, delivery(FILIATION, 1)),
    (2, delivery(FILIATION, 2)),
];

const fn delivery(extract: &'static str, date: usize) -> Delivery {
    let (period, delivered_on, extracted_on) = match date {
        0 => ("2010-01-01", "2010-07-15", "2010-06-30"),
        1 => ("2011-01-01", "2011-07-15", "2011-06-30"),
        _ => ("2012-01-01", "2012-07-15", "2012-06-30"),
    };
    Delivery { extract, period, delivered_on, extracted_on: Some(extracted_on), personal: true }
}

/// Writes the register's deliveries.
pub(crate) fn write(
    flanders: &Flanders<'_>,
    out: &Path,
    threads: usize,
    step: &dyn Fn(&str),
    summary: &mut Summary,
) -> Result<(), SynthError> {
    for (date, delivery) in DELIVERIES {
        step(&format!("writing {} of {}", delivery.extract, delivery.period));
        let begun = delivery.begin(out)?;
        let done = match delivery.extract {
            PERSONS => file(begun, "personen.txt", b"", flanders, threads, |out, person| {
                person_record(flanders, out, person, date)
            }),
            NATIONALITIES => {
                let header = b"insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n";
                file(begun, "nationaliteit.csv", header, flanders, threads, |out, person| {
                    history(flanders, out, person, date)
                })
            }
            _ => {
                let header = b"insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op\n";
                file(begun, "afstamming.csv", header, flanders, threads, |out, person| {
                    parents(flanders, out, person, date)
                })
            }
        }?;
        done.finish(summary)?;
    }
    Ok(())
}

/// One file of the lines that each person gives; a line's maker returns how many it wrote.
fn file<L>(
    mut begun: Begun,
    name: &str,
    header: &[u8],
    flanders: &Flanders<'_>,
    threads: usize,
    lines_of: L,
) -> Result<Begun, SynthError>
where
    L: Fn(&mut Vec<u8>, &Person) -> u64 + Sync,
{
    let mut sink = begun.file(name)?;
    sink.write(header)?;
    let lines = sink.pieces(threads, flanders.blocks(), |block| {
        let persons = flanders.block(block);
        let mut out = Vec::with_capacity(persons.len() * 72);
        let lines = persons.iter().map(|person| lines_of(&mut out, person)).sum();
        (out, lines)
    })?;
    begun.add(sink, lines)?;
    Ok(begun)
}

/// 64 bytes and CRLF.
fn person_record(flanders: &Flanders<'_>, out: &mut Vec<u8>, person: &Person, date: usize) -> u64 {
    if !in_extract(person, date) {
        return 0;
    }
    let calendar = &flanders.calendar;
    let birth = calendar.number(person.birth);
    let birth = if person.is(flag::YEAR_ONLY) { birth / 10_000 * 10_000 } else { birth };
    padded(out, person.insz(calendar), 11);
    padded(out, u64::from(birth), 8);
    out.push(if person.is(flag::WOMAN) { b'2' } else { b'1' });
    let place = person.place[date];
    out.push(if place == 0 { b' ' } else { person.register(DATES[date]) });
    out.extend_from_slice(flanders.place_code(place));
    let reference = flanders.reference;
    let name = match person.birthplace {
        abroad if abroad >= ABROAD => {
            reference.nations.get(usize::from(abroad - ABROAD)).and_then(|nation| nation.birthplace.as_ref())
        }
        place => usize::from(place)
            .checked_sub(1)
            .and_then(|at| reference.municipalities.get(at))
            .map(|municipality| &municipality.birthplace),
    };
    match name {
        Some(name) => out.extend_from_slice(name),
        None => out.extend_from_slice(&[b' '; 30]),
    }
    if person.death <= EXTRACTED[date] {
        padded(out, u64::from(calendar.number(person.death)), 8);
    } else {
        out.extend_from_slice(&[b' '; 8]);
    }
    out.extend_from_slice(b"\r\n");
    1
}

/// The nationalities of a person, as far as the register knew them when the extract was taken.
fn history(flanders: &Flanders<'_>, out: &mut Vec<u8>, person: &Person, date: usize) -> u64 {
    if !in_extract(person, date) || person.is(flag::WITHOUT_HISTORY) {
        return 0;
    }
    let calendar = &flanders.calendar;
    let insz = person.insz(calendar);
    let reason = if person.begin == person.birth { Reason::Birth } else { Reason::Settlement };
    let [second, third] = person.changes;
    let rows = [
        (person.begin, person.first, reason),
        (second.day, second.code, second.reason),
        (third.day, third.code, third.reason),
    ];
    let known = |row: usize| rows[row].0 != NEVER && person.registered(row as u32, rows[row].0) <= EXTRACTED[date];
    let mut number = 0;
    for row in (0..rows.len()).filter(|row| known(*row)) {
        let (begin, code, reason) = rows[row];
        number += 1;
        padded(out, insz, 11);
        out.push(b';');
        padded(out, number, 1);
        out.push(b';');
        iso(out, calendar.number(begin));
        out.push(b';');
        if let Some(next) = (row + 1..rows.len()).find(|next| known(*next)) {
            iso(out, calendar.number(rows[next].0));
        }
        out.push(b';');
        padded(out, u64::from(code), 3);
        out.push(b';');
        out.extend_from_slice(reason.word());
        out.push(b';');
        iso(out, calendar.number(person.registered(row as u32, begin)));
        out.push(b'\n');
    }
    number
}

/// The parents of a person on record when the extract was taken.
fn parents(flanders: &Flanders<'_>, out: &mut Vec<u8>, person: &Person, date: usize) -> u64 {
    let calendar = &flanders.calendar;
    let mut lines = 0;
    for which in [FATHER, MOTHER] {
        let Some(filiation) = flanders.delivered_filiation(person, which, date) else { continue };
        let parent = &flanders.people[filiation.parent];
        padded(out, person.insz(calendar), 11);
        out.extend_from_slice(&[b';', b'0' + filiation.number, b';']);
        padded(out, parent.insz(calendar), 11);
        out.extend_from_slice(if parent.is(flag::WOMAN) { b";2;" } else { b";1;" });
        out.extend_from_slice(filiation.bond.word());
        out.push(b';');
        iso(out, calendar.number(filiation.begin));
        out.extend_from_slice(b";;");
        iso(out, calendar.number(filiation.registered));
        out.push(b'\n');
        lines += 1;
    }
    lines
}
