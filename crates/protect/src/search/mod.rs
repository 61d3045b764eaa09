//! The search for a move: whole numbers added to withheld cells that a reader cannot tell from the truth.
//!
//! A move that changes one cell by a wanted amount, keeps every equation and takes no cell below its least, at the least
//! price, is a linear programme. It is solved by the dual simplex method with bounds flipped in the ratio test, from the
//! basis in which nothing moves. From there only the neighbourhood of the wanted cell is ever touched, whatever the size
//! of the system: a basis has as many rows as equations have been in the way. Floats only look for a move here; that it
//! is one is checked elsewhere in whole numbers, so that a slip of a float can cost a cell, and never reveal one.

use std::collections::HashMap;

use crate::system::{Move, System};

mod pivot;

/// Less than this is nothing in the inverse.
const TINY: f64 = 1e-9;
/// Less than this off a bound is on it; coefficients are near one.
const OFF: f64 = 1e-5;
/// What the way of a cell is worth, where its reach is asked: more than all that it can cost.
const WORTH: f64 = 1e6;
/// A float this near to a whole number is that number.
const SLIP: f64 = 1e-4;
/// Denominators that are tried to write a solution in whole numbers.
const DENOMINATORS: u32 = 360;
const NONE: u32 = u32::MAX;
/// All neighbourhoods.
pub const EVERYWHERE: u128 = u128::MAX;
/// Programmes solved to make a move whole, where the first is not.
const BRANCHES: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Lower,
    Upper,
    Basic(u32),
}

/// A cell in a search; what a pivot asks of it lies together in memory.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Mover {
    /// Price of moving it by one; infinite where it must stay.
    price: f64,
    /// Bounds of its move.
    low: f64,
    high: f64,
    /// What the equations that it is in are worth to it.
    dual: f64,
    /// Its entry in the pivot's row.
    alpha: f64,
    /// Up and down.
    stand: [Stand; 2],
    is_changed: bool,
    is_touched: bool,
    is_dearer: bool,
}

impl Mover {
    const STILL: Mover = Mover {
        price: f64::INFINITY,
        low: 0.0,
        high: f64::INFINITY,
        dual: 0.0,
        alpha: 0.0,
        stand: [Stand::Lower; 2],
        is_changed: false,
        is_touched: false,
        is_dearer: false,
    };

    /// Bounds of the move to one side.
    fn bounds(&self, side: usize) -> (f64, f64) {
        if side == 0 { (self.low.max(0.0), self.high.max(0.0)) } else { ((-self.high).max(0.0), (-self.low).max(0.0)) }
    }
}

/// A workspace for searches in one system.
pub struct Search<'s> {
    system: &'s System,
    cells: Vec<Mover>,
    /// Cells that do not stand as they began.
    changed: Vec<u32>,
    /// What is left of each equation outside the basis.
    left: Vec<f64>,
    row_at: Vec<u32>,
    open_rows: Vec<u32>,
    /// Of each equation that was in the way the terms that may move: most of a long sum stands still.
    moving: Vec<Vec<(u32, f64)>>,
    has_moving: Vec<bool>,
    moving_rows: Vec<u32>,
    is_open: Vec<bool>,
    /// The basis: equations and moving variables, with the inverse.
    rows: Vec<u32>,
    basics: Vec<(u32, usize)>,
    values: Vec<f64>,
    inverse: Vec<Vec<f64>>,
    /// Square length of each row of the inverse: who is far out by a long row is not first.
    norms: Vec<f64>,
    /// Cells in the pivot's row.
    touched: Vec<u32>,
    /// Cells that some pivot's row had.
    dearer: Vec<u32>,
    /// A move of one cell to one side that is wanted more than any price.
    worth: Option<(u32, usize)>,
    /// Neighbourhoods of each cell, as bits.
    neighbourhoods: &'s [u128],
    /// Cells that are held within further bounds.
    held: HashMap<u32, (i64, i64)>,
    /// The neighbourhoods whose cells may move.
    pub within: u128,
    /// Pivots after which a search is given up.
    pub patience: usize,
    /// Pivots made.
    pub pivots: usize,
    /// The cell and its move for which the basis is the cheapest, as long as no price changes.
    solved_for: Option<(u32, i64)>,
}

fn sign(side: usize) -> f64 {
    if side == 0 { 1.0 } else { -1.0 }
}

impl<'s> Search<'s> {
    /// A workspace. No cell may move yet.
    pub fn new(system: &'s System) -> Search<'s> {
        let cells = system.len();
        let sums = system.sums().len();
        Search {
            system,
            cells: vec![Mover::STILL; cells],
            changed: Vec::new(),
            left: vec![0.0; sums],
            row_at: vec![NONE; sums],
            open_rows: Vec::new(),
            moving: vec![Vec::new(); sums],
            has_moving: vec![false; sums],
            moving_rows: Vec::new(),
            is_open: vec![false; sums],
            rows: Vec::new(),
            basics: Vec::new(),
            values: Vec::new(),
            inverse: Vec::new(),
            norms: Vec::new(),
            touched: Vec::new(),
            dearer: Vec::new(),
            worth: None,
            neighbourhoods: &[],
            held: HashMap::new(),
            within: EVERYWHERE,
            patience: 20_000,
            pivots: 0,
            solved_for: None,
        }
    }

    /// The same with neighbourhoods, one for each cell.
    pub fn in_neighbourhoods(system: &'s System, neighbourhoods: &'s [u128]) -> Search<'s> {
        Search { neighbourhoods, ..Search::new(system) }
    }

    fn is_free(&self, cell: u32) -> bool {
        let own = self.neighbourhoods.get(cell as usize).copied().unwrap_or(EVERYWHERE);
        self.cells[cell as usize].price.is_finite() && own & self.within != 0
    }

    /// Sets what moving a cell by one costs; `None` where it must stay. Prices differ a little from cell to cell, so that
    /// of equal moves the same is found always.
    pub fn set_price(&mut self, cell: u32, price: Option<f64>) {
        self.solved_for = None;
        self.set_bounds(cell);
        self.cells[cell as usize].price = match price {
            Some(price) => price * (1.0 + 0.01 * spread(cell)),
            None => f64::INFINITY,
        };
    }

    /// Holds a cell within further bounds, or no longer.
    pub fn hold(&mut self, cell: u32, within: Option<(i64, i64)>) {
        self.solved_for = None;
        match within {
            Some(within) => self.held.insert(cell, within),
            None => self.held.remove(&cell),
        };
        self.set_bounds(cell);
    }

    fn set_bounds(&mut self, cell: u32) {
        let figure = self.system.figure(cell);
        let held = self.held.get(&cell);
        let least = held.map_or(figure.least, |(low, _)| figure.least.max(*low)).min(figure.value);
        let most = [figure.most, held.map(|(_, high)| *high)].into_iter().flatten().min();
        let own = &mut self.cells[cell as usize];
        own.low = (least - figure.value) as f64;
        own.high = most.map_or(f64::INFINITY, |most| (most.max(figure.value) - figure.value) as f64);
    }

    /// The cheapest move that changes a cell by an amount. Nothing where there is none, or none was found in the end.
    pub fn find(&mut self, cell: u32, by: i64) -> Option<Move> {
        let mut budget = BRANCHES;
        if (by as f64) < self.cells[cell as usize].low || by as f64 > self.cells[cell as usize].high {
            return None;
        }
        let found = self.branch(&mut vec![(cell, by as f64, by as f64)], &mut budget);
        self.solved_for = (found.is_some() && budget == BRANCHES - 1).then_some((cell, by));
        found
    }

    /// The cheapest move that changes a cell by what the last search asked for, without some cells: from the basis of that
    /// search, which is near. Nothing where there is none of whole numbers, or the last search was for something else.
    pub fn find_without(&mut self, cell: u32, by: i64, without: &[u32]) -> Option<Move> {
        if self.solved_for.take() != Some((cell, by)) {
            return None;
        }
        self.bring_home(without);
        let mut bounded: Vec<(u32, f64, f64)> = without.iter().map(|cell| (*cell, 0.0, 0.0)).collect();
        bounded.push((cell, by as f64, by as f64));
        let known = self.bound(&bounded);
        let found = self.iterate().then(|| self.moved());
        self.unbound(known);
        let found = found?;
        let is_whole = found.iter().all(|(_, by)| (by - by.round()).abs() <= OFF);
        is_whole.then(|| found.into_iter().map(|(cell, by)| (cell, by.round() as i64)).collect())
    }

    /// Solves the programme; where a cell moves by a broken number, solves it again on either side of it.
    fn branch(&mut self, bounds: &mut Vec<(u32, f64, f64)>, budget: &mut usize) -> Option<Move> {
        *budget = budget.checked_sub(1)?;
        let moves = self.solve(bounds)?;
        let broken = moves
            .iter()
            .map(|(cell, by)| (*cell, *by, (by - by.round()).abs()))
            .filter(|(_, _, off)| *off > OFF)
            .max_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0)));
        let Some((cell, by, _)) = broken else {
            let whole = moves.into_iter().map(|(cell, by)| (cell, by.round() as i64));
            return Some(whole.filter(|(_, by)| *by != 0).collect());
        };
        let known = bounds.iter().rev().find(|(bounded, ..)| *bounded == cell);
        let (low, high) = known
            .map_or((self.cells[cell as usize].low, self.cells[cell as usize].high), |(_, low, high)| (*low, *high));
        [(by.ceil(), high), (low, by.floor())].into_iter().find_map(|(low, high)| {
            bounds.push((cell, low, high));
            let found = self.branch(bounds, budget);
            bounds.pop();
            found
        })
    }

    /// Lets a cell move at the price of any other, or not.
    pub fn set_free(&mut self, cell: u32, free: bool) {
        self.set_price(cell, free.then_some(1.0));
    }

    /// After [`Search::reach`] the equations that hold the cell, each with how many times it is taken: as whole numbers that
    /// stand in the same proportion. Nothing where none holds it, or no whole numbers are found.
    pub fn multiples(&self, cell: u32, up: bool) -> Option<Vec<(u32, i64)>> {
        let Stand::Basic(at) = self.cells[cell as usize].stand[usize::from(!up)] else { return None };
        let row: Vec<(u32, f64)> = self.rows.iter().copied().zip(self.inverse[at as usize].iter().copied()).collect();
        let row: Vec<(u32, f64)> = row.into_iter().filter(|(_, by)| by.abs() > OFF).collect();
        (1..=DENOMINATORS).map(f64::from).find_map(|times| {
            let is_whole = |by: f64| (by * times - (by * times).round()).abs() <= SLIP;
            row.iter()
                .all(|(_, by)| is_whole(*by))
                .then(|| row.iter().map(|(equation, by)| (*equation, (by * times).round() as i64)).collect())
        })
    }

    /// The cells that the last search moved.
    pub fn moving(&self) -> impl Iterator<Item = u32> {
        self.moved().into_iter().map(|(cell, _)| cell)
    }

    /// How far a cell can go up or down: the end that it can come to, in tables that need not be whole. `most` is more than
    /// it can go up by, where anything holds it; nothing where the programme could not be solved.
    pub fn reach(&mut self, cell: u32, up: bool, most: i64) -> Option<f64> {
        let at = cell as usize;
        let side = usize::from(!up);
        let (low, high) = (self.cells[at].low, self.cells[at].high);
        // The way is worth more than all it costs: the cell starts at its end and comes back as far as it must. The other
        // way is shut, or it would be paid for going to and fro.
        self.clear();
        (self.cells[at].low, self.cells[at].high) = if up { (0.0, most as f64) } else { (low, 0.0) };
        self.worth = Some((cell, side));
        self.mark(cell);
        self.cells[at].stand[side] = Stand::Upper;
        self.shift(cell, sign(side) * self.bounds(cell, side).1);
        let solved = self.iterate();
        self.worth = None;
        let end = self.system.figure(cell).value as f64 + self.value(cell, 0) - self.value(cell, 1);
        (self.cells[at].low, self.cells[at].high) = (low, high);
        solved.then_some(end)
    }

    /// The cheapest move within bounds, in numbers that need not be whole.
    fn solve(&mut self, bounded: &[(u32, f64, f64)]) -> Option<Vec<(u32, f64)>> {
        self.clear();
        let known = self.bound(bounded);
        let mut cells: Vec<u32> = bounded.iter().map(|(cell, ..)| *cell).collect();
        cells.sort_unstable();
        cells.dedup();
        for cell in cells {
            self.mark(cell);
            for side in [0, 1] {
                let least = self.bounds(cell, side).0;
                if least != 0.0 {
                    self.shift(cell, sign(side) * least);
                }
            }
        }
        let found = self.iterate().then(|| self.moved());
        self.unbound(known);
        found
    }

    /// Sets bounds; gives those that were.
    fn bound(&mut self, bounded: &[(u32, f64, f64)]) -> Vec<(u32, f64, f64)> {
        let known = bounded
            .iter()
            .map(|(cell, ..)| (*cell, self.cells[*cell as usize].low, self.cells[*cell as usize].high))
            .collect();
        for (cell, low, high) in bounded {
            (self.cells[*cell as usize].low, self.cells[*cell as usize].high) = (*low, *high);
        }
        known
    }

    fn unbound(&mut self, known: Vec<(u32, f64, f64)>) {
        for (cell, low, high) in known.into_iter().rev() {
            (self.cells[cell as usize].low, self.cells[cell as usize].high) = (low, high);
        }
    }

    /// What has moved.
    fn moved(&self) -> Vec<(u32, f64)> {
        let mut cells = self.changed.clone();
        cells.sort_unstable();
        let moved = cells.into_iter().map(|cell| (cell, self.value(cell, 0) - self.value(cell, 1)));
        moved.filter(|(_, by)| by.abs() > OFF).collect()
    }

    /// Back to the basis in which nothing moves.
    fn clear(&mut self) {
        for cell in self.changed.drain(..) {
            self.cells[cell as usize].stand = [Stand::Lower; 2];
            self.cells[cell as usize].is_changed = false;
        }
        for cell in self.dearer.drain(..) {
            (self.cells[cell as usize].dual, self.cells[cell as usize].is_dearer) = (0.0, false);
        }
        for row in self.open_rows.drain(..) {
            let row = row as usize;
            (self.left[row], self.row_at[row], self.is_open[row]) = (0.0, NONE, false);
        }
        for row in self.moving_rows.drain(..) {
            self.has_moving[row as usize] = false;
        }
        self.rows.clear();
        self.basics.clear();
        self.values.clear();
        self.inverse.clear();
        self.norms.clear();
    }

    /// Finds the terms of an equation that may move.
    fn find_moving(&mut self, row: u32) {
        if std::mem::replace(&mut self.has_moving[row as usize], true) {
            return;
        }
        self.moving_rows.push(row);
        let mut moving = std::mem::take(&mut self.moving[row as usize]);
        moving.clear();
        let terms = self.system.sums()[row as usize].iter();
        let worth = self.worth.map(|(cell, _)| cell);
        moving.extend(
            terms
                .filter(|(cell, _)| self.is_free(*cell) || worth == Some(*cell))
                .map(|(cell, coefficient)| (*cell, *coefficient as f64)),
        );
        self.moving[row as usize] = moving;
    }

    fn mark(&mut self, cell: u32) {
        if !std::mem::replace(&mut self.cells[cell as usize].is_changed, true) {
            self.changed.push(cell);
        }
    }

    /// Bounds of the move of a cell to one side.
    fn bounds(&self, cell: u32, side: usize) -> (f64, f64) {
        self.cells[cell as usize].bounds(side)
    }

    fn value(&self, cell: u32, side: usize) -> f64 {
        match self.cells[cell as usize].stand[side] {
            Stand::Lower => self.bounds(cell, side).0,
            Stand::Upper => self.bounds(cell, side).1,
            Stand::Basic(at) => self.values[at as usize],
        }
    }

    fn cost(&self, cell: u32, side: usize) -> f64 {
        if self.worth == Some((cell, side)) { -WORTH } else { self.cells[cell as usize].price }
    }

    /// What is left of the equations outside the basis, when a cell moves.
    fn shift(&mut self, cell: u32, by: f64) {
        for (row, coefficient) in self.system.sums_of(cell) {
            let at = *row as usize;
            if self.row_at[at] == NONE {
                if !std::mem::replace(&mut self.is_open[at], true) {
                    self.open_rows.push(*row);
                    self.find_moving(*row);
                }
                self.left[at] -= *coefficient as f64 * by;
            }
        }
    }

    /// The inverse times a column over the rows of the basis.
    fn solved(&self, column: &[(usize, f64)]) -> Vec<f64> {
        self.inverse.iter().map(|row| column.iter().map(|(at, by)| row[*at] * by).sum()).collect()
    }

    /// A cell's column over the rows of the basis.
    fn column(&self, cell: u32, by: f64, into: &mut Vec<(usize, f64)>) {
        for (row, coefficient) in self.system.sums_of(cell) {
            let at = self.row_at[*row as usize];
            if at != NONE {
                into.push((at as usize, *coefficient as f64 * by));
            }
        }
    }

    /// Moves the basic variables by given amounts.
    fn move_basics(&mut self, by: &[f64]) {
        for (at, by) in by.iter().enumerate() {
            if *by != 0.0 {
                self.values[at] += by;
                let (cell, side) = self.basics[at];
                self.shift(cell, sign(side) * by);
            }
        }
    }

    /// Pivots until nothing is out of its bounds; false where that cannot be, or takes too long.
    fn iterate(&mut self) -> bool {
        for _ in 0..self.patience {
            let Some(leaving) = self.leaving() else { return true };
            if !self.pivot(leaving) {
                return false;
            }
        }
        false
    }
}

/// A number from 0 to 1 that is always the same for a cell.
fn spread(cell: u32) -> f64 {
    let mixed = (u64::from(cell) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed >> 40) as f64 / (1u64 << 24) as f64
}
