//! Persons who stand in one delivery of the register under two numbers.
//!
//! The row under the number that stands now counts; where there is none, that of the lowest area, so that the order of
//! the rows decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use catalog::contract::{Extract, Linking};

use crate::LinkError;
use crate::columns::codes;
use crate::identity::Persons;
use crate::index::Identifiers;
use crate::register::Register;

/// Residents of a day who stand there under a number that was replaced.
#[derive(Debug, Default)]
pub struct Doubles {
    /// Of persons without a row under the number that stands now: the slot of the row that counts, by its area.
    counted: BTreeMap<u32, (u32, u32)>,
    /// Persons with such a row.
    settled: BTreeSet<u32>,
}

impl Doubles {
    /// Looks through the rows of a day. Where no number was replaced there is nothing to look for.
    pub fn find<E: From<LinkError>>(
        register: &Register,
        extract: &Extract,
        batches: impl FnOnce() -> Result<Box<dyn Iterator<Item = Result<RecordBatch, E>>>, E>,
    ) -> Result<Doubles, E> {
        let mut found = Doubles::default();
        let Linking::Persons { person, area, .. } = &extract.linking else { return Ok(found) };
        if register.findings().replaced == 0 {
            return Ok(found);
        }
        let persons = register.persons();
        for batch in batches()? {
            let batch = batch?;
            // Areas have codes of digits; another area comes after all of them.
            let lives = codes(&batch, area, |code| code.parse().unwrap_or(u32::MAX))?;
            let identifiers = Identifiers::of(&batch, person)?;
            for (area, slot) in lives.into_iter().zip(persons.index().all(&identifiers)) {
                let (Some(area), Some(slot)) = (area, slot) else { continue };
                let own = persons.of_slot(slot);
                if !persons.is_final(slot) {
                    let known = found.counted.entry(own).or_insert((area, slot));
                    if area < known.0 {
                        *known = (area, slot);
                    }
                } else if persons.has_several(own) {
                    found.settled.insert(own);
                }
            }
        }
        Ok(found)
    }

    /// Whether the row under this slot is the one that counts.
    pub(crate) fn counts(&self, persons: &Persons, slot: u32) -> bool {
        if persons.is_final(slot) {
            return true;
        }
        let person = persons.of_slot(slot);
        !self.settled.contains(&person) && self.counted.get(&person).is_none_or(|(_, counted)| *counted == slot)
    }
}
