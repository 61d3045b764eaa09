//! Attributes in the making, column by column.
//!
//! What is known of a person lies far apart in memory. One column of many rows after the other, the look-ups of the rows
//! do not wait for each other, which takes a fraction of the time that one row after the other takes.

use std::ops::Range;

use catalog::Day;

use crate::attributes::Facts;
use crate::linker::{Linker, OfDay, Who};

/// Stands for no key.
pub(crate) const NOTHING: u16 = u16::MAX;
/// Stands for no age.
pub(crate) const NO_AGE: i32 = i32::MIN;
/// Stands for no day.
pub(crate) const NO_DAY: i32 = i32::MIN;
/// Stands for no number, and for no position.
pub(crate) const NO_PERSON: u32 = u32::MAX;

/// Attributes, one place a row: numbers, and keys of words.
pub(crate) struct Made {
    pub(crate) person: Vec<u32>,
    pub(crate) as_of: Vec<i32>,
    pub(crate) sex: Vec<u16>,
    pub(crate) age: Vec<i32>,
    pub(crate) birth: Vec<i32>,
    pub(crate) nationality: Vec<u16>,
    /// By scheme.
    pub(crate) nationality_groups: Vec<Vec<u16>>,
    pub(crate) parents_known: Vec<u16>,
    pub(crate) generation: Vec<u16>,
    /// By definition.
    pub(crate) classes: Vec<Vec<u16>>,
    pub(crate) decided_by: Vec<Vec<u16>>,
    /// By definition, and in it by scheme.
    pub(crate) origin_groups: Vec<Vec<u16>>,
}

impl Made {
    /// No attributes yet, for rows of these days.
    pub(crate) fn new(linker: &Linker<'_>, as_of: Vec<i32>) -> Made {
        let rows = as_of.len();
        let columns = |count: usize| (0..count).map(|_| Vec::with_capacity(rows)).collect();
        let (origins, schemes) = (linker.origins.len(), linker.schemes.len());
        Made {
            person: Vec::with_capacity(rows),
            as_of,
            sex: Vec::with_capacity(rows),
            age: Vec::with_capacity(rows),
            birth: Vec::with_capacity(rows),
            nationality: Vec::with_capacity(rows),
            nationality_groups: columns(schemes),
            parents_known: Vec::with_capacity(rows),
            generation: Vec::with_capacity(rows),
            classes: columns(origins),
            decided_by: columns(origins),
            origin_groups: columns(origins * schemes),
        }
    }

    /// Adds the attributes of rows that are of one day.
    pub(crate) fn extend(&mut self, linker: &Linker<'_>, persons: &[Who], of_day: &OfDay) {
        let register = linker.register;
        let begin = self.person.len();
        self.person.extend(persons.iter().map(|who| linker.number(*who)));
        self.sex.extend(persons.iter().map(|who| match who.known().map(|person| register.sex(person)) {
            Some(b'F') => 0,
            Some(b'M') => 1,
            _ => NOTHING,
        }));
        self.age.extend(persons.iter().map(|who| {
            let birth = who.known().map_or(0, |person| register.birth(person)) as i32;
            // YYYYMMDD less YYYYMMDD, in whole ten-thousands, is the number of completed years.
            if birth > 0 && birth <= of_day.written { (of_day.written - birth) / 10_000 } else { NO_AGE }
        }));
        self.birth.extend(persons.iter().map(|who| {
            let written = who.known().map_or(0, |person| register.birth(person));
            Day::from_number(written).map_or(NO_DAY, |day| day.0)
        }));
        let facts = Facts::all(register, persons, of_day.day);
        let current = || facts.iter().map(|facts| usize::from(facts.current()));
        self.nationality.extend(current().map(|code| linker.code_names[code]));
        for (groups, own) in self.nationality_groups.iter_mut().zip(&of_day.groups) {
            groups.extend(current().map(|code| own[code]));
        }
        self.parents_known.extend(facts.iter().map(Facts::parents_known));
        self.generation.extend(facts.iter().map(Facts::generation));
        let schemes = of_day.groups.len();
        for (number, (origin, what)) in linker.origins.iter().zip(&of_day.known).enumerate() {
            let (classes, decided_by) = (&mut self.classes[number], &mut self.decided_by[number]);
            let groups = &mut self.origin_groups[number * schemes..][..schemes];
            for (who, facts) in persons.iter().zip(&facts) {
                let (decision, code) = origin.decide(register, who.known(), of_day.day, facts, what);
                classes.push(u16::from(decision.class));
                decided_by.push(decision.decided_by as u16);
                for (groups, own) in groups.iter_mut().zip(&of_day.groups) {
                    groups.push(own[usize::from(code)]);
                }
            }
        }
        for (at, who) in persons.iter().enumerate() {
            if who.known().is_none() {
                self.unknown(linker, begin + at);
            }
        }
    }

    /// Of somebody whom the register does not know nothing is said, not even that nothing foreign is known.
    fn unknown(&mut self, linker: &Linker<'_>, at: usize) {
        for column in self.classes.iter_mut().chain(&mut self.decided_by) {
            column[at] = NOTHING;
        }
        (self.nationality[at], self.parents_known[at], self.generation[at]) = (NOTHING, NOTHING, NOTHING);
        for (column, groups) in self.origin_groups.iter_mut().enumerate() {
            groups[at] = linker.schemes[column % linker.schemes.len()].1.unknown();
        }
    }
}

/// The runs of equal days.
pub(crate) fn runs(days: &[i32]) -> impl Iterator<Item = Range<usize>> {
    let mut begin = 0;
    days.chunk_by(|a, b| a == b).map(move |run| {
        let range = begin..begin + run.len();
        begin = range.end;
        range
    })
}
