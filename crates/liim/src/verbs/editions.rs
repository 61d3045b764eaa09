//! `liim editions`: what is published.

use serde::Serialize;
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::failure::Failure;
use crate::terminal;

#[derive(Serialize)]
struct Output {
    version: u32,
    editions: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    edition: String,
    monitor: String,
    kind: String,
    title: String,
    cut_off: String,
    follows: Option<String>,
    protection: String,
    rows: usize,
    synthetic: bool,
    manifest_sha256: String,
}

/// Lists the published editions.
pub fn editions(global: &Global, json: bool) -> Result<(), Failure> {
    let warehouse = Warehouse::reading(&super::warehouse_folder(global));
    let editions: Vec<Line> = warehouse::edition::list(&warehouse)?
        .into_iter()
        .map(|edition| Line {
            rows: edition.manifest.cells.values().sum(),
            edition: edition.manifest.edition,
            monitor: edition.manifest.monitor,
            kind: edition.manifest.kind,
            title: edition.manifest.title,
            cut_off: edition.manifest.cut_off,
            follows: edition.manifest.follows.map(|followed| followed.edition),
            protection: edition.manifest.protection,
            synthetic: edition.manifest.synthetic,
            manifest_sha256: edition.manifest_sha256,
        })
        .collect();
    if json {
        let text = serde_json::to_string_pretty(&Output { version: 1, editions })
            .map_err(|error| Failure::Broken(error.to_string()))?;
        terminal::say(&text);
        return Ok(());
    }
    if editions.is_empty() {
        terminal::talk("no edition is published here yet; `liim run` makes them");
    }
    for line in editions {
        let synthetic = if line.synthetic { ", synthetic data" } else { "" };
        let follows = line.follows.map(|id| format!(", follows {id}")).unwrap_or_default();
        terminal::say(&format!(
            "{}  {} {}{follows}{synthetic}  {} rows  protection: {}  {}",
            line.edition,
            line.monitor,
            line.kind,
            line.rows,
            line.protection,
            &line.manifest_sha256[..12]
        ));
    }
    Ok(())
}
