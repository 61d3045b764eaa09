//! Everything that was ever published, as one linked system.
//!
//! A figure is a count that a reader sees at one place or at many: the numerator of a row, or what its share is of. The same
//! count in two editions is one figure, for a reader who knows it from one knows it in the other. `figures` finds them,
//! `sums` finds what a reader can hold them to, `plan` decides what is withheld.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::Period;
use catalog::cell::{Cell, Reason, ShareOf};

use crate::certificate::Relaxation;
use crate::level::{End, Need};
use crate::system::Move;

mod accounts;
mod equalities;
mod figures;
mod plan;
mod scores;
mod statement;
mod sums;

pub use accounts::is_account;
pub(crate) use accounts::{accounts, untold};
pub use equalities::Equality;
pub use figures::Linked;

/// A row of an edition as protection sees it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    /// What was counted.
    pub cell: &'r Cell,
    /// Definition version.
    pub method: &'r str,
    /// What an edition that is published shows of it; nothing where that is still to be decided.
    pub published: Option<Reason>,
    /// The share that an edition published without the count, in tenths.
    pub rounded_share: Option<i64>,
    /// Whether everybody knows it, whatever is shown.
    pub public: bool,
}

impl<'r> Row<'r> {
    /// A row that is to be decided.
    pub fn new(cell: &'r Cell, method: &'r str) -> Row<'r> {
        Row { cell, method, published: None, rounded_share: None, public: false }
    }
}

/// A table of counts that lie together: of an indicator, a period and a definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    /// The indicator.
    pub indicator: String,
    /// The period.
    pub period: Period,
    /// Definition version.
    pub method: String,
    /// Of the counts that shares are of: the kind of share.
    pub base: Option<ShareOf>,
}

/// Where a figure stands: its block, area and codes of sex, age, group, detail and second detail, as numbers of their texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot {
    pub(crate) block: u32,
    pub(crate) area: u32,
    pub(crate) codes: [u32; 5],
}

/// Dimensions of a spot's codes.
pub(crate) const SEX: usize = 0;
pub(crate) const AGE: usize = 1;
pub(crate) const GROUP: usize = 2;
pub(crate) const DETAIL: usize = 3;
pub(crate) const DETAIL_2: usize = 4;

/// How a figure stands towards a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// New in this edition: shown unless it is withheld.
    Open,
    /// Published elsewhere: known to everybody, whatever we do.
    Public,
    /// Published by us earlier.
    Known,
    /// Withheld in an earlier edition, and so in this one.
    Before,
    /// Of a breakdown that the table does not have for an area so small.
    Coarse,
    /// Never a row: what is left of a sum whose parts are not all there.
    Unseen,
}

/// What protecting the linked system came to.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Figures withheld.
    pub withheld: BTreeSet<u32>,
    /// For each primary figure what a reader must be left with.
    pub needs: BTreeMap<u32, Need>,
    /// For each end of a need other tables that agree with everything published; nobody who is alone in a cell is moved in
    /// all of them.
    pub proofs: BTreeMap<(u32, End), Vec<Move>>,
    /// Ends that nothing withheld gives.
    pub exposed: BTreeSet<(u32, End)>,
    /// Figures whose shares are not told, because a proof does not leave them as they are.
    pub let_go: BTreeSet<u32>,
    /// Primary figures of which public tables alone say more than the rule allows, with what they leave.
    pub told_elsewhere: BTreeSet<u32>,
    /// For each end that is relaxed the proof that public tables leave no more.
    pub relaxations: BTreeMap<(u32, End), Relaxation>,
}

/// A sum that is in the system: how parts and whole are held to each other, the whole, and the parts.
pub(crate) type Holds = (Holding, u32, Vec<u32>);

/// How parts and whole are held to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holding {
    /// The parts are the whole, or differ from it by what is known.
    Same,
    /// The parts are at most the whole.
    AtMost,
    /// The parts are at least the whole.
    AtLeast,
}

/// Texts as numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Texts {
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_string());
        self.numbers.insert(text.to_string(), number);
        number
    }

    pub(crate) fn known(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}
