//! What everybody knows of a cell, whatever is withheld: as far as public cells tell it, a need is taken back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Demand, End, Need};
use crate::search::Search;
use crate::system::System;

/// Times that a sum is looked at: where whole numbers creep towards each other that is enough of it.
const LOOKS: u8 = 20;

/// The least and the most of a cell; nothing where nothing holds it.
type Ends = (Option<i64>, Option<i64>);

/// Ends added up, and how many of them are open.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sum: i64,
    open: usize,
}

impl Total {
    fn add(&mut self, end: Option<i64>) {
        self.sum += end.unwrap_or(0);
        self.open += usize::from(end.is_none());
    }

    /// The same without one of them; nothing where another is open.
    fn without(self, own: Option<i64>) -> Option<i64> {
        (self.open == usize::from(own.is_none())).then(|| self.sum - own.unwrap_or(0))
    }
}

/// What each cell can be at least and at most for who knows the public cells.
struct Bounds<'s> {
    system: &'s System,
    /// How far from its value an end of a cell can matter: as far as any need goes. What follows from ends that are further
    /// off is further off still, so those count as open.
    far: i64,
    ends: Vec<Ends>,
    looks: Vec<u8>,
    /// Cells whose ends were changed, with what they were.
    changed: Vec<(u32, Ends)>,
    queue: VecDeque<u32>,
    is_queued: Vec<bool>,
}

impl<'s> Bounds<'s> {
    fn new(system: &'s System, demand: &Demand) -> Bounds<'s> {
        let distance = |(cell, need): (&u32, &Need)| match need {
            Need::Reach { low, high } => (high - system.figure(*cell).value).max(system.figure(*cell).value - low),
            Need::NotExact => 1,
        };
        let sums = system.sums().len();
        let mut bounds = Bounds {
            system,
            far: demand.primary.iter().map(distance).max().unwrap_or(0),
            ends: vec![(None, None); system.len()],
            looks: vec![0; sums],
            changed: Vec::new(),
            queue: VecDeque::new(),
            is_queued: vec![false; sums],
        };
        for cell in 0..system.len() as u32 {
            let figure = system.figure(cell);
            if demand.public.contains(&cell) {
                bounds.fix(cell);
            } else {
                let most = figure.most.map(|most| most.max(figure.value));
                bounds.set(cell, (Some(figure.least.min(figure.value)), most));
            }
        }
        bounds.narrow();
        bounds
    }

    fn look_at(&mut self, sum: u32) {
        if !std::mem::replace(&mut self.is_queued[sum as usize], true) {
            self.queue.push_back(sum);
        }
    }

    /// Takes a cell for known.
    fn fix(&mut self, cell: u32) {
        let value = self.system.figure(cell).value;
        self.set(cell, (Some(value), Some(value)));
    }

    fn set(&mut self, cell: u32, ends: Ends) {
        let value = self.system.figure(cell).value;
        let ends = (ends.0.filter(|low| value - low <= self.far), ends.1.filter(|high| high - value <= self.far));
        let own = &mut self.ends[cell as usize];
        if *own != ends {
            self.changed.push((cell, std::mem::replace(own, ends)));
            for (sum, _) in self.system.sums_of(cell) {
                self.look_at(*sum);
            }
        }
    }

    /// Narrows the ends until no sum says more.
    fn narrow(&mut self) {
        while let Some(sum) = self.queue.pop_front() {
            self.is_queued[sum as usize] = false;
            let looks = &mut self.looks[sum as usize];
            if *looks == LOOKS {
                continue;
            }
            *looks += 1;
            self.narrow_in(sum);
        }
    }

    /// The least and most of a term, its sign taken in.
    fn part(&self, (cell, by): (u32, i64)) -> Ends {
        let (low, high) = self.ends[cell as usize];
        if by > 0 { (low, high) } else { (high.map(|high| -high), low.map(|low| -low)) }
    }

    /// What a sum leaves to each of its terms: the whole of it less the least, and less the most, of the others.
    fn narrow_in(&mut self, sum: u32) {
        let system = self.system;
        let terms = &system.sums()[sum as usize];
        let rest = system.rest(sum as usize);
        let (mut least, mut most) = (Total::default(), Total::default());
        for term in terms {
            let (low, high) = self.part(*term);
            least.add(low);
            most.add(high);
        }
        if least.open > 1 && most.open > 1 {
            return;
        }
        for (cell, by) in terms {
            let (low, high) = self.part((*cell, *by));
            let (from, to) = (most.without(high).map(|own| rest - own), least.without(low).map(|own| rest - own));
            let (from, to) = if *by > 0 { (from, to) } else { (to.map(|to| -to), from.map(|from| -from)) };
            let (low, high) = self.ends[*cell as usize];
            self.set(*cell, (low.max(from), [high, to].into_iter().flatten().min()));
        }
    }

    /// Whether knowing a cell says more of the others in some sum than that they hold it: something ends them.
    fn says_more(&self, cell: u32) -> bool {
        let has_end = |(other, by): &(u32, i64), own: i64| {
            let (low, high) = self.ends[*other as usize];
            *other == cell || if (*by > 0) == (own > 0) { low.is_some() } else { high.is_some() }
        };
        let sums = self.system.sums_of(cell);
        sums.iter().any(|(sum, own)| self.system.sums()[*sum as usize].iter().all(|term| has_end(term, *own)))
    }

    /// What a cell needs as far as its ends leave it; a person who knows to be `own` of it asks for no less.
    fn leave(&self, cell: u32, need: Need, own: i64) -> Need {
        let (Need::Reach { low, high }, (least, most)) = (need, self.ends[cell as usize]) else { return need };
        let low = least.filter(|least| *least > low.max(own)).unwrap_or(low);
        Need::Reach { low, high: most.map_or(high, |most| most.min(high)) }
    }
}

/// The needs as far as public cells leave them, also to whoever is alone in a cell; with the cells whose needs that changed.
pub(super) fn as_far_as_left(system: &System, demand: &Demand) -> (BTreeMap<u32, Need>, BTreeSet<u32>) {
    let mut needs = demand.primary.clone();
    if !demand.yields {
        return (needs, BTreeSet::new());
    }
    let mut bounds = Bounds::new(system, demand);
    for (cell, need) in &mut needs {
        *need = bounds.leave(*cell, *need, i64::MIN);
    }
    let mut of_person: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (cell, person) in &demand.alone {
        of_person.entry(*person).or_default().push(*cell);
    }
    for (person, cells) in of_person {
        if !cells.iter().any(|cell| bounds.says_more(*cell)) {
            continue;
        }
        bounds.changed.clear();
        bounds.looks.fill(0);
        cells.iter().for_each(|cell| bounds.fix(*cell));
        bounds.narrow();
        for (cell, _) in &bounds.changed {
            if let Some(need) = needs.get_mut(cell).filter(|_| demand.alone.get(cell) != Some(&person)) {
                let own = demand.own.get(&(*cell, person)).copied().unwrap_or(i64::MIN);
                *need = bounds.leave(*cell, *need, own);
            }
        }
        for (cell, before) in std::mem::take(&mut bounds.changed).into_iter().rev() {
            bounds.ends[cell as usize] = before;
        }
    }
    let told = needs.iter().filter(|(cell, need)| demand.primary[cell] != **need).map(|(cell, _)| *cell).collect();
    (needs, told)
}

/// Times that a need is taken back where public cells stand in its way.
pub(super) const PASSES: usize = 8;

/// Takes back needs that nothing gave.
///
/// Every cell but the public ones can be withheld for a need. Where that does not give it, public cells stand in its way, and
/// it is taken back: to the end that they leave in numbers that need not be whole, to its end for whoever is alone in a cell,
/// and last by one and one. Where it may be our own earlier editions that stand in the way no more is taken back than the
/// public cells alone account for, and the cell is exposed; what no row tells has no need then.
pub(super) struct TakingBack<'s> {
    system: &'s System,
    demand: &'s Demand,
    search: Option<Search<'s>>,
    /// Whether cells that are not public are known too.
    has_known: bool,
}

impl<'s> TakingBack<'s> {
    pub(super) fn new(system: &'s System, demand: &'s Demand) -> TakingBack<'s> {
        let is_known = |cell: u32| system.figure(cell).cost.is_none() && !demand.public.contains(&cell);
        let has_known = (0..system.len() as u32).any(is_known);
        TakingBack { system, demand, search: None, has_known }
    }

    /// The need of a cell of which an end was not given; nothing where it stays.
    pub(super) fn less(&mut self, pass: usize, cell: u32, end: End, need: Need) -> Option<Need> {
        let value = self.system.figure(cell).value;
        if pass > 0 && self.has_known {
            let is_unsaid = self.demand.unsaid.contains(&cell);
            return is_unsaid.then_some(Need::Reach { low: value, high: value });
        }
        let Need::Reach { low, high } = need else { return None };
        let up = end == End::Above;
        let by = if up { high - value } else { value - low };
        let less = if pass < 2 {
            self.end_left(pass == 1, cell, up, by)?
        } else if up {
            high - 1
        } else {
            low + 1
        };
        let need =
            if up { Need::Reach { low, high: less.min(high) } } else { Need::Reach { low: less.max(low), high } };
        Some(need)
    }

    fn end_left(&mut self, knowing: bool, cell: u32, up: bool, by: i64) -> Option<i64> {
        let (system, demand) = (self.system, self.demand);
        let search = self.search.get_or_insert_with(|| {
            let mut search = Search::new(system);
            (0..system.len() as u32).for_each(|cell| search.set_free(cell, !demand.public.contains(&cell)));
            search
        });
        let own = demand.alone.get(&cell);
        let known: Vec<u32> =
            demand.alone.iter().filter(|(_, person)| knowing && Some(*person) != own).map(|(cell, _)| *cell).collect();
        known.iter().for_each(|cell| search.set_free(*cell, false));
        let limit = search.whole_end(cell, up, by);
        known.iter().for_each(|cell| search.set_free(*cell, !demand.public.contains(cell)));
        limit
    }
}
