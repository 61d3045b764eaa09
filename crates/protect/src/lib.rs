//! Protection: raw cells in, protected cells out, so that no published figure reveals a person.
//!
//! Pure and synchronous; no file, no engine. [`Protected`] is what `publish` demands, and only this crate makes one.
//! [`protect`] takes everything that was ever published as one system of sums ([`linked`]): a count of few persons is
//! withheld, and with it what it could be worked out from ([`secondary`]); for each the proof is another table that agrees
//! with all that is shown ([`linked::Flaw`] names what can be wrong with one).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::card::Balance;
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Observation, Reason, Recorded, ShareOf, Wording};
use catalog::pipeline::Protection;
use catalog::reference::Reference;
use catalog::share;

use crate::linked::{Checker, Linked, Outcome, Row, Standing, accounts, untold};

pub mod attack;
pub mod linked;
mod quality;
pub mod search;
pub mod secondary;
mod series;
pub mod system;
pub mod table;

pub use quality::{Quality, RawQuality};

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
    linked: bool,
}

impl Protected {
    /// What protection was applied, for manifest and pages.
    pub fn method(&self) -> &'static str {
        if self.linked { "linked" } else { "primary only" }
    }

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
        let counted: BTreeSet<String> = self.observations.iter().map(|row| row.key.indicator.clone()).collect();
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

    /// Tells with the counts about the work what protection cost; it is the last stage, and stays last.
    pub fn with_cost(mut self) -> Protected {
        self.quality.extend(quality::cost(&self.observations));
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

/// What cells are protected with.
pub struct Setting<'s> {
    /// The rules.
    pub rules: &'s Protection,
    /// Balances, by indicator.
    pub balances: &'s BTreeMap<String, Balance>,
    /// Areas and groups.
    pub reference: &'s Reference,
    /// Each indicator's wording.
    pub words: &'s BTreeMap<String, Wording>,
    /// The records of the editions published so far, the oldest first.
    pub earlier: &'s [Vec<Recorded>],
    /// Threads.
    pub threads: usize,
}

/// Protected cells, and what stays behind: the record of them and the proof.
pub struct Guarded<'s> {
    /// The figures that may leave.
    pub protected: Protected,
    /// Every counted cell with what is shown of it; after the cells the counts about the link that are told by area.
    pub recorded: Vec<Recorded>,
    /// Of each of these counts, in their order, the place among all that are told about the work.
    pub accounts: Vec<usize>,
    /// The linked system of all editions.
    pub linked: Linked<'s>,
    /// What is withheld, and the proof.
    pub outcome: Outcome,
}

impl Guarded<'_> {
    /// Why a figure is withheld, for the log of decisions.
    pub fn why(&self, figure: u32) -> &'static str {
        let standing = self.linked.standing(figure);
        match (standing, self.outcome.told_elsewhere.contains(&figure), self.outcome.needs.contains_key(&figure)) {
            (_, true, _) => "few persons, of whom more is known already",
            (Standing::Unseen, ..) => "rest of a sum",
            (_, _, true) => "few persons",
            (Standing::Before, ..) => "withheld earlier",
            (Standing::Coarse, ..) => "small area",
            _ => "would give others away",
        }
    }

    /// A check of the proof against the rows that are shown, given by whether each row of this edition is.
    pub fn checker(&self, is_shown: impl Fn(usize) -> bool) -> Checker<'_, '_> {
        let rows = (0..self.recorded.len()).filter(|row| is_shown(*row)).filter_map(|row| self.linked.of_row(row));
        let shown = rows.flat_map(|(count, base)| [Some(count), base]).flatten().collect();
        Checker::new(&self.linked, &self.outcome, shown)
    }

    /// Checks the proof against the rows that are shown in the end, given by whether each row of this edition is; by
    /// addition alone. Gives the indicators of figures whose proof is flawed, with how many they are.
    pub fn check(&self, is_shown: impl Fn(usize) -> bool) -> BTreeMap<String, usize> {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        if !self.protected.linked {
            return found;
        }
        for (figure, _) in self.checker(is_shown).flaws() {
            let name = self.linked.name(figure).map_or("a rest of a sum", |(block, ..)| block.indicator.as_str());
            *found.entry(name.to_string()).or_default() += 1;
        }
        found
    }
}

/// Protects cells, and counts about the work: the only way to rows that may be published.
pub fn protect<'s>(cells: &[Cell], quality: Vec<RawQuality>, setting: &Setting<'s>, stamp: &Stamp) -> Guarded<'s> {
    let mut linked = Linked::new(setting.rules, setting.balances, setting.reference);
    for earlier in setting.earlier {
        let rows: Vec<Row<'_>> = earlier
            .iter()
            .map(|row| Row { cell: &row.cell, method: &row.method, published: Some(row.reason), public: false })
            .collect();
        linked.add(&rows);
    }
    let untold = untold(&quality, setting.rules.usual.threshold);
    let (told, known): (Vec<_>, Vec<_>) =
        accounts(&quality, &untold, setting.reference).into_iter().partition(|(number, _)| number.is_some());
    let method = |cell: &Cell| setting.words.get(&cell.key.indicator).map_or("", |words| words.method.as_str());
    let to_decide = cells.iter().chain(told.iter().map(|(_, cell)| cell));
    let mut rows: Vec<Row<'_>> =
        to_decide.map(|cell| Row { cell, method: method(cell), published: None, public: false }).collect();
    let decide = rows.len();
    rows.extend(known.iter().map(|(_, cell)| Row { cell, method: "", published: None, public: true }));
    linked.add(&rows);
    rows.truncate(decide);
    let outcome = if setting.rules.linked { linked.plan(setting.threads) } else { linked.few() };
    let decided: Vec<Result<Counts, Reason>> = rows
        .iter()
        .enumerate()
        .map(
            |(row, Row { cell, .. })| {
                if linked.is_hidden(row, &outcome) { cell.counts.and(Err(Reason::Withheld)) } else { cell.counts }
            },
        )
        .collect();
    let members = Members::of(cells, &decided);
    let mut observations: Vec<Observation> = cells
        .iter()
        .zip(&decided)
        .filter_map(|(cell, outcome)| {
            let words = setting.words.get(&cell.key.indicator)?;
            Some(observation(cell, outcome, words, &members, setting.reference, stamp))
        })
        .collect();
    observations.sort_by(|a, b| a.key.cmp(&b.key));
    series::mark_breaks(&mut observations, setting.reference);
    let recorded = rows
        .iter()
        .zip(&decided)
        .map(|(row, decided)| Recorded {
            cell: row.cell.clone(),
            method: row.method.to_string(),
            reason: decided.err().unwrap_or(Reason::Shown),
        })
        .collect();
    let numbers: Vec<usize> = told.iter().filter_map(|(number, _)| *number).collect();
    let by_area = numbers.iter().zip(&decided[cells.len()..]).map(|(number, decided)| (*number, decided.is_ok()));
    let by_area = by_area.chain(untold.into_iter().map(|number| (number, false))).collect();
    let (quality, places) = quality::told(quality, &by_area, &setting.rules.usual);
    let accounts = numbers.iter().filter_map(|number| places.get(number).copied()).collect();
    Guarded {
        protected: Protected { observations, quality, linked: setting.rules.linked },
        recorded,
        accounts,
        linked,
        outcome,
    }
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
        is_break: false,
        method: wording.method.clone(),
        level: wording.level.clone(),
        changed: "n".to_string(),
    }
}

#[cfg(test)]
mod tests;
