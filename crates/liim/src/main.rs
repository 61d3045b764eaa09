//! `liim`: the command of the monitor. Words, exit codes, logs and progress live here; everything else in the crates.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod clock;
mod companions;
mod deliveries;
mod failure;
mod falls;
mod files;
mod floors;
mod key;
mod landing;
mod link_quality;
mod linking;
mod log;
mod pages;
mod privacy;
mod progress;
mod rederive;
mod space;
mod stages;
mod terminal;
mod verbs;

use args::{Command, Verb};
use failure::Failure;

// The engine makes and drops many small arrays; with the system's allocator counting takes half as long again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => return terminal::explain(&error),
    };
    terminal::start(&command.global);
    terminal::keep_panics_private();
    privacy::without_core_dumps();
    // A panic on the way ends a verb as any failure does: what it was about to publish is not published.
    let outcome = catalog::workers::caught(|| verb(&command)).unwrap_or_else(|panicked| Err(panicked.into()));
    progress::stop();
    match terminal::all_said(outcome) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::fail(&failure, None);
            failure.into()
        }
    }
}

/// Does what a command asks for.
fn verb(command: &Command) -> Result<(), Failure> {
    let global = &command.global;
    match &command.verb {
        Verb::Init { dir } => verbs::init::init(dir),
        Verb::Synth { scale, seed, faults, calibrate, out } => {
            verbs::synth::synth(global, *scale, *seed, calibrate.clone(), *faults, out.as_deref())
        }
        Verb::Receive { extract, files, period, delivered_on, report, extracted_on, why } => {
            let stated = verbs::receive::Stated {
                delivered_on: *delivered_on,
                extracted_on: *extracted_on,
                why: why.as_deref(),
            };
            verbs::receive::receive(global, extract, files, *period, &stated, report.as_deref())
        }
        Verb::Check => verbs::check::check(global),
        Verb::Plan { edition, json } => verbs::plan::plan(global, edition.as_deref(), *json),
        Verb::Run { edition, all, now } => verbs::run::run(global, edition, *all, *now),
        Verb::Protect { table, spec, out, audit } => verbs::protect::protect(global, table, spec, out, *audit),
        Verb::Editions { json } => verbs::editions::editions(global, *json),
        Verb::Verify { stage: None, .. } => verbs::verify::files(global),
        Verb::Verify { edition, stage: Some(args::VerifiedStage::Link) } => {
            verbs::verify::link(global, edition.as_deref())
        }
        Verb::Trace(trace) => verbs::trace::trace(global, trace),
        Verb::Report { edition, area, all, format: args::PageFormat::Html, out } => {
            verbs::report::report(global, edition, area.as_deref(), *all, out)
        }
    }
}
