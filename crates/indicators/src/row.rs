//! Rows of a query, and how they add up.

use std::collections::BTreeMap;

use catalog::card::Dimension;
use catalog::cell::TOTAL;
use catalog::contract::ExtractId;

/// What a row of a query is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) area: String,
    pub(crate) class: String,
    pub(crate) sex: String,
    pub(crate) age_group: String,
    pub(crate) group: String,
    pub(crate) detail: String,
    pub(crate) detail_2: String,
}

impl Key {
    /// The code in a dimension.
    pub(crate) fn code(&self, dimension: Dimension) -> &str {
        match dimension {
            Dimension::Sex => &self.sex,
            Dimension::Age => &self.age_group,
            Dimension::Group => &self.group,
            Dimension::Detail => &self.detail,
            Dimension::Detail2 => &self.detail_2,
        }
    }

    /// The same with another code in a dimension.
    pub(crate) fn with(&self, dimension: Dimension, code: &str) -> Key {
        let mut key = self.clone();
        let place = match dimension {
            Dimension::Sex => &mut key.sex,
            Dimension::Age => &mut key.age_group,
            Dimension::Group => &mut key.group,
            Dimension::Detail => &mut key.detail,
            Dimension::Detail2 => &mut key.detail_2,
        };
        *place = code.to_string();
        key
    }

    /// Whether the row is of all codes of a dimension together.
    pub(crate) fn is_total(&self, dimension: Dimension) -> bool {
        self.code(dimension) == TOTAL
    }
}

/// What a row of a query adds to its cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contribution {
    pub(crate) numerator: i64,
    pub(crate) denominator: Option<i64>,
    pub(crate) contributors: i64,
    pub(crate) source: ExtractId,
    /// Whether it was added up, and not given by the query.
    pub(crate) is_sum: bool,
    /// How many codes were added up to it.
    pub(crate) codes: usize,
}

impl Contribution {
    /// Adds what the query returns a second time for the same key.
    pub(crate) fn add(&mut self, other: &Contribution) {
        self.numerator += other.numerator;
        self.contributors += other.contributors;
        self.denominator = match (self.denominator, other.denominator) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }
}

/// What is added up to a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Codes of a dimension.
    Codes,
    /// Municipalities of an area.
    Members,
}

impl Over {
    /// Adds a further part.
    fn add(self, sum: &mut Contribution, part: &Contribution) {
        let codes = sum.codes;
        sum.add(part);
        sum.codes = match self {
            Over::Codes => codes + part.codes,
            Over::Members => codes.min(part.codes),
        };
    }
}

pub(crate) type Rows = BTreeMap<Key, Contribution>;

/// The rows, and the sums to which `above` says they add; rows that `is_sum` are there already and outrank sums.
pub(crate) fn sums(rows: Rows, over: Over, above: impl Fn(&Key) -> Vec<Key>, is_sum: impl Fn(&Key) -> bool) -> Rows {
    let mut added = Rows::new();
    for (key, row) in rows.iter().filter(|(key, _)| !is_sum(key)) {
        for target in above(key) {
            match added.get_mut(&target) {
                Some(sum) => over.add(sum, row),
                None => {
                    added.insert(target, Contribution { is_sum: true, ..row.clone() });
                }
            }
        }
    }
    // A row that is given outranks the sum of its parts.
    added.extend(rows);
    added
}
