//! Attempts, from the least that is suppressed to the most: greater areas are kept where a pattern below them exists.

use std::collections::BTreeSet;

use super::demand::Ring;
use super::{Asked, End, Protector};
use crate::ProtectError;

/// How a move is looked for.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    /// Up to which level further cells may be withheld for it.
    ceiling: u8,
    ring: Ring,
    /// Pivots for one search.
    pivots: usize,
    /// Pivots for all searches together, for the ends of one level of a part of the system.
    budget: usize,
    /// Whether rounded shares must stay as they are.
    holds: bool,
}

const fn attempt(ceiling: u8, ring: Ring, pivots: usize) -> Attempt {
    Attempt { ceiling, ring, pivots, budget: usize::MAX, holds: true }
}

/// From the least that is withheld to the most. What cannot be proved within the pivots of one is tried by the next, which
/// may withhold figures of greater areas, where a move is near.
const ATTEMPTS: [Attempt; 9] = [
    attempt(0, Ring::Own, 300),
    attempt(1, Ring::Near, 300),
    attempt(1, Ring::Greatest, 1_000),
    attempt(1, Ring::Province, 1_000),
    attempt(2, Ring::Greatest, 1_000),
    Attempt { budget: 20_000, ..attempt(2, Ring::Everywhere, 3_000) },
    attempt(3, Ring::Near, 300),
    attempt(3, Ring::Greatest, 600),
    Attempt { holds: false, ..attempt(3, Ring::Everywhere, 20_000) },
];

impl Protector<'_> {
    /// Sees to it that ends are shown, those of the greatest areas first: what is withheld for them is there for the areas
    /// within. For each as little as can be of what is above it is withheld. Gives the ends that cannot be shown.
    pub(super) fn cover_from_above(&mut self, asked: Vec<Asked>) -> Result<Vec<(u32, End)>, ProtectError> {
        let demand = self.state.demand;
        // A single table has no levels.
        if demand.rings.is_empty() {
            return self.cover(asked, usize::MAX);
        }
        let highest = demand.levels.iter().copied().max().unwrap_or(0);
        let usual = self.searches[0].whole.patience();
        let mut exposed = Vec::new();
        for level in (0..=highest).rev() {
            let mut own: Vec<Asked> =
                asked.iter().filter(|((cell, _), _)| demand.level(*cell) == level).cloned().collect();
            for attempt in ATTEMPTS.into_iter().filter(|attempt| attempt.ceiling >= level) {
                if own.is_empty() {
                    break;
                }
                self.begin(attempt, usual);
                let left: BTreeSet<(u32, End)> = self.cover(own.clone(), attempt.budget)?.into_iter().collect();
                own.retain(|(end, _)| left.contains(end));
            }
            exposed.extend(own.into_iter().map(|(end, _)| end));
        }
        self.set_patience(usual);
        self.state.ring = Ring::Everywhere;
        Ok(exposed)
    }

    fn begin(&mut self, attempt: Attempt, usual: usize) {
        self.set_ceiling(attempt.ceiling);
        self.set_hold(attempt.holds);
        self.set_patience(attempt.pivots.min(usual));
        self.state.ring = attempt.ring;
    }

    /// Keeps moves to the bounds of published shares, or not.
    pub(super) fn set_hold(&mut self, holds: bool) {
        self.state.holds = holds;
        for (cell, within) in self.state.rounded.clone() {
            let within = (holds || self.state.demand.kept.contains(&cell)).then_some(within);
            self.searches.iter_mut().for_each(|own| own.whole.hold(cell, within));
        }
    }

    fn set_ceiling(&mut self, ceiling: u8) {
        let before = std::mem::replace(&mut self.state.ceiling, ceiling);
        let (low, high) = (before.min(ceiling), before.max(ceiling));
        for cell in 0..self.state.system.len() as u32 {
            if (low + 1..=high).contains(&self.state.demand.level(cell)) {
                self.set_price(cell, self.state.price_of(cell));
            }
        }
    }
}
