//! The log as JSON: one object a line on standard error, of a run that succeeds and of one that fails.
//!
//! Every object has `timestamp`, `level`, `run_id`, `message`, and `edition` while an edition is made. Numbers are numbers.

use std::io::Write;
use std::sync::{Mutex, OnceLock};

use catalog::Fault;
use catalog::digest::sha256;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::failure::Failure;

static RUN: OnceLock<String> = OnceLock::new();
static EDITION: Mutex<Option<String>> = Mutex::new(None);

/// The id of this run, the same on each of its lines.
pub fn run_id() -> &'static str {
    RUN.get_or_init(|| {
        let now = jiff::Timestamp::now().as_nanosecond();
        sha256(format!("{now} {}", std::process::id()).as_bytes()).chars().take(16).collect()
    })
}

/// Names the edition that is being made from now on, or none.
pub fn set_edition(edition: Option<&str>) {
    *EDITION.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = edition.map(str::to_string);
}

/// Writes one object with a level, a message and other fields.
pub fn write(level: &str, message: &str, fields: Map<String, Value>) {
    let edition = EDITION.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    let mut line = Map::new();
    line.insert("timestamp".into(), json!(jiff::Timestamp::now().to_string()));
    line.insert("level".into(), json!(level));
    line.insert("run_id".into(), json!(run_id()));
    line.extend(edition.map(|edition| ("edition".to_string(), json!(edition))));
    line.insert("message".into(), json!(message));
    line.extend(fields);
    // Standard error that cannot be written has nowhere else to say so.
    let _ = writeln!(std::io::stderr().lock(), "{}", Value::Object(line));
}

/// Writes a failure: each diagnostic with its code, place and hint, and last what the command ends with.
pub fn write_failure(failure: &Failure) {
    let faults = failure.faults();
    for fault in faults {
        write("ERROR", &fault.message, diagnostic(fault, failure.code()));
    }
    let message = match (failure, faults.len()) {
        (Failure::Handled, _) => return,
        (Failure::Unsound(_) | Failure::Contract(_), 0) => "not everything could be done".to_string(),
        (_, 0) => failure.message(),
        (_, count) => format!("{count} faults"),
    };
    let level = if matches!(failure, Failure::Nothing(_)) { "INFO" } else { "ERROR" };
    let hints: Vec<&str> = failure.hint().into_iter().collect();
    let fields = json!({ "code": failure.name(), "exit_code": failure.code(), "hints": hints });
    write(level, &message, object(fields));
}

fn diagnostic(fault: &Fault, exit_code: u8) -> Map<String, Value> {
    let hints: Vec<&String> = fault.hint.iter().collect();
    let place = &fault.place;
    object(json!({
        "code": fault.code,
        "exit_code": exit_code,
        "file": place.file,
        "line": place.line,
        "position": place.position,
        "column": place.column,
        "hints": hints,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Log events as JSON.
pub struct JsonLines;

/// The fields of an event with their own types.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.others.insert(name.to_string(), value);
            }
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.set(field, json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, json!(value));
    }
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = match *event.metadata().level() {
            Level::ERROR => "ERROR",
            Level::WARN => "WARN",
            Level::INFO => "INFO",
            Level::DEBUG | Level::TRACE => "DEBUG",
        };
        write(level, &fields.message, fields.others);
    }
}
