//! Faults on demand, so that tests can see what a failure at any place leads to.
//!
//! A place in the code is a named point. A test, or the variable `LIIM_INJECT=point:occurrence:kind` (kinds `panic`, `error`
//! and `short`), asks for a fault the n-th time that a point is passed. Points exist where debug assertions are compiled in;
//! in a release build they are nothing.

use std::fmt;

/// A fault that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Injected(
    /// The point.
    pub &'static str,
);

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a fault was injected at {}", self.0)
    }
}

impl std::error::Error for Injected {}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The thread panics.
    Panic,
    /// The point returns an error.
    Error,
    /// A read ends before its end.
    Short,
}

/// Passes a point where work can fail.
///
/// # Errors
/// [`Injected`] where an error was asked for.
///
/// # Panics
/// Where a panic was asked for.
#[inline]
pub fn point(name: &'static str) -> Result<(), Injected> {
    match armed::due(name, &[Kind::Panic, Kind::Error]) {
        None => Ok(()),
        #[allow(clippy::panic, reason = "the panic is what was asked for")]
        Some(Kind::Panic) => panic!("injected"),
        Some(_) => Err(Injected(name)),
    }
}

/// Whether a read is to end early at a point, as if its file had been cut or its device had given less.
#[inline]
pub fn ends_early(name: &'static str) -> bool {
    armed::due(name, &[Kind::Short]).is_some()
}

#[cfg(debug_assertions)]
pub use armed::{ask, clear, passed};

#[cfg(not(debug_assertions))]
mod armed {
    #[inline]
    pub(super) fn due(_: &'static str, _: &[super::Kind]) -> Option<super::Kind> {
        None
    }
}

#[cfg(debug_assertions)]
mod armed {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, MutexGuard, Once, PoisonError};

    use super::Kind;

    /// Whether anything is asked for or counted: all that an undisturbed run looks at.
    static ACTIVE: AtomicBool = AtomicBool::new(false);
    static STATE: Mutex<State> = Mutex::new(State { asked: None, passed: BTreeMap::new() });
    static ENVIRONMENT: Once = Once::new();

    struct State {
        asked: Option<(String, usize, Kind)>,
        passed: BTreeMap<&'static str, usize>,
    }

    fn state() -> MutexGuard<'static, State> {
        // The counters are whole after each statement, so a panic elsewhere leaves nothing half done.
        STATE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a fault at the n-th passage of a point, counted from 0, and begins to count passages anew.
    pub fn ask(point: &str, occurrence: usize, kind: Kind) {
        ENVIRONMENT.call_once(|| ());
        let mut state = state();
        state.asked = Some((point.to_string(), occurrence, kind));
        state.passed.clear();
        ACTIVE.store(true, Ordering::SeqCst);
    }

    /// Asks for no fault any more, and begins to count passages anew.
    pub fn clear() {
        ask("", 0, Kind::Error);
    }

    /// How often each point was passed since the last [`ask`] or [`clear`].
    pub fn passed() -> BTreeMap<&'static str, usize> {
        state().passed.clone()
    }

    pub(super) fn due(name: &'static str, kinds: &[Kind]) -> Option<Kind> {
        ENVIRONMENT.call_once(from_environment);
        if !ACTIVE.load(Ordering::Relaxed) {
            return None;
        }
        let mut state = state();
        let asked = state.asked.clone().filter(|(point, _, kind)| point == name && kinds.contains(kind));
        let passed = state.passed.entry(name).or_insert(0);
        let occurrence = *passed;
        *passed += 1;
        asked.filter(|(_, wanted, _)| *wanted == occurrence).map(|(.., kind)| kind)
    }

    fn from_environment() {
        let Ok(text) = std::env::var("LIIM_INJECT") else { return };
        let mut parts = text.split(':');
        let (point, occurrence, kind) = (parts.next(), parts.next(), parts.next());
        let kind = match kind {
            Some("panic") => Some(Kind::Panic),
            Some("error") => Some(Kind::Error),
            Some("short") => Some(Kind::Short),
            _ => None,
        };
        if let (Some(point), Some(Ok(occurrence)), Some(kind)) = (point, occurrence.map(str::parse), kind) {
            let mut state = state();
            state.asked = Some((point.to_string(), occurrence, kind));
            ACTIVE.store(true, Ordering::SeqCst);
        }
    }
}
