//! The audit: what stands behind a published cell.

mod trace;

pub use trace::{Question, Receipt, Step, Trace, TraceError, trace};
