//! Independent tasks side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::failure::Failure;

/// Does tasks on some threads, in their order, and gives what each came to.
pub fn side_by_side<T: Sync, R: Send>(
    threads: usize,
    tasks: &[T],
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
) -> Vec<Result<R, Failure>> {
    let done: Vec<Mutex<Option<Result<R, Failure>>>> = tasks.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, tasks.len().max(1)) {
            scope.spawn(|| {
                while let Some((place, task)) = done.iter().zip(tasks).nth(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = work(task);
                    if let Ok(mut place) = place.lock() {
                        *place = Some(outcome);
                    }
                }
            });
        }
    });
    let stopped = || Err(Failure::Broken("a thread stopped before its work was done".into()));
    done.into_iter().map(|place| place.into_inner().ok().flatten().unwrap_or_else(stopped)).collect()
}
