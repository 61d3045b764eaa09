//! `liim check`: definitions without data.

use catalog::project::Project;
use warehouse::session::{Limits, Session};
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::failure::Failure;
use crate::stages::Workshop;

/// Checks everything that can be checked without a delivery.
pub fn check(global: &Global) -> Result<(), Failure> {
    let project = super::project(global)?;
    definitions(global, &project)?;
    propose_equalities(global, &project)?;
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
    for source in project.needlessly_protected() {
        tracing::warn!(
            "the contract of {source} says that everybody may use it, and pipeline.yaml withholds small counts of it; \
             write `public: true` under protection, sources"
        );
    }
    let session = Session::new(&Limits { spill: None, ..super::limits(global) })?;
    let faults = indicators::check(project, &session);
    if faults.is_empty() { Ok(()) } else { Err(Failure::Unsound(faults)) }
}

/// Says which tables of the published editions count the same, where no `same` of pipeline.yaml names them, and whether
/// protection takes them as known.
fn propose_equalities(global: &Global, project: &Project) -> Result<(), Failure> {
    let warehouse = Warehouse::reading(&super::warehouse_folder(global));
    let found = Workshop { project, warehouse: &warehouse, limits: super::limits(global) }.equalities()?;
    for equality in &found {
        tracing::info!("{equality}");
    }
    if !found.is_empty() {
        let taken = if project.pipeline.protection.equalities_known {
            "protection takes these as known"
        } else {
            "protection does not take these as known unless pipeline.yaml says `equalities: known`"
        };
        tracing::info!("{taken}; one of whole indicators can be named under `same`");
    }
    Ok(())
}
