//! The story of an inhabitant: birth, settlement, nationalities.

use crate::estimates as own;
use crate::local::{Local, foreign_origin};
use crate::person::{
    ABROAD, BELGIAN, DATES, NEVER, NOBODY, Person, Reason, Story, UNCHANGED, flag, new_year, off_the_dates, years,
};
use crate::random::curve;

impl Local<'_> {
    /// An inhabitant on the calibrated date; `shift` is the municipality's own, for foreign origin.
    pub(crate) fn resident(&mut self, woman: bool, foreign: bool, age: i32, shift: f64) -> Person {
        let story = if foreign {
            Story::Foreign
        } else if !self.draw.chance(foreign_origin(age, shift)) {
            Story::Native
        } else if self.draw.chance(curve(own::OWN_FIRST, f64::from(age))) {
            Story::Naturalised
        } else if self.draw.chance(own::BOTH_PARENTS) {
            Story::BothParents
        } else {
            Story::OneParent
        };
        let birth = self.birth_at(age);
        // Nobody changes nationality in the first months of life.
        let newborn = birth > DATES[self.setting.today] - 200;
        let story = if newborn && story == Story::Naturalised { Story::BothParents } else { story };
        let mut person = self.stranger(birth, story);
        person.set(flag::WOMAN, woman);
        person.place[self.setting.today] = self.home;
        match story {
            Story::Foreign => self.foreign(&mut person, age),
            Story::Naturalised => self.naturalised(&mut person, age),
            Story::Native | Story::BothParents | Story::OneParent => {
                let abroad = story == Story::Native && self.draw.chance(0.02);
                if abroad {
                    person.set(flag::BORN_HERE, false);
                    person.birthplace = self.citizens.draw(&mut self.draw).map_or(0, |code| code + ABROAD);
                }
            }
        }
        person
    }

    /// Somebody born here as a Belgian; what differs is set by the caller.
    pub(crate) fn stranger(&mut self, birth: i32, story: Story) -> Person {
        let birthplace = if self.draw.chance(0.6) { self.home } else { self.other_place(self.home, false) };
        Person {
            birth,
            death: NEVER,
            begin: birth,
            known: birth,
            parents: [NOBODY; 2],
            changes: [UNCHANGED; 2],
            quirk: self.draw.bits(),
            first: BELGIAN,
            place: [0; DATES.len()],
            birthplace,
            serial: 0,
            flags: flag::BORN_HERE,
            story,
        }
    }

    /// A day of birth of somebody of this age on the calibrated date; the oldest class is open.
    fn birth_at(&mut self, age: i32) -> i32 {
        let older = if age >= 100 { (self.draw.wait(1.3) as i32).min(8) } else { 0 };
        let year = self.setting.counts.year - (age + older) as i16;
        // The child of a few years was not yet there on its own day of birth, when that is one of the dates.
        let last = if age < DATES.len() as i32 { new_year(year) - 1 } else { new_year(year) };
        self.draw.between(new_year(year - 1) + 1, last)
    }

    /// A foreign national: born here or settled some years ago.
    fn foreign(&mut self, person: &mut Person, age: i32) {
        let today = DATES[self.setting.today];
        person.first = self.citizens.draw(&mut self.draw).unwrap_or(711);
        let born_here = self.draw.chance(curve(own::FOREIGN_BORN_HERE, f64::from(age)));
        if !born_here {
            let ago = years(self.draw.wait(curve(own::YEARS_SETTLED, f64::from(age)))) + 1;
            let lived = today - person.birth;
            let ago = if ago < lived { ago } else { self.draw.between(1, lived) };
            self.settle(person, today - ago);
        }
        person.set(flag::ESTABLISHED, (born_here || today - person.begin > years(5.0)) && self.draw.chance(0.7));
        let change = self.draw.unit();
        let day = off_the_dates(self.draw.between(person.begin, today - 1).max(person.begin));
        if change < own::ONCE_BELGIAN && day > person.begin {
            person.change(day, person.first, Reason::Declaration);
            person.first = BELGIAN;
        } else if change < own::ONCE_BELGIAN + own::ONCE_OTHER && day > person.begin {
            let other = self.older.draw(&mut self.draw).unwrap_or(711);
            if other != person.first {
                person.change(day, person.first, Reason::Declaration);
                person.first = other;
            }
        } else {
            self.former_state(person, today - 1);
        }
    }

    /// A Belgian who was foreign first.
    fn naturalised(&mut self, person: &mut Person, age: i32) {
        let today = DATES[self.setting.today];
        person.first = self.older.draw(&mut self.draw).unwrap_or(711);
        let mut born_here = self.draw.chance(curve(own::NATURALISED_BORN_HERE, f64::from(age)));
        // Whoever settles needs some years before becoming Belgian; who is too young for that was born here.
        let mut earliest = person.birth + if born_here { 200 } else { years(4.0) };
        if earliest >= today - 1 {
            born_here = true;
            earliest = person.birth + 1;
        }
        let day = off_the_dates(self.naturalisation_day(earliest.max(new_year(1985)), today - 1));
        if !born_here {
            let least = years(3.0);
            let longest = (day - person.birth).min(years(28.0)).max(least);
            let before = least + ((longest - least) as f64 * self.draw.unit() * self.draw.unit()) as i32;
            self.settle(person, (day - before).max(person.birth + 1));
        }
        let reason = self.reason((day - person.birth) / 365);
        self.former_state(person, day - 1);
        person.change(day, BELGIAN, reason);
    }

    /// A day between two days on which somebody became Belgian, by the weights of the years.
    fn naturalisation_day(&mut self, earliest: i32, latest: i32) -> i32 {
        for _ in 0..12 {
            let day = self.draw.between(earliest, latest);
            let year = 1970 + (f64::from(day) / 365.25) as i16;
            let row = own::NATURALISATION_YEARS.iter().rev().find(|(from, _)| *from <= year);
            if self.draw.chance(row.map_or(0.0, |(_, weight)| *weight) / 22.0) {
                return day;
            }
        }
        self.draw.between(earliest, latest)
    }

    /// Makes the person one who came from abroad on a day.
    pub(crate) fn settle(&mut self, person: &mut Person, day: i32) {
        person.set(flag::BORN_HERE, false);
        person.birthplace = person.first + ABROAD;
        person.begin = off_the_dates(day).max(person.birth);
        person.known = person.begin;
    }

    /// Perhaps the first nationality on record is that of a state that no longer exists.
    fn former_state(&mut self, person: &mut Person, latest: i32) {
        let code = person.first;
        let Some((_, former, ended)) = own::SUCCESSORS.iter().find(|(codes, ..)| codes.contains(&code)) else { return };
        let ended = new_year(*ended);
        if person.begin < ended && self.draw.chance(own::FORMER_STATE) {
            person.first = *former;
            let day = off_the_dates(self.draw.between(ended, ended + years(12.0)));
            if day <= latest {
                person.change(day, code, Reason::Declaration);
            } else if person.story == Story::Foreign {
                person.change(off_the_dates(latest), code, Reason::Declaration);
            }
        }
    }
}
