//! Who is who: every number or pseudonym has a slot, and every slot belongs to one person.
//!
//! A number that another has taken the place of is followed to the last before anything else. Of two replacements of one
//! number the later day counts, and of two on one day the greater new number. Numbers on a circle, or on the way into
//! one, stay as they are.

use arrow::array::{Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use catalog::Day;
use catalog::insz::{Century, check_digits};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

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

    /// The identifier of a row, if it has one.
    pub(crate) fn get(&self, at: usize) -> Option<Identifier<'b>> {
        match self {
            Identifiers::Numbers(numbers) => numbers.is_valid(at).then(|| Identifier::Number(numbers.value(at))),
            Identifiers::Coded(coded) => coded.is_valid(at).then(|| Identifier::Coded(coded.value(at))),
        }
    }
}

/// Nothing is at this slot.
const NONE: u32 = u32::MAX;
/// Serial numbers of a day.
const SERIALS: usize = 1_000;

/// Slots of national numbers, found without hashing: a page for each day of birth and century, a place for each serial.
#[derive(Default)]
struct NumberIndex {
    /// By day of birth and century: where the page begins.
    pages: Vec<u32>,
    /// By page and serial: the slot.
    places: Vec<u32>,
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
            Some((page, serial)) => {
                let begin = self.pages.get(page).filter(|begin| **begin != NONE)?;
                self.places[*begin as usize + serial]
            }
            None => *self.others.get(&number)?,
        };
        Some(slot).filter(|slot| *slot != NONE)
    }

    /// The place where a number's slot is kept.
    fn entry(&mut self, number: i64) -> &mut u32 {
        match NumberIndex::page(number) {
            Some((page, serial)) => {
                if page >= self.pages.len() {
                    self.pages.resize(page + 1, NONE);
                }
                if self.pages[page] == NONE {
                    // At most two million days and centuries of a thousand serials: it fits.
                    self.pages[page] = self.places.len() as u32;
                    self.places.resize(self.places.len() + SERIALS, NONE);
                }
                &mut self.places[self.pages[page] as usize + serial]
            }
            None => self.others.entry(number).or_insert(NONE),
        }
    }
}

/// Positions of numbers, those of one year of birth together: the pages of a year stay near the processor while they are
/// asked, where numbers in the order of addresses would look for each page anew.
fn by_year(numbers: &[i64]) -> Vec<u32> {
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
struct CodedIndex {
    hexadecimal: HashMap<u64, u32, FixedState>,
    others: HashMap<String, u32, FixedState>,
}

fn hexadecimal(coded: &str) -> Option<u64> {
    let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (coded.len() == 16 && coded.bytes().all(plain)).then(|| u64::from_str_radix(coded, 16).ok())?
}

/// A change of number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Replacement {
    old: u32,
    on: i32,
    new_number: i64,
    new_coded: Box<str>,
    new: u32,
}

/// The identifiers that occur, in the making.
#[derive(Default)]
pub(crate) struct Identities {
    numbers: NumberIndex,
    coded: CodedIndex,
    slots: u32,
    replacements: Vec<Replacement>,
}

/// What the replacements came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Replaced {
    /// Identifiers that another has taken the place of.
    pub(crate) replaced: u64,
    /// Replacements beyond one of an identifier.
    pub(crate) twice: u64,
    /// Identifiers on a circle, or on the way into one.
    pub(crate) circular: u64,
}

impl Identities {
    /// Slots given so far.
    pub(crate) fn slots(&self) -> u32 {
        self.slots
    }

    /// The slot of an identifier, a new one if need be.
    pub(crate) fn slot(&mut self, identifier: Identifier<'_>) -> Result<u32, LinkError> {
        let next = self.slots;
        let place = match identifier {
            Identifier::Number(number) => self.numbers.entry(number),
            Identifier::Coded(coded) => match hexadecimal(coded) {
                Some(number) => self.coded.hexadecimal.entry(number).or_insert(NONE),
                None => self.coded.others.entry_ref(coded).or_insert(NONE),
            },
        };
        if *place == NONE {
            if next == NONE - 1 {
                return Err(LinkError::TooMany);
            }
            *place = next;
            self.slots += 1;
        }
        Ok(*place)
    }

    /// The slots of a column of identifiers, none of which is empty.
    ///
    /// A loop of its own, for look-ups that do not wait for each other take a fraction of the time.
    pub(crate) fn slots_of(&mut self, identifiers: &Identifiers<'_>) -> Result<Vec<u32>, LinkError> {
        let empty = || LinkError::Column("a person in every row".to_string());
        match identifiers {
            Identifiers::Numbers(numbers) if numbers.null_count() == 0 => {
                let mut slots = vec![NONE; numbers.len()];
                for at in by_year(numbers.values()) {
                    slots[at as usize] = self.slot(Identifier::Number(numbers.value(at as usize)))?;
                }
                Ok(slots)
            }
            Identifiers::Coded(coded) if coded.null_count() == 0 => {
                coded.iter().map(|coded| self.slot(Identifier::Coded(coded.ok_or_else(empty)?))).collect()
            }
            _ => Err(empty()),
        }
    }

    /// Says that a pseudonym stands for somebody; a later word replaces an earlier.
    pub(crate) fn alias(&mut self, coded: &str, person: Identifier<'_>) -> Result<(), LinkError> {
        let slot = self.slot(person)?;
        match hexadecimal(coded) {
            Some(number) => self.coded.hexadecimal.insert(number, slot),
            None => self.coded.others.insert(coded.to_string(), slot),
        };
        Ok(())
    }

    /// Notes that an identifier took the place of another on a day.
    pub(crate) fn replace(&mut self, old: Identifier<'_>, new: Identifier<'_>, on: Day) -> Result<(), LinkError> {
        let (old, new_slot) = (self.slot(old)?, self.slot(new)?);
        let (new_number, new_coded) = match new {
            Identifier::Number(number) => (number, "".into()),
            Identifier::Coded(coded) => (0, coded.into()),
        };
        self.replacements.push(Replacement { old, on: on.0, new_number, new_coded, new: new_slot });
        Ok(())
    }

    /// Settles who is who.
    pub(crate) fn finish(mut self) -> (Persons, Replaced) {
        let mut told = Replaced::default();
        self.replacements.sort();
        let mut next: HashMap<u32, u32, FixedState> = HashMap::default();
        for own in self.replacements.chunk_by(|a, b| a.old == b.old) {
            let different = own.windows(2).filter(|pair| pair[0].new != pair[1].new).count();
            told.twice += different as u64;
            next.extend(own.last().map(|last| (last.old, last.new)));
        }
        told.replaced = next.len() as u64;
        let mut last_of: HashMap<u32, u32, FixedState> = HashMap::default();
        for &old in next.keys() {
            let mut last = old;
            // A chain has no more steps than there are replacements, unless it runs in a circle.
            let ends = (0..=next.len()).any(|_| match next.get(&last) {
                Some(further) => {
                    last = *further;
                    false
                }
                None => true,
            });
            if ends && last != old {
                last_of.insert(old, last);
            } else {
                told.circular += 1;
            }
        }
        let mut is_old = vec![0u64; self.slots as usize / 64 + 1];
        last_of.keys().for_each(|old| is_old[*old as usize / 64] |= 1 << (old % 64));
        let several = last_of.values().copied().collect();
        (Persons { numbers: self.numbers, coded: self.coded, slots: self.slots, is_old, last_of, several }, told)
    }
}

/// Everybody, by position: the slot of the number that stands now. The positions of replaced numbers are nobody's.
pub(crate) struct Persons {
    numbers: NumberIndex,
    coded: CodedIndex,
    slots: u32,
    /// A bit for each slot: whether its number was replaced. Small enough to stay near the processor.
    is_old: Vec<u64>,
    last_of: HashMap<u32, u32, FixedState>,
    /// Persons with more than one number.
    several: HashSet<u32, FixedState>,
}

impl Persons {
    /// Positions, those of replaced numbers included.
    pub(crate) fn count(&self) -> u32 {
        self.slots
    }

    /// How many persons there are.
    pub(crate) fn persons(&self) -> u64 {
        u64::from(self.slots) - self.last_of.len() as u64
    }

    /// Whose slot it is.
    pub(crate) fn of_slot(&self, slot: u32) -> u32 {
        if self.is_final(slot) { slot } else { self.last_of.get(&slot).copied().unwrap_or(slot) }
    }

    /// Whether the slot's identifier is the one that stands now.
    pub(crate) fn is_final(&self, slot: u32) -> bool {
        self.is_old[slot as usize / 64] >> (slot % 64) & 1 == 0
    }

    /// Whether somebody has, or had, more than one number.
    pub(crate) fn has_several(&self, person: u32) -> bool {
        self.several.contains(&person)
    }

    /// The slots of a column of identifiers; nothing where there is none, or none is known.
    pub(crate) fn slots(&self, identifiers: &Identifiers<'_>) -> Vec<Option<u32>> {
        match identifiers {
            Identifiers::Numbers(numbers) if numbers.null_count() == 0 => {
                let mut slots = vec![None; numbers.len()];
                for at in by_year(numbers.values()) {
                    slots[at as usize] = self.numbers.get(numbers.value(at as usize));
                }
                slots
            }
            Identifiers::Numbers(numbers) => numbers.iter().map(|number| self.numbers.get(number?)).collect(),
            Identifiers::Coded(coded) => coded.iter().map(|coded| self.slot(Identifier::Coded(coded?))).collect(),
        }
    }

    /// The slot of an identifier.
    pub(crate) fn slot(&self, identifier: Identifier<'_>) -> Option<u32> {
        match identifier {
            Identifier::Number(number) => self.numbers.get(number),
            Identifier::Coded(coded) => match hexadecimal(coded) {
                Some(number) => self.coded.hexadecimal.get(&number).copied(),
                None => self.coded.others.get(coded).copied(),
            },
        }
    }

    /// Who has this identifier.
    pub(crate) fn find(&self, identifier: Identifier<'_>) -> Option<u32> {
        self.slot(identifier).map(|slot| self.of_slot(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Identifier<'_> = Identifier::Number(94_021_300_145);
    const B: Identifier<'_> = Identifier::Number(6_070_500_252);
    const C: Identifier<'_> = Identifier::Coded("00000000000000ff");
    const D: Identifier<'_> = Identifier::Coded("another form");
    const E: Identifier<'_> = Identifier::Number(-7);

    fn settled(replacements: &[(Identifier<'_>, Identifier<'_>, i32)]) -> (Vec<u32>, Replaced) {
        let mut identities = Identities::default();
        for identifier in [A, B, C, D, E] {
            identities.slot(identifier).unwrap();
        }
        for (old, new, on) in replacements {
            identities.replace(*old, *new, Day(*on)).unwrap();
        }
        let (persons, told) = identities.finish();
        ([A, B, C, D, E].map(|identifier| persons.find(identifier).unwrap()).to_vec(), told)
    }

    #[test]
    fn identifiers_of_every_form_are_persons_of_their_own() {
        assert_eq!(settled(&[]), (vec![0, 1, 2, 3, 4], Replaced::default()));
        // The same nine digits in two centuries are two persons.
        let mut identities = Identities::default();
        let old = identities.slot(Identifier::Number(10_010_100_189)).unwrap();
        let young = identities.slot(Identifier::Number(10_010_100_121)).unwrap();
        assert_ne!(old, young);
        assert_eq!(identities.slot(Identifier::Number(10_010_100_189)).unwrap(), old);
    }

    #[test]
    fn replaced_identifiers_are_followed_to_the_last_and_circles_left_alone() {
        let (who, told) = settled(&[(A, B, 5), (B, C, 3)]);
        assert_eq!((who[0], who[1], who[2]), (who[2], who[2], who[2]));
        assert_eq!((told.replaced, told.circular), (2, 0));
        // A and B go in a circle, D leads into it: three persons stay three.
        let (who, told) = settled(&[(A, B, 1), (B, A, 2), (D, A, 3)]);
        assert!(who[0] != who[1] && who[3] != who[0]);
        assert_eq!(told.circular, 3);
        // The later day counts; on one day the greater number.
        let (who, told) = settled(&[(C, A, 9), (C, B, 4), (D, A, 4), (D, B, 4)]);
        assert_eq!((who[2], who[3]), (who[0], who[0]));
        assert_eq!(told.twice, 2);
    }

    #[test]
    fn a_pseudonym_stands_for_the_person_that_a_number_is_now() {
        let mut identities = Identities::default();
        identities.alias("00000000000000aa", A).unwrap();
        identities.replace(A, B, Day(1)).unwrap();
        let (persons, _) = identities.finish();
        assert_eq!(persons.find(Identifier::Coded("00000000000000aa")), persons.find(B));
        assert!(!persons.is_final(persons.slot(A).unwrap()) && persons.is_final(persons.slot(B).unwrap()));
        assert_eq!(persons.find(D), None);
        assert_eq!((persons.count(), persons.persons()), (2, 1));
    }
}
