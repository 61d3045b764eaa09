//! What the command says: data on standard output, words on standard error, a progress line on a terminal.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
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

/// The first error of writing to standard output.
static UNSAID: OnceLock<std::io::Error> = OnceLock::new();

/// Writes data to standard output. That it cannot be written is the command's failure, which [`all_said`] gives at the end:
/// what was begun is brought to an end first.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // Who closed it early did not want more.
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        // The first error is kept.
        let _ = UNSAID.set(error);
    }
}

/// Says why the arguments are not understood, in the form of log that they ask for, or gives the help that they ask for.
pub fn explain(error: &clap::Error) -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    let as_json = given.iter().any(|word| word == "--log-format=json")
        || given.windows(2).any(|pair| pair[0] == "--log-format" && pair[1] == "json");
    let told = |failure: Failure| {
        if as_json {
            log::write_failure(&failure)
        } else {
            line(&failure.words())
        }
        ExitCode::from(failure)
    };
    if as_json && error.use_stderr() {
        return told(Failure::Usage(error.render().to_string().trim_end().to_string()));
    }
    match error.print() {
        Err(unsaid) if !error.use_stderr() && unsaid.kind() != std::io::ErrorKind::BrokenPipe => {
            told(Failure::Broken(format!("standard output could not be written: {unsaid}")))
        }
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

/// What a verb came to, and whether what it said could be written.
///
/// # Errors
/// The verb's own failure, or standard output that could not be written.
pub fn all_said(outcome: Result<(), Failure>) -> Result<(), Failure> {
    match UNSAID.get() {
        Some(error) if outcome.is_ok() => {
            Err(Failure::Broken(format!("standard output could not be written: {error}")))
        }
        _ => outcome,
    }
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
        let text = format!("a fault of liim itself at {}; please report it", place.unwrap_or_default());
        match manner().format {
            LogFormat::Json => log::write("ERROR", &text, Map::new()),
            LogFormat::Text => line(&format!("error: {text}")),
        }
    }));
}
