//! `liim synth`: synthetic deliveries.

use std::path::{Path, PathBuf};

use ingest::reception::SourcesLock;

use crate::args::Global;
use crate::failure::Failure;
use crate::terminal;

/// Writes synthetic deliveries into the project, or elsewhere.
pub fn synth(
    global: &Global,
    scale: f64,
    seed: u64,
    calibrate: Option<PathBuf>,
    faults: f64,
    out: Option<&Path>,
) -> Result<(), Failure> {
    super::project(global)?;
    // What is received meanwhile must not be taken for an earlier synthetic delivery.
    let waiting = || tracing::info!("a receive is at work; waiting for it");
    let _lock = match out {
        None => Some(SourcesLock::take(&global.project, &waiting)?),
        Some(_) => None,
    };
    let options = synth::Options {
        out: out.unwrap_or(&global.project).to_path_buf(),
        reference: global.project.join("sources/reference"),
        scale,
        seed,
        calibrate,
        threads: super::threads(global),
        faults,
        replaced: true,
        unlocated: true,
    };
    let summary = synth::write(&options, &|step| tracing::info!("{step}"))
        .map_err(|error| Failure::Broken(format!("failed to write synthetic deliveries: {error}")))?;
    for file in &summary.files {
        terminal::say(&format!("{}\t{}\t{}\t{}", file.extract, file.period, file.name, file.lines));
    }
    Ok(())
}
