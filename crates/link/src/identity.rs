//! Who is who: every number or pseudonym has a slot, and every slot belongs to one person.
//!
//! A number that another has taken the place of is followed to the last before anything else. Of two replacements of one
//! number the later day counts, and of two on one day the greater new number. Numbers on a circle, or on the way into
//! one, stay as they are.

use arrow::array::Array;
use catalog::Day;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use crate::LinkError;
use crate::index::{CodedIndex, Identifier, Identifiers, Index, NONE, by_year};
use crate::order::Order;

/// A change of number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Replacement {
    pub(crate) old: u32,
    pub(crate) on: i32,
    pub(crate) new_identifier: (i64, Box<str>),
    pub(crate) new: u32,
}

impl Replacement {
    /// Between the slots of two identifiers.
    pub(crate) fn of(old: u32, new: Identifier<'_>, new_slot: u32, on: Day) -> Replacement {
        let new_identifier = match new {
            Identifier::Number(number) => (number, "".into()),
            Identifier::Coded(coded) => (0, coded.into()),
        };
        Replacement { old, on: on.0, new_identifier, new: new_slot }
    }
}

/// The identifiers that occur, in the making.
#[derive(Default)]
pub(crate) struct Identities {
    index: Index,
    slots: u32,
    order: Order,
    replacements: Vec<Replacement>,
}

/// Slots that can be given; the upper half of the numbers is for those that are not settled yet.
const MOST: u32 = 1 << 31;

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
    /// Begins another delivery, of about so many rows.
    pub(crate) fn next_delivery(&mut self, rows: usize) {
        self.order.next_delivery(rows);
    }

    /// Says that no more deliveries come whose rows are in much the same order; their numbers are kept no longer.
    pub(crate) fn end_of_rows(&mut self) {
        self.order = Order::default();
    }

    /// Slots given so far.
    pub(crate) fn slots(&self) -> u32 {
        self.slots
    }

    /// Where the slots of identifiers are found.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The slot of an identifier, a new one if need be.
    pub(crate) fn slot(&mut self, identifier: Identifier<'_>) -> Result<u32, LinkError> {
        let next = self.slots;
        let place = self.index.entry(identifier);
        if *place == NONE {
            if next == MOST {
                return Err(LinkError::TooMany);
            }
            *place = next;
            self.slots += 1;
        }
        Ok(*place)
    }

    /// The slots of the delivery's next identifiers, none of which is empty.
    ///
    /// A loop of its own, for look-ups that do not wait for each other take a fraction of the time.
    pub(crate) fn slots_of(&mut self, identifiers: &Identifiers<'_>) -> Result<Vec<u32>, LinkError> {
        match identifiers {
            Identifiers::Numbers(numbers) if numbers.null_count() == 0 => {
                let numbers = numbers.values();
                let mut slots = self.order.follow(numbers, NONE);
                let rows: Vec<usize> = (0..slots.len()).filter(|at| slots[*at] == NONE).collect();
                let others: Vec<i64> = rows.iter().map(|at| numbers[*at]).collect();
                for at in by_year(&others) {
                    slots[rows[at as usize]] = self.slot(Identifier::Number(others[at as usize]))?;
                }
                self.order.note(numbers, &slots);
                Ok(slots)
            }
            _ => {
                (0..identifiers.len()).map(|at| self.slot(identifiers.get(at).ok_or_else(LinkError::nobody)?)).collect()
            }
        }
    }

    /// Says for whom pseudonyms stand; a later word replaces an earlier.
    pub(crate) fn alias(&mut self, aliases: CodedIndex) {
        self.index.alias(aliases);
    }

    /// Notes that identifiers took the place of others.
    pub(crate) fn replace(&mut self, replacements: impl IntoIterator<Item = Replacement>) {
        self.replacements.extend(replacements);
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
        (Persons { index: self.index, slots: self.slots, is_old, last_of, several }, told)
    }
}

/// Everybody, by position: the slot of the number that stands now. The positions of replaced numbers are nobody's.
pub(crate) struct Persons {
    index: Index,
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

    /// Where the slots of identifiers are found.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Who has this identifier.
    pub(crate) fn find(&self, identifier: Identifier<'_>) -> Option<u32> {
        self.index.get(identifier).map(|slot| self.of_slot(slot))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use arrow::array::Int64Array;

    use super::*;

    const A: Identifier<'_> = Identifier::Number(94_021_300_145);
    const B: Identifier<'_> = Identifier::Number(6_070_500_252);
    const C: Identifier<'_> = Identifier::Coded("00000000000000ff");
    const D: Identifier<'_> = Identifier::Coded("another form");
    const E: Identifier<'_> = Identifier::Number(-7);

    fn replace(identities: &mut Identities, old: Identifier<'_>, new: Identifier<'_>, on: i32) {
        let (old, new_slot) = (identities.slot(old).unwrap(), identities.slot(new).unwrap());
        identities.replace([Replacement::of(old, new, new_slot, Day(on))]);
    }

    fn settled(replacements: &[(Identifier<'_>, Identifier<'_>, i32)]) -> (Vec<u32>, Replaced) {
        let mut identities = Identities::default();
        for identifier in [A, B, C, D, E] {
            identities.slot(identifier).unwrap();
        }
        for (old, new, on) in replacements {
            replace(&mut identities, *old, *new, *on);
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
        let mut aliases = CodedIndex::default();
        *aliases.entry("00000000000000aa") = identities.slot(A).unwrap();
        identities.alias(aliases);
        replace(&mut identities, A, B, 1);
        let (persons, _) = identities.finish();
        assert_eq!(persons.find(Identifier::Coded("00000000000000aa")), persons.find(B));
        assert!(
            !persons.is_final(persons.index().get(A).unwrap()) && persons.is_final(persons.index().get(B).unwrap())
        );
        assert_eq!(persons.find(D), None);
        assert_eq!((persons.count(), persons.persons()), (2, 1));
    }

    /// The slots of three deliveries in batches of seven, with or without looking where a row stood before.
    fn slots(deliveries: &[Vec<i64>], by_order: bool) -> Vec<Vec<u32>> {
        let mut identities = Identities::default();
        let mut found = Vec::new();
        for rows in deliveries {
            if by_order {
                identities.next_delivery(rows.len());
            }
            let batches = rows.chunks(7).map(|batch| {
                let numbers = Int64Array::from(batch.to_vec());
                identities.slots_of(&Identifiers::Numbers(&numbers)).unwrap()
            });
            found.push(batches.collect::<Vec<_>>().concat());
        }
        found
    }

    #[test]
    fn slots_are_the_same_found_by_order_or_by_number() {
        // The register's own numbers and others; the second day lacks some and has new ones between, one moved and one twice.
        let first: Vec<i64> = (0..100).map(|at| if at % 9 == 0 { 94_021_300_145 + at } else { 1_000 * at }).collect();
        let mut second: Vec<i64> = first.iter().enumerate().filter(|(at, _)| at % 11 != 5).map(|(_, n)| *n).collect();
        second.splice(20..20, [7_000_001, 7_000_002, 7_000_003, 7_000_004, 7_000_005, 7_000_006]);
        let moved = second.remove(60);
        second.insert(3, moved);
        second.insert(40, second[10]);
        let third: Vec<i64> = second.iter().rev().take(30).chain(&second).copied().collect();
        let deliveries = [first, second, third];
        let found = slots(&deliveries, true);
        assert_eq!(found, slots(&deliveries, false));
        // Each number has one slot, and each slot one number.
        let pairs: BTreeSet<(i64, u32)> = deliveries.concat().into_iter().zip(found.concat()).collect();
        let numbers: BTreeSet<i64> = pairs.iter().map(|(number, _)| *number).collect();
        let slots: BTreeSet<u32> = pairs.iter().map(|(_, slot)| *slot).collect();
        assert_eq!((numbers.len(), slots.len()), (pairs.len(), pairs.len()));
        assert_eq!(pairs.len(), 106);
    }
}
