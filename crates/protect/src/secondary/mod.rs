//! Secondary protection: which further cells are withheld, so that no primary one can be worked out.
//!
//! For each primary cell a reader must be left with values low and high enough. Each end is shown by a [`Move`]: another
//! table that agrees with everything published. Where the cells withheld so far admit none, the cheapest further cells
//! that do are withheld with them. Afterwards each of those is published again where all ends can do without it.

use std::collections::{BTreeMap, BTreeSet};

use catalog::injection;
use catalog::workers;

use crate::ProtectError;
use crate::certificate::Relaxation;
use crate::system::{Move, System};

mod attempts;
mod demand;
mod look;
mod near;
mod reduced;
mod release;
mod told;

pub use crate::level::{End, Need};
pub(crate) use demand::root;
pub use demand::{Demand, Ring, Rings};
use look::{Look, Piece, Without};
use near::{NearSearch, Nears};
use reduced::{Reduced, WholeSearch};
use told::{Relaxations, TakingBack};

/// What is withheld, with the proof.
#[derive(Debug, Clone, Default)]
pub struct Withheld {
    /// Cells withheld, the primary ones and those withheld earlier among them.
    pub cells: BTreeSet<u32>,
    /// For each end of each primary cell's need the moves that show it: nobody who is alone in a cell is in all of them.
    pub moves: BTreeMap<(u32, End), Vec<Move>>,
    /// Ends for which no proof was found, whatever is withheld.
    pub exposed: Vec<(u32, End)>,
    /// What each primary cell needs, as far as public cells leave it.
    pub needs: BTreeMap<u32, Need>,
    /// Primary cells of whose needs something was relaxed.
    pub told: BTreeSet<u32>,
    /// For each relaxed end the proof that public cells leave no more.
    pub relaxations: BTreeMap<(u32, End), Relaxation>,
    /// Cells of which no share can be published, because a move goes beyond what it leaves open.
    pub let_go: BTreeSet<u32>,
}

/// Cost of a usual cell.
pub const COST: u32 = 100;
/// Price of moving what no row tells: hardly any, for nothing is lost by it.
const UNSAID: f64 = 2.0;
/// Price of moving what is withheld of an area above the municipalities: it moves along with a municipality's figure.
const ABOVE: f64 = 3.0;
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
    /// Price of moving what is withheld anyway, where a usual cell costs [`COST`]: of 20, a detour of five such cells is
    /// taken before one more cell is withheld, a longer one only when cells are published again.
    pub detour: f64,
    /// The same for a cell whose one person knows it: a move without it needs no other beside it.
    pub alone: f64,
}

impl Effort {
    /// For one table: half a minute for thousands of cells.
    pub const THOROUGH: Effort =
        Effort { patience: &[150, 1_000], before: 20_000, release: 800_000, quick: 20_000, detour: 20.0, alone: 50.0 };
    /// For a whole monitor: nothing is published again. A detour of 40 withholds a twentieth less than one of 60.
    pub const BRIEF: Effort =
        Effort { patience: &[], before: 100, release: 0, quick: 2_000, detour: 40.0, alone: 300.0 };
}

struct Known {
    moved: Move,
    /// Who are alone in a cell of it.
    persons: Vec<u32>,
    /// The ends that lean on it; none once a cell of it is published.
    users: Vec<(u32, End)>,
    alive: bool,
}

/// Protects the primary cells of a system.
///
/// What is withheld depends on which cell comes first. Where one round is quick others are tried, and the cheapest is
/// taken; every round begins anew, so that the order of cells in the system is all that the outcome depends on, and not the
/// number of threads.
///
/// # Errors
/// A worker that panicked: an end without a proof is exposed, an end that nobody looked at is a failure.
pub fn protect(system: &System, demand: &Demand, effort: Effort, threads: usize) -> Result<Withheld, ProtectError> {
    let value = |cell: &u32| system.figure(*cell).value;
    let by_number: Vec<u32> = demand.primary.keys().copied().collect();
    let mut greatest_first = by_number.clone();
    greatest_first.sort_by_key(|cell| (std::cmp::Reverse(value(cell)), *cell));
    let mut least_first = by_number.clone();
    least_first.sort_by_key(|cell| (value(cell), *cell));
    let backwards: Vec<u32> = by_number.iter().rev().copied().collect();
    let left = told::as_far_as_left(system, demand);
    let nears = Nears::new(system, demand);
    let reduced = Reduced::of(system, &demand.followers);
    let ranked = |order: &[u32]| -> Result<_, ProtectError> {
        injection::point("secondary.round")?;
        let (found, pivots) = round(system, demand, (&nears, reduced.as_ref()), &left, order, effort, threads)?;
        let cost: u64 = found.cells.iter().map(|cell| u64::from(system.figure(*cell).cost.unwrap_or(0))).sum();
        Ok(((found.exposed.len(), cost), found, pivots))
    };
    let (mut rank, mut best, mut spent) = ranked(&by_number)?;
    for order in [greatest_first, least_first, backwards] {
        if spent > effort.quick {
            break;
        }
        let (own, found, pivots) = ranked(&order)?;
        spent += pivots;
        if own < rank {
            (rank, best) = (own, found);
        }
    }
    Ok(best)
}

/// Everything that looking for a move needs to know.
struct State<'s> {
    system: &'s System,
    demand: &'s Demand,
    nears: &'s Nears<'s>,
    reduced: Option<&'s Reduced>,
    effort: Effort,
    /// What each primary cell needs, as far as public cells leave it.
    needs: BTreeMap<u32, Need>,
    /// The cells of each person who is alone in some.
    persons: BTreeMap<u32, Vec<u32>>,
    withheld: Vec<bool>,
    /// The level above which no further cell is withheld.
    ceiling: u8,
    /// The bounds of cells of which a share is published, and whether moves keep to them.
    rounded: BTreeMap<u32, (i64, i64)>,
    holds: bool,
    /// Cells whose shares are published no longer.
    let_go: BTreeSet<u32>,
    /// How far from home is looked.
    ring: Ring,
    known: Vec<Known>,
    /// Numbers of the moves through each cell.
    through: Vec<Vec<usize>>,
}

/// What a thread searches with: the whole system, and those of municipalities.
struct Workspace<'s> {
    whole: WholeSearch<'s>,
    near: NearSearch<'s>,
}

struct Protector<'s> {
    state: State<'s>,
    /// A workspace for each thread; prices are the same in all.
    searches: Vec<Workspace<'s>>,
    leans: BTreeMap<(u32, End), Vec<usize>>,
    exposed: Vec<(u32, End)>,
}

/// Something to be shown: a cell's end, and by how much the cell must move for it.
type Asked = ((u32, End), Vec<i64>);

/// Protects in one order of the primary cells; what is withheld, and the pivots that it took.
fn round(
    system: &System,
    demand: &Demand,
    (nears, reduced): (&Nears<'_>, Option<&Reduced>),
    (needs, relaxations): &(BTreeMap<u32, Need>, Relaxations),
    order: &[u32],
    effort: Effort,
    threads: usize,
) -> Result<(Withheld, usize), ProtectError> {
    let Demand { primary, before, hidden, .. } = demand;
    let search =
        || Workspace { whole: WholeSearch::new(system, reduced, &demand.neighbourhoods), near: NearSearch::default() };
    let mut protector = Protector {
        state: State {
            system,
            demand,
            nears,
            reduced,
            effort,
            needs: needs.clone(),
            persons: demand.persons(),
            withheld: vec![false; system.len()],
            ceiling: demand.levels.iter().copied().max().unwrap_or(0),
            rounded: demand.rounded.clone(),
            holds: true,
            let_go: BTreeSet::new(),
            ring: Ring::Everywhere,
            known: Vec::new(),
            through: vec![Vec::new(); system.len()],
        },
        searches: (0..threads.max(1)).map(|_| search()).collect(),
        leans: BTreeMap::new(),
        exposed: Vec::new(),
    };
    protector.set_hold(true);
    for cell in 0..system.len() as u32 {
        if primary.contains_key(&cell) || before.contains(&cell) || hidden.contains(&cell) {
            protector.withhold(cell);
        } else {
            protector.set_price(cell, protector.state.price_of(cell));
        }
    }
    let own = protector.state.withheld.clone();
    let mut asked: Vec<Asked> = order.iter().flat_map(|cell| protector.state.asked(*cell)).collect();
    // What moves far moves others far enough on its way.
    asked.sort_by_key(|(_, ways)| std::cmp::Reverse(ways.iter().map(|by| by.abs()).max()));
    if before.iter().any(|cell| system.figure(*cell).cost.is_some()) {
        protector.cover_by_what_is(&asked)?;
    }
    let left: Vec<Asked> = asked.into_iter().filter(|(end, _)| !protector.leans.contains_key(end)).collect();
    protector.exposed = protector.cover_from_above(left)?;
    let mut relaxations = relaxations.clone();
    protector.take_back(&mut relaxations)?;
    for patience in effort.patience {
        protector.set_patience(*patience);
        protector.release(&own, effort.release);
    }
    let Protector { state: State { withheld, known, needs, let_go, .. }, leans, exposed, searches } = protector;
    let found = Withheld {
        cells: (0..system.len() as u32).filter(|cell| withheld[*cell as usize]).collect(),
        moves: leans
            .into_iter()
            .map(|(end, numbers)| (end, numbers.into_iter().map(|number| known[number].moved.clone()).collect()))
            .collect(),
        exposed,
        told: needs.iter().filter(|(cell, need)| primary[cell] != **need).map(|(cell, _)| *cell).collect(),
        needs,
        relaxations,
        let_go,
    };
    Ok((found, searches.iter().map(|own| own.whole.pivots() + own.near.pivots()).sum()))
}

impl<'s> Protector<'s> {
    fn set_price(&mut self, cell: u32, price: Option<f64>) {
        self.searches.iter_mut().for_each(|own| own.whole.set_price(cell, price));
    }

    fn set_patience(&mut self, pivots: usize) {
        self.searches.iter_mut().for_each(|own| own.whole.set_patience(pivots));
    }

    /// Pivots made by all threads in the whole system.
    fn pivots(&self) -> usize {
        self.searches.iter().map(|own| own.whole.pivots()).sum()
    }

    fn withhold(&mut self, cell: u32) {
        self.state.withheld[cell as usize] = true;
        self.set_price(cell, self.state.price_of(cell));
    }

    /// Leans every end on what was withheld before, where that suffices: nothing is added to a table that is protected.
    fn cover_by_what_is(&mut self, asked: &[Asked]) -> Result<(), ProtectError> {
        let published: Vec<u32> =
            (0..self.state.system.len() as u32).filter(|cell| !self.state.withheld[*cell as usize]).collect();
        published.iter().for_each(|cell| self.set_price(*cell, None));
        let usual = self.searches[0].whole.patience();
        self.set_patience(self.state.effort.before);
        self.cover(asked.to_vec(), usize::MAX)?;
        self.set_patience(usual);
        for cell in published {
            self.set_price(cell, self.state.price_of(cell));
        }
        Ok(())
    }

    /// Sees to it that ends are shown; gives those that cannot be.
    ///
    /// Ends of cells that are far from each other are looked at side by side, each with what was withheld before any of
    /// them; which those are follows from the cells alone.
    fn cover(&mut self, asked: Vec<Asked>, budget: usize) -> Result<Vec<(u32, End)>, ProtectError> {
        let mut exposed = Vec::new();
        let (begun, patience) = (self.pivots(), self.searches[0].whole.patience());
        for batch in self.batches(asked) {
            let spent = self.pivots() - begun;
            if spent > budget {
                exposed.extend(batch.into_iter().map(|(end, _)| end));
                continue;
            }
            self.set_patience(patience.min(1 + (budget - spent) / batch.len().max(2)));
            let found = self.side_by_side(&batch)?;
            for ((end, _), pieces) in batch.into_iter().zip(found) {
                match pieces {
                    Some(pieces) => {
                        let numbers = pieces.into_iter().map(|piece| self.keep(piece)).collect();
                        self.lean(end, numbers);
                    }
                    None => exposed.push(end),
                }
            }
        }
        self.set_patience(patience);
        Ok(exposed)
    }

    /// Ends in batches, in which each neighbourhood has one at most; the ends of smaller ones are spread over all batches, so
    /// that every batch has about as many.
    fn batches(&self, asked: Vec<Asked>) -> Vec<Vec<Asked>> {
        let mut by_home: BTreeMap<Option<usize>, Vec<Asked>> = BTreeMap::new();
        let homes = &self.state.demand.homes;
        for own in asked {
            let home = homes.get(own.0.0 as usize).copied().flatten();
            by_home.entry(home).or_default().push(own);
        }
        let most = by_home.values().map(Vec::len).max().unwrap_or(0);
        let mut batches = vec![Vec::new(); most];
        for of_home in by_home.into_values() {
            let own = of_home.len();
            of_home.into_iter().enumerate().for_each(|(at, asked)| batches[at * most / own].push(asked));
        }
        batches
    }

    /// Takes back what public cells do not leave of the needs of cells that are exposed, and sees to what is left of them.
    fn take_back(&mut self, relaxations: &mut Relaxations) -> Result<(), ProtectError> {
        let (system, demand) = (self.state.system, self.state.demand);
        let mut taking = TakingBack::new(system, demand, self.state.reduced);
        for pass in 0..told::PASSES {
            if !demand.yields || self.exposed.is_empty() {
                break;
            }
            let mut asked = Vec::new();
            let mut exposed = Vec::new();
            for (cell, end) in std::mem::take(&mut self.exposed) {
                match taking.less(pass, cell, end, self.state.needs[&cell]) {
                    Some((need, proof)) => {
                        self.state.needs.insert(cell, need);
                        relaxations.extend(proof.map(|proof| ((cell, end), proof)));
                        asked.extend(self.state.asked(cell).into_iter().filter(|((_, own), _)| *own == end));
                    }
                    None => exposed.push((cell, end)),
                }
            }
            exposed.extend(self.cover_from_above(asked)?);
            self.exposed = exposed;
        }
        Ok(())
    }

    /// Looks for moves that show each of some ends, by as many threads as there are workspaces.
    fn side_by_side(&mut self, batch: &[Asked]) -> Result<Vec<Option<Vec<Piece>>>, ProtectError> {
        let state = &self.state;
        let found = workers::each_with(&mut self.searches, batch, |Workspace { whole: search, near }, asked| {
            injection::point("secondary.worker")?;
            let ((cell, _), ways) = asked;
            Ok(Look { state, search, near }.shown_by(*cell, ways, Without::default()))
        })?;
        found.into_iter().collect()
    }

    fn lean(&mut self, end: (u32, End), numbers: Vec<usize>) {
        for number in self.leans.remove(&end).into_iter().flatten() {
            self.state.known[number].users.retain(|user| *user != end);
        }
        for number in &numbers {
            self.state.known[*number].users.push(end);
        }
        self.leans.insert(end, numbers);
    }

    /// Withholds what a move needs and remembers it.
    fn keep(&mut self, piece: Piece) -> usize {
        let moved = match piece {
            Piece::Known(number) => return number,
            Piece::New(moved) => moved,
        };
        let number = self.state.known.len();
        for (cell, _) in &moved {
            if !self.state.withheld[*cell as usize] {
                self.withhold(*cell);
            }
            self.state.through[*cell as usize].push(number);
        }
        for (cell, _) in moved.iter().filter(|(cell, by)| self.state.is_beyond(*cell, *by)).copied().collect::<Vec<_>>()
        {
            self.state.rounded.remove(&cell);
            self.state.let_go.insert(cell);
            self.searches.iter_mut().for_each(|own| own.whole.hold(cell, None));
        }
        let persons = self.state.persons_of(&moved);
        self.state.known.push(Known { moved, persons, users: Vec::new(), alive: true });
        number
    }
}

impl State<'_> {
    /// The ends of a cell that are to be shown.
    fn asked(&self, cell: u32) -> Vec<Asked> {
        let ends = self.needs[&cell].ends(self.system.figure(cell).value);
        ends.into_iter().map(|(end, ways)| ((cell, end), ways)).collect()
    }

    /// The price of moving a cell; nothing where it must stay.
    fn price_of(&self, cell: u32) -> Option<f64> {
        match self.demand.municipality.get(cell as usize) {
            _ if !self.withheld[cell as usize] => {
                self.system.figure(cell).cost.filter(|_| self.demand.level(cell) <= self.ceiling).map(f64::from)
            }
            _ if self.demand.unsaid.contains(&cell) => Some(UNSAID),
            _ if self.demand.alone.contains_key(&cell) => Some(self.effort.alone),
            Some(None) => Some(ABOVE),
            _ => Some(self.effort.detour),
        }
    }

    /// What the further cells cost that are withheld for a move.
    fn cost_of(&self, moved: &Move) -> u64 {
        let further = moved.iter().filter(|(cell, _)| !self.withheld[*cell as usize]);
        further.map(|(cell, _)| u64::from(self.system.figure(*cell).cost.unwrap_or(0))).sum()
    }

    /// Who are alone in a cell of a move.
    fn persons_of(&self, moved: &Move) -> Vec<u32> {
        let persons: BTreeSet<u32> =
            moved.iter().filter_map(|(cell, _)| self.demand.alone.get(cell)).copied().collect();
        persons.into_iter().collect()
    }

    /// Whether a cell may be moved by so much, for all that rounded shares say.
    fn keeps(&self, cell: u32, by: i64) -> bool {
        !self.is_beyond(cell, by) || !self.holds && !self.demand.kept.contains(&cell)
    }

    /// Whether a cell moved by so much would have another share than the one that is published.
    fn is_beyond(&self, cell: u32, by: i64) -> bool {
        let to = self.system.figure(cell).value + by;
        self.rounded.get(&cell).is_some_and(|(low, high)| to < *low || to > *high)
    }

    /// Whether a move is one: every equation holds, every cell stays within what is known of it, and may move.
    fn admits(&self, moved: &Move, can_move: impl Fn(u32) -> bool) -> bool {
        moved.iter().all(|(cell, by)| self.keeps(*cell, *by)) && self.system.admits(moved, can_move)
    }

    /// The same for a move of cells that have a price.
    fn can(&self, moved: &Move) -> bool {
        self.admits(moved, |cell| self.price_of(cell).is_some())
    }

    /// Whether a cell moved by so much is still within what a reader knows of it.
    fn fits(&self, cell: u32, by: i64) -> bool {
        let figure = self.system.figure(cell);
        let to = figure.value + by;
        self.keeps(cell, by)
            && to >= figure.least.min(figure.value)
            && figure.most.is_none_or(|most| to <= most.max(figure.value))
    }
}

/// By how much a move moves a cell.
fn moved_by(moved: &Move, cell: u32) -> i64 {
    moved.binary_search_by_key(&cell, |(cell, _)| *cell).map_or(0, |at| moved[at].1)
}
