//! A thread whose panic is reported, and for whose end others wait with a limit.

use std::{convert::Infallible, io, thread, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use crate::guard::{self, Panicked};

/// A thread. Dropping the handle leaves the thread running.
#[derive(Clone, Debug)]
pub(super) struct Thread {
    /// Disconnected when the thread has ended and freed everything that it owned.
    ended: Receiver<Infallible>,
}

impl Thread {
    /// Starts a thread. `failed` reports a panic of `work`.
    ///
    /// # Errors
    /// The operating system cannot start a thread.
    pub(super) fn start(
        name: &str,
        work: impl FnOnce() + Send + 'static,
        failed: impl FnOnce(Panicked) + Send + 'static,
    ) -> io::Result<Self> {
        let (alive, ended) = bounded(0);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(panicked) = guard::catch(work) {
                failed(panicked);
            }
            drop(alive);
        })?;
        Ok(Self { ended })
    }

    /// Waits for the end of the thread for at most this long; whether it has ended.
    pub(super) fn ends_within(&self, limit: Duration) -> bool {
        self.ended.recv_timeout(limit) == Err(RecvTimeoutError::Disconnected)
    }

    /// Whether the thread has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ends_within(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;

    #[test]
    fn the_end_is_waited_for_with_a_limit_and_a_panic_is_reported() {
        let (go, wait) = bounded::<()>(1);
        let (report, reports) = unbounded();
        let work = move || {
            let _ = wait.recv();
            panic!("a fault");
        };
        let thread = Thread::start("test", work, move |panicked| report.send(panicked.to_string()).unwrap()).unwrap();
        assert!(!thread.ends_within(Duration::ZERO));
        go.send(()).unwrap();
        assert!(thread.ends_within(Duration::from_secs(20)) && thread.ends_within(Duration::ZERO));
        assert_eq!(reports.try_recv().unwrap(), "a defect of this program: a fault; please report it");
    }
}
