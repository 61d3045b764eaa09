//! Secondary protection: which further cells are withheld, so that no primary one can be worked out.
//!
//! For each primary cell a reader must be left with values low and high enough. Each end is shown by a [`Move`]: another
//! table that agrees with everything published. Where the cells withheld so far admit none, the cheapest further cells
//! that do are withheld with them. Afterwards each of those is published again where all ends can do without it.

use std::collections::{BTreeMap, BTreeSet};

use crate::search::Search;
use crate::system::{Move, System};

/// What a reader must be left with for a primary cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Values at most and at least these.
    Reach {
        /// A value at most this.
        low: i64,
        /// A value at least this.
        high: i64,
    },
    /// Another value, any.
    NotExact,
}

/// One end of what a cell needs: a value below its own, above it, or either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A value low enough.
    Below,
    /// A value high enough.
    Above,
    /// Another value.
    Other,
}

/// What is withheld, with the proof.
#[derive(Debug, Clone, Default)]
pub struct Withheld {
    /// Cells withheld, the primary ones and those withheld earlier among them.
    pub cells: BTreeSet<u32>,
    /// For each end of each primary cell's need the move that shows it.
    pub moves: BTreeMap<(u32, End), Move>,
    /// Ends for which no proof was found, whatever is withheld.
    pub exposed: Vec<(u32, End)>,
}

/// Price of moving what is withheld anyway, where a usual cell costs [`COST`]: a detour of five such cells is taken before
/// one more cell is withheld, a longer one only when cells are published again.
const WITHHELD: f64 = 20.0;
/// Cost of a usual cell.
pub const COST: u32 = 100;
/// Pivots to look for a move that does without a cell, in two rounds; the cell stays withheld where that does not suffice.
const PATIENCE: [usize; 2] = [150, 1_000];
/// Pivots for all that is published again: what is left then stays withheld.
const EFFORT: usize = 800_000;
/// Pivots after which no other round is begun.
const QUICK: usize = 20_000;
/// Moves through a cell that are tried before one is searched.
const TRIED: usize = 12;

impl Need {
    /// The ends that a cell of this value needs, and by how much it must move for each.
    pub fn ends(self, value: i64) -> Vec<(End, Vec<i64>)> {
        match self {
            Need::NotExact => vec![(End::Other, vec![1, -1])],
            Need::Reach { low, high } => {
                [(End::Below, low - value, low < value), (End::Above, high - value, high > value)]
                    .into_iter()
                    .filter(|(_, _, needed)| *needed)
                    .map(|(end, by, _)| (end, vec![by]))
                    .collect()
            }
        }
    }
}

struct Known {
    moved: Move,
    /// The ends that lean on it; none once a cell of it is published.
    users: Vec<(u32, End)>,
    alive: bool,
}

struct Protector<'s> {
    system: &'s System,
    search: Search<'s>,
    primary: &'s BTreeMap<u32, Need>,
    withheld: Vec<bool>,
    known: Vec<Known>,
    /// Numbers of the moves through each cell.
    through: Vec<Vec<usize>>,
    leans: BTreeMap<(u32, End), usize>,
    exposed: Vec<(u32, End)>,
}

/// Protects the primary cells of a system; `before` are cells withheld already, which stay so.
///
/// What is withheld depends on which cell comes first. Where one round is quick others are tried, and the cheapest is
/// taken; every round begins anew, so that the order of cells in the system is all that the outcome depends on.
pub fn protect(system: &System, primary: &BTreeMap<u32, Need>, before: &BTreeSet<u32>) -> Withheld {
    let value = |cell: &u32| system.figure(*cell).value;
    let by_number: Vec<u32> = primary.keys().copied().collect();
    let mut greatest_first = by_number.clone();
    greatest_first.sort_by_key(|cell| (std::cmp::Reverse(value(cell)), *cell));
    let mut least_first = by_number.clone();
    least_first.sort_by_key(|cell| (value(cell), *cell));
    let backwards: Vec<u32> = by_number.iter().rev().copied().collect();
    let mut best: Option<(usize, u64, Withheld)> = None;
    let mut effort = 0;
    let orders = [by_number, greatest_first, least_first, backwards];
    for order in &orders {
        let (found, pivots) = round(system, primary, before, order);
        let cost = found.cells.iter().map(|cell| u64::from(system.figure(*cell).cost.unwrap_or(0))).sum();
        let rank = (found.exposed.len(), cost);
        if best.as_ref().is_none_or(|(exposed, cost, _)| rank < (*exposed, *cost)) {
            best = Some((rank.0, rank.1, found));
        }
        effort += pivots;
        if effort > QUICK {
            break;
        }
    }
    best.map(|(_, _, found)| found).unwrap_or_default()
}

/// Protects in one order of the primary cells; what is withheld, and the pivots that it took.
fn round(system: &System, primary: &BTreeMap<u32, Need>, before: &BTreeSet<u32>, order: &[u32]) -> (Withheld, usize) {
    let mut protector = Protector {
        system,
        search: Search::new(system),
        primary,
        withheld: vec![false; system.len()],
        known: Vec::new(),
        through: vec![Vec::new(); system.len()],
        leans: BTreeMap::new(),
        exposed: Vec::new(),
    };
    for cell in 0..system.len() as u32 {
        if primary.contains_key(&cell) || before.contains(&cell) {
            protector.withhold(cell);
        } else {
            protector.search.set_price(cell, system.figure(cell).cost.map(f64::from));
        }
    }
    let own = protector.withheld.clone();
    if before.iter().any(|cell| system.figure(*cell).cost.is_some()) {
        protector.cover_by_what_is();
    }
    for cell in order {
        protector.cover(*cell, primary[cell]);
    }
    for patience in PATIENCE {
        protector.search.patience = patience;
        protector.release(&own);
    }
    let Protector { withheld, known, leans, exposed, search, .. } = protector;
    let found = Withheld {
        cells: (0..system.len() as u32).filter(|cell| withheld[*cell as usize]).collect(),
        moves: leans.into_iter().map(|(end, number)| (end, known[number].moved.clone())).collect(),
        exposed,
    };
    (found, search.pivots)
}

impl Protector<'_> {
    fn withhold(&mut self, cell: u32) {
        self.withheld[cell as usize] = true;
        self.search.set_price(cell, Some(WITHHELD));
    }

    /// Leans every end on what was withheld before, where that suffices: nothing is added to a table that is protected.
    fn cover_by_what_is(&mut self) {
        let published: Vec<u32> = (0..self.system.len() as u32).filter(|cell| !self.withheld[*cell as usize]).collect();
        published.iter().for_each(|cell| self.search.set_price(*cell, None));
        for (cell, need) in self.primary {
            for (end, ways) in need.ends(self.system.figure(*cell).value) {
                if let Some(number) = self.shown_by(*cell, &ways) {
                    self.lean((*cell, end), number);
                }
            }
        }
        for cell in published {
            self.search.set_price(cell, self.system.figure(cell).cost.map(f64::from));
        }
    }

    /// Sees to it that a primary cell has what it needs.
    fn cover(&mut self, cell: u32, need: Need) {
        for (end, ways) in need.ends(self.system.figure(cell).value) {
            if self.leans.contains_key(&(cell, end)) {
                continue;
            }
            match self.shown_by(cell, &ways) {
                Some(number) => self.lean((cell, end), number),
                None => self.exposed.push((cell, end)),
            }
        }
    }

    /// A move that shows an end: one that is known, or the cheapest, with which what it needs is withheld.
    fn shown_by(&mut self, cell: u32, ways: &[i64]) -> Option<usize> {
        match self.among_known(cell, ways, None) {
            Some(known) => Some(known),
            None => self.cheapest(cell, ways).map(|found| self.keep(found)),
        }
    }

    fn lean(&mut self, end: (u32, End), number: usize) {
        self.known[number].users.push(end);
        self.leans.insert(end, number);
    }

    /// A move that is known, or some times one that is, to and fro, which moves a cell far enough without another cell.
    fn among_known(&mut self, cell: u32, ways: &[i64], without: Option<u32>) -> Option<usize> {
        let mut found = None;
        for number in self.through[cell as usize].iter().rev().take(TRIED) {
            let known = &self.known[*number];
            if !known.alive || without.is_some_and(|without| moved_by(&known.moved, without) != 0) {
                continue;
            }
            let by = moved_by(&known.moved, cell);
            for way in ways {
                let times = (way.abs() + by.abs() - 1) / by.abs() * way.signum() * by.signum();
                let fits = |(cell, by): &(u32, i64)| {
                    let figure = self.system.figure(*cell);
                    figure.value + by * times >= figure.least.min(figure.value)
                };
                if known.moved.iter().all(fits) {
                    found = Some((*number, times));
                    break;
                }
            }
            if found.is_some() {
                break;
            }
        }
        match found? {
            (number, 1) => Some(number),
            (number, times) => {
                let moved = self.known[number].moved.iter().map(|(cell, by)| (*cell, by * times)).collect();
                Some(self.keep(moved))
            }
        }
    }

    /// The move that costs the fewest further cells.
    fn cheapest(&mut self, cell: u32, ways: &[i64]) -> Option<Move> {
        let mut best: Option<(u64, Move)> = None;
        for by in ways {
            let Some(found) = self.search.find(cell, *by) else { continue };
            let new = found.iter().filter(|(cell, _)| !self.withheld[*cell as usize]);
            let cost = new.map(|(cell, _)| u64::from(self.system.figure(*cell).cost.unwrap_or(0))).sum();
            if best.as_ref().is_none_or(|(known, _)| cost < *known)
                && self
                    .system
                    .admits(&found, |cell| self.withheld[cell as usize] || self.system.figure(cell).cost.is_some())
            {
                best = Some((cost, found));
            }
            if cost == 0 {
                break;
            }
        }
        best.map(|(_, found)| found)
    }

    /// Withholds what a move needs and remembers it.
    fn keep(&mut self, moved: Move) -> usize {
        let number = self.known.len();
        for (cell, _) in &moved {
            if !self.withheld[*cell as usize] {
                self.withhold(*cell);
            }
            self.through[*cell as usize].push(number);
        }
        self.known.push(Known { moved, users: Vec::new(), alive: true });
        number
    }

    /// Publishes again what all ends can do without, the dearest and greatest first.
    fn release(&mut self, own: &[bool]) {
        let mut cells: Vec<u32> = (0..self.system.len() as u32)
            .filter(|cell| self.withheld[*cell as usize] && !own[*cell as usize])
            .collect();
        cells.sort_by_key(|cell| {
            let figure = self.system.figure(*cell);
            (std::cmp::Reverse((figure.cost, figure.value)), *cell)
        });
        for cell in (0..self.system.len() as u32).filter(|cell| !self.withheld[*cell as usize]) {
            self.search.set_price(cell, None);
        }
        let begun = self.search.pivots;
        for cell in cells {
            if self.search.pivots - begun > EFFORT {
                break;
            }
            self.search.set_price(cell, None);
            if !self.do_without(cell) {
                self.search.set_price(cell, Some(WITHHELD));
            }
        }
    }

    fn do_without(&mut self, cell: u32) -> bool {
        let dying: Vec<usize> =
            self.through[cell as usize].iter().copied().filter(|number| self.known[*number].alive).collect();
        let ends: BTreeSet<(u32, End)> = dying.iter().flat_map(|number| self.known[*number].users.clone()).collect();
        let mut instead = Vec::new();
        for (user, end) in ends {
            let value = self.system.figure(user).value;
            let needs = self.primary[&user].ends(value);
            let Some((_, ways)) = needs.into_iter().find(|(own, _)| *own == end) else { return false };
            let number = match self.among_known(user, &ways, Some(cell)) {
                Some(known) => known,
                None => match self.among_withheld(user, &ways, cell) {
                    Some(found) => self.keep(found),
                    None => return false,
                },
            };
            instead.push(((user, end), number));
        }
        self.withheld[cell as usize] = false;
        for number in dying {
            self.known[number].alive = false;
            self.known[number].users.clear();
        }
        for (end, number) in instead {
            self.lean(end, number);
        }
        true
    }

    /// A move of withheld cells alone.
    fn among_withheld(&mut self, cell: u32, ways: &[i64], without: u32) -> Option<Move> {
        ways.iter().find_map(|by| {
            let found = self.search.find(cell, *by)?;
            let admits = self.system.admits(&found, |cell| cell != without && self.withheld[cell as usize]);
            admits.then_some(found)
        })
    }
}

/// By how much a move moves a cell.
fn moved_by(moved: &Move, cell: u32) -> i64 {
    moved.binary_search_by_key(&cell, |(cell, _)| *cell).map_or(0, |at| moved[at].1)
}
