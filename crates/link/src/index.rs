//! Slots of identifiers, and how they are found.

use arrow::array::{Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use catalog::insz::{Century, check_digits};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::LinkError;

/// The identifiers of a column: numbers, or pseudonyms.
pub(crate) enum Identifiers<'b> {
    Numbers(&'b Int64Array),
    Coded(&'b StringArray),
}

/// One identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identifier<'b> {
    Number(i64),
    Coded(&'b str),
}

impl<'b> Identifiers<'b> {
    /// The identifiers of a landed column.
    pub(crate) fn of(batch: &'b RecordBatch, name: &str) -> Result<Identifiers<'b>, LinkError> {
        let column = batch.column_by_name(name).ok_or_else(|| LinkError::Column(name.to_string()))?;
        if let Some(numbers) = column.as_any().downcast_ref() {
            return Ok(Identifiers::Numbers(numbers));
        }
        column.as_any().downcast_ref().map(Identifiers::Coded).ok_or_else(|| LinkError::Column(name.to_string()))
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Identifiers::Numbers(numbers) => numbers.len(),
            Identifiers::Coded(coded) => coded.len(),
        }
    }

    /// The identifier of a row, if it has one.
    pub(crate) fn get(&self, at: usize) -> Option<Identifier<'b>> {
        match self {
            Identifiers::Numbers(numbers) => numbers.is_valid(at).then(|| Identifier::Number(numbers.value(at))),
            Identifiers::Coded(coded) => coded.is_valid(at).then(|| Identifier::Coded(coded.value(at))),
        }
    }
}

/// Nothing is at this slot.
pub(crate) const NONE: u32 = u32::MAX;
/// Serial numbers of a day.
const SERIALS: usize = 1_000;

/// Slots of national numbers, found without hashing: a page for each day of birth and century, a place for each serial.
#[derive(Default)]
struct NumberIndex {
    /// By day of birth and century: the slot of each serial.
    pages: Vec<Option<Box<[u32; SERIALS]>>>,
    /// What is no number of the register's own.
    others: HashMap<i64, u32, FixedState>,
}

impl NumberIndex {
    /// Page and serial of a number.
    fn page(number: i64) -> Option<(usize, usize)> {
        let number = u64::try_from(number).ok().filter(|number| *number < 100_000_000_000)?;
        let (nine, check) = (number / 100, number % 100);
        let century = if check_digits(nine, Century::Nineteen) == check {
            0
        } else if check_digits(nine, Century::Twenty) == check {
            1
        } else {
            return None;
        };
        Some(((nine / 1_000) as usize * 2 + century, (nine % 1_000) as usize))
    }

    fn get(&self, number: i64) -> Option<u32> {
        let slot = match NumberIndex::page(number) {
            Some((page, serial)) => self.pages.get(page)?.as_ref()?[serial],
            None => *self.others.get(&number)?,
        };
        Some(slot).filter(|slot| *slot != NONE)
    }

    /// The place where a number's slot is kept.
    fn entry(&mut self, number: i64) -> &mut u32 {
        match NumberIndex::page(number) {
            Some((page, serial)) => {
                if page >= self.pages.len() {
                    self.pages.resize(page + 1, None);
                }
                &mut self.pages[page].get_or_insert_with(|| Box::new([NONE; SERIALS]))[serial]
            }
            None => self.others.entry(number).or_insert(NONE),
        }
    }
}

/// Positions of numbers, those of one year of birth together: the pages of a year stay near the processor while they are
/// asked, where numbers in the order of addresses would look for each page anew.
pub(crate) fn by_year(numbers: &[i64]) -> Vec<u32> {
    let year = |number: i64| (number / 1_000_000_000).clamp(0, 99) as usize;
    let mut next = [0u32; 101];
    for number in numbers {
        next[year(*number) + 1] += 1;
    }
    for at in 0..100 {
        next[at + 1] += next[at];
    }
    let mut order = vec![0; numbers.len()];
    for (at, number) in numbers.iter().enumerate() {
        let place = &mut next[year(*number)];
        order[*place as usize] = at as u32;
        *place += 1;
    }
    order
}

/// Slots of pseudonyms. Sixteen hexadecimal digits, the usual form, are kept as the number that they write.
#[derive(Default)]
pub(crate) struct CodedIndex {
    hexadecimal: HashMap<u64, u32, FixedState>,
    others: HashMap<String, u32, FixedState>,
}

fn hexadecimal(coded: &str) -> Option<u64> {
    let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (coded.len() == 16 && coded.bytes().all(plain)).then(|| u64::from_str_radix(coded, 16).ok())?
}

impl CodedIndex {
    fn get(&self, coded: &str) -> Option<u32> {
        match hexadecimal(coded) {
            Some(number) => self.hexadecimal.get(&number).copied(),
            None => self.others.get(coded).copied(),
        }
    }

    /// The place where a pseudonym's slot is kept.
    pub(crate) fn entry(&mut self, coded: &str) -> &mut u32 {
        match hexadecimal(coded) {
            Some(number) => self.hexadecimal.entry(number).or_insert(NONE),
            None => self.others.entry_ref(coded).or_insert(NONE),
        }
    }

    /// Makes room for more pseudonyms.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.hexadecimal.reserve(more);
    }

    /// All slots.
    pub(crate) fn slots_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        self.hexadecimal.values_mut().chain(self.others.values_mut())
    }
}

/// Slots of identifiers of every form.
#[derive(Default)]
pub(crate) struct Index {
    numbers: NumberIndex,
    coded: CodedIndex,
}

impl Index {
    /// The slot of an identifier.
    pub(crate) fn get(&self, identifier: Identifier<'_>) -> Option<u32> {
        match identifier {
            Identifier::Number(number) => self.numbers.get(number),
            Identifier::Coded(coded) => self.coded.get(coded),
        }
    }

    /// The place where an identifier's slot is kept.
    pub(crate) fn entry(&mut self, identifier: Identifier<'_>) -> &mut u32 {
        match identifier {
            Identifier::Number(number) => self.numbers.entry(number),
            Identifier::Coded(coded) => self.coded.entry(coded),
        }
    }

    /// The slots of a column of identifiers; nothing where there is none, or none is known.
    pub(crate) fn all(&self, identifiers: &Identifiers<'_>) -> Vec<Option<u32>> {
        match identifiers {
            Identifiers::Numbers(numbers) if numbers.null_count() == 0 => {
                let mut slots = vec![None; numbers.len()];
                for at in by_year(numbers.values()) {
                    slots[at as usize] = self.numbers.get(numbers.value(at as usize));
                }
                slots
            }
            _ => (0..identifiers.len()).map(|at| self.get(identifiers.get(at)?)).collect(),
        }
    }

    /// Takes over what pseudonyms stand for; a later word replaces an earlier.
    pub(crate) fn alias(&mut self, aliases: CodedIndex) {
        if self.coded.hexadecimal.is_empty() && self.coded.others.is_empty() {
            self.coded = aliases;
        } else {
            self.coded.hexadecimal.extend(aliases.hexadecimal);
            self.coded.others.extend(aliases.others);
        }
    }
}
