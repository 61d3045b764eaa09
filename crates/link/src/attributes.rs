//! The facts of a person on a day, and what the definitions make of them.

use std::collections::HashMap;

use catalog::Day;
use catalog::origin::{Decision, Known, OriginDefinition, OriginFact};
use catalog::reference::{GroupScheme, Reference};

use crate::register::{Code, NO_CODE, Register, known};

/// Nationality facts of a person on a day, as register codes; 0 where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// First nationality of the father, the mother, the person, and the person's nationality on the day.
    pub codes: [u16; 4],
}

impl Facts {
    /// The facts of a person on a day.
    pub(crate) fn of(register: &Register, person: u32, day: Day) -> Facts {
        let [father, mother] = register.parents_first(person);
        Facts { codes: [father, mother, register.first(person), register.current(person, day)] }
    }

    /// What a definition decides, and the nationality that gives the group.
    pub fn decide(&self, definition: &OriginDefinition) -> (Decision, u16) {
        let decision = definition.decide(self.codes.map(known));
        let code = decision.group.map_or(crate::register::BELGIAN, |fact| self.codes[fact as usize]);
        (decision, code)
    }

    /// Nationality on the day.
    pub(crate) fn current(&self) -> Code {
        self.codes[OriginFact::OwnCurrent as usize]
    }
}

/// Groups of a scheme by register code, for each day that occurs.
pub(crate) struct Groups<'g> {
    scheme: &'g GroupScheme,
    countries: Vec<Option<&'g str>>,
    /// Position of the group of what is not known.
    unknown: u16,
    days: HashMap<i32, Vec<u16>>,
}

impl<'g> Groups<'g> {
    pub(crate) fn new(reference: &'g Reference, scheme: &'g GroupScheme) -> Groups<'g> {
        let mut countries = vec![None; 1_000];
        for nationality in reference.nationalities.values() {
            if let Some(place) = nationality.code.parse::<usize>().ok().and_then(|code| countries.get_mut(code)) {
                *place = Some(nationality.country.as_str());
            }
        }
        let unknown = scheme.of_country("XX", Day(0)).unwrap_or(0) as u16;
        Groups { scheme, countries, unknown, days: HashMap::new() }
    }

    /// Position of the group of a code on a day.
    pub(crate) fn of(&mut self, code: Code, day: Day) -> u16 {
        if known(code) == Known::Unknown || code == NO_CODE {
            return self.unknown;
        }
        let (scheme, countries, unknown) = (self.scheme, &self.countries, self.unknown);
        let table = self.days.entry(day.0).or_insert_with(|| {
            countries
                .iter()
                .map(|country| {
                    country.and_then(|country| scheme.of_country(country, day)).map_or(unknown, |group| group as u16)
                })
                .collect()
        });
        table.get(usize::from(code)).copied().unwrap_or(unknown)
    }

    /// Codes of the groups, by position.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &str> {
        self.scheme.groups.iter().map(|group| group.code.as_str())
    }

    pub(crate) fn unknown(&self) -> u16 {
        self.unknown
    }
}
