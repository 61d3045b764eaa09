//! Series: where a figure is not to be set beside that of the period before.
//!
//! A series breaks where its definition or its level changes, and where a group is made up of other countries than before:
//! Iceland and Montenegro became candidates for the European Union in 2010, so what the candidates count in 2011 is not a
//! growth since 2010.

use std::collections::HashMap;

use catalog::cell::{CellKey, Observation, ShareOf};
use catalog::reference::{GroupScheme, Reference};
use catalog::{Day, Period, PeriodKind};

/// Marks the rows of which the definition, the level or the group's countries are others than in the row of the same series
/// before. Earlier than the first period nothing is known, so nothing breaks there.
pub(crate) fn mark_breaks(rows: &mut [Observation], reference: &Reference) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&rows[*a].key, &rows[*b].key);
        series(a).cmp(&series(b)).then(a.time_period.start().cmp(&b.time_period.start()))
    });
    let mut known: HashMap<(&str, &str, [Period; 2]), bool> = HashMap::new();
    let mut breaks = Vec::new();
    for pair in order.windows(2) {
        let (before, row) = (&rows[pair[0]], &rows[pair[1]]);
        if series(&before.key) != series(&row.key) {
            continue;
        }
        let (scheme, group) = (row.key.group_scheme.as_str(), row.key.group.as_str());
        let periods = [before.key.time_period, row.key.time_period];
        let has_others = || {
            let [before, now] = periods.map(looked_at);
            let is_same = |scheme: &GroupScheme| (0..2).all(|at| scheme.is_same(group, before[at], now[at]));
            !reference.schemes.get(scheme).is_none_or(is_same)
        };
        let is_new = before.method != row.method || before.level != row.level;
        if is_new || *known.entry((scheme, group, periods)).or_insert_with(has_others) {
            breaks.push(pair[1]);
        }
    }
    breaks.into_iter().for_each(|row| rows[row].is_break = true);
}

/// Everything of the key but the period itself; periods of another kind are another series.
fn series(key: &CellKey) -> ([&str; 9], PeriodKind, ShareOf) {
    let codes = [
        &key.indicator,
        &key.ref_area,
        &key.ref_area_class,
        &key.sex,
        &key.age_group,
        &key.group_scheme,
        &key.group,
        &key.detail,
        &key.detail_2,
    ];
    (codes.map(String::as_str), key.time_period.kind(), key.share_of)
}

/// The first and the last day of a period on which a person's group is looked at.
fn looked_at(period: Period) -> [Day; 2] {
    match period.kind() {
        PeriodKind::Day | PeriodKind::Month | PeriodKind::Quarter => [period.end(); 2],
        // The first of February of a school year.
        PeriodKind::SchoolYear => [period.start().month_start_after(5); 2],
        PeriodKind::Year | PeriodKind::Years(_) => [period.start(), period.end()],
    }
}
