//! Ingest: delivered extracts against their contracts. Rows in = accepted + rejected, always.
//!
//! A file is unwrapped (`unwrap`), cut into physical lines (`lines`), each line into fields (`fields`), each
//! field into a value (`value`) and the values into Arrow columns (`batch`). What does not fit becomes a
//! [`Rejection`], named for what is odd about it (`oddity`, `footer`); what makes a whole file useless becomes a
//! [`catalog::Fault`]. Deliveries and their receipts are found by [`delivery`] and taken in by [`reception`].

use catalog::Fault;
use thiserror::Error;

mod across;
mod batch;
pub mod custody;
mod dated;
pub mod delivery;
mod fields;
mod filling;
mod footer;
mod header;
mod keys;
mod land;
mod lines;
mod names;
mod oddity;
mod offsets;
mod page;
pub mod reception;
mod rejection;
mod rows;
mod sniff;
mod text;
mod tolerance;
mod unwrap;
mod value;
mod workbook;

pub use batch::{blanked, landed_schema};
pub use filling::Filling;
pub use land::{Landed, Source, land};
pub use page::DeliveryReport;
pub use rejection::{Rejection, RejectionReason, gaps_in_words, grouped, in_words};
pub use tolerance::within_tolerance;

/// Why landing could not go on.
#[derive(Debug, Error)]
pub enum LandError {
    /// The delivery breaks its contract as a whole: ask the supplier.
    #[error("the delivery breaks its contract")]
    Faults(Vec<Fault>),
    /// A file cannot be read or written: see to the disk.
    #[error("{file}: {error}")]
    Io {
        /// The file, in words.
        file: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// Rows could not be put into columns: a fault of ours. The cause is not shown, for it may print a row.
    #[error("rows could not be put into columns")]
    Columns,
    /// What was to take the rows could not.
    #[error("{0}")]
    Sink(String),
    /// A thread ended before its work was done.
    #[error("a reading thread stopped")]
    Stopped,
}

impl LandError {
    pub(crate) fn io(file: &str, error: std::io::Error) -> LandError {
        LandError::Io { file: file.to_string(), error }
    }
}

impl From<arrow::error::ArrowError> for LandError {
    fn from(_: arrow::error::ArrowError) -> LandError {
        LandError::Columns
    }
}
