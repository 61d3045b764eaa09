//! The linked system as a statement of what a reader knows, and what its figures need, for the check of a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::Linked;
use super::{Outcome, Standing};
use crate::certificate::{Checker, Constraint, Figure, Flaw, Knowledge, Proofs, Statement};
use crate::level::Need;

impl Linked<'_> {
    /// Everything that is taken to be known of what was ever published.
    pub fn statement(&self, outcome: &Outcome) -> Statement {
        let figure = |(id, figure): (usize, &super::figures::Figure)| Figure {
            value: figure.value,
            lower: (!figure.is_balance).then(|| figure.least.min(figure.value)),
            upper: figure.most.map(|most| most.max(figure.value)),
            rounded: figure.rounded.filter(|_| !outcome.let_go.contains(&(id as u32))),
            knowledge: match figure.standing {
                Standing::Public => Knowledge::Public,
                Standing::Known => Knowledge::Published,
                Standing::Open | Standing::Coarse => Knowledge::New,
                Standing::Before | Standing::Unseen => Knowledge::Suppressed,
            },
            is_singleton: figure.contributors == Some(1) && figure.need.is_some(),
        };
        let figures: Vec<Figure> = self.figures.iter().enumerate().map(figure).collect();
        let constraint = |(wholes, parts): &(Vec<u32>, Vec<u32>)| {
            // A figure that is given more than once is one term, that many times the figure.
            let mut times: BTreeMap<u32, i64> = BTreeMap::new();
            parts.iter().for_each(|part| *times.entry(*part).or_default() += 1);
            wholes.iter().for_each(|whole| *times.entry(*whole).or_default() -= 1);
            let terms: Vec<(u32, i64)> = times.into_iter().filter(|(_, by)| *by != 0).collect();
            let total = terms.iter().map(|(id, by)| by * figures[*id as usize].value).sum();
            Constraint { terms, total }
        };
        let constraints = self.sums.iter().map(constraint).collect();
        Statement::new(figures, constraints)
    }

    /// The levels that the plan itself went by: those of figures that rows tell.
    pub(crate) fn own_levels(&self) -> BTreeMap<u32, Need> {
        let figures = self.figures.iter().enumerate().filter(|(_, figure)| figure.standing != Standing::Unseen);
        figures.filter_map(|(id, figure)| Some((id as u32, figure.need?))).collect()
    }

    /// The levels of what is left of sums, which no row tells: what the plan asked for, since they do not stop an edition
    /// where earlier ones tell them.
    pub(crate) fn levels_of_rests(&self, outcome: &Outcome) -> BTreeMap<u32, Need> {
        let is_rest = |id: &u32| self.figures[*id as usize].standing == Standing::Unseen;
        outcome.needs.iter().filter(|(id, _)| is_rest(id)).map(|(id, need)| (*id, *need)).collect()
    }

    /// Checks an outcome against what is shown in the end, by the levels that the plan itself went by; `is_shown` tells of each
    /// figure whether some row shows it.
    pub fn check(&self, outcome: &Outcome, is_shown: impl Fn(u32) -> bool) -> BTreeSet<(u32, Flaw)> {
        let shown = (0..self.figures.len() as u32).filter(|figure| is_shown(*figure)).collect();
        let statement = self.statement(outcome);
        let levels = self.own_levels().into_iter().chain(self.levels_of_rests(outcome)).collect();
        Checker::new(&statement, outcome.as_proofs(), levels, shown).flaws()
    }
}

impl Outcome {
    /// What the outcome rests on.
    pub fn as_proofs(&self) -> Proofs<'_> {
        Proofs { witnesses: &self.proofs, relaxations: &self.relaxations }
    }
}
