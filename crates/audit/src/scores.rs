//! Shares that are published without their counts: each is as rounded as the rule says, and agrees with every proof.
//!
//! Worked out from the counts and the rule alone, in whole numbers; nothing of what protection used for it is used here. The
//! secret by which a share is rounded up or down is not needed: both are within a step of the share.

use std::collections::{BTreeSet, HashMap};

use catalog::cell::{AreaLevel, Cell, CellKey, Observation, Reason, Recorded};
use catalog::share::tenths;
use protect::Guarded;

/// Steps of a share in tenths, with the persons in the denominator from which each is taken; per 1,000 ten times as many.
const STEPS: [(i128, i128); 7] =
    [(1, 25_000), (2, 12_500), (5, 5_000), (10, 2_500), (20, 1_250), (50, 500), (100, 250)];

/// The step of a row, in tenths; nothing where its share must not be published.
fn step(cell: &Cell) -> Option<i128> {
    let counts = cell.counts.ok()?;
    let persons = i128::from(counts.denominator?) * 100;
    let unit = i128::from(counts.divisor.max(1)) * i128::from(cell.key.share_of.per());
    STEPS.iter().find(|(_, least)| persons >= least * unit).map(|(step, _)| *step)
}

/// The steps of a published share, where it is a whole number of them.
fn steps(tenths: i64, step: i128) -> Option<i128> {
    let tenths = i128::from(tenths);
    (tenths % step == 0).then_some(tenths / step)
}

/// Whether a share is less than a step from what is published.
fn agrees((numerator, denominator): (i128, i128), per: i128, step: i128, steps: i128) -> bool {
    denominator > 0 && (10 * per * numerator - steps * step * denominator).abs() < step * denominator
}

/// Whether a row has the share that was counted, of no municipality and no finer than the rule says.
pub(crate) fn is_rounded(row: &Observation, own: &Recorded) -> bool {
    let cell = &own.cell;
    let (Some(step), Ok(counts), Some(share)) = (step(cell), cell.counts, row.share.and_then(tenths)) else {
        return false;
    };
    let (Some(denominator), Some(steps)) = (counts.denominator, steps(share, step)) else { return false };
    let exact = (i128::from(counts.numerator), i128::from(denominator));
    let is_recorded = own.rounded_share.is_some_and(|tenths| i128::from(tenths) == steps * step);
    is_recorded
        && cell.key.area_level != AreaLevel::Municipality
        && agrees(exact, cell.key.share_of.per().into(), step, steps)
}

/// Says how many published shares, of this edition and earlier ones, could not be what they are in some table that is a proof:
/// then the proof is none.
pub(crate) fn moved(
    written: &HashMap<&CellKey, &Observation>,
    earlier: &[Vec<Recorded>],
    guarded: &Guarded<'_>,
) -> Option<String> {
    let mut published: HashMap<u32, Vec<Share<'_>>> = HashMap::new();
    let mut unknown = 0;
    let mut add = |cell, share: Option<i64>, figures: Option<(u32, Option<u32>)>| {
        let (Some(share), Some((count, Some(base)))) = (share, figures) else {
            unknown += 1;
            return;
        };
        published.entry(count).or_default().push(Share { cell, share, count, base });
        published.entry(base).or_default().push(Share { cell, share, count, base });
    };
    for (edition, record) in earlier.iter().enumerate() {
        for (at, row) in record.iter().enumerate().filter(|(_, row)| row.reason == Reason::ShareOnly) {
            add(&row.cell, row.rounded_share, guarded.linked.of_edition_row(edition, at));
        }
    }
    for (at, row) in guarded.recorded.iter().enumerate() {
        if let Some(own) = written.get(&row.cell.key).filter(|row| row.reason == Reason::ShareOnly) {
            add(&row.cell, own.share.and_then(tenths), guarded.linked.of_row(at));
        }
    }
    if unknown > 0 {
        return Some(format!("{unknown} rows have a share without its count, and no record says which"));
    }
    let mut others: BTreeSet<(u32, u32)> = BTreeSet::new();
    for table in guarded.outcome.proofs.values().flatten() {
        let by: HashMap<u32, i64> = table.iter().copied().collect();
        let shares = by.keys().filter_map(|figure| published.get(figure)).flatten();
        others.extend(shares.filter(|share| share.is_another(&by)).map(|share| (share.count, share.base)));
    }
    (!others.is_empty())
        .then(|| format!("{} shares that are published would be others in a table that is a proof", others.len()))
}

/// A published share with the figures that it is of.
struct Share<'r> {
    cell: &'r Cell,
    /// In tenths.
    share: i64,
    count: u32,
    base: u32,
}

impl Share<'_> {
    /// Whether the published share could not be what it is where the figures are moved.
    fn is_another(&self, by: &HashMap<u32, i64>) -> bool {
        // All of all is 100 per cent, however many they are.
        if self.count == self.base {
            return self.share != 10 * self.cell.key.share_of.per();
        }
        let (Some(step), Ok(counts)) = (step(self.cell), self.cell.counts) else { return true };
        let moved = |figure: u32| i128::from(by.get(&figure).copied().unwrap_or(0));
        let denominator = i128::from(counts.denominator.unwrap_or(0));
        let other = (i128::from(counts.numerator) + moved(self.count), denominator + moved(self.base));
        let per = i128::from(self.cell.key.share_of.per());
        !steps(self.share, step).is_some_and(|steps| agrees(other, per, step, steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_less_than_a_step_from_what_is_published() {
        // 77 of 2,500 is 3.08 per cent: published as 3 or 4, in steps of 1.
        assert!(agrees((77, 2_500), 100, 10, 3) && agrees((77, 2_500), 100, 10, 4));
        assert!(!agrees((77, 2_500), 100, 10, 2) && !agrees((77, 2_500), 100, 10, 5));
        assert!(!agrees((75, 2_500), 100, 10, 4), "3 exactly is 3");
        assert_eq!((steps(31, 10), steps(30, 10), steps(205, 5)), (None, Some(3), Some(41)));
    }
}
