//! The warehouse: the only crate that writes under `warehouse/`, and the only one that names DataFusion.
//!
//! [`store`] keeps person-level tables, private to their owner; [`session`] answers SQL over them; [`edition`] makes an
//! edition visible in one step and reads it back; [`tables`] turns protected cells into the published columns.

use std::path::PathBuf;

use catalog::Fault;
use thiserror::Error;

pub mod confidential;
pub mod edition;
pub mod lineage;
pub mod manifest;
mod parquet_file;
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
    /// The engine could not answer a query. Its words speak of columns and types, never of rows.
    #[error("the engine: {0}")]
    Engine(String),
}

impl WarehouseError {
    pub(crate) fn io(file: impl AsRef<std::path::Path>, error: std::io::Error) -> WarehouseError {
        WarehouseError::Io { file: file.as_ref().display().to_string(), error }
    }
}

impl From<datafusion::error::DataFusionError> for WarehouseError {
    fn from(error: datafusion::error::DataFusionError) -> WarehouseError {
        // The first line names what was wrong; a longer text may quote a value.
        WarehouseError::Engine(error.strip_backtrace().lines().next().unwrap_or_default().to_string())
    }
}

impl From<arrow::error::ArrowError> for WarehouseError {
    fn from(_: arrow::error::ArrowError) -> WarehouseError {
        // Arrow's words may print a row.
        WarehouseError::Engine("columns do not fit their schema".to_string())
    }
}

impl From<parquet::errors::ParquetError> for WarehouseError {
    fn from(_: parquet::errors::ParquetError) -> WarehouseError {
        WarehouseError::Engine("a Parquet file could not be read or written".to_string())
    }
}
