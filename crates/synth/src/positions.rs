//! Positions on the labour market at the end of each quarter of 2010, under coded numbers, as the KSZ delivers them.

use std::collections::HashMap;

use crate::coded::{Coded, hexadecimal};
use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::jobseekers::Search;
use crate::person::{Person, Story, small};
use crate::random::{curve, mix_unit};
use crate::shape::{Kind, SEMICOLONS, Shape, column};

/// The deliveries, one for each quarter.
pub(crate) const DELIVERIES: [Delivery; 4] =
    [delivery("2010-Q1"), delivery("2010-Q2"), delivery("2010-Q3"), delivery("2010-Q4")];

const fn delivery(period: &'static str) -> Delivery {
    Delivery::of_persons("ksz/posities", period, "2011-09-01")
}

static SHAPE: Shape = Shape::new(
    SEMICOLONS,
    &[
        column("kwartaal", Kind::Quarter).of_period(),
        column("gecodeerd", Kind::Coded).key(),
        column("positie", Kind::Codes(&["111", "112", "121", "131", "211", "311", "321", "411"])),
    ],
);

/// Writes a file a quarter; `wages` are the months with a living wage by coded number.
pub(crate) fn write(
    flanders: &Flanders<'_>,
    coded: &Coded,
    wages: &HashMap<u64, u16>,
    searches: &[Search],
    outbox: &mut Outbox<'_>,
) -> Result<(), SynthError> {
    let threads = outbox.threads;
    // The months in which somebody seeks work, bit 0 for January.
    let mut seeking = vec![0u16; flanders.people.len()];
    for search in searches {
        for month in search.spell.first..=search.spell.last {
            seeking[search.person] |= 1 << month;
        }
    }
    for (quarter, delivery) in DELIVERIES.into_iter().enumerate() {
        let month = 1u16 << (quarter * 3 + 2);
        let mut begun = outbox.begin(delivery)?;
        let mut sink = begun.table("posities.csv.gz", &SHAPE)?;
        sink.pieces(threads, coded.pieces(), |piece| {
            let mut out = Vec::with_capacity(coded.piece(piece).len() * 29);
            let mut lines = 0;
            for (number, at) in coded.piece(piece) {
                let person = &flanders.people[*at as usize];
                let Some(age) = flanders.of_working_age(person, quarter) else { continue };
                let position: &[u8; 3] = if seeking[*at as usize] & month != 0 {
                    b"211"
                } else if wages.get(number).is_some_and(|months| months & month != 0) {
                    b"321"
                } else {
                    position(flanders, person, quarter as u32, age)
                };
                out.extend_from_slice(delivery.period.as_bytes());
                out.push(b';');
                hexadecimal(&mut out, *number);
                out.push(b';');
                out.extend_from_slice(position);
                out.push(b'\n');
                lines += 1;
            }
            (out, lines)
        })?;
        begun.add(sink)?;
        begun.finish()?;
    }
    Ok(())
}

/// The position of somebody who neither seeks work nor has a living wage.
fn position(flanders: &Flanders<'_>, person: &Person, quarter: u32, age: i32) -> &'static [u8; 3] {
    // Most stay where they were a quarter ago; everybody has a chance to change.
    let last = (1..=quarter).rev().find(|past| mix_unit(person.quirk, small::POSITION + past) < own::CHANGING);
    let chance = mix_unit(person.quirk, small::POSITION + 10 + last.unwrap_or(0));
    let foreign = matches!(person.story, Story::Foreign | Story::Naturalised);
    let working = curve(own::WORKING, f64::from(age))
        * if foreign && flanders.outside_union(person.first) { own::WORKING_OUTSIDE_UNION } else { 1.0 };
    let unknown = if person.story == Story::Foreign { own::UNKNOWN_POSITION[1] } else { own::UNKNOWN_POSITION[0] };
    if chance < working {
        match mix_unit(person.quirk, small::POSITION + 20) {
            kind if kind < 0.8 => b"111",
            kind if kind < 0.86 => b"112",
            kind if kind < 0.985 => b"121",
            _ => b"131",
        }
    } else if chance < working + (1.0 - working) * unknown {
        b"411"
    } else {
        b"311"
    }
}
