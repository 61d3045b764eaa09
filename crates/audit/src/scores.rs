//! Shares that are told without their counts: each is as rounded as the rule says, and every proof leaves it as it is.
//!
//! Worked out from the counts and the rule alone, in whole numbers; nothing of what protection used for it is used here.

use std::collections::{BTreeSet, HashMap};

use catalog::cell::{AreaLevel, Cell, CellKey, Observation, Reason};
use protect::Guarded;

/// Steps of a share in tenths, with the persons in the denominator from which each is taken; per 1,000 ten times as many.
const STEPS: [(i128, i128); 4] = [(1, 20_000), (10, 2_000), (50, 400), (100, 200)];

/// The step of a row, in tenths; nothing where its share must not be told.
fn step(cell: &Cell) -> Option<i128> {
    let counts = cell.counts.ok()?;
    let persons = i128::from(counts.denominator?) * 100;
    let unit = i128::from(counts.divisor.max(1)) * i128::from(cell.key.share_of.per());
    STEPS.iter().find(|(_, least)| persons >= least * unit).map(|(step, _)| *step)
}

/// A share in steps, half up.
fn steps(numerator: i128, denominator: i128, per: i128, step: i128) -> i128 {
    let (tenths, whole) = (per * numerator * 10, denominator * step);
    (2 * tenths + whole).div_euclid(2 * whole)
}

/// Whether a row tells the share that was counted, of a cluster and no finer than the rule says.
pub(crate) fn is_rounded(row: &Observation, cell: &Cell) -> bool {
    let (Some(step), Ok(counts), Some(share)) = (step(cell), cell.counts, row.share) else { return false };
    let Some(denominator) = counts.denominator.filter(|denominator| *denominator > 0) else { return false };
    let per = i128::from(cell.key.share_of.per());
    let tenths = steps(counts.numerator.into(), denominator.into(), per, step) * step;
    cell.key.area_level == AreaLevel::Cluster && (share * 10.0 - tenths as f64).abs() < 1e-6
}

/// Says how many told shares would be others in some table that is a proof: then the proof is none.
pub(crate) fn moved(written: &HashMap<&CellKey, &Observation>, guarded: &Guarded<'_>) -> Option<String> {
    let mut told: HashMap<u32, Vec<usize>> = HashMap::new();
    for (at, row) in guarded.recorded.iter().enumerate() {
        let is_told = written.get(&row.cell.key).is_some_and(|row| row.reason == Reason::ShareOnly);
        let (true, Some((count, Some(base)))) = (is_told, guarded.linked.of_row(at)) else { continue };
        told.entry(count).or_default().push(at);
        told.entry(base).or_default().push(at);
    }
    let mut others: BTreeSet<usize> = BTreeSet::new();
    for table in guarded.outcome.proofs.values().flatten() {
        let by: HashMap<u32, i64> = table.iter().copied().collect();
        let rows: BTreeSet<usize> = by.keys().filter_map(|figure| told.get(figure)).flatten().copied().collect();
        others.extend(rows.into_iter().filter(|at| is_another(guarded, *at, &by)));
    }
    (!others.is_empty())
        .then(|| format!("{} shares that are told would be others in a table that is a proof", others.len()))
}

/// Whether the share of a row is another where its figures are moved.
fn is_another(guarded: &Guarded<'_>, at: usize, by: &HashMap<u32, i64>) -> bool {
    let cell = &guarded.recorded[at].cell;
    let (Some(step), Ok(counts), Some((count, Some(base)))) = (step(cell), cell.counts, guarded.linked.of_row(at))
    else {
        return true;
    };
    let per = i128::from(cell.key.share_of.per());
    let (numerator, denominator) = (i128::from(counts.numerator), i128::from(counts.denominator.unwrap_or(0)));
    let moved = |figure: u32| i128::from(by.get(&figure).copied().unwrap_or(0));
    let (other, whole) = (numerator + moved(count), denominator + moved(base));
    whole <= 0 || steps(numerator, denominator, per, step) != steps(other, whole, per, step)
}
