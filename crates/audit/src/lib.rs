//! The audit: what stands behind a published cell, and whether an edition may be published.

mod release;
mod trace;

pub use release::released;

pub use trace::{Question, Receipt, Step, Trace, TraceError, trace};
