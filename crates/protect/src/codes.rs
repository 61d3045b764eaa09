//! Whether the codes of a table and those of its description are the same: protection rests on the sums that the description
//! names, so a total or a parent that is spelt otherwise in the table leaves its components unprotected.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use catalog::fault::did_you_mean;

use crate::table::{Dimension, Row};

/// A way in which the codes of a table and of its description do not meet. Dimensions and schemes are given by their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeFault {
    /// No row has the code of the total.
    NoTotal {
        /// The dimension.
        dimension: usize,
        /// The code as described.
        total: String,
        /// A code of the table that is spelt nearly so.
        like: Option<String>,
    },
    /// A code is the sum of others in all rows, and the description does not say so.
    UndeclaredSum {
        /// The dimension.
        dimension: usize,
        /// The sum.
        sum: String,
        /// What it is the sum of.
        components: Vec<String>,
        /// Whether these are all other codes that are not part of another.
        is_total: bool,
    },
    /// Two codes of the table differ in case or blanks only.
    Alike {
        /// The dimension.
        dimension: usize,
        /// One of them.
        code: String,
        /// The other.
        other: String,
    },
    /// A code of a scheme is not spelt as in the table.
    Misspelt {
        /// The dimension.
        dimension: usize,
        /// The scheme.
        scheme: usize,
        /// The code as described.
        code: String,
        /// The code of the table.
        like: String,
    },
    /// None of a scheme's codes is in the table.
    NoneInTable {
        /// The dimension.
        dimension: usize,
        /// The scheme.
        scheme: usize,
        /// How many codes it gives a parent.
        codes: usize,
        /// How many codes of the table it does not name.
        unnamed: usize,
        /// How many codes the table has.
        of: usize,
    },
    /// A parent is in the table, and nothing that the scheme adds up to it.
    NoComponents {
        /// The dimension.
        dimension: usize,
        /// The scheme.
        scheme: usize,
        /// The parent.
        parent: String,
    },
}

/// Rows in which the components of a sum must be more than one count that is not zero, before their adding up is no chance.
const INFORMATIVE: usize = 3;

/// Returns all faults of the codes, by dimension. `adds_margins` says that totals which are not in the rows are added.
pub fn code_faults(dimensions: &[Dimension], rows: &[Row], adds_margins: bool) -> Vec<CodeFault> {
    let mut found = Vec::new();
    for (at, dimension) in dimensions.iter().enumerate() {
        let mut codes: Vec<&str> = Vec::new();
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for row in rows {
            if known.insert(&row.codes[at]) {
                codes.push(&row.codes[at]);
            }
        }
        let spelling = Spelling::of(&known);
        found.extend(spelling.alike.iter().map(|(code, other)| CodeFault::Alike {
            dimension: at,
            code: (*code).into(),
            other: (*other).into(),
        }));
        if let Some(total) = dimension.total.as_deref().filter(|total| !known.contains(total)) {
            let like = spelling.like(total);
            if like.is_some() || !adds_margins {
                let like = like.or_else(|| did_you_mean(total, known.iter().copied())).map(String::from);
                found.push(CodeFault::NoTotal { dimension: at, total: total.into(), like });
            }
        }
        for scheme in 0..dimension.schemes.len() {
            found.extend(scheme_faults(at, dimension, scheme, &known, &spelling));
        }
        if dimension.total.is_none() {
            found.extend(undeclared_sums(at, dimension, &codes, rows));
        }
    }
    found
}

/// The codes of a table as they are compared: without regard to case, blanks and leading zeros.
struct Spelling<'c> {
    by_form: BTreeMap<String, &'c str>,
    alike: Vec<(&'c str, &'c str)>,
}

impl<'c> Spelling<'c> {
    fn of(codes: &BTreeSet<&'c str>) -> Spelling<'c> {
        let mut by_case: BTreeMap<String, &str> = BTreeMap::new();
        let mut alike = Vec::new();
        for code in codes {
            if let Some(other) = by_case.insert(plain(code), code) {
                alike.push((other, *code));
            }
        }
        // Where two codes come to one form the first stands for both: either is worth a look.
        let mut by_form: BTreeMap<String, &str> = BTreeMap::new();
        for (form, code) in by_case {
            by_form.entry(without_zeros(&form)).or_insert(code);
        }
        Spelling { by_form, alike }
    }

    /// A code of the table that is spelt like one that it does not have.
    fn like(&self, code: &str) -> Option<&'c str> {
        self.by_form.get(&without_zeros(&plain(code))).copied()
    }
}

/// A code without blanks of any kind, in lower case.
fn plain(code: &str) -> String {
    let is_blank = |letter: &char| letter.is_whitespace() || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{feff}');
    code.chars().filter(|letter| !is_blank(letter)).flat_map(char::to_lowercase).collect()
}

fn without_zeros(form: &str) -> String {
    let is_number = !form.is_empty() && form.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { form.trim_start_matches('0').to_string() } else { form.to_string() }
}

fn scheme_faults(
    dimension: usize,
    described: &Dimension,
    scheme: usize,
    known: &BTreeSet<&str>,
    spelling: &Spelling<'_>,
) -> Vec<CodeFault> {
    let parents = &described.schemes[scheme];
    let named: BTreeSet<&str> = parents.iter().flat_map(|(code, parent)| [code.as_str(), parent.as_str()]).collect();
    let mut found = Vec::new();
    if !parents.keys().any(|code| known.contains(code.as_str())) {
        let unnamed = known.iter().filter(|code| !named.contains(*code)).count();
        found.push(CodeFault::NoneInTable { dimension, scheme, codes: parents.len(), unnamed, of: known.len() });
    }
    let misspelt = named.iter().filter(|code| !known.contains(*code) && Some(**code) != described.total.as_deref());
    found.extend(misspelt.filter_map(|code| {
        let like = spelling.like(code)?.to_string();
        Some(CodeFault::Misspelt { dimension, scheme, code: (*code).to_string(), like })
    }));
    let mut has_component: BTreeMap<&str, bool> = BTreeMap::new();
    for (code, parent) in parents {
        *has_component.entry(parent).or_default() |=
            known.contains(code.as_str()) || parents.values().any(|p| p == code);
    }
    let empty = has_component.into_iter().filter(|(parent, has)| !has && known.contains(parent));
    found.extend(empty.map(|(parent, _)| CodeFault::NoComponents { dimension, scheme, parent: parent.into() }));
    found
}

/// The counts of each code by the codes of the other dimensions.
type Columns<'r> = HashMap<&'r str, HashMap<Vec<&'r str>, i64>>;

/// Codes of a dimension without a total that are the sum of others in all rows: a total or a parent that was forgotten. Those
/// that a table has are all others together, and a run of codes that lie before or behind it in the file.
fn undeclared_sums(dimension: usize, described: &Dimension, codes: &[&str], rows: &[Row]) -> Vec<CodeFault> {
    let mut columns: Columns<'_> = HashMap::new();
    for row in rows {
        let mut others: Vec<&str> = row.codes.iter().map(String::as_str).collect();
        let code = others.remove(dimension);
        columns.entry(code).or_default().insert(others, row.count);
    }
    // The hash of a sum is the sum of the hashes.
    let hash = |code: &str| {
        columns[code].iter().fold(0u64, |sum, (others, count)| {
            let mut hasher = DefaultHasher::new();
            others.hash(&mut hasher);
            sum.wrapping_add((hasher.finish() | 1).wrapping_mul(*count as u64))
        })
    };
    let hashes: HashMap<&str, u64> = codes.iter().map(|code| (*code, hash(code))).collect();
    let no_scheme = [BTreeMap::new()];
    let schemes = if described.schemes.is_empty() { &no_scheme[..] } else { &described.schemes[..] };
    let mut found = Vec::new();
    for scheme in schemes {
        let top: Vec<&str> = codes.iter().copied().filter(|code| !scheme.contains_key(*code)).collect();
        for (at, sum) in top.iter().enumerate() {
            let is_sum = |components: &[&str]| {
                components.len() > 1
                    && components.iter().fold(0u64, |all, code| all.wrapping_add(hashes[code])) == hashes[sum]
                    && adds_up(&columns, sum, components)
            };
            let others: Vec<&str> = top.iter().copied().filter(|code| code != sum).collect();
            let runs = || {
                let before = (0..at).rev().map(|from| &top[from..at]);
                let behind = (at + 1..top.len()).map(|to| &top[at + 1..=to]);
                before.chain(behind)
            };
            let is_total = is_sum(&others);
            let components = if is_total {
                Some(others)
            } else {
                runs().find(|run| is_sum(run) && is_informative(&columns, run)).map(<[&str]>::to_vec)
            };
            found.extend(components.map(|components| CodeFault::UndeclaredSum {
                dimension,
                sum: (*sum).into(),
                components: components.into_iter().map(String::from).collect(),
                is_total,
            }));
        }
    }
    found.dedup();
    found
}

fn adds_up(columns: &Columns<'_>, sum: &str, components: &[&str]) -> bool {
    let mut left: HashMap<&Vec<&str>, i128> = HashMap::new();
    for (others, count) in &columns[sum] {
        *left.entry(others).or_default() += i128::from(*count);
    }
    for (others, count) in components.iter().flat_map(|code| &columns[*code]) {
        *left.entry(others).or_default() -= i128::from(*count);
    }
    columns[sum].values().any(|count| *count != 0) && left.values().all(|left| *left == 0)
}

fn is_informative(columns: &Columns<'_>, components: &[&str]) -> bool {
    let mut counted: HashMap<&Vec<&str>, usize> = HashMap::new();
    for (others, _) in components.iter().flat_map(|code| &columns[*code]).filter(|(_, count)| **count != 0) {
        *counted.entry(others).or_default() += 1;
    }
    counted.values().filter(|counts| **counts > 1).count() >= INFORMATIVE
}
