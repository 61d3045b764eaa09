//! Looking for the moves that show an end: among those that are known, and by search.

use std::collections::BTreeMap;

use super::near::NearSearch;
use super::reduced::WholeSearch;
use super::{State, moved_by};
use crate::system::Move;

/// Moves through a cell that are tried before one is searched.
const TRIED: usize = 100;
/// Cells of moves on top of each other, above which no more is added.
const LONG: usize = 400;

/// What a move must do without.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Without<'w> {
    /// A cell that is to be published; then nothing else is withheld for the move either.
    pub(super) cell: Option<u32>,
    /// Persons who know the cells that they are alone in.
    pub(super) persons: &'w [u32],
}

/// A move that shows an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// One that is known, by its number.
    Known(usize),
    /// Another.
    New(Move),
}

/// A look at what is known, with a workspace to search in.
pub(super) struct Look<'l, 's> {
    pub(super) state: &'l State<'s>,
    pub(super) search: &'l mut WholeSearch<'s>,
    /// The same for a municipality alone.
    pub(super) near: &'l mut NearSearch<'s>,
}

impl Look<'_, '_> {
    /// Moves that show an end, whoever is alone in a cell: known ones, or the cheapest, with which what they need is
    /// withheld if that may be.
    pub(super) fn shown_by(&mut self, cell: u32, ways: &[i64], without: Without<'_>) -> Option<Vec<Piece>> {
        let demand = self.state.demand;
        let own = demand.alone.get(&cell).copied();
        let first = self.one(cell, ways, without)?;
        let knowing = self.persons(&first).into_iter().filter(|person| Some(*person) != own);
        let (within, others): (Vec<u32>, Vec<u32>) =
            knowing.partition(|person| demand.own.contains_key(&(cell, *person)));
        let mut found = vec![first];
        // Those who are in all moves so far; often a known move has few of them.
        let mut left = others;
        while let Some((piece, still)) = self.with_fewer(cell, ways, &left, without) {
            found.push(piece);
            left = still;
        }
        if !left.is_empty() {
            match self.one(cell, ways, Without { persons: &left, ..without }) {
                Some(second) => found.push(second),
                None if left.len() == 1 => return None,
                None => {
                    for person in &left {
                        let persons = std::slice::from_ref(person);
                        found.push(self.one(cell, ways, Without { persons, ..without })?);
                    }
                }
            }
        }
        for person in &within {
            let ways = self.ways_left(cell, ways, *person);
            if !ways.is_empty() {
                found.push(self.one(cell, &ways, Without { persons: std::slice::from_ref(person), ..without })?);
            }
        }
        Some(found)
    }

    fn persons(&self, piece: &Piece) -> Vec<u32> {
        match piece {
            Piece::Known(number) => self.state.known[*number].persons.clone(),
            Piece::New(moved) => self.state.persons_of(moved),
        }
    }

    /// The ways that are left to a cell for a person who is of it: not below what the person is.
    fn ways_left(&self, cell: u32, ways: &[i64], person: u32) -> Vec<i64> {
        let own = self.state.demand.own.get(&(cell, person)).copied().unwrap_or(0);
        let value = self.state.system.figure(cell).value;
        ways.iter().map(|by| if *by < 0 { (*by).max(own - value) } else { *by }).filter(|by| *by != 0).collect()
    }

    /// A move that shows an end.
    fn one(&mut self, cell: u32, ways: &[i64], without: Without<'_>) -> Option<Piece> {
        let known =
            self.known_through(cell, without).find_map(|number| Some((number, self.times(number, cell, ways)?)));
        if let Some((number, times)) = known {
            return Some(self.piece(number, times));
        }
        if let Some(found) = ways.iter().find_map(|way| self.combined(cell, *way, without)) {
            return Some(Piece::New(found));
        }
        let state = self.state;
        let fixed: Vec<u32> =
            without.persons.iter().filter_map(|person| state.persons.get(person)).flatten().copied().collect();
        if without.cell.is_none() {
            if let Some(found) = self.near.find(state, cell, ways, &fixed) {
                return Some(Piece::New(found));
            }
            // Where the last search was for this cell the way from its end is short.
            let again =
                ways.iter().find_map(|by| self.search.find_without(cell, *by, &fixed, |found| state.can(found)));
            if let Some(found) = again {
                return Some(Piece::New(found));
            }
        }
        fixed.iter().for_each(|cell| self.search.set_price(*cell, None));
        // Most find what they need near them, where the search is short.
        self.search.set_within(state.demand.ring(cell, state.ring));
        let found = match without.cell {
            None => self.cheapest(cell, ways),
            Some(without) => self.among_withheld(cell, ways, without),
        };
        for cell in fixed {
            self.search.set_price(cell, state.price_of(cell));
        }
        found.map(Piece::New)
    }

    /// Moves through a cell that are known, the newest first, without a cell and without persons.
    fn known_through<'p>(&'p self, cell: u32, without: Without<'p>) -> impl Iterator<Item = usize> + 'p {
        let through = self.state.through[cell as usize].iter().rev().copied().take(TRIED);
        through.filter(move |number| {
            let known = &self.state.known[*number];
            known.alive
                && without.cell.is_none_or(|without| moved_by(&known.moved, without) == 0)
                && !without.persons.iter().any(|person| known.persons.contains(person))
        })
    }

    /// How many times a known move is taken, to or fro, to move a cell far enough; nothing where it cannot be.
    fn times(&self, number: usize, cell: u32, ways: &[i64]) -> Option<i64> {
        let moved = &self.state.known[number].moved;
        let by = moved_by(moved, cell);
        let times = ways.iter().map(|way| (way.abs() + by.abs() - 1) / by.abs() * way.signum() * by.signum());
        times.into_iter().find(|times| moved.iter().all(|(cell, by)| self.state.fits(*cell, by * times)))
    }

    fn piece(&self, number: usize, times: i64) -> Piece {
        if times == 1 {
            return Piece::Known(number);
        }
        Piece::New(self.state.known[number].moved.iter().map(|(cell, by)| (*cell, by * times)).collect())
    }

    /// Of the known moves that show an end the one that has the fewest of some persons, where it has at most half of them;
    /// with those whom it has.
    fn with_fewer(&self, cell: u32, ways: &[i64], persons: &[u32], without: Without<'_>) -> Option<(Piece, Vec<u32>)> {
        let mut best: Option<(usize, i64, Vec<u32>)> = None;
        for number in self.known_through(cell, without).filter(|_| !persons.is_empty()) {
            let known = &self.state.known[number].persons;
            let still: Vec<u32> = persons.iter().filter(|person| known.contains(person)).copied().collect();
            let is_better = match &best {
                None => still.len() * 2 <= persons.len(),
                Some((.., best)) => still.len() < best.len(),
            };
            if is_better && let Some(times) = self.times(number, cell, ways) {
                let none = still.is_empty();
                best = Some((number, times, still));
                if none {
                    break;
                }
            }
        }
        best.map(|(number, times, still)| (self.piece(number, times), still))
    }

    /// Known moves on top of each other, where they move a cell far enough together.
    fn combined(&self, cell: u32, way: i64, without: Without<'_>) -> Option<Move> {
        let mut all: BTreeMap<u32, i64> = BTreeMap::new();
        for number in self.known_through(cell, without) {
            let moved = &self.state.known[number].moved;
            let by = moved_by(moved, cell);
            let left = way - all.get(&cell).copied().unwrap_or(0);
            let mut times = (left.abs() / by.abs()).max(1) * left.signum() * by.signum();
            while times != 0 {
                let with = |cell: &u32, by: i64| all.get(cell).copied().unwrap_or(0) + by * times;
                if moved.iter().all(|(cell, by)| self.state.fits(*cell, with(cell, *by))) {
                    for (cell, by) in moved {
                        *all.entry(*cell).or_default() += by * times;
                    }
                    break;
                }
                times /= 2;
            }
            if all.get(&cell).copied().unwrap_or(0) * way.signum() >= way.abs() {
                return Some(all.into_iter().filter(|(_, by)| *by != 0).collect());
            }
            if all.len() > LONG {
                break;
            }
        }
        None
    }

    /// The move that costs the fewest further cells.
    fn cheapest(&mut self, cell: u32, ways: &[i64]) -> Option<Move> {
        let state = self.state;
        let mut best: Option<(u64, Move)> = None;
        for by in ways {
            let Some(found) = self.search.find(cell, *by, |found| state.can(found)) else { continue };
            let cost = state.cost_of(&found);
            if best.as_ref().is_none_or(|(known, _)| cost < *known) {
                best = Some((cost, found));
            }
            if cost == 0 {
                break;
            }
        }
        best.map(|(_, found)| found)
    }

    /// A move of withheld cells alone.
    fn among_withheld(&mut self, cell: u32, ways: &[i64], without: u32) -> Option<Move> {
        let state = self.state;
        let admits = |found: &Move| state.admits(found, |cell| cell != without && state.withheld[cell as usize]);
        ways.iter().find_map(|by| self.search.find(cell, *by, admits))
    }
}
