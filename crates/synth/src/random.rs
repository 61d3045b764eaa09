//! Chance: one stream of draws for each piece of work, so that no draw depends on the order of the work.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A stream of draws.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of a purpose and, within it, of a municipality.
    pub(crate) fn stream(seed: u64, purpose: &str, number: u64) -> Draw {
        let mut rng = ChaCha8Rng::from_seed(key(seed, purpose));
        rng.set_stream(number);
        Draw(rng)
    }

    /// Any 32 bits.
    pub(crate) fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number from 0 up to, and not, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Whether something of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number below `limit`; 0 where the limit is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        ((u64::from(self.0.next_u32()) * limit as u64) >> 32) as usize
    }

    /// A whole number from `low` to `high`, both included; `low` where nothing lies between.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        if high <= low {
            return low;
        }
        low + self.below((high - low) as usize + 1) as i32
    }

    /// A bell-shaped number with this mean and spread (never further than three spreads away).
    pub(crate) fn bell(&mut self, mean: f64, spread: f64) -> f64 {
        // Three uniform draws have variance 1/4; twice their distance from 1.5 has variance 1.
        mean + spread * 2.0 * (self.unit() + self.unit() + self.unit() - 1.5)
    }

    /// A waiting time with this mean.
    pub(crate) fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// `expected` rounded up or down so that it is right on average.
    pub(crate) fn round(&mut self, expected: f64) -> usize {
        let whole = expected.max(0.0).floor();
        whole as usize + usize::from(self.chance(expected - whole))
    }
}

/// 32 bytes that belong to a seed and a purpose.
pub(crate) fn key(seed: u64, purpose: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"liim synth");
    hash.update(seed.to_le_bytes());
    hash.update(purpose.as_bytes());
    hash.finalize().into()
}

/// 32 bits that follow from a person's own `quirk` and a purpose: small facts that need no memory.
pub(crate) fn mix(quirk: u32, purpose: u32) -> u32 {
    let mut bits = (u64::from(purpose) << 32 | u64::from(quirk)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 16) as u32
}

/// The same as a number from 0 up to, and not, 1.
pub(crate) fn mix_unit(quirk: u32, purpose: u32) -> f64 {
    f64::from(mix(quirk, purpose)) / 4_294_967_296.0
}

/// Codes with weights, to draw one from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mix {
    codes: Vec<u16>,
    sums: Vec<f64>,
}

impl Mix {
    /// A mix of these codes; weights of zero or less are left out.
    pub(crate) fn new(weighted: impl IntoIterator<Item = (u16, f64)>) -> Mix {
        let mut mix = Mix::default();
        let mut sum = 0.0;
        for (code, weight) in weighted {
            if weight > 0.0 {
                sum += weight;
                mix.codes.push(code);
                mix.sums.push(sum);
            }
        }
        mix
    }

    /// One of the codes; nothing where there are none.
    pub(crate) fn draw(&self, draw: &mut Draw) -> Option<u16> {
        let at = draw.unit() * self.sums.last()?;
        let position = self.sums.partition_point(|sum| *sum <= at).min(self.codes.len() - 1);
        self.codes.get(position).copied()
    }
}

/// The value at `x` of a line through points of rising x; level before the first and after the last.
pub(crate) fn curve(points: &[(f64, f64)], x: f64) -> f64 {
    let after = points.partition_point(|point| point.0 <= x);
    match (after.checked_sub(1).and_then(|before| points.get(before)), points.get(after)) {
        (Some(low), Some(high)) => low.1 + (high.1 - low.1) * (x - low.0) / (high.0 - low.0),
        (Some(only), None) | (None, Some(only)) => only.1,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_and_repeat() {
        let first: Vec<u32> = (0..4).map(|number| Draw::stream(7, "people", number).bits()).collect();
        let again: Vec<u32> = (0..4).map(|number| Draw::stream(7, "people", number).bits()).collect();
        assert_eq!(first, again);
        assert_ne!(first[0], first[1]);
        assert_ne!(first[0], Draw::stream(7, "housing", 0).bits());
        assert_ne!(first[0], Draw::stream(8, "people", 0).bits());
    }

    #[test]
    fn rounding_is_right_on_average() {
        let mut draw = Draw::stream(1, "round", 0);
        let sum: usize = (0..20_000).map(|_| draw.round(0.3)).sum();
        assert!((5_600..6_400).contains(&sum), "{sum}");
        assert_eq!(draw.round(5.0), 5);
    }

    #[test]
    fn a_curve_goes_through_its_points() {
        let points = [(0.0, 1.0), (10.0, 3.0)];
        assert_eq!(curve(&points, -1.0), 1.0);
        assert_eq!(curve(&points, 5.0), 2.0);
        assert_eq!(curve(&points, 99.0), 3.0);
    }
}
