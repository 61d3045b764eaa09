//! The check of what was decided, of proofs by addition alone: nothing here knows how the decision was found.
//!
//! For each figure of few persons the tables that a reader cannot tell from the truth must agree with every figure that is
//! shown and with every sum, and lie far enough from the truth; and whoever is alone in a cell must be left with one in
//! which that cell stands as it is. Where less was asked for than the rule says, public tables must leave no more: that is
//! looked for anew.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::Linked;
use super::{Outcome, Standing};
use crate::search::Search;
use crate::secondary::{Demand, End, Need};
use crate::system::{Figure, Move, System};

/// What is wrong with a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// There is no proof of an end of the figure's need.
    Missing,
    /// A proof changes a figure that is shown, or goes beyond what a reader knows of one.
    Shown,
    /// A sum does not hold in a proof.
    Sum,
    /// A proof does not lie far enough from the truth.
    Near,
    /// Somebody who is alone in a cell is in all proofs.
    Alone,
    /// Less was asked for than the rule says, and public tables do not account for it.
    TakenBack,
}

impl Linked<'_> {
    /// Everything as one system, in which a cell is a figure.
    pub(crate) fn whole_system(&self) -> System {
        let figures = self.figures.iter().map(|figure| Figure {
            value: figure.value,
            least: if figure.is_balance { i64::MIN / 4 } else { figure.least },
            most: figure.most,
            cost: None,
        });
        let mut system = System::new(figures.collect());
        for (wholes, parts) in &self.sums {
            system.add_equation(wholes, parts);
        }
        system
    }

    /// Checks an outcome against what is shown in the end; `is_shown` tells of each figure whether some row shows it.
    pub fn check(&self, outcome: &Outcome, is_shown: impl Fn(u32) -> bool) -> BTreeSet<(u32, Flaw)> {
        let shown = (0..self.figures.len() as u32).filter(|figure| is_shown(*figure)).collect();
        Checker::new(self, outcome, shown).flaws()
    }
}

/// A check of proofs against what is shown.
pub struct Checker<'c, 'l> {
    linked: &'c Linked<'l>,
    outcome: &'c Outcome,
    shown: BTreeSet<u32>,
    system: System,
    demand: Demand,
    /// For each figure the ends whose proofs move it.
    leaning: BTreeMap<u32, BTreeSet<(u32, End)>>,
}

impl<'c, 'l> Checker<'c, 'l> {
    /// Makes ready to check an outcome where these figures are shown.
    pub fn new(linked: &'c Linked<'l>, outcome: &'c Outcome, shown: BTreeSet<u32>) -> Checker<'c, 'l> {
        let system = linked.whole_system();
        let mut demand = Demand::default();
        for (id, figure) in linked.figures.iter().enumerate() {
            let id = id as u32;
            let hidden = !matches!(figure.standing, Standing::Public | Standing::Known) && !shown.contains(&id);
            if hidden && let Some(need) = figure.need {
                demand.primary.insert(id, outcome.needs.get(&id).copied().unwrap_or(need));
                if figure.contributors == Some(1) {
                    demand.alone.insert(id, id);
                }
            }
        }
        demand.name_persons(&system);
        let mut leaning: BTreeMap<u32, BTreeSet<(u32, End)>> = BTreeMap::new();
        for (end, moves) in &outcome.proofs {
            for (figure, _) in moves.iter().flatten() {
                leaning.entry(*figure).or_default().insert(*end);
            }
        }
        Checker { linked, outcome, shown, system, demand, leaning }
    }

    /// What is wrong with the proofs.
    pub fn flaws(&self) -> BTreeSet<(u32, Flaw)> {
        let mut flaws = BTreeSet::new();
        for (cell, need) in &self.demand.primary {
            // What this edition does not touch was proven by the edition that withheld it.
            if !self.outcome.needs.contains_key(cell) {
                let standing = self.linked.standing(*cell);
                if *cell as usize >= self.linked.earlier || matches!(standing, Standing::Open | Standing::Coarse) {
                    flaws.insert((*cell, Flaw::Missing));
                }
                continue;
            }
            for (end, ways) in need.ends(self.system.figure(*cell).value) {
                flaws.extend(self.flaw((*cell, end), &ways, &[]).map(|flaw| (*cell, flaw)));
            }
        }
        flaws.extend(self.unaccounted().into_iter().map(|cell| (cell, Flaw::TakenBack)));
        flaws
    }

    /// Figures of which less was asked for than the rule says, and less than public tables leave to everybody who is alone
    /// in a cell together: looked for anew, with everything free that is not public.
    fn unaccounted(&self) -> Vec<u32> {
        let Checker { linked, system, demand, .. } = self;
        let is_public = |id: u32| linked.standing(id) == Standing::Public;
        let mut search: Option<Search<'_>> = None;
        let mut found = Vec::new();
        for (cell, asked) in demand.primary.iter().filter(|(cell, _)| linked.standing(**cell) != Standing::Unseen) {
            let rule = linked.figures[*cell as usize].need;
            let (Some(Need::Reach { low, high }), Need::Reach { low: least, high: most }) = (rule, *asked) else {
                found.extend((rule != Some(*asked)).then_some(*cell));
                continue;
            };
            // What a reader knows of the figure itself needs no search.
            let figure = system.figure(*cell);
            let (lower, higher) = (least > low.max(figure.least), most < figure.most.unwrap_or(high).min(high));
            if !lower && !higher {
                continue;
            }
            let search = search.get_or_insert_with(|| {
                let mut search = Search::new(system);
                let knows = |id: &u32| is_public(*id) || demand.alone.contains_key(id);
                (0..system.len() as u32).for_each(|id| search.set_free(id, !knows(&id)));
                search
            });
            // Who is alone in the figure itself is not somebody else who looks at it.
            let own = demand.alone.get(cell);
            let of_own = demand.alone.iter().filter(|(_, person)| Some(*person) == own).map(|(id, _)| *id);
            let of_own: Vec<u32> = of_own.collect();
            of_own.iter().for_each(|id| search.set_free(*id, true));
            let lower = lower && search.whole_end(*cell, false, 0).is_none_or(|end| end < least);
            let higher = higher && search.whole_end(*cell, true, most + 1 - figure.value).is_none_or(|end| end > most);
            if lower || higher {
                found.push(*cell);
            }
            of_own.iter().for_each(|id| search.set_free(*id, false));
        }
        found
    }

    /// What is wrong with the proofs if some more figures were shown.
    pub fn flaws_with(&self, more: &[u32]) -> BTreeSet<(u32, Flaw)> {
        let ends = more.iter().filter_map(|figure| self.leaning.get(figure)).flatten();
        let mut flaws = BTreeSet::new();
        for (cell, end) in ends.filter(|(cell, _)| !more.contains(cell)) {
            let needs = self.demand.primary.get(cell).map(|need| need.ends(self.system.figure(*cell).value));
            if let Some((_, ways)) = needs.into_iter().flatten().find(|(own, _)| own == end) {
                flaws.extend(self.flaw((*cell, *end), &ways, more).map(|flaw| (*cell, flaw)));
            }
        }
        flaws
    }

    fn flaw(&self, end: (u32, End), ways: &[i64], more: &[u32]) -> Option<Flaw> {
        let moves = self.outcome.proofs.get(&end).map(Vec::as_slice).unwrap_or_default();
        let is_known = |id: u32| {
            matches!(self.linked.standing(id), Standing::Public | Standing::Known)
                || self.shown.contains(&id)
                || more.contains(&id)
        };
        flaw_of(&self.system, &self.demand, end, ways, moves, is_known)
    }

    /// Whether a figure of few persons would be told, or nearly, if some more figures were shown: looked for anew, knowing
    /// nothing of the proofs.
    pub fn is_told_with(&self, cell: u32, more: &[u32], search: &mut Search<'_>) -> bool {
        more.iter().for_each(|figure| search.set_price(*figure, None));
        let needs = self.demand.primary.get(&cell).map(|need| need.ends(self.system.figure(cell).value));
        let told = needs.into_iter().flatten().any(|(_, ways)| ways.iter().all(|by| search.find(cell, *by).is_none()));
        more.iter().for_each(|figure| search.set_free(*figure, true));
        told
    }

    /// A workspace in which all that is withheld may move.
    pub fn search(&self) -> Search<'_> {
        let mut search = Search::new(&self.system);
        for id in 0..self.system.len() as u32 {
            let known = matches!(self.linked.standing(id), Standing::Public | Standing::Known);
            search.set_free(id, !known && !self.shown.contains(&id));
        }
        search
    }
}

fn flaw_of(
    system: &System,
    demand: &Demand,
    (cell, end): (u32, End),
    ways: &[i64],
    moves: &[Move],
    is_known: impl Fn(u32) -> bool,
) -> Option<Flaw> {
    if moves.is_empty() {
        return Some(Flaw::Missing);
    }
    // By how much each move moves the cell, and who is alone in a cell that it moves.
    let mut told: Vec<(i64, BTreeSet<u32>)> = Vec::new();
    for moved in moves {
        let mut left: BTreeMap<u32, i64> = BTreeMap::new();
        for (other, by) in moved {
            let figure = system.figure(*other);
            let to = figure.value + by;
            if is_known(*other) || to < figure.least.min(figure.value) || figure.most.is_some_and(|most| to > most) {
                return Some(Flaw::Shown);
            }
            for (sum, coefficient) in system.sums_of(*other) {
                *left.entry(*sum).or_default() += coefficient * by;
            }
        }
        if left.values().any(|left| *left != 0) {
            return Some(Flaw::Sum);
        }
        let by = moved.iter().find(|(other, _)| *other == cell).map_or(0, |(_, by)| *by);
        let persons = moved.iter().filter_map(|(other, _)| demand.alone.get(other)).copied().collect();
        told.push((by, persons));
    }
    let far = |by: i64, asked: i64| match end {
        End::Below => by <= asked,
        End::Above => by >= asked,
        End::Other => by != 0,
    };
    let asked = ways.first().copied().unwrap_or(0);
    if !told.iter().any(|(by, _)| far(*by, asked)) {
        return Some(Flaw::Near);
    }
    let own = demand.alone.get(&cell);
    let persons: BTreeSet<u32> = told.iter().flat_map(|(_, persons)| persons.iter().copied()).collect();
    let stands = |person: &u32| {
        let known = demand.own.get(&(cell, *person)).copied().unwrap_or(0);
        // Who is of the cell knows it to be at least what he is.
        let asked = if end == End::Below { asked.max(known - system.figure(cell).value) } else { asked };
        asked == 0 || told.iter().any(|(by, persons)| !persons.contains(person) && far(*by, asked))
    };
    let held = persons.iter().filter(|person| Some(*person) != own).all(stands);
    (!held).then_some(Flaw::Alone)
}

impl Need {
    /// The values that a reader must be left with, for a table of decisions.
    pub fn values(self) -> Option<(i64, i64)> {
        match self {
            Need::Reach { low, high } => Some((low, high)),
            Need::NotExact => None,
        }
    }
}
