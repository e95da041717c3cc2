//! Signals as values on a channel: hang-up and termination end the program in order, SIGCONT redraws.

use std::{io, thread};

use crossbeam_channel::Sender;
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGWINCH},
    iterator::Signals,
};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The line is gone: a training goes on.
    Hangup,
    /// Somebody asked the program to end: a training ends after its step.
    Terminate,
    /// The size may have changed.
    Resize,
    /// The process goes on after a stop.
    Continue,
}

/// Starts the thread that waits for signals. It ends with the process.
pub(super) fn start(sender: Sender<Signal>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT, SIGWINCH, SIGCONT])?;
    let forward = move || {
        for signal in signals.forever() {
            let signal = match signal {
                SIGWINCH => Signal::Resize,
                SIGCONT => Signal::Continue,
                SIGHUP => Signal::Hangup,
                _ => Signal::Terminate,
            };
            if sender.send(signal).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("signals".into()).spawn(forward).map(|_| ())
}

/// Ends the process at once, as a second interrupt asks for.
pub(super) fn end_process() {
    let _ = signal_hook::low_level::emulate_default_handler(SIGTERM);
}

/// Stops the process as the terminal's own `ctrl-z` would; returns when it goes on.
pub(super) fn stop_process() -> io::Result<()> {
    signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)
}
