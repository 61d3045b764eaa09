//! The whole population: all municipalities behind each other, numbered, with what the register has on record.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;

use catalog::Day;

use crate::error::SynthError;
use crate::estimates as own;
use crate::identity::Replacement;
use crate::local::{Setting, people};
use crate::parallel::in_order;
use crate::person::{BELGIAN, EXTRACTED, FATHER, NOBODY, Person, flag, new_year, small};
use crate::random::{mix, mix_unit};
use crate::reference::Reference;
use crate::text::Calendar;

/// Somewhere in Flanders, as suppliers write it.
const SOMEWHERE: &[u8] = b"99991";
/// Numbers that a day and a sex have.
const SERIALS: u16 = 499;
/// Persons of a block: a piece of work that is large enough to share out and small enough to keep in memory.
const BLOCK: usize = 32_768;

/// A synthetic Flanders.
pub(crate) struct Flanders<'a> {
    pub(crate) reference: &'a Reference,
    pub(crate) calendar: Calendar,
    pub(crate) people: Vec<Person>,
    /// By position in [`Reference::flemish`]: whose home it is on the calibrated date.
    pub(crate) homes: Vec<Range<usize>>,
    pub(crate) seed: u64,
    pub(crate) scale: f64,
    /// Numbers that were replaced, in the order in which the register learned of it.
    pub(crate) replacements: Vec<Replacement>,
    /// By position of the person: the old number that some suppliers still use.
    pub(crate) outdated: HashMap<u32, u64>,
    /// Whether some suppliers do not know of some persons where in Flanders they live.
    unlocated: bool,
}

/// The numbers given out on each day of birth.
pub(crate) struct Series {
    given: Vec<u16>,
}

impl Series {
    /// Four series a day and sex: national numbers, BIS, BIS without sex, BIS with a year only (kept at New Year).
    fn new(calendar: &Calendar) -> Series {
        Series { given: vec![0u16; calendar.days() * 8] }
    }

    /// Gives a person the next number of the series that the flags tell.
    ///
    /// # Errors
    /// The day has no more numbers.
    pub(crate) fn number(&mut self, calendar: &Calendar, person: &mut Person) -> Result<(), SynthError> {
        let kind = match (person.is(flag::BIS), person.is(flag::SEX_UNKNOWN), person.is(flag::YEAR_ONLY)) {
            (false, ..) => 0,
            (true, false, false) => 1,
            (true, true, false) => 2,
            (true, _, true) => 3,
        };
        if kind == 3 {
            // One series whether the sex was known or not.
            person.set(flag::SEX_UNKNOWN, false);
        }
        let day = if kind == 3 { new_year((calendar.number(person.birth) / 10_000) as i16) } else { person.birth };
        let at = calendar.position(day);
        let count = &mut self.given[(at * 4 + kind) * 2 + usize::from(person.is(flag::WOMAN))];
        if *count >= SERIALS {
            return Err(SynthError::Serials { day: Day(day).to_string(), limit: SERIALS });
        }
        // 499 is prime: steps of 181 visit every number once, from another start each day.
        let order = (u32::from(*count) * 181 + at as u32 * 7) % u32::from(SERIALS);
        person.serial = (order * 2) as u16 + if person.is(flag::WOMAN) { 2 } else { 1 };
        *count += 1;
        Ok(())
    }
}

/// How a filiation came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bond {
    Birth,
    Recognition,
    Adoption,
    CoMother,
}

impl Bond {
    /// The register's word.
    pub(crate) fn word(self) -> &'static [u8] {
        match self {
            Bond::Birth => b"geboorte",
            Bond::Recognition => b"erkenning",
            Bond::Adoption => b"adoptie",
            Bond::CoMother => b"meemoeder",
        }
    }
}

/// A parent on record.
pub(crate) struct Filiation {
    pub(crate) parent: usize,
    /// 1 or 2: mostly 1 for the father.
    pub(crate) number: u8,
    pub(crate) bond: Bond,
    pub(crate) begin: i32,
    pub(crate) registered: i32,
}

impl<'a> Flanders<'a> {
    /// Draws everybody, municipality by municipality, on this many threads; `replaced` lets other suppliers use old
    /// numbers of persons who have got another, `unlocated` lets them not know some municipalities.
    pub(crate) fn draw(
        setting: &Setting<'a>,
        threads: usize,
        replaced: bool,
        unlocated: bool,
    ) -> Result<Flanders<'a>, SynthError> {
        let reference = setting.reference;
        let municipalities = reference.flemish.len();
        let inhabitants: f64 =
            (0..municipalities).map(|at| setting.counts.persons(at, false) + setting.counts.persons(at, true)).sum();
        let mut all: Vec<Person> = Vec::with_capacity((inhabitants * setting.scale * 1.6) as usize);
        let mut homes = Vec::with_capacity(municipalities);
        let append = |people: Vec<Person>| {
            let base = all.len() as u32;
            all.extend(people);
            for person in &mut all[base as usize..] {
                for parent in person.parents.iter_mut().filter(|parent| **parent != NOBODY) {
                    *parent += base;
                }
            }
            homes.push(base as usize..all.len());
            Ok::<(), Infallible>(())
        };
        match in_order(threads, municipalities, |at| people(setting, at), append) {
            Ok(()) => {}
            Err(never) => match never {},
        }
        let mut flanders = Flanders {
            reference,
            calendar: Calendar::new(),
            people: all,
            homes,
            seed: setting.seed,
            scale: setting.scale,
            replacements: Vec::new(),
            outdated: HashMap::new(),
            unlocated,
        };
        let mut series = Series::new(&flanders.calendar);
        for person in &mut flanders.people {
            series.number(&flanders.calendar, person)?;
        }
        flanders.replace_numbers(&mut series, replaced);
        Ok(flanders)
    }

    /// A person's parent on record: what the register says about it.
    pub(crate) fn filiation(&self, child: &Person, which: usize) -> Option<Filiation> {
        let parent = *child.parents.get(which)? as usize;
        let other = self.people.get(parent)?;
        let chance = mix_unit(child.quirk, small::KIN + which as u32);
        let late = mix(child.quirk, small::KIN + 2 + which as u32);
        let recent = child.birth >= new_year(1990);
        let recognised = if recent { 0.22 } else { 0.04 };
        let (bond, after) = match chance {
            _ if which == FATHER && other.is(flag::WOMAN) => {
                (if late.is_multiple_of(2) { Bond::CoMother } else { Bond::Adoption }, 200 + late % 500)
            }
            chance if chance < 0.004 => (Bond::Adoption, 300 + late % 1_500),
            chance if which == FATHER && chance < 0.004 + recognised => {
                (Bond::Recognition, if late.is_multiple_of(25) { late % 1_400 } else { late % 40 })
            }
            _ => (Bond::Birth, 0),
        };
        // Nobody recognises or adopts after death; children who die young are not adopted later.
        let begin = (child.birth + after as i32).min(other.death.min(child.death) - 1).max(child.birth);
        let bond = if begin == child.birth && bond != Bond::Recognition { Bond::Birth } else { bond };
        let swapped = mix(child.quirk, small::KIN + 4).is_multiple_of(200);
        let registered =
            begin.max(child.known).max(other.known) + (mix(child.quirk, small::KIN + 5 + which as u32) % 61) as i32;
        Some(Filiation { parent, number: if (which == FATHER) != swapped { 1 } else { 2 }, bond, begin, registered })
    }

    /// The same if the extract of a date has it.
    pub(crate) fn delivered_filiation(&self, child: &Person, which: usize, date: usize) -> Option<Filiation> {
        let filiation = self.filiation(child, which)?;
        let parent = &self.people[filiation.parent];
        let there = in_extract(child, date) && in_extract(parent, date) && !child.is(flag::PARENT_ONLY);
        Some(filiation).filter(|filiation| there && filiation.registered <= EXTRACTED[date])
    }

    /// The first nationality of somebody who is a parent on a day, as far as the extracts of a date tell it.
    pub(crate) fn parent_first(&self, child: &Person, which: usize, date: usize, day: i32) -> Option<u16> {
        let filiation = self.delivered_filiation(child, which, date).filter(|filiation| filiation.begin <= day)?;
        let parent = &self.people[filiation.parent];
        (!parent.is(flag::WITHOUT_HISTORY)).then_some(parent.first)
    }

    /// The first nationality behind somebody's foreign origin, own or of a parent, whatever the register knows.
    pub(crate) fn origin(&self, person: &Person) -> u16 {
        let parent = |at: &u32| self.people.get(*at as usize).map_or(BELGIAN, |parent| parent.first);
        let codes = [person.first].into_iter().chain(person.parents.iter().map(parent));
        codes.into_iter().find(|code| *code != BELGIAN).unwrap_or(BELGIAN)
    }

    /// Whether a nationality is of a state outside the European Union.
    pub(crate) fn outside_union(&self, code: u16) -> bool {
        code != BELGIAN && !self.reference.nations.get(usize::from(code)).is_some_and(|nation| nation.european)
    }

    /// Whether a nationality is of a state outside the European Union and the European Free Trade Association.
    pub(crate) fn outside_union_and_trade(&self, code: u16) -> bool {
        self.outside_union(code) && !self.reference.nations.get(usize::from(code)).is_some_and(|nation| nation.trade)
    }

    /// A municipality's code by its value in [`Person::place`]; blanks for none.
    pub(crate) fn place_code(&self, place: u16) -> &[u8] {
        let municipality = usize::from(place).checked_sub(1).and_then(|at| self.reference.municipalities.get(at));
        municipality.map_or(b"     ", |municipality| municipality.code.as_bytes())
    }

    /// The same as a supplier writes it who may not know it; `fact` tells one of a person's facts from the others.
    pub(crate) fn told_place(&self, person: &Person, fact: u32, place: u16) -> &[u8] {
        if self.unlocated && mix_unit(person.quirk, small::UNLOCATED + fact) < own::UNLOCATED {
            return SOMEWHERE;
        }
        self.place_code(place)
    }

    /// Whether a value of [`Person::place`] is a Flemish municipality.
    pub(crate) fn flemish(&self, place: u16) -> bool {
        let municipality = usize::from(place).checked_sub(1).and_then(|at| self.reference.municipalities.get(at));
        municipality.is_some_and(|municipality| municipality.flemish)
    }

    /// Whether somebody is an inhabitant of Flanders on a date.
    pub(crate) fn resides(&self, person: &Person, date: usize) -> bool {
        person.inhabits(date) && self.flemish(person.place[date])
    }

    /// The inhabitants of Flanders on a date, with their position.
    pub(crate) fn inhabitants(&self, date: usize) -> impl Iterator<Item = (usize, &Person)> {
        self.people.iter().enumerate().filter(move |(_, person)| self.resides(person, date))
    }

    /// The blocks of persons that files are written by.
    pub(crate) fn blocks(&self) -> usize {
        self.people.len().div_ceil(BLOCK)
    }

    /// The position of the first person of a block.
    pub(crate) fn block_start(&self, block: usize) -> usize {
        block * BLOCK
    }

    /// The persons of a block.
    pub(crate) fn block(&self, block: usize) -> &[Person] {
        let start = self.block_start(block);
        &self.people[start..(start + BLOCK).min(self.people.len())]
    }
}

/// Whether somebody is in the register's extracts of a date.
pub(crate) fn in_extract(person: &Person, date: usize) -> bool {
    person.known <= crate::person::DATES[date]
}
