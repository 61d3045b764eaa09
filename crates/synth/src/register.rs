//! The national register's three extracts: persons, nationalities, filiation.

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::flanders::{Flanders, in_extract};
use crate::person::{ABROAD, DATES, EXTRACTED, FATHER, MOTHER, NEVER, Person, Reason, date, flag};
use crate::shape::{Column, Form, Kind, SEMICOLONS, Shape, column};
use crate::text::{iso, padded};

const PERSONS: &str = "rijksregister/personen";
const NATIONALITIES: &str = "rijksregister/nationaliteit";
const FILIATION: &str = "rijksregister/afstamming";

/// The register's deliveries, with the date that each is about.
pub(crate) const DELIVERIES: [(usize, Delivery); 9] = [
    delivery(PERSONS, 2008),
    delivery(PERSONS, 2009),
    delivery(PERSONS, 2010),
    delivery(PERSONS, 2011),
    delivery(PERSONS, 2012),
    delivery(NATIONALITIES, 2011),
    delivery(NATIONALITIES, 2012),
    delivery(FILIATION, 2011),
    delivery(FILIATION, 2012),
];

const fn delivery(extract: &'static str, year: i16) -> (usize, Delivery) {
    let (period, delivered_on, extracted_on) = match year {
        2008 => ("2008-01-01", "2008-07-15", "2008-06-30"),
        2009 => ("2009-01-01", "2009-07-15", "2009-06-30"),
        2010 => ("2010-01-01", "2010-07-15", "2010-06-30"),
        2011 => ("2011-01-01", "2011-07-15", "2011-06-30"),
        _ => ("2012-01-01", "2012-07-15", "2012-06-30"),
    };
    (date(year), Delivery { extract, period, delivered_on, extracted_on: Some(extracted_on), personal: true })
}

/// The codes of a sex, of a parent and of a register.
const SEXES: Kind = Kind::Codes(&["1", "2"]);
const REGISTERS: Kind = Kind::Codes(&["B", "V", "W"]);
const BONDS: Kind = Kind::Codes(&["geboorte", "erkenning", "adoptie", "meemoeder"]);

static PERSON: Shape = Shape::new(
    Form::Records,
    &[
        column("insz", Kind::Insz).key().wide(11),
        column("geboortedatum", Kind::PartialDay).wide(8),
        column("geslacht", SEXES).optional().wide(1),
        column("register", REGISTERS).optional().wide(1),
        column("gemeente", Kind::Municipality).optional().wide(5),
        column("geboorteplaats", Kind::Text).optional().wide(30),
        column("overlijdensdatum", Kind::PartialDay).optional().wide(8),
    ],
);
const NATIONALITY_COLUMNS: &[Column] = &[
    column("insz", Kind::Insz).key(),
    column("volgnr", Kind::Count).key(),
    column("datum_begin", Kind::Day),
    column("datum_einde", Kind::Day).optional(),
    column("nationaliteit", Kind::Nationality),
    column("reden", Kind::Text).optional(),
    column("geregistreerd_op", Kind::Day),
];
static NATIONALITY: Shape = Shape::new(SEMICOLONS, NATIONALITY_COLUMNS).ascending(2, 3).history(1);
const PARENT_COLUMNS: &[Column] = &[
    column("insz", Kind::Insz).key(),
    column("ouder_nr", SEXES).key(),
    column("ouder_insz", Kind::Insz).key(),
    column("ouder_geslacht", SEXES).optional(),
    column("aard", BONDS),
    column("datum_begin", Kind::Day),
    column("datum_einde", Kind::Day).optional(),
    column("geregistreerd_op", Kind::Day),
];
static PARENT: Shape = Shape::new(SEMICOLONS, PARENT_COLUMNS).ascending(5, 6);

/// Writes the register's deliveries.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let threads = outbox.threads;
    for (date, delivery) in DELIVERIES {
        let (name, shape): (_, &'static Shape) = match delivery.extract {
            PERSONS => ("personen.txt", &PERSON),
            NATIONALITIES => ("nationaliteit.csv", &NATIONALITY),
            _ => ("afstamming.csv", &PARENT),
        };
        let mut begun = outbox.begin(delivery)?;
        let mut sink = begun.table(name, shape)?;
        sink.pieces(threads, flanders.blocks(), |block| {
            let persons = flanders.block(block);
            let mut out = Vec::with_capacity(persons.len() * 72);
            let lines_of = |person: &Person| match delivery.extract {
                PERSONS => person_record(flanders, &mut out, person, date),
                NATIONALITIES => history(flanders, &mut out, person, date),
                _ => parents(flanders, &mut out, person, date),
            };
            let lines = persons.iter().map(lines_of).sum();
            (out, lines)
        })?;
        begun.add(sink)?;
        begun.finish()?;
    }
    Ok(())
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
