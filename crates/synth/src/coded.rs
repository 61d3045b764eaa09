//! Coded numbers, and the key to them, as the KSZ delivers it.

use std::convert::Infallible;

use sha2::{Digest, Sha256};

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::flanders::Flanders;
use crate::identity::Supplier;
use crate::parallel::in_order;
use crate::person::{Person, flag};
use crate::shape::{Kind, SEMICOLONS, Shape, column};
use crate::spell::quarter_end;
use crate::text::padded;

/// The key.
pub(crate) const DELIVERY: Delivery = Delivery::of_persons("ksz/sleutel", "2010", "2011-09-01");

static SHAPE: Shape = Shape::new(SEMICOLONS, &[column("gecodeerd", Kind::Coded).key(), column("insz", Kind::Insz)]);

/// Quarters from 2008 to 2011.
pub(crate) const QUARTERS: usize = 16;

/// Persons of a piece of the key.
const PIECE: usize = 65_536;

/// Who has a coded number, in the order of these numbers: the number, and the person's position.
pub(crate) struct Coded {
    entries: Vec<(u64, u32)>,
}

impl Coded {
    /// Everybody of working age at the end of a quarter of 2008 to 2011, and those who are named besides.
    pub(crate) fn new(flanders: &Flanders<'_>, secret: &[u8; 32], named: &[u32], threads: usize) -> Coded {
        let mut besides = vec![false; flanders.people.len()];
        for at in named {
            besides[*at as usize] = true;
        }
        let mut entries = Vec::new();
        let ends: [i32; QUARTERS] = std::array::from_fn(quarter_end);
        let make = |home: usize| {
            let positions = flanders.homes[home].clone();
            let wanted = positions.filter(|at| {
                let person = &flanders.people[*at];
                besides[*at] || ends.iter().any(|day| flanders.of_working_age(person, *day).is_some())
            });
            let coded = |at: usize| (code(secret, flanders.people[at].insz(&flanders.calendar)), at as u32);
            wanted.map(coded).collect::<Vec<_>>()
        };
        let done = in_order(threads, flanders.homes.len(), make, |mut more| {
            entries.append(&mut more);
            Ok::<(), Infallible>(())
        });
        match done {
            Ok(()) => {}
            Err(never) => match never {},
        }
        entries.sort_unstable();
        Coded { entries }
    }

    /// Who has a coded number, without the numbers.
    pub(crate) fn marked(&self, flanders: &Flanders<'_>, secret: [u8; 32]) -> Marked {
        let mut marks = vec![false; flanders.people.len()];
        for (_, at) in &self.entries {
            marks[*at as usize] = true;
        }
        Marked { marks, secret }
    }

    /// Pieces that files in this order are written by.
    pub(crate) fn pieces(&self) -> usize {
        self.entries.len().div_ceil(PIECE)
    }

    /// The coded numbers of a piece.
    pub(crate) fn piece(&self, piece: usize) -> &[(u64, u32)] {
        let start = piece * PIECE;
        &self.entries[start..(start + PIECE).min(self.entries.len())]
    }

    /// Writes the key.
    pub(crate) fn write(&self, flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
        let threads = outbox.threads;
        let mut begun = outbox.begin(DELIVERY)?;
        let mut sink = begun.table("sleutel.csv", &SHAPE)?;
        sink.pieces(threads, self.pieces(), |piece| {
            let entries = self.piece(piece);
            let mut out = Vec::with_capacity(entries.len() * 29);
            for (coded, at) in entries {
                hexadecimal(&mut out, *coded);
                out.push(b';');
                padded(&mut out, flanders.number_at(*at as usize, Supplier::Ksz), 11);
                out.push(b'\n');
            }
            (out, entries.len() as u64)
        })?;
        begun.add(sink)?;
        begun.finish()
    }
}

/// Whose coded number is in the key: less than the key itself to keep in memory.
pub(crate) struct Marked {
    marks: Vec<bool>,
    secret: [u8; 32],
}

impl Marked {
    /// The coded number of the person at this position, who may have none.
    pub(crate) fn number(&self, flanders: &Flanders<'_>, at: usize) -> Option<u64> {
        self.marks[at].then(|| code(&self.secret, flanders.people[at].insz(&flanders.calendar)))
    }
}

impl Flanders<'_> {
    /// The age of an inhabitant of Flanders from 18 to 64 on a day of 2008 to 2011.
    pub(crate) fn of_working_age(&self, person: &Person, day: i32) -> Option<i32> {
        let age = self.calendar.age_on(day, person.birth);
        let inhabits = !person.is(flag::WAITING);
        ((18..=64).contains(&age) && inhabits && self.lives_on(person, day).is_some()).then_some(age)
    }
}

/// The coded number of an identification number: 64 bits of a keyed hash.
pub(crate) fn code(secret: &[u8; 32], insz: u64) -> u64 {
    let mut hash = Sha256::new();
    hash.update(secret);
    hash.update(insz.to_le_bytes());
    hash.finalize().iter().take(8).fold(0, |code, byte| code << 8 | u64::from(*byte))
}

pub(crate) fn hexadecimal(out: &mut Vec<u8>, number: u64) {
    out.extend((0..16).rev().map(|digit| b"0123456789abcdef"[(number >> (4 * digit) & 15) as usize]));
}
