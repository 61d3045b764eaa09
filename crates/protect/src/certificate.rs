//! Verification of a suppression pattern, by additions of whole numbers alone.
//!
//! A *witness* of a sensitive figure is another table, given by how its figures differ from the true ones, that agrees with
//! everything shown and with every constraint. A *relaxation* proves that public tables leave a reader less than the rule
//! asks for: steps, each of which adds up constraints and bounds one figure. Nothing here knows how either was found, and no
//! module of the search or of the plan is used here (a law of the tree).

use std::collections::{BTreeMap, BTreeSet};

use crate::level::{End, Need};

/// How much a reader knows of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// Its value: others publish it.
    Public,
    /// Its value: an earlier edition showed it.
    Published,
    /// Nothing but its bounds, and an earlier edition suppressed it.
    Suppressed,
    /// Nothing but its bounds, and this edition decides about it first.
    New,
}

impl Knowledge {
    /// Whether a reader knows the value, whatever this edition shows.
    pub fn is_certain(self) -> bool {
        matches!(self, Knowledge::Public | Knowledge::Published)
    }
}

/// A figure of a [`Statement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// The true value.
    pub value: i64,
    /// What a reader knows it to be at least.
    pub lower: Option<i64>,
    /// What a reader knows it to be at most.
    pub upper: Option<i64>,
    /// The values that a rounded share leaves open: other tables keep to them, and no relaxation rests on them.
    pub rounded: Option<(i64, i64)>,
    /// How much a reader knows of it.
    pub knowledge: Knowledge,
    /// Whether one person alone contributes to it.
    pub is_singleton: bool,
}

/// What everybody can hold figures to: terms, each a whole number of times a figure, that add up to a known number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Figures with their coefficients.
    pub terms: Vec<(u32, i64)>,
    /// What they add up to.
    pub total: i64,
}

/// Another table: figures with what is added to each of them.
pub type Witness = Vec<(u32, i64)>;

/// A bound of a figure that follows from constraints, each taken some times, and from bounds known before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The figure.
    pub figure: u32,
    /// Whether it is bounded from below or from above.
    pub end: End,
    /// Constraints, and how many times each is taken.
    pub constraints: Vec<(u32, i64)>,
}

/// The proof that public tables leave less of a figure than the rule asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relaxation {
    /// A figure to which one person alone contributes, where it is left so for that person only.
    pub singleton: Option<u32>,
    /// Bounds, each from those before it; the last is that of the figure itself.
    pub steps: Vec<Step>,
}

/// The least and the most of a figure; nothing where nothing bounds it.
pub(crate) type Ends = (Option<i64>, Option<i64>);

/// The bound that a step gives, from the constraints and the ends of the other figures: exact, and rounded inwards, since
/// counts are whole. Nothing where an end that it needs is open, or a number is too large.
pub(crate) fn bound<'c>(
    step: &Step,
    constraint: impl Fn(u32) -> Option<(&'c [(u32, i64)], i64)>,
    ends: impl Fn(u32) -> Ends,
) -> Option<i64> {
    let mut sum: BTreeMap<u32, i128> = BTreeMap::new();
    let mut total = 0i128;
    for (number, times) in &step.constraints {
        let (terms, own) = constraint(*number)?;
        let times = i128::from(*times);
        total = total.checked_add(times.checked_mul(i128::from(own))?)?;
        for (figure, coefficient) in terms {
            let added = times.checked_mul(i128::from(*coefficient))?;
            let known = sum.entry(*figure).or_default();
            *known = known.checked_add(added)?;
        }
    }
    let own = sum.remove(&step.figure).filter(|own| *own != 0)?;
    let sign = own.signum();
    // own * figure = total - what the others add: least where they add most.
    let is_lower = step.end == End::Below;
    let mut left = total.checked_mul(sign)?;
    for (figure, coefficient) in sum.into_iter().filter(|(_, coefficient)| *coefficient != 0) {
        let coefficient = coefficient.checked_mul(sign)?;
        let (lower, upper) = ends(figure);
        let end = if (coefficient > 0) == is_lower { upper } else { lower };
        left = left.checked_sub(coefficient.checked_mul(i128::from(end?))?)?;
    }
    let own = own.abs();
    let whole = if is_lower { -(-left).div_euclid(own) } else { left.div_euclid(own) };
    i64::try_from(whole).ok()
}

/// What is wrong with a suppression pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// A sensitive figure is shown.
    Exposed,
    /// There is no witness of an end of the figure's level.
    Missing,
    /// A witness changes a figure that a reader knows, or goes beyond what a reader knows of one.
    Shown,
    /// A constraint does not hold in a witness.
    Sum,
    /// No witness lies far enough from the truth.
    Near,
    /// Somebody who is alone in a figure is in all witnesses.
    Alone,
    /// The proof that public tables leave less does not hold.
    TakenBack,
}

/// Figures and constraints: everything that is taken to be known of what was ever published.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    figures: Vec<Figure>,
    constraints: Vec<Constraint>,
    /// The constraints of each figure, each with its coefficient.
    of_figure: Vec<Vec<(u32, i64)>>,
    /// Of each constraint the whole, where it consists of parts that are apart from each other.
    wholes: Vec<Option<u32>>,
    /// Of each figure of one person the person, named by the least of the person's figures.
    person: BTreeMap<u32, u32>,
    /// Of a figure and a person who is of it, what the person alone is of it.
    own: BTreeMap<(u32, u32), i64>,
    /// Figures that something new hangs together with.
    is_touched: Vec<bool>,
}

impl Statement {
    /// A statement. The figures of one person are found in it: who is alone in a whole and in one of its parts is one person,
    /// and is of every whole above.
    pub fn new(figures: Vec<Figure>, constraints: Vec<Constraint>) -> Statement {
        let mut of_figure = vec![Vec::new(); figures.len()];
        for (number, constraint) in constraints.iter().enumerate() {
            for (figure, coefficient) in &constraint.terms {
                of_figure[*figure as usize].push((number as u32, *coefficient));
            }
        }
        let mut found = Statement { figures, constraints, of_figure, ..Statement::default() };
        found.wholes = found.constraints.iter().map(|constraint| found.whole(constraint)).collect();
        found.touch();
        found.name_persons();
        found
    }

    /// The figure of a number.
    pub fn figure(&self, figure: u32) -> Figure {
        self.figures[figure as usize]
    }

    fn is_unknown(&self, figure: u32) -> bool {
        !self.figure(figure).knowledge.is_certain()
    }

    /// Marks the figures that are linked with a new one by constraints between figures that a reader does not know.
    fn touch(&mut self) {
        self.is_touched = vec![false; self.figures.len()];
        let all = 0..self.figures.len() as u32;
        let mut next: Vec<u32> = all.filter(|figure| self.figure(*figure).knowledge == Knowledge::New).collect();
        next.iter().for_each(|figure| self.is_touched[*figure as usize] = true);
        while let Some(figure) = next.pop() {
            for (number, _) in &self.of_figure[figure as usize] {
                for (other, _) in &self.constraints[*number as usize].terms {
                    if self.is_unknown(*other) && !std::mem::replace(&mut self.is_touched[*other as usize], true) {
                        next.push(*other);
                    }
                }
            }
        }
    }

    /// The whole of a constraint whose parts are in it, each apart from the others; nothing for one that is of another kind.
    fn whole(&self, constraint: &Constraint) -> Option<u32> {
        let mut wholes = constraint.terms.iter().filter(|(_, by)| *by < 0);
        let whole = wholes.next().filter(|_| wholes.next().is_none())?;
        let is_count = |figure: u32| self.figure(figure).lower.is_some_and(|lower| lower >= 0);
        constraint.terms.iter().all(|(figure, _)| is_count(*figure)).then_some(whole.0)
    }

    fn name_persons(&mut self) {
        let all = 0..self.figures.len() as u32;
        let singletons: Vec<u32> = all.filter(|id| self.figure(*id).is_singleton && self.is_unknown(*id)).collect();
        let mut above: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for figure in &singletons {
            above.insert(*figure, self.wholes_above(*figure));
        }
        // The least figure of those that are one person's names the person.
        let mut person: BTreeMap<u32, u32> = singletons.iter().map(|figure| (*figure, *figure)).collect();
        for figure in &singletons {
            for whole in self.direct_wholes(*figure).into_iter().filter(|whole| self.figure(*whole).is_singleton) {
                let (a, b) = (first(&person, *figure), first(&person, whole));
                if person.contains_key(&a) && person.contains_key(&b) {
                    person.insert(a.max(b), a.min(b));
                }
            }
        }
        self.person = singletons.iter().map(|figure| (*figure, first(&person, *figure))).collect();
        for (figure, wholes) in above {
            let (person, value) = (self.person[&figure], self.figure(figure).value);
            for whole in wholes.into_iter().chain([figure]) {
                let known = self.own.entry((whole, person)).or_default();
                *known = value.max(*known);
            }
        }
    }

    fn direct_wholes(&self, part: u32) -> Vec<u32> {
        let own = self.of_figure[part as usize].iter().filter(|(_, coefficient)| *coefficient > 0);
        own.filter_map(|(number, _)| self.wholes[*number as usize]).collect()
    }

    fn wholes_above(&self, part: u32) -> Vec<u32> {
        let mut seen = BTreeSet::from([part]);
        let mut next = vec![part];
        while let Some(figure) = next.pop() {
            next.extend(self.direct_wholes(figure).into_iter().filter(|whole| seen.insert(*whole)));
        }
        seen.into_iter().filter(|whole| *whole != part).collect()
    }

    /// The bound of a figure that a relaxation proves; nothing where it proves none. Nothing counts as known but what is
    /// public, and what the one person who is named knows alone.
    fn proven(&self, relaxation: &Relaxation, figure: u32, end: End) -> Option<i64> {
        let person = match relaxation.singleton {
            None => None,
            Some(singleton) => Some(*self.person.get(&singleton)?),
        };
        // Who is alone in the figure itself is not somebody else who looks at it.
        if person.is_some() && self.person.get(&figure) == person.as_ref() {
            return None;
        }
        let mut found: BTreeMap<(u32, End), i64> = BTreeMap::new();
        let ends = |found: &BTreeMap<(u32, End), i64>, id: u32| -> Ends {
            let figure = self.figure(id);
            let is_own = person.is_some() && self.person.get(&id) == person.as_ref();
            if figure.knowledge == Knowledge::Public || is_own {
                return (Some(figure.value), Some(figure.value));
            }
            let lower = figure.lower.max(found.get(&(id, End::Below)).copied());
            let upper = [figure.upper, found.get(&(id, End::Above)).copied()].into_iter().flatten().min();
            (lower, upper)
        };
        for step in &relaxation.steps {
            let constraint =
                |number: u32| self.constraints.get(number as usize).map(|own| (own.terms.as_slice(), own.total));
            let own = bound(step, constraint, |id| ends(&found, id))?;
            let known = found.entry((step.figure, step.end)).or_insert(own);
            *known = if step.end == End::Below { own.max(*known) } else { own.min(*known) };
        }
        let (lower, upper) = ends(&found, figure);
        match end {
            End::Below => lower,
            End::Above => upper,
            End::Other => None,
        }
    }
}

fn first(person: &BTreeMap<u32, u32>, figure: u32) -> u32 {
    let mut at = figure;
    while let Some(next) = person.get(&at).filter(|next| **next != at) {
        at = *next;
    }
    at
}

/// What a pattern rests on.
#[derive(Debug, Clone, Copy)]
pub struct Proofs<'p> {
    /// Of each end of a sensitive figure's level the witnesses.
    pub witnesses: &'p BTreeMap<(u32, End), Vec<Witness>>,
    /// Of each end that is relaxed the proof.
    pub relaxations: &'p BTreeMap<(u32, End), Relaxation>,
}

/// A check of a pattern against what is shown.
pub struct Checker<'c> {
    statement: &'c Statement,
    proofs: Proofs<'c>,
    /// The levels that the rules ask for.
    levels: BTreeMap<u32, Need>,
    shown: BTreeSet<u32>,
    /// For each figure the ends whose witnesses change it.
    leaning: BTreeMap<u32, BTreeSet<(u32, End)>>,
}

impl<'c> Checker<'c> {
    /// Makes ready to check a pattern where these figures are shown and these are sensitive.
    pub fn new(
        statement: &'c Statement,
        proofs: Proofs<'c>,
        levels: BTreeMap<u32, Need>,
        shown: BTreeSet<u32>,
    ) -> Checker<'c> {
        let mut leaning: BTreeMap<u32, BTreeSet<(u32, End)>> = BTreeMap::new();
        for (end, witnesses) in proofs.witnesses {
            for (figure, _) in witnesses.iter().flatten() {
                leaning.entry(*figure).or_default().insert(*end);
            }
        }
        Checker { statement, proofs, levels, shown, leaning }
    }

    /// What is wrong with the pattern.
    pub fn flaws(&self) -> BTreeSet<(u32, Flaw)> {
        let mut flaws = BTreeSet::new();
        for (figure, level) in self.levels.iter().filter(|(figure, _)| self.statement.is_unknown(**figure)) {
            if self.shown.contains(figure) {
                flaws.insert((*figure, Flaw::Exposed));
            } else if self.statement.is_touched[*figure as usize] {
                // What this edition does not touch was proven by the edition that suppressed it.
                flaws.extend(self.of_figure(*figure, *level).into_iter().map(|flaw| (*figure, flaw)));
            }
        }
        flaws
    }

    fn of_figure(&self, figure: u32, level: Need) -> BTreeSet<Flaw> {
        let value = self.statement.figure(figure).value;
        match self.relaxed(figure, level) {
            None => BTreeSet::from([Flaw::TakenBack]),
            Some(level) => {
                let ends = level.ends(value).into_iter();
                ends.filter_map(|(end, ways)| self.flaw((figure, end), &ways, &[])).collect()
            }
        }
    }

    /// The level of a figure as far as proven relaxations leave it; nothing where the proof of one does not hold.
    fn relaxed(&self, figure: u32, level: Need) -> Option<Need> {
        let Need::Reach { mut low, mut high } = level else { return Some(level) };
        for end in [End::Below, End::Above] {
            let Some(relaxation) = self.proofs.relaxations.get(&(figure, end)) else { continue };
            let proven = self.statement.proven(relaxation, figure, end)?;
            match end {
                End::Below => low = low.max(proven),
                _ => high = high.min(proven),
            }
        }
        Some(Need::Reach { low, high })
    }

    /// What is wrong with the pattern if some more figures were shown.
    pub fn flaws_with(&self, more: &[u32]) -> BTreeSet<(u32, Flaw)> {
        let ends = more.iter().filter_map(|figure| self.leaning.get(figure)).flatten();
        let mut flaws = BTreeSet::new();
        for (figure, end) in ends.filter(|(figure, _)| !more.contains(figure)) {
            for (own, ways) in self.ends(*figure).into_iter().filter(|(own, _)| own == end) {
                flaws.extend(self.flaw((*figure, own), &ways, more).map(|flaw| (*figure, flaw)));
            }
        }
        flaws
    }

    /// The ends that a figure's level asks for, as far as relaxations leave them, and by how much it must move for each.
    pub fn ends(&self, figure: u32) -> Vec<(End, Vec<i64>)> {
        let level = self.levels.get(&figure).and_then(|level| self.relaxed(figure, *level));
        level.map_or_else(Vec::new, |level| level.ends(self.statement.figure(figure).value))
    }

    fn flaw(&self, end: (u32, End), ways: &[i64], more: &[u32]) -> Option<Flaw> {
        let witnesses = self.proofs.witnesses.get(&end).map_or(&[][..], Vec::as_slice);
        if witnesses.is_empty() {
            return Some(Flaw::Missing);
        }
        // By how much each witness moves the figure, and who is alone in a figure that it moves.
        let mut moved: Vec<(i64, BTreeSet<u32>)> = Vec::new();
        for witness in witnesses {
            if let Some(flaw) = self.flaw_of_witness(witness, more) {
                return Some(flaw);
            }
            let by = witness.iter().filter(|(other, _)| *other == end.0).map(|(_, by)| *by).sum();
            let persons = witness.iter().filter_map(|(other, _)| self.statement.person.get(other)).copied().collect();
            moved.push((by, persons));
        }
        self.flaw_of_reach(end, ways, &moved)
    }

    fn flaw_of_witness(&self, witness: &Witness, more: &[u32]) -> Option<Flaw> {
        let mut changed: BTreeMap<u32, i128> = BTreeMap::new();
        for (figure, by) in witness {
            *changed.entry(*figure).or_default() += i128::from(*by);
        }
        let mut left: BTreeMap<u32, i128> = BTreeMap::new();
        for (id, by) in changed {
            let figure = self.statement.figure(id);
            let is_known = figure.knowledge.is_certain() || self.shown.contains(&id) || more.contains(&id);
            let to = i128::from(figure.value) + by;
            let is_below = figure.lower.is_some_and(|lower| to < i128::from(lower));
            let is_off = |(low, high): (i64, i64)| to < i128::from(low) || to > i128::from(high);
            if figure.rounded.is_some_and(is_off)
                || is_known
                || is_below
                || figure.upper.is_some_and(|upper| to > i128::from(upper))
            {
                return Some(Flaw::Shown);
            }
            for (number, coefficient) in &self.statement.of_figure[id as usize] {
                *left.entry(*number).or_default() += i128::from(*coefficient) * by;
            }
        }
        left.values().any(|left| *left != 0).then_some(Flaw::Sum)
    }

    fn flaw_of_reach(&self, (figure, end): (u32, End), ways: &[i64], moved: &[(i64, BTreeSet<u32>)]) -> Option<Flaw> {
        let far = |by: i64, asked: i64| match end {
            End::Below => by <= asked,
            End::Above => by >= asked,
            End::Other => by != 0,
        };
        let Some(asked) = ways.first().copied() else { return Some(Flaw::Near) };
        if !moved.iter().any(|(by, _)| far(*by, asked)) {
            return Some(Flaw::Near);
        }
        let value = self.statement.figure(figure).value;
        let own = self.statement.person.get(&figure);
        let persons: BTreeSet<u32> = moved.iter().flat_map(|(_, persons)| persons.iter().copied()).collect();
        let is_held = |person: &u32| {
            let known = self.statement.own.get(&(figure, *person)).copied().unwrap_or(0);
            // Who is of the figure knows it to be at least what he is.
            let asked = if end == End::Below { asked.max(known - value) } else { asked };
            asked == 0 || moved.iter().any(|(by, persons)| !persons.contains(person) && far(*by, asked))
        };
        let held = persons.iter().filter(|person| Some(*person) != own).all(is_held);
        (!held).then_some(Flaw::Alone)
    }
}
