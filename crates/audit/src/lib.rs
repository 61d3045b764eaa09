//! The audit: what stands behind a published cell, and whether an edition may be published.

mod pages;
mod reading;
mod release;
mod trace;

pub use pages::Pages;
pub use release::released;
pub use trace::{Question, Receipt, Step, Trace, TraceError, trace};
