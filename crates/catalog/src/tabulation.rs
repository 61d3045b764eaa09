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
    root.keys(&["count", "threshold", "zeros", "attacker", "margin", "margins", "dimensions"]);
    let count = root.need("count").and_then(|node| node.text());
    let threshold = root.need("threshold").and_then(|node| node.count());
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
    let margin = root.get("margin").map_or(Some(0), |node| node.count());
    let add_margins = match root.get("margins") {
        Some(node) => node.one_of(&[("given", false), ("add", true)]),
        None => Some(false),
    };
    let entries = root.need("dimensions").map(|node| node.entries()).unwrap_or_default();
    let dimensions: Vec<Option<Dimension>> = entries.iter().map(|(name, node)| dimension(name, node)).collect();
    if let (true, Some(node)) = (entries.is_empty(), root.get("dimensions")) {
        node.fault(8, "a table has at least one dimension", "");
    }
    Some(Tabulation {
        count: count?,
        threshold: i64::try_from(threshold?).ok()?,
        zeros_withheld: zeros_withheld?,
        attacker: attacker?,
        margin: i64::try_from(margin?).ok()?,
        add_margins: add_margins?,
        dimensions: dimensions.into_iter().collect::<Option<_>>()?,
    })
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
}
