//! A person: the story that was drawn, in sixty-odd bytes.

use catalog::Day;
use catalog::insz::{Century, check_digits};

use crate::random::{mix, mix_unit};
use crate::text::Calendar;

/// 1 January of the years from [`FIRST_YEAR`] on: 2008, 2009, 2010, 2011 and 2012.
pub(crate) const DATES: [i32; 5] = [13_879, 14_245, 14_610, 14_975, 15_340];
/// 30 June of the same years, when the register's extracts are taken.
pub(crate) const EXTRACTED: [i32; 5] = [14_060, 14_425, 14_790, 15_155, 15_521];
/// The year of the first date, and the position of the last date.
pub(crate) const FIRST_YEAR: i16 = 2008;
pub(crate) const LAST: usize = DATES.len() - 1;
/// A day that never comes.
pub(crate) const NEVER: i32 = i32::MAX;
/// No person.
pub(crate) const NOBODY: u32 = u32::MAX;
/// The Belgian nationality.
pub(crate) const BELGIAN: u16 = 150;
/// Father and mother as positions in [`Person::parents`].
pub(crate) const FATHER: usize = 0;
pub(crate) const MOTHER: usize = 1;

/// How somebody came by the origin that the register knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Story {
    /// Belgian, with nothing foreign on record.
    Native,
    /// Belgian now, foreign first.
    Naturalised,
    /// Belgian from the first, of two parents who were foreign first.
    BothParents,
    /// Belgian from the first, of one parent who was foreign first.
    OneParent,
    /// Foreign national.
    Foreign,
}

/// Why a nationality began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Birth,
    Settlement,
    Naturalisation,
    Declaration,
    Grant,
}

impl Reason {
    /// The register's word.
    pub(crate) fn word(self) -> &'static [u8] {
        match self {
            Reason::Birth => b"geboorte",
            Reason::Settlement => b"vestiging",
            Reason::Naturalisation => b"naturalisatie",
            Reason::Declaration => b"verklaring",
            Reason::Grant => b"toekenning",
        }
    }
}

/// Another nationality from a day on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) day: i32,
    pub(crate) code: u16,
    pub(crate) reason: Reason,
}

/// No change.
pub(crate) const UNCHANGED: Change = Change { day: NEVER, code: 0, reason: Reason::Birth };

/// Yes-or-no facts of a person.
pub(crate) mod flag {
    pub(crate) const WOMAN: u16 = 1;
    /// The number is a BIS number.
    pub(crate) const BIS: u16 = 2;
    /// The sex was not known when the BIS number was given out.
    pub(crate) const SEX_UNKNOWN: u16 = 4;
    pub(crate) const BORN_HERE: u16 = 8;
    /// In the waiting register.
    pub(crate) const WAITING: u16 = 16;
    /// A foreign national who is in the population register.
    pub(crate) const ESTABLISHED: u16 = 32;
    /// The register has no nationality of this person.
    pub(crate) const WITHOUT_HISTORY: u16 = 64;
    /// Month and day of birth are unknown.
    pub(crate) const YEAR_ONLY: u16 = 128;
    /// On record as somebody's parent only.
    pub(crate) const PARENT_ONLY: u16 = 256;
}

/// A person of the synthetic register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) birth: i32,
    pub(crate) death: i32,
    /// When the first nationality began: birth, or settlement in Belgium.
    pub(crate) begin: i32,
    /// From when the person is in the register's extracts; for those who come from abroad, the arrival.
    pub(crate) known: i32,
    pub(crate) parents: [u32; 2],
    pub(crate) changes: [Change; 2],
    /// The seed of the small facts that are not kept.
    pub(crate) quirk: u32,
    /// First nationality.
    pub(crate) first: u16,
    /// Municipality on the dates: position + 1, or 0 for none.
    pub(crate) place: [u16; DATES.len()],
    /// Where the person was born: municipality as above, or [`ABROAD`] + nationality code; 0 for unknown.
    pub(crate) birthplace: u16,
    pub(crate) serial: u16,
    pub(crate) flags: u16,
    pub(crate) story: Story,
}

/// Added to a nationality code that stands for a birthplace.
pub(crate) const ABROAD: u16 = 10_000;

/// Purposes of [`mix`]; each small fact has its own.
pub(crate) mod small {
    pub(crate) const LAG: u32 = 10;
    pub(crate) const MOVE: u32 = 20;
    pub(crate) const KIN: u32 = 30;
    pub(crate) const CIVIL: u32 = 50;
    pub(crate) const NUMBER: u32 = 60;
    pub(crate) const LEAVING: u32 = 70;
    pub(crate) const NEWCOMER: u32 = 110;
    pub(crate) const UPBRINGING: u32 = 120;
    pub(crate) const SCHOOL: u32 = 140;
    pub(crate) const UNLOCATED: u32 = 160;
    pub(crate) const POSITION: u32 = 200;
}

impl Person {
    pub(crate) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn set(&mut self, flag: u16, value: bool) {
        self.flags = if value { self.flags | flag } else { self.flags & !flag };
    }

    /// Nationality on a day, as the register records it.
    pub(crate) fn nationality(&self, day: i32) -> u16 {
        let last = self.changes.iter().rev().find(|change| change.day <= day);
        last.map_or(self.first, |change| change.code)
    }

    /// Nationalities before the one of a day, the last first.
    pub(crate) fn earlier(&self, day: i32) -> impl Iterator<Item = u16> {
        let begun = self.changes.iter().rev().filter(move |change| change.day <= day).map(|change| change.code);
        begun.chain([self.first]).skip(1)
    }

    /// Whether the person is a foreign national on a day.
    pub(crate) fn is_foreign(&self, day: i32) -> bool {
        self.nationality(day) != BELGIAN
    }

    /// Adds a change of nationality after those already there.
    pub(crate) fn change(&mut self, day: i32, code: u16, reason: Reason) {
        let free = usize::from(self.changes[0].day != NEVER);
        self.changes[free] = Change { day, code, reason };
    }

    /// When the register learned of the nationality that began on a day: 0 to 60 days later.
    pub(crate) fn registered(&self, event: u32, day: i32) -> i32 {
        day + (mix(self.quirk, small::LAG + event) % 61) as i32
    }

    /// Municipality (position + 1, or 0) on a day of the years between the first date and the last; earlier and later
    /// days are taken as if they belonged to the year beside them.
    pub(crate) fn place_on(&self, day: i32) -> u16 {
        let year = DATES[1..LAST].iter().filter(|date| day >= **date).count();
        let (before, after) = (self.place[year], self.place[year + 1]);
        if self.death <= day || self.birth > day {
            0
        } else if before == after || self.death < DATES[year + 1] {
            before
        } else if before == 0 && self.known > DATES[year] {
            if day >= self.known { after } else { 0 }
        } else {
            if day >= self.moved(year) { after } else { before }
        }
    }

    /// The day of a year, 0 for the first, on which somebody moves who is elsewhere at its end.
    pub(crate) fn moved(&self, year: usize) -> i32 {
        DATES[year] + 1 + (mix(self.quirk, small::MOVE + year as u32) % 363) as i32
    }

    /// Puts the person in a place on every date before `date`, as far as already in the register.
    pub(crate) fn stayed(&mut self, place: u16, date: usize) {
        for (earlier, day) in self.place.iter_mut().zip(DATES).take(date) {
            if self.known <= day {
                *earlier = place;
            }
        }
    }

    /// The register's letter on a day, for somebody who lives in a municipality.
    pub(crate) fn register(&self, day: i32) -> u8 {
        if self.is(flag::WAITING) {
            b'W'
        } else if self.is_foreign(day) && !self.is(flag::ESTABLISHED) {
            b'V'
        } else {
            b'B'
        }
    }

    /// Whether somebody with this place on the date counts as an inhabitant.
    pub(crate) fn inhabits(&self, date: usize) -> bool {
        self.place[date] != 0 && !self.is(flag::WAITING)
    }

    /// The identification number.
    pub(crate) fn insz(&self, calendar: &Calendar) -> u64 {
        let birth = u64::from(calendar.number(self.birth));
        let day = if self.is(flag::YEAR_ONLY) { birth / 10_000 * 10_000 } else { birth };
        let shift = match (self.is(flag::BIS), self.is(flag::SEX_UNKNOWN)) {
            (true, false) => 4_000,
            (true, true) => 2_000,
            (false, _) => 0,
        };
        let nine = (day % 1_000_000 + shift) * 1_000 + u64::from(self.serial);
        let century = if birth < 20_000_000 { Century::Nineteen } else { Century::Twenty };
        nine * 100 + check_digits(nine, century)
    }

    /// Civil status on a day of somebody of this age: 10 single, 20 married, 30 widowed, 40 divorced.
    pub(crate) fn civil_status(&self, age: i32) -> u8 {
        let age = f64::from(age);
        if age < 18.0 {
            return 10;
        }
        let woman = self.is(flag::WOMAN);
        let single = (1.0 - (age - 21.0).max(0.0) / 22.0).max(0.075 + (55.0 - age).max(0.0) * 0.01);
        let widowed = ((age - 50.0).max(0.0) / 48.0).powi(2) * if woman { 1.15 } else { 0.5 };
        let divorced =
            if age < 60.0 { (age - 25.0).max(0.0) / 35.0 * 0.16 } else { 0.16 - (age - 60.0) * 0.0035 }.max(0.02);
        match mix_unit(self.quirk, small::CIVIL) {
            chance if chance < single => 10,
            chance if chance < single + divorced => 40,
            chance if chance < single + divorced + widowed => 30,
            _ => 20,
        }
    }
}

/// A day that is none of the dates: what happens on a date itself could be read both ways.
pub(crate) fn off_the_dates(day: i32) -> i32 {
    if DATES.contains(&day) { day - 1 } else { day }
}

/// Position of 1 January of a year in [`DATES`].
pub(crate) const fn date(year: i16) -> usize {
    (year - FIRST_YEAR) as usize
}

/// Years as days, for drawing.
pub(crate) fn years(number: f64) -> i32 {
    (number * 365.25) as i32
}

/// 1 January of a year.
pub(crate) fn new_year(year: i16) -> i32 {
    Day::new_year(year).0
}
