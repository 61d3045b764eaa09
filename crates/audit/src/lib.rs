//! The audit: what stands behind a published cell, and whether an edition may be published.

mod pages;
mod query;
mod reading;
mod release;
mod scores;
mod sensitive;
mod trace;

pub use pages::Pages;
pub use query::{CellQuery, QueryError, find};
pub use release::{Evidence, released};
pub use sensitive::{Rules, exposed};
pub use trace::{Receipt, Step, Trace, TraceError, trace};
