//! The children born after the calibrated date.

use crate::estimates as own;
use crate::local::Local;
use crate::person::{BELGIAN, DATES, FATHER, LAST, MOTHER, Person, Story, flag};
use crate::pool::{Fate, Ties, Wish};
use crate::random::curve;

impl Local<'_> {
    /// Births among the women who live in Flanders on two following dates; the child lives where its mother lives.
    pub(crate) fn births(&mut self, mut ties: Ties) {
        let middle_of_year = |date: usize| DATES[date] + 182;
        for date in self.setting.today..LAST {
            for at in 0..self.people.len() {
                let mother = self.people[at];
                if !mother.is(flag::WOMAN) || !self.lives_in_flanders(at, date) || !self.lives_in_flanders(at, date + 1)
                {
                    continue;
                }
                let age = f64::from(middle_of_year(date) - mother.birth) / 365.25;
                let factor = if mother.first == BELGIAN { 1.0 } else { own::FERTILITY_FOREIGN };
                if self.draw.chance(curve(own::FERTILITY, age) * factor) {
                    let birth = self.day_of_year(date);
                    if ties.can_bear(at as u32, birth) {
                        self.birth(&mut ties, at as u32, birth, date);
                    }
                }
            }
        }
    }

    /// One birth.
    fn birth(&mut self, ties: &mut Ties, mother: u32, birth: i32, date: usize) {
        let woman = self.people[mother as usize];
        let mut child = self.stranger(birth, Story::Native);
        child.set(flag::WOMAN, self.draw.chance(0.488));
        child.place[date + 1..].copy_from_slice(&woman.place[date + 1..]);
        let position = self.people.len() as u32;
        self.people.push(child);
        self.link(ties, position, MOTHER, mother);
        if !self.draw.chance(own::FATHER_UNKNOWN) {
            let father = self.father(ties, position, mother, &woman);
            if let Some(father) = father {
                self.link(ties, position, FATHER, father);
                ties.couple(mother, father);
            }
        }
        self.nationality_at_birth(position);
    }

    /// The mother's partner, or an inhabitant.
    fn father(&mut self, ties: &mut Ties, child: u32, mother: u32, woman: &Person) -> Option<u32> {
        let foreign_first = woman.first != BELGIAN;
        let couple = if foreign_first { own::FOREIGN_COUPLE } else { own::MIXED_COUPLE };
        let wish = if self.draw.chance(couple) {
            let same = foreign_first && self.draw.chance(0.9);
            Wish::foreign(false, Fate::Resident, same.then_some(woman.first))
        } else {
            Wish::belgian(false, Fate::Resident)
        };
        if let Some(partner) = ties.partner(mother)
            && self.people[partner as usize].death > self.people[child as usize].birth
            && self.draw.chance(own::SAME_FATHER)
        {
            return Some(partner);
        }
        self.find(ties, child, &wish, Some(mother))
    }

    /// A child is Belgian if one parent is; otherwise it has its father's nationality, or else its mother's.
    fn nationality_at_birth(&mut self, child: u32) {
        let Person { birth, parents, .. } = self.people[child as usize];
        let of = |parent: u32| self.people.get(parent as usize);
        let known: Vec<&Person> = parents.into_iter().filter_map(of).collect();
        let now = known.iter().map(|parent| parent.nationality(birth));
        let first =
            if now.clone().any(|code| code == BELGIAN) { BELGIAN } else { now.clone().next().unwrap_or(BELGIAN) };
        let foreign_parents = known.iter().filter(|parent| parent.first != BELGIAN).count();
        let child = &mut self.people[child as usize];
        child.first = first;
        child.story = match foreign_parents {
            _ if first != BELGIAN => Story::Foreign,
            0 => Story::Native,
            1 => Story::OneParent,
            _ => Story::BothParents,
        };
    }
}
