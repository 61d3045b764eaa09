//! A smaller system to search in: without cells that are suppressed anyway and follow from others.
//!
//! The count of a cluster is the sum over its members, and everything else that holds of it follows from what holds of them.
//! Where it is suppressed and needs no protection itself, it moves by what they move, in whatever move: its equations are in
//! the way of nothing. A move is looked for without them, and completed afterwards.

use std::collections::{BTreeMap, BTreeSet};

use crate::search::Search;
use crate::system::{Move, System};

/// A system without some of its cells' equations.
pub(super) struct Reduced {
    system: System,
    /// Of each cell those that follow it, with how often it is counted in them.
    followers: BTreeMap<u32, Vec<(u32, i64)>>,
}

impl Reduced {
    /// Takes cells out that are the whole of an equation whose parts stay; nothing where there are none.
    pub(super) fn of(system: &System, may_follow: &BTreeSet<u32>) -> Option<Reduced> {
        let mut followers: BTreeMap<u32, Vec<(u32, i64)>> = BTreeMap::new();
        let mut out: BTreeSet<u32> = BTreeSet::new();
        for cell in may_follow {
            let defines = |terms: &&Vec<(u32, i64)>| {
                terms.iter().all(|(other, by)| if other == cell { *by == -1 } else { !may_follow.contains(other) })
            };
            let definition = system.sums_of(*cell).iter().map(|(sum, _)| &system.sums()[*sum as usize]).find(defines);
            for (part, by) in definition.into_iter().flatten().filter(|(part, _)| part != cell) {
                followers.entry(*part).or_default().push((*cell, *by));
            }
            out.extend(definition.map(|_| *cell));
        }
        let mut smaller = System::new((0..system.len() as u32).map(|cell| *system.figure(cell)).collect());
        for terms in system.sums() {
            // An equation that is taken out leaves its number behind.
            let is_out = terms.iter().any(|(cell, _)| out.contains(cell));
            smaller.add_terms(if is_out { Vec::new() } else { terms.clone() });
        }
        (!out.is_empty()).then_some(Reduced { system: smaller, followers })
    }

    /// The smaller system, with the numbers of cells and equations that they have in the whole.
    pub(super) fn system(&self) -> &System {
        &self.system
    }

    /// A move with what follows.
    fn complete(&self, moved: Move) -> Move {
        let mut all: BTreeMap<u32, i64> = BTreeMap::new();
        for (cell, by) in moved {
            *all.entry(cell).or_default() += by;
            for (follower, times) in self.followers.get(&cell).into_iter().flatten() {
                *all.entry(*follower).or_default() += times * by;
            }
        }
        all.into_iter().filter(|(_, by)| *by != 0).collect()
    }
}

/// A search in the smaller system first, and in the whole where what follows may not move so.
pub(super) struct WholeSearch<'s> {
    whole: Search<'s>,
    smaller: Option<(Search<'s>, &'s Reduced)>,
}

impl<'s> WholeSearch<'s> {
    /// A workspace for a system and the smaller one.
    pub(super) fn new(system: &'s System, reduced: Option<&'s Reduced>, neighbourhoods: &'s [u128]) -> WholeSearch<'s> {
        let search = |system| Search::in_neighbourhoods(system, neighbourhoods);
        WholeSearch { whole: search(system), smaller: reduced.map(|reduced| (search(&reduced.system), reduced)) }
    }

    fn each(&mut self, set: impl Fn(&mut Search<'s>)) {
        set(&mut self.whole);
        self.smaller.iter_mut().for_each(|(search, _)| set(search));
    }

    /// What moving a cell by one costs; nothing where it must stay.
    pub(super) fn set_price(&mut self, cell: u32, price: Option<f64>) {
        self.each(|search| search.set_price(cell, price));
    }

    /// Holds a cell within further bounds, or no longer.
    pub(super) fn hold(&mut self, cell: u32, within: Option<(i64, i64)>) {
        self.each(|search| search.hold(cell, within));
    }

    /// Pivots after which a search is given up.
    pub(super) fn set_patience(&mut self, pivots: usize) {
        self.each(|search| search.patience = pivots);
    }

    /// Pivots after which a search is given up.
    pub(super) fn patience(&self) -> usize {
        self.whole.patience
    }

    /// The neighbourhoods whose cells may move.
    pub(super) fn set_within(&mut self, within: u128) {
        self.each(|search| search.within = within);
    }

    /// Pivots made.
    pub(super) fn pivots(&self) -> usize {
        self.whole.pivots + self.smaller.as_ref().map_or(0, |(search, _)| search.pivots)
    }

    /// The cheapest move that changes a cell by an amount and is one.
    pub(super) fn find(&mut self, cell: u32, by: i64, admits: impl Fn(&Move) -> bool) -> Option<Move> {
        if let Some((search, reduced)) = &mut self.smaller {
            let found = reduced.complete(search.find(cell, by)?);
            if admits(&found) {
                return Some(found);
            }
        }
        self.whole.find(cell, by).filter(|found| admits(found))
    }

    /// The same without some cells, where the last search was for this cell and amount.
    pub(super) fn find_without(
        &mut self,
        cell: u32,
        by: i64,
        without: &[u32],
        admits: impl Fn(&Move) -> bool,
    ) -> Option<Move> {
        let found = match &mut self.smaller {
            Some((search, reduced)) => reduced.complete(search.find_without(cell, by, without)?),
            None => self.whole.find_without(cell, by, without)?,
        };
        Some(found).filter(|found| admits(found))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::system::Figure;

    /// Two lines and their total in two municipalities (cells 0 to 5) and in the cluster of both (6 to 8).
    #[test]
    fn what_follows_moves_along() {
        let figures =
            [3, 7, 10, 5, 2, 7, 8, 9, 17].map(|value| Figure { value, least: 0, most: None, cost: Some(100) });
        let mut system = System::new(figures.to_vec());
        for area in 0..3 {
            system.add_sum(area * 3 + 2, &[area * 3, area * 3 + 1]);
            system.add_sum(6 + area, &[area, area + 3]);
        }
        let reduced = Reduced::of(&system, &BTreeSet::from([6, 7, 8])).unwrap();
        let kept = [vec![(0, 1), (1, 1), (2, -1)], vec![], vec![(3, 1), (4, 1), (5, -1)], vec![], vec![], vec![]];
        assert_eq!(reduced.system().sums(), kept, "what holds of the cluster is left out");
        let moved = reduced.complete(vec![(0, 1), (1, -1), (3, 2), (5, 2)]);
        assert_eq!(moved, [(0, 1), (1, -1), (3, 2), (5, 2), (6, 3), (7, -1), (8, 2)]);
        assert!(system.admits(&moved, |_| true));
        assert!(Reduced::of(&system, &BTreeSet::from([0])).is_none(), "a part is no whole");
    }
}
