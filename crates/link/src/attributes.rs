//! The facts of a person on a day, and what the definitions make of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use catalog::Day;
use catalog::origin::{Decision, FACTS, GroupOf, Known, OriginDefinition, OriginFact};
use catalog::reference::{GroupScheme, Reference};

use crate::history::{Code, NO_CODE, UNREADABLE};
use crate::linker::Who;
use crate::made::{NO_PERSON, NOTHING};
use crate::register::{BELGIAN, Register, known};

/// Codes have three digits.
const CODES: usize = 1_000;
/// Stands for a parent of whom the tie cannot be read; persons have lower positions.
const UNREADABLE_PARENT: u32 = NO_PERSON - 1;

/// Whether the first nationalities of the parents are known: words, in the order of the keys.
pub(crate) const PARENTS_KNOWN: [&str; 4] = ["none", "father", "mother", "both"];
/// Generations: words, in the order of the keys.
pub(crate) const GENERATIONS: [&str; 3] = ["none", "first", "second"];

/// Nationality facts of a person on a day, as register codes; 0 where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// First nationality of the father, of the mother, of the person; the person's nationality on the day.
    codes: [Code; 4],
}

impl Facts {
    /// The facts of persons on a day, nothing of whom the register does not know.
    pub(crate) fn all(register: &Register, persons: &[Who], day: Day) -> Vec<Facts> {
        let histories = register.histories();
        let parents =
            persons.iter().map(|who| who.known().map(|person| register.parents(person, day)).unwrap_or_default());
        let place = |parent: Option<u32>, in_doubt: bool| match parent {
            Some(parent) => parent,
            None if in_doubt => UNREADABLE_PARENT,
            None => NO_PERSON,
        };
        let parents: Vec<[u32; 2]> =
            parents.map(|both| [place(both.father, both.in_doubt[0]), place(both.mother, both.in_doubt[1])]).collect();
        let first = |person: u32| match person {
            NO_PERSON => NO_CODE,
            UNREADABLE_PARENT => UNREADABLE,
            person => histories.first(person),
        };
        let facts = persons.iter().zip(&parents).map(|(who, [father, mother])| {
            let own = who.known().map_or(NO_CODE, |person| histories.first(person));
            Facts { codes: [first(*father), first(*mother), own, NO_CODE] }
        });
        let mut facts: Vec<Facts> = facts.collect();
        for (facts, who) in facts.iter_mut().zip(persons) {
            facts.codes[OriginFact::OwnCurrent as usize] =
                who.known().map_or(NO_CODE, |person| histories.current(person, day));
        }
        facts
    }

    /// Nationality on the day; nothing where none is known.
    pub(crate) fn current(&self) -> Code {
        self.codes[OriginFact::OwnCurrent as usize]
    }

    fn known(&self, fact: OriginFact) -> Known {
        known(self.codes[fact as usize])
    }

    /// Which parents' first nationality is known: a key of [`PARENTS_KNOWN`].
    pub(crate) fn parents_known(&self) -> u16 {
        let is_known = |fact| matches!(self.known(fact), Known::Belgian | Known::Foreign);
        u16::from(is_known(OriginFact::Father)) + 2 * u16::from(is_known(OriginFact::Mother))
    }

    /// The generation: a key of [`GENERATIONS`], or nothing where a record that could say so cannot be read.
    ///
    /// Own rule, for the register's nationalities say nothing of where somebody was born: the first generation has, or
    /// had first, a foreign nationality; the second has not, and a parent had.
    pub(crate) fn generation(&self) -> u16 {
        let any = |facts: [OriginFact; 2], wanted| facts.into_iter().any(|fact| self.known(fact) == wanted);
        let (own, parents) = ([OriginFact::OwnFirst, OriginFact::OwnCurrent], [OriginFact::Father, OriginFact::Mother]);
        if any(own, Known::Foreign) {
            1
        } else if any(own, Known::Unreadable) {
            NOTHING
        } else if any(parents, Known::Foreign) {
            2
        } else if any(parents, Known::Unreadable) {
            NOTHING
        } else {
            0
        }
    }
}

/// A definition with what it takes for foreign on each day.
pub(crate) struct Origin<'d> {
    pub(crate) definition: &'d OriginDefinition,
    /// The scheme and the positions of its groups that count as Belgian.
    counted: Option<(Groups<'d>, Vec<bool>)>,
}

impl<'d> Origin<'d> {
    /// The definition, its group scheme looked up.
    pub(crate) fn new(definition: &'d OriginDefinition, reference: &'d Reference) -> Origin<'d> {
        let counted = definition.counts_as_belgian.as_ref().and_then(|(name, groups)| {
            let scheme = reference.schemes.get(name)?;
            let counts = |code: &str| scheme.lineage(code).iter().any(|own| groups.iter().any(|group| group == own));
            let belgian = scheme.groups.iter().map(|group| counts(&group.code)).collect();
            Some((Groups::new(reference, scheme), belgian))
        });
        Origin { definition, counted }
    }

    /// What each code is on a day.
    pub(crate) fn on(&self, day: Day) -> Vec<Known> {
        let groups = self.counted.as_ref().map(|(groups, belgian)| (groups.on(day), belgian));
        let each = |code: usize| match (known(code as Code), &groups) {
            (Known::Foreign, Some((groups, belgian))) if belgian[usize::from(groups[code])] => Known::Belgian,
            (known, _) => known,
        };
        (0..CODES).map(each).collect()
    }

    /// What the definition decides of a person with these facts, and the nationality that gives the group; `what` says
    /// what each code is on the day.
    pub(crate) fn decide(
        &self,
        register: &Register,
        person: Option<u32>,
        day: Day,
        facts: &Facts,
        what: &[Known],
    ) -> (Decision, Code) {
        let of = |code: Code| what[usize::from(code)];
        let mut codes = [NO_CODE; FACTS];
        codes[..4].copy_from_slice(&facts.codes);
        if let (true, Some(person)) = (self.definition.looks_at(OriginFact::OwnEarlier), person) {
            codes[OriginFact::OwnEarlier as usize] = register.histories().earlier(person, day, what);
        }
        let decision = self.definition.decide(codes.map(of));
        let group = match decision.group {
            GroupOf::Belgium => BELGIAN,
            GroupOf::Fact(fact) => codes[fact as usize],
            GroupOf::Unknown => NO_CODE,
        };
        (decision, group)
    }
}

/// Groups of a scheme by register code, for each day that occurs.
pub(crate) struct Groups<'g> {
    scheme: &'g GroupScheme,
    countries: Vec<Option<&'g str>>,
    /// Position of the group of what is not known.
    unknown: u16,
    days: Mutex<HashMap<i32, Arc<[u16]>>>,
}

impl<'g> Groups<'g> {
    pub(crate) fn new(reference: &'g Reference, scheme: &'g GroupScheme) -> Groups<'g> {
        let mut countries = vec![None; CODES];
        for nationality in reference.nationalities.values() {
            if let Some(place) = nationality.code.parse::<usize>().ok().and_then(|code| countries.get_mut(code)) {
                *place = Some(nationality.country.as_str());
            }
        }
        let unknown = scheme.of_country("XX", Day(0)).unwrap_or(0) as u16;
        Groups { scheme, countries, unknown, days: Mutex::new(HashMap::new()) }
    }

    /// Positions of the groups of all codes on a day.
    pub(crate) fn on(&self, day: Day) -> Arc<[u16]> {
        // A table is whole when it is put there, so a thread that stopped leaves nothing half done.
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let group = |(code, country): (usize, &Option<&str>)| {
            let country = country.filter(|_| matches!(known(code as Code), Known::Belgian | Known::Foreign));
            country.and_then(|country| self.scheme.of_country(country, day)).map_or(self.unknown, |group| group as u16)
        };
        Arc::clone(days.entry(day.0).or_insert_with(|| self.countries.iter().enumerate().map(group).collect()))
    }

    /// Codes of the groups, by position.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &str> {
        self.scheme.groups.iter().map(|group| group.code.as_str())
    }

    pub(crate) fn unknown(&self) -> u16 {
        self.unknown
    }
}
