//! The audit of an edition that is about to be published: what was written is read back, and held against what was counted.

use std::collections::{BTreeMap, HashMap};

use catalog::cell::{CellKey, Observation, Reason};
use protect::Guarded;
use warehouse::WarehouseError;
use warehouse::edition::Published;
use warehouse::tables::read_texts;

/// What is wrong with an edition as it was written, whose rows are given; nothing where it can be published. Sentences name
/// indicators and how many figures, never an area or a count.
pub fn released(
    edition: &Published,
    rows: &[Observation],
    guarded: &Guarded<'_>,
) -> Result<Vec<String>, WarehouseError> {
    let (quality, differs) = quality(edition, guarded)?;
    let (mut is_shown, mut found) = figures(rows, guarded);
    is_shown.extend(guarded.accounts.iter().map(|place| quality.get(*place).copied().unwrap_or(true)));
    found.extend(differs);
    for (indicator, figures) in guarded.check(|row| is_shown[row]) {
        found.push(format!(
            "{indicator}: {figures} figures of few persons are not protected, or their proof does not hold"
        ));
    }
    Ok(found)
}

/// Counts about the work as they were written: of each whether it is shown, and whether one is that must not be.
fn quality(edition: &Published, guarded: &Guarded<'_>) -> Result<(Vec<bool>, Option<String>), WarehouseError> {
    let written = read_texts(&edition.verified("quality.parquet")?)?;
    let shown = guarded.protected.quality();
    let differs = written.len() != shown.len()
        || written.iter().zip(shown).any(|(written, own)| {
            let value = written.get("value").cloned().flatten();
            value != own.value.map(|value| value.to_string()) || value.is_some() != (own.reason == Reason::Shown)
        });
    let shown = written.iter().map(|row| row.get("value").cloned().flatten().is_some()).collect();
    Ok((shown, differs.then(|| "quality: a count is not what may be shown".to_string())))
}

/// Figures as they were written: of each whether it is shown, and what is wrong.
fn figures(written: &[Observation], guarded: &Guarded<'_>) -> (Vec<bool>, Vec<String>) {
    let rows: HashMap<&CellKey, &Observation> = written.iter().map(|row| (&row.key, row)).collect();
    let mut told: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut is_shown = Vec::with_capacity(guarded.recorded.len());
    let cells = guarded.recorded.len() - guarded.accounts.len();
    for recorded in &guarded.recorded[..cells] {
        let key = &recorded.cell.key;
        let Some(row) = rows.get(key) else {
            *told.entry(("is not written", &key.indicator)).or_default() += 1;
            is_shown.push(false);
            continue;
        };
        let tells = row.numerator.is_some()
            || row.divisor.is_some()
            || row.denominator.is_some()
            || row.value.is_some()
            || row.share.is_some();
        is_shown.push(tells);
        if tells && (recorded.reason != Reason::Shown || row.reason != Reason::Shown) {
            *told.entry(("is withheld and written", &key.indicator)).or_default() += 1;
        }
        if tells && recorded.cell.counts.map(|counts| Some(counts.numerator)) != Ok(row.numerator) {
            *told.entry(("is not what was counted", &key.indicator)).or_default() += 1;
        }
    }
    let found = told
        .into_iter()
        .map(|((what, indicator), figures)| format!("{indicator}: {figures} rows: a figure {what}"))
        .collect();
    (is_shown, found)
}
