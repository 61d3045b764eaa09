//! Unbiased random rounding of a share whose count is suppressed.
//!
//! A share is published as one of the two neighbouring multiples of a step, the nearer one more often: which of the two is
//! decided by a secret number of the row ([`Rounding`]), so that the expected value is the share itself, and that the same
//! row is rounded alike in every edition. A reader knows the share within one step to either side. Conventional rounding
//! would leave half a step, and hardly anything to one side where the share is near an edge; with random rounding a share
//! near the edge of what is left open is rare. The method is that of the unbiased random rounding of counts (Statistical
//! Disclosure Control, Hundepool et al. 2012, section 5.4), here for shares.

use catalog::cell::{Cell, CellKey, Counts};
use catalog::digest::Hasher;
use siphasher::sip::SipHasher24;

/// Persons in a step at least.
pub const PERSONS_IN_A_STEP: i64 = 25;
/// Steps, in tenths of a per cent or per mille: each goes into 100 a whole number of times.
const STEPS: [i64; 7] = [1, 2, 5, 10, 20, 50, 100];

/// Sensitive counts that nobody guesses all of.
const UNGUESSABLE: usize = 200;

/// The secret of random rounding.
#[derive(Clone)]
pub struct Rounding([u8; 16]);

impl Rounding {
    /// The secret of a project: a hash over all that its first edition counted, which can be known only by who knows every
    /// suppressed count of it. So the same deliveries give the same shares, whatever the key of the person numbers; where so
    /// few counts are sensitive (1 to 4 contributors) that they could be guessed the key is mixed in.
    pub fn of_first_edition<'c>(cells: impl Iterator<Item = &'c Cell>, key: &[u8]) -> Rounding {
        let mut sensitive = 0;
        let mut lines: Vec<String> = Vec::new();
        for (cell, counts) in cells.filter_map(|cell| Some((cell, cell.counts.ok()?))) {
            let Counts { numerator, divisor, denominator, contributors } = counts;
            sensitive += usize::from((1..5).contains(&contributors));
            lines.push(format!("{}\n{numerator} {divisor} {denominator:?} {contributors}\n", codes(&cell.key)));
        }
        lines.sort_unstable();
        let mut hasher = Hasher::default();
        hasher.update(b"rounding of shares 1\n");
        lines.iter().for_each(|line| hasher.update(line.as_bytes()));
        if sensitive < UNGUESSABLE {
            hasher.update(key);
        }
        let mut secret = [0; 16];
        secret.copy_from_slice(&hasher.bytes()[..16]);
        Rounding(secret)
    }

    /// The number of a row: uniform, and the same in every edition.
    fn of(&self, key: &CellKey) -> u32 {
        (SipHasher24::new_with_key(&self.0).hash(codes(key).as_bytes()) >> 32) as u32
    }
}

/// What tells a row from all others, in one text.
fn codes(key: &CellKey) -> String {
    let CellKey { indicator, ref_area_class, ref_area, sex, age_group, group_scheme, group, detail, detail_2, .. } =
        key;
    let (period, share_of) = (key.time_period.to_string(), key.share_of.word());
    let areas = [indicator, ref_area_class, ref_area, period.as_str()];
    let lines = [sex, age_group, group_scheme, group, detail, detail_2, share_of];
    [areas.as_slice(), &lines.map(|code| code)].concat().join("\n")
}

/// A share rounded to one of its two neighbouring steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundedShare {
    numerator: i128,
    denominator: i128,
    per: i128,
    /// In tenths.
    step: i128,
    /// The steps that are published.
    steps: i128,
}

impl RoundedShare {
    /// Rounds the share of a row; nothing where the least step would be more than 10. The step depends on the denominator
    /// alone, so that it says nothing of the count. `divisor` is how often a person counts in numerator and denominator.
    pub fn of(
        rounding: &Rounding,
        key: &CellKey,
        (numerator, denominator, divisor): (i64, i64, i64),
    ) -> Option<RoundedShare> {
        let per = key.share_of.per();
        let step = step_of(denominator, divisor, per)?;
        Some(RoundedShare::by(rounding.of(key), (numerator, denominator), per, step))
    }

    /// The rounded share of a row that was published, in tenths; nothing where it could not be that of the counts.
    pub fn published_as(
        tenths: i64,
        key: &CellKey,
        (numerator, denominator, divisor): (i64, i64, i64),
    ) -> Option<RoundedShare> {
        let per = key.share_of.per();
        let step = step_of(denominator, divisor, per)?;
        let both = [0, u32::MAX].map(|number| RoundedShare::by(number, (numerator, denominator), per, step));
        both.into_iter().find(|share| share.tenths() == tenths)
    }

    fn by(number: u32, (numerator, denominator): (i64, i64), per: i64, step: i64) -> RoundedShare {
        let [numerator, denominator, per, step] = [numerator, denominator, per, step].map(i128::from);
        let (scaled, whole) = (10 * per * numerator, step * denominator);
        let is_up = (scaled.rem_euclid(whole) << 32) > whole * i128::from(number);
        let steps = scaled.div_euclid(whole) + i128::from(is_up);
        RoundedShare { numerator, denominator, per, step, steps }
    }

    /// What is published, in tenths of a per cent or per mille.
    pub fn tenths(&self) -> i64 {
        (self.steps * self.step) as i64
    }

    /// The least and the most denominator that agree with the published share, whatever the count within
    /// [`RoundedShare::numerators`]; a quarter of a step at most is left to it.
    pub(crate) fn denominators(&self) -> (i64, i64) {
        let room = self.step * self.denominator / (40 * self.per);
        let scaled = 10 * self.per * self.numerator;
        let (below, above) = ((self.steps - 1) * self.step, (self.steps + 1) * self.step);
        // below x denominator < scaled < above x denominator
        let (mut least, mut most) = (self.denominator - room, self.denominator + room);
        match below.signum() {
            1 => most = most.min((scaled - 1).div_euclid(below)),
            -1 => least = least.max((-scaled).div_euclid(-below) + 1),
            _ => (),
        }
        match above.signum() {
            1 => least = least.max(scaled.div_euclid(above) + 1),
            -1 => most = most.min((-scaled - 1).div_euclid(-above)),
            _ => (),
        }
        (least as i64, most as i64)
    }

    /// The least and the most count that agree with the published share, with each denominator from `least` to `most`.
    pub(crate) fn numerators(&self, (least, most): (i64, i64)) -> (i64, i64) {
        let per = 10 * self.per;
        let (below, above) = ((self.steps - 1) * self.step, (self.steps + 1) * self.step);
        // The greatest of the lower ends and the least of the upper ones, over all denominators.
        let low = below * i128::from(if below > 0 { most } else { least });
        let high = above * i128::from(if above > 0 { least } else { most });
        (low.div_euclid(per) as i64 + 1, (high - 1).div_euclid(per) as i64)
    }
}

/// The step of a share, in tenths: the finest with [`PERSONS_IN_A_STEP`] of the denominator; nothing where there is none.
fn step_of(denominator: i64, divisor: i64, per: i64) -> Option<i64> {
    let persons = |step: i64| i128::from(step) * i128::from(denominator);
    let least = 10 * i128::from(per) * i128::from(PERSONS_IN_A_STEP) * i128::from(divisor.max(1));
    STEPS.into_iter().find(|step| persons(*step) >= least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_25_persons_at_least() {
        let steps = [25_000, 24_999, 12_500, 5_000, 2_500, 1_250, 500, 250, 249].map(|of| step_of(of, 1, 100));
        assert_eq!(steps, [Some(1), Some(2), Some(2), Some(5), Some(10), Some(20), Some(50), Some(100), None]);
        assert_eq!(step_of(25_000, 12, 100), Some(20), "a person counts in each of twelve months");
        assert_eq!((step_of(250_000, 1, 1000), step_of(249_999, 1, 1000)), (Some(1), Some(2)));
    }

    /// 77 of 2,500 is 3.08 per cent: 3 for 92 of 100 numbers, 4 for 8.
    #[test]
    fn the_expected_value_is_the_share() {
        let up = (0..100u64).map(|at| (((2 * at + 1) << 32) / 200) as u32);
        let published: Vec<i64> = up.map(|number| RoundedShare::by(number, (77, 2_500), 100, 10).tenths()).collect();
        assert_eq!(published.iter().filter(|share| **share == 40).count(), 8);
        assert_eq!(published.iter().filter(|share| **share == 30).count(), 92);
        let exact = |number: u32| RoundedShare::by(number, (75, 2_500), 100, 10).tenths();
        assert_eq!((exact(0), exact(u32::MAX)), (30, 30), "a whole number of steps is published as it is");
        assert_eq!(RoundedShare::by(0, (2_499, 2_500), 100, 10).tenths(), 1_000);
    }

    /// By trying all: within the bounds every table has a share less than a step from what is published, and beyond those of
    /// the count, with the denominator as it is, none has.
    #[test]
    fn the_bounds_are_those_of_one_step() {
        for (numerator, denominator, per, step) in [
            (4_321, 25_000, 100, 1),
            (4_310, 25_000, 100, 1),
            (0, 450, 100, 100),
            (-77, 25_000, 1000, 10),
            (-1, 450, 100, 100),
            (450, 450, 100, 100),
            (113, 500, 100, 50),
            (77, 2_500, 100, 10),
            (31, 25_000, 1000, 10),
        ] {
            for number in [0, u32::MAX / 2, u32::MAX] {
                let share = RoundedShare::by(number, (numerator, denominator), per, step);
                let agrees = |count: i64, base: i64| (10 * per * count - share.tenths() * base).abs() < step * base;
                let (least, most) = share.denominators();
                assert!(least <= denominator && denominator <= most);
                let (low, high) = share.numerators((least, most));
                assert!(low <= numerator && numerator <= high, "{numerator} of {denominator}: {low} to {high}");
                for base in least..=most {
                    assert!([low, high].iter().all(|count| agrees(*count, base)), "{numerator} of {denominator}");
                }
                let (low, high) = share.numerators((denominator, denominator));
                assert!(!agrees(low - 1, denominator) && !agrees(high + 1, denominator));
            }
        }
    }
}
