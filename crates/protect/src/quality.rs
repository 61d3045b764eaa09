//! Counts about the work itself are counts of persons too, and are protected like any other.
//!
//! A count from 1 below the threshold is withheld together with the counts that it could be worked out from: the other
//! counts of the same delivery, of the same breakdown, of the same area; and of a breakdown by area as many further areas
//! as it takes that Flanders less the shown ones tells nothing small.

use std::collections::{BTreeMap, BTreeSet};

use catalog::cell::{Reason, TOTAL};
use catalog::pipeline::SourceRule;

use crate::Protected;

/// A count about the work itself: rows read, rejected, linked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quality {
    /// Stage that counted.
    pub stage: String,
    /// Source or indicator counted.
    pub source: String,
    /// Its period.
    pub time_period: String,
    /// What was counted.
    pub measure: String,
    /// Reason, column, or `breakdown:code`; else `_T`.
    pub detail: String,
    /// Municipality, or `_T`.
    pub ref_area: String,
    /// The count, null when withheld.
    pub value: Option<i64>,
    /// Shown or withheld.
    pub reason: Reason,
}

/// A count about the work before protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawQuality {
    /// Stage that counted.
    pub stage: String,
    /// Source or indicator counted.
    pub source: String,
    /// Its period.
    pub time_period: String,
    /// What was counted: `rows`, `accepted`, `rejected`, ...
    pub measure: String,
    /// Reason, column, or `breakdown:code`; else `_T`.
    pub detail: String,
    /// Municipality, or `_T`.
    pub ref_area: String,
    /// The count.
    pub value: i64,
}

/// Counts that can be worked out from each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Family {
    source: String,
    time_period: String,
    /// What the counts of a breakdown have in common; empty for the counts of the delivery as a whole.
    breakdown: String,
}

impl RawQuality {
    /// A count of a source as a whole; `detail` is a reason, a column, `breakdown:code`, or `_T`.
    pub fn of(stage: &str, source: &str, time_period: &str, measure: &str, detail: &str, value: u64) -> RawQuality {
        RawQuality {
            stage: stage.into(),
            source: source.into(),
            time_period: time_period.into(),
            measure: measure.into(),
            detail: detail.into(),
            ref_area: TOTAL.into(),
            value: i64::try_from(value).unwrap_or(i64::MAX),
        }
    }

    fn family(&self) -> Family {
        let breakdown = match (self.ref_area.as_str(), self.detail.split_once(':')) {
            (TOTAL, Some((breakdown, _))) if self.stage == "link" => breakdown.to_string(),
            (TOTAL, _) => String::new(),
            // Of an area the counts that add up to each other stand under one detail.
            _ => format!("area {}", self.detail.split(':').next().unwrap_or_default()),
        };
        Family { source: self.source.clone(), time_period: self.time_period.clone(), breakdown }
    }
}

impl Protected {
    /// Adds counts about the work.
    pub fn with_quality(mut self, counts: Vec<RawQuality>, rule: &SourceRule) -> Protected {
        let small = |count: &&RawQuality| (1..rule.threshold).contains(&count.value);
        // What one stage leaves out is the difference of what it and the next have, so the stages are held together.
        let at_risk: BTreeSet<Family> =
            counts.iter().filter(|count| count.ref_area == TOTAL).filter(small).map(RawQuality::family).collect();
        let mut areas: BTreeMap<Family, BTreeMap<&str, Vec<&RawQuality>>> = BTreeMap::new();
        for count in counts.iter().filter(|count| count.ref_area != TOTAL) {
            areas.entry(count.family()).or_default().entry(&count.ref_area).or_default().push(count);
        }
        let withheld: BTreeSet<(Family, String)> = areas
            .into_iter()
            .flat_map(|(family, areas)| {
                let own = withheld_areas(&areas, rule.threshold);
                own.into_iter().map(move |area| (family.clone(), area))
            })
            .collect();
        for count in counts {
            let family = count.family();
            let whole = Family { breakdown: String::new(), ..family.clone() };
            // Of a delivery at risk only the rows as delivered are shown.
            let delivered = count.stage == "land" && count.measure == "rows";
            let hidden = !delivered
                && (at_risk.contains(&whole)
                    || at_risk.contains(&family)
                    || withheld.contains(&(family, count.ref_area.clone())));
            let reason = if hidden { Reason::Withheld } else { Reason::Shown };
            self.quality.push(Quality {
                value: (reason == Reason::Shown).then_some(count.value),
                stage: count.stage,
                source: count.source,
                time_period: count.time_period,
                measure: count.measure,
                detail: count.detail,
                ref_area: count.ref_area,
                reason,
            });
        }
        self.quality.sort();
        self
    }
}

/// Areas whose counts are withheld: those with a small one, and the smallest others until none is alone and what is
/// withheld together is not small either.
fn withheld_areas(areas: &BTreeMap<&str, Vec<&RawQuality>>, threshold: i64) -> Vec<String> {
    let small = |value: i64| (1..threshold).contains(&value);
    let mut withheld: BTreeSet<&str> = areas
        .iter()
        .filter(|(_, counts)| counts.iter().any(|count| small(count.value)))
        .map(|(area, _)| *area)
        .collect();
    if withheld.is_empty() {
        return Vec::new();
    }
    let mut others: Vec<(i64, &str)> = areas
        .iter()
        .filter(|(area, _)| !withheld.contains(*area))
        .map(|(area, counts)| (counts.iter().map(|count| count.value).sum(), *area))
        .collect();
    others.sort_unstable();
    for (_, next) in others {
        let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for count in withheld.iter().filter_map(|area| areas.get(area)).flatten() {
            *sums.entry((&count.measure, &count.detail)).or_default() += count.value;
        }
        if withheld.len() > 1 && !sums.values().any(|sum| small(*sum)) {
            break;
        }
        withheld.insert(next);
    }
    withheld.into_iter().map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(measure: &str, detail: &str, ref_area: &str, value: i64) -> RawQuality {
        RawQuality {
            stage: "link".into(),
            source: "vdab/nwwz".into(),
            time_period: "2010".into(),
            measure: measure.into(),
            detail: detail.into(),
            ref_area: ref_area.into(),
            value,
        }
    }

    fn shown(counts: Vec<RawQuality>) -> Vec<(String, String, String)> {
        let rule =
            SourceRule { threshold: 5, zeros_shown: true, all_protected: false, public: false, why: String::new() };
        let protected = Protected::default().with_quality(counts, &rule);
        let rows = protected.quality().iter().filter(|row| row.value.is_some());
        rows.map(|row| (row.measure.clone(), row.detail.clone(), row.ref_area.clone())).collect()
    }

    #[test]
    fn an_area_with_a_small_count_takes_another_along() {
        let counts = vec![
            count("rows", TOTAL, TOTAL, 1_000),
            count("rows", "rate", "A", 100),
            count("unlinked", "rate", "A", 3),
            count("rows", "rate", "B", 500),
            count("unlinked", "rate", "B", 0),
            count("rows", "rate", "C", 400),
            count("unlinked", "rate", "C", 20),
        ];
        // A is small; C, the smallest other, goes with it; the two together have 23 unlinked rows.
        let areas: BTreeSet<String> = shown(counts).into_iter().map(|(_, _, area)| area).collect();
        assert_eq!(areas, BTreeSet::from(["B".to_string(), TOTAL.to_string()]));
    }

    #[test]
    fn what_is_withheld_together_is_not_small() {
        let counts = vec![
            count("unlinked", "rate", "A", 1),
            count("unlinked", "rate", "B", 1),
            count("unlinked", "rate", "C", 6),
            count("unlinked", "rate", "D", 50),
        ];
        let areas: Vec<String> = shown(counts).into_iter().map(|(_, _, area)| area).collect();
        assert_eq!(areas, ["D"], "A and B together would be 2");
    }

    #[test]
    fn a_breakdown_with_a_small_count_goes_as_a_whole_and_others_stay() {
        let counts = vec![
            count("linked", TOTAL, TOTAL, 1_000),
            count("linked", "sex:F", TOTAL, 600),
            count("linked", "sex:M", TOTAL, 400),
            count("linked", "age:0-17", TOTAL, 2),
            count("linked", "age:18-64", TOTAL, 998),
        ];
        let details: Vec<String> = shown(counts).into_iter().map(|(_, detail, _)| detail).collect();
        assert_eq!(details, [TOTAL, "sex:F", "sex:M"]);
        // Where the delivery as a whole is at risk, its breakdowns would give it away.
        let counts = vec![count("unlinked", TOTAL, TOTAL, 2), count("unlinked", "sex:F", TOTAL, 0)];
        assert_eq!(shown(counts), []);
    }
}
