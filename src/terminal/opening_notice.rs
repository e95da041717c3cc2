//! A line on standard error while a large project is opened, before the screen is taken over.

use std::{
    convert::Infallible,
    io::{IsTerminal, Write, stderr},
    path::Path,
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::text::width::clean;

/// Time after which the line appears, and between two changes of it.
const INTERVAL: Duration = Duration::from_millis(700);
/// Clears the line of the cursor.
const CLEAR: &str = "\r\x1b[K";

/// The line. It disappears when the value is dropped.
pub(super) struct OpeningNotice {
    /// Disconnected to end the thread.
    opened: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl OpeningNotice {
    /// Shows the line if the opening takes long.
    /// It does not change if `plain` is set, for screen readers.
    pub(super) fn start(dir: &Path, plain: bool) -> Self {
        let (sender, opened) = bounded(0);
        let name = clean(&dir.to_string_lossy()).into_owned();
        // Without a thread there is no line; the opening itself goes on.
        let thread = stderr().is_terminal().then(|| {
            Builder::new().name("opening".to_owned()).spawn(move || show(&name, &opened, plain, &mut stderr()))
        });
        Self { opened: Some(sender), thread: thread.and_then(Result::ok) }
    }
}

impl Drop for OpeningNotice {
    fn drop(&mut self) {
        self.opened = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes the line until `opened` is disconnected.
fn show(name: &str, opened: &Receiver<Infallible>, plain: bool, to: &mut impl Write) {
    let began = Instant::now();
    let mut is_shown = false;
    while opened.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        // A terminal that is gone needs no line.
        let _ = match plain {
            true if is_shown => Ok(()),
            true => writeln!(to, "Opening {name} (ctrl-c: leave)"),
            false => write!(to, "{CLEAR}Opening {name}: {} s (ctrl-c: leave)", began.elapsed().as_secs()),
        };
        let _ = to.flush();
        is_shown = true;
    }
    if is_shown && !plain {
        let _ = write!(to, "{CLEAR}").and_then(|()| to.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(plain: bool) -> String {
        let (sender, opened) = bounded::<Infallible>(0);
        let mut text = Vec::new();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| show("food", &opened, plain, &mut text));
            std::thread::sleep(INTERVAL * 5 / 2);
            drop(sender);
            writer.join().unwrap();
        });
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_long_opening_is_shown_and_the_line_cleared_at_its_end() {
        let text = shown(false);
        assert!(text.starts_with("\r\x1b[KOpening food: 0 s (ctrl-c: leave)") && text.ends_with(CLEAR), "{text:?}");
        assert_eq!(shown(true), "Opening food (ctrl-c: leave)\n");
    }
}
