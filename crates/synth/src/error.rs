//! Why a synthetic Flanders could not be made.

use std::io;
use std::path::{Path, PathBuf};

/// What stopped [`crate::write`]; the sentence fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// An option has a value that cannot be used.
    #[error("use the options: {0}")]
    Options(String),
    /// A file could not be read.
    #[error("read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A reference or calibration table does not say what is needed.
    #[error("use {path}, line {line}: {fault}")]
    Table {
        /// The table.
        path: PathBuf,
        /// Line, the header being line 1; 0 for the table as a whole.
        line: usize,
        /// What is wrong with it.
        fault: String,
    },
    /// A file or folder could not be written.
    #[error("write {path}: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder of a delivery holds something that this crate did not make.
    #[error("replace {path}: it holds a delivery that was not made synthetically")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// More persons of one sex were born on a day than the register has numbers for.
    #[error("number the persons born on {day}: a day has {limit} numbers for each sex")]
    Serials {
        /// The day of birth.
        day: String,
        /// Numbers that can be given out for a day and a sex.
        limit: u16,
    },
    /// A workbook, an archive or a receipt could not be put together.
    #[error("make {name}: {fault}")]
    Container {
        /// The file's name.
        name: String,
        /// What its library said.
        fault: String,
    },
}

impl SynthError {
    /// For `map_err`: a failure to write `path`.
    pub(crate) fn writing(path: &Path) -> impl FnOnce(io::Error) -> SynthError {
        let path = path.to_path_buf();
        move |source| SynthError::Write { path, source }
    }

    /// For `map_err`: a failure to read `path`.
    pub(crate) fn reading(path: &Path) -> impl FnOnce(io::Error) -> SynthError {
        let path = path.to_path_buf();
        move |source| SynthError::Read { path, source }
    }

    /// A fault in a table.
    pub(crate) fn table(path: &Path, line: usize, fault: impl Into<String>) -> SynthError {
        SynthError::Table { path: path.to_path_buf(), line, fault: fault.into() }
    }

    /// For `map_err`: a library that could not make `name`.
    pub(crate) fn container<E: std::fmt::Display>(name: &str) -> impl FnOnce(E) -> SynthError {
        let name = name.to_string();
        move |fault| SynthError::Container { name, fault: fault.to_string() }
    }
}
