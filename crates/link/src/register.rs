//! The register as known at a cut-off: persons, nationality histories, parents, each as arrays by person.
//!
//! A row registered after the cut-off does not exist. Of two deliveries of a person the newer tells sex and birth date; of
//! two rows in one delivery the one under the number that stands now. An unknown month counts as July, an unknown day as
//! the 15th, and both unknown as the 1st of July (own rules). Who is who is settled by [`crate::identity`], what was in
//! force by [`crate::history`], who is whose parent by [`crate::kinship`].

use std::cmp::Reverse;

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use catalog::contract::{Extract, Linking};
use catalog::origin::Known;
use catalog::{Day, workers};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::LinkError;
use crate::columns::{codes, small};
use crate::history::{Code, Doubtful, Entry, Histories, NO_CODE, UNREADABLE};
use crate::identity::{Identities, Persons};
use crate::index::{Identifier, Identifiers};
use crate::intake::{Gathered, Gatherer};
use crate::kinship::{DoubtfulTie, Filiation, Kinship, Parents};
use crate::residents::Slots;

/// Belgian.
pub(crate) const BELGIAN: Code = 150;
/// No delivery.
const NEVER: u16 = 0;

/// What was noticed while taking the register in; counted and told, never silently chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings {
    /// Persons with a number.
    pub persons: u64,
    /// Persons of whom no row of the register's persons tells sex and birth date.
    pub without_record: u64,
    /// Rows of histories, filiations or replacements registered after the cut-off.
    pub after_cut_off: u64,
    /// Rows of persons beyond the first in one delivery.
    pub repeated_persons: u64,
    /// Filiations that give no parent on the day of the cut-off, because others come before them or are alike.
    pub unused_filiations: u64,
    /// Parents on the day of the cut-off who are not older than their child; they stay parents.
    pub not_older: u64,
    /// Persons of whom a row of the nationality history cannot be read, or cannot be dated to the day.
    pub histories_in_doubt: u64,
    /// Persons of whom a tie to a parent cannot be read.
    pub parents_in_doubt: u64,
    /// Numbers that another has taken the place of.
    pub replaced: u64,
    /// Numbers said to be replaced by two others; the later change counts.
    pub replaced_twice: u64,
    /// Numbers whose replacements lead into a circle; they stay as they are.
    pub circular: u64,
}

/// What the rows of the register's persons say under one number: the newest that says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Record {
    /// The delivery that the last row was of.
    delivery: u16,
    sex_delivery: u16,
    /// `F` or `M`, 0 where unknown.
    sex: u8,
    /// The birth date in the row that tells the sex.
    sex_birth: u32,
    birth_delivery: u16,
    /// `YYYYMMDD`, 0 where unknown.
    birth: u32,
}

/// What puts one row before another: a newer delivery, the number that stands now, the smaller birth date; of two who are
/// born on one day, the woman.
type Rank = (u16, bool, Reverse<u32>, bool);

/// Takes deliveries in, older before newer.
pub struct RegisterBuilder {
    cut_off: Day,
    identities: Identities,
    records: Vec<Record>,
    delivery: u16,
    entries: Vec<Entry>,
    doubtful: Vec<Doubtful>,
    filiations: Vec<Filiation>,
    doubtful_ties: Vec<DoubtfulTie>,
    findings: Findings,
}

/// The register, ready to be asked.
pub struct Register {
    persons: Persons,
    births: Vec<u32>,
    sexes: Vec<u8>,
    histories: Histories,
    kinship: Kinship,
    findings: Findings,
}

impl RegisterBuilder {
    /// An empty register as known at the end of a day.
    pub fn new(cut_off: Day) -> RegisterBuilder {
        RegisterBuilder {
            cut_off,
            identities: Identities::default(),
            records: Vec::new(),
            delivery: NEVER,
            entries: Vec::new(),
            doubtful: Vec::new(),
            filiations: Vec::new(),
            doubtful_ties: Vec::new(),
            findings: Findings::default(),
        }
    }

    /// Says that what follows is another delivery, newer than those before; room is made for so many rows of persons.
    pub fn next_delivery(&mut self, rows: usize) {
        self.delivery += 1;
        self.identities.next_delivery(rows);
        // Room at once for all is cheaper than bit by bit.
        self.records.reserve(rows.saturating_sub(self.records.len()));
    }

    /// Takes in a landed batch, by the role that the contract gives the extract: the short way, where nothing is gathered
    /// side by side and no persons are linked.
    pub fn take(&mut self, extract: &Extract, batch: &RecordBatch) -> Result<(), LinkError> {
        if let Linking::Persons { .. } = &extract.linking {
            return self.take_persons(extract, batch, None);
        }
        let mut gatherer = self.gather(batch.num_rows());
        gatherer.take(extract, batch)?;
        let gathered = gatherer.finish();
        self.settle(gathered)
    }

    /// Says that all persons were taken in, so that nothing is kept that only they need.
    pub fn end_of_persons(&mut self) {
        self.identities.end_of_rows();
    }

    /// Begins to gather what an extract other than of persons says in so many rows. Several can be gathered side by side,
    /// because nothing that they share changes until they are settled.
    pub fn gather(&self, rows: usize) -> Gatherer<'_> {
        Gatherer::new(self.identities.index(), self.cut_off, rows)
    }

    /// Takes in what was gathered; the order in which this is done decides the positions of persons whom the rows of
    /// persons do not tell of.
    pub fn settle(&mut self, gathered: Gathered) -> Result<(), LinkError> {
        self.findings.after_cut_off += gathered.after_cut_off;
        let said = gathered.settled(&mut self.identities)?;
        append(&mut self.entries, said.entries);
        append(&mut self.doubtful, said.doubtful);
        append(&mut self.filiations, said.filiations);
        append(&mut self.doubtful_ties, said.doubtful_ties);
        self.identities.replace(said.replacements);
        self.identities.alias(said.aliases);
        Ok(())
    }

    /// Takes in a landed batch of persons; the slots of its rows, by which they can be linked, are added to those kept.
    pub fn take_persons(
        &mut self,
        extract: &Extract,
        batch: &RecordBatch,
        kept: Option<&mut Slots>,
    ) -> Result<(), LinkError> {
        let Linking::Persons { person, birth, sex, .. } = &extract.linking else {
            return Err(LinkError::Role);
        };
        let (person, birth) = (Identifiers::of(batch, person)?, small(batch, birth)?);
        let sex = codes(batch, sex, |code| code.as_bytes().first().copied().unwrap_or(0))?;
        let slots = self.identities.slots_of(&person)?;
        if let Some(kept) = kept {
            kept.extend(&slots);
        }
        self.records.resize(self.identities.slots() as usize, Record::default());
        for (at, (slot, sex)) in slots.into_iter().zip(sex).enumerate() {
            let record = &mut self.records[slot as usize];
            if record.delivery == self.delivery {
                self.findings.repeated_persons += 1;
                continue;
            }
            let birth = if birth.is_valid(at) { full_date(birth.value(at)) } else { 0 };
            record.delivery = self.delivery;
            if birth > 0 {
                (record.birth, record.birth_delivery) = (birth, self.delivery);
            }
            if let Some(sex) = sex {
                (record.sex, record.sex_birth, record.sex_delivery) = (sex, birth, self.delivery);
            }
        }
        Ok(())
    }

    /// Settles who is who and orders everything by person, on so many threads at most.
    pub fn finish(self, threads: usize) -> Result<Register, LinkError> {
        let RegisterBuilder {
            cut_off,
            identities,
            records,
            entries,
            doubtful,
            filiations,
            doubtful_ties,
            mut findings,
            ..
        } = self;
        let (persons, told) = identities.finish();
        (findings.replaced, findings.replaced_twice, findings.circular) = (told.replaced, told.twice, told.circular);
        let (births, sexes, without_record) = persons_of(&records, &persons);
        drop(records);
        findings.persons = persons.persons();
        findings.without_record = without_record;
        let of_slot = |slot| persons.of_slot(slot);
        let histories = || Histories::new(entries, doubtful, persons.count(), of_slot);
        let kinship = || Kinship::new(filiations, doubtful_ties, persons.count(), of_slot);
        let (histories, kinship) = if threads > 1 {
            workers::scoped(|scope| {
                let histories = scope.spawn(histories);
                let kinship = kinship();
                (workers::joined(histories), kinship)
            })
            .map_err(|_| LinkError::Thread)?
        } else {
            (Ok(histories()), kinship())
        };
        let histories = histories.map_err(|_| LinkError::Thread)??;
        (findings.unused_filiations, findings.not_older) = kinship.survey(cut_off, &births);
        (findings.histories_in_doubt, findings.parents_in_doubt) = (histories.in_doubt(), kinship.in_doubt());
        Ok(Register { persons, births, sexes, histories, kinship, findings })
    }
}

/// Appends, and takes over what is the first.
fn append<T>(all: &mut Vec<T>, more: Vec<T>) {
    if all.is_empty() { *all = more } else { all.extend(more) }
}

/// Birth date and sex of everybody, and of how many no row tells.
fn persons_of(records: &[Record], persons: &Persons) -> (Vec<u32>, Vec<u8>, u64) {
    let count = persons.count() as usize;
    let (mut births, mut sexes) = (vec![0; count], vec![0; count]);
    let mut without = vec![true; count];
    // Only who has more than one number has more than one record.
    let mut several: HashMap<usize, (Rank, Rank), FixedState> = HashMap::default();
    for (slot, record) in records.iter().enumerate().filter(|(_, record)| record.delivery != NEVER) {
        let (person, is_final) = (persons.of_slot(slot as u32) as usize, persons.is_final(slot as u32));
        let unknown_last = |birth: u32| Reverse(if birth == 0 { u32::MAX } else { birth });
        let birth_rank = (record.birth_delivery, is_final, unknown_last(record.birth), false);
        let sex_rank = (record.sex_delivery, is_final, unknown_last(record.sex_birth), record.sex == b'F');
        let known = if std::mem::replace(&mut without[person], false) { None } else { several.get(&person).copied() };
        if record.birth > 0 && known.is_none_or(|(birth, _)| birth_rank > birth) {
            births[person] = record.birth;
        }
        if record.sex > 0 && known.is_none_or(|(_, sex)| sex_rank > sex) {
            sexes[person] = record.sex;
        }
        if persons.has_several(person as u32) {
            let (birth, sex) = known.unwrap_or((birth_rank, sex_rank));
            several.insert(person, (birth.max(birth_rank), sex.max(sex_rank)));
        }
    }
    let is_person = |(slot, without): &(usize, &bool)| **without && persons.is_final(*slot as u32);
    let without = without.iter().enumerate().filter(is_person).count() as u64;
    (births, sexes, without)
}

impl Register {
    /// Persons in the register.
    pub fn count(&self) -> u32 {
        self.persons.count()
    }

    /// What was noticed while it was taken in.
    pub fn findings(&self) -> Findings {
        self.findings
    }

    /// Position of a person by INSZ.
    pub fn position(&self, number: i64) -> Option<u32> {
        self.persons.find(Identifier::Number(number))
    }

    /// Position of a person by pseudonym.
    pub fn position_of_coded(&self, coded: &str) -> Option<u32> {
        self.persons.find(Identifier::Coded(coded))
    }

    /// Who is who.
    pub(crate) fn persons(&self) -> &Persons {
        &self.persons
    }

    /// Birth date as `YYYYMMDD`, 0 where unknown.
    pub(crate) fn birth(&self, person: u32) -> u32 {
        self.births[person as usize]
    }

    /// `F` or `M`, 0 where unknown.
    pub(crate) fn sex(&self, person: u32) -> u8 {
        self.sexes[person as usize]
    }

    /// Nationality histories.
    pub(crate) fn histories(&self) -> &Histories {
        &self.histories
    }

    /// Father and mother on a day.
    pub(crate) fn parents(&self, person: u32, day: Day) -> Parents {
        self.kinship.parents(person, day)
    }
}

/// What a code says: 999 is the register's word for nothing known, 711 is a nationality recorded as undetermined.
pub(crate) fn known(code: Code) -> Known {
    match code {
        NO_CODE | 999 => Known::Unknown,
        UNREADABLE => Known::Unreadable,
        BELGIAN => Known::Belgian,
        _ => Known::Foreign,
    }
}

fn full_date(written: i32) -> u32 {
    let (year, month, day) = (written / 10_000, written / 100 % 100, written % 100);
    let (month, day) = match (month, day) {
        (0, 0) => (7, 1),
        (0, day) => (7, day),
        (month, 0) => (month, 15),
        both => both,
    };
    (year * 10_000 + month * 100 + day) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parts_of_a_date_are_the_middle_of_what_they_may_be() {
        assert_eq!([19_620_000, 19_620_500, 19_620_509].map(full_date), [19_620_701, 19_620_515, 19_620_509]);
    }
}
