//! The screen while a large project is opened: what is read, how far it is, and the keys that leave.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, select_biased};
use ratatui::{Frame, buffer::Buffer, style::Style};

use super::{guard::Guard, input::Input, signals::Signal};
use crate::{
    app::{
        Leave,
        key::{Code, Key},
    },
    services::{End, Outcome, ReadingProgress},
    text::width::{clean_start, cut_for},
    ui::{Caps, Theme},
};

/// Time between two looks at the progress.
const INTERVAL: Duration = Duration::from_millis(100);

/// How an opening ended.
pub(super) enum Opening {
    /// The project is open, or cannot be opened.
    Ended(Box<Outcome>),
    /// The user left, or the terminal is gone.
    Left(End),
}

/// The screen of an opening.
pub(super) struct OpeningScreen<'a> {
    dir: &'a Path,
    progress: &'a ReadingProgress,
    theme: &'a Theme,
    caps: Caps,
    began: Instant,
}

impl<'a> OpeningScreen<'a> {
    /// Screen of the opening of the project in `dir`.
    pub(super) fn new(dir: &'a Path, progress: &'a ReadingProgress, theme: &'a Theme, caps: Caps) -> Self {
        Self { dir, progress, theme, caps, began: Instant::now() }
    }

    /// Shows the progress until the opening has an outcome or the user leaves. Other keys are ignored.
    pub(super) fn run(
        &self,
        guard: &mut Guard,
        input: &Receiver<Input>,
        signals: &Receiver<Signal>,
        openings: &Receiver<Outcome>,
    ) -> io::Result<Opening> {
        let mut shown = None;
        loop {
            let lines = self.lines(self.progress.percent(), self.began.elapsed());
            if shown.as_ref() != Some(&lines) {
                guard.draw(|frame: &mut Frame<'_>| draw(&lines, self.caps, frame.buffer_mut()))?;
                shown = Some(lines);
            }
            let end = select_biased! {
                recv(input) -> input => match input.unwrap_or(Input::Gone) {
                    Input::Key(key) if leaves(key) => Some(End::Left(Leave::Plain)),
                    Input::Gone => Some(End::Gone),
                    Input::Resize => {
                        shown = None;
                        None
                    }
                    Input::Key(_) | Input::Mouse { .. } | Input::Paste(_) => None,
                },
                recv(signals) -> signal => match signal.unwrap_or(Signal::Terminate) {
                    Signal::Hangup => Some(End::Gone),
                    Signal::Terminate => Some(End::Terminated),
                    Signal::Resize | Signal::Continue => {
                        guard.redraw()?;
                        shown = None;
                        None
                    }
                },
                recv(openings) -> outcome => match outcome {
                    Ok(outcome) => return Ok(Opening::Ended(Box::new(outcome))),
                    Err(_) => None,
                },
                default(INTERVAL) => None,
            };
            if let Some(end) = end {
                return Ok(Opening::Left(end));
            }
        }
    }

    /// Lines of the screen with their styles.
    fn lines(&self, percent: u64, elapsed: Duration) -> [(String, Style); 3] {
        let seconds = elapsed.as_secs();
        let progress = match percent {
            // A screen reader would read every change.
            _ if self.caps.plain => "the documents and the annotations are read".to_owned(),
            100 => format!("100% of documents.jsonl is read; now the annotations ({seconds} s)"),
            _ => format!("{percent}% of documents.jsonl is read ({seconds} s)"),
        };
        [
            (format!("Opening {}", self.dir.display()), self.theme.accent),
            (progress, self.theme.text),
            ("esc leaves".to_owned(), self.theme.muted),
        ]
    }
}

/// Whether a key leaves the opening.
fn leaves(key: Key) -> bool {
    match key.code {
        Code::Esc => true,
        Code::Char('q') => !key.ctrl && !key.alt,
        Code::Char('c') => key.ctrl,
        _ => false,
    }
}

/// Draws the lines, with space around them if there is enough.
fn draw(lines: &[(String, Style)], caps: Caps, buffer: &mut Buffer) {
    let area = buffer.area;
    let roomy = area.height > 7 && area.width > 20;
    let (x, mut y, step) = if roomy { (area.x + 2, area.y + 1, 2) } else { (area.x, area.y, 1) };
    let room = usize::from(area.right().saturating_sub(x));
    for (text, style) in lines {
        if room > 0 && y < area.bottom() {
            let text = cut_for(&clean_start(text, room, caps.glyphs), room, caps.glyphs);
            buffer.set_stringn(x, y, text, room, *style);
        }
        y += step;
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    fn shown(dir: &str, percent: u64, size: (u16, u16), plain: bool) -> String {
        let (progress, theme) = (ReadingProgress::default(), Theme::default());
        let caps = Caps { plain, ..Caps::default() };
        let screen = OpeningScreen::new(Path::new(dir), &progress, &theme, caps);
        let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
        draw(&screen.lines(percent, Duration::from_secs(3)), caps, &mut buffer);
        let rows = buffer.content.chunks(usize::from(size.0).max(1));
        let rows = rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        rows.map(|row| row.trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn name_share_and_key_are_shown_on_every_size() {
        let roomy = shown("food", 37, (60, 8), false);
        assert_eq!(roomy, "\n  Opening food\n\n  37% of documents.jsonl is read (3 s)\n\n  esc leaves\n\n\n");
        let done = shown("food", 100, (80, 3), false);
        assert_eq!(done, "Opening food\n100% of documents.jsonl is read; now the annotations (3 s)\nesc leaves\n");
        assert!(shown("a\u{1b}[2Jb", 0, (20, 3), false).starts_with("Opening a\u{241b}[2Jb\n"));
        assert!(!shown("food", 37, (60, 8), true).contains('%'), "a screen reader would read every change");
        for size in [(1, 1), (3, 2), (20, 5)] {
            shown("food", 37, size, false);
        }
    }

    #[test]
    fn escape_q_and_control_c_leave() {
        let key = |name: &str| name.parse::<Key>().unwrap();
        assert!(["esc", "q", "ctrl-c"].map(key).into_iter().all(leaves));
        assert!(!["enter", "c", "Q", "ctrl-q", "x", "space"].map(key).into_iter().any(leaves));
    }
}
