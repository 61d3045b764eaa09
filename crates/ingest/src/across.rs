//! Rules across the rows of a delivery: histories that contradict themselves or have holes, parts that exceed their whole.
//!
//! Rows are known here by their position among the accepted ones, and by fingerprints of what identifies them.

use catalog::contract::{Extract, History, Parts};

use crate::keys::{Fingerprint, for_each_group};
use crate::value::{Reader, Value, days};

/// Of a row of a history: whose it is, and its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    whose: u64,
    from: i32,
    /// The first day no longer; `LASTS` where the end is empty.
    until: i32,
    learned: i32,
    /// Whether all its dates are known to the day.
    exact: bool,
}

/// An empty end: the row lasts until the next one begins.
const LASTS: i32 = i32::MAX;

/// Of a row of counts: to which whole it belongs, whether it is the whole, and its counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    of: u64,
    is_whole: bool,
    counts: [i64; Parts::MOST_COLUMNS],
}

/// What the contract says across rows, ready to be asked.
pub(crate) struct Across<'e> {
    extract: &'e Extract,
    history: Option<(&'e History, Fingerprint)>,
    parts: Option<(&'e Parts, Fingerprint, Option<u16>)>,
}

impl<'e> Across<'e> {
    pub(crate) fn new(extract: &'e Extract, readers: &[Reader]) -> Across<'e> {
        Across {
            extract,
            history: extract.history.as_ref().map(|history| (history, Fingerprint::new(&history.of))),
            parts: extract.parts.as_ref().map(|parts| {
                let whole = match readers[parts.column].read(parts.whole.as_bytes(), false) {
                    Ok(Value::Code(code)) => Some(code),
                    _ => None,
                };
                (parts, Fingerprint::new(&parts.by), whole)
            }),
        }
    }

    /// Whether the contract has such rules at all.
    pub(crate) fn is_wanted(&self) -> bool {
        self.history.is_some() || self.parts.is_some()
    }

    /// What must be known of a row for the rule on histories.
    pub(crate) fn span(&self, row: &[Value<'_>]) -> Option<Span> {
        let (history, fingerprint) = self.history.as_ref()?;
        let known = |column: usize| days(row[column], &self.extract.columns[column].kind);
        let (from, until) = (known(history.from), known(history.until));
        let learned = history.registered_on.and_then(known);
        // Of a date that is known in part only the days that are certain count: what may contradict does not.
        Some(Span {
            whose: fingerprint.short(row),
            from: from.map_or(i32::MIN, |(_, latest)| latest),
            until: until.map_or(LASTS, |(earliest, _)| earliest),
            learned: learned.map_or(0, |(earliest, _)| earliest),
            exact: [from, until, learned].into_iter().flatten().all(|(earliest, latest)| earliest == latest),
        })
    }

    /// What must be known of a row for the rule on parts.
    pub(crate) fn part(&self, row: &[Value<'_>]) -> Option<Part> {
        let (parts, fingerprint, whole) = self.parts.as_ref()?;
        let mut counts = [0; Parts::MOST_COLUMNS];
        for (count, column) in counts.iter_mut().zip(&parts.columns) {
            if let Value::Number(number) = row[*column] {
                *count = number;
            }
        }
        let is_whole = matches!((row[parts.column], whole), (Value::Code(code), Some(whole)) if code == *whole);
        Some(Part { of: fingerprint.short(row), is_whole, counts })
    }
}

/// What the rule on histories found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HistoryFindings {
    /// Rows that contradict an earlier line, by position, in order.
    pub(crate) overlaps: Vec<usize>,
    /// Rows that begin after a hole, by position, in order.
    pub(crate) after_gap: Vec<usize>,
}

/// Looks through histories; `gone` says which rows are rejected already.
///
/// What was learned on one day must not contradict itself: of two rows of one history that were registered on the same
/// day, a row with an end must not reach beyond the beginning of the next. What is learned later may replace what was
/// known, and an empty end ends where the next row begins: neither is a contradiction.
pub(crate) fn histories(spans: &[Span], gone: impl Fn(usize) -> bool) -> HistoryFindings {
    let mut found = HistoryFindings::default();
    let mut rejected: Vec<u32> = Vec::new();
    for_each_group(
        spans.len(),
        |position| spans[position].whose,
        |whose| (whose >> 52) as usize,
        |group| {
            if group.len() == 1 {
                return;
            }
            let mut own: Vec<u32> = group.iter().copied().filter(|position| !gone(*position as usize)).collect();
            let span = |position: &u32| spans[*position as usize];
            own.sort_unstable_by_key(|position| (span(position).learned, span(position).from, *position));
            rejected.clear();
            for learned in own.chunk_by(|a, b| span(a).learned == span(b).learned) {
                if learned.windows(2).any(|pair| contradict(span(&pair[0]), span(&pair[1]))) {
                    rejected.extend(contradicting(spans, learned));
                }
            }
            rejected.sort_unstable();
            own.retain(|position| rejected.binary_search(position).is_err());
            found.overlaps.extend(rejected.iter().map(|position| *position as usize));
            if own.iter().any(|position| !span(position).exact) {
                return;
            }
            own.sort_unstable_by_key(|position| (span(position).from, *position));
            let mut known_until = LASTS;
            for position in &own {
                let Span { from, until, .. } = span(position);
                if known_until != LASTS && from > known_until {
                    found.after_gap.push(*position as usize);
                }
                known_until = if known_until == LASTS { until } else { known_until.max(until) };
            }
        },
    );
    found.overlaps.sort_unstable();
    found.after_gap.sort_unstable();
    found
}

/// Whether two rows, in order of their beginning, claim the same day.
fn contradict(first: Span, second: Span) -> bool {
    let lasting = |span: Span| span.until > span.from;
    if !lasting(first) || !lasting(second) {
        return false;
    }
    first.from == second.from || (first.until != LASTS && first.until > second.from)
}

/// Of rows registered on one day, those that contradict a row of an earlier line that stays.
fn contradicting(spans: &[Span], rows: &[u32]) -> Vec<u32> {
    let mut by_line = rows.to_vec();
    by_line.sort_unstable();
    let mut kept = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for position in by_line {
        let own = spans[position as usize];
        if own.until <= own.from {
            continue;
        }
        let before = kept.range(..=own.from).next_back().map(|(_, span)| *span);
        let after = kept.range(own.from..).next().map(|(_, span)| *span);
        if before.is_some_and(|before| contradict(before, own)) || after.is_some_and(|after| contradict(own, after)) {
            found.push(position);
        } else {
            kept.insert(own.from, own);
        }
    }
    found
}

/// Wholes that are smaller than their parts together: position, and which of the counted columns.
pub(crate) fn wholes_too_small(parts: &[Part], gone: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for_each_group(
        parts.len(),
        |position| parts[position].of,
        |of| (of >> 52) as usize,
        |group| {
            let own = || {
                group.iter().filter(|position| !gone(**position as usize)).map(|at| (*at as usize, parts[*at as usize]))
            };
            for (position, whole) in own().filter(|(_, part)| part.is_whole) {
                let exceeded = (0..Parts::MOST_COLUMNS).find(|column| {
                    let sum: i128 = own()
                        .filter(|(_, part)| !part.is_whole)
                        .map(|(_, part)| i128::from(part.counts[*column]))
                        .sum();
                    sum > i128::from(whole.counts[*column])
                });
                found.extend(exceeded.map(|column| (position, column)));
            }
        },
    );
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(whose: u64, from: i32, until: Option<i32>, learned: i32) -> Span {
        Span { whose, from, until: until.unwrap_or(LASTS), learned, exact: true }
    }

    #[test]
    fn a_history_must_not_contradict_itself() {
        // One person: 0 to 10, 5 to 20 (contradicts), 10 on, 30 on (the former ends there), 30 once more (contradicts).
        let spans = [
            span(1, 0, Some(10), 7),
            span(1, 5, Some(20), 7),
            span(1, 10, None, 7),
            span(1, 30, None, 7),
            span(1, 30, Some(40), 7),
            // Registered on another day: it replaces what was known.
            span(1, 2, Some(12), 8),
            // A row that begins and ends on one day claims no day.
            span(1, 5, Some(5), 7),
            // Somebody else.
            span(2, 3, Some(4), 7),
        ];
        assert_eq!(histories(&spans, |_| false).overlaps, [1, 4]);
        assert_eq!(histories(&spans, |at| at == 0).overlaps, [2, 4], "the first row is not there: the second stays");
        assert_eq!(histories(&spans, |at| at == 3).overlaps, [1], "only one row begins on day 30");
    }

    #[test]
    fn the_later_line_is_the_one_rejected_whatever_the_order_of_days() {
        let spans = [span(1, 10, Some(20), 0), span(1, 0, Some(15), 0), span(1, 12, None, 0), span(1, 0, Some(10), 0)];
        assert_eq!(histories(&spans, |_| false).overlaps, [1, 2]);
    }

    #[test]
    fn holes_are_found_and_kept() {
        let spans = [
            span(1, 0, Some(10), 0),
            span(1, 10, Some(20), 1),
            span(1, 25, None, 2),
            span(1, 40, None, 3),
            span(2, 0, Some(5), 0),
            span(2, 3, Some(9), 1),
            span(2, 9, None, 2),
        ];
        assert_eq!(histories(&spans, |_| false), HistoryFindings { overlaps: vec![], after_gap: vec![2] });
    }

    #[test]
    fn no_hole_is_counted_where_a_day_is_not_known() {
        let later = Span { exact: false, ..span(1, 25, None, 1) };
        assert_eq!(histories(&[span(1, 0, Some(10), 0), later], |_| false), HistoryFindings::default());
    }

    #[test]
    fn parts_together_must_not_exceed_their_whole() {
        let part = |of, is_whole, first, second| Part { of, is_whole, counts: [first, second, 0, 0] };
        let rows = [
            part(1, false, 3, 10),
            part(1, false, 4, 10),
            part(1, true, 7, 19),
            part(2, false, 5, 5),
            part(2, true, 5, 5),
            part(3, false, 9, 9),
        ];
        assert_eq!(wholes_too_small(&rows, |_| false), [(2, 1)]);
        assert_eq!(wholes_too_small(&rows, |at| at == 1), []);
    }
}
