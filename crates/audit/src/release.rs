//! The audit of an edition that is about to be published: what was written is read back, and held against what was counted.

use std::collections::{BTreeMap, HashMap};

use catalog::cell::{CellKey, Observation, Reason};
use protect::Guarded;

/// What is wrong with an edition as it was written; nothing where it can be published. Sentences name indicators and how
/// many figures, never an area or a count.
pub fn released(written: &[Observation], guarded: &Guarded<'_>) -> Vec<String> {
    let rows: HashMap<&CellKey, &Observation> = written.iter().map(|row| (&row.key, row)).collect();
    let mut told: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut is_shown = Vec::with_capacity(guarded.recorded.len());
    for recorded in &guarded.recorded {
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
    let mut found: Vec<String> = told
        .into_iter()
        .map(|((what, indicator), figures)| format!("{indicator}: {figures} rows: a figure {what}"))
        .collect();
    for (indicator, figures) in guarded.check(|row| is_shown[row]) {
        found.push(format!(
            "{indicator}: {figures} figures of few persons are not protected, or their proof does not hold"
        ));
    }
    found
}
