//! Positions on the labour market at the end of each quarter of 2008 to 2011, under coded numbers, as the KSZ delivers
//! them.

use std::convert::Infallible;

use crate::coded::{Coded, QUARTERS, hexadecimal};
use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::parallel::in_order;
use crate::person::{Person, Story, flag, small};
use crate::random::{curve, mix_unit};
use crate::shape::{Kind, SEMICOLONS, Shape, column};
use crate::spell::quarter_end;

/// The deliveries, one for each quarter; those of a year come together.
pub(crate) const DELIVERIES: [Delivery; QUARTERS] = [
    delivery("2008-Q1", "2009-09-01"),
    delivery("2008-Q2", "2009-09-01"),
    delivery("2008-Q3", "2009-09-01"),
    delivery("2008-Q4", "2009-09-01"),
    delivery("2009-Q1", "2010-09-01"),
    delivery("2009-Q2", "2010-09-01"),
    delivery("2009-Q3", "2010-09-01"),
    delivery("2009-Q4", "2010-09-01"),
    delivery("2010-Q1", "2011-09-01"),
    delivery("2010-Q2", "2011-09-01"),
    delivery("2010-Q3", "2011-09-01"),
    delivery("2010-Q4", "2011-09-01"),
    delivery("2011-Q1", "2012-09-01"),
    delivery("2011-Q2", "2012-09-01"),
    delivery("2011-Q3", "2012-09-01"),
    delivery("2011-Q4", "2012-09-01"),
];

const fn delivery(period: &'static str, delivered_on: &'static str) -> Delivery {
    Delivery::of_persons("ksz/posities", period, delivered_on)
}

/// The codes of the nomenclature that occur here. Of these the quarters of a person keep four bits each: the place in this
/// list, from 1 on, and 0 where the person has no position.
const CODES: [&str; 8] = ["111", "112", "121", "131", "211", "311", "321", "411"];
const SEEKING: u64 = 5;
const NOT_ACTIVE: u64 = 6;
const LIVING_WAGE: u64 = 7;
const UNKNOWN: u64 = 8;

static SHAPE: Shape = Shape::new(
    SEMICOLONS,
    &[
        column("kwartaal", Kind::Quarter).of_period(),
        column("gecodeerd", Kind::Coded).key(),
        column("positie", Kind::Codes(&CODES)),
    ],
);

/// Purposes of a person's small facts: whether a position changes in a quarter, and what then decides.
const CHANGES: u32 = small::POSITION;
const WORKS: u32 = small::POSITION + 20;
const KIND: u32 = small::POSITION + 40;

/// Writes a file a quarter; `wages` and `seeking` tell, by position of the person, the quarters at whose end somebody has
/// a living wage or seeks work.
pub(crate) fn write(
    flanders: &Flanders<'_>,
    coded: &Coded,
    wages: &[(u32, u16)],
    seeking: &[u16],
    outbox: &mut Outbox<'_>,
) -> Result<(), SynthError> {
    let threads = outbox.threads;
    let pieces = positions(flanders, coded, wages, seeking, threads);
    for (quarter, delivery) in DELIVERIES.into_iter().enumerate() {
        let mut begun = outbox.begin(delivery)?;
        let mut sink = begun.table("posities.csv.gz", &SHAPE)?;
        sink.pieces(threads, coded.pieces(), |piece| {
            let mut out = Vec::with_capacity(coded.piece(piece).len() * 29);
            let mut lines = 0;
            for ((number, _), positions) in coded.piece(piece).iter().zip(&pieces[piece]) {
                let at = (positions >> (4 * quarter) & 15) as usize;
                let Some(code) = at.checked_sub(1).and_then(|at| CODES.get(at)) else { continue };
                out.extend_from_slice(delivery.period.as_bytes());
                out.push(b';');
                hexadecimal(&mut out, *number);
                out.push(b';');
                out.extend_from_slice(code.as_bytes());
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

/// The positions of all quarters, by piece of the coded numbers: in their order persons lie far apart in memory, so that
/// each is looked at once.
fn positions(
    flanders: &Flanders<'_>,
    coded: &Coded,
    wages: &[(u32, u16)],
    seeking: &[u16],
    threads: usize,
) -> Vec<Vec<u64>> {
    let mut waged = vec![0; flanders.people.len()];
    for (at, quarters) in wages {
        waged[*at as usize] = *quarters;
    }
    let ends: [i32; QUARTERS] = std::array::from_fn(quarter_end);
    let of_person = |(_, at): &(u64, u32)| {
        let (person, at) = (&flanders.people[*at as usize], *at as usize);
        let of_quarter = |(quarter, day): (usize, &i32)| {
            let position = match flanders.of_working_age(person, *day) {
                None => 0,
                Some(_) if seeking[at] >> quarter & 1 == 1 => SEEKING,
                Some(_) if waged[at] >> quarter & 1 == 1 => LIVING_WAGE,
                Some(age) => position(flanders, person, quarter, age),
            };
            position << (4 * quarter)
        };
        ends.iter().enumerate().map(of_quarter).fold(0, |all, one| all | one)
    };
    let mut pieces = Vec::with_capacity(coded.pieces());
    let make = |piece: usize| coded.piece(piece).iter().map(of_person).collect();
    let done = in_order(threads, coded.pieces(), make, |piece: Vec<u64>| {
        pieces.push(piece);
        Ok::<(), Infallible>(())
    });
    match done {
        Ok(()) => pieces,
        Err(never) => match never {},
    }
}

/// The position of somebody who neither seeks work nor has a living wage.
///
/// A chance of the person's own, which rarely changes, stands against a share of workers that moves with age and with
/// the times: most stay where they are, the young come into work, the old leave it.
fn position(flanders: &Flanders<'_>, person: &Person, quarter: usize, age: i32) -> u64 {
    let last = (1..=quarter as u32).rev().find(|past| mix_unit(person.quirk, CHANGES + past) < own::CHANGING);
    let last = last.unwrap_or(0);
    let chance = mix_unit(person.quirk, WORKS + last);
    let foreign = matches!(person.story, Story::Foreign | Story::Naturalised);
    let working = curve(own::WORKING, f64::from(age))
        * own::WORKING_BY_SEX[usize::from(!person.is(flag::WOMAN))]
        * own::WORKING_BY_QUARTER[quarter]
        * if foreign && flanders.outside_union(person.first) { own::WORKING_OUTSIDE_UNION } else { 1.0 };
    let unknown = if person.story == Story::Foreign { own::UNKNOWN_POSITION[1] } else { own::UNKNOWN_POSITION[0] };
    if chance < working {
        match mix_unit(person.quirk, KIND + last) {
            kind if kind < 0.8 => 1,
            kind if kind < 0.86 => 2,
            kind if kind < 0.985 => 3,
            _ => 4,
        }
    } else if chance > 1.0 - (1.0 - working) * unknown {
        UNKNOWN
    } else {
        NOT_ACTIVE
    }
}
