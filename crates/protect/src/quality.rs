//! Counts about the work itself are counts of persons too, and are protected like any other.
//!
//! Those that are told by area are figures like all others, and are decided with them ([`crate::linked`]). Of the others a
//! count from 1 below the threshold is withheld together with the counts that it could be worked out from: the other counts
//! of the same delivery and of the same breakdown.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Period;
use catalog::cell::{Observation, Reason, TOTAL};
use catalog::contract::ExtractId;
use catalog::link_measure::LinkMeasure;
use catalog::pipeline::{Protection, SourceRule};

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
    /// What was counted.
    pub of: Counted,
    /// Municipality, or `_T`.
    pub ref_area: String,
    /// The count.
    pub value: i64,
}

/// What a count about the work is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// The link of a source, which the monitor's figures are held against.
    Link {
        /// The source.
        source: ExtractId,
        /// Its period.
        period: Period,
        /// What was counted.
        measure: LinkMeasure,
    },
    /// Anything else, by its published words.
    Work {
        /// Source or indicator counted.
        source: String,
        /// Its period.
        time_period: String,
        /// What was counted: `rows`, `accepted`, `rejected`, ...
        measure: String,
        /// Reason, column, or `breakdown:code`; else `_T`.
        detail: String,
    },
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
        let of = Counted::Work {
            source: source.into(),
            time_period: time_period.into(),
            measure: measure.into(),
            detail: detail.into(),
        };
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        RawQuality { stage: stage.into(), of, ref_area: TOTAL.into(), value }
    }

    /// A count about the link of a source, in an area or, for `_T`, in all.
    pub fn link(source: &ExtractId, period: Period, measure: LinkMeasure, ref_area: &str, value: i64) -> RawQuality {
        let of = Counted::Link { source: source.clone(), period, measure };
        RawQuality { stage: "link".into(), of, ref_area: ref_area.into(), value }
    }

    /// The published words: source, period, measure and detail.
    fn words(&self) -> [String; 4] {
        match &self.of {
            Counted::Link { source, period, measure } => {
                let detail = measure.detail(self.ref_area == TOTAL);
                [source.to_string(), period.to_string(), measure.word().to_string(), detail]
            }
            Counted::Work { source, time_period, measure, detail } => {
                [source, time_period, measure, detail].map(String::clone)
            }
        }
    }

    /// The count as it is told.
    fn told(self, shown: bool) -> Quality {
        let [source, time_period, measure, detail] = self.words();
        Quality {
            value: shown.then_some(self.value),
            stage: self.stage,
            source,
            time_period,
            measure,
            detail,
            ref_area: self.ref_area,
            reason: if shown { Reason::Shown } else { Reason::Withheld },
        }
    }

    fn family(&self) -> Family {
        let [source, time_period, _, detail] = self.words();
        let breakdown = match (&self.of, detail.split_once(':')) {
            (Counted::Link { measure, .. }, _) if self.ref_area == TOTAL => measure.table().word(),
            (Counted::Work { .. }, Some((breakdown, _))) if self.stage == "link" => breakdown.to_string(),
            // What is empty in a column and what is filled in tell each other.
            (Counted::Work { .. }, Some(("column", _))) => detail,
            _ => String::new(),
        };
        Family { source, time_period, breakdown }
    }

    /// The rule of its source; of an indicator, or of what no contract names, the usual one.
    fn rule<'r>(&self, rules: &'r Protection) -> &'r SourceRule {
        match &self.of {
            Counted::Link { source, .. } => rules.of(source),
            Counted::Work { source, .. } => ExtractId::read(source).map_or(&rules.usual, |source| rules.of(&source)),
        }
    }

    fn is_delivered(&self) -> bool {
        self.stage == "land" && matches!(&self.of, Counted::Work { measure, .. } if measure == "rows")
    }
}

/// Counts about the work as they may be told, sorted, and the places of those among them that were decided with the figures:
/// `decided` tells of these, by their numbers, whether they are shown.
pub(crate) fn told(
    counts: Vec<RawQuality>,
    decided: &BTreeMap<usize, bool>,
    rules: &Protection,
) -> (Vec<Quality>, BTreeMap<usize, usize>) {
    let small = |count: &RawQuality| (1..count.rule(rules).threshold).contains(&count.value);
    // What one stage leaves out is the difference of what it and the next have, so the stages are held together.
    let others = counts.iter().enumerate().filter(|(number, _)| !decided.contains_key(number));
    let at_risk: BTreeSet<Family> = others.filter(|(_, count)| small(count)).map(|(_, count)| count.family()).collect();
    let mut found: Vec<(Quality, usize)> = Vec::new();
    for (number, count) in counts.into_iter().enumerate() {
        let family = count.family();
        let whole = Family { breakdown: String::new(), ..family.clone() };
        // Of a delivery at risk only the rows as delivered are shown.
        let delivered = count.is_delivered();
        let shown = decided
            .get(&number)
            .copied()
            .unwrap_or(delivered || !at_risk.contains(&whole) && !at_risk.contains(&family));
        found.push((count.told(shown), number));
    }
    found.sort();
    let places = found.iter().enumerate().filter(|(_, (_, number))| decided.contains_key(number));
    let places = places.map(|(place, (_, number))| (*number, place)).collect();
    (found.into_iter().map(|(count, _)| count).collect(), places)
}

/// What protection costs, by indicator, period and kind of area: the rows, those of them that are withheld, and those of which
/// the rounded share alone is published. Whoever counts the published rows finds the same.
pub(crate) fn cost(observations: &[Observation]) -> Vec<Quality> {
    let mut counts: BTreeMap<(&str, String, &str, &str), i64> = BTreeMap::new();
    for row in observations {
        let mut add = |measure, level, one| {
            *counts.entry((&row.key.indicator, row.key.time_period.to_string(), measure, level)).or_default() += one;
        };
        let is = |reason| i64::from(row.reason == reason);
        for level in [TOTAL, row.key.area_level.word()] {
            add("rows", level, 1);
            add("rows-withheld", level, is(Reason::Withheld));
            add("rows-share-only", level, is(Reason::ShareOnly));
        }
    }
    let told = counts.into_iter().map(|((indicator, period, measure, level), count)| {
        let count = u64::try_from(count).unwrap_or(0);
        let detail = if level == TOTAL { TOTAL.to_string() } else { format!("level:{level}") };
        RawQuality::of("protect", indicator, &period, measure, &detail, count).told(true)
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(measure: &str, detail: &str, ref_area: &str, value: u64) -> RawQuality {
        RawQuality { ref_area: ref_area.into(), ..RawQuality::of("link", "vdab/nwwz", "2010", measure, detail, value) }
    }

    fn rules() -> Protection {
        let usual =
            SourceRule { threshold: 5, zeros_shown: true, all_protected: false, public: false, why: String::new() };
        Protection {
            usual,
            sources: BTreeMap::new(),
            known: Vec::new(),
            same: Vec::new(),
            small_areas: Vec::new(),
            linked: true,
            equalities_known: true,
        }
    }

    /// A supplier whose rule asks for ten persons has counts of seven about its deliveries suppressed.
    #[test]
    fn the_threshold_of_a_count_about_the_work_is_that_of_its_source() {
        let of_ten = |threshold: i64| {
            let mut rules = rules();
            let rule = SourceRule { threshold, ..rules.usual.clone() };
            rules.sources.insert(ExtractId::read("vdab/nwwz").unwrap(), rule);
            let (told, _) = told(vec![count("unlinked", TOTAL, TOTAL, 7)], &BTreeMap::new(), &rules);
            told[0].value
        };
        assert_eq!((of_ten(5), of_ten(10)), (Some(7), None));
    }

    fn shown(counts: Vec<RawQuality>) -> Vec<(String, String, String)> {
        let (told, _) = told(counts, &BTreeMap::new(), &rules());
        let rows = told.iter().filter(|row| row.value.is_some());
        rows.map(|row| (row.measure.clone(), row.detail.clone(), row.ref_area.clone())).collect()
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
        // A column of which two rows are filled in tells nothing of the others.
        let of_column = |measure: &str, column: &str, value: u64| RawQuality {
            stage: "land".into(),
            ..count(measure, &format!("column:{column}"), TOTAL, value)
        };
        let counts = vec![
            of_column("empty", "a", 998),
            of_column("filled", "a", 2),
            of_column("empty", "b", 900),
            of_column("filled", "b", 100),
        ];
        let details: Vec<String> = shown(counts).into_iter().map(|(_, detail, _)| detail).collect();
        assert_eq!(details, ["column:b", "column:b"]);
        // Where the delivery as a whole is at risk, its breakdowns would give it away.
        let counts = vec![count("unlinked", TOTAL, TOTAL, 2), count("unlinked", "sex:F", TOTAL, 0)];
        assert_eq!(shown(counts), []);
    }
}
