//! The description of a table of counts that a statistician wants protected: its dimensions, how their codes add up, what
//! is withheld, and what a reader is taken to know.

use std::collections::BTreeMap;

use crate::document::{Document, Node};
use crate::{Fault, Place};

/// A dimension of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Its column.
    pub name: String,
    /// The code of the total, where the dimension has one.
    pub total: Option<String>,
    /// The ways in which codes add up.
    pub schemes: Vec<Scheme>,
}

/// One way in which codes of a dimension add up: parents are the sums of their children, the topmost add up to the total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// Its name.
    pub name: String,
    /// Where the parents are written.
    pub parents: Parents,
}

/// Parents of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parents {
    /// By code.
    Given(BTreeMap<String, String>),
    /// In a comma-separated file beside the description.
    File {
        /// The file.
        file: String,
        /// Its column of codes.
        code: String,
        /// Its column of parents.
        parent: String,
        /// Where it is named.
        place: Place,
    },
}

/// What a reader knows besides what is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attacker {
    /// Counts are not negative.
    NonNegative,
    /// Zeros are shown, so that a withheld count is at least one.
    ZerosShown,
}

/// What becomes of a further column on the row of a suppressed count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FurtherColumn {
    /// It stays: nothing in it tells of the count.
    Stays,
    /// It is emptied with the count: a share of it, a copy, a mean.
    Emptied,
}

/// Counts, thresholds and margins are at most this: whole numbers that a floating-point search still tells apart.
pub const LARGEST_COUNT: i64 = 1 << 53;

/// The description of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tabulation {
    /// Column of the counts.
    pub count: String,
    /// Counts from 1 up to below this are withheld.
    pub threshold: i64,
    /// Whether zeros are withheld as well.
    pub zeros_withheld: bool,
    /// What a reader knows.
    pub attacker: Attacker,
    /// How far below and above the count a reader must be left in doubt, and at least up to the threshold; 0 where any
    /// other value is enough.
    pub margin: i64,
    /// Whether sums that the table lacks are added to it.
    pub add_margins: bool,
    /// What becomes of further columns, by their names.
    pub columns: BTreeMap<String, FurtherColumn>,
    /// The dimensions.
    pub dimensions: Vec<Dimension>,
}

impl Tabulation {
    /// Reads a description; all its faults, each with its line.
    pub fn read(file: &str, text: &str) -> Result<Tabulation, Vec<Fault>> {
        let document = Document::read(file, 'T', text);
        if !document.is_readable() {
            return Err(document.into_faults());
        }
        let read = tabulation(&document.root());
        let faults = document.into_faults();
        match read {
            Some(read) if faults.is_empty() => Ok(read),
            _ => Err(faults),
        }
    }
}

fn tabulation(root: &Node) -> Option<Tabulation> {
    root.keys(&["count", "threshold", "zeros", "attacker", "margin", "margins", "columns", "dimensions"]);
    let count = root.need("count").and_then(|node| node.text());
    let threshold = root.need("threshold").and_then(|node| number(&node));
    if threshold == Some(0) {
        root.get("threshold")?.fault(8, "a threshold is at least 1", "5 withholds counts from 1 to 4");
    }
    let zeros_withheld = match root.get("zeros") {
        Some(node) => node.one_of(&[("shown", false), ("withheld", true)]),
        None => Some(false),
    };
    let attacker = match root.get("attacker") {
        Some(node) => node.one_of(&[("non-negative", Attacker::NonNegative), ("zeros-shown", Attacker::ZerosShown)]),
        None => Some(Attacker::NonNegative),
    };
    if let (Some(true), Some(Attacker::ZerosShown), Some(node)) = (zeros_withheld, attacker, root.get("attacker")) {
        node.fault(
            8,
            "a reader cannot count on zeros that are withheld",
            "set `zeros: shown`, or `attacker: non-negative`",
        );
    }
    let margin = root.get("margin").map_or(Some(0), |node| number(&node));
    let add_margins = match root.get("margins") {
        Some(node) => node.one_of(&[("given", false), ("add", true)]),
        None => Some(false),
    };
    let entries = root.need("dimensions").map(|node| node.entries()).unwrap_or_default();
    let dimensions: Vec<Option<Dimension>> = entries.iter().map(|(name, node)| dimension(name, node)).collect();
    if let (true, Some(node)) = (entries.is_empty(), root.get("dimensions")) {
        node.fault(8, "a table has at least one dimension", "");
    }
    for (name, node) in entries.iter().filter(|(name, _)| Some(name) == count.as_ref()) {
        node.fault(8, format!("`{name}` is the column of counts, and no dimension"), "");
    }
    let columns = further_columns(root, &entries, count.as_deref());
    Some(Tabulation {
        count: count?,
        threshold: threshold?,
        zeros_withheld: zeros_withheld?,
        attacker: attacker?,
        margin: margin?,
        add_margins: add_margins?,
        columns: columns?,
        dimensions: dimensions.into_iter().collect::<Option<_>>()?,
    })
}

/// A number that is a count, or is added to one.
fn number(node: &Node) -> Option<i64> {
    let found = node.count()?;
    let number = i64::try_from(found).ok().filter(|number| *number <= LARGEST_COUNT);
    if number.is_none() {
        node.fault(8, format!("more than {LARGEST_COUNT}"), "");
    }
    number
}

/// What the description says of columns that are neither a dimension nor the count.
fn further_columns(
    root: &Node,
    dimensions: &[(String, Node)],
    count: Option<&str>,
) -> Option<BTreeMap<String, FurtherColumn>> {
    let words = [("stays", FurtherColumn::Stays), ("emptied", FurtherColumn::Emptied)];
    let entries = root.get("columns").map(|node| node.entries()).unwrap_or_default();
    let read = |(name, node): (String, Node)| {
        if Some(name.as_str()) == count || dimensions.iter().any(|(dimension, _)| *dimension == name) {
            node.fault(8, format!("`{name}` is the count or a dimension, and no further column"), "");
        }
        Some((name, node.one_of(&words)?))
    };
    let read: Vec<Option<(String, FurtherColumn)>> = entries.into_iter().map(read).collect();
    read.into_iter().collect()
}

fn dimension(name: &str, node: &Node) -> Option<Dimension> {
    node.keys(&["total", "parents"]);
    let total = node.get("total").map(|node| node.text());
    let schemes: Vec<Option<Scheme>> = node
        .get("parents")
        .map(|node| node.entries())
        .unwrap_or_default()
        .iter()
        .map(|(name, node)| Some(Scheme { name: name.clone(), parents: parents(node)? }))
        .collect();
    let total = match total {
        Some(text) => Some(text?),
        None => None,
    };
    Some(Dimension { name: name.to_string(), total, schemes: schemes.into_iter().collect::<Option<_>>()? })
}

fn parents(node: &Node) -> Option<Parents> {
    if node.get("file").is_some() {
        node.keys(&["file", "code", "parent"]);
        let text = |key: &str| node.need(key).and_then(|node| node.text());
        let (file, code, parent) = (text("file"), text("code"), text("parent"));
        return Some(Parents::File { file: file?, code: code?, parent: parent?, place: node.place() });
    }
    let given: Vec<(String, Option<String>)> =
        node.entries().into_iter().map(|(code, node)| (code, node.text())).collect();
    let given = given.into_iter().map(|(code, parent)| Some((code, parent?))).collect::<Option<BTreeMap<_, _>>>()?;
    Some(Parents::Given(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_and_all_its_faults_are_told_at_once() {
        let sound = "count: n\nthreshold: 5\nattacker: zeros-shown\nmargin: 2\ndimensions:\n  area:\n    total: T\n    parents:\n      \
                     province: { file: geo.csv, code: gem, parent: prov }\n      other: { A: X, B: X }\n  sex: { total: T }\n";
        let read = Tabulation::read("spec.yaml", sound).unwrap();
        assert_eq!((read.threshold, read.margin, read.attacker), (5, 2, Attacker::ZerosShown));
        assert_eq!(read.dimensions[0].schemes.len(), 2);
        assert_eq!(read.dimensions[1].total.as_deref(), Some("T"));

        let broken = "count: n\nthreshold: 0\nzeros: withheld\nattacker: zeros-shown\nmargn: 2\ndimensions:\n  area: { totl: T }\n";
        let faults = Tabulation::read("spec.yaml", broken).unwrap_err();
        let mut told: Vec<(Option<u64>, &str)> =
            faults.iter().map(|fault| (fault.place.line, fault.code.as_str())).collect();
        told.sort_unstable();
        assert_eq!(told, [(Some(2), "T08"), (Some(4), "T08"), (Some(5), "T03"), (Some(7), "T03")]);
    }

    /// A byte order mark is no part of the text; a number that no count reaches is refused and not left out in silence.
    #[test]
    fn further_columns_are_read_and_great_numbers_refused() {
        let sound = "\u{feff}count: n\nthreshold: 5\ncolumns: { share: emptied, year: stays }\ndimensions:\n  sex: { total: T }\n";
        let read = Tabulation::read("spec.yaml", sound).unwrap();
        let further = [("share".to_string(), FurtherColumn::Emptied), ("year".to_string(), FurtherColumn::Stays)];
        assert_eq!(read.columns, BTreeMap::from(further));

        let broken = "count: n\nthreshold: 18446744073709551615\nmargin: 9223372036854775807\ncolumns: { n: stays, sex: stays, \
                      share: kept }\ndimensions:\n  sex: { total: T }\n  n: {}\n";
        let faults = Tabulation::read("spec.yaml", broken).unwrap_err();
        let mut told: Vec<(Option<u64>, &str)> =
            faults.iter().map(|fault| (fault.place.line, fault.code.as_str())).collect();
        told.sort_unstable();
        let four = Some(4);
        assert_eq!(
            told,
            [(Some(2), "T08"), (Some(3), "T08"), (four, "T06"), (four, "T08"), (four, "T08"), (Some(7), "T08")]
        );
    }
}
