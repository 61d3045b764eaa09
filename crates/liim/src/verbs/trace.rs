//! `liim trace`: the proof of a cell.

use audit::{Question, TraceError};
use warehouse::store::Warehouse;

use crate::args::{Global, Trace};
use crate::failure::Failure;
use crate::terminal;

/// Traces a published cell.
pub fn trace(global: &Global, asked: &Trace) -> Result<(), Failure> {
    let warehouse = Warehouse::reading(&super::warehouse_folder(global));
    let question = Question {
        edition: asked.edition.clone(),
        indicator: asked.indicator.clone(),
        area: asked.area.clone(),
        sex: asked.sex.clone(),
        age: asked.age.clone(),
        group: asked.group.clone(),
        detail: asked.detail.clone(),
        period: asked.period,
    };
    let proof = audit::trace(&warehouse, &question).map_err(|error| match error {
        TraceError::NoCell(text) => Failure::Usage(text),
        TraceError::Warehouse(error) => error.into(),
    })?;
    if asked.json {
        terminal::say(&serde_json::to_string_pretty(&proof).map_err(|error| Failure::Broken(error.to_string()))?);
    } else {
        terminal::say(proof.words().trim_end());
    }
    Ok(())
}
