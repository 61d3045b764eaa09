//! Which figures are sensitive, derived from what was counted and from the rules file alone.
//!
//! Protection decides the same for itself. Nothing of its code is used here, so that a mistake of one is found by the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use catalog::card::Balance;
use catalog::cell::{CellKey, Counts, Reason, Recorded, ShareOf, TOTAL};
use catalog::contract::ExtractId;
use catalog::pipeline::{Protection, SourceRule};

/// What the definitions say about protection.
#[derive(Clone, Copy)]
pub struct Rules<'r> {
    /// The rules of pipeline.yaml.
    pub protection: &'r Protection,
    /// The balances of the cards, by indicator: differences of two flows, which are no counts of persons.
    pub balances: &'r BTreeMap<String, Balance>,
}

/// Values between which a reader must not be able to place a sensitive figure: some value at most `low`, some at least `high`
/// must remain possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    /// The lower end.
    pub(crate) low: i64,
    /// The upper end.
    pub(crate) high: i64,
}

impl Level {
    /// Two persons less and two more in each period, and the threshold at least.
    fn around(value: i64, divisor: i64, threshold: i64) -> Level {
        Level { low: (value - 2 * divisor).max(0), high: (value + 2 * divisor).max(threshold) }
    }
}

/// What is sensitive of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sensitive {
    /// The level of the count, where the count is sensitive.
    pub(crate) count: Option<Level>,
    /// The level of what the share is of, where that is sensitive and no row's own count.
    pub(crate) base: Option<Level>,
    /// Whether what the share is of is a row's own count, and that row is sensitive.
    pub(crate) is_base_of_few: bool,
}

impl Sensitive {
    /// Whether the row must not be shown.
    pub(crate) fn is_any(self) -> bool {
        self.count.is_some() || self.base.is_some() || self.is_base_of_few
    }
}

/// What a row counts, whatever edition or indicator it stands in: indicators that count the same are one.
#[derive(Clone, Copy)]
struct Name<'n> {
    indicator: &'n str,
    method: &'n str,
    key: &'n CellKey,
    codes: [&'n str; 5],
    /// Of what shares are of: the kind of share.
    base: Option<ShareOf>,
}

impl Name<'_> {
    fn text(&self) -> String {
        let CellKey { ref_area_class, ref_area, time_period, .. } = self.key;
        let [sex, age, group, detail, detail_2] = self.codes;
        let base = self.base.map_or("", ShareOf::word);
        let own = [self.indicator, self.method, ref_area_class, ref_area, sex, age, group, detail, detail_2, base];
        format!("{time_period}\n{}", own.join("\n"))
    }
}

/// The record of an edition beside those before it: what was counted, and what is known whatever is suppressed. Only what can
/// matter to a sensitive figure is kept.
pub(crate) struct Records<'r> {
    rules: Rules<'r>,
    /// Counts and bases that everybody can read elsewhere, or that earlier editions have shown.
    known: HashSet<(String, i64)>,
    /// The edition's counts by what they are of.
    counts: HashMap<String, Vec<Counts>>,
}

impl<'r> Records<'r> {
    /// Takes in the record of an edition, and those of the editions before it.
    pub(crate) fn new(rules: Rules<'r>, record: &[Recorded], earlier: &[Vec<Recorded>]) -> Records<'r> {
        let mut found = Records { rules, known: HashSet::new(), counts: HashMap::new() };
        let Protection { usual, sources, .. } = rules.protection;
        let few = sources.values().chain([usual]).map(|rule| rule.threshold).max().unwrap_or(usual.threshold);
        let now = record.iter().map(|row| (row, false));
        let before = earlier.iter().flatten().map(|row| (row, row.reason == Reason::Shown));
        for (row, was_shown) in now.chain(before) {
            let Ok(counts) = row.cell.counts else { continue };
            let few_here = few * counts.divisor.max(1);
            let is_all = counts.denominator == Some(counts.numerator);
            if (was_shown || found.is_public(row, false)) && (counts.contributors < few || is_all) {
                found.known.insert((found.name(row, None).text(), counts.numerator));
            }
            if let Some(base) = counts.denominator.filter(|base| *base < few_here)
                && (was_shown || found.is_public(row, true))
            {
                found.known.insert((found.name(row, Some(row.cell.key.share_of)).text(), base));
            }
        }
        for row in record {
            if let Ok(counts) = row.cell.counts
                && counts.numerator < few * counts.divisor.max(1)
            {
                found.counts.entry(found.name(row, None).text()).or_default().push(counts);
            }
        }
        found
    }

    /// What is sensitive of a row of the record.
    pub(crate) fn of(&self, row: &Recorded) -> Sensitive {
        let Ok(counts) = row.cell.counts else { return Sensitive::default() };
        let rule = self.rules.protection.of(&row.cell.source);
        let count = level_of_count(&row.cell.key, &counts, rule).filter(|_| {
            !self.is_balance(&row.cell.key) && !self.known.contains(&(self.name(row, None).text(), counts.numerator))
        });
        let not_of_base = Sensitive { count, ..Sensitive::default() };
        let (Some(base), true) = (counts.denominator, row.cell.key.share_of != ShareOf::None) else {
            return not_of_base;
        };
        let few = rule.threshold * counts.divisor.max(1);
        let is_few = rule.threshold > 1 && (1..few).contains(&base);
        if !is_few || self.known.contains(&(self.name(row, Some(row.cell.key.share_of)).text(), base)) {
            return not_of_base;
        }
        // Where a row has that count, its persons are known, and it is judged by them.
        let margins = self.margins(row, base, counts.divisor);
        if margins.is_empty() {
            return Sensitive { base: Some(Level::around(base, counts.divisor.max(1), few)), ..not_of_base };
        }
        let is_of_few = |(name, counts): &(String, Counts)| {
            counts.contributors < rule.threshold && !self.known.contains(&(name.clone(), base))
        };
        Sensitive { is_base_of_few: margins.iter().all(is_of_few), ..not_of_base }
    }

    /// The rows of the record that have a base as their own count: the row itself or the row with some dimensions taken together.
    fn margins(&self, row: &Recorded, base: i64, divisor: i64) -> Vec<(String, Counts)> {
        let own = self.name(row, None);
        let mut found = Vec::new();
        for together in 0..1u32 << 5 {
            let mut margin = own;
            (0..5).filter(|at| together >> at & 1 == 1).for_each(|at| margin.codes[at] = TOTAL);
            let name = margin.text();
            let counts = self.counts.get(&name).into_iter().flatten();
            let same = counts.filter(|counts| counts.numerator == base && counts.divisor == divisor);
            found.extend(same.map(|counts| (name.clone(), *counts)));
        }
        found
    }

    fn is_balance(&self, key: &CellKey) -> bool {
        self.rules.balances.get(&key.indicator).is_some_and(|balance| balance.is == key.detail)
    }

    fn is_public(&self, row: &Recorded, base: bool) -> bool {
        let key = &row.cell.key;
        let is = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
        self.rules.protection.of(&row.cell.source).public
            || self.rules.protection.known.iter().any(|known| {
                known.indicator == key.indicator
                    && known.base == base
                    && is(&known.detail, &key.detail)
                    && is(&known.group, &key.group)
            })
    }

    fn name<'n>(&'n self, row: &'n Recorded, base: Option<ShareOf>) -> Name<'n> {
        let key = &row.cell.key;
        let codes = [&key.sex, &key.age_group, &key.group, &key.detail, &key.detail_2].map(String::as_str);
        let mut name = Name { indicator: &key.indicator, method: &row.method, key, codes, base };
        if let Some(same) = self.rules.protection.same.iter().find(|same| same.covers(&key.indicator, &key.detail)) {
            name.indicator = &same.is;
            name.method = same.method.as_deref().unwrap_or(&row.method);
            if same.detail.is_some() {
                name.codes[3] = TOTAL;
            }
        }
        name
    }
}

/// The rows of a record that are shown although something of them is sensitive, counted by indicator. `earlier` are the records
/// of the editions published before, and `is_shown` says of a row whether the edition shows any of its numbers.
pub fn exposed(
    rules: Rules<'_>,
    record: &[Recorded],
    earlier: &[Vec<Recorded>],
    is_shown: impl Fn(&CellKey) -> bool,
) -> BTreeMap<String, usize> {
    let records = Records::new(rules, record, earlier);
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for row in record.iter().filter(|row| is_shown(&row.cell.key) && records.of(row).is_any()) {
        *found.entry(row.cell.key.indicator.clone()).or_default() += 1;
    }
    found
}

/// Whether a published count about the work is sensitive. Rows as delivered, and how many published rows are suppressed, are
/// no counts of persons: the first is what a supplier sent, the second anybody can count.
pub(crate) fn is_sensitive_work(rules: Rules<'_>, [stage, source, measure]: [&str; 3], value: i64) -> bool {
    let rule = ExtractId::read(source).map_or(&rules.protection.usual, |source| rules.protection.of(&source));
    let is_of_rows = stage == "land" && measure == "rows" || stage == "protect";
    !is_of_rows && !rule.public && (1..rule.threshold).contains(&value)
}

/// The level of a count: of few persons, or of all of a group where the rule protects that.
fn level_of_count(key: &CellKey, counts: &Counts, rule: &SourceRule) -> Option<Level> {
    let Counts { numerator, divisor, denominator, contributors } = *counts;
    let is_zero = numerator == 0 && contributors == 0;
    if if is_zero { !rule.zeros_shown } else { contributors < rule.threshold } {
        return Some(Level::around(numerator, divisor.max(1), rule.threshold));
    }
    let is_all = key.share_of == ShareOf::Group && denominator == Some(numerator) && numerator > 0;
    (is_all && rule.all_protected).then_some(Level { low: numerator - 1, high: numerator })
}
