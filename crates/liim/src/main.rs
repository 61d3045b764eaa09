//! `liim`: the command of the monitor. Words, exit codes, logs and progress live here; everything else in the crates.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod clock;
mod companions;
mod deliveries;
mod failure;
mod key;
mod landing;
mod link_quality;
mod linking;
mod pages;
mod parallel;
mod rederive;
mod stages;
mod terminal;
mod verbs;

use args::{Command, Verb};

// The engine makes and drops many small arrays; with the system's allocator counting takes half as long again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = Command::parse();
    terminal::start(&command.global);
    terminal::keep_panics_private();
    let global = &command.global;
    let outcome = match &command.verb {
        Verb::Init { dir } => verbs::init::init(dir),
        Verb::Synth { scale, seed, faults, calibrate, out } => {
            verbs::synth::synth(global, *scale, *seed, calibrate.clone(), *faults, out.as_deref())
        }
        Verb::Receive { extract, files, period, delivered_on, report, extracted_on } => {
            let days = (*delivered_on, *extracted_on);
            verbs::receive::receive(global, extract, files, *period, days, report.as_deref())
        }
        Verb::Check => verbs::check::check(global),
        Verb::Plan { edition, json } => verbs::plan::plan(global, edition.as_deref(), *json),
        Verb::Run { edition, all } => verbs::run::run(global, edition, *all),
        Verb::Protect { table, spec, out, audit } => verbs::protect::protect(global, table, spec, out, *audit),
        Verb::Editions { json } => verbs::editions::editions(global, *json),
        Verb::Verify { edition, stage: args::VerifiedStage::Link } => verbs::verify::link(global, edition.as_deref()),
        Verb::Trace(trace) => verbs::trace::trace(global, trace),
        Verb::Report { edition, area, all, format: args::PageFormat::Html, out } => {
            verbs::report::report(global, edition, area.as_deref(), *all, out)
        }
    };
    terminal::stop();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let words = failure.words();
            if !words.is_empty() {
                terminal::talk(&words);
            }
            failure.into()
        }
    }
}
