//! The vocabulary of the monitor, and its definitions: text in, checked values out, every fault reported at once.
//!
//! Nothing here reads deliveries, counts or publishes. Start at [`project::Project`], which is a project folder read
//! whole; [`cell`] has the words of the published table; [`contract`], [`card`], [`pipeline`], [`origin`] and
//! [`mod@reference`] each describe one kind of definition file.

pub mod card;
pub mod cell;
pub mod contract;
pub mod day;
mod definitions;
pub mod digest;
pub mod document;
pub mod fault;
pub mod id;
pub mod identifiers;
pub mod injection;
pub mod insz;
pub mod link_measure;
pub mod origin;
pub mod period;
pub mod pipeline;
pub mod plausibility;
pub mod project;
pub mod receipt;
pub mod reference;
pub mod schema;
pub mod share;
pub mod table;
pub mod tabulation;
pub mod workers;

pub use day::Day;
pub use fault::{Fault, Place};
pub use period::{Period, PeriodKind};
