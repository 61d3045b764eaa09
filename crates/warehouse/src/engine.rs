//! The engine's errors in words that hold no value of a row.
//!
//! While a query is planned the engine speaks of the query's own text, of columns and of types. While it runs it may quote
//! what it read ("Cannot cast string '...'"), so then only the kind of the error is kept, and what concerns memory and files.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use crate::WarehouseError;

/// An error of planning a query: its first line.
pub(crate) fn of_planning(error: DataFusionError) -> WarehouseError {
    let words = error.strip_backtrace();
    WarehouseError::Engine(words.lines().next().map(str::to_string).unwrap_or_else(|| "the query".to_string()))
}

/// An error of running a query: its kind.
pub(crate) fn of_running(error: &DataFusionError) -> String {
    match error {
        DataFusionError::ArrowError(error, _) => of_arrow(error),
        DataFusionError::ParquetError(error) => of_file(&error.to_string()),
        DataFusionError::ObjectStore(error) => of_file(&error.to_string()),
        DataFusionError::IoError(error) => error.to_string(),
        // It names operators and sizes.
        DataFusionError::ResourcesExhausted(text) => {
            format!("{}; see --memory-limit", text.lines().next().unwrap_or("memory or disk is exhausted"))
        }
        DataFusionError::External(cause) => match cause.downcast_ref::<DataFusionError>() {
            Some(error) => of_running(error),
            None => "a function failed".to_string(),
        },
        DataFusionError::Context(_, error) | DataFusionError::Diagnostic(_, error) => of_running(error),
        DataFusionError::Shared(error) => of_running(error),
        DataFusionError::Collection(errors) => {
            errors.first().map_or_else(|| "several parts failed".to_string(), of_running)
        }
        DataFusionError::ExecutionJoin(_) => "a worker of the engine stopped".to_string(),
        DataFusionError::Execution(_) => "a row could not be evaluated".to_string(),
        _ => "the query could not be run as it was planned".to_string(),
    }
}

fn of_arrow(error: &ArrowError) -> String {
    match error {
        ArrowError::CastError(_) | ArrowError::ParseError(_) => {
            "a value could not be turned into the type that the query asks for".to_string()
        }
        ArrowError::DivideByZero => "a division by zero".to_string(),
        ArrowError::ArithmeticOverflow(_) => "a result too great for its type".to_string(),
        ArrowError::IoError(_, error) => error.to_string(),
        ArrowError::ParquetError(text) => of_file(text),
        ArrowError::MemoryError(_) => "memory is exhausted".to_string(),
        ArrowError::ExternalError(cause) => match cause.downcast_ref::<DataFusionError>() {
            Some(error) => of_running(error),
            None => "a function failed".to_string(),
        },
        _ => "a computation failed on a row".to_string(),
    }
}

/// What a library says of a file that it cannot read: the system's error, where there is one.
fn of_file(text: &str) -> String {
    match os_error(text) {
        Some(error) => format!("a stored table cannot be read: {error}"),
        None => "a stored table cannot be read as Parquet".to_string(),
    }
}

/// The system's error that a text ends with, as `(os error 5)`.
pub(crate) fn os_error(text: &str) -> Option<std::io::Error> {
    let code = text.split("(os error ").nth(1)?.split(')').next()?.parse().ok()?;
    Some(std::io::Error::from_raw_os_error(code))
}
