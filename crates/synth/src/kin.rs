//! Fathers and mothers: every child gets those that the register has on record.

use crate::estimates as own;
use crate::local::Local;
use crate::person::{BELGIAN, DATES, FATHER, MOTHER, NEVER, Person, Story, flag, new_year};
use crate::pool::{Fate, Ties, Wish};
use crate::random::curve;

/// A year with decimals, for the curves that go by year of birth.
fn year_of(day: i32) -> f64 {
    1970.0 + f64::from(day) / 365.25
}

impl Local<'_> {
    /// Gives parents to everybody made so far, oldest children first, so that sisters and brothers share them.
    pub(crate) fn parents(&mut self) -> Ties {
        let mut ties = Ties::new(&self.people, self.setting.today);
        let mut children: Vec<u32> = (0..self.people.len() as u32).collect();
        children.sort_by_key(|child| self.people[*child as usize].birth);
        for child in children {
            let person = self.people[child as usize];
            if person.is(flag::WAITING) {
                continue;
            }
            let (mother, father) = match person.story {
                Story::Native => self.native(&person),
                Story::BothParents => self.both_foreign(&person),
                Story::OneParent => self.one_foreign(&person),
                Story::Naturalised | Story::Foreign => self.settled(&person),
            };
            self.give_parents(&mut ties, child, mother, father);
        }
        ties
    }

    /// Finds and links the parents that are wished for, if any.
    pub(crate) fn give_parents(&mut self, ties: &mut Ties, child: u32, mother: Option<Wish>, father: Option<Wish>) {
        let mother = mother.and_then(|wish| {
            let wish = Wish { partner_foreign: father.as_ref().map(|father| father.foreign), ..wish };
            self.find(ties, child, &wish, None)
        });
        if let Some(mother) = mother {
            self.link(ties, child, MOTHER, mother);
        }
        if let Some(mut wish) = father {
            let code = mother.map_or(BELGIAN, |mother| self.people[mother as usize].first);
            if wish.foreign && wish.code.is_none() && code != BELGIAN && self.draw.chance(own::SAME_NATIONALITY) {
                wish.code = Some(code);
            }
            let father = self.find(ties, child, &wish, mother.filter(|_| !wish.woman));
            if let Some(father) = father {
                self.link(ties, child, FATHER, father);
                if let Some(mother) = mother.filter(|_| !wish.woman) {
                    ties.couple(mother, father);
                }
            }
        }
    }

    /// Puts a parent on record.
    pub(crate) fn link(&mut self, ties: &mut Ties, child: u32, which: usize, parent: u32) {
        let Person { birth, known, .. } = self.people[child as usize];
        self.people[child as usize].parents[which] = parent;
        ties.bears(parent, birth);
        let parent = &mut self.people[parent as usize];
        if parent.is(flag::PARENT_ONLY) {
            // The register's extracts name a parent from the first child on.
            parent.known = parent.known.min(known);
            parent.begin = parent.begin.min(parent.known).max(parent.birth);
        }
    }

    /// Belgian parents, if the filiation is recorded.
    fn native(&mut self, child: &Person) -> (Option<Wish>, Option<Wish>) {
        let recorded = curve(own::RECORDED, year_of(child.birth)) * if child.is(flag::BORN_HERE) { 1.0 } else { 0.6 };
        if !self.draw.chance(recorded) {
            return (None, None);
        }
        let mother = self.fate(child, MOTHER).map(|fate| Wish::belgian(true, fate));
        let two_mothers = child.birth >= new_year(2006) && self.draw.chance(own::TWO_MOTHERS);
        let father = self.fate(child, FATHER).filter(|_| two_mothers || !self.draw.chance(own::FATHER_UNKNOWN));
        let father = father.map(|fate| Wish::belgian(two_mothers, if two_mothers { Fate::Resident } else { fate }));
        (mother, father)
    }

    /// Two parents who were foreign first: they are on record, or the child would not count.
    fn both_foreign(&mut self, child: &Person) -> (Option<Wish>, Option<Wish>) {
        let mut wish = |which: usize| {
            let fate = self.fate(child, which).unwrap_or(Fate::Elsewhere);
            Some(Wish { needed: true, ..Wish::foreign(which == MOTHER, fate, None) })
        };
        (wish(MOTHER), wish(FATHER))
    }

    /// One parent who was foreign first and is on record, and perhaps a Belgian one.
    fn one_foreign(&mut self, child: &Person) -> (Option<Wish>, Option<Wish>) {
        let foreign = if self.draw.chance(own::ONE_IS_FATHER) { FATHER } else { MOTHER };
        let mut wish = |which: usize| {
            let fate = self.fate(child, which);
            if which == foreign {
                return Some(Wish {
                    needed: true,
                    ..Wish::foreign(which == MOTHER, fate.unwrap_or(Fate::Elsewhere), None)
                });
            }
            let unknown = if which == FATHER { own::FATHER_UNKNOWN } else { 0.0 };
            let recorded = curve(own::RECORDED, year_of(child.birth)) * (1.0 - unknown);
            fate.filter(|_| self.draw.chance(recorded)).map(|fate| Wish::belgian(which == MOTHER, fate))
        };
        (wish(MOTHER), wish(FATHER))
    }

    /// The parents of somebody who was foreign first: mostly unknown to the register, unless they live here too.
    fn settled(&mut self, child: &Person) -> (Option<Wish>, Option<Wish>) {
        let age_at_arrival = (child.begin - child.birth) / 365;
        let recorded = self.draw.chance(curve(own::RECORDED, year_of(child.birth)));
        let came_with_them = age_at_arrival < 18 && self.draw.chance(own::RESIDENT_OF_CHILD);
        let code = (child.first != BELGIAN).then_some(child.first);
        let mut wish = |which: usize| {
            let fate = if child.is(flag::BORN_HERE) || came_with_them {
                self.fate(child, which).filter(|_| recorded)
            } else {
                match self.draw.unit() {
                    chance if age_at_arrival >= 18 && chance < own::RESIDENT_OF_ADULT => Some(Fate::Resident),
                    chance if chance > 1.0 - own::ABROAD_OF_SETTLED => Some(Fate::Abroad),
                    _ => None,
                }
            };
            fate.map(|fate| match code {
                Some(code) => Wish::foreign(which == MOTHER, fate, Some(code)),
                None => Wish::belgian(which == MOTHER, fate),
            })
        };
        (wish(MOTHER), wish(FATHER))
    }

    /// What became of a parent by the calibrated date; nothing where the register never had that parent.
    fn fate(&mut self, child: &Person, which: usize) -> Option<Fate> {
        let age = f64::from(DATES[self.setting.today] - child.birth).max(0.0) / 365.25;
        if self.draw.chance(curve(own::LIVING[which], age)) {
            Some(Fate::Resident)
        } else if self.draw.chance(curve(own::DEAD[which], age)) {
            Some(Fate::Dead)
        } else if self.draw.chance(own::ELSEWHERE) {
            Some(Fate::Elsewhere)
        } else {
            self.draw.chance(own::ABROAD).then_some(Fate::Abroad)
        }
    }

    /// A parent as wished for: the mother's own partner, an inhabitant, somebody shared with another child, or new.
    pub(crate) fn find(&mut self, ties: &mut Ties, child: u32, wish: &Wish, mate: Option<u32>) -> Option<u32> {
        let person = self.people[child as usize];
        if let Some(partner) = mate.and_then(|mate| ties.partner(mate))
            && ties.fits(&self.people, partner, person.birth, wish)
            && self.draw.chance(own::SAME_FATHER)
        {
            return Some(partner);
        }
        let gap = if wish.woman {
            self.draw.bell(28.3, 4.6).clamp(17.0, 44.0)
        } else {
            self.draw.bell(31.2, 5.4).clamp(18.0, 58.0)
        };
        let target = match mate {
            Some(mate) => self.people[mate as usize].birth - (self.draw.bell(2.3, 2.8) * 365.25) as i32,
            None => person.birth - (gap * 365.25) as i32,
        };
        let target = target.clamp(person.birth - 60 * 365, person.birth - 17 * 365);
        let mut fate = wish.fate;
        if fate == Fate::Resident {
            if let Some(found) = ties.inhabitant(&self.people, &mut self.draw, &person, target, wish) {
                return Some(found);
            }
            let old = DATES[self.setting.today] - person.birth > 45 * 365;
            fate = match (old, wish.needed || self.draw.chance(0.5)) {
                (true, _) => Fate::Dead,
                (false, true) => Fate::Elsewhere,
                (false, false) => return None,
            };
        }
        if self.draw.chance(own::SHARED)
            && let Some(found) = ties.shared(&self.people, &mut self.draw, person.birth, wish, fate)
        {
            return Some(found);
        }
        let parent = self.distant_parent(&person, target, wish, fate)?;
        self.people.push(parent);
        let position = self.people.len() as u32 - 1;
        ties.add(position, wish, fate);
        Some(position)
    }

    /// Somebody on record as a parent only: dead before 2008, in Brussels or Wallonia, or abroad.
    fn distant_parent(&mut self, child: &Person, birth: i32, wish: &Wish, mut fate: Fate) -> Option<Person> {
        let today = DATES[self.setting.today];
        let birth = birth.max(new_year(1862));
        let mut death = NEVER;
        if fate == Fate::Dead {
            // The register begins about 1968; whoever died from 2008 on is an inhabitant of some date.
            let low = (child.birth + if wish.woman { 1 } else { -260 }).max(new_year(1968)).max(birth + 7_000);
            let high = (birth + 37_000).min(new_year(2008) - 1);
            if low < high {
                death = (birth + (self.draw.bell(74.0, 13.0) * 365.25) as i32).clamp(low, high);
                death = if death == low || death == high { self.draw.between(low, high) } else { death };
            } else if wish.needed || child.birth > new_year(1990) {
                fate = Fate::Elsewhere;
            } else {
                return None;
            }
        }
        let mut parent = self.stranger(birth, if wish.foreign { Story::Foreign } else { Story::Native });
        parent.set(flag::PARENT_ONLY, true);
        parent.set(flag::WOMAN, wish.woman);
        parent.known = child.known;
        parent.death = death;
        if wish.foreign {
            parent.first = wish.code.or_else(|| self.older.draw(&mut self.draw)).unwrap_or(711);
            let latest = child.begin.min(child.known).min(death.saturating_sub(400));
            let earliest = latest - if child.is(flag::BORN_HERE) { 12 * 365 } else { 2 * 365 };
            let arrival = self.draw.between(earliest, latest).max(birth + 300).min(latest);
            self.settle(&mut parent, arrival.max(birth));
            parent.known = child.known;
            let naturalised = match fate {
                Fate::Dead => 0.25,
                Fate::Elsewhere | Fate::Resident => 0.45,
                Fate::Abroad => 0.05,
            };
            let day = self.draw.between((parent.begin + 3 * 365).max(new_year(1985)), today - 400);
            if self.draw.chance(naturalised) && day > parent.begin + 900 && day < death {
                let reason = self.reason((day - birth) / 365);
                parent.change(crate::person::off_the_dates(day), BELGIAN, reason);
            }
        }
        match fate {
            Fate::Elsewhere => {
                let place = self.place_elsewhere();
                parent.place = [place; DATES.len()];
                parent.set(flag::ESTABLISHED, self.draw.chance(0.6));
            }
            Fate::Abroad => {
                let bis = self.draw.chance(0.6);
                parent.set(flag::BIS, bis);
                parent.set(flag::SEX_UNKNOWN, bis && self.draw.chance(0.15));
                parent.set(flag::YEAR_ONLY, bis && self.draw.chance(0.06));
            }
            Fate::Dead | Fate::Resident => {}
        }
        let without = if wish.needed { 0.0 } else { own::WITHOUT_HISTORY };
        parent.set(flag::WITHOUT_HISTORY, fate != Fate::Elsewhere && self.draw.chance(without));
        Some(parent)
    }
}
