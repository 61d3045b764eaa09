//! The years around the calibrated date: who came, who left, who died, who moved.
//!
//! Going back, the inhabitants of a date tell who of them was not there a year earlier; those who left in between are
//! drawn as people like them. Going forward, they leave, and people like them arrive.

use crate::estimates as own;
use crate::local::Local;
use crate::person::{BELGIAN, DATES, LAST, NEVER, NOBODY, Person, Story, UNCHANGED, date, flag};
use crate::random::curve;

/// Where somebody was, or went.
enum Where {
    Here,
    Abroad,
    Dead,
    At(u16),
}

impl Local<'_> {
    /// From the calibrated date back to the first date.
    pub(crate) fn earlier_years(&mut self) {
        for date in (1..=self.setting.today).rev() {
            for at in 0..self.people.len() {
                if self.lives_in_flanders(at, date) {
                    self.year_before(at, date);
                }
            }
        }
    }

    /// From the calibrated date on to the last date; births come later, when the parents are known.
    pub(crate) fn later_years(&mut self) {
        for date in self.setting.today..LAST {
            for at in 0..self.people.len() {
                if self.lives_in_flanders(at, date) {
                    self.year_after(at, date);
                    self.arrivals_like(at, date);
                }
            }
        }
    }

    pub(crate) fn lives_in_flanders(&self, at: usize, date: usize) -> bool {
        let person = &self.people[at];
        let place = person.place[date];
        place != 0 && person.inhabits(date) && self.setting.reference.municipalities[usize::from(place) - 1].flemish
    }

    /// Where an inhabitant of a date lived a year earlier, and whoever like this one left in that year.
    fn year_before(&mut self, at: usize, date: usize) {
        let person = self.people[at];
        let (place, before) = (person.place[date], DATES[date - 1]);
        if person.birth > before || person.known > before {
            return;
        }
        match self.leaves(&person, before, true) {
            Where::Here => {}
            how => self.left(at, date, &how),
        }
        let foreign = usize::from(person.is_foreign(DATES[date]));
        let chance = self.draw.unit();
        let returning = if foreign == 0 && person.story == Story::Native { own::RETURNING } else { 0.0 };
        let here = if chance < returning {
            self.people[at].known = self.day_of_year(date - 1);
            0
        } else if chance < returning + own::FROM_ELSEWHERE[foreign] {
            let elsewhere = self.place_elsewhere();
            self.people[at].stayed(elsewhere, date);
            return;
        } else if self.draw.chance(moving(&person, before)) {
            self.other_place(place, foreign == 1)
        } else {
            place
        };
        self.people[at].place[date - 1] = here;
    }

    /// Adds somebody like this inhabitant who lived here a year before the date and no longer does.
    fn left(&mut self, at: usize, date: usize, how: &Where) {
        let mut person = self.like(at);
        let place = person.place[date];
        person.death = NEVER;
        person.place = [0; DATES.len()];
        person.place[date - 1] = place;
        match how {
            Where::Dead => {
                person.death = self.day_of_year(date - 1);
                person.stays_as_on(person.death);
            }
            Where::At(elsewhere) => person.place[date..].fill(*elsewhere),
            // Whoever is gone becomes Belgian no more.
            Where::Abroad => person.stays_as_on(DATES[date - 1]),
            Where::Here => {}
        }
        self.people.push(person);
    }

    /// What happens to an inhabitant in the year after a date.
    fn year_after(&mut self, at: usize, date: usize) {
        let person = self.people[at];
        let place = match self.leaves(&person, DATES[date], false) {
            Where::Dead => {
                self.people[at].death = self.day_of_year(date);
                0
            }
            Where::Abroad => 0,
            Where::At(elsewhere) => elsewhere,
            Where::Here if self.draw.chance(moving(&person, DATES[date])) => {
                self.other_place(person.place[date], person.is_foreign(DATES[date]))
            }
            Where::Here => person.place[date],
        };
        self.people[at].place[date + 1] = place;
        if !self.lives_in_flanders(at, date + 1) {
            // Whoever left stays away.
            self.people[at].place[date + 1..].fill(place);
            return;
        }
        let age = age(&person, DATES[date]);
        let settled = person.is(flag::BORN_HERE) || DATES[date] - person.begin > 3 * 365;
        let free = person.changes[1].day == NEVER;
        if settled && free && person.is_foreign(DATES[date]) && self.draw.chance(curve(own::NATURALISING, age)) {
            let day = self.day_of_year(date);
            let reason = self.reason(age as i32);
            self.people[at].change(day, BELGIAN, reason);
        }
    }

    /// Adds those like this inhabitant who arrive in the year after a date.
    fn arrivals_like(&mut self, at: usize, date: usize) {
        let person = self.people[at];
        let foreign = person.is_foreign(DATES[date]);
        let from_abroad = match (foreign, person.story) {
            (true, _) => curve(own::ARRIVING, age(&person, DATES[date])),
            (false, Story::Native) => own::RETURNING,
            (false, _) => 0.0,
        };
        let chance = self.draw.unit();
        let elsewhere = own::FROM_ELSEWHERE[usize::from(foreign)];
        if chance >= from_abroad + elsewhere {
            return;
        }
        let mut arrival = self.like(at);
        arrival.death = NEVER;
        arrival.place = [0; DATES.len()];
        arrival.place[date + 1] = person.place[date];
        if chance >= from_abroad {
            // From Brussels or Wallonia: in the register all along.
            let elsewhere = self.place_elsewhere();
            arrival.stayed(elsewhere, date + 1);
        } else {
            let day = self.day_of_year(date);
            if foreign {
                arrival.first = person.nationality(DATES[date]);
                arrival.changes = [UNCHANGED; 2];
                arrival.set(flag::ESTABLISHED, false);
                self.settle(&mut arrival, day);
            }
            arrival.known = day;
        }
        self.people.push(arrival);
    }

    /// Whether and how somebody leaves Flanders in the year after a day; looking back, how many like this one who is
    /// still there did.
    fn leaves(&mut self, person: &Person, day: i32, back: bool) -> Where {
        let age = age(person, day);
        let death = if person.is(flag::WOMAN) { own::DEATH_OF_WOMEN } else { own::DEATH_OF_MEN };
        let death = curve(death, age).exp();
        let death = if back { death / (1.0 - death) } else { death };
        let foreign = usize::from(person.is_foreign(day));
        // Whoever is old or young leaves less often than others.
        let mobile = if (18.0..45.0).contains(&age) { 1.35 } else { 0.75 };
        let fewer = foreign == 1 && day < DATES[date(2010)];
        let abroad = own::TO_ABROAD[foreign] * mobile * if fewer { own::LEAVING_BEFORE_2010 } else { 1.0 };
        let elsewhere = own::TO_ELSEWHERE[foreign] * mobile;
        match self.draw.unit() {
            chance if chance < death => Where::Dead,
            chance if chance < death + abroad => Where::Abroad,
            chance if chance < death + abroad + elsewhere => Where::At(self.place_elsewhere()),
            _ => Where::Here,
        }
    }

    /// Somebody with the same life so far, and nobody's child or parent.
    fn like(&mut self, at: usize) -> Person {
        let mut person = self.people[at];
        person.quirk = self.draw.bits();
        person.parents = [NOBODY; 2];
        person
    }
}

impl Person {
    /// What had not happened by this day never does.
    fn stays_as_on(&mut self, day: i32) {
        for change in self.changes.iter_mut().filter(|change| change.day >= day) {
            *change = UNCHANGED;
        }
        if self.is_foreign(day) {
            self.story = Story::Foreign;
        }
    }
}

/// Years of age on a day, with decimals.
fn age(person: &Person, day: i32) -> f64 {
    f64::from(day - person.birth).max(0.0) / 365.25
}

/// Probability of a move within Flanders in the year after a day.
fn moving(person: &Person, day: i32) -> f64 {
    curve(own::MOVING, age(person, day))
}
