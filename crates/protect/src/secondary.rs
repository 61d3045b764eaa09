//! Secondary protection: which further cells are withheld, so that no primary one can be worked out.
//!
//! For each primary cell a reader must be left with values low and high enough. Each end is shown by a [`Move`]: another
//! table that agrees with everything published. Where the cells withheld so far admit none, the cheapest further cells
//! that do are withheld with them. Afterwards each of those is published again where all ends can do without it.

use std::collections::{BTreeMap, BTreeSet};

use crate::search::{EVERYWHERE, Search};
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

/// What is asked of a system.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// The cells withheld for themselves, with what a reader must be left with.
    pub primary: BTreeMap<u32, Need>,
    /// Cells withheld already, which stay so.
    pub before: BTreeSet<u32>,
    /// Cells to which one person alone contributes, who knows them, with a number for the person: what is shown of another
    /// cell must hold against each of them.
    pub alone: BTreeMap<u32, u32>,
    /// How much of a primary cell such a person is: less than that the person need not take it for.
    pub own: BTreeMap<(u32, u32), i64>,
    /// Neighbourhoods of each cell, as bits; none where there is no such thing.
    pub neighbourhoods: Vec<u64>,
    /// The neighbourhood that each cell is about, also where it moves with all.
    pub homes: Vec<Option<usize>>,
    /// For each neighbourhood those in which a move is looked for, one after the other, before it is looked for everywhere.
    pub rings: Vec<Vec<u64>>,
}

impl Demand {
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

/// What is withheld, with the proof.
#[derive(Debug, Clone, Default)]
pub struct Withheld {
    /// Cells withheld, the primary ones and those withheld earlier among them.
    pub cells: BTreeSet<u32>,
    /// For each end of each primary cell's need the moves that show it: nobody who is alone in a cell is in all of them.
    pub moves: BTreeMap<(u32, End), Vec<Move>>,
    /// Ends for which no proof was found, whatever is withheld.
    pub exposed: Vec<(u32, End)>,
}

/// Price of moving what is withheld anyway, where a usual cell costs [`COST`]: a detour of five such cells is taken before
/// one more cell is withheld, a longer one only when cells are published again.
const WITHHELD: f64 = 20.0;
/// The same for a cell whose one person knows it: a move without it needs no other beside it.
const ALONE: f64 = 50.0;
/// Cost of a usual cell.
pub const COST: u32 = 100;
/// How long it is tried to withhold less. A pivot is a step of a search.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Pivots to look for a move that does without a cell, in each round of publishing again; the cell stays withheld where
    /// that does not suffice.
    pub patience: &'static [usize],
    /// Pivots to look for a move among the cells that are withheld already, before a further one is.
    pub before: usize,
    /// Pivots for all that is published again in a round: what is left then stays withheld.
    pub release: usize,
    /// Pivots after which the primary cells are not tried in another order.
    pub quick: usize,
}

impl Effort {
    /// For one table: half a minute for thousands of cells.
    pub const THOROUGH: Effort = Effort { patience: &[150, 1_000], before: 20_000, release: 800_000, quick: 20_000 };
    /// For a whole monitor: about as long as it takes to find what must be withheld.
    pub const BRIEF: Effort = Effort { patience: &[], before: 100, release: 0, quick: 2_000 };
}

/// Moves through a cell that are tried before one is searched.
const TRIED: usize = 100;

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

/// What a move must do without.
#[derive(Debug, Clone, Copy, Default)]
struct Without<'w> {
    /// A cell that is to be published; then nothing else is withheld for the move either.
    cell: Option<u32>,
    /// Persons who know the cells that they are alone in.
    persons: &'w [u32],
}

struct Known {
    moved: Move,
    /// Who are alone in a cell of it.
    persons: Vec<u32>,
    /// The ends that lean on it; none once a cell of it is published.
    users: Vec<(u32, End)>,
    alive: bool,
}

struct Protector<'s> {
    system: &'s System,
    search: Search<'s>,
    demand: &'s Demand,
    /// The cells of each person who is alone in some.
    persons: BTreeMap<u32, Vec<u32>>,
    withheld: Vec<bool>,
    known: Vec<Known>,
    /// Numbers of the moves through each cell.
    through: Vec<Vec<usize>>,
    leans: BTreeMap<(u32, End), Vec<usize>>,
    exposed: Vec<(u32, End)>,
}

/// Protects the primary cells of a system.
///
/// What is withheld depends on which cell comes first. Where one round is quick others are tried, and the cheapest is
/// taken; every round begins anew, so that the order of cells in the system is all that the outcome depends on.
pub fn protect(system: &System, demand: &Demand, effort: Effort) -> Withheld {
    let value = |cell: &u32| system.figure(*cell).value;
    let by_number: Vec<u32> = demand.primary.keys().copied().collect();
    let mut greatest_first = by_number.clone();
    greatest_first.sort_by_key(|cell| (std::cmp::Reverse(value(cell)), *cell));
    let mut least_first = by_number.clone();
    least_first.sort_by_key(|cell| (value(cell), *cell));
    let backwards: Vec<u32> = by_number.iter().rev().copied().collect();
    let mut best: Option<(usize, u64, Withheld)> = None;
    let mut spent = 0;
    let orders = [by_number, greatest_first, least_first, backwards];
    for order in &orders {
        let (found, pivots) = round(system, demand, order, effort);
        let cost = found.cells.iter().map(|cell| u64::from(system.figure(*cell).cost.unwrap_or(0))).sum();
        let rank = (found.exposed.len(), cost);
        if best.as_ref().is_none_or(|(exposed, cost, _)| rank < (*exposed, *cost)) {
            best = Some((rank.0, rank.1, found));
        }
        spent += pivots;
        if spent > effort.quick {
            break;
        }
    }
    best.map(|(_, _, found)| found).unwrap_or_default()
}

/// Protects in one order of the primary cells; what is withheld, and the pivots that it took.
fn round(system: &System, demand: &Demand, order: &[u32], effort: Effort) -> (Withheld, usize) {
    let Demand { primary, before, alone, .. } = demand;
    let mut persons: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (cell, person) in alone {
        persons.entry(*person).or_default().push(*cell);
    }
    let mut protector = Protector {
        system,
        search: Search::in_neighbourhoods(system, &demand.neighbourhoods),
        demand,
        persons,
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
        let usual = std::mem::replace(&mut protector.search.patience, effort.before);
        protector.cover_by_what_is();
        protector.search.patience = usual;
    }
    for cell in order {
        protector.cover(*cell, primary[cell]);
    }
    for patience in effort.patience {
        protector.search.patience = *patience;
        protector.release(&own, effort.release);
    }
    let Protector { withheld, known, leans, exposed, search, .. } = protector;
    let found = Withheld {
        cells: (0..system.len() as u32).filter(|cell| withheld[*cell as usize]).collect(),
        moves: leans
            .into_iter()
            .map(|(end, numbers)| (end, numbers.into_iter().map(|number| known[number].moved.clone()).collect()))
            .collect(),
        exposed,
    };
    (found, search.pivots)
}

impl Protector<'_> {
    fn withhold(&mut self, cell: u32) {
        self.withheld[cell as usize] = true;
        self.search.set_price(cell, Some(self.price(cell)));
    }

    fn price(&self, cell: u32) -> f64 {
        if self.demand.alone.contains_key(&cell) { ALONE } else { WITHHELD }
    }

    /// Leans every end on what was withheld before, where that suffices: nothing is added to a table that is protected.
    fn cover_by_what_is(&mut self) {
        let published: Vec<u32> = (0..self.system.len() as u32).filter(|cell| !self.withheld[*cell as usize]).collect();
        published.iter().for_each(|cell| self.search.set_price(*cell, None));
        for (cell, need) in &self.demand.primary {
            for (end, ways) in need.ends(self.system.figure(*cell).value) {
                if let Some(numbers) = self.shown_by(*cell, &ways, Without::default()) {
                    self.lean((*cell, end), numbers);
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
            match self.shown_by(cell, &ways, Without::default()) {
                Some(numbers) => self.lean((cell, end), numbers),
                None => self.exposed.push((cell, end)),
            }
        }
    }

    /// Moves that show an end, whoever is alone in a cell: known ones, or the cheapest, with which what they need is
    /// withheld if that may be.
    fn shown_by(&mut self, cell: u32, ways: &[i64], without: Without<'_>) -> Option<Vec<usize>> {
        let own = self.demand.alone.get(&cell).copied();
        let first = self.one(cell, ways, without)?;
        let knowing = self.known[first].persons.iter().copied().filter(|person| Some(*person) != own);
        let (within, others): (Vec<u32>, Vec<u32>) =
            knowing.partition(|person| self.demand.own.contains_key(&(cell, *person)));
        let mut found = vec![first];
        if !others.is_empty() {
            match self.one(cell, ways, Without { persons: &others, ..without }) {
                Some(second) => found.push(second),
                None if others.len() == 1 => return None,
                None => {
                    for person in &others {
                        found.push(self.one(
                            cell,
                            ways,
                            Without { persons: std::slice::from_ref(person), ..without },
                        )?);
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

    /// The ways that are left to a cell for a person who is of it: not below what the person is.
    fn ways_left(&self, cell: u32, ways: &[i64], person: u32) -> Vec<i64> {
        let own = self.demand.own.get(&(cell, person)).copied().unwrap_or(0);
        let value = self.system.figure(cell).value;
        ways.iter().map(|by| if *by < 0 { (*by).max(own - value) } else { *by }).filter(|by| *by != 0).collect()
    }

    fn one(&mut self, cell: u32, ways: &[i64], without: Without<'_>) -> Option<usize> {
        if let Some(known) = self.among_known(cell, ways, without) {
            return Some(known);
        }
        let fixed: Vec<u32> =
            without.persons.iter().filter_map(|person| self.persons.get(person)).flatten().copied().collect();
        fixed.iter().for_each(|cell| self.search.set_price(*cell, None));
        // Most find what they need near them, where the search is short.
        let demand = self.demand;
        let home = demand.homes.get(cell as usize).copied().flatten();
        let rings = home.and_then(|home| demand.rings.get(home)).map(Vec::as_slice).unwrap_or_default();
        let found = rings.iter().chain(&[EVERYWHERE]).find_map(|within| {
            self.search.within = *within;
            match without.cell {
                None => self.cheapest(cell, ways),
                Some(without) => self.among_withheld(cell, ways, without),
            }
        });
        fixed.iter().for_each(|cell| self.search.set_price(*cell, Some(self.price(*cell))));
        found.map(|found| self.keep(found))
    }

    fn lean(&mut self, end: (u32, End), numbers: Vec<usize>) {
        for number in self.leans.remove(&end).unwrap_or_default() {
            self.known[number].users.retain(|user| *user != end);
        }
        for number in &numbers {
            self.known[*number].users.push(end);
        }
        self.leans.insert(end, numbers);
    }

    /// A move that is known, or some times one that is, to and fro, which moves a cell far enough without another cell.
    fn among_known(&mut self, cell: u32, ways: &[i64], without: Without<'_>) -> Option<usize> {
        let mut found = None;
        for number in self.through[cell as usize].iter().rev().take(TRIED) {
            let known = &self.known[*number];
            if !known.alive
                || without.cell.is_some_and(|without| moved_by(&known.moved, without) != 0)
                || without.persons.iter().any(|person| known.persons.contains(person))
            {
                continue;
            }
            let by = moved_by(&known.moved, cell);
            for way in ways {
                let times = (way.abs() + by.abs() - 1) / by.abs() * way.signum() * by.signum();
                let fits = |(cell, by): &(u32, i64)| {
                    let figure = self.system.figure(*cell);
                    let to = figure.value + by * times;
                    to >= figure.least.min(figure.value) && figure.most.is_none_or(|most| to <= most.max(figure.value))
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
        let persons: BTreeSet<u32> =
            moved.iter().filter_map(|(cell, _)| self.demand.alone.get(cell)).copied().collect();
        self.known.push(Known { moved, persons: persons.into_iter().collect(), users: Vec::new(), alive: true });
        number
    }

    /// Publishes again what all ends can do without, the dearest and greatest first.
    fn release(&mut self, own: &[bool], effort: usize) {
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
            if self.search.pivots - begun > effort {
                break;
            }
            self.search.set_price(cell, None);
            if self.do_without(cell).is_none() {
                self.search.set_price(cell, Some(WITHHELD));
            }
        }
    }

    fn do_without(&mut self, cell: u32) -> Option<()> {
        let dying: Vec<usize> =
            self.through[cell as usize].iter().copied().filter(|number| self.known[*number].alive).collect();
        let ends: BTreeSet<(u32, End)> = dying.iter().flat_map(|number| self.known[*number].users.clone()).collect();
        let mut instead = Vec::new();
        for (user, end) in ends {
            let value = self.system.figure(user).value;
            let needs = self.demand.primary[&user].ends(value);
            let (_, ways) = needs.into_iter().find(|(own, _)| *own == end)?;
            instead.push(((user, end), self.shown_by(user, &ways, Without { cell: Some(cell), persons: &[] })?));
        }
        self.withheld[cell as usize] = false;
        for (end, numbers) in instead {
            self.lean(end, numbers);
        }
        for number in dying {
            self.known[number].alive = false;
            self.known[number].users.clear();
        }
        Some(())
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
