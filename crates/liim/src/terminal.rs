//! What the command says: data on standard output, words on standard error, a progress line on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use serde_json::Map;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::LevelFilter};

use crate::args::{Global, LogFormat};
use crate::failure::Failure;
use crate::{log, progress};

/// How standard error is written.
#[derive(Clone, Copy)]
struct Manner {
    format: LogFormat,
    quiet: bool,
}

static MANNER: OnceLock<Manner> = OnceLock::new();

fn manner() -> Manner {
    MANNER.get().copied().unwrap_or(Manner { format: LogFormat::Text, quiet: false })
}

/// Sets up the log and the progress line.
pub fn start(global: &Global) {
    let _ = MANNER.set(Manner { format: global.log_format, quiet: global.quiet });
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::WARN,
        (false, true) => LevelFilter::DEBUG,
        (false, false) => LevelFilter::INFO,
    };
    // Only our own words: a library's log might name what it read.
    let own = tracing_subscriber::filter::filter_fn(|data| data.target().starts_with("liim"));
    match global.log_format {
        LogFormat::Json => {
            let _ = tracing_subscriber::registry().with(log::JsonLines.with_filter(own).with_filter(level)).try_init();
        }
        LogFormat::Text => {
            let _ = tracing_subscriber::registry().with(Plain.with_filter(own).with_filter(level)).try_init();
            if std::io::stderr().is_terminal() && !global.no_progress && !global.quiet {
                progress::start();
            }
        }
    }
}

/// Names the edition that is made from now on, the how manieth of how many; none after the last.
pub fn edition(id: Option<&str>, number: usize, all: usize) {
    log::set_edition(id);
    if let Some(id) = id {
        progress::edition(id, number, all);
    }
}

/// Writes what is good to know to standard error, unless only warnings and errors are wanted.
pub fn talk(text: &str) {
    if !manner().quiet {
        inform(text);
    }
}

/// Writes to standard error, whatever is wanted.
fn inform(text: &str) {
    match manner().format {
        LogFormat::Json => log::write("INFO", text, Map::new()),
        LogFormat::Text => line(text),
    }
}

fn line(text: &str) {
    progress::suspend(|| {
        // Standard error that cannot be written has nowhere else to say so.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    });
}

/// Writes a failure to standard error: of an edition, or of the whole command.
pub fn fail(failure: &Failure, edition: Option<&str>) {
    let words = failure.words();
    match (manner().format, edition) {
        (LogFormat::Json, _) => log::write_failure(failure),
        (LogFormat::Text, _) if words.is_empty() => {}
        (LogFormat::Text, Some(edition)) => line(&format!("edition {edition}: failed\n{words}")),
        (LogFormat::Text, None) => line(&words),
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

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), format!("{value:.2}"));
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
        let mut line = if level == Level::WARN { format!("warning: {}", said.message) } else { said.message };
        if !said.rest.is_empty() {
            line.push_str(&format!(" ({})", said.rest.join(", ")));
        }
        if !said.seconds.is_empty() {
            line.push_str(&format!("  [{} s, {} MiB]", said.seconds, said.peak_mib));
        }
        self::line(&line);
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
        let text = format!("a fault of liim itself at {}; please report it", place.unwrap_or_default());
        match manner().format {
            LogFormat::Json => log::write("ERROR", &text, Map::new()),
            LogFormat::Text => line(&format!("error: {text}")),
        }
    }));
}
