//! Keys from the terminal, on a thread of their own that ends when its handle is dropped.
//!
//! crossterm 0.29 reads for ever from a terminal that has hung up (its issue 793), so the terminal is asked with
//! `poll(2)` before each read, and a hang-up ends the thread with an event.

use std::{os::fd::OwnedFd, thread, time::Duration};

use crossbeam_channel::Sender;
use crossterm::event::{Event as Raw, read};
use rustix::event::{PollFd, PollFlags, poll};

use super::keys;
use crate::app::{key::Key, pointer::Gesture};

/// A read that would block ends after this: crossterm reports nothing at a time-out of zero.
const AT_HAND: Duration = Duration::from_millis(1);

/// What the terminal says.
pub(super) enum Input {
    /// A key.
    Key(Key),
    /// The mouse, at a cell.
    Mouse {
        /// What it does.
        gesture: Gesture,
        /// Counted from the left, from 0.
        column: u16,
        /// Counted from the top, from 0.
        row: u16,
    },
    /// Pasted text.
    Paste(String),
    /// The size has changed.
    Resize(u16, u16),
    /// The terminal is gone.
    Gone,
}

/// Keeps the thread reading; dropping it ends the thread before its next read.
pub(super) struct InputThread {
    /// The thread waits for the terminal and for the end of this pipe.
    _open: OwnedFd,
}

/// Starts the thread.
pub(super) fn start(sender: Sender<Input>) -> std::io::Result<InputThread> {
    let (closed, open) = rustix::pipe::pipe()?;
    thread::Builder::new().name("input".into()).spawn(move || run(&sender, &closed))?;
    Ok(InputThread { _open: open })
}

/// What ends a wait.
enum Woken {
    /// There is something to read.
    Readable,
    /// The terminal is gone.
    Gone,
    /// Nobody wants keys any more.
    Closed,
}

fn run(sender: &Sender<Input>, closed: &OwnedFd) {
    loop {
        match wait(closed) {
            Woken::Readable => {}
            Woken::Closed => return,
            Woken::Gone => break,
        }
        // More than one event may stand in crossterm's own buffer, where `poll(2)` does not see it.
        while crossterm::event::poll(AT_HAND).unwrap_or(false) {
            let Ok(raw) = read() else {
                let _ = sender.send(Input::Gone);
                return;
            };
            let input = match raw {
                Raw::Key(key) => keys::key(&key).map(Input::Key),
                Raw::Mouse(mouse) => {
                    let (column, row) = (mouse.column, mouse.row);
                    keys::gesture(mouse.kind).map(|gesture| Input::Mouse { gesture, column, row })
                }
                Raw::Paste(text) => Some(Input::Paste(text)),
                Raw::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
                _ => None,
            };
            if input.is_some_and(|input| sender.send(input).is_err()) {
                return;
            }
        }
    }
    let _ = sender.send(Input::Gone);
}

/// Waits until there is something to read, the terminal is gone, or nobody wants keys any more.
fn wait(closed: &OwnedFd) -> Woken {
    let stdin = std::io::stdin();
    // No time-out: a new size comes as a signal (`signals`), so nothing wakes an idle program.
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(closed, PollFlags::IN)];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(_) if !fds[1].revents().is_empty() => return Woken::Closed,
            Ok(_) if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => {
                return Woken::Gone;
            }
            Ok(_) => return Woken::Readable,
            Err(_) => return Woken::Gone,
        }
    }
}
