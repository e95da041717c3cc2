//! Keys from the terminal, on a thread of their own that nobody joins.
//!
//! crossterm 0.29 reads for ever from a terminal that has hung up (its issue 793), so the terminal is asked with
//! `poll(2)` before each read, and a hang-up ends the thread with an event.

use std::{io::IsTerminal, thread};

use crossbeam_channel::Sender;
use crossterm::event::{Event as Raw, read};
use rustix::event::{PollFd, PollFlags, poll};

use super::keys;
use crate::app::key::Key;

/// What the terminal says.
pub(super) enum Input {
    /// A key.
    Key(Key),
    /// Pasted text.
    Paste(String),
    /// The size has changed.
    Resize(u16, u16),
    /// The terminal is gone.
    Gone,
}

/// Starts the thread.
pub(super) fn start(sender: Sender<Input>) -> std::io::Result<()> {
    thread::Builder::new().name("input".into()).spawn(move || run(&sender)).map(|_| ())
}

fn run(sender: &Sender<Input>) {
    while wait() {
        // More than one event may stand in crossterm's own buffer, where `poll(2)` does not see it.
        loop {
            let Ok(raw) = read() else {
                let _ = sender.send(Input::Gone);
                return;
            };
            let input = match raw {
                Raw::Key(key) => keys::key(&key).map(Input::Key),
                Raw::Paste(text) => Some(Input::Paste(text)),
                Raw::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
                _ => None,
            };
            if input.is_some_and(|input| sender.send(input).is_err()) {
                return;
            }
            if !crossterm::event::poll(std::time::Duration::ZERO).unwrap_or(false) {
                break;
            }
        }
    }
    let _ = sender.send(Input::Gone);
}

/// Waits until there is something to read, or the size may have changed; false when the terminal is gone.
fn wait() -> bool {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        // Keys come from /dev/tty then, which crossterm opens itself; only it can wait for them.
        return true;
    }
    // No time-out: a new size comes as a signal (`signals`), so nothing wakes an idle program.
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return !fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL),
            Err(_) => return false,
        }
    }
}
