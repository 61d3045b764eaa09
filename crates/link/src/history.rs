//! Nationality histories, by person.
//!
//! Rows are in order of first day, then of their own number. An empty end ends where the next row begins. A row that ends
//! on the day it begins was never in force and counts for nothing, and so does a row that says that nothing is known (999).
//! Of the first row that is left is the first nationality; in force on a day is, of those that have begun and not ended,
//! the last (own rules).

use catalog::Day;
use catalog::origin::Known;

use crate::LinkError;
use crate::register::known;

/// Register code of a nationality, as a number below 1000.
pub(crate) type Code = u16;
/// No nationality is known.
pub(crate) const NO_CODE: Code = 0;

/// A row of a history, by the slot of the identifier that it came under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) slot: u32,
    pub(crate) order: u32,
    pub(crate) from: i32,
    /// The first day no longer; `LASTS` where the end is empty.
    pub(crate) until: i32,
    pub(crate) code: Code,
}

/// An empty end.
pub(crate) const LASTS: i32 = i32::MAX;

#[derive(Debug, Clone, Copy)]
struct Spell {
    from: i32,
    until: i32,
    code: Code,
}

/// All histories.
pub(crate) struct Histories {
    /// Where each person's spells end.
    ends: Vec<u32>,
    spells: Vec<Spell>,
    /// First nationality of each person: asked for so often, as a parent's, that it is kept apart.
    firsts: Vec<Code>,
}

impl Histories {
    /// Orders entries by person.
    pub(crate) fn new(
        mut entries: Vec<Entry>,
        persons: u32,
        person_of: impl Fn(u32) -> u32,
    ) -> Result<Histories, LinkError> {
        entries.retain(|entry| entry.until > entry.from && known(entry.code) != Known::Unknown);
        u32::try_from(entries.len()).map_err(|_| LinkError::TooMany)?;
        let mut starts = vec![0u32; persons as usize + 1];
        for entry in &mut entries {
            entry.slot = person_of(entry.slot);
            starts[entry.slot as usize + 1] += 1;
        }
        for at in 0..persons as usize {
            starts[at + 1] += starts[at];
        }
        // Rows of one person mostly come together, so that this is mostly a copy.
        let mut next = starts.clone();
        let mut places = vec![0u32; entries.len()];
        for (at, entry) in entries.iter().enumerate() {
            let place = &mut next[entry.slot as usize];
            places[*place as usize] = at as u32;
            *place += 1;
        }
        drop(next);
        let mut spells = Vec::with_capacity(entries.len());
        let mut firsts = vec![NO_CODE; persons as usize];
        let mut ends = Vec::with_capacity(persons as usize);
        for (person, bounds) in starts.windows(2).enumerate() {
            let own = &mut places[bounds[0] as usize..bounds[1] as usize];
            let entry = |at: &u32| entries[*at as usize];
            if own.len() > 1 {
                own.sort_unstable_by_key(|at| {
                    let entry = entry(at);
                    (entry.from, entry.order, entry.until, entry.code)
                });
            }
            let begins = spells.len();
            for (number, at) in own.iter().enumerate() {
                let Entry { from, mut until, code, .. } = entry(at);
                if until == LASTS {
                    until = own.get(number + 1).map_or(LASTS, |next| entry(next).from);
                }
                if until > from {
                    spells.push(Spell { from, until, code });
                }
            }
            if let Some(first) = spells.get(begins) {
                firsts[person] = first.code;
            }
            ends.push(spells.len() as u32);
        }
        Ok(Histories { ends, spells, firsts })
    }

    fn of(&self, person: u32) -> &[Spell] {
        let begin = if person == 0 { 0 } else { self.ends[person as usize - 1] };
        &self.spells[begin as usize..self.ends[person as usize] as usize]
    }

    /// First nationality.
    pub(crate) fn first(&self, person: u32) -> Code {
        self.firsts[person as usize]
    }

    /// Nationality in force on a day.
    pub(crate) fn current(&self, person: u32, day: Day) -> Code {
        let in_force = |spell: &&Spell| spell.from <= day.0 && day.0 < spell.until;
        self.of(person).iter().rev().find(in_force).map_or(NO_CODE, |spell| spell.code)
    }

    /// Nationalities that had begun by a day, the last before the first.
    pub(crate) fn begun(&self, person: u32, day: Day) -> impl Iterator<Item = Code> {
        self.of(person).iter().rev().filter(move |spell| spell.from <= day.0).map(|spell| spell.code)
    }
}
