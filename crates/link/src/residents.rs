//! Who of the register's rows is of the population of a day: who lives somewhere, each person once.
//!
//! Somebody may stand in one delivery under two numbers. The row under the number that stands now counts; where there is
//! none, that of the lowest area, so that the order of the rows decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, BooleanArray};
use arrow::record_batch::RecordBatch;
use catalog::contract::{Extract, Linking};

use crate::LinkError;
use crate::columns::codes;
use crate::identity::Persons;
use crate::linker::Tally;
use crate::register::Register;

/// The slots of the rows of a delivery of persons, in their order. They are found when the register takes the rows in,
/// so that linking need not look every number up again.
#[derive(Default)]
pub struct Slots(Vec<u32>);

impl Slots {
    /// Adds the slots of the next rows.
    pub(crate) fn extend(&mut self, slots: &[u32]) {
        self.0.extend_from_slice(slots);
    }

    /// The slots of some rows.
    fn of(&self, from: usize, rows: usize) -> Result<&[u32], LinkError> {
        self.0.get(from..from + rows).ok_or(LinkError::OtherRows)
    }
}

/// The rows of a day, told apart batch by batch.
pub struct Residents<'r> {
    persons: &'r Persons,
    slots: &'r Slots,
    doubles: Doubles,
    /// A bit for each person who is there already.
    seen: Vec<u64>,
    /// What became of the rows so far.
    tally: Tally,
}

impl<'r> Residents<'r> {
    /// The rows of a delivery of persons, from the slots that the register gave them. All batches, which must hold the
    /// area, are looked through beforehand, unless no number was ever replaced.
    pub fn new<E: From<LinkError>>(
        register: &'r Register,
        extract: &Extract,
        slots: &'r Slots,
        batches: impl FnOnce() -> Result<Box<dyn Iterator<Item = Result<RecordBatch, E>>>, E>,
    ) -> Result<Residents<'r>, E> {
        let persons = register.persons();
        let mut doubles = Doubles::default();
        if let (Linking::Persons { area, .. }, 1..) = (&extract.linking, register.findings().replaced) {
            let mut rows = 0;
            for batch in batches()? {
                let batch = batch?;
                doubles.look(persons, slots.of(rows, batch.num_rows())?, &batch, area)?;
                rows += batch.num_rows();
            }
        }
        let seen = vec![0; persons.count() as usize / 64 + 1];
        Ok(Residents { persons, slots, doubles, seen, tally: Tally::default() })
    }

    /// What became of the rows, which must be all that the register took in.
    pub fn finish(self) -> Result<Tally, LinkError> {
        if self.tally.rows == self.slots.0.len() as u64 { Ok(self.tally) } else { Err(LinkError::OtherRows) }
    }

    /// Which of the next rows count, and the persons of those that do.
    pub(crate) fn tell_apart(
        &mut self,
        batch: &RecordBatch,
        area: &str,
    ) -> Result<(BooleanArray, Vec<u32>), LinkError> {
        let rows = batch.num_rows();
        let lives = batch.column_by_name(area).ok_or_else(|| LinkError::Column(area.to_string()))?.logical_nulls();
        let slots = self.slots.of(self.tally.rows as usize, rows)?;
        let (mut kept, mut persons) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for (at, &slot) in slots.iter().enumerate() {
            if lives.as_ref().is_some_and(|lives| lives.is_null(at)) {
                self.tally.not_resident += 1;
                kept.push(false);
                continue;
            }
            let person = self.persons.of_slot(slot);
            let (word, bit) = (&mut self.seen[person as usize / 64], 1 << (person % 64));
            let counts = self.doubles.counts(self.persons, slot) && *word & bit == 0;
            if counts {
                *word |= bit;
                persons.push(person);
            }
            self.tally.repeated += u64::from(!counts);
            kept.push(counts);
        }
        self.tally.rows += rows as u64;
        self.tally.linked += persons.len() as u64;
        Ok((kept.into(), persons))
    }
}

/// Residents of a day who stand there under a number that was replaced.
#[derive(Debug, Default)]
struct Doubles {
    /// Of persons without a row under the number that stands now: the slot of the row that counts, by its area.
    counted: BTreeMap<u32, (u32, u32)>,
    /// Persons with such a row.
    settled: BTreeSet<u32>,
}

impl Doubles {
    /// Notes who is there under which number.
    fn look(&mut self, persons: &Persons, slots: &[u32], batch: &RecordBatch, area: &str) -> Result<(), LinkError> {
        // Areas have codes of digits; another area comes after all of them.
        let lives = codes(batch, area, |code| code.parse().unwrap_or(u32::MAX))?;
        for (area, &slot) in lives.into_iter().zip(slots) {
            let Some(area) = area else { continue };
            let own = persons.of_slot(slot);
            if !persons.is_final(slot) {
                let known = self.counted.entry(own).or_insert((area, slot));
                if area < known.0 {
                    *known = (area, slot);
                }
            } else if persons.has_several(own) {
                self.settled.insert(own);
            }
        }
        Ok(())
    }

    /// Whether the row under this slot is the one that counts.
    fn counts(&self, persons: &Persons, slot: u32) -> bool {
        if persons.is_final(slot) {
            return true;
        }
        let person = persons.of_slot(slot);
        !self.settled.contains(&person) && self.counted.get(&person).is_none_or(|(_, counted)| *counted == slot)
    }
}
