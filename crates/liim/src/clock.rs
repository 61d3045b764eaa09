//! How long a stage took and how much memory it needed at most, told when it ends.

use std::fs;
use std::time::Instant;

use crate::progress;

/// A stage at work.
pub struct Stage {
    name: &'static str,
    what: String,
    begun: Instant,
}

impl Stage {
    /// Begins a stage.
    pub fn begin(name: &'static str, what: impl Into<String>) -> Stage {
        // Lets the system's high-water mark of memory begin anew; where it cannot, the mark is of the whole run.
        let _ = fs::write("/proc/self/clear_refs", "5");
        let what = what.into();
        progress::doing(&what);
        tracing::debug!(stage = name, "{what}");
        Stage { name, what, begun: Instant::now() }
    }

    /// Ends it with a result in words.
    pub fn end(self, result: impl std::fmt::Display) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let peak = peak_mib();
        tracing::info!(
            stage = self.name,
            seconds = (seconds * 100.0).round() / 100.0,
            peak_mib = peak,
            "{}: {result}",
            self.what
        );
    }
}

/// Highest resident memory since the last reset, in MiB.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) / 1024
}
