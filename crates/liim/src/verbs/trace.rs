//! `liim trace`: the proof of a cell.

use audit::{CellQuery, TraceError};
use warehouse::store::Warehouse;

use crate::args::{Global, Trace};
use crate::failure::Failure;
use crate::terminal;

/// Traces a published cell.
pub fn trace(global: &Global, asked: &Trace) -> Result<(), Failure> {
    let warehouse = Warehouse::reading(&super::warehouse_folder(global));
    let query = CellQuery {
        edition: asked.edition.clone(),
        indicator: asked.indicator.clone(),
        area: asked.area.clone(),
        area_class: asked.area_class.clone(),
        period: asked.period,
        sex: asked.sex.clone(),
        age: asked.age.clone(),
        scheme: asked.scheme.clone(),
        group: asked.group.clone(),
        detail: asked.detail.clone(),
        detail_2: asked.detail_2.clone(),
        share_of: asked.share_of.clone(),
    };
    let proof = audit::trace(&warehouse, &query).map_err(|error| match error {
        TraceError::Query(error) => Failure::Usage(error.to_string()),
        TraceError::Warehouse(error) => error.into(),
    })?;
    if asked.json {
        terminal::say(&serde_json::to_string_pretty(&proof).map_err(|error| Failure::Broken(error.to_string()))?);
    } else {
        terminal::say(proof.words().trim_end());
    }
    Ok(())
}
