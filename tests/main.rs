//! The one test binary of the monitor; each module is a kind of test with a purpose of its own.
//!
//! Small parts are tested where they stand, in the pure crates. What needs the engine or the whole command is here, so
//! that the engine is linked once.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod across_extracts;
mod command;
mod deliveries;
mod faults;
mod golden;
mod laws;
mod lineage;
mod peer;
mod plausible;
mod project;
mod protection;
mod readers;
mod refusal;
mod reproducible;
mod same_persons;
mod schema;
mod second_derivation;
mod store;
mod stories;
mod story;
mod truth;
