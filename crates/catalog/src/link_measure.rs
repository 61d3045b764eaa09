//! Counts about the link of a source, by area or in all: what each counts, and the words under which it is published.
//!
//! These counts are figures of the monitor in other words (whom the register does not know are a supplier's group of unknown
//! nationality), so protection has to know which is which. Their words are written and read here and nowhere else.

use crate::origin::DecidedBy;

/// A table of counts about the link that lie together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkTable {
    /// How many persons of a source the register knows, by the supplier's area.
    Rate,
    /// Whom the register knows, by something else: sex, age, the class of an origin definition.
    LinkedBy(String),
    /// Of which parents of the population the first nationality is known.
    ParentsKnown,
    /// What decided about the origin of the population, by a definition.
    DecidedBy(String),
    /// Between which ends the number of persons of foreign origin lies, by a definition.
    OriginBounds(String),
}

/// Whose first nationality is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParentsKnown {
    /// Of neither parent.
    None,
    /// Of the father alone.
    Father,
    /// Of the mother alone.
    Mother,
    /// Of both.
    Both,
}

impl ParentsKnown {
    /// The published words.
    pub const WORDS: [(&'static str, ParentsKnown); 4] = [
        ("none", ParentsKnown::None),
        ("father", ParentsKnown::Father),
        ("mother", ParentsKnown::Mother),
        ("both", ParentsKnown::Both),
    ];
}

/// An end of the number of persons of foreign origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OriginBound {
    /// As if all unknown parents were Belgian.
    Lower,
    /// As if all unknown parents were foreign.
    Upper,
}

/// A count about the link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkMeasure {
    /// Persons of a source.
    Persons,
    /// Those whom the register knows.
    Linked,
    /// Those whom it does not know.
    Unlinked,
    /// Whom the register knows, by a code of a breakdown.
    LinkedBy {
        /// The breakdown.
        breakdown: String,
        /// The code.
        code: String,
    },
    /// Of which parents the first nationality is known.
    ParentsKnown(ParentsKnown),
    /// What decided about a person's origin.
    DecidedBy {
        /// The origin definition.
        definition: String,
        /// What decided.
        fact: DecidedBy,
    },
    /// An end of the number of persons of foreign origin.
    OriginBound {
        /// The origin definition.
        definition: String,
        /// Which end.
        side: OriginBound,
    },
}

const RATE: &str = "rate";
const PARENTS_KNOWN: &str = "parents-known";
const DECIDED_BY: &str = "decided-by ";
const BAND: &str = "band ";
const PERSONS: &str = "persons";
const LINKED: &str = "persons-linked";
const UNLINKED: &str = "persons-unlinked";
const LOWER: &str = "unknown-parents-belgian";
const UPPER: &str = "unknown-parents-foreign";

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], own: T) -> &'static str {
    words.iter().find(|(_, other)| *other == own).map_or("", |(word, _)| word)
}

fn among<T: Copy>(words: &[(&'static str, T)], text: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, own)| *own)
}

impl LinkTable {
    /// Its name in the published table of counts about the work.
    pub fn word(&self) -> String {
        match self {
            LinkTable::Rate => RATE.to_string(),
            LinkTable::LinkedBy(breakdown) => breakdown.clone(),
            LinkTable::ParentsKnown => PARENTS_KNOWN.to_string(),
            LinkTable::DecidedBy(definition) => format!("{DECIDED_BY}{definition}"),
            LinkTable::OriginBounds(definition) => format!("{BAND}{definition}"),
        }
    }

    /// The table of a name, the inverse of [`LinkTable::word`].
    pub fn read(text: &str) -> LinkTable {
        if let Some(definition) = text.strip_prefix(DECIDED_BY) {
            LinkTable::DecidedBy(definition.to_string())
        } else if let Some(definition) = text.strip_prefix(BAND) {
            LinkTable::OriginBounds(definition.to_string())
        } else {
            match text {
                RATE => LinkTable::Rate,
                PARENTS_KNOWN => LinkTable::ParentsKnown,
                breakdown => LinkTable::LinkedBy(breakdown.to_string()),
            }
        }
    }

    /// The measure of the table that a published word means; nothing for a word that it does not have.
    pub fn measure(&self, text: &str) -> Option<LinkMeasure> {
        match self {
            LinkTable::Rate => match text {
                PERSONS => Some(LinkMeasure::Persons),
                LINKED => Some(LinkMeasure::Linked),
                UNLINKED => Some(LinkMeasure::Unlinked),
                _ => None,
            },
            LinkTable::LinkedBy(breakdown) => {
                Some(LinkMeasure::LinkedBy { breakdown: breakdown.clone(), code: text.to_string() })
            }
            LinkTable::ParentsKnown => among(&ParentsKnown::WORDS, text).map(LinkMeasure::ParentsKnown),
            LinkTable::DecidedBy(definition) => {
                let fact = among(&DecidedBy::WORDS, text)?;
                Some(LinkMeasure::DecidedBy { definition: definition.clone(), fact })
            }
            LinkTable::OriginBounds(definition) => {
                let side = among(&[(LOWER, OriginBound::Lower), (UPPER, OriginBound::Upper)], text)?;
                Some(LinkMeasure::OriginBound { definition: definition.clone(), side })
            }
        }
    }
}

impl LinkMeasure {
    /// The table that it stands in.
    pub fn table(&self) -> LinkTable {
        match self {
            LinkMeasure::Persons | LinkMeasure::Linked | LinkMeasure::Unlinked => LinkTable::Rate,
            LinkMeasure::LinkedBy { breakdown, .. } => LinkTable::LinkedBy(breakdown.clone()),
            LinkMeasure::ParentsKnown(_) => LinkTable::ParentsKnown,
            LinkMeasure::DecidedBy { definition, .. } => LinkTable::DecidedBy(definition.clone()),
            LinkMeasure::OriginBound { definition, .. } => LinkTable::OriginBounds(definition.clone()),
        }
    }

    /// The published word of what is counted.
    pub fn word(&self) -> &'static str {
        match self {
            LinkMeasure::Persons => PERSONS,
            LinkMeasure::Linked | LinkMeasure::LinkedBy { .. } => LINKED,
            LinkMeasure::Unlinked => UNLINKED,
            LinkMeasure::ParentsKnown(known) => word(&ParentsKnown::WORDS, *known),
            LinkMeasure::DecidedBy { fact, .. } => word(&DecidedBy::WORDS, *fact),
            LinkMeasure::OriginBound { side: OriginBound::Lower, .. } => LOWER,
            LinkMeasure::OriginBound { side: OriginBound::Upper, .. } => UPPER,
        }
    }

    /// The published detail: the table, and of a count in all a colon with the code that it has.
    pub fn detail(&self, in_all: bool) -> String {
        let table = self.table().word();
        match self {
            LinkMeasure::LinkedBy { code, .. } => format!("{table}:{code}"),
            _ if in_all => format!("{table}:"),
            _ => table,
        }
    }

    /// Whether it counts persons of foreign origin by the fact that decided: those for whom a foreign nationality did.
    pub fn is_of_foreign_origin(&self) -> bool {
        matches!(self, LinkMeasure::DecidedBy { fact, .. } if fact.is_foreign())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_words_stay_as_they_were() {
        let words = |measure: &LinkMeasure| (measure.word(), measure.detail(false), measure.detail(true));
        let of = |definition: &str| definition.to_string();
        assert_eq!(words(&LinkMeasure::Persons).0, "persons");
        assert_eq!(words(&LinkMeasure::Linked), ("persons-linked", "rate".into(), "rate:".into()));
        assert_eq!(words(&LinkMeasure::Unlinked).0, "persons-unlinked");
        let by_sex = LinkMeasure::LinkedBy { breakdown: of("sex"), code: of("F") };
        assert_eq!((by_sex.word(), by_sex.detail(true)), ("persons-linked", "sex:F".into()));
        let both = LinkMeasure::ParentsKnown(ParentsKnown::Both);
        assert_eq!(words(&both), ("both", "parents-known".into(), "parents-known:".into()));
        let decided = LinkMeasure::DecidedBy { definition: of("vier-criteria-2013"), fact: DecidedBy::OwnFirst };
        let detail = "decided-by vier-criteria-2013";
        assert_eq!(words(&decided), ("own-first", detail.into(), format!("{detail}:")));
        let bound = |side| LinkMeasure::OriginBound { definition: of("d"), side };
        assert_eq!(words(&bound(OriginBound::Lower)), ("unknown-parents-belgian", "band d".into(), "band d:".into()));
        assert_eq!(bound(OriginBound::Upper).word(), "unknown-parents-foreign");
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let d = || "d".to_string();
        let mut all = vec![LinkMeasure::Persons, LinkMeasure::Linked, LinkMeasure::Unlinked];
        all.extend(ParentsKnown::WORDS.map(|(_, known)| LinkMeasure::ParentsKnown(known)));
        all.extend(DecidedBy::WORDS.map(|(_, fact)| LinkMeasure::DecidedBy { definition: d(), fact }));
        all.extend(
            [OriginBound::Lower, OriginBound::Upper].map(|side| LinkMeasure::OriginBound { definition: d(), side }),
        );
        for measure in all {
            let table = LinkTable::read(&measure.table().word());
            assert_eq!(table, measure.table());
            assert_eq!(table.measure(measure.word()), Some(measure));
            assert!(matches!(table, LinkTable::LinkedBy(_)) || table.measure("persons-linkd").is_none());
        }
    }

    #[test]
    fn foreign_origin_is_what_a_foreign_nationality_decided() {
        let of = |fact| LinkMeasure::DecidedBy { definition: "d".into(), fact }.is_of_foreign_origin();
        let foreign: Vec<&str> = DecidedBy::WORDS.iter().filter(|(_, fact)| of(*fact)).map(|(word, _)| *word).collect();
        assert_eq!(foreign, ["father", "mother", "own-first", "own-current", "own-earlier", "both-parents"]);
        assert!(!LinkMeasure::Linked.is_of_foreign_origin());
    }
}
