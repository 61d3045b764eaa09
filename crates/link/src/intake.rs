//! Taking in what extracts other than of persons say: histories of nationality, ties, changes of number, keys.
//!
//! Each extract is gathered apart, beside the others. Identifiers that have a slot get it at once; the others get a
//! tentative one, and their slot when everything is settled in the order of the deliveries, so that the outcome does not
//! depend on who was first.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use catalog::Day;
use catalog::contract::{Extract, Linking};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::LinkError;
use crate::columns::{codes, days, numbers, spans, texts, unreadable};
use crate::history::{Code, Days, Doubtful, Entry, LASTS, UNREADABLE};
use crate::identity::{Identities, Replacement};
use crate::index::{CodedIndex, Identifier, Identifiers, Index};
use crate::kinship::{DoubtfulTie, Filiation, Sex};

/// What marks a slot that is not settled yet.
const TENTATIVE: u32 = 1 << 31;

/// An identifier that had no slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Unknown {
    Number(i64),
    Coded(Box<str>),
}

/// Gathers what one extract says.
pub struct Gatherer<'r> {
    known: &'r Index,
    cut_off: Day,
    /// Rows that are expected and for which no room was made yet.
    expected: usize,
    places: HashMap<Unknown, u32, FixedState>,
    gathered: Gathered,
}

/// What one extract says.
#[derive(Default)]
pub struct Gathered {
    pub(crate) entries: Vec<Entry>,
    pub(crate) doubtful: Vec<Doubtful>,
    pub(crate) doubtful_ties: Vec<DoubtfulTie>,
    pub(crate) filiations: Vec<Filiation>,
    pub(crate) replacements: Vec<Replacement>,
    pub(crate) aliases: CodedIndex,
    pub(crate) after_cut_off: u64,
    /// By tentative slot.
    unknown: Vec<Unknown>,
}

impl<'r> Gatherer<'r> {
    pub(crate) fn new(known: &'r Index, cut_off: Day, expected: usize) -> Gatherer<'r> {
        Gatherer { known, cut_off, expected, places: HashMap::default(), gathered: Gathered::default() }
    }

    /// For how many rows room is to be made: at once for all that are expected, which is cheaper than bit by bit.
    fn room(&mut self, batch: &RecordBatch) -> usize {
        std::mem::take(&mut self.expected).max(batch.num_rows())
    }

    /// Gathers from a landed batch, by the role that the contract gives the extract.
    pub fn take(&mut self, extract: &Extract, batch: &RecordBatch) -> Result<(), LinkError> {
        match &extract.linking {
            Linking::Nationalities { person, order, from, until, nationality, registered_on } => {
                self.nationalities(batch, [person, order, from, until, nationality, registered_on])
            }
            Linking::Filiations { person, parent, number, sex, from, until, registered_on } => {
                self.filiations(batch, [person, parent, number, sex, from, until, registered_on])
            }
            Linking::Replacements { old, new, on, registered_on } => {
                self.replacements(batch, [old, new, on, registered_on])
            }
            Linking::Key { coded, person } => self.key(batch, coded, person),
            _ => Ok(()),
        }
    }

    /// What was gathered.
    pub fn finish(self) -> Gathered {
        self.gathered
    }

    fn slots_of(&mut self, identifiers: &Identifiers<'_>) -> Result<Vec<u32>, LinkError> {
        let slots = self.known.all(identifiers).into_iter().enumerate();
        slots
            .map(|(at, slot)| match slot {
                Some(slot) => Ok(slot),
                None => Ok(self.tentative(identifiers.get(at).ok_or_else(LinkError::nobody)?)),
            })
            .collect()
    }

    fn slot(&mut self, identifier: Identifier<'_>) -> u32 {
        self.known.get(identifier).unwrap_or_else(|| self.tentative(identifier))
    }

    fn tentative(&mut self, identifier: Identifier<'_>) -> u32 {
        let unknown = match identifier {
            Identifier::Number(number) => Unknown::Number(number),
            Identifier::Coded(coded) => Unknown::Coded(coded.into()),
        };
        let Gathered { unknown: all, .. } = &mut self.gathered;
        *self.places.entry(unknown).or_insert_with_key(|unknown| {
            all.push(unknown.clone());
            TENTATIVE | (all.len() - 1) as u32
        })
    }

    fn nationalities(&mut self, batch: &RecordBatch, names: [&String; 6]) -> Result<(), LinkError> {
        let (person, order) = (Identifiers::of(batch, names[0])?, numbers(batch, names[1])?);
        let (from, registered_on) = (spans(batch, names[2])?, spans(batch, names[5])?);
        let until = ends(batch, names[3])?;
        let code = codes(batch, names[4], code_of)?;
        let slots = self.slots_of(&person)?;
        let room = self.room(batch);
        self.gathered.entries.reserve(room);
        for (at, (slot, code)) in slots.into_iter().zip(code).enumerate() {
            if registered_on[at].is_some_and(|(earliest, _)| earliest > self.cut_off.0) {
                self.gathered.after_cut_off += 1;
                continue;
            }
            let order = if order.is_valid(at) { u32::try_from(order.value(at)).unwrap_or(u32::MAX) } else { 0 };
            let code = code.unwrap_or(UNREADABLE);
            // What was delivered had been registered; only when may not be known.
            let registered_on = registered_on[at].unwrap_or((i32::MIN, LASTS));
            let registered_on = (registered_on.0, registered_on.1.min(self.cut_off.0));
            match (from[at], until[at], registered_on) {
                (Some((from, same)), (until, also), (registered_on, again))
                    if from == same && until == also && registered_on == again =>
                {
                    self.gathered.entries.push(Entry { slot, order, from, until, registered_on, code });
                }
                (from, until, registered_on) => {
                    self.gathered.doubtful.push(Doubtful { slot, order, from, until, registered_on, code });
                }
            }
        }
        Ok(())
    }

    fn filiations(&mut self, batch: &RecordBatch, names: [&String; 7]) -> Result<(), LinkError> {
        let (child, parent) = (Identifiers::of(batch, names[0])?, Identifiers::of(batch, names[1])?);
        let first_byte = |code: &str| code.as_bytes().first().copied().unwrap_or(0);
        let (number, sex) = (codes(batch, names[2], first_byte)?, codes(batch, names[3], first_byte)?);
        let (from, registered_on) = (spans(batch, names[4])?, spans(batch, names[6])?);
        let until = ends(batch, names[5])?;
        let doubtful = unreadable(batch, &names)?;
        let (children, parents) = (self.slots_of(&child)?, self.known.all(&parent));
        let room = self.room(batch);
        self.gathered.filiations.reserve(room);
        for at in 0..batch.num_rows() {
            if registered_on[at].is_some_and(|(earliest, _)| earliest > self.cut_off.0) {
                self.gathered.after_cut_off += 1;
                continue;
            }
            let sex = match sex[at] {
                Some(b'M') => Sex::Man,
                Some(b'F') => Sex::Woman,
                _ => Sex::Unrecorded,
            };
            let (child, until) = (children[at], until[at].1);
            match (doubtful[at], parent.get(at), from[at], number[at]) {
                (false, Some(parent), Some((from, _)), Some(number)) => {
                    let parent = parents[at].unwrap_or_else(|| self.tentative(parent));
                    self.gathered.filiations.push(Filiation { child, parent, from, until, number, sex });
                }
                (_, _, from, _) => {
                    let from = from.map_or(i32::MIN, |(earliest, _)| earliest);
                    self.gathered.doubtful_ties.push(DoubtfulTie { child, from, until, sex });
                }
            }
        }
        Ok(())
    }

    fn replacements(&mut self, batch: &RecordBatch, names: [&String; 4]) -> Result<(), LinkError> {
        let (old, new) = (Identifiers::of(batch, names[0])?, Identifiers::of(batch, names[1])?);
        let (on, registered_on) = (days(batch, names[2])?, days(batch, names[3])?);
        for at in 0..batch.num_rows() {
            if registered_on.value(at) > self.cut_off.0 {
                self.gathered.after_cut_off += 1;
            } else if let (Some(old), Some(new)) = (old.get(at), new.get(at)) {
                let (old, new_slot) = (self.slot(old), self.slot(new));
                self.gathered.replacements.push(Replacement::of(old, new, new_slot, Day(on.value(at))));
            }
        }
        Ok(())
    }

    fn key(&mut self, batch: &RecordBatch, coded: &str, person: &str) -> Result<(), LinkError> {
        let (coded, person) = (texts(batch, coded)?, Identifiers::of(batch, person)?);
        let slots = self.known.all(&person);
        let room = self.room(batch);
        self.gathered.aliases.reserve(room);
        for (at, slot) in slots.into_iter().enumerate() {
            let Some(identifier) = person.get(at) else { continue };
            *self.gathered.aliases.entry(coded.value(at)) = slot.unwrap_or_else(|| self.tentative(identifier));
        }
        Ok(())
    }
}

/// The first and the last day that each end may be: an empty one lasts, and one that cannot be read is some day.
fn ends(batch: &RecordBatch, name: &String) -> Result<Vec<Days>, LinkError> {
    let some_day = unreadable(batch, &[name])?;
    let ends = spans(batch, name)?.into_iter().zip(some_day);
    Ok(ends.map(|(end, some_day)| end.unwrap_or(if some_day { (i32::MIN, LASTS) } else { (LASTS, LASTS) })).collect())
}

/// A register code; what is none of its three digits says nothing that could be counted.
fn code_of(code: &str) -> Code {
    code.parse().ok().filter(|code| (100..1_000).contains(code)).unwrap_or(UNREADABLE)
}

impl Gathered {
    /// The same with slots that are settled.
    pub(crate) fn settled(mut self, identities: &mut Identities) -> Result<Gathered, LinkError> {
        if self.unknown.is_empty() {
            return Ok(self);
        }
        let mut given = Vec::with_capacity(self.unknown.len());
        for unknown in &self.unknown {
            given.push(identities.slot(match unknown {
                Unknown::Number(number) => Identifier::Number(*number),
                Unknown::Coded(coded) => Identifier::Coded(coded),
            })?);
        }
        let settle = |slot: &mut u32| {
            if *slot & TENTATIVE != 0 {
                *slot = given[(*slot ^ TENTATIVE) as usize];
            }
        };
        self.entries.iter_mut().for_each(|entry| settle(&mut entry.slot));
        self.doubtful.iter_mut().for_each(|row| settle(&mut row.slot));
        self.doubtful_ties.iter_mut().for_each(|tie| settle(&mut tie.child));
        self.filiations.iter_mut().for_each(|tie| [&mut tie.child, &mut tie.parent].into_iter().for_each(settle));
        self.replacements.iter_mut().for_each(|change| [&mut change.old, &mut change.new].into_iter().for_each(settle));
        self.aliases.slots_mut().for_each(settle);
        Ok(self)
    }
}
