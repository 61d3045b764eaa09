//! `liim check`: definitions without data.

use catalog::project::Project;
use warehouse::session::{Limits, Session};

use crate::args::Global;
use crate::failure::Failure;

/// Checks everything that can be checked without a delivery.
pub fn check(global: &Global) -> Result<(), Failure> {
    let project = super::project(global)?;
    definitions(global, &project)?;
    tracing::info!(
        "sound: {} editions, {} extracts, {} cards, {} origin definitions",
        project.pipeline.editions.len(),
        project.extracts().count(),
        project.cards.len(),
        project.origins.len()
    );
    Ok(())
}

/// Plans every card's query against empty tables.
pub fn definitions(global: &Global, project: &Project) -> Result<(), Failure> {
    let session = Session::new(&Limits { spill: None, ..super::limits(global) })?;
    let faults = indicators::check(project, &session);
    if faults.is_empty() { Ok(()) } else { Err(Failure::Unsound(faults)) }
}
