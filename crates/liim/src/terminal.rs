//! What the command says: data on standard output, talk on standard error, a progress line on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::LevelFilter};

use crate::args::{Global, LogFormat};

static PROGRESS: OnceLock<ProgressBar> = OnceLock::new();

/// Sets up the log and the progress line.
pub fn start(global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::WARN,
        (false, true) => LevelFilter::DEBUG,
        (false, false) => LevelFilter::INFO,
    };
    // Only our own words: a library's log might name what it read.
    let own = tracing_subscriber::filter::filter_fn(|data| data.target().starts_with("liim"));
    match global.log_format {
        LogFormat::Json => {
            let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
            let _ = tracing_subscriber::registry().with(lines.with_filter(own).with_filter(level)).try_init();
        }
        LogFormat::Text => {
            let _ = tracing_subscriber::registry().with(Plain.with_filter(own).with_filter(level)).try_init();
            if std::io::stderr().is_terminal() && !global.no_progress && !global.quiet {
                let bar = ProgressBar::new_spinner();
                if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                    bar.set_style(style);
                }
                bar.enable_steady_tick(Duration::from_millis(200));
                let _ = PROGRESS.set(bar);
            }
        }
    }
}

/// Ends the progress line.
pub fn stop() {
    if let Some(bar) = PROGRESS.get() {
        bar.finish_and_clear();
    }
}

/// Says what is going on, on the progress line.
pub fn progress(text: &str) {
    if let Some(bar) = PROGRESS.get() {
        bar.reset_elapsed();
        bar.set_message(text.to_string());
    }
}

/// Writes talk to standard error.
pub fn talk(text: &str) {
    let write = || {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    };
    match PROGRESS.get() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Writes data to standard output; who closed it early did not want more.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Log lines for people: stage, words, time and memory.
struct Plain;

#[derive(Default)]
struct Said {
    message: String,
    stage: String,
    seconds: String,
    peak_mib: String,
    rest: Vec<String>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.set(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.to_string());
    }
}

impl Said {
    fn set(&mut self, name: &str, value: String) {
        match name {
            "message" => self.message = value,
            "stage" => self.stage = value,
            "seconds" => self.seconds = value,
            "peak_mib" => self.peak_mib = value,
            _ => self.rest.push(format!("{name} {value}")),
        }
    }
}

impl<S: Subscriber> Layer<S> for Plain {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let level = *event.metadata().level();
        if level == Level::DEBUG && !said.stage.is_empty() {
            progress(&said.message);
            return;
        }
        let mut line = if level == Level::WARN { format!("warning: {}", said.message) } else { said.message };
        if !said.rest.is_empty() {
            line.push_str(&format!(" ({})", said.rest.join(", ")));
        }
        if !said.seconds.is_empty() {
            line.push_str(&format!("  [{} s, {} MiB]", said.seconds, said.peak_mib));
        }
        talk(&line);
    }
}

/// Says of a panic only where it was: its message may hold a value of a person.
pub fn keep_panics_private() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|location| format!("{}:{}", location.file(), location.line()));
        // The library that reads workbooks gives up on some damaged files; ingest says so in its own words.
        if place.as_ref().is_some_and(|place| place.contains("/calamine-")) {
            return;
        }
        talk(&format!("error: a fault of liim itself at {}; please report it", place.unwrap_or_default()));
    }));
}
