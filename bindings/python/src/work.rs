//! Long work: without the interpreter's lock, in threads of its own, and ended by Ctrl-C.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

/// How often signals are looked at. Work that takes less is never delayed.
const PATIENCE: Duration = Duration::from_millis(50);

/// Whether work that goes on was given up. Asked wherever progress is told.
#[derive(Default)]
pub struct Given {
    up: AtomicBool,
}

/// What unwinds work that was given up. What it had begun to write is removed on the way.
struct GivenUp;

impl Given {
    /// Progress was made: a place to stop.
    pub fn progress(&self, _bytes: u64) {
        if self.up.load(Ordering::Relaxed) {
            // No message: nothing went wrong.
            resume_unwind(Box::new(GivenUp));
        }
    }
}

/// Does something long. Other threads of the interpreter go on meanwhile, and threads are those of
/// this call alone: none is left for a `fork` to break.
///
/// # Errors
/// `KeyboardInterrupt`, or whatever else a handler of signals raises; then the work was given up
/// where that was possible.
pub fn work<T: Send>(py: Python<'_>, task: impl FnOnce(&Given) -> T + Send) -> PyResult<T> {
    let given = Given::default();
    let ended = py.detach(|| {
        let pool = rayon::ThreadPoolBuilder::new().build().map_err(|error| PyOSError::new_err(error.to_string()))?;
        std::thread::scope(|scope| {
            let (done, is_done) = channel::<()>();
            let given = &given;
            let worker = scope.spawn(move || {
                let result = pool.install(|| task(given));
                drop(done);
                result
            });
            let mut raised = None;
            while is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                if raised.is_none()
                    && let Some(error) = Python::attach(|py| py.check_signals().err())
                {
                    given.up.store(true, Ordering::Relaxed);
                    raised = Some(error);
                }
            }
            Ok::<_, PyErr>((worker.join(), raised))
        })
    });
    match ended? {
        (_, Some(raised)) => Err(raised),
        (Ok(result), None) => Ok(result),
        (Err(panic), None) => resume_unwind(panic as Box<dyn Any + Send>),
    }
}
