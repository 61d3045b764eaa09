//! Protection: raw cells in, protected cells out, so that no published figure reveals a person.
//!
//! Pure and synchronous; no file, no engine. [`Protected`] is what `publish` demands, and only this crate makes one.
//! [`protect`] takes everything that was ever published as one system of sums ([`linked`]): a count of few persons is
//! withheld, and with it what it could be worked out from ([`secondary`]); for each the proof is another table that agrees
//! with all that is shown ([`certificate::Flaw`] names what can be wrong with one).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use catalog::card::Balance;
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Observation, Reason, Recorded, ShareOf, Wording};
use catalog::pipeline::Protection;
use catalog::reference::Reference;
use catalog::{injection, share};

use crate::certificate::Checker;
use crate::level::{End, Need};
use crate::linked::{Equality, Linked, Outcome, Row, Standing, accounts, is_account, untold};
use crate::rounding::{RoundedShare, Rounding};

pub mod attack;
pub mod certificate;
pub mod codes;
mod error;
pub mod level;
pub mod linked;
mod quality;
pub mod rounding;
pub mod search;
pub mod secondary;
mod series;
pub mod system;
pub mod table;

pub use error::ProtectError;
pub use quality::{Counted, Quality, RawQuality};

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
            row.changed = change(known.get(&row.key), row).to_string();
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

/// Returns how a row changed against the edition that its own follows: `n` without a row there, nothing where all that it
/// publishes is the same, `b` where the difference may come from another definition or level, `r` else. It depends on
/// published values alone, so that it tells nothing of a withheld one.
fn change(before: Option<&Observation>, row: &Observation) -> &'static str {
    match before {
        None => "n",
        Some(before) if is_same_figure(before, row) => "",
        Some(before) if before.method != row.method || before.level != row.level => "b",
        Some(_) => "r",
    }
}

fn is_same_figure(a: &Observation, b: &Observation) -> bool {
    fn published(row: &Observation) -> impl PartialEq + '_ {
        let counts = (row.numerator, row.divisor, row.denominator, &row.unit);
        let printed = (row.value, row.share, row.mean_of_scores, row.members, row.members_with_data);
        (counts, printed, row.reason)
    }
    published(a) == published(b)
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
    /// The key of the project, for the secret by which shares are rounded ([`Rounding::of_first_edition`]).
    pub key: &'s [u8],
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
    /// Equalities between tables that were found in the counts, and that the definitions do not name.
    pub equalities: Vec<Equality>,
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
            (_, true, _) => self.why_relaxed(figure),
            (Standing::Unseen, ..) => "rest of a sum",
            (_, _, true) => "few persons",
            (Standing::Before, ..) => "withheld earlier",
            (Standing::Coarse, ..) => "small area",
            _ => "would give others away",
        }
    }

    /// How far public tables tell a figure that is suppressed here: a reader of the log finds each that follows from them.
    fn why_relaxed(&self, figure: u32) -> &'static str {
        let proofs = [End::Below, End::Above].map(|end| self.outcome.relaxations.get(&(figure, end)));
        let for_everybody = proofs.into_iter().flatten().any(|proof| proof.singleton.is_none());
        let value = self.linked.value(figure);
        match self.outcome.needs.get(&figure).and_then(|need| need.values()) {
            Some((low, high)) if for_everybody && low == value && high == value => {
                "few persons, and public tables elsewhere tell how many"
            }
            _ if for_everybody => "few persons, of whom public tables elsewhere tell more",
            _ if proofs.iter().any(Option::is_some) => {
                "few persons, of whom more is known to who is alone in another cell"
            }
            _ => "few persons, of whom more is known already",
        }
    }

    /// The figures that some row of this edition shows, given by whether each row is shown.
    pub fn shown(&self, is_shown: impl Fn(usize) -> bool) -> BTreeSet<u32> {
        let rows = (0..self.recorded.len()).filter(|row| is_shown(*row)).filter_map(|row| self.linked.of_row(row));
        rows.flat_map(|(count, base)| [Some(count), base]).flatten().collect()
    }

    /// Checks the plan against the rows that are shown in the end, by the levels that the plan itself went by. Returns the
    /// indicators of figures with a flaw, with how many they are.
    pub fn check(&self, is_shown: impl Fn(usize) -> bool) -> BTreeMap<String, usize> {
        self.check_levels(self.linked.own_levels(), is_shown)
    }

    /// The same by given levels of the figures that rows tell.
    pub fn check_levels(
        &self,
        mut levels: BTreeMap<u32, Need>,
        is_shown: impl Fn(usize) -> bool,
    ) -> BTreeMap<String, usize> {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        if !self.protected.linked {
            return found;
        }
        let statement = self.linked.statement(&self.outcome);
        levels.extend(self.linked.levels_of_rests(&self.outcome));
        let checker = Checker::new(&statement, self.outcome.as_proofs(), levels, self.shown(is_shown));
        let figures: BTreeSet<u32> = checker.flaws().into_iter().map(|(figure, _)| figure).collect();
        for figure in figures {
            let name = self.linked.name(figure).map_or("a rest of a sum", |(block, ..)| block.indicator.as_str());
            *found.entry(name.to_string()).or_default() += 1;
        }
        found
    }
}

/// Returns the equalities between tables of the records of all editions that the definitions do not name, for whoever keeps
/// them.
pub fn equalities(
    records: &[Vec<Recorded>],
    (rules, balances, reference): (&Protection, &BTreeMap<String, Balance>, &Reference),
) -> Vec<Equality> {
    let mut linked = Linked::new(rules, balances, reference);
    for record in records {
        linked.add(&published_rows(record));
    }
    linked.link_tables()
}

/// The rows of an edition that is published.
fn published_rows(record: &[Recorded]) -> Vec<Row<'_>> {
    record
        .iter()
        .map(|Recorded { cell, method, reason, rounded_share }| Row {
            cell,
            method,
            published: Some(*reason),
            rounded_share: *rounded_share,
            public: false,
        })
        .collect()
}

/// Protects cells, and counts about the work: the only way to rows that may be published.
///
/// # Errors
/// Whatever keeps a cell from being decided: nothing is published by default.
pub fn protect<'s>(
    cells: &[Cell],
    quality: Vec<RawQuality>,
    setting: &Setting<'s>,
    stamp: &Stamp,
) -> Result<Guarded<'s>, ProtectError> {
    let mut linked =
        Linked::new(setting.rules, setting.balances, setting.reference).with_rounded_shares(rounding(cells, setting));
    for earlier in setting.earlier {
        injection::point("protect.earlier")?;
        linked.add(&published_rows(earlier));
    }
    let untold = untold(&quality, setting.rules.usual.threshold);
    let (told, known): (Vec<_>, Vec<_>) =
        accounts(&quality, &untold, setting.reference).into_iter().partition(|(number, _)| number.is_some());
    let method = |cell: &Cell| setting.words.get(&cell.key.indicator).map_or("", |words| words.method.as_str());
    let to_decide = cells.iter().chain(told.iter().map(|(_, cell)| cell));
    let mut rows: Vec<Row<'_>> = to_decide.map(|cell| Row::new(cell, method(cell))).collect();
    let decide = rows.len();
    rows.extend(known.iter().map(|(_, cell)| Row { public: true, ..Row::new(cell, "") }));
    injection::point("protect.system")?;
    linked.add(&rows);
    rows.truncate(decide);
    let takes_equalities = setting.rules.linked && setting.rules.equalities_known;
    let equalities = if takes_equalities { linked.link_tables() } else { Vec::new() };
    let outcome = if setting.rules.linked { linked.plan(setting.threads)? } else { linked.few() };
    let scores: Vec<Option<RoundedShare>> = (0..rows.len()).map(|row| linked.rounded_share(row, &outcome)).collect();
    let decide = |(row, Row { cell, .. }): (usize, &Row<'_>)| match (linked.is_hidden(row, &outcome), scores[row]) {
        (true, Some(_)) => cell.counts.and(Err(Reason::ShareOnly)),
        (true, None) => cell.counts.and(Err(Reason::Withheld)),
        (false, _) => cell.counts,
    };
    let decided: Vec<Result<Counts, Reason>> = rows.iter().enumerate().map(decide).collect();
    let observations = observations(cells, (&decided, &scores), setting, stamp)?;
    let record = |((row, decided), score): ((&Row<'_>, &Result<Counts, Reason>), &Option<RoundedShare>)| Recorded {
        cell: row.cell.clone(),
        method: row.method.to_string(),
        reason: decided.err().unwrap_or(Reason::Shown),
        rounded_share: score.filter(|_| *decided == Err(Reason::ShareOnly)).map(|score| score.tenths()),
    };
    let recorded = rows.iter().zip(&decided).zip(&scores).map(record).collect();
    let numbers: Vec<usize> = told.iter().filter_map(|(number, _)| *number).collect();
    let by_area = numbers.iter().zip(&decided[cells.len()..]).map(|(number, decided)| (*number, decided.is_ok()));
    let by_area = by_area.chain(untold.into_iter().map(|number| (number, false))).collect();
    let (quality, places) = quality::told(quality, &by_area, setting.rules);
    let accounts = numbers.iter().filter_map(|number| places.get(number).copied()).collect();
    injection::point("protect.decided")?;
    Ok(Guarded {
        protected: Protected { observations, quality, linked: setting.rules.linked },
        recorded,
        accounts,
        equalities,
        linked,
        outcome,
    })
}

/// The secret by which shares are rounded, of what the first edition counted.
fn rounding(cells: &[Cell], setting: &Setting<'_>) -> Rounding {
    match setting.earlier.first() {
        Some(first) => {
            let counted = first.iter().map(|row| &row.cell).filter(|cell| !is_account(&cell.key.indicator));
            Rounding::of_first_edition(counted, setting.key)
        }
        None => Rounding::of_first_edition(cells.iter(), setting.key),
    }
}

/// The rows of an edition's own cells, each with what was decided about it, sorted by their key.
fn observations(
    cells: &[Cell],
    (decided, scores): (&[Result<Counts, Reason>], &[Option<RoundedShare>]),
    setting: &Setting<'_>,
    stamp: &Stamp,
) -> Result<Vec<Observation>, ProtectError> {
    let members = Members::of(cells, decided);
    let row = |((cell, outcome), score): ((&Cell, &Result<Counts, Reason>), &Option<RoundedShare>)| {
        injection::point("protect.row")?;
        let indicator = &cell.key.indicator;
        let words = setting.words.get(indicator).ok_or_else(|| ProtectError::NoWording(indicator.clone()))?;
        let own = observation(cell, outcome, words, &members, setting.reference, stamp);
        let rounded =
            score.filter(|_| *outcome == Err(Reason::ShareOnly)).map(|score| share::number(score.tenths(), 10, 1));
        Ok(Observation { share: own.share.or(rounded), ..own })
    };
    let mut rows =
        cells.iter().zip(decided).zip(scores).map(row).collect::<Result<Vec<Observation>, ProtectError>>()?;
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    series::mark_breaks(&mut rows, setting.reference);
    Ok(rows)
}

/// Shown municipal shares by everything of the key but the area.
struct Members {
    shares: HashMap<CellKey, HashMap<String, (i64, i64)>>,
    /// Municipalities whose share was counted and is not shown.
    suppressed: HashMap<CellKey, HashSet<String>>,
}

impl Members {
    fn of(cells: &[Cell], decided: &[Result<Counts, Reason>]) -> Members {
        let mut members = Members { shares: HashMap::new(), suppressed: HashMap::new() };
        let is_score =
            |cell: &Cell| cell.key.area_level == AreaLevel::Municipality && cell.key.share_of != ShareOf::None;
        for (cell, outcome) in cells.iter().zip(decided).filter(|(cell, _)| is_score(cell)) {
            let (key, area) = (without_area(&cell.key), cell.key.ref_area.clone());
            match outcome {
                Ok(Counts { numerator, denominator: Some(denominator), .. }) if *denominator > 0 => {
                    members.shares.entry(key).or_default().insert(area, (*numerator, *denominator));
                }
                Err(_) if cell.counts.is_ok() => {
                    members.suppressed.entry(key).or_default().insert(area);
                }
                _ => (),
            }
        }
        members
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
        let line = without_area(key);
        let shares = members.shares.get(&line);
        let suppressed = members.suppressed.get(&line);
        let known: Vec<(i64, i64)> =
            area.members.iter().filter_map(|member| shares.and_then(|shares| shares.get(member)).copied()).collect();
        // A mean of some of them would be taken for that of all.
        if !area.members.iter().any(|member| suppressed.is_some_and(|suppressed| suppressed.contains(member))) {
            mean_of_scores = share::mean_of_shares(&known, key.share_of.per(), wording.share_decimals.max(2));
        }
        all_members = Some(area.members.len() as i32);
        with_data = Some(known.len() as i32);
    }
    Observation {
        edition_id: stamp.edition_id.clone(),
        monitor: stamp.monitor.clone(),
        theme: wording.theme.clone(),
        key: key.clone(),
        unit: wording.unit_of(&key.detail).to_string(),
        numerator: shown.map(|counts| counts.numerator),
        divisor: shown.map(|counts| counts.divisor),
        denominator: shown.and_then(|counts| counts.denominator),
        value: shown.map(|counts| share::number(counts.numerator, counts.divisor, wording.value_decimals)),
        share: shown.filter(|_| key.share_of != ShareOf::None).and_then(|counts| {
            share::share(counts.numerator, counts.denominator?, key.share_of.per(), wording.share_decimals)
        }),
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
