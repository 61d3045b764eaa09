//! The audit: what stands behind a published cell, and whether an edition may be published.

mod pages;
mod reading;
mod release;
mod sensitive;
mod trace;

pub use pages::Pages;
pub use release::{Evidence, released};
pub use sensitive::{Rules, exposed};
pub use trace::{Question, Receipt, Step, Trace, TraceError, trace};
