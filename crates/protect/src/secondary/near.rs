//! Moves that stay within one municipality, or between it and a partner, looked for in a small system of their own.
//!
//! While only the cells of one municipality move, a figure of its arrondissement moves by what the municipality's own figure
//! moves by, and so do those of its province, of Flanders and of its clusters: together they are one mover, with the price
//! of all and the narrowest of their bounds. While another takes over what a municipality gives, nothing moves of what is
//! above both. What is left of the linked system is the table of one municipality, in which a search takes a few dozen
//! pivots instead of hundreds. Nothing leans on this: a move is checked in the whole system like any other, and where none
//! is found it is looked for further away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::{Demand, State};
use crate::search::Search;
use crate::system::{Figure, Move, System};

const NONE: u32 = u32::MAX;

/// The system of one municipality, or of two.
struct Near {
    system: System,
    /// Of each mover the cells that move with it, to the same side or to the other.
    members: Vec<Vec<(u32, i64)>>,
    /// The mover of each of the municipality's cells that can move.
    mover_of: BTreeMap<u32, (u32, i64)>,
}

/// Cells that move together: each points to another of them, one to itself.
struct Together {
    next: Vec<(u32, i64)>,
    is_still: Vec<bool>,
}

impl Together {
    /// The first of those that a cell moves with, and whether to the same side; nothing for a cell that stands still.
    fn of(&self, cell: u32) -> Option<(u32, i64)> {
        let (mut at, mut side) = (cell, 1);
        while self.next[at as usize].0 != at {
            let (next, by) = self.next[at as usize];
            (at, side) = (next, side * by);
        }
        (!self.is_still[at as usize]).then_some((at, side))
    }

    /// An equation as one between those that move together.
    fn terms(&self, sum: &[(u32, i64)]) -> Vec<(u32, i64)> {
        let mut terms: Vec<(u32, i64)> =
            sum.iter().filter_map(|(cell, by)| self.of(*cell).map(|(first, side)| (first, by * side))).collect();
        terms.sort_unstable();
        terms.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            kept.1 += if is_same { later.1 } else { 0 };
            is_same
        });
        terms.retain(|(_, by)| *by != 0);
        terms
    }

    /// Joins what equations of two terms join, and holds what those of one hold, until no equation does either.
    fn join(&mut self, sums: &mut Vec<Vec<(u32, i64)>>) {
        let mut is_changed = true;
        while std::mem::take(&mut is_changed) {
            for sum in sums.iter_mut() {
                *sum = self.terms(sum);
                match *sum.as_slice() {
                    [(only, _)] => self.is_still[only as usize] = true,
                    [(one, by), (other, by_other)] if by.abs() == by_other.abs() => {
                        self.next[other as usize] = (one, -by.signum() * by_other.signum());
                    }
                    _ => continue,
                }
                sum.clear();
                is_changed = true;
            }
            sums.retain(|sum| !sum.is_empty());
        }
    }
}

impl Near {
    /// The system of some of the cells of a whole one, `own` among them; all others stand still.
    fn new(system: &System, rounded: &BTreeMap<u32, (i64, i64)>, own: &[u32], moving: &BTreeSet<u32>) -> Near {
        let mut number = vec![NONE; system.len()];
        let cells: Vec<u32> = moving.iter().copied().collect();
        cells.iter().enumerate().for_each(|(at, cell)| number[*cell as usize] = at as u32);
        let numbers: BTreeSet<u32> = cells.iter().flat_map(|cell| system.sums_of(*cell)).map(|(sum, _)| *sum).collect();
        let in_short = |sum: u32| {
            let terms = system.sums()[sum as usize].iter().map(|(cell, by)| (number[*cell as usize], *by));
            terms.filter(|(cell, _)| *cell != NONE).collect()
        };
        let mut sums: Vec<Vec<(u32, i64)>> = numbers.into_iter().map(in_short).collect();
        let mut together =
            Together { next: (0..cells.len() as u32).map(|at| (at, 1)).collect(), is_still: vec![false; cells.len()] };
        together.join(&mut sums);

        let mut mover = vec![NONE; cells.len()];
        let mut members: Vec<Vec<(u32, i64)>> = Vec::new();
        let mut figures: Vec<Figure> = Vec::new();
        for (at, cell) in cells.iter().enumerate() {
            let Some((first, side)) = together.of(at as u32) else { continue };
            let own = &mut mover[first as usize];
            if *own == NONE {
                *own = members.len() as u32;
                members.push(Vec::new());
                figures.push(Figure { value: 0, least: i64::MIN, most: None, cost: Some(1) });
            }
            members[*own as usize].push((*cell, side));
            narrow(&mut figures[*own as usize], system.figure(*cell), rounded.get(cell), side);
        }
        let mut small = System::new(figures);
        let mut known: BTreeSet<Vec<(u32, i64)>> = BTreeSet::new();
        for sum in &sums {
            // The areas above say the same as the municipality's own equations.
            let side = sum.first().map_or(1, |(_, by)| by.signum());
            let terms: Vec<(u32, i64)> = sum.iter().map(|(cell, by)| (mover[*cell as usize], by * side)).collect();
            if known.insert(terms.clone()) {
                small.add_terms(terms);
            }
        }
        let mover_of = own.iter().filter(|cell| number[**cell as usize] != NONE).filter_map(|cell| {
            let (first, side) = together.of(number[*cell as usize])?;
            Some((*cell, (mover[first as usize], side)))
        });
        Near { mover_of: mover_of.collect(), system: small, members }
    }
}

/// Keeps a mover within the bounds of one more cell that moves with it, to the same side or to the other.
fn narrow(mover: &mut Figure, cell: &Figure, rounded: Option<&(i64, i64)>, side: i64) {
    let least = rounded.map_or(cell.least, |(low, _)| cell.least.max(*low));
    let most = [cell.most, rounded.map(|(_, high)| *high)].into_iter().flatten().min();
    let down = least.min(cell.value) - cell.value;
    let up = most.map(|most| most.max(cell.value) - cell.value);
    let (least, most) = if side > 0 { (Some(down), up) } else { (up.map(|up| -up), Some(-down)) };
    mover.least = least.map_or(mover.least, |least| mover.least.max(least));
    mover.most = most.map_or(mover.most, |most| Some(mover.most.map_or(most, |known| known.min(most))));
}

/// The systems of municipalities, alone and with each of their partners; each is made when it is asked for first.
pub(super) struct Nears<'s> {
    system: &'s System,
    demand: &'s Demand,
    own: BTreeMap<u32, Vec<u32>>,
    /// By municipality and partner; a municipality alone is its own.
    made: BTreeMap<(u32, u32), OnceLock<Near>>,
}

impl<'s> Nears<'s> {
    pub(super) fn new(system: &'s System, demand: &'s Demand) -> Nears<'s> {
        let mut own: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (cell, of) in demand.municipality.iter().enumerate() {
            if let Some(of) = of {
                own.entry(*of).or_default().push(cell as u32);
            }
        }
        let pairs = own.keys().flat_map(|of| demand.with_partners(*of).map(|with| ((*of, with), OnceLock::new())));
        Nears { system, demand, made: pairs.collect(), own }
    }

    fn get(&self, of: u32, with: u32) -> Option<&Near> {
        let (own, other) = (self.own.get(&of)?, self.own.get(&with)?);
        let make = || {
            let mut moving = self.above(own);
            if with != of {
                moving = &moving ^ &self.above(other);
            }
            Near::new(self.system, &self.demand.rounded, own, &moving)
        };
        Some(self.made.get(&(of, with))?.get_or_init(make))
    }

    /// Cells that can move, with those above them that move when they do.
    fn above(&self, own: &[u32]) -> BTreeSet<u32> {
        let Nears { system, demand, .. } = self;
        let can_move = |cell: &u32| system.figure(*cell).cost.is_some();
        let mut reached: BTreeSet<u32> = own.iter().copied().filter(can_move).collect();
        let mut next: Vec<u32> = reached.iter().copied().collect();
        while let Some(cell) = next.pop() {
            for (sum, coefficient) in system.sums_of(cell) {
                let others = system.sums()[*sum as usize]
                    .iter()
                    .filter(|(other, by)| *coefficient > 0 && *by < 0 || demand.unsaid.contains(other))
                    .map(|(other, _)| *other)
                    .filter(|other| demand.municipality[*other as usize].is_none() && can_move(other));
                next.extend(others.filter(|other| reached.insert(*other)));
            }
        }
        reached
    }
}

/// A workspace to search in the systems of municipalities.
#[derive(Default)]
pub(super) struct NearSearch<'n> {
    searches: BTreeMap<(u32, u32), Search<'n>>,
}

impl<'n> NearSearch<'n> {
    /// The move within a cell's municipality, or between it and a partner, that moves the cell in one of some ways without
    /// moving some others, for which the least is to be withheld.
    pub(super) fn find(&mut self, state: &State<'n>, cell: u32, ways: &[i64], without: &[u32]) -> Option<Move> {
        let of = state.demand.municipality.get(cell as usize).copied().flatten()?;
        let mut best: Option<(u64, Move)> = None;
        for with in state.demand.with_partners(of) {
            let found = self.find_between(state, (of, with), cell, ways, without);
            best = [best, found].into_iter().flatten().min_by_key(|(cost, _)| *cost);
            if best.as_ref().is_some_and(|(cost, _)| *cost == 0) {
                break;
            }
        }
        best.map(|(_, moved)| moved)
    }

    fn find_between(
        &mut self,
        state: &State<'n>,
        (of, with): (u32, u32),
        cell: u32,
        ways: &[i64],
        without: &[u32],
    ) -> Option<(u64, Move)> {
        let near = state.nears.get(of, with)?;
        let (mover, side) = *near.mover_of.get(&cell)?;
        let price = |cell: u32| state.price_of(cell).filter(|_| !without.contains(&cell));
        let prices = near.members.iter().map(|members| members.iter().map(|(cell, _)| price(*cell)).sum());
        let prices: Vec<Option<f64>> = prices.collect();
        // The mover asked for can have a cell that must stand still, in the areas above or in the partner.
        prices[mover as usize]?;
        let search = self.searches.entry((of, with)).or_insert_with(|| Search::new(&near.system));
        prices.iter().enumerate().for_each(|(mover, price)| search.set_price(mover as u32, *price));
        let found = ways.iter().filter_map(|way| {
            let found = search.find(mover, way * side)?;
            let cells = |(mover, by): (u32, i64)| {
                near.members[mover as usize].iter().map(move |(cell, side)| (*cell, by * side))
            };
            let mut moved: Move = found.into_iter().flat_map(cells).collect();
            moved.sort_unstable();
            let is_move = state.admits(&moved, |cell| state.price_of(cell).is_some());
            is_move.then(|| (state.cost_of(&moved), moved))
        });
        found.min_by_key(|(cost, _)| *cost)
    }

    /// Pivots made.
    pub(super) fn pivots(&self) -> usize {
        self.searches.values().map(|search| search.pivots).sum()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Two groups and their total in municipality 1 (cells 0, 1, 2), in municipality 2 (3, 4, 5), and in the area of both
    /// (6, 7, 8); everybody knows one of them, or none.
    fn two_municipalities(known: Option<u32>) -> (System, Demand) {
        let figures = (0..).zip([3, 7, 10, 5, 2, 7, 8, 9, 17]).map(|(cell, value)| Figure {
            value,
            least: 0,
            most: None,
            cost: (known != Some(cell)).then_some(100),
        });
        let mut system = System::new(figures.collect());
        for area in 0..3 {
            system.add_sum(area * 3 + 2, &[area * 3, area * 3 + 1]);
            system.add_sum(6 + area, &[area, area + 3]);
        }
        let municipality = [1, 1, 1, 2, 2, 2].map(Some).into_iter().chain([None; 3]).collect();
        (system, Demand { municipality, partners: BTreeMap::from([(1, vec![2])]), ..Demand::default() })
    }

    fn ends(near: &Near, mover: u32) -> (i64, Option<i64>) {
        (near.system.figure(mover).least, near.system.figure(mover).most)
    }

    #[test]
    fn alone_a_figure_moves_with_that_of_the_area_above() {
        let (system, demand) = two_municipalities(None);
        let nears = Nears::new(&system, &demand);
        let near = nears.get(1, 1).unwrap();
        let mut members = near.members.clone();
        members.sort();
        assert_eq!(members, [[(0, 1), (6, 1)], [(1, 1), (7, 1)], [(2, 1), (8, 1)]]);
        // The municipality's total and the area's are one equation; its figures are the smaller ones, so they hold.
        assert_eq!(near.system.sums().len(), 1);
        assert_eq!([0, 1, 2].map(|cell| ends(near, near.mover_of[&cell].0)), [(-3, None), (-7, None), (-10, None)]);
    }

    #[test]
    fn with_a_partner_nothing_moves_that_is_above_both() {
        let (system, demand) = two_municipalities(None);
        let nears = Nears::new(&system, &demand);
        let near = nears.get(1, 2).unwrap();
        let mut members = near.members.clone();
        members.sort();
        assert_eq!(members, [[(0, 1), (3, -1)], [(1, 1), (4, -1)], [(2, 1), (5, -1)]]);
        // What the one gains the other loses, and it has only so much.
        assert_eq!(near.system.sums().len(), 1);
        assert_eq!(
            [0, 1, 2].map(|cell| ends(near, near.mover_of[&cell].0)),
            [(-3, Some(5)), (-7, Some(2)), (-10, Some(7))]
        );
    }

    #[test]
    fn a_cell_that_cannot_be_withheld_holds_all_that_move_with_it() {
        let (system, demand) = two_municipalities(Some(6));
        let nears = Nears::new(&system, &demand);
        // The first group stands still, so the second moves with the total.
        let near = nears.get(1, 1).unwrap();
        assert_eq!(near.members, [[(1, 1), (2, 1), (7, 1), (8, 1)]]);
        assert!(!near.mover_of.contains_key(&0) && near.system.sums().is_empty());
        // With a partner the known figure is of no matter.
        assert_eq!(nears.get(1, 2).unwrap().members.len(), 3);
    }
}
