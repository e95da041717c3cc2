//! Signals as values on a channel.
//! Hang-up and termination end the program in order, SIGCONT redraws the screen.

use std::{io, mem, thread, time::Duration};

use crossbeam_channel::{Receiver, Sender};
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGWINCH},
    iterator::Signals,
};

use crate::services::Wait;

/// Meaning of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The terminal is gone: a training continues.
    Hangup,
    /// The program was asked to end: a training ends after its current step.
    Terminate,
    /// The size may have changed.
    Resize,
    /// The process continues after a stop.
    Continue,
}

/// Starts the thread that waits for signals. It ends with the process.
pub(super) fn start(sender: Sender<Signal>) -> io::Result<()> {
    let signals = Signals::new([SIGHUP, SIGTERM, SIGINT, SIGWINCH, SIGCONT])?;
    thread::Builder::new().name("signals".into()).spawn(move || forward(signals, &sender)).map(|_| ())
}

/// Sends signals on until nobody receives them.
fn forward(mut signals: Signals, sender: &Sender<Signal>) {
    let mut asked = false;
    for signal in signals.forever() {
        let signal = match signal {
            SIGWINCH => Signal::Resize,
            SIGCONT => Signal::Continue,
            SIGHUP => Signal::Hangup,
            _ => Signal::Terminate,
        };
        // The loop may wait for a terminal that takes no output: then the second request ends the process.
        if signal == Signal::Terminate && mem::replace(&mut asked, true) && !sender.is_empty() {
            let _ = signal_hook::low_level::emulate_default_handler(SIGTERM);
        }
        if sender.send(signal).is_err() {
            return;
        }
    }
}

/// Requests to end the program while it ends.
/// While it waits for a training, the second one ends the process.
pub(super) struct Interrupts {
    signals: Receiver<Signal>,
    /// Whether the first request has arrived.
    asked: bool,
}

impl Interrupts {
    /// `asked`: whether a request has arrived before.
    pub(super) fn new(signals: Receiver<Signal>, asked: bool) -> Self {
        Self { signals, asked }
    }

    /// Waits for a signal for at most this long; whether it asks the program to end.
    pub(super) fn wait(&mut self, wait: Wait, limit: Duration) -> bool {
        let terminate = self.signals.recv_timeout(limit) == Ok(Signal::Terminate);
        // The key that leaves an unanswering disk is offered to the user: it is not the first of two.
        if terminate && wait == Wait::Training && mem::replace(&mut self.asked, true) {
            let _ = signal_hook::low_level::emulate_default_handler(SIGTERM);
        }
        terminate
    }
}

/// Stops the process as the terminal's own `ctrl-z` would.
/// Returns when it continues.
pub(super) fn stop_process() -> io::Result<()> {
    signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)
}
