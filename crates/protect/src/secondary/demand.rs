//! What is asked of a system: its primary cells, what a reader must be left with, and what is known of others.

use std::collections::{BTreeMap, BTreeSet};

use crate::level::Need;
use crate::search::EVERYWHERE;
use crate::system::System;

/// What is asked of a system.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// The cells withheld for themselves, with what a reader must be left with.
    pub primary: BTreeMap<u32, Need>,
    /// Cells withheld already, which stay so.
    pub before: BTreeSet<u32>,
    /// Cells that are never shown.
    pub hidden: BTreeSet<u32>,
    /// Cells that everybody knows, whatever is withheld.
    pub public: BTreeSet<u32>,
    /// Hidden cells that follow from others, and need no protection themselves.
    pub followers: BTreeSet<u32>,
    /// Whether what everybody knows of a primary cell is taken back from its need, rather than telling that it is exposed.
    pub yields: bool,
    /// Cells that no row tells: where earlier editions leave too little of one, it has no need.
    pub unsaid: BTreeSet<u32>,
    /// Cells to which one person alone contributes, who knows them, with a number for the person: what is shown of another
    /// cell must hold against each of them.
    pub alone: BTreeMap<u32, u32>,
    /// How much of a primary cell such a person is: less than that the person need not take it for.
    pub own: BTreeMap<(u32, u32), i64>,
    /// The municipality that each cell is of, by any number; none where there is no such thing.
    pub municipality: Vec<Option<u32>>,
    /// For each municipality others, between which and itself a move is looked for first.
    pub partners: BTreeMap<u32, Vec<u32>>,
    /// Neighbourhoods of each cell, as bits; none where there is no such thing.
    pub neighbourhoods: Vec<u128>,
    /// Cells of which a rounded share is published, with the least and the most that it leaves open. Other tables keep to them
    /// where they can; where one does not, the share is not published.
    pub rounded: BTreeMap<u32, (i64, i64)>,
    /// Those of them whose share was published before, which every table keeps to.
    pub kept: BTreeSet<u32>,
    /// How far above the smallest areas each cell is; none where there is no such thing.
    pub levels: Vec<u8>,
    /// The neighbourhood that each cell is about, also where it moves with all.
    pub homes: Vec<Option<usize>>,
    /// For each neighbourhood those in which a move is looked for.
    pub rings: Vec<Rings>,
}

/// How far from home a move is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// The own neighbourhood.
    Own,
    /// And the greatest area of each neighbourhood of the same province: few cells, with room for many moves.
    Near,
    /// The province.
    Province,
    /// The own neighbourhood, and the greatest area of each.
    Greatest,
    /// Everything.
    Everywhere,
}

/// The neighbourhoods in which a move is looked for, as bits.
#[derive(Debug, Clone, Copy)]
pub struct Rings {
    /// The own neighbourhood.
    pub own: u128,
    /// The own neighbourhood and the greatest area of each of the province.
    pub near: u128,
    /// Those of the province.
    pub province: u128,
    /// The own neighbourhood and the greatest area of each.
    pub greatest: u128,
}

impl Demand {
    /// The neighbourhoods in which a move of a cell is looked for.
    pub(crate) fn ring(&self, cell: u32, ring: Ring) -> u128 {
        let home = self.homes.get(cell as usize).copied().flatten();
        let Some(rings) = home.and_then(|home| self.rings.get(home)) else { return EVERYWHERE };
        match ring {
            Ring::Own => rings.own,
            Ring::Near => rings.near,
            Ring::Province => rings.province,
            Ring::Greatest => rings.greatest,
            Ring::Everywhere => EVERYWHERE,
        }
    }

    /// How far above the smallest areas a cell is.
    pub(crate) fn level(&self, cell: u32) -> u8 {
        self.levels.get(cell as usize).copied().unwrap_or(0)
    }

    /// A municipality and its partners.
    pub fn with_partners(&self, of: u32) -> impl Iterator<Item = u32> {
        std::iter::once(of).chain(self.partners.get(&of).into_iter().flatten().copied())
    }

    /// The cells of each person who is alone in some.
    pub(crate) fn persons(&self) -> BTreeMap<u32, Vec<u32>> {
        let mut found: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (cell, person) in &self.alone {
            found.entry(*person).or_default().push(*cell);
        }
        found
    }

    /// Names the persons who are alone in cells, given as a number for each cell: who is alone in a whole and in one of its
    /// parts is one person, and knows to be of every whole above.
    pub fn name_persons(&mut self, system: &System) {
        let mut person: Vec<u32> = (0..system.len() as u32).collect();
        // Parts that overlap, and the difference of two flows, are not in their whole.
        let nests = |terms: &[(u32, i64)]| {
            terms.iter().filter(|(_, by)| *by < 0).count() == 1
                && terms.iter().all(|(cell, _)| system.figure(*cell).least >= 0)
        };
        for terms in system.sums().iter().filter(|terms| nests(terms)) {
            let alone: Vec<(u32, i64)> =
                terms.iter().filter(|(cell, _)| self.alone.contains_key(cell)).copied().collect();
            for (whole, _) in alone.iter().filter(|(_, by)| *by < 0) {
                for (part, _) in alone.iter().filter(|(_, by)| *by > 0) {
                    let (a, b) = (root(&mut person, *whole), root(&mut person, *part));
                    person[a.max(b) as usize] = a.min(b);
                }
            }
        }
        for (cell, own) in &mut self.alone {
            *own = root(&mut person, *cell);
        }
        for (cell, person) in &self.alone {
            let value = system.figure(*cell).value;
            let mut seen = BTreeSet::from([*cell]);
            let mut next = vec![*cell];
            while let Some(part) = next.pop() {
                for (sum, _) in system.sums_of(part).iter().filter(|(_, by)| *by > 0) {
                    let terms = &system.sums()[*sum as usize];
                    for (whole, _) in terms.iter().filter(|(_, by)| *by < 0 && nests(terms)) {
                        if seen.insert(*whole) {
                            next.push(*whole);
                        }
                    }
                }
            }
            for whole in seen.into_iter().filter(|whole| self.primary.contains_key(whole)) {
                let known = self.own.entry((whole, *person)).or_default();
                *known = value.max(*known);
            }
        }
    }
}

pub(crate) fn root(group: &mut [u32], mut of: u32) -> u32 {
    while group[of as usize] != of {
        group[of as usize] = group[group[of as usize] as usize];
        of = group[of as usize];
    }
    of
}
