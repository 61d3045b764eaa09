//! The order of a delivery's rows.
//!
//! A register is likely to be delivered in much the same order each time. A row is therefore looked for where it stood in the delivery
//! before, next to the row before it, and only by its number where it is not there: the order saves time and decides
//! nothing.

/// How many rows ahead a row is looked for: those between may have gone.
const NEAR: usize = 4;
/// After how many rows that were not found, one after the other, the place is looked for anew.
const LOST: usize = 1_024;
/// How many rows ahead the place is then looked for.
const FAR: usize = 65_536;

/// Numbers in the order of their rows, each with its slot.
#[derive(Default)]
struct Rows {
    numbers: Vec<i64>,
    slots: Vec<u32>,
}

/// The rows of the delivery before, and those of this one so far.
#[derive(Default)]
pub(crate) struct Order {
    before: Rows,
    now: Rows,
    /// Where in the delivery before the next row is expected.
    at: usize,
    missed: usize,
}

impl Order {
    /// Begins another delivery, of about so many rows.
    pub(crate) fn next_delivery(&mut self, rows: usize) {
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.numbers.clear();
        self.now.slots.clear();
        self.now.numbers.reserve(rows);
        self.now.slots.reserve(rows);
        (self.at, self.missed) = (0, 0);
    }

    /// The slots of the next numbers, as far as they stand where they are expected; the others are `nothing`.
    pub(crate) fn follow(&mut self, numbers: &[i64], nothing: u32) -> Vec<u32> {
        let Rows { numbers: known, slots } = &self.before;
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            let ahead = |many: usize| known[self.at..].iter().take(many).position(|other| other == number);
            let place = match ahead(NEAR) {
                None if self.missed % LOST == LOST - 1 => ahead(FAR),
                place => place,
            };
            match place {
                Some(place) => {
                    self.at += place + 1;
                    self.missed = 0;
                    found.push(slots[self.at - 1]);
                }
                None => {
                    self.missed += 1;
                    found.push(nothing);
                }
            }
        }
        found
    }

    /// Notes the slots of the next numbers, for the delivery after this one.
    pub(crate) fn note(&mut self, numbers: &[i64], slots: &[u32]) {
        self.now.numbers.extend_from_slice(numbers);
        self.now.slots.extend_from_slice(slots);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: u32 = u32::MAX;

    /// Follows a delivery after one whose number n has slot 2n, and gives how many rows were found where expected.
    fn found(before: &[i64], now: &[i64]) -> usize {
        let mut order = Order::default();
        order.next_delivery(before.len());
        assert!(order.follow(before, NOTHING).iter().all(|slot| *slot == NOTHING), "nothing stood before");
        order.note(before, &before.iter().map(|number| 2 * *number as u32).collect::<Vec<_>>());
        order.next_delivery(now.len());
        let mut found = 0;
        for part in now.chunks(1_000) {
            for (number, slot) in part.iter().zip(order.follow(part, NOTHING)) {
                assert!(slot == NOTHING || slot == 2 * *number as u32, "{number} has slot {slot}");
                found += usize::from(slot != NOTHING);
            }
        }
        found
    }

    #[test]
    fn rows_are_found_beside_those_that_came_and_went() {
        let before: Vec<i64> = (0..10_000).collect();
        assert_eq!(found(&before, &before), 10_000);
        // Every tenth has gone, and new rows stand between.
        let now: Vec<i64> = before.iter().filter(|number| **number % 10 != 3).flat_map(|n| [*n, *n + 50_000]).collect();
        assert_eq!(found(&before, &now), 9_000);
        // Somebody who moved to the front is found by number, those after it where they are expected.
        let now: Vec<i64> = [9_999].into_iter().chain(0..9_999).collect();
        assert_eq!(found(&before, &now), 9_999);
    }

    #[test]
    fn a_place_that_was_lost_is_found_again() {
        let before: Vec<i64> = (0..100_000).collect();
        // A block has gone: the rows after it are missed until the place is looked for anew.
        let now: Vec<i64> = (0..10_000).chain(50_000..100_000).collect();
        assert_eq!(found(&before, &now), 60_000 - (LOST - 1));
        // In the opposite order hardly anything is found, and nothing wrongly.
        let now: Vec<i64> = (0..100_000).rev().collect();
        assert!(found(&before, &now) < 200);
    }
}
