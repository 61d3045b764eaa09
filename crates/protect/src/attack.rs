//! The attack: how far a reader who knows the published cells and the sums can narrow a withheld one down.
//!
//! It knows nothing of how cells were chosen. Bounds that follow from one equation at a time come first; where they leave
//! more room than a known table shows, two linear programmes give the exact ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use catalog::injection;
use catalog::workers;

use crate::ProtectError;
use crate::search::Search;
use crate::system::{Move, System};

/// A float this little above a whole number is that number.
const SLIP: f64 = 1e-4;

/// What a reader can tell of a withheld count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Least value.
    pub low: i64,
    /// Greatest value; `None` where nothing holds it.
    pub high: Option<i64>,
}

/// The interval of each asked cell, by `threads` threads; `None` where a programme could not be solved. `tables` are moves
/// known to agree with what is published: they spare programmes, after it was seen that they do agree.
///
/// # Errors
/// A worker that panicked: no interval is left out.
pub fn intervals<'m>(
    system: &System,
    withheld: &BTreeSet<u32>,
    asked: &[u32],
    tables: impl IntoIterator<Item = &'m Move>,
    threads: usize,
) -> Result<BTreeMap<u32, Option<Interval>>, ProtectError> {
    injection::point("attack")?;
    let bounds = propagated(system, withheld);
    let mut seen: Vec<(i64, i64)> = vec![(0, 0); system.len()];
    for table in tables {
        if system.admits(table, |cell| withheld.contains(&cell)) {
            for (cell, by) in table {
                let (down, up) = &mut seen[*cell as usize];
                (*down, *up) = ((*down).min(*by), (*up).max(*by));
            }
        }
    }
    let workspace = |_| {
        let mut search = Search::new(system);
        withheld.iter().for_each(|cell| search.set_price(*cell, Some(1.0)));
        Attack { system, search, bounds: &bounds, seen: &seen }
    };
    let mut workspaces: Vec<Attack<'_>> = (0..threads.max(1)).map(workspace).collect();
    let found = workers::each_with(&mut workspaces, asked, |attack, cell| {
        injection::point("attack.worker")?;
        Ok((*cell, attack.interval(*cell)))
    })?;
    found.into_iter().collect()
}

struct Attack<'s> {
    system: &'s System,
    search: Search<'s>,
    bounds: &'s [(i64, Option<i64>)],
    seen: &'s [(i64, i64)],
}

impl Attack<'_> {
    fn interval(&mut self, cell: u32) -> Option<Interval> {
        let (low, high) = self.bounds[cell as usize];
        let (down, up) = self.seen[cell as usize];
        let value = self.system.figure(cell).value;
        // Counts are whole: what lies between two of them is not reached.
        let low = if value + down == low { low } else { (self.search.reach(cell, false, 0)? - SLIP).ceil() as i64 };
        let high = match high {
            Some(high) if value + up == high => Some(high),
            Some(high) => Some((self.search.reach(cell, true, high - value)? + SLIP).floor() as i64),
            None => {
                // More than any count is as good as no end.
                let most = self.most();
                let end = self.search.reach(cell, true, most)?;
                (end < (value + most) as f64 - 0.5).then_some((end + SLIP).floor() as i64)
            }
        };
        Some(Interval { low, high })
    }

    fn most(&self) -> i64 {
        (0..self.system.len() as u32).map(|cell| self.system.figure(cell).value).max().unwrap_or(0) * 4 + 1_000
    }
}

/// Bounds that follow from one equation after another.
fn propagated(system: &System, withheld: &BTreeSet<u32>) -> Vec<(i64, Option<i64>)> {
    let mut bounds: Vec<(i64, Option<i64>)> = (0..system.len() as u32)
        .map(|cell| {
            let figure = system.figure(cell);
            if withheld.contains(&cell) {
                (figure.least.min(figure.value), figure.most.map(|most| most.max(figure.value)))
            } else {
                (figure.value, Some(figure.value))
            }
        })
        .collect();
    let mut waiting: VecDeque<usize> = (0..system.sums().len()).collect();
    let mut is_waiting = vec![true; system.sums().len()];
    // Bounds creep towards each other by ones at worst; what is left then is for the programmes.
    for _ in 0..system.sums().len().saturating_mul(20) {
        let Some(sum) = waiting.pop_front() else { break };
        is_waiting[sum] = false;
        let terms = &system.sums()[sum];
        let rest = system.rest(sum);
        // Of each term the least and greatest that it adds; the sum of all is known.
        let term = |(cell, coefficient): &(u32, i64), bounds: &[(i64, Option<i64>)]| {
            let (low, high) = bounds[*cell as usize];
            let ends = (Some(coefficient * low), high.map(|high| coefficient * high));
            if *coefficient > 0 { ends } else { (ends.1, ends.0) }
        };
        for (cell, coefficient) in terms {
            if !withheld.contains(cell) {
                continue;
            }
            let others = terms.iter().filter(|(other, _)| other != cell);
            let (least, most) = others.map(|other| term(other, &bounds)).fold((Some(0), Some(0)), |so_far, own| {
                (so_far.0.zip(own.0).map(|(a, b)| a + b), so_far.1.zip(own.1).map(|(a, b)| a + b))
            });
            let (low, high) = if *coefficient > 0 {
                (most.map(|most| rest - most), least.map(|least| rest - least))
            } else {
                (least.map(|least| least - rest), most.map(|most| most - rest))
            };
            let times = coefficient.abs();
            let (low, high) = (low.map(|low| -(-low).div_euclid(times)), high.map(|high| high.div_euclid(times)));
            let own = &mut bounds[*cell as usize];
            let narrowed = (low.map_or(own.0, |low| low.max(own.0)), [high, own.1].into_iter().flatten().min());
            if narrowed != *own {
                *own = narrowed;
                for (other, _) in system.sums_of(*cell) {
                    if !std::mem::replace(&mut is_waiting[*other as usize], true) {
                        waiting.push_back(*other as usize);
                    }
                }
            }
        }
    }
    bounds
}
