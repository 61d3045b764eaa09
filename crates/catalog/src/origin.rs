//! Origin definitions: named, versioned decision tables, as data.
//!
//! A definition looks at up to five facts of a person, each of them Belgian, foreign, unknown or unreadable, and its rules,
//! first match wins, give the class, what gives the group, and the fact that decided. The rules are checked to
//! cover all 1,024 combinations, so that classifying a person is one look-up. A definition may say that some groups of
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
    /// There is a record that says it, and it cannot be read, or not be dated: neither foreign nor Belgian.
    Unreadable,
}

impl Known {
    const WORDS: [(&'static str, Known); 4] = [
        ("unknown", Known::Unknown),
        ("belgian", Known::Belgian),
        ("foreign", Known::Foreign),
        ("unreadable", Known::Unreadable),
    ];
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
    /// Nothing is known to be foreign, and a record that could say so cannot be read.
    Unreadable,
}

impl DecidedBy {
    /// The words, in the order of the discriminants.
    pub const WORDS: [(&'static str, DecidedBy); 10] = [
        ("father", DecidedBy::Father),
        ("mother", DecidedBy::Mother),
        ("own-first", DecidedBy::OwnFirst),
        ("own-current", DecidedBy::OwnCurrent),
        ("own-earlier", DecidedBy::OwnEarlier),
        ("both-parents", DecidedBy::BothParents),
        ("all-belgian", DecidedBy::AllBelgian),
        ("known-belgian", DecidedBy::KnownBelgian),
        ("nothing-known", DecidedBy::NothingKnown),
        ("unreadable", DecidedBy::Unreadable),
    ];

    /// Whether it makes somebody foreign by a definition.
    pub fn is_foreign(self) -> bool {
        match self {
            DecidedBy::Father
            | DecidedBy::Mother
            | DecidedBy::OwnFirst
            | DecidedBy::OwnCurrent
            | DecidedBy::OwnEarlier
            | DecidedBy::BothParents => true,
            DecidedBy::AllBelgian | DecidedBy::KnownBelgian | DecidedBy::NothingKnown | DecidedBy::Unreadable => false,
        }
    }
}

/// What gives the group of somebody's origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupOf {
    /// The group of Belgium.
    Belgium,
    /// The group of the nationality that a fact names.
    Fact(OriginFact),
    /// The group of what is not known.
    Unknown,
}

/// What a definition says of one combination of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Index into the definition's classes.
    pub class: u8,
    /// What gives the group.
    pub group: GroupOf,
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
    /// One decision for each of the 1,024 combinations; see [`state`].
    table: Vec<Decision>,
}

/// How many facts there are to look at.
pub const FACTS: usize = OriginFact::ALL.len();

/// The number of a combination of facts, 0 to 1,023.
pub fn state(facts: [Known; FACTS]) -> usize {
    facts.iter().fold(0, |sum, known| sum * Known::WORDS.len() + *known as usize)
}

/// The combination of facts that has a number.
fn facts_of(mut number: usize) -> [Known; FACTS] {
    let mut facts = [Known::Unknown; FACTS];
    for fact in facts.iter_mut().rev() {
        *fact = Known::WORDS[number % Known::WORDS.len()].1;
        number /= Known::WORDS.len();
    }
    facts
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
    let states = Known::WORDS.len().pow(FACTS as u32);
    let mut table = Vec::with_capacity(states);
    for number in 0..states {
        let facts = facts_of(number);
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
        let tested =
            |rule: &Rule| rule.when.iter().any(|(own, _)| *own == fact) || rule.decision.group == GroupOf::Fact(fact);
        rules.iter().any(tested)
    });
    if let Some(number) = (0..states).find(|number| hides_what_is_unreadable(*number, &table, &looks_at)) {
        let word =
            |fact: OriginFact| OriginFact::WORDS.iter().find(|(_, own)| *own == fact).map_or("", |(word, _)| word);
        let unreadable =
            OriginFact::ALL.into_iter().zip(facts_of(number)).filter(|(_, known)| *known == Known::Unreadable);
        let facts: Vec<&str> = unreadable.map(|(fact, _)| word(fact)).collect();
        rules_node.fault(
            12,
            format!("a record that cannot be read decides as if it said nothing: {}", facts.join(", ")),
            "after the foreign facts write a rule with `when: { own-first: unreadable }` and `decided_by: unreadable`",
        );
        return None;
    }
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

/// Whether a combination without a foreign fact, in which a fact that is looked at is unreadable, is decided by another.
/// Such a person would count as Belgian although the record may say otherwise.
fn hides_what_is_unreadable(number: usize, table: &[Decision], looks_at: &[bool; FACTS]) -> bool {
    let facts = facts_of(number);
    let looked_at = |wanted: Known| facts.iter().zip(looks_at).any(|(known, looks)| *looks && *known == wanted);
    looked_at(Known::Unreadable) && !looked_at(Known::Foreign) && table[number].decided_by != DecidedBy::Unreadable
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
        Some(group) => {
            let facts = OriginFact::WORDS.map(|(word, fact)| (word, GroupOf::Fact(fact)));
            group.one_of(&[&facts[..], &[("unknown", GroupOf::Unknown)]].concat())?
        }
        None => GroupOf::Belgium,
    };
    // A nationality that counts as Belgian still has a group of its own.
    if let GroupOf::Fact(fact) = group
        && !when.iter().any(|(own, known)| *own == fact && matches!(known, Known::Belgian | Known::Foreign))
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
    fn each_combination_has_a_number_of_its_own() {
        assert!((0..1_024).all(|number| state(facts_of(number)) == number));
        assert_eq!(facts_of(1_023), [Known::Unreadable; FACTS]);
    }

    #[test]
    fn rules_that_take_a_record_that_cannot_be_read_for_a_belgian_one_are_refused() {
        let rules = |between: &str| {
            format!(
                "definition: d\ntitle: t\nlevel: L1\nsource: s\nclasses: [belgian, foreign, unknown]\nrules:\n  \
                 - when: {{ own-current: foreign }}\n    class: foreign\n    group: own-current\n    decided_by: own-current\n{between}  \
                 - class: belgian\n    decided_by: known-belgian\n"
            )
        };
        let unreadable = "  - when: { own-current: unreadable }\n    class: unknown\n    group: unknown\n    decided_by: unreadable\n";
        let (found, faults) = OriginDefinition::read("d.yaml", &rules(unreadable));
        assert!(faults.is_empty(), "{faults:?}");
        let decision =
            found.unwrap().decide([Known::Belgian, Known::Belgian, Known::Belgian, Known::Unreadable, Known::Belgian]);
        assert_eq!((decision.class, decision.group, decision.decided_by), (2, GroupOf::Unknown, DecidedBy::Unreadable));
        let (found, faults) = OriginDefinition::read("d.yaml", &rules(""));
        assert!(found.is_none());
        assert_eq!(faults[0].code.as_str(), "O12");
        assert!(faults[0].message.ends_with("as if it said nothing: own-current"), "{}", faults[0].message);
    }

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
