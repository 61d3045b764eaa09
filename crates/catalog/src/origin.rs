//! Origin definitions: named, versioned decision tables, as data.
//!
//! A definition looks at up to five facts of a person, each of them Belgian, foreign or unknown, and its rules, first
//! match wins, give the class, the fact that gives the group, and the fact that decided. The rules are checked to
//! cover all 243 combinations, so that classifying a person is one look-up. A definition may say that some groups of
//! nationalities count as Belgian for it, as the European ones do for the public employment service.

use crate::document::{Document, Node};
use crate::fault::Fault;

/// A fact about a person that origin may be read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OriginFact {
    /// First nationality of the father, or of the first of two mothers.
    Father,
    /// First nationality of the mother, or of the second of two fathers.
    Mother,
    /// The person's own first known nationality.
    OwnFirst,
    /// The person's own nationality on the date.
    OwnCurrent,
    /// The last of the person's own nationalities up to the date that is foreign; the last of all when none is.
    OwnEarlier,
}

impl OriginFact {
    /// The facts in the order of a state's digits.
    pub const ALL: [OriginFact; 5] =
        [OriginFact::Father, OriginFact::Mother, OriginFact::OwnFirst, OriginFact::OwnCurrent, OriginFact::OwnEarlier];

    /// The words used in definitions and tables.
    pub const WORDS: [(&'static str, OriginFact); 5] = [
        ("father", OriginFact::Father),
        ("mother", OriginFact::Mother),
        ("own-first", OriginFact::OwnFirst),
        ("own-current", OriginFact::OwnCurrent),
        ("own-earlier", OriginFact::OwnEarlier),
    ];
}

/// What is known of one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Known {
    /// No record: never makes somebody foreign.
    Unknown,
    /// Belgian, or of a nationality that counts as Belgian for the definition.
    Belgian,
    /// Any other nationality; a nationality recorded as undetermined (711) is one.
    Foreign,
}

impl Known {
    const WORDS: [(&'static str, Known); 3] =
        [("unknown", Known::Unknown), ("belgian", Known::Belgian), ("foreign", Known::Foreign)];
}

/// The fact that decided, as written beside each person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecidedBy {
    /// The father's first nationality.
    Father,
    /// The mother's first nationality.
    Mother,
    /// The person's own first nationality.
    OwnFirst,
    /// The person's own current nationality.
    OwnCurrent,
    /// One of the person's own earlier nationalities.
    OwnEarlier,
    /// The first nationalities of both parents.
    BothParents,
    /// All facts of the definition are known, and Belgian.
    AllBelgian,
    /// What is known is Belgian, but something is unknown.
    KnownBelgian,
    /// No fact of the definition is known.
    NothingKnown,
}

impl DecidedBy {
    /// The words, in the order of the discriminants.
    pub const WORDS: [(&'static str, DecidedBy); 9] = [
        ("father", DecidedBy::Father),
        ("mother", DecidedBy::Mother),
        ("own-first", DecidedBy::OwnFirst),
        ("own-current", DecidedBy::OwnCurrent),
        ("own-earlier", DecidedBy::OwnEarlier),
        ("both-parents", DecidedBy::BothParents),
        ("all-belgian", DecidedBy::AllBelgian),
        ("known-belgian", DecidedBy::KnownBelgian),
        ("nothing-known", DecidedBy::NothingKnown),
    ];
}

/// What a definition says of one combination of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Index into the definition's classes.
    pub class: u8,
    /// The fact that gives the group; none where the group is Belgian.
    pub group: Option<OriginFact>,
    /// The fact that decided.
    pub decided_by: DecidedBy,
}

/// A named, versioned origin definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginDefinition {
    /// Its id, such as `vier-criteria-2013`.
    pub id: String,
    /// Dutch title.
    pub title: String,
    /// Operationalisation level: L1 current nationality, L2 own history, L3 parents' history.
    pub level: String,
    /// Where the rule comes from.
    pub source: String,
    /// The classes, such as `belgian` and `foreign`.
    pub classes: Vec<String>,
    /// A scheme and its groups, with all below them, that count as Belgian.
    pub counts_as_belgian: Option<(String, Vec<String>)>,
    /// Facts that a rule looks at.
    looks_at: [bool; FACTS],
    /// One decision for each of the 243 combinations; see [`state`].
    table: Vec<Decision>,
}

/// How many facts there are to look at.
pub const FACTS: usize = OriginFact::ALL.len();

/// The number of a combination of facts, 0 to 242.
pub fn state(facts: [Known; FACTS]) -> usize {
    facts.iter().fold(0, |sum, known| sum * 3 + *known as usize)
}

impl OriginDefinition {
    /// Reads a definition and checks that its rules decide every combination.
    pub fn read(file: &str, text: &str) -> (Option<OriginDefinition>, Vec<Fault>) {
        let document = Document::read(file, 'O', text);
        let found = if document.is_readable() { definition(&document.root()) } else { None };
        let faults = document.into_faults();
        (found.filter(|_| faults.is_empty()), faults)
    }

    /// What the definition says of a combination.
    pub fn decide(&self, facts: [Known; FACTS]) -> Decision {
        self.table[state(facts)]
    }

    /// Whether a rule looks at a fact.
    pub fn looks_at(&self, fact: OriginFact) -> bool {
        self.looks_at[fact as usize]
    }
}

struct Rule {
    when: Vec<(OriginFact, Known)>,
    decision: Decision,
}

fn definition(root: &Node<'_>) -> Option<OriginDefinition> {
    root.keys(&["definition", "title", "level", "source", "note", "classes", "counts_as_belgian", "rules"]);
    let id = root.need("definition").and_then(|node| node.text());
    let title = root.need("title").and_then(|node| node.text());
    let level = root.need("level").and_then(|node| node.one_of(&[("L1", "L1"), ("L2", "L2"), ("L3", "L3")]));
    let source = root.need("source").and_then(|node| node.text());
    let classes: Vec<String> =
        root.need("classes").map(|node| node.items().iter().filter_map(Node::text).collect()).unwrap_or_default();
    let counts_as_belgian = root.get("counts_as_belgian").and_then(|node| {
        node.keys(&["scheme", "groups"]);
        Some((node.need("scheme")?.text()?, node.need("groups")?.items().iter().filter_map(Node::text).collect()))
    });
    let rules_node = root.need("rules")?;
    let rules: Vec<Rule> = rules_node.items().iter().filter_map(|node| rule(node, &classes)).collect();
    let states = 3usize.pow(FACTS as u32);
    let mut table = Vec::with_capacity(states);
    for number in 0..states {
        let facts = [number / 81, number / 27 % 3, number / 9 % 3, number / 3 % 3, number % 3]
            .map(|digit| [Known::Unknown, Known::Belgian, Known::Foreign][digit]);
        let matched = rules.iter().find(|rule| rule.when.iter().all(|(fact, known)| facts[*fact as usize] == *known));
        match matched {
            Some(rule) => table.push(rule.decision),
            None => {
                rules_node.fault(
                    10,
                    format!(
                        "no rule decides father {:?}, mother {:?}, own first {:?}, own current {:?}, own earlier {:?}",
                        facts[0], facts[1], facts[2], facts[3], facts[4]
                    )
                    .to_lowercase(),
                    "end with a rule without `when`",
                );
                return None;
            }
        }
    }
    let looks_at = OriginFact::ALL.map(|fact| {
        let tested = |rule: &Rule| rule.when.iter().any(|(own, _)| *own == fact) || rule.decision.group == Some(fact);
        rules.iter().any(tested)
    });
    Some(OriginDefinition {
        id: id?,
        title: title?,
        level: level?.to_string(),
        source: source?,
        classes,
        counts_as_belgian,
        looks_at,
        table,
    })
}

fn rule(node: &Node<'_>, classes: &[String]) -> Option<Rule> {
    node.keys(&["when", "class", "group", "decided_by"]);
    let mut when = Vec::new();
    if let Some(conditions) = node.get("when") {
        for (word, condition) in conditions.entries() {
            match OriginFact::WORDS.iter().find(|(known, _)| *known == word) {
                Some((_, fact)) => when.extend(condition.one_of(&Known::WORDS).map(|known| (*fact, known))),
                None => condition.fault(
                    6,
                    format!("`{word}` is not a fact"),
                    "father, mother, own-first, own-current, own-earlier",
                ),
            }
        }
    }
    let class_node = node.need("class")?;
    let word = class_node.text()?;
    let Some(class) = classes.iter().position(|known| *known == word) else {
        class_node.fault(6, format!("`{word}` is not among the definition's classes"), classes.join(", "));
        return None;
    };
    let group = match node.get("group") {
        Some(group) => Some(group.one_of(&OriginFact::WORDS)?),
        None => None,
    };
    // A nationality that counts as Belgian still has a group of its own.
    if let Some(fact) = group
        && !when.iter().any(|(own, known)| *own == fact && *known != Known::Unknown)
    {
        node.fault(11, "the group is read from a fact that this rule does not hold to be known", "");
    }
    let decided_by = node.need("decided_by")?.one_of(&DecidedBy::WORDS)?;
    Some(Rule { when, decision: Decision { class: class as u8, group, decided_by } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_leave_a_gap_are_refused() {
        let text = "definition: d\ntitle: t\nlevel: L1\nsource: s\nclasses: [belgian, foreign]\nrules:\n  \
                    - when: { own-current: foreign }\n    class: foreign\n    group: own-current\n    decided_by: own-current\n";
        let (found, faults) = OriginDefinition::read("d.yaml", text);
        assert!(found.is_none());
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].code.as_str(), faults[0].place.line), ("O10", Some(6)));
        assert!(faults[0].message.starts_with("no rule decides father unknown, mother unknown"));
    }
}
