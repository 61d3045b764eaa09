//! The progress line on a terminal: which edition, which stage, how much of it is done, and for how long.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

/// How often the line is drawn again while nothing is done.
const TICK: Duration = Duration::from_millis(200);
const SPINNER: &str = "{spinner} {prefix}{wide_msg} {elapsed} of {run}";
const COUNTED: &str = "{spinner} {prefix}{bar:20} {pos}/{len} {wide_msg} {elapsed} of {run}";

static LINE: OnceLock<ProgressBar> = OnceLock::new();

/// Shows a progress line from now on.
pub fn start() {
    let line = ProgressBar::new_spinner();
    set_style(&line, SPINNER);
    line.enable_steady_tick(TICK);
    let _ = LINE.set(line);
}

/// Takes the line away, for good.
pub fn stop() {
    if let Some(line) = LINE.get() {
        line.finish_and_clear();
    }
}

/// Writes something else than the line without the two running into each other.
pub fn suspend(write: impl FnOnce()) {
    match LINE.get() {
        Some(line) => line.suspend(write),
        None => write(),
    }
}

/// Says which edition is being made, the how manieth of how many.
pub fn edition(id: &str, number: usize, all: usize) {
    if let Some(line) = LINE.get() {
        line.set_prefix(if all > 1 { format!("{id} ({number}/{all}) ") } else { format!("{id} ") });
    }
}

/// Says what is being done. The time is that of the stage, unless it is a step of a counted one.
pub fn doing(what: &str) {
    if let Some(line) = LINE.get() {
        if line.length().is_none() {
            line.reset_elapsed();
        }
        line.set_message(what.to_string());
    }
}

/// A stage of a known number of steps; the line shows how many are done until it is dropped.
pub struct Counted(());

impl Counted {
    /// Begins a stage of some steps.
    pub fn begin(what: &str, steps: usize) -> Counted {
        if let Some(line) = LINE.get() {
            line.set_length(steps as u64);
            line.set_position(0);
            line.reset_elapsed();
            line.set_message(what.to_string());
            set_style(line, COUNTED);
        }
        Counted(())
    }

    /// Says that one more step is done.
    pub fn step(&self) {
        if let Some(line) = LINE.get() {
            line.inc(1);
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(line) = LINE.get() {
            line.unset_length();
            set_style(line, SPINNER);
        }
    }
}

fn set_style(line: &ProgressBar, template: &str) {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let begun = *BEGUN.get_or_init(Instant::now);
    if let Ok(style) = ProgressStyle::with_template(template) {
        let run = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{}", HumanDuration(begun.elapsed()));
        };
        line.set_style(style.with_key("run", run));
    }
}
