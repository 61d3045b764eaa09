//! What everybody knows of a cell, whatever is withheld: as far as public cells tell it, a need is relaxed.
//!
//! Every relaxation comes with its proof ([`Relaxation`]): the sums along which ends were passed, or the multiples of sums
//! that a linear programme ends with. What cannot be proven is not relaxed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::reduced::Reduced;
use super::{Demand, End, Need};
use crate::certificate::{Ends, Relaxation, Step, bound};
use crate::search::Search;
use crate::system::System;

/// Times that a sum is looked at: where whole numbers creep towards each other that is enough of it.
const LOOKS: u8 = 20;

/// The proofs of relaxed ends.
pub(super) type Relaxations = BTreeMap<(u32, End), Relaxation>;

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

/// A sum that narrowed an end of a cell.
#[derive(Debug, Clone, Copy)]
struct Narrowing {
    cell: u32,
    /// 0 for the lower end, 1 for the upper.
    side: usize,
    sum: u32,
    /// What narrowed the same end before.
    before: Option<u32>,
}

/// The last narrowings of the two ends of a cell; none where an end is what is known of the cell itself.
type Reasons = [Option<u32>; 2];

/// What each cell can be at least and at most for who knows the public cells.
struct Bounds<'s> {
    system: &'s System,
    /// How far from its value an end of a cell can matter: as far as any need goes. What follows from ends that are further
    /// off is further off still, so those count as open.
    far: i64,
    ends: Vec<Ends>,
    looks: Vec<u8>,
    /// All narrowings, in their order.
    narrowings: Vec<Narrowing>,
    reasons: Vec<Reasons>,
    /// Cells whose ends were changed, with what they were.
    changed: Vec<(u32, Ends, Reasons)>,
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
            narrowings: Vec::new(),
            reasons: vec![[None; 2]; system.len()],
            changed: Vec::new(),
            queue: VecDeque::new(),
            is_queued: vec![false; sums],
        };
        for cell in 0..system.len() as u32 {
            if demand.public.contains(&cell) {
                bounds.fix(cell);
            } else {
                bounds.set(cell, known_ends(system, cell), None);
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
        self.set(cell, (Some(value), Some(value)), None);
    }

    /// Sets the ends of a cell, for a sum or for what is known of the cell itself.
    fn set(&mut self, cell: u32, ends: Ends, sum: Option<u32>) {
        let value = self.system.figure(cell).value;
        let ends = (ends.0.filter(|low| value - low <= self.far), ends.1.filter(|high| high - value <= self.far));
        let own = &mut self.ends[cell as usize];
        if *own != ends {
            let before = std::mem::replace(own, ends);
            let reasons = self.reasons[cell as usize];
            self.changed.push((cell, before, reasons));
            for (side, is_changed) in [before.0 != ends.0, before.1 != ends.1].into_iter().enumerate() {
                if is_changed {
                    let narrowing = |sum| Narrowing { cell, side, sum, before: reasons[side] };
                    self.narrowings.extend(sum.map(narrowing));
                    self.reasons[cell as usize][side] = sum.map(|_| self.narrowings.len() as u32 - 1);
                }
            }
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
        let times = |end: i64| end * by;
        if by > 0 { (low.map(times), high.map(times)) } else { (high.map(times), low.map(times)) }
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
            // Of a cell that is counted more than once the ends are as many times closer, in whole numbers.
            let times = by.abs();
            let (from, to) = (from.map(|from| -(-from).div_euclid(times)), to.map(|to| to.div_euclid(times)));
            let (low, high) = self.ends[*cell as usize];
            self.set(*cell, (low.max(from), [high, to].into_iter().flatten().min()), Some(sum));
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

    /// The proof of an end of a cell: the narrowings that it rests on, in their order.
    fn proof(&self, cell: u32, side: usize, singleton: Option<u32>) -> Relaxation {
        let mut needed: BTreeSet<u32> = BTreeSet::new();
        let mut next: Vec<u32> = self.reasons[cell as usize][side].into_iter().collect();
        while let Some(number) = next.pop() {
            if !needed.insert(number) {
                continue;
            }
            let Narrowing { cell, side, sum, .. } = self.narrowings[number as usize];
            let terms = &self.system.sums()[sum as usize];
            let own = terms.iter().find(|(other, _)| *other == cell).map_or(1, |(_, by)| *by);
            for (other, by) in terms.iter().filter(|(other, _)| *other != cell) {
                // A cell is least where those on its side of the sum are most, and those on the other side least.
                let side = if own * by > 0 { 1 - side } else { side };
                next.extend(self.reason_before(*other, side, number));
            }
        }
        let step = |number: &u32| {
            let Narrowing { cell, side, sum, .. } = self.narrowings[*number as usize];
            Step { figure: cell, end: SIDES[side], constraints: vec![(sum, 1)] }
        };
        Relaxation { singleton, steps: needed.iter().map(step).collect() }
    }

    /// What an end of a cell rested on when a narrowing was made.
    fn reason_before(&self, cell: u32, side: usize, narrowing: u32) -> Option<u32> {
        let mut reason = self.reasons[cell as usize][side];
        while let Some(number) = reason.filter(|number| *number >= narrowing) {
            reason = self.narrowings[number as usize].before;
        }
        reason
    }

    /// Relaxes a need as far as the ends of its cell leave it, and keeps the proofs.
    fn relax(&self, cell: u32, need: &mut Need, own: i64, singleton: Option<u32>, proofs: &mut Relaxations) {
        let less = self.leave(cell, *need, own);
        if let (Need::Reach { low, high }, Need::Reach { low: less_low, high: less_high }) = (*need, less) {
            for (side, is_less) in [low != less_low, high != less_high].into_iter().enumerate() {
                if is_less {
                    proofs.insert((cell, SIDES[side]), self.proof(cell, side, singleton));
                }
            }
        }
        *need = less;
    }

    /// What a cell needs as far as its ends leave it; a person who knows to be `own` of it asks for no less.
    fn leave(&self, cell: u32, need: Need, own: i64) -> Need {
        let (Need::Reach { low, high }, (least, most)) = (need, self.ends[cell as usize]) else { return need };
        let low = least.filter(|least| *least > low.max(own)).unwrap_or(low);
        Need::Reach { low, high: most.map_or(high, |most| most.min(high)) }
    }
}

/// The two ends of a need, in the order of a cell's two ends.
const SIDES: [End; 2] = [End::Below, End::Above];

/// What is known of a cell itself.
fn known_ends(system: &System, cell: u32) -> Ends {
    let figure = system.figure(cell);
    (Some(figure.least.min(figure.value)), figure.most.map(|most| most.max(figure.value)))
}

/// The needs as far as public cells leave them, also to whoever is alone in a cell; with the proofs of what is relaxed.
pub(super) fn as_far_as_left(system: &System, demand: &Demand) -> (BTreeMap<u32, Need>, Relaxations) {
    let mut needs = demand.primary.clone();
    let mut proofs = Relaxations::new();
    if !demand.yields {
        return (needs, proofs);
    }
    let mut bounds = Bounds::new(system, demand);
    for (cell, need) in &mut needs {
        bounds.relax(*cell, need, i64::MIN, None, &mut proofs);
    }
    for (person, cells) in demand.persons() {
        if !cells.iter().any(|cell| bounds.says_more(*cell)) {
            continue;
        }
        let narrowings = bounds.narrowings.len();
        bounds.changed.clear();
        bounds.looks.fill(0);
        cells.iter().for_each(|cell| bounds.fix(*cell));
        bounds.narrow();
        let changed: BTreeSet<u32> = bounds.changed.iter().map(|(cell, ..)| *cell).collect();
        for cell in changed {
            if let Some(need) = needs.get_mut(&cell).filter(|_| demand.alone.get(&cell) != Some(&person)) {
                let own = demand.own.get(&(cell, person)).copied().unwrap_or(i64::MIN);
                bounds.relax(cell, need, own, cells.first().copied(), &mut proofs);
            }
        }
        for (cell, before, reasons) in std::mem::take(&mut bounds.changed).into_iter().rev() {
            bounds.ends[cell as usize] = before;
            bounds.reasons[cell as usize] = reasons;
        }
        bounds.narrowings.truncate(narrowings);
    }
    (needs, proofs)
}

/// Times that a need is relaxed where public cells stand in its way.
pub(super) const PASSES: usize = 8;

/// Relaxes needs that nothing gave.
///
/// Every cell but the public ones can be suppressed for a need. Where that does not give it, public cells stand in its way:
/// a linear programme says how far they leave it, and its solution is the proof. After that, whoever is alone in a cell that
/// would have to move is asked how far they leave it to him. What has no proof stays: the cell is exposed, and the edition is
/// not published. Where it may be our own earlier editions that stand in the way no more is relaxed than the public cells
/// alone account for; what no row tells has no need then.
pub(super) struct TakingBack<'s> {
    system: &'s System,
    demand: &'s Demand,
    /// The system without what follows from the rest: no bound is better for it.
    reduced: Option<&'s Reduced>,
    search: Option<Search<'s>>,
    /// Whether cells that are not public are known too.
    has_known: bool,
    persons: BTreeMap<u32, Vec<u32>>,
}

impl<'s> TakingBack<'s> {
    pub(super) fn new(system: &'s System, demand: &'s Demand, reduced: Option<&'s Reduced>) -> TakingBack<'s> {
        let is_known = |cell: u32| system.figure(cell).cost.is_none() && !demand.public.contains(&cell);
        let has_known = (0..system.len() as u32).any(is_known);
        TakingBack { system, demand, reduced, search: None, has_known, persons: demand.persons() }
    }

    /// The need of a cell of which an end was not given, with the proof of what it is less; nothing where it stays.
    pub(super) fn less(&mut self, pass: usize, cell: u32, end: End, need: Need) -> Option<(Need, Option<Relaxation>)> {
        let value = self.system.figure(cell).value;
        if pass > 0 && self.has_known {
            let is_unsaid = self.demand.unsaid.contains(&cell);
            return is_unsaid.then_some((Need::Reach { low: value, high: value }, None));
        }
        let Need::Reach { low, high } = need else { return None };
        let by = if end == End::Above { high - value } else { value - low };
        let (mut found, persons) = self.limit(cell, end, by, None);
        for person in persons.into_iter().filter(|_| pass > 0) {
            let (own, _) = self.limit(cell, end, by, Some(person));
            found = [found, own].into_iter().flatten().max_by_key(|(to, _)| if end == End::Above { -to } else { *to });
        }
        let less = match &found {
            Some((to, _)) if end == End::Above => Need::Reach { low, high: high.min(*to) },
            Some((to, _)) => Need::Reach { low: low.max(*to), high },
            None => need,
        };
        if less != need {
            return Some((less, found.map(|(_, proof)| proof)));
        }
        // Those who are alone in cells are asked after the first pass.
        (pass == 0).then_some((need, None))
    }

    /// How far public cells let a cell go towards an end, at most `by`, for everybody or for one person, as far as that can be
    /// proven; and the persons who are alone in cells that would have to move.
    fn limit(
        &mut self,
        cell: u32,
        end: End,
        by: i64,
        person: Option<u32>,
    ) -> (Option<(i64, Relaxation)>, BTreeSet<u32>) {
        let (system, demand) = (self.system, self.demand);
        let known = person.and_then(|person| self.persons.get(&person)).map_or(&[][..], Vec::as_slice);
        let search = self.search.get_or_insert_with(|| {
            let mut search = Search::new(self.reduced.map_or(system, Reduced::system));
            (0..system.len() as u32).for_each(|cell| search.set_free(cell, !demand.public.contains(&cell)));
            search
        });
        known.iter().for_each(|cell| search.set_free(*cell, false));
        let solved = search.reach(cell, end == End::Above, by).is_some();
        let constraints = search.multiples(cell, end == End::Above).filter(|_| solved);
        let own = demand.alone.get(&cell);
        let persons = search.moving().filter_map(|cell| demand.alone.get(&cell)).filter(|person| Some(*person) != own);
        let persons = persons.copied().collect();
        known.iter().for_each(|cell| search.set_free(*cell, !demand.public.contains(cell)));
        let proven = constraints.and_then(|constraints| {
            let step = Step { figure: cell, end, constraints };
            let constraint = |sum: u32| Some((system.sums()[sum as usize].as_slice(), system.rest(sum as usize)));
            let ends = |other: u32| {
                let value = system.figure(other).value;
                let is_certain = demand.public.contains(&other) || known.contains(&other);
                if is_certain { (Some(value), Some(value)) } else { known_ends(system, other) }
            };
            let to = bound(&step, constraint, ends)?;
            Some((to, Relaxation { singleton: known.first().copied(), steps: vec![step] }))
        });
        (proven, persons)
    }
}
