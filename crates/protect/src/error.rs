//! Why protection could not be done. None of it has a default to go on with: the edition is not published.

use catalog::injection::Injected;
use catalog::workers::WorkerPanicked;

/// A failure of protection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtectError {
    /// A worker panicked, so its results are missing.
    #[error(transparent)]
    Worker(#[from] WorkerPanicked),
    /// An indicator has cells and no card that says how its rows are written.
    #[error("indicator {0} has cells and no wording, so its rows cannot be written")]
    NoWording(String),
    /// A test asked for a failure.
    #[error(transparent)]
    Injected(#[from] Injected),
}
