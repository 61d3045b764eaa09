//! Indicators: the cards' queries become cells.
//!
//! [`check`] types every query against empty tables and holds it to its card; [`ask`] runs one for a period, and its
//! answer is completed: what the card says adds up is added up, so that every area and category has a value or one reason;
//! [`implausible`] holds the counts of an edition against each other.

use catalog::Fault;
use thiserror::Error;

mod check;
mod count;
mod grid;
mod plausible;
mod row;

pub use check::check;
pub use count::{Asked, Counted, Tie, ask, not_delivered, tables};
pub use plausible::implausible;

/// Why an indicator could not be counted.
#[derive(Debug, Error)]
pub enum CountError {
    /// The card or its query is unsound: mend it.
    #[error("a card or its query is unsound")]
    Faults(Vec<Fault>),
    /// The warehouse could not answer.
    #[error(transparent)]
    Warehouse(#[from] warehouse::WarehouseError),
}
