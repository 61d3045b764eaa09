//! Of clusters the share is told and not the count.
//!
//! A cluster stands beside a municipality for its share. Its counts are sums over areas of every province: told to the person
//! they would hold the counts of the municipalities together, and many of those would be suppressed for it. Rounded, the share
//! leaves room ([`share::step_of`]): whoever reads it knows a count within bounds, and other tables keep to these.

use std::collections::HashMap;

use catalog::cell::{AreaLevel, Reason, ShareOf};
use catalog::share;

use super::figures::Linked;
use super::{Row, Standing};

/// A row of which the share is told: its figures, what it counts, and how its share is rounded.
struct Told {
    count: u32,
    base: u32,
    numerator: i128,
    denominator: i128,
    per: i128,
    /// In tenths.
    step: i128,
}

impl Linked<'_> {
    /// Withholds the counts of clusters, finds the rows of which the share is told, and bounds their figures.
    pub(crate) fn tell_shares(&mut self, rows: &[Row<'_>], found: &[Option<(u32, Option<u32>)>]) {
        self.steps.clear();
        let mut told = Vec::new();
        for (number, (row, figures)) in rows.iter().zip(found).enumerate() {
            let (Some((count, base)), AreaLevel::Cluster) = (*figures, row.cell.key.area_level) else { continue };
            for id in [Some(count), base].into_iter().flatten() {
                let figure = &mut self.figures[id as usize];
                if figure.standing == Standing::Open {
                    figure.standing = Standing::Coarse;
                }
            }
            let Some(of) = base.and_then(|base| self.told(row, count, base)) else { continue };
            self.steps.insert(number, of.step as i64);
            told.push(of);
        }
        self.keep_shares(&told);
    }

    /// What is told of a row; nothing where its count is told, or nothing may be.
    fn told(&self, row: &Row<'_>, count: u32, base: u32) -> Option<Told> {
        let counts = row.cell.counts.ok()?;
        let (per, denominator) = (row.cell.key.share_of.per(), counts.denominator?);
        let [figure, whole] = [count, base].map(|id| &self.figures[id as usize]);
        let is_withheld = matches!(figure.standing, Standing::Coarse | Standing::Before);
        let is_share = row.cell.key.share_of != ShareOf::None && count != base && !figure.is_balance;
        let is_open = match row.published {
            None => figure.need.is_none() && whole.need.is_none(),
            Some(reason) => reason == Reason::ShareOnly,
        };
        if !is_withheld || !is_share || !is_open || !(0..=denominator).contains(&counts.numerator) {
            return None;
        }
        let step = share::step_of(denominator, counts.divisor, per)?;
        let wide = i128::from;
        Some(Told {
            count,
            base,
            numerator: wide(counts.numerator),
            denominator: wide(denominator),
            per: wide(per),
            step: wide(step),
        })
    }

    /// Bounds the figures of shares that are told so that whatever they are within the bounds, the shares round as they do.
    fn keep_shares(&mut self, told: &[Told]) {
        let mut bases: HashMap<u32, (i64, i64)> = HashMap::new();
        for share in told {
            let value = self.figures[share.base as usize].value;
            let is_certain = matches!(self.figures[share.base as usize].standing, Standing::Public | Standing::Known);
            let (low, high) = if is_certain { (value, value) } else { share.bounds_of_base() };
            let known = bases.entry(share.base).or_insert((low, high));
            *known = (known.0.max(low), known.1.min(high));
        }
        let narrow = |known: &mut Option<(i64, i64)>, (low, high): (i64, i64)| {
            *known = Some(known.map_or((low, high), |known| (known.0.max(low), known.1.min(high))));
        };
        for share in told {
            let of_base = bases[&share.base];
            narrow(&mut self.figures[share.base as usize].rounded, of_base);
            narrow(&mut self.figures[share.count as usize].rounded, share.bounds_of_count(of_base));
        }
    }
}

impl Told {
    /// The share in steps, rounded half up.
    fn steps(&self) -> i128 {
        ((20 * self.per * self.numerator).div_euclid(self.step * self.denominator) + 1).div_euclid(2)
    }

    /// The least and the most denominator with which the count gives the share; a quarter of the room at most is left to it.
    fn bounds_of_base(&self) -> (i64, i64) {
        let room = self.step * self.denominator / (80 * self.per);
        let scaled = 20 * self.per * self.numerator;
        let (below, above) = ((2 * self.steps() - 1) * self.step, (2 * self.steps() + 1) * self.step);
        // below x base <= scaled < above x base
        let most = if below > 0 { scaled.div_euclid(below) } else { self.denominator + room };
        let least = scaled.div_euclid(above) + 1;
        (least.max(self.denominator - room) as i64, most.min(self.denominator + room) as i64)
    }

    /// The least and the most count that gives the share with each denominator within bounds.
    fn bounds_of_count(&self, (least, most): (i64, i64)) -> (i64, i64) {
        let per = 20 * self.per;
        let low = ((2 * self.steps() - 1) * self.step * i128::from(most) + per - 1).div_euclid(per);
        let high = ((2 * self.steps() + 1) * self.step * i128::from(least) - 1).div_euclid(per);
        (low.max(0) as i64, high as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand and by trying all: 4,321 of 20,000 is 21.6 per cent in steps of 0.1, as 4,310 to 4,329 of 20,000 are.
    #[test]
    fn within_the_bounds_every_table_has_the_same_share() {
        for (numerator, denominator, per, step) in [
            (4_321, 20_000, 100, 1),
            (4_310, 20_000, 100, 1),
            (4_329, 20_000, 100, 1),
            (0, 450, 100, 50),
            (450, 450, 100, 50),
            (113, 450, 100, 50),
            (77, 2_345, 100, 10),
            (31, 21_000, 1000, 10),
        ] {
            let told = Told { count: 0, base: 1, numerator, denominator, per, step };
            let score = |n: i64, d: i64| share::in_steps(n, d, per as i64, step as i64);
            let own = score(numerator as i64, denominator as i64);
            let (least, most) = told.bounds_of_base();
            assert!(least <= denominator as i64 && denominator as i64 <= most);
            let (low, high) = told.bounds_of_count((least, most));
            assert!(low <= numerator as i64 && numerator as i64 <= high, "{numerator} in {low}..{high}");
            for base in least..=most {
                assert!([low, high].iter().all(|count| score(*count, base) == own), "{numerator} of {denominator}");
            }
        }
        let told = Told { count: 0, base: 1, numerator: 4_321, denominator: 20_000, per: 100, step: 1 };
        assert_eq!(told.bounds_of_count((20_000, 20_000)), (4_310, 4_329));
    }
}
