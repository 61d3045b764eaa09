//! Linking: every person gets a number and, beside every fact, the attributes that hold on the fact's own date.
//!
//! [`Register`] takes in persons, nationality histories and filiations as the register knew them at the edition's
//! cut-off, and keeps them as arrays by person. [`Linker`] turns landed rows into linked rows: the national number or
//! pseudonym goes, a person number and the attributes come. Origin is read off the decision tables of
//! [`catalog::origin`]; this crate finds the facts, the table decides.

use thiserror::Error;

mod attributes;
mod columns;
mod history;
mod identity;
mod index;
mod intake;
mod kinship;
mod linked;
mod linker;
mod made;
mod number;
mod order;
mod register;
mod residents;
pub mod sql;

pub use intake::{Gathered, Gatherer};
pub use linker::{Linker, STRANGERS, Tally};
pub use number::Permutation;
pub use register::{Findings, Register, RegisterBuilder};
pub use residents::{Residents, Slots};

/// Why linking could not go on.
#[derive(Debug, Error)]
pub enum LinkError {
    /// A landed table does not have a column that the contract promises: a fault of ours.
    #[error("a landed table has no column {0} of the right type")]
    Column(String),
    /// There are more identifiers than can be counted.
    #[error("more than two thousand million identifiers")]
    TooMany,
    /// An extract is linked by another role than its own: a fault of ours.
    #[error("an extract is linked by another role than the contract gives it")]
    Role,
    /// What is linked is not what the register took in: a fault of ours.
    #[error("rows of persons are linked that are not those that the register took in")]
    OtherRows,
    /// A thread stopped before its work was done: a fault of ours.
    #[error("a thread stopped before its work was done")]
    Thread,
    /// Rows could not be put into columns. The cause is not shown, for it may print a row.
    #[error("linked rows could not be put into columns")]
    Columns,
}

impl LinkError {
    /// A row of nobody, which the contract does not allow.
    pub(crate) fn nobody() -> LinkError {
        LinkError::Column("a person in every row".to_string())
    }
}

impl From<arrow::error::ArrowError> for LinkError {
    fn from(_: arrow::error::ArrowError) -> LinkError {
        LinkError::Columns
    }
}
