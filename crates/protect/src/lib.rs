//! Protection: raw cells in, protected cells out, so that no published figure reveals a person.
//!
//! Pure and synchronous; no file, no engine. [`Protected`] is what `publish` demands, and only this crate makes one.
//! Today it holds the primary rule: a cell to which fewer persons contribute than the source's threshold is withheld,
//! a share follows its numerator, a true zero is shown where the rule says so. Sums, earlier editions and comparators
//! are not yet protected against differencing, and [`METHOD`] says so wherever figures are shown.

use std::collections::{BTreeMap, HashMap};

use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Observation, Reason, ShareOf, Wording};
use catalog::pipeline::{Protection, SourceRule};
use catalog::reference::Reference;
use catalog::share;

pub mod attack;
mod quality;
pub mod search;
pub mod secondary;
pub mod system;
pub mod table;

pub use quality::{Quality, RawQuality};

/// What protection was applied, for manifest and pages.
pub const METHOD: &str = "primary only";

/// Whose figures they are: the stamp on every row of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Edition id.
    pub edition_id: String,
    /// Monitor.
    pub monitor: String,
}

/// Figures that may leave.
#[derive(Debug, Clone, Default)]
pub struct Protected {
    observations: Vec<Observation>,
    quality: Vec<Quality>,
}

impl Protected {
    /// The published rows, sorted by their key.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// The published counts about the work, sorted.
    pub fn quality(&self) -> &[Quality] {
        &self.quality
    }

    /// Cells by reason.
    pub fn by_reason(&self) -> BTreeMap<&'static str, usize> {
        let mut found = BTreeMap::new();
        for row in &self.observations {
            *found.entry(row.reason.word()).or_insert(0) += 1;
        }
        found
    }

    /// Sets the rows beside the edition they follow: rows of indicators that were not counted again are carried, and
    /// counted rows say how they changed.
    pub fn following(mut self, stamp: &Stamp, earlier: Vec<Observation>) -> Protected {
        let counted: std::collections::BTreeSet<String> =
            self.observations.iter().map(|row| row.key.indicator.clone()).collect();
        let mut known: HashMap<CellKey, Observation> = HashMap::new();
        for row in earlier {
            if counted.contains(&row.key.indicator) {
                known.insert(row.key.clone(), row);
            } else {
                self.observations.push(Observation {
                    edition_id: stamp.edition_id.clone(),
                    monitor: stamp.monitor.clone(),
                    changed: String::new(),
                    ..row
                });
            }
        }
        for row in self.observations.iter_mut().filter(|row| counted.contains(&row.key.indicator)) {
            row.changed = match known.get(&row.key) {
                None => "n",
                Some(before) if before.method != row.method || before.level != row.level => "b",
                Some(before) if !same_figure(before, row) => "r",
                Some(_) => "",
            }
            .to_string();
        }
        self.observations.sort_by(|a, b| a.key.cmp(&b.key));
        self
    }
}

fn same_figure(a: &Observation, b: &Observation) -> bool {
    a.numerator == b.numerator
        && a.divisor == b.divisor
        && a.denominator == b.denominator
        && a.mean_of_scores == b.mean_of_scores
        && a.reason == b.reason
}

/// Protects cells: the only way to rows that may be published. `words` gives each indicator's wording.
pub fn protect(
    cells: &[Cell],
    words: &BTreeMap<String, Wording>,
    protection: &Protection,
    reference: &Reference,
    stamp: &Stamp,
) -> Protected {
    let decided: Vec<Result<Counts, Reason>> =
        cells.iter().map(|cell| decide(cell, protection.of(&cell.source))).collect();
    let members = Members::of(cells, &decided);
    let mut observations: Vec<Observation> = cells
        .iter()
        .zip(&decided)
        .filter_map(|(cell, outcome)| {
            Some(observation(cell, outcome, words.get(&cell.key.indicator)?, &members, reference, stamp))
        })
        .collect();
    observations.sort_by(|a, b| a.key.cmp(&b.key));
    Protected { observations, quality: Vec::new() }
}

/// The primary rule for one cell.
fn decide(cell: &Cell, rule: &SourceRule) -> Result<Counts, Reason> {
    let counts = cell.counts?;
    if rule.public {
        return Ok(counts);
    }
    // A true zero is a count of nothing by nobody. A count without a contributor is not one: nobody knows whose it is.
    let zero = counts.numerator == 0 && counts.contributors == 0;
    let too_few = if zero { !rule.zeros_shown } else { counts.contributors < rule.threshold };
    // A denominator is a count too: a group of three persons is not named by saying that none of the three has a job.
    // It is a sum over the periods of a mean, so it is held against the threshold once a period.
    let least = if rule.threshold > 1 { rule.threshold * counts.divisor.max(1) } else { 0 };
    let small_base = counts.denominator.is_some_and(|base| base > 0 && base < least);
    if too_few || small_base { Err(Reason::Withheld) } else { Ok(counts) }
}

/// Shown municipal shares by everything of the key but the area.
struct Members {
    shares: HashMap<CellKey, HashMap<String, (i64, i64)>>,
}

impl Members {
    fn of(cells: &[Cell], decided: &[Result<Counts, Reason>]) -> Members {
        let mut shares: HashMap<CellKey, HashMap<String, (i64, i64)>> = HashMap::new();
        for (cell, outcome) in cells.iter().zip(decided) {
            if cell.key.area_level == AreaLevel::Municipality
                && cell.key.share_of != ShareOf::None
                && let Ok(Counts { numerator, denominator: Some(denominator), .. }) = outcome
                && *denominator > 0
            {
                shares
                    .entry(without_area(&cell.key))
                    .or_default()
                    .insert(cell.key.ref_area.clone(), (*numerator, *denominator));
            }
        }
        Members { shares }
    }
}

fn without_area(key: &CellKey) -> CellKey {
    CellKey { ref_area: String::new(), ref_area_class: String::new(), area_level: AreaLevel::Region, ..key.clone() }
}

fn observation(
    cell: &Cell,
    outcome: &Result<Counts, Reason>,
    wording: &Wording,
    members: &Members,
    reference: &Reference,
    stamp: &Stamp,
) -> Observation {
    let key = &cell.key;
    let shown = outcome.ok();
    let (mut mean_of_scores, mut all_members, mut with_data) = (None, None, None);
    if matches!(key.area_level, AreaLevel::Cluster | AreaLevel::Region)
        && key.share_of != ShareOf::None
        && let Some(area) = reference.area(&key.ref_area, &key.ref_area_class)
    {
        // Only shares that are shown enter the mean, so that it tells nothing that its members do not.
        let shares = members.shares.get(&without_area(key));
        let known: Vec<(i64, i64)> =
            area.members.iter().filter_map(|member| shares.and_then(|shares| shares.get(member)).copied()).collect();
        mean_of_scores = share::mean_of_shares(&known, wording.share_decimals.max(2));
        all_members = Some(area.members.len() as i32);
        with_data = Some(known.len() as i32);
    }
    Observation {
        edition_id: stamp.edition_id.clone(),
        monitor: stamp.monitor.clone(),
        theme: wording.theme.clone(),
        key: key.clone(),
        unit: wording.unit.clone(),
        numerator: shown.map(|counts| counts.numerator),
        divisor: shown.map(|counts| counts.divisor),
        denominator: shown.and_then(|counts| counts.denominator),
        value: shown.map(|counts| share::number(counts.numerator, counts.divisor, wording.value_decimals)),
        share: shown
            .filter(|_| key.share_of != ShareOf::None)
            .and_then(|counts| share::share(counts.numerator, counts.denominator?, wording.share_decimals)),
        mean_of_scores,
        members: all_members,
        members_with_data: with_data,
        reason: outcome.err().unwrap_or(Reason::Shown),
        method: wording.method.clone(),
        level: wording.level.clone(),
        changed: "n".to_string(),
    }
}

#[cfg(test)]
mod tests;
