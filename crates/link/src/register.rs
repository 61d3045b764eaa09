//! The register as known at a cut-off: persons, nationality histories, parents, each as arrays by person.
//!
//! Written rules. A row registered after the cut-off does not exist. Of two deliveries of a person the newer tells sex
//! and birth date. An unknown month counts as July, an unknown day as the 15th (the 1st of July when both). A
//! replaced number is followed to its last before anything else; of two replacements the later day counts, and a circle
//! leaves its numbers as they are. A nationality history is ordered by first day, then by its own order; the first entry is the first nationality, and
//! the entry in force on a day is the last that has begun, unless it has ended by then.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use catalog::Day;
use catalog::contract::{Extract, Linking};
use catalog::origin::Known;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::LinkError;
use crate::columns::{days, numbers, small, texts};

/// Register code of a nationality, as a number below 1000.
pub(crate) type Code = u16;
/// No nationality is known.
pub(crate) const NO_CODE: Code = 0;
/// Belgian.
pub(crate) const BELGIAN: Code = 150;
const NOBODY: u32 = u32::MAX;

/// What was noticed while taking the register in; counted and told, never silently chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings {
    /// Persons with a number.
    pub persons: u64,
    /// Persons of whom no row of the register's persons tells sex and birth date.
    pub without_record: u64,
    /// Rows of histories or filiations registered after the cut-off.
    pub after_cut_off: u64,
    /// Rows of persons beyond the first in one delivery.
    pub repeated_persons: u64,
    /// Filiations to a third parent, or to a second parent of the same place.
    pub surplus_parents: u64,
    /// Numbers that another has taken the place of.
    pub replaced: u64,
    /// Numbers said to be replaced by two others; the later change counts.
    pub replaced_twice: u64,
    /// Numbers whose replacements lead back to themselves; they stay as they are.
    pub circular: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    person: u32,
    order: u32,
    from: i32,
    until: i32,
    code: Code,
}

#[derive(Debug, Clone, Copy)]
struct Filiation {
    child: u32,
    parent: u32,
    number: u8,
    sex: u8,
}

/// Takes deliveries in, older before newer.
pub struct RegisterBuilder {
    cut_off: Day,
    numbers: HashMap<i64, u32, FixedState>,
    births: Vec<u32>,
    sexes: Vec<u8>,
    seen_in: Vec<u16>,
    delivery: u16,
    entries: Vec<Entry>,
    filiations: Vec<Filiation>,
    keys: HashMap<Box<str>, u32, FixedState>,
    replaced: HashMap<i64, (i32, i64), FixedState>,
    findings: Findings,
}

/// The register, ready to be asked.
pub struct Register {
    numbers: HashMap<i64, u32, FixedState>,
    keys: HashMap<Box<str>, u32, FixedState>,
    births: Vec<u32>,
    sexes: Vec<u8>,
    starts: Vec<u32>,
    history: Vec<(i32, i32, Code)>,
    fathers: Vec<u32>,
    mothers: Vec<u32>,
    findings: Findings,
}

impl RegisterBuilder {
    /// An empty register as known at the end of a day.
    pub fn new(cut_off: Day) -> RegisterBuilder {
        RegisterBuilder {
            cut_off,
            numbers: HashMap::default(),
            births: Vec::new(),
            sexes: Vec::new(),
            seen_in: Vec::new(),
            delivery: 0,
            entries: Vec::new(),
            filiations: Vec::new(),
            keys: HashMap::default(),
            replaced: HashMap::default(),
            findings: Findings::default(),
        }
    }

    /// Says that what follows is another delivery, newer than those before.
    pub fn next_delivery(&mut self) {
        self.delivery += 1;
    }

    /// Takes in a landed batch, by the role that the contract gives the extract.
    pub fn take(&mut self, extract: &Extract, batch: &RecordBatch) -> Result<(), LinkError> {
        match &extract.linking {
            Linking::Persons { person, birth, sex, .. } => self.persons(batch, person, birth, sex),
            Linking::Nationalities { person, order, from, until, nationality, registered_on } => {
                self.nationalities(batch, [person, order, from, until, nationality, registered_on])
            }
            Linking::Filiations { person, parent, number, sex, until, registered_on } => {
                self.filiations(batch, [person, parent, number, sex, until, registered_on])
            }
            Linking::Replacements { old, new, on, registered_on } => {
                self.replacements(batch, [old, new, on, registered_on])
            }
            Linking::Key { coded, person } => {
                let (coded, person) = (texts(batch, coded)?, numbers(batch, person)?);
                for at in 0..batch.num_rows() {
                    let position = self.position(person.value(at))?;
                    self.keys.insert(coded.value(at).into(), position);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn replacements(&mut self, batch: &RecordBatch, names: [&String; 4]) -> Result<(), LinkError> {
        let (old, new) = (numbers(batch, names[0])?, numbers(batch, names[1])?);
        let (on, registered_on) = (days(batch, names[2])?, days(batch, names[3])?);
        for at in 0..batch.num_rows() {
            if registered_on.value(at) > self.cut_off.0 {
                self.findings.after_cut_off += 1;
                continue;
            }
            let change = (on.value(at), new.value(at));
            let known = self.replaced.entry(old.value(at)).or_insert(change);
            self.findings.replaced_twice += u64::from(known.1 != change.1);
            *known = change.max(*known);
        }
        Ok(())
    }

    /// The number that stands for a number now: the last of its replacements.
    fn last_number(&self, number: i64) -> i64 {
        let mut current = number;
        for _ in 0..=self.replaced.len() {
            match self.replaced.get(&current) {
                Some((_, next)) if *next == number => return number,
                Some((_, next)) => current = *next,
                None => return current,
            }
        }
        number // the chain runs into a circle further on
    }

    fn position(&mut self, number: i64) -> Result<u32, LinkError> {
        let number = if self.replaced.is_empty() { number } else { self.last_number(number) };
        if let Some(position) = self.numbers.get(&number) {
            return Ok(*position);
        }
        let position = u32::try_from(self.births.len()).map_err(|_| LinkError::TooMany)?;
        if position == NOBODY {
            return Err(LinkError::TooMany);
        }
        self.numbers.insert(number, position);
        self.births.push(0);
        self.sexes.push(0);
        self.seen_in.push(u16::MAX);
        Ok(position)
    }

    fn persons(&mut self, batch: &RecordBatch, person: &str, birth: &str, sex: &str) -> Result<(), LinkError> {
        let (person, birth, sex) = (numbers(batch, person)?, small(batch, birth)?, texts(batch, sex)?);
        for at in 0..batch.num_rows() {
            let position = self.position(person.value(at))? as usize;
            if self.seen_in[position] == self.delivery {
                self.findings.repeated_persons += 1;
                continue;
            }
            self.seen_in[position] = self.delivery;
            self.births[position] = if birth.is_valid(at) { full_date(birth.value(at)) } else { 0 };
            self.sexes[position] = if sex.is_valid(at) { sex.value(at).as_bytes()[0] } else { 0 };
        }
        Ok(())
    }

    fn nationalities(&mut self, batch: &RecordBatch, names: [&String; 6]) -> Result<(), LinkError> {
        let (person, order) = (numbers(batch, names[0])?, numbers(batch, names[1])?);
        let (from, until) = (days(batch, names[2])?, days(batch, names[3])?);
        let (code, registered_on) = (texts(batch, names[4])?, days(batch, names[5])?);
        self.entries.reserve(batch.num_rows());
        for at in 0..batch.num_rows() {
            if registered_on.value(at) > self.cut_off.0 {
                self.findings.after_cut_off += 1;
                continue;
            }
            let entry = Entry {
                person: self.position(person.value(at))?,
                order: u32::try_from(order.value(at)).unwrap_or(u32::MAX),
                from: from.value(at),
                until: if until.is_valid(at) { until.value(at) } else { i32::MAX },
                code: code.value(at).parse().unwrap_or(NO_CODE),
            };
            self.entries.push(entry);
        }
        Ok(())
    }

    fn filiations(&mut self, batch: &RecordBatch, names: [&String; 6]) -> Result<(), LinkError> {
        let (child, parent) = (numbers(batch, names[0])?, numbers(batch, names[1])?);
        let (number, sex) = (texts(batch, names[2])?, texts(batch, names[3])?);
        let (until, registered_on) = (days(batch, names[4])?, days(batch, names[5])?);
        self.filiations.reserve(batch.num_rows());
        for at in 0..batch.num_rows() {
            if registered_on.value(at) > self.cut_off.0 {
                self.findings.after_cut_off += 1;
                continue;
            }
            if until.is_valid(at) && until.value(at) <= self.cut_off.0 {
                continue; // the tie was ended: it is no longer a parent's
            }
            let filiation = Filiation {
                child: self.position(child.value(at))?,
                parent: self.position(parent.value(at))?,
                number: number.value(at).as_bytes()[0],
                sex: if sex.is_valid(at) { sex.value(at).as_bytes()[0] } else { 0 },
            };
            self.filiations.push(filiation);
        }
        Ok(())
    }

    /// Orders everything by person.
    pub fn finish(mut self) -> Register {
        let persons = self.births.len();
        // Counting sort by person, then each person's few entries by first day and order.
        let mut starts = vec![0u32; persons + 1];
        for entry in &self.entries {
            starts[entry.person as usize + 1] += 1;
        }
        for at in 0..persons {
            starts[at + 1] += starts[at];
        }
        let mut next: Vec<u32> = starts[..persons].to_vec();
        let mut sorted = vec![Entry { person: 0, order: 0, from: 0, until: 0, code: NO_CODE }; self.entries.len()];
        for entry in self.entries.drain(..) {
            let place = &mut next[entry.person as usize];
            sorted[*place as usize] = entry;
            *place += 1;
        }
        for person in 0..persons {
            let own = &mut sorted[starts[person] as usize..starts[person + 1] as usize];
            if own.len() > 1 {
                own.sort_unstable_by_key(|entry| (entry.from, entry.order, entry.until, entry.code));
            }
        }
        let history = sorted.iter().map(|entry| (entry.from, entry.until, entry.code)).collect();
        drop(sorted);

        // Father before mother goes by recorded sex first, then by number.
        let mut fathers = vec![NOBODY; persons];
        let mut mothers = vec![NOBODY; persons];
        self.filiations.sort_unstable_by_key(|tie| (tie.child, tie.number, tie.sex, tie.parent));
        let mut ties = self.filiations.as_slice();
        while let Some(first) = ties.first() {
            let count = ties.iter().take_while(|tie| tie.child == first.child).count();
            let (own, rest) = ties.split_at(count);
            ties = rest;
            let (mut men, mut women): (Vec<&Filiation>, Vec<&Filiation>) =
                own.iter().partition(|tie| tie.sex == b'M' || (tie.sex != b'F' && tie.number == b'1'));
            men.dedup_by_key(|tie| tie.parent);
            women.dedup_by_key(|tie| tie.parent);
            let (father, mother) = match (men.as_slice(), women.as_slice()) {
                ([first, second, ..], []) => (Some(first), Some(second)),
                ([], [first, second, ..]) => (Some(first), Some(second)),
                (men, women) => (men.first(), women.first()),
            };
            let used = usize::from(father.is_some()) + usize::from(mother.is_some());
            self.findings.surplus_parents += (men.len() + women.len()).saturating_sub(used) as u64;
            let child = first.child as usize;
            fathers[child] = father.map_or(NOBODY, |tie| tie.parent);
            mothers[child] = mother.map_or(NOBODY, |tie| tie.parent);
        }
        self.findings.replaced = self.replaced.len() as u64;
        for old in self.replaced.keys().copied().collect::<Vec<_>>() {
            let last = self.last_number(old);
            if last == old {
                self.findings.circular += 1;
            } else if let Some(position) = self.numbers.get(&last).copied() {
                // A fact delivered under an old number finds its person.
                self.numbers.insert(old, position);
            }
        }
        self.findings.persons = persons as u64;
        self.findings.without_record = self.seen_in.iter().filter(|delivery| **delivery == u16::MAX).count() as u64;
        Register {
            numbers: self.numbers,
            keys: self.keys,
            births: self.births,
            sexes: self.sexes,
            starts,
            history,
            fathers,
            mothers,
            findings: self.findings,
        }
    }
}

impl Register {
    /// Persons in the register.
    pub fn count(&self) -> u32 {
        self.births.len() as u32
    }

    /// What was noticed while it was taken in.
    pub fn findings(&self) -> Findings {
        self.findings
    }

    /// Position of a person by INSZ.
    pub fn position(&self, number: i64) -> Option<u32> {
        self.numbers.get(&number).copied()
    }

    /// Position of a person by pseudonym.
    pub(crate) fn position_of_coded(&self, coded: &str) -> Option<u32> {
        self.keys.get(coded).copied()
    }

    /// Birth date as `YYYYMMDD`, 0 where unknown.
    pub(crate) fn birth(&self, person: u32) -> u32 {
        self.births[person as usize]
    }

    /// `F` or `M`, 0 where unknown.
    pub(crate) fn sex(&self, person: u32) -> u8 {
        self.sexes[person as usize]
    }

    fn history(&self, person: u32) -> &[(i32, i32, Code)] {
        &self.history[self.starts[person as usize] as usize..self.starts[person as usize + 1] as usize]
    }

    /// First known nationality.
    pub(crate) fn first(&self, person: u32) -> Code {
        self.history(person).first().map_or(NO_CODE, |entry| entry.2)
    }

    /// Nationality in force on a day.
    pub(crate) fn current(&self, person: u32, day: Day) -> Code {
        let begun = self.history(person).iter().rev().find(|entry| entry.0 <= day.0);
        begun.filter(|entry| entry.1 >= day.0).map_or(NO_CODE, |entry| entry.2)
    }

    /// First known nationality of the father and of the mother.
    pub(crate) fn parents_first(&self, person: u32) -> [Code; 2] {
        [self.fathers[person as usize], self.mothers[person as usize]]
            .map(|parent| if parent == NOBODY { NO_CODE } else { self.first(parent) })
    }
}

/// What a code says: 999 is the register's word for nothing known, 711 is a nationality recorded as undetermined.
pub(crate) fn known(code: Code) -> Known {
    match code {
        NO_CODE | 999 => Known::Unknown,
        BELGIAN => Known::Belgian,
        _ => Known::Foreign,
    }
}

fn full_date(written: i32) -> u32 {
    let (year, month, day) = (written / 10_000, written / 100 % 100, written % 100);
    let (month, day) = match (month, day) {
        (0, _) => (7, 1),
        (month, 0) => (month, 15),
        both => both,
    };
    (year * 10_000 + month * 100 + day) as u32
}
