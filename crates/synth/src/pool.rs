//! Who can be somebody's parent, and who already is whose.

use crate::estimates as own;
use crate::person::{BELGIAN, DATES, NEVER, NOBODY, Person, flag, new_year};
use crate::random::Draw;

/// What became of a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Inhabitant of the municipality, or one who died from 2008 on.
    Resident,
    /// Died before 2008.
    Dead,
    /// In Brussels or Wallonia.
    Elsewhere,
    /// On record, in no Belgian municipality.
    Abroad,
}

/// The parent that a child should have.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) woman: bool,
    /// First nationality foreign, and which one if that matters.
    pub(crate) foreign: bool,
    pub(crate) code: Option<u16>,
    pub(crate) fate: Fate,
    /// The child's origin is known by this parent: somebody must be found.
    pub(crate) needed: bool,
    /// Whether the other parent is wished to be foreign first.
    pub(crate) partner_foreign: Option<bool>,
}

impl Wish {
    pub(crate) fn belgian(woman: bool, fate: Fate) -> Wish {
        Wish { woman, foreign: false, code: None, fate, needed: false, partner_foreign: None }
    }

    pub(crate) fn foreign(woman: bool, fate: Fate, code: Option<u16>) -> Wish {
        Wish { woman, foreign: true, code, fate, needed: false, partner_foreign: None }
    }
}

/// Possible parents among the inhabitants.
#[derive(Default)]
struct Pool {
    by_birth: Vec<(i32, u32)>,
    by_code: Vec<(u16, i32, u32)>,
}

/// What binds a person to children and to their other parent.
#[derive(Clone, Copy)]
struct Tie {
    partner: u32,
    last_birth: i32,
    children: u8,
}

/// Nobody yet.
const FREE: Tie = Tie { partner: NOBODY, last_birth: i32::MIN / 2, children: 0 };
/// Days between two births of a mother, at least.
const SPACING: i32 = 290;
/// Distant parents that can still be shared.
const REMEMBERED: usize = 48;

/// The families of a municipality.
pub(crate) struct Ties {
    ties: Vec<Tie>,
    /// `[foreign][woman]`.
    pools: [[Pool; 2]; 2],
    /// `[foreign][woman][fate]`: distant parents made lately.
    recent: [[[Vec<u32>; 4]; 2]; 2],
}

impl Ties {
    /// Collects the inhabitants of the calibrated date, and those who died in the years before it.
    pub(crate) fn new(people: &[Person], today: usize) -> Ties {
        let mut pools: [[Pool; 2]; 2] = Default::default();
        for (at, person) in people.iter().enumerate() {
            let died_lately = person.death != NEVER && person.death >= new_year(2008);
            let adult = person.birth < DATES[today] - 16 * 365;
            if adult && !person.is(flag::WAITING) && (person.place[today] != 0 || died_lately) {
                let pool = &mut pools[usize::from(person.first != BELGIAN)][usize::from(person.is(flag::WOMAN))];
                pool.by_birth.push((person.birth, at as u32));
                if person.first != BELGIAN {
                    pool.by_code.push((person.first, person.birth, at as u32));
                }
            }
        }
        for pool in pools.iter_mut().flatten() {
            pool.by_birth.sort_unstable();
            pool.by_code.sort_unstable();
        }
        Ties { ties: vec![FREE; people.len()], pools, recent: Default::default() }
    }

    fn tie(&self, person: u32) -> Tie {
        self.ties.get(person as usize).copied().unwrap_or(FREE)
    }

    fn tie_mut(&mut self, person: u32) -> &mut Tie {
        let at = person as usize;
        if at >= self.ties.len() {
            self.ties.resize(at + 1, FREE);
        }
        &mut self.ties[at]
    }

    /// The other parent of this person's children, if there is one.
    pub(crate) fn partner(&self, person: u32) -> Option<u32> {
        Some(self.tie(person).partner).filter(|partner| *partner != NOBODY)
    }

    /// Makes a couple of two parents who have no partner yet.
    pub(crate) fn couple(&mut self, mother: u32, father: u32) {
        if self.partner(mother).is_none() && self.partner(father).is_none() {
            self.tie_mut(mother).partner = father;
            self.tie_mut(father).partner = mother;
        }
    }

    /// Notes a child.
    pub(crate) fn bears(&mut self, parent: u32, birth: i32) {
        let tie = self.tie_mut(parent);
        tie.last_birth = birth;
        tie.children = tie.children.saturating_add(1);
    }

    /// Whether a woman can have had a child on a day, after her last one.
    pub(crate) fn can_bear(&self, mother: u32, birth: i32) -> bool {
        let tie = self.tie(mother);
        tie.children < 7 && birth - tie.last_birth >= SPACING
    }

    /// Whether somebody can be the parent of a child born on a day.
    pub(crate) fn fits(&self, people: &[Person], candidate: u32, birth: i32, wish: &Wish) -> bool {
        let person = &people[candidate as usize];
        let gap = birth - person.birth;
        let (lived, ages) = if wish.woman {
            (person.death > birth, 16 * 365..46 * 365)
        } else {
            (person.death > birth - 260, 17 * 365..63 * 365)
        };
        lived
            && ages.contains(&gap)
            && person.is(flag::WOMAN) == wish.woman
            && (person.first != BELGIAN) == wish.foreign
            && wish.code.is_none_or(|code| code == person.first)
            && if wish.woman { self.can_bear(candidate, birth) } else { self.tie(candidate).children < 9 }
    }

    /// An inhabitant born near the target day.
    pub(crate) fn inhabitant(
        &self,
        people: &[Person],
        draw: &mut Draw,
        child: &Person,
        target: i32,
        wish: &Wish,
    ) -> Option<u32> {
        let pool = &self.pools[usize::from(wish.foreign)][usize::from(wish.woman)];
        for (window, picky) in [(300, true), (900, true), (1_500, false)] {
            let (low, high) = match wish.code {
                Some(code) => (
                    pool.by_code.partition_point(|entry| (entry.0, entry.1) < (code, target - window)),
                    pool.by_code.partition_point(|entry| (entry.0, entry.1) <= (code, target + window)),
                ),
                None => (
                    pool.by_birth.partition_point(|entry| entry.0 < target - window),
                    pool.by_birth.partition_point(|entry| entry.0 <= target + window),
                ),
            };
            for _ in 0..(2 * (high - low)).min(10) {
                let at = low + draw.below(high - low);
                let candidate = if wish.code.is_some() { pool.by_code[at].2 } else { pool.by_birth[at].1 };
                let suits = self.fits(people, candidate, child.birth, wish);
                if suits && (!picky || self.suits_well(people, draw, child, candidate, wish)) {
                    return Some(candidate);
                }
            }
        }
        None
    }

    /// What makes one possible parent likelier than another.
    fn suits_well(&self, people: &[Person], draw: &mut Draw, child: &Person, candidate: u32, wish: &Wish) -> bool {
        let person = &people[candidate as usize];
        let couple = match (self.partner(candidate), wish.woman) {
            (None, _) => true,
            // A father who has a partner is found through her.
            (Some(_), false) => false,
            (Some(partner), true) => {
                wish.partner_foreign.is_none_or(|foreign| foreign == (people[partner as usize].first != BELGIAN))
            }
        };
        let was_here = !wish.foreign || !child.is(flag::BORN_HERE) || person.begin <= child.birth;
        // A Belgian child of two foreign-first parents mostly has one who is Belgian by now.
        let belgian = !wish.needed || !person.is_foreign(child.birth) || draw.chance(own::STILL_FOREIGN);
        couple && was_here && belgian
    }

    /// A distant parent made for another child, who can be this child's too.
    pub(crate) fn shared(
        &self,
        people: &[Person],
        draw: &mut Draw,
        birth: i32,
        wish: &Wish,
        fate: Fate,
    ) -> Option<u32> {
        let recent = &self.recent[usize::from(wish.foreign)][usize::from(wish.woman)][fate as usize];
        for _ in 0..6.min(2 * recent.len()) {
            let candidate = recent[draw.below(recent.len())];
            if self.fits(people, candidate, birth, wish) && self.tie(candidate).children < 5 {
                return Some(candidate);
            }
        }
        None
    }

    /// Remembers a distant parent.
    pub(crate) fn add(&mut self, position: u32, wish: &Wish, fate: Fate) {
        let recent = &mut self.recent[usize::from(wish.foreign)][usize::from(wish.woman)][fate as usize];
        if recent.len() >= REMEMBERED {
            recent.remove(0);
        }
        recent.push(position);
    }
}
