//! Work done by several threads at once. A worker that panics is an error: no result is ever left out or replaced.
//!
//! Every thread that is waited for is waited for here (a law of the tree), so that whoever adds a worker gets its failure as a
//! value that must be handled.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};

/// A worker panicked before its work was done. It carries no message: a panic's message can hold a value of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerPanicked;

impl fmt::Display for WorkerPanicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a worker panicked before its work was done")
    }
}

impl std::error::Error for WorkerPanicked {}

/// Does tasks on at most so many threads and returns the results in the order of the tasks.
///
/// # Errors
/// [`WorkerPanicked`] where a worker panicked; then there are no results at all.
pub fn each<T: Sync, R: Send>(
    threads: usize,
    tasks: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Result<Vec<R>, WorkerPanicked> {
    let mut workspaces = vec![(); threads.clamp(1, tasks.len().max(1))];
    each_with(&mut workspaces, tasks, |(), task| work(task))
}

/// Does tasks with one thread for each workspace and returns the results in the order of the tasks.
///
/// # Errors
/// [`WorkerPanicked`] where a worker panicked, or where there is no workspace and a task; then there are no results at all.
pub fn each_with<W: Send, T: Sync, R: Send>(
    workspaces: &mut [W],
    tasks: &[T],
    work: impl Fn(&mut W, &T) -> R + Sync,
) -> Result<Vec<R>, WorkerPanicked> {
    let next = AtomicUsize::new(0);
    let worker = |workspace: &mut W| {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(place) else { return done };
            done.push((place, work(workspace, task)));
        }
    };
    let mut done: Vec<(usize, R)> = match workspaces {
        [] => Vec::new(),
        // A thread of its own would cost more than a short task.
        [first, others @ ..] if others.is_empty() || tasks.len() == 1 => caught(|| worker(first))?,
        all => {
            let worker = &worker;
            std::thread::scope(|scope| {
                let running: Vec<_> = all.iter_mut().map(|own| scope.spawn(move || worker(own))).collect();
                // All are waited for before the first failure is returned: a scope panics for a thread nobody waited for.
                let ended: Vec<_> = running.into_iter().map(joined).collect();
                ended.into_iter().collect::<Result<Vec<_>, _>>()
            })?
            .into_iter()
            .flatten()
            .collect()
        }
    };
    if done.len() != tasks.len() {
        return Err(WorkerPanicked);
    }
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Runs work that starts threads of a scope, waits for all of them, and returns what the work came to.
///
/// # Errors
/// [`WorkerPanicked`] where the work panicked or a thread that it did not wait for itself did.
pub fn scoped<'env, R>(work: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R) -> Result<R, WorkerPanicked> {
    caught(|| std::thread::scope(work))
}

/// Waits for a thread of a scope and returns its result.
///
/// # Errors
/// [`WorkerPanicked`] where it panicked.
pub fn joined<R>(thread: ScopedJoinHandle<'_, R>) -> Result<R, WorkerPanicked> {
    thread.join().map_err(|_| WorkerPanicked)
}

/// Does work on the calling thread and returns its result.
///
/// # Errors
/// [`WorkerPanicked`] where it panicked. What the work had borrowed to change is then to be used no more.
pub fn caught<R>(work: impl FnOnce() -> R) -> Result<R, WorkerPanicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| WorkerPanicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_tasks() {
        let tasks: Vec<u64> = (0..100).collect();
        for threads in [0, 1, 3, 200] {
            let expected: Vec<u64> = tasks.iter().map(|task| task * task).collect();
            assert_eq!(each(threads, &tasks, |task| task * task), Ok(expected), "{threads} threads");
        }
        assert_eq!(each::<u64, u64>(2, &[], |task| *task), Ok(Vec::new()));
    }

    #[test]
    fn a_panic_of_any_task_on_any_number_of_threads_is_an_error() {
        for threads in [1, 2, 4] {
            for panics in 0..5 {
                let found = each(threads, &[0, 1, 2, 3, 4], |task| {
                    assert!(*task != panics, "injected");
                    *task
                });
                assert_eq!(found, Err(WorkerPanicked), "task {panics}, {threads} threads");
            }
        }
        assert_eq!(each(2, &[0], |_| panic!("injected")), Err::<Vec<()>, _>(WorkerPanicked));
    }

    #[test]
    fn a_thread_that_panics_in_a_scope_takes_the_result_of_the_scope_with_it() {
        let found = scoped(|scope| {
            let (give, take) = std::sync::mpsc::channel();
            scope.spawn(move || {
                give.send(1).unwrap();
                panic!("injected");
            });
            take.iter().sum::<u32>()
        });
        assert_eq!(found, Err(WorkerPanicked), "the sum is of what came before the panic");
        assert_eq!(scoped(|scope| scope.spawn(|| 1).join().unwrap()), Ok(1));
    }

    #[test]
    fn tasks_without_a_workspace_are_not_done_silently() {
        let mut none: [(); 0] = [];
        assert_eq!(each_with(&mut none, &[1], |(), task| *task), Err(WorkerPanicked));
        assert_eq!(each_with(&mut none, &[], |(), task: &u32| *task), Ok(Vec::new()));
    }
}
