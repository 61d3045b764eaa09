//! Person numbers: a keyed permutation, so that a number tells nothing of the order of national numbers and differs
//! from edition to edition. Without the key, neither direction can be computed.

use std::hash::Hasher;

use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher24;

/// A permutation of `0..count`.
///
/// A four-round Feistel network over the smallest even number of bits that holds `count`, walked until it lands below
/// `count`; the round function is SipHash-2-4 under keys derived from the project's key and the edition.
#[derive(Debug, Clone)]
pub struct Permutation {
    count: u32,
    half_bits: u32,
    rounds: [SipHasher24; 4],
}

impl Permutation {
    /// The permutation of an edition.
    pub fn new(key: &[u8], edition: &str, count: u32) -> Permutation {
        let bits = 32 - count.saturating_sub(1).leading_zeros();
        let half_bits = bits.div_ceil(2).max(1);
        let rounds = [0u8, 1, 2, 3].map(|round| {
            let mut hasher = Sha256::new();
            hasher.update(b"liim person number\0");
            hasher.update((key.len() as u64).to_le_bytes());
            hasher.update(key);
            hasher.update(edition.as_bytes());
            hasher.update([0, round]);
            let digest = hasher.finalize();
            let mut round_key = [0; 16];
            round_key.copy_from_slice(&digest[..16]);
            SipHasher24::new_with_key(&round_key)
        });
        Permutation { count, half_bits, rounds }
    }

    /// Another permutation under the same key, for persons whom the register does not know.
    pub(crate) fn of_strangers(&self, count: u32) -> Permutation {
        let mut rounds = self.rounds;
        rounds.reverse();
        let bits = 32 - count.saturating_sub(1).leading_zeros();
        Permutation { count, half_bits: bits.div_ceil(2).max(1), rounds }
    }

    /// The number of the person at a position.
    pub fn number(&self, position: u32) -> u32 {
        debug_assert!(position < self.count);
        let mut value = u64::from(position);
        loop {
            value = self.round_trip(value);
            if value < u64::from(self.count) {
                return value as u32;
            }
        }
    }

    fn round_trip(&self, value: u64) -> u64 {
        let mask = (1u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in &self.rounds {
            let mut hasher = *round;
            hasher.write_u64(right);
            (left, right) = (right, left ^ (hasher.finish() & mask));
        }
        (left << self.half_bits) | right
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
