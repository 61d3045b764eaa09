//! One pivot of the dual simplex method: what leaves the basis, what enters it, and the inverse afterwards.

use super::{NONE, OFF, Search, Stand, TINY, sign};

/// A row of the basis: that of a basic variable, or an equation outside it that does not hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Row {
    Basic(usize),
    Sum(u32),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving {
    row: Row,
    falls: bool,
}

struct Candidate {
    cell: u32,
    side: usize,
    alpha: f64,
    reduced: f64,
    ratio: f64,
}

impl Ord for Candidate {
    /// The first to be taken is the greatest: the least ratio, of equal ones the longest.
    fn cmp(&self, other: &Candidate) -> std::cmp::Ordering {
        (other.ratio.total_cmp(&self.ratio))
            .then(self.alpha.abs().total_cmp(&other.alpha.abs()))
            .then((other.cell, other.side).cmp(&(self.cell, self.side)))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Candidate) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Candidate) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

/// An equation by how far it is off.
#[derive(PartialEq)]
struct Off((f64, u32));

impl Eq for Off {}

impl Ord for Off {
    fn cmp(&self, other: &Off) -> std::cmp::Ordering {
        self.0.0.total_cmp(&other.0.0).then(other.0.1.cmp(&self.0.1))
    }
}

impl PartialOrd for Off {
    fn partial_cmp(&self, other: &Off) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn square(row: &[f64]) -> f64 {
    row.iter().map(|own| own * own).sum()
}

impl Search<'_> {
    /// What is furthest out of its bounds.
    pub(super) fn leaving(&self) -> Option<Leaving> {
        let mut worst = 0.0;
        let mut leaving = None;
        for (at, (cell, side)) in self.basics.iter().enumerate() {
            let (low, high) = self.bounds(*cell, *side);
            let value = self.values[at];
            for (off, bound) in [(low - value, low), (value - high, high)] {
                if off > OFF && off * off / self.norms[at] > worst {
                    worst = off * off / self.norms[at];
                    leaving = Some(Leaving { row: Row::Basic(at), falls: value > bound });
                }
            }
        }
        // The length of an equation's row is at least one, and dear to tell: only of those is it asked that can be first.
        let off: Vec<(f64, u32)> = self
            .open_rows
            .iter()
            .map(|row| (self.left[*row as usize], *row))
            .filter(|(left, row)| left.abs() > OFF && self.row_at[*row as usize] == NONE)
            .map(|(left, row)| (left * left, row))
            .collect();
        let mut off = std::collections::BinaryHeap::from(off.into_iter().map(Off).collect::<Vec<Off>>());
        while let Some(Off((square, row))) = off.pop() {
            if square <= worst {
                break;
            }
            let weight = square / self.weight(row);
            if weight > worst {
                worst = weight;
                leaving = Some(Leaving { row: Row::Sum(row), falls: self.left[row as usize] > 0.0 });
            }
        }
        leaving
    }

    /// About the square length that the row of an equation would have in the inverse.
    fn weight(&self, sum: u32) -> f64 {
        let basic = self.moving[sum as usize].iter().filter_map(|(cell, _)| {
            self.cells[*cell as usize].stand.iter().find_map(|stand| match stand {
                Stand::Basic(at) => Some(self.norms[*at as usize]),
                _ => None,
            })
        });
        1.0 + basic.sum::<f64>()
    }

    /// The row of the inverse that leaves, over the rows of the basis and, where it is an equation, that one.
    fn row_of(&self, row: Row) -> (Vec<f64>, Option<u32>) {
        match row {
            Row::Basic(at) => (self.inverse[at].clone(), None),
            Row::Sum(sum) => {
                let mut own = vec![0.0; self.rows.len()];
                for (cell, coefficient) in &self.moving[sum as usize] {
                    for side in [0, 1] {
                        if let Stand::Basic(at) = self.cells[*cell as usize].stand[side] {
                            let by = coefficient * sign(side);
                            for (own, inverse) in own.iter_mut().zip(&self.inverse[at as usize]) {
                                *own -= by * inverse;
                            }
                        }
                    }
                }
                (own, Some(sum))
            }
        }
    }

    /// One pivot; false where there is no move, or it cannot go on.
    pub(super) fn pivot(&mut self, leaving: Leaving) -> bool {
        let (rho, own) = self.row_of(leaving.row);
        let support: Vec<(u32, f64)> = self
            .rows
            .iter()
            .zip(&rho)
            .filter(|(_, by)| by.abs() > TINY)
            .map(|(row, by)| (*row, *by))
            .chain(own.map(|row| (row, 1.0)))
            .collect();
        for (row, by) in &support {
            for (cell, coefficient) in &self.moving[*row as usize] {
                let mover = &mut self.cells[*cell as usize];
                if !std::mem::replace(&mut mover.is_touched, true) {
                    self.touched.push(*cell);
                }
                mover.alpha += by * coefficient;
            }
        }
        let candidates = self.candidates(leaving.falls);
        let mut candidates = std::collections::BinaryHeap::from(candidates);
        // Bounds are flipped as long as the leaving variable stays out of its own.
        let mut off = self.off(leaving);
        let mut flipped = Vec::new();
        let mut entering = None;
        while let Some(candidate) = candidates.pop() {
            let (low, high) = self.bounds(candidate.cell, candidate.side);
            let less = (high - low) * candidate.alpha.abs();
            if off - less > OFF {
                off -= less;
                flipped.push(candidate);
            } else {
                entering = Some(candidate);
                break;
            }
        }
        let step = entering.as_ref().map_or(0.0, |entering| entering.reduced / entering.alpha);
        for cell in self.touched.drain(..) {
            let mover = &mut self.cells[cell as usize];
            mover.dual += step * mover.alpha;
            mover.alpha = 0.0;
            mover.is_touched = false;
            if !std::mem::replace(&mut mover.is_dearer, true) {
                self.dearer.push(cell);
            }
        }
        let Some(entering) = entering else { return false };
        self.pivots += 1;
        self.flip(&flipped);
        self.enter(leaving, &entering, &rho, own)
    }

    /// Takes multiples of the pivot row from the other rows of the inverse. Rows are mostly empty.
    fn eliminate(&mut self, row: &[f64], solved: &[f64], pivot: Option<usize>) {
        let filled: Vec<(usize, f64)> =
            row.iter().enumerate().filter(|(_, by)| by.abs() > TINY).map(|(at, by)| (at, *by)).collect();
        for (other, by) in solved.iter().enumerate().filter(|(other, by)| Some(*other) != pivot && by.abs() > TINY) {
            let own = &mut self.inverse[other];
            let mut norm = self.norms[other];
            for (at, filled) in &filled {
                let before = own[*at];
                let after = before - by * filled;
                own[*at] = after;
                norm += after * after - before * before;
            }
            self.norms[other] = norm.max(TINY);
        }
    }

    fn candidates(&self, falls: bool) -> Vec<Candidate> {
        let mut found = Vec::new();
        for cell in &self.touched {
            let mover = &self.cells[*cell as usize];
            if mover.alpha.abs() <= OFF || mover.high - mover.low <= OFF {
                continue;
            }
            for side in [0, 1] {
                let alpha = mover.alpha * sign(side);
                let helps = match mover.stand[side] {
                    Stand::Lower => (alpha > 0.0) == falls,
                    Stand::Upper => (alpha < 0.0) == falls,
                    Stand::Basic(_) => false,
                };
                let (low, high) = mover.bounds(side);
                if !helps || high - low <= OFF {
                    continue;
                }
                let cost = self.cost(*cell, side);
                if cost.is_finite() {
                    let reduced = cost - sign(side) * mover.dual;
                    let ratio = reduced.abs() / alpha.abs();
                    found.push(Candidate { cell: *cell, side, alpha, reduced, ratio });
                }
            }
        }
        found
    }

    /// How far the leaving variable is out of its bounds.
    fn off(&self, leaving: Leaving) -> f64 {
        match leaving.row {
            Row::Sum(sum) => self.left[sum as usize].abs(),
            Row::Basic(at) => {
                let (cell, side) = self.basics[at];
                let (low, high) = self.bounds(cell, side);
                (low - self.values[at]).max(self.values[at] - high)
            }
        }
    }

    fn flip(&mut self, flipped: &[Candidate]) {
        let mut column = Vec::new();
        for Candidate { cell, side, .. } in flipped {
            let (low, high) = self.bounds(*cell, *side);
            let stand = &mut self.cells[*cell as usize].stand[*side];
            let by = if *stand == Stand::Lower { high - low } else { low - high };
            *stand = if *stand == Stand::Lower { Stand::Upper } else { Stand::Lower };
            self.mark(*cell);
            self.shift(*cell, sign(*side) * by);
            self.column(*cell, sign(*side) * by, &mut column);
        }
        let by: Vec<f64> = self.solved(&column).into_iter().map(|by| -by).collect();
        self.move_basics(&by);
    }

    /// Takes cells that stand at an upper bound back to where they began.
    pub(super) fn bring_home(&mut self, cells: &[u32]) {
        let mut column = Vec::new();
        for cell in cells {
            for side in [0, 1] {
                if self.cells[*cell as usize].stand[side] == Stand::Upper {
                    self.cells[*cell as usize].stand[side] = Stand::Lower;
                    let by = -sign(side) * self.bounds(*cell, side).1;
                    self.shift(*cell, by);
                    self.column(*cell, by, &mut column);
                }
            }
        }
        let by: Vec<f64> = self.solved(&column).into_iter().map(|by| -by).collect();
        self.move_basics(&by);
    }

    fn enter(&mut self, leaving: Leaving, entering: &Candidate, rho: &[f64], own: Option<u32>) -> bool {
        let Candidate { cell, side, alpha, .. } = *entering;
        let mut column = Vec::new();
        self.column(cell, sign(side), &mut column);
        let solved = self.solved(&column);
        // How far the entering variable goes: until the leaving one stands at its bound.
        let over = match leaving.row {
            Row::Sum(sum) => self.left[sum as usize],
            Row::Basic(at) => {
                let (cell, side) = self.basics[at];
                let (low, high) = self.bounds(cell, side);
                let bound = if leaving.falls { high } else { low };
                self.values[at] - bound
            }
        };
        let by = over / alpha;
        let begun = self.value(cell, side);
        self.mark(cell);
        self.shift(cell, sign(side) * by);
        let moves: Vec<f64> = solved.iter().map(|own| -own * by).collect();
        self.move_basics(&moves);
        match (leaving.row, own) {
            (Row::Basic(at), _) => {
                let (left, left_side) = self.basics[at];
                self.cells[left as usize].stand[left_side] = if leaving.falls { Stand::Upper } else { Stand::Lower };
                let pivot = solved[at];
                if pivot.abs() < OFF {
                    return false;
                }
                let row: Vec<f64> = self.inverse[at].iter().map(|own| own / pivot).collect();
                self.eliminate(&row, &solved, Some(at));
                self.norms[at] = square(&row);
                self.inverse[at] = row;
                self.basics[at] = (cell, side);
                self.values[at] = begun + by;
                self.cells[cell as usize].stand[side] = Stand::Basic(at as u32);
            }
            (Row::Sum(_), Some(sum)) => {
                let at = self.rows.len();
                let mut row: Vec<f64> = rho.iter().map(|own| own / alpha).collect();
                row.push(1.0 / alpha);
                self.inverse.iter_mut().for_each(|own| own.push(0.0));
                self.eliminate(&row, &solved, None);
                self.norms.push(square(&row));
                self.inverse.push(row);
                self.row_at[sum as usize] = at as u32;
                self.left[sum as usize] = 0.0;
                self.rows.push(sum);
                self.basics.push((cell, side));
                self.values.push(begun + by);
                self.cells[cell as usize].stand[side] = Stand::Basic(at as u32);
            }
            (Row::Sum(_), None) => return false,
        }
        true
    }
}
