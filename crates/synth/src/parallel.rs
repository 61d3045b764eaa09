//! Work done side by side, and its results taken in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Makes pieces 0 to `count` on `threads` threads and hands them to `take` in that order, on the calling thread.
///
/// # Errors
/// The first error of `take`; no further piece is begun after it.
pub(crate) fn in_order<T, E, M, F>(threads: usize, count: usize, make: M, mut take: F) -> Result<(), E>
where
    T: Send,
    M: Fn(usize) -> T + Sync,
    F: FnMut(T) -> Result<(), E>,
{
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<(usize, T)>(threads.max(1));
        for _ in 0..threads.max(1) {
            let (sender, next, make) = (sender.clone(), &next, &make);
            scope.spawn(move || {
                loop {
                    let piece = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody listens any more once `take` has failed.
                    if piece >= count || sender.send((piece, make(piece))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = 0;
        for (piece, made) in receiver {
            early.insert(piece, made);
            while let Some(made) = early.remove(&due) {
                take(made)?;
                due += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_in_order() {
        for threads in [1, 2, 5] {
            let mut seen = Vec::new();
            let done: Result<(), ()> = in_order(
                threads,
                100,
                |piece| piece * piece,
                |made| {
                    seen.push(made);
                    Ok(())
                },
            );
            assert!(done.is_ok());
            assert_eq!(seen, (0..100).map(|piece| piece * piece).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_failure_stops_the_work() {
        let done = in_order(3, 1_000, |piece| piece, |made| if made == 5 { Err(made) } else { Ok(()) });
        assert_eq!(done, Err(5));
    }
}
