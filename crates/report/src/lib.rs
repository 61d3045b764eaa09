//! Reports: one municipality beside Flanders and its comparable municipalities, laid out from published rows.
//!
//! Nothing is computed here: every number on a page is a number of `observations.parquet`, only written the Belgian way.

use thiserror::Error;
use warehouse::WarehouseError;

mod book;
pub mod number;
mod page;
mod style;

pub use book::Book;
pub use page::page;

/// Why a page could not be made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// There is no such municipality in the edition.
    #[error("{0}")]
    NoArea(String),
    /// A table of words of the edition does not say what it must.
    #[error("{0}")]
    Table(String),
    /// The edition cannot be read.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}
