//! Plausibility: counted cells held against what figures keep to when all is well.

use std::collections::BTreeMap;

use catalog::cell::{AreaLevel, Cell, CellKey, Counts, ShareOf, TOTAL};
use catalog::plausibility::{Holds, Rule};

/// Areas that a broken rule names at most.
const NAMED: usize = 5;

/// Cells by key, of which each is a count.
type Known<'c> = BTreeMap<&'c CellKey, &'c Counts>;

/// What is broken, in sentences without a count of persons: each says in how many areas, and names a few where it is about
/// all of their inhabitants.
pub fn implausible(rules: &[Rule], cells: &[Cell]) -> Vec<String> {
    let known: Known<'_> = cells.iter().filter_map(|cell| Some((&cell.key, cell.counts.as_ref().ok()?))).collect();
    let mut told = bases(&known);
    told.extend(sexes(&known));
    for rule in rules {
        let broken = match &rule.holds {
            Holds::AtMost { part, whole, by_group } => at_most(&known, part, whole, *by_group),
            Holds::Ratio { of, to, percent, from_count } => ratio(&known, of, to, *percent, *from_count),
            Holds::Areas { indicator, period, areas, per_mille } => {
                let sum = |wanted: &dyn Fn(&CellKey) -> bool| -> i64 {
                    let own = together(&known, indicator)
                        .filter(|(key, _)| key.group == TOTAL && key.time_period == *period && wanted(key));
                    own.map(|(_, counts)| counts.numerator).sum()
                };
                let some = sum(&|key| areas.contains(&key.ref_area));
                let region = sum(&|key| key.area_level == AreaLevel::Region);
                let [least, most] = per_mille.map(|bound| bound as i64);
                let holds = some * 1_000 >= least * region && some * 1_000 <= most * region;
                if holds { Vec::new() } else { vec![(format!("{indicator} {period}: the share of"), areas.clone())] }
            }
            Holds::Groups { indicator, add_up, composition } => groups(&known, indicator, add_up, *composition),
            Holds::Region { indicator, detail } => region(&known, indicator, detail.as_deref().unwrap_or(TOTAL)),
        };
        told.extend(
            broken.into_iter().map(|(what, areas)| format!("{}; expected: {}", sentence(&what, areas), rule.why)),
        );
    }
    told
}

fn sentence(what: &str, mut areas: Vec<String>) -> String {
    areas.sort();
    areas.dedup();
    let more = if areas.len() > NAMED { " and others" } else { "" };
    let shown = areas.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    format!("{what} {} areas is not plausible ({shown}{more})", areas.len())
}

/// The cells of an indicator in which ages, sexes and its own dimensions are together.
fn together<'k, 'c>(known: &'k Known<'c>, indicator: &'k str) -> impl Iterator<Item = (&'c CellKey, &'c Counts)> + 'k {
    let all =
        |key: &CellKey| [&key.sex, &key.age_group, &key.detail, &key.detail_2].into_iter().all(|code| code == TOTAL);
    let mut before: Option<&CellKey> = None;
    known
        .iter()
        .map(|(key, counts)| (*key, *counts))
        .filter(move |(key, _)| key.indicator == indicator && all(key))
        // A count with two shares is one count.
        .filter(move |(key, _)| {
            let same = before.is_some_and(|before| {
                CellKey { share_of: ShareOf::None, ..before.clone() }
                    == CellKey { share_of: ShareOf::None, ..(*key).clone() }
            });
            before = Some(key);
            !same
        })
}

type Broken = Vec<(String, Vec<String>)>;

/// Counts of one indicator beside those of another of the same area, period and group.
fn pairs<'k, 'c>(
    known: &'k Known<'c>,
    a: &'k str,
    b: &'k str,
    by_group: bool,
) -> Vec<(&'c CellKey, &'c Counts, &'c Counts)> {
    let at = |key: &CellKey| (key.ref_area.clone(), key.ref_area_class.clone(), key.time_period, key.group.clone());
    let others: BTreeMap<_, &Counts> = together(known, b).map(|(key, counts)| (at(key), counts)).collect();
    together(known, a)
        .filter(|(key, _)| by_group || key.group == TOTAL)
        .filter_map(|(key, counts)| Some((key, counts, *others.get(&at(key))?)))
        .collect()
}

fn at_most(known: &Known<'_>, part: &str, whole: &str, by_group: bool) -> Broken {
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, own, other) in pairs(known, part, whole, by_group) {
        if own.numerator * other.divisor > other.numerator * own.divisor {
            let what = format!("{part} {}: more than {whole} in", key.time_period);
            broken.entry(what).or_default().push(key.ref_area.clone());
        }
    }
    broken.into_iter().collect()
}

fn ratio(known: &Known<'_>, of: &str, to: &str, percent: [u64; 2], from_count: u64) -> Broken {
    let [least, most] = percent.map(|bound| bound as i64);
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, own, other) in pairs(known, of, to, false) {
        let (own, other) = (own.numerator * other.divisor, other.numerator * own.divisor);
        let counts = key.area_level == AreaLevel::Municipality && other >= from_count as i64 && other > 0;
        if counts && (own * 100 < least * other || own * 100 > most * other) {
            let what = format!("{of} {}: the ratio to {to} in", key.time_period);
            broken.entry(what).or_default().push(key.ref_area.clone());
        }
    }
    broken.into_iter().collect()
}

/// Groups of which everybody is in one add up to all; of a composition all are also the base.
fn groups(known: &Known<'_>, indicator: &str, add_up: &[String], composition: bool) -> Broken {
    let apart = |key: &CellKey| CellKey { group: String::new(), group_scheme: String::new(), ..key.clone() };
    let mut sums: BTreeMap<CellKey, (i64, usize)> = BTreeMap::new();
    let own = || known.iter().filter(|(key, _)| key.indicator == indicator);
    for (key, counts) in own().filter(|(key, _)| add_up.contains(&key.group)) {
        let sum = sums.entry(apart(key)).or_default();
        *sum = (sum.0 + counts.numerator, sum.1 + 1);
    }
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, counts) in own().filter(|(key, _)| key.group == TOTAL) {
        // Where a group is not there, the source or the link is not, which its reason tells.
        let Some((sum, parts)) = sums.get(&apart(key)).filter(|(_, parts)| *parts == add_up.len()) else { continue };
        let is_whole = !composition || key.share_of != ShareOf::Total || counts.denominator == Some(*sum);
        if *sum != counts.numerator || !is_whole {
            let what = format!("{indicator} {}: the sum of {parts} groups in", key.time_period);
            broken.entry(what).or_default().push(key.ref_area.clone());
        }
    }
    broken.into_iter().collect()
}

/// The region is the sum of its municipalities and of those of unknown place.
fn region(known: &Known<'_>, indicator: &str, detail: &str) -> Broken {
    let apart = |key: &CellKey| CellKey {
        ref_area: String::new(),
        ref_area_class: String::new(),
        area_level: AreaLevel::Region,
        ..key.clone()
    };
    let mut sums: BTreeMap<CellKey, i64> = BTreeMap::new();
    let own = || known.iter().filter(|(key, _)| key.indicator == indicator && key.detail == detail);
    let is_part = |key: &CellKey| matches!(key.area_level, AreaLevel::Municipality | AreaLevel::Unlocated);
    for (key, counts) in own().filter(|(key, _)| is_part(key)) {
        *sums.entry(apart(key)).or_default() += counts.numerator;
    }
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, counts) in own().filter(|(key, _)| key.area_level == AreaLevel::Region) {
        if sums.get(&apart(key)).is_some_and(|sum| *sum != counts.numerator) {
            let what = format!("{indicator} {}: the sum of the municipalities of", key.time_period);
            broken.entry(what).or_default().push(key.ref_area.clone());
        }
    }
    broken.into_iter().collect()
}

/// A part is at most its base. Areas are counted and not named: it may be a small group of theirs.
fn bases(known: &Known<'_>) -> Vec<String> {
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, counts) in known {
        // Where nobody is in the base, the source has persons whom the base's does not know: no share, and nothing to doubt.
        let is_above = |base: i64| base > 0 && counts.numerator > base;
        if key.share_of != ShareOf::None && counts.denominator.is_some_and(is_above) {
            let what = format!("{} {}: a part above its base in", key.indicator, key.time_period);
            broken.entry(what).or_default().push(key.ref_area.clone());
        }
    }
    let told = broken.into_iter().map(|(what, mut areas)| {
        areas.sort();
        areas.dedup();
        format!("{what} {} areas is not plausible", areas.len())
    });
    told.collect()
}

/// Women and men are all together.
fn sexes(known: &Known<'_>) -> Vec<String> {
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, counts) in known.iter().filter(|(key, _)| key.sex == TOTAL) {
        let of = |sex: &str| known.get(&CellKey { sex: sex.into(), ..(*key).clone() });
        if let (Some(women), Some(men)) = (of("F"), of("M"))
            && women.numerator + men.numerator != counts.numerator
        {
            let what = format!("{} {}: the sum of the sexes in", key.indicator, key.time_period);
            broken.entry(what).or_default().push(key.ref_area.clone());
        }
    }
    broken.into_iter().map(|(what, areas)| sentence(&what, areas)).collect()
}
