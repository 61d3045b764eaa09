//! Whether there is room on the disk for an edition, looked at before it is begun.

use catalog::pipeline::Edition;
use catalog::project::Project;
use warehouse::store::{Warehouse, free_space};

use crate::deliveries::Chosen;
use crate::failure::Failure;

/// What an edition takes beside its rows: published tables, definitions, confidential record.
const EDITION: u64 = 64 << 20;

/// Makes sure that what an edition is made from, landed and linked, fits on the disk. The need is an estimate on the safe
/// side: a row takes less in Parquet than as delivered.
///
/// # Errors
/// A disk with less room than that, or whose room cannot be looked up.
pub fn enough(project: &Project, warehouse: &Warehouse, edition: &Edition, chosen: &Chosen) -> Result<(), Failure> {
    let mut need = EDITION;
    for delivery in chosen.all() {
        for file in &delivery.receipt.files {
            let is_packed = [".gz", ".zip", ".xlsx"].iter().any(|ending| file.name.ends_with(ending));
            need += if is_packed { file.bytes.saturating_mul(4) } else { file.bytes };
        }
    }
    let folder = warehouse.root();
    let shown = folder.strip_prefix(&project.root).unwrap_or(folder).display();
    let free = free_space(folder).map_err(|error| Failure::Broken(format!("{shown}: {error}")))?;
    if free < need {
        let (need, free) = ((need >> 20) + 1, free >> 20);
        return Err(Failure::Broken(format!(
            "{} needs about {need} MiB at {shown}, where {free} MiB are free; make room and run again",
            edition.id
        )));
    }
    Ok(())
}
