//! Person numbers: a keyed permutation, so that a number tells nothing of the order of national numbers and differs
//! from edition to edition. Without the key, neither direction can be computed.

use std::hash::Hasher;

use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher24;

/// A permutation of `0..count`.
///
/// A four-round Feistel network over pairs of numbers below the square root of `count`, rounded up, walked until it lands
/// below `count`, which it nearly always does at once (Black and Rogaway, Ciphers with arbitrary finite domains, 2002).
/// The round function is SipHash-2-4 under keys derived from the project's key and the edition; it has so few arguments
/// that all its values are worked out beforehand.
#[derive(Debug, Clone)]
pub struct Permutation {
    count: u32,
    side: u64,
    rounds: [Vec<u32>; 4],
}

impl Permutation {
    /// The permutation of an edition.
    pub fn new(key: &[u8], edition: &str, count: u32) -> Permutation {
        Permutation::named(key, edition, "person number", count)
    }

    /// Another permutation of the edition, for persons whom the register does not know.
    pub fn of_strangers(key: &[u8], edition: &str, count: u32) -> Permutation {
        Permutation::named(key, edition, "stranger number", count)
    }

    fn named(key: &[u8], edition: &str, what: &str, count: u32) -> Permutation {
        let root = u64::from(count).isqrt();
        let side = if root * root < u64::from(count) { root + 1 } else { root }.max(1);
        let rounds = [0u8, 1, 2, 3].map(|round| {
            let mut hasher = Sha256::new();
            hasher.update(b"liim ");
            hasher.update(what.as_bytes());
            hasher.update([0]);
            hasher.update((key.len() as u64).to_le_bytes());
            hasher.update(key);
            hasher.update(edition.as_bytes());
            hasher.update([0, round]);
            let digest = hasher.finalize();
            let mut round_key = [0; 16];
            round_key.copy_from_slice(&digest[..16]);
            let keyed = SipHasher24::new_with_key(&round_key);
            let value = |argument: u64| {
                let mut hasher = keyed;
                hasher.write_u64(argument);
                // Below four thousand million: the side is at most the square root of that many.
                (hasher.finish() % side) as u32
            };
            (0..side).map(value).collect()
        });
        Permutation { count, side, rounds }
    }

    /// The number of the person at a position.
    pub fn number(&self, position: u32) -> u32 {
        debug_assert!(position < self.count);
        let mut value = u64::from(position);
        loop {
            let (mut left, mut right) = (value / self.side, value % self.side);
            for round in &self.rounds {
                let mixed = left + u64::from(round[right as usize]);
                (left, right) = (right, if mixed >= self.side { mixed - self.side } else { mixed });
            }
            value = left * self.side + right;
            if value < u64::from(self.count) {
                return value as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_given_once_and_depends_on_key_and_edition() {
        for count in [1u32, 2, 3, 10, 1_000, 65_537] {
            let permutation = Permutation::new(b"key", "2011-12-21", count);
            let mut seen = vec![false; count as usize];
            for position in 0..count {
                let number = permutation.number(position) as usize;
                assert!(!std::mem::replace(&mut seen[number], true), "{count}: {number} twice");
            }
        }
        let numbers = |key: &[u8], edition: &str| -> Vec<u32> {
            let permutation = Permutation::new(key, edition, 1_000);
            (0..1_000).map(|position| permutation.number(position)).collect()
        };
        let first = numbers(b"key", "2011-12-21");
        assert_ne!(first, numbers(b"other", "2011-12-21"));
        assert_ne!(first, numbers(b"key", "2012-03-15"));
        let in_order = first.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((400..600).contains(&in_order), "numbers follow positions: {in_order} of 999 ascents");
    }
}
