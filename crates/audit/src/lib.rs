//! The audit: what stands behind a published cell, and whether an edition may be published.

mod pages;
mod query;
mod reading;
mod release;
mod trace;

pub use pages::Pages;
pub use query::{CellQuery, QueryError, find};
pub use release::released;
pub use trace::{Receipt, Step, Trace, TraceError, trace};
