//! The audit of an edition that is about to be published: what was written is read back, and held against what was counted.

use std::collections::{BTreeMap, HashMap};

use catalog::cell::{CellKey, Observation, Reason, Recorded};
use catalog::injection;
use protect::Guarded;
use protect::level::Need;
use warehouse::WarehouseError;
use warehouse::edition::Published;
use warehouse::tables::read_texts;

use crate::scores;
use crate::sensitive::{Level, Records, Rules, Sensitive, exposed, is_sensitive_work};

/// What an edition is held against: the definitions, and the confidential records as they are on disk.
#[derive(Clone, Copy)]
pub struct Evidence<'e> {
    /// What the definitions say about protection.
    pub rules: Rules<'e>,
    /// The record of this edition, of its own cells and of those that it carries.
    pub record: &'e [Recorded],
    /// The records of the editions published before.
    pub earlier: &'e [Vec<Recorded>],
}

/// What is wrong with an edition as it was written, whose rows are given; nothing where it can be published. Sentences name
/// indicators and how many figures, never an area or a count.
///
/// # Errors
/// A written table that cannot be read back.
pub fn released(
    edition: &Published,
    rows: &[Observation],
    evidence: &Evidence<'_>,
    guarded: &Guarded<'_>,
) -> Result<Vec<String>, WarehouseError> {
    let (quality, mut found) = quality(edition, evidence.rules, guarded)?;
    let written: HashMap<&CellKey, &Observation> = rows.iter().map(|row| (&row.key, row)).collect();
    found.extend(differing(rows, &written, evidence.record));
    let shown = |key: &CellKey| written.get(key).is_some_and(|row| tells(row));
    for (indicator, rows) in exposed(evidence.rules, evidence.record, evidence.earlier, shown) {
        found.push(format!("{indicator}: {rows} rows: a sensitive figure is shown"));
    }
    let cells = &guarded.recorded[..guarded.recorded.len() - guarded.accounts.len()];
    let counts_are_shown = |key: &CellKey| written.get(key).is_some_and(|row| tells_counts(row));
    let mut is_shown: Vec<bool> = cells.iter().map(|row| counts_are_shown(&row.cell.key)).collect();
    is_shown.extend(guarded.accounts.iter().map(|place| quality.get(*place).copied().unwrap_or(true)));
    injection::point("audit.proofs")?;
    let (levels, unlike) = levels(evidence, guarded);
    found.extend(unlike);
    found.extend(scores::moved(&written, evidence.earlier, guarded));
    for (indicator, figures) in guarded.check_levels(levels, |row| is_shown[row]) {
        found.push(format!(
            "{indicator}: {figures} figures of few persons are not protected, or their proof does not hold"
        ));
    }
    Ok(found)
}

/// The level of each figure that a row of any edition tells and that is sensitive by the audit's own rule; and what is wrong
/// with the figures themselves.
fn levels(evidence: &Evidence<'_>, guarded: &Guarded<'_>) -> (BTreeMap<u32, Need>, Option<String>) {
    let Evidence { rules, record, earlier } = *evidence;
    let mut found: BTreeMap<u32, Need> = BTreeMap::new();
    let mut unlike = 0usize;
    let mut add = |sensitive: Sensitive, row: &Recorded, figures: Option<(u32, Option<u32>)>| {
        let Ok(counts) = row.cell.counts else { return };
        let (count, base) = figures.map_or((None, None), |(count, base)| (Some(count), base));
        for (level, figure, value) in
            [(sensitive.count, count, Some(counts.numerator)), (sensitive.base, base, counts.denominator)]
        {
            let Some(Level { low, high }) = level else { continue };
            // A figure that the proofs are about has the count that was recorded, or they prove nothing of it.
            match figure.filter(|figure| Some(guarded.linked.value(*figure)) == value) {
                Some(figure) => {
                    let need = Need::Reach { low, high };
                    found.entry(figure).and_modify(|known| *known = known.with(need)).or_insert(need);
                }
                None => unlike += 1,
            }
        }
    };
    for (edition, rows) in earlier.iter().enumerate() {
        let records = Records::new(rules, rows, &earlier[..edition]);
        for (at, row) in rows.iter().enumerate() {
            add(records.of(row), row, guarded.linked.of_edition_row(edition, at));
        }
    }
    let records = Records::new(rules, record, earlier);
    let own: HashMap<&CellKey, usize> =
        guarded.recorded.iter().enumerate().map(|(at, row)| (&row.cell.key, at)).collect();
    for row in record {
        // What is carried is a row of an earlier edition, and was looked at with that.
        if let Some(at) = own.get(&row.cell.key) {
            add(records.of(row), row, guarded.linked.of_row(*at));
        }
    }
    let unlike = (unlike > 0).then(|| format!("{unlike} sensitive figures are not those that the proofs are about"));
    (found, unlike)
}

/// Whether a row tells any of its numbers.
fn tells(row: &Observation) -> bool {
    tells_counts(row) || row.share.is_some()
}

/// Whether a row tells more than its share.
fn tells_counts(row: &Observation) -> bool {
    row.numerator.is_some() || row.divisor.is_some() || row.denominator.is_some() || row.value.is_some()
}

/// Counts about the work as they were written: of each whether it is shown, and what is wrong.
fn quality(
    edition: &Published,
    rules: Rules<'_>,
    guarded: &Guarded<'_>,
) -> Result<(Vec<bool>, Vec<String>), WarehouseError> {
    let written = read_texts(&edition.verified("quality.parquet")?)?;
    let own = guarded.protected.quality();
    let of = |row: &BTreeMap<String, Option<String>>, name: &str| row.get(name).cloned().flatten();
    let mut found = Vec::new();
    let differs = |(written, own): (&BTreeMap<String, Option<String>>, &protect::Quality)| {
        let value = of(written, "value");
        value != own.value.map(|value| value.to_string()) || value.is_some() != (own.reason == Reason::Shown)
    };
    if written.len() != own.len() || written.iter().zip(own).any(differs) {
        found.push("quality: a count is not what may be shown".to_string());
    }
    let mut sensitive: BTreeMap<String, usize> = BTreeMap::new();
    for row in &written {
        let [stage, source, measure] = ["stage", "source", "measure"].map(|name| of(row, name));
        let words = [&stage, &source, &measure].map(|word| word.as_deref().unwrap_or(""));
        // A value that is no number cannot be judged, and what cannot be judged is not shown.
        let is_sensitive = |value: String| value.parse().map_or(true, |value| is_sensitive_work(rules, words, value));
        if of(row, "value").is_some_and(is_sensitive) {
            *sensitive.entry(words[1].to_string()).or_default() += 1;
        }
    }
    found.extend(
        sensitive.into_iter().map(|(source, rows)| format!("quality: {source}: {rows} sensitive counts are shown")),
    );
    Ok((written.iter().map(|row| of(row, "value").is_some()).collect(), found))
}

/// Rows as they were written against what was counted: each counted row is written once, nothing else is, and a number that is
/// shown is the one that was counted.
fn differing(rows: &[Observation], written: &HashMap<&CellKey, &Observation>, record: &[Recorded]) -> Vec<String> {
    let mut found: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let counted: HashMap<&CellKey, &Recorded> = record.iter().map(|row| (&row.cell.key, row)).collect();
    for row in record.iter().filter(|row| !protect::linked::is_account(&row.cell.key.indicator)) {
        if !written.contains_key(&row.cell.key) {
            *found.entry(("is not written", &row.cell.key.indicator)).or_default() += 1;
        }
    }
    for row in rows {
        let Some(own) = counted.get(&row.key) else {
            *found.entry(("is written and was not counted", &row.key.indicator)).or_default() += 1;
            continue;
        };
        if !tells(row) {
            continue;
        }
        if row.reason == Reason::ShareOnly && own.reason == Reason::ShareOnly {
            if tells_counts(row) || !scores::is_rounded(row, own) {
                *found.entry(("is told by its share, and by more", &row.key.indicator)).or_default() += 1;
            }
            continue;
        }
        if own.reason != Reason::Shown || row.reason != Reason::Shown {
            *found.entry(("is suppressed and written", &row.key.indicator)).or_default() += 1;
        }
        let numbers = (row.numerator, row.divisor, row.denominator);
        if own.cell.counts.map(|counts| (Some(counts.numerator), Some(counts.divisor), counts.denominator))
            != Ok(numbers)
        {
            *found.entry(("is not what was counted", &row.key.indicator)).or_default() += 1;
        }
    }
    if written.len() != rows.len() {
        *found.entry(("is written twice", "observations")).or_default() += rows.len() - written.len();
    }
    found.into_iter().map(|((what, indicator), rows)| format!("{indicator}: {rows} rows: a figure {what}")).collect()
}
