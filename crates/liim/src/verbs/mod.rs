//! One file per verb.

use std::path::PathBuf;

use catalog::Day;
use catalog::project::Project;
use warehouse::session::Limits;
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::failure::Failure;

pub mod check;
pub mod editions;
pub mod init;
pub mod plan;
pub mod protect;
pub mod receive;
pub mod report;
pub mod run;
pub mod synth;
pub mod trace;
pub mod verify;

/// Reads the project that the command is about.
fn project(global: &Global) -> Result<Project, Failure> {
    Project::load(&global.project).map_err(Failure::Unsound)
}

fn threads(global: &Global) -> usize {
    global.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1)
}

fn warehouse_folder(global: &Global) -> PathBuf {
    global.project.join("warehouse")
}

fn limits(global: &Global) -> Limits {
    Limits {
        threads: threads(global),
        memory: global.memory_limit,
        spill: Some(Warehouse::reading(&warehouse_folder(global)).spill()),
    }
}

/// The day that it is in Belgium.
fn today() -> Result<Day, Failure> {
    Day::in_belgium(jiff::Timestamp::now()).map_err(|error| Failure::Broken(error.to_string()))
}
