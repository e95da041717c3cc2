//! Input from the terminal, read on a thread that ends when its handle is dropped.
//!
//! crossterm 0.29 reads forever from a terminal that has hung up (its issue 793). So `poll(2)` comes before each read,
//! and a hang-up ends the thread with an event.

use std::{os::fd::OwnedFd, thread, time::Duration};

use crossbeam_channel::Sender;
use crossterm::event::{Event as Raw, read};
use rustix::event::{PollFd, PollFlags, poll};

use super::keys;
use crate::app::{key::Key, pointer::Gesture};

/// Time-out of a read of events that crossterm has buffered.
/// With zero, crossterm reports none.
const BUFFERED: Duration = Duration::from_millis(1);

/// Input from the terminal.
pub(super) enum Input {
    /// A key.
    Key(Key),
    /// A gesture of the mouse at a cell.
    Mouse {
        /// Gesture.
        gesture: Gesture,
        /// Column from the left, from 0.
        column: u16,
        /// Row from the top, from 0.
        row: u16,
    },
    /// Pasted text.
    Paste(String),
    /// The terminal has another size.
    Resize,
    /// The terminal is gone.
    Gone,
}

/// Handle of the thread. Dropping it ends the thread before its next read.
pub(super) struct InputThread {
    /// Write end of a pipe.
    /// The thread waits for the terminal and for the end of this pipe.
    _open: OwnedFd,
}

/// Starts the thread that reads the terminal.
pub(super) fn start(sender: Sender<Input>) -> std::io::Result<InputThread> {
    let (closed, open) = rustix::pipe::pipe()?;
    thread::Builder::new().name("input".into()).spawn(move || run(&sender, &closed))?;
    Ok(InputThread { _open: open })
}

/// Reason for the end of a wait.
enum Woken {
    /// There is input.
    Readable,
    /// The terminal is gone.
    Gone,
    /// The handle was dropped.
    Closed,
}

fn run(sender: &Sender<Input>, closed: &OwnedFd) {
    loop {
        match wait(closed) {
            Woken::Readable => {}
            Woken::Closed => return,
            Woken::Gone => break,
        }
        // crossterm may have buffered several events, which `poll(2)` does not see.
        while crossterm::event::poll(BUFFERED).unwrap_or(false) {
            let Ok(raw) = read() else {
                let _ = sender.send(Input::Gone);
                return;
            };
            if input(raw).is_some_and(|input| sender.send(input).is_err()) {
                return;
            }
        }
    }
    let _ = sender.send(Input::Gone);
}

/// Converts an event of crossterm; `None` for events that the program does not use.
fn input(raw: Raw) -> Option<Input> {
    match raw {
        Raw::Key(key) => keys::key(&key).map(Input::Key),
        Raw::Mouse(mouse) => {
            keys::gesture(mouse.kind).map(|gesture| Input::Mouse { gesture, column: mouse.column, row: mouse.row })
        }
        Raw::Paste(text) => Some(Input::Paste(text)),
        Raw::Resize(..) => Some(Input::Resize),
        _ => None,
    }
}

/// Waits until there is input, the terminal is gone, or the handle is dropped.
fn wait(closed: &OwnedFd) -> Woken {
    let stdin = std::io::stdin();
    // No time-out: a new size comes as a signal (see `signals`), so nothing wakes an idle program.
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
