//! The warehouse: the only crate that writes under `warehouse/`, and the only one that names DataFusion.
//!
//! [`store`] keeps person-level tables, private to their owner; [`session`] answers SQL over them; [`edition`] makes an
//! edition visible in one step and reads it back; [`tables`] turns protected cells into the published columns.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use catalog::Fault;
use catalog::injection::Injected;
use thiserror::Error;

pub mod confidential;
pub mod edition;
mod engine;
mod guard;
pub mod integrity;
pub mod ledger;
pub mod lineage;
pub mod manifest;
mod parquet_file;
mod query;
pub mod release;
pub mod session;
pub mod store;
pub mod tables;

/// Why the warehouse could not do what was asked.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// Another run is at work: wait for it.
    #[error("another run holds the lock of {0}")]
    Locked(PathBuf),
    /// A definition is unsound: mend it.
    #[error("definitions are unsound")]
    Faults(Vec<Fault>),
    /// A published or stored file is not what it was when it was written.
    #[error("{file} is not as it was written: {what}")]
    Altered {
        /// The file.
        file: String,
        /// What differs.
        what: String,
    },
    /// A file or folder leads out of the warehouse, or others can reach what is private.
    #[error("{file} cannot be used: {what}")]
    Unsafe {
        /// The file or folder.
        file: String,
        /// What is wrong with it, and how it is mended.
        what: String,
    },
    /// There is no such edition.
    #[error("edition {0} is not published here")]
    NoEdition(String),
    /// An edition of that id is there already; it is never rewritten.
    #[error("edition {0} is published already and never rewritten; name a correction in pipeline.yaml")]
    Published(String),
    /// A file cannot be read or written: see to the disk.
    #[error("{file}: {error}")]
    Io {
        /// The file.
        file: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A publication failed half-way and could not be taken back.
    #[error(
        "{first}; and what was done could not be taken back: {then}; the next run settles whether {edition} is published"
    )]
    Unsettled {
        /// The edition.
        edition: String,
        /// Why it was not published.
        first: String,
        /// Why that could not be taken back.
        then: String,
    },
    /// The disk is full: make room.
    #[error("{file}: no room is left on the disk, where {} MiB are free; make room and run again", free >> 20)]
    Full {
        /// The file that could not be written.
        file: String,
        /// Bytes that are free there.
        free: u64,
    },
    /// The engine could not answer a query. Its words speak of columns and types, never of rows.
    #[error("the engine: {0}")]
    Engine(String),
    /// A test asked for a failure.
    #[error(transparent)]
    Injected(#[from] Injected),
}

impl WarehouseError {
    /// An error of the system about a file; of a full disk with how much is free there.
    pub fn io(file: impl AsRef<Path>, error: std::io::Error) -> WarehouseError {
        let path = file.as_ref();
        let file = path.display().to_string();
        if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            let free = path.parent().map_or(Ok(0), store::free_space);
            // Where that cannot be looked up nothing is known to be free.
            return WarehouseError::Full { file, free: free.unwrap_or(0) };
        }
        WarehouseError::Io { file, error }
    }

    pub(crate) fn altered(file: &Path, what: &str) -> WarehouseError {
        WarehouseError::Altered { file: file.display().to_string(), what: what.to_string() }
    }

    pub(crate) fn unsafe_path(file: &Path, what: &str) -> WarehouseError {
        WarehouseError::Unsafe { file: file.display().to_string(), what: what.to_string() }
    }
}

impl From<datafusion::error::DataFusionError> for WarehouseError {
    fn from(error: datafusion::error::DataFusionError) -> WarehouseError {
        WarehouseError::Engine(engine::of_running(&error))
    }
}

impl From<arrow::error::ArrowError> for WarehouseError {
    fn from(_: arrow::error::ArrowError) -> WarehouseError {
        // Arrow's words may print a row.
        WarehouseError::Engine("columns do not fit their schema".to_string())
    }
}
