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
mod cases;
mod command;
mod deliveries;
mod engine;
mod faults;
mod floors;
mod golden;
mod inject;
mod injected;
mod integrity;
mod laws;
mod lineage;
mod log;
mod peer;
mod plausible;
mod project;
mod protect_cases;
mod protection;
mod readers;
mod receiving;
mod refusal;
mod reproducible;
mod same_persons;
mod schema;
mod second_derivation;
mod store;
mod stories;
mod story;
mod trace;
mod truth;
