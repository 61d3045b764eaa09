//! Plausibility: what the figures of an edition keep to when all is well, as rules that are read.

use std::collections::BTreeSet;

use crate::card::Dimension;
use crate::document::{Document, Node};
use crate::{Fault, Period, Place};

/// A rule between figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What must hold.
    pub holds: Holds,
    /// Why it is expected, in words for a reader.
    pub why: String,
    /// Where it is written.
    pub place: Place,
}

/// What must hold, of the figures of all ages and both sexes together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// In every area one indicator is at most another of the same period.
    AtMost {
        /// The smaller.
        part: String,
        /// The greater.
        whole: String,
        /// Of each group as well as of all together.
        by_group: bool,
    },
    /// In every municipality one indicator is so many hundredths of another of the same period.
    Ratio {
        /// The indicator.
        of: String,
        /// What it is held against.
        to: String,
        /// Least and most, in hundredths.
        percent: [u64; 2],
        /// Municipalities where the other is less than this are left out.
        from_count: u64,
    },
    /// Some areas together have so many thousandths of the region.
    Areas {
        /// The indicator.
        indicator: String,
        /// The period that it is known of.
        period: Period,
        /// The areas.
        areas: Vec<String>,
        /// Least and most, in thousandths.
        per_mille: [u64; 2],
    },
    /// In every area some groups, of which everybody is in one, add up to all.
    Groups {
        /// The indicator.
        indicator: String,
        /// The groups.
        add_up: Vec<String>,
        /// All are also what the shares are of: those of the groups are hundred together.
        composition: bool,
    },
    /// The region is what its municipalities are together, those of unknown place included.
    Region {
        /// The indicator.
        indicator: String,
        /// The detail that adds up; all together where none is named.
        detail: Option<String>,
    },
}

impl Rule {
    /// The indicators that the rule is about.
    pub fn indicators(&self) -> Vec<&str> {
        match &self.holds {
            Holds::AtMost { part, whole, .. } => vec![part, whole],
            Holds::Ratio { of, to, .. } => vec![of, to],
            Holds::Areas { indicator, .. } | Holds::Groups { indicator, .. } | Holds::Region { indicator, .. } => {
                vec![indicator]
            }
        }
    }

    /// The codes that the rule names, each with its indicator and dimension.
    pub fn codes(&self) -> Vec<(&str, Dimension, &str)> {
        match &self.holds {
            Holds::Groups { indicator, add_up, .. } => {
                add_up.iter().map(|group| (indicator.as_str(), Dimension::Group, group.as_str())).collect()
            }
            Holds::Region { indicator, detail: Some(detail) } => {
                vec![(indicator.as_str(), Dimension::Detail, detail.as_str())]
            }
            _ => Vec::new(),
        }
    }

    /// Reads a file of rules; all its faults, each with its line.
    pub fn read(file: &str, text: &str) -> (Vec<Rule>, Vec<Fault>) {
        let document = Document::read(file, 'I', text);
        let mut rules = Vec::new();
        if document.is_readable() {
            let root = document.root();
            root.keys(&["rules"]);
            let items = root.need("rules").map(|node| node.items()).unwrap_or_default();
            rules.extend(items.iter().filter_map(rule));
        }
        (rules, document.into_faults())
    }
}

fn rule(node: &Node) -> Option<Rule> {
    node.keys(&["at_most", "ratio", "areas", "groups", "region", "why"]);
    let why = node.need("why").and_then(|node| node.text());
    let own = |key: &str, known: &[&str]| node.get(key).inspect(|node| node.keys(known));
    let at_most = own("at_most", &["part", "whole", "by"]);
    let ratio = own("ratio", &["of", "to", "percent", "from_count"]);
    let areas = own("areas", &["indicator", "period", "areas", "per_mille"]);
    let groups = own("groups", &["indicator", "add_up", "composition"]);
    let region = own("region", &["indicator", "detail"]);
    let text = |node: &Node, key: &str| node.need(key).and_then(|node| node.text());
    let holds = match (at_most, ratio, areas, groups, region) {
        (Some(node), None, None, None, None) => {
            let by_group = node.get("by").map(|node| node.one_of(&[("group", true)]));
            let (part, whole) = (text(&node, "part"), text(&node, "whole"));
            Holds::AtMost { part: part?, whole: whole?, by_group: by_group.flatten().unwrap_or(false) }
        }
        (None, Some(node), None, None, None) => {
            let (of, to, percent) = (text(&node, "of"), text(&node, "to"), bounds(&node, "percent"));
            let from_count = node.get("from_count").map_or(Some(0), |node| node.count());
            Holds::Ratio { of: of?, to: to?, percent: percent?, from_count: from_count? }
        }
        (None, None, Some(node), None, None) => {
            let indicator = text(&node, "indicator");
            let period = node.need("period").and_then(|node| node.period());
            let areas = node.need("areas").map(|node| node.items().iter().filter_map(Node::text).collect());
            let per_mille = bounds(&node, "per_mille");
            Holds::Areas { indicator: indicator?, period: period?, areas: areas?, per_mille: per_mille? }
        }
        (None, None, None, Some(node), None) => {
            let indicator = text(&node, "indicator");
            let add_up = node.need("add_up").map(|node| node.items().iter().filter_map(Node::text).collect());
            let composition = node.get("composition").map_or(Some(false), |node| node.truth());
            let codes: Option<&Vec<String>> = add_up.as_ref();
            if codes.is_some_and(|codes| codes.is_empty() || codes.iter().collect::<BTreeSet<_>>().len() < codes.len())
            {
                node.fault(8, "groups that add up are expected here, each once", "such as [BE, VREEMD, ONBEKEND]");
                return None;
            }
            Holds::Groups { indicator: indicator?, add_up: add_up?, composition: composition? }
        }
        (None, None, None, None, Some(node)) => {
            let detail = node.get("detail").and_then(|node| node.text());
            Holds::Region { indicator: text(&node, "indicator")?, detail }
        }
        _ => {
            node.fault(8, "a rule has one of `at_most`, `ratio`, `areas`, `groups` and `region`", "");
            return None;
        }
    };
    Some(Rule { holds, why: why?, place: node.place() })
}

fn bounds(node: &Node, key: &str) -> Option<[u64; 2]> {
    let node = node.need(key)?;
    let found: Vec<u64> = node.items().iter().filter_map(Node::count).collect();
    let found = <[u64; 2]>::try_from(found).ok().filter(|[least, most]| least <= most);
    if found.is_none() {
        node.fault(8, "the least and the most are expected here", "such as [110, 450]");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_their_faults_told_with_lines() {
        let sound = "rules:\n  - at_most: { part: a, whole: b, by: group }\n    why: x\n  - ratio: { of: b, to: a, percent: [110, 450] }\n    why: y\n";
        let (rules, faults) = Rule::read("plausibility.yaml", sound);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(rules[0].holds, Holds::AtMost { part: "a".into(), whole: "b".into(), by_group: true });
        assert_eq!(rules[1].indicators(), ["b", "a"]);
        let broken = "rules:\n  - at_most: { part: a, whol: b }\n    why: x\n  - ratio: { of: b, to: a, percent: [450, 110] }\n    why: y\n  - why: z\n  - groups: { indicator: a, add_up: [B, B] }\n    why: t\n";
        let (_, faults) = Rule::read("plausibility.yaml", broken);
        let mut told: Vec<(Option<u64>, &str)> =
            faults.iter().map(|fault| (fault.place.line, fault.code.as_str())).collect();
        told.sort_unstable();
        assert_eq!(told, [(Some(2), "I03"), (Some(2), "I04"), (Some(4), "I08"), (Some(6), "I08"), (Some(7), "I08")]);
    }
}
