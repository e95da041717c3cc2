//! The frame of all screens: status line, two hairlines, key line, and messages.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{Screen, event::Level, keymap::Hint, project::SaveState, screen::SizeClass},
    runs::Phase,
    spans::Status,
    text::{
        number::{grouped, score, with_noun},
        width::{self, Glyphs},
        wrap::TextLayout,
    },
};

use super::{
    Canvas, Target,
    paint::{Painter, bottom, clock, inset, share, top},
};

/// Cells of the project's name that are shown as long as anything else can go.
const NAME: usize = 8;

/// Rows that a message may take.
pub(super) const MESSAGE_ROWS: usize = 5;

impl Canvas<'_> {
    /// Draws the frame and returns the area inside it.
    /// Its last row is a hairline, on which messages are written.
    pub(super) fn chrome(&mut self, area: Rect) -> Rect {
        let (status, rest) = top(area, 1);
        let (rule, rest) = top(rest, 1);
        let (body, keys) = bottom(rest, 1);
        self.status_line(inset(status, 1));
        self.painter.rule(rule, self.theme.border);
        self.key_line(inset(keys, 1));
        body
    }

    /// Draws a polite line where nothing else fits.
    pub(super) fn tiny(&mut self, area: Rect) {
        let text =
            format!("Please make the window 60x16 or larger; it is {}x{}. Nothing is lost.", area.width, area.height);
        let lines = wrapped(&text, usize::from(area.width), usize::from(area.height), self.painter.caps.glyphs);
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.painter.text(area.x, y, area.width, &line, self.theme.text);
        }
    }

    fn status_line(&mut self, area: Rect) {
        let left = self.place_words(usize::from(area.width));
        let end = self.painter.pieces(area, &left);
        let room = usize::from(area.right().saturating_sub(end + 2));
        let fitting = self.run_words().into_iter().find(|words| width::width(words) <= room);
        if let Some(words) = fitting {
            self.painter.text_before(area.right(), area.y, area.width, &words, self.theme.muted);
        }
        let first = Rect::new(area.x, area.y, end.saturating_sub(area.x).min(8), 1);
        self.hits.add(first, Target::Screen(self.state.session.screen));
    }

    /// Place and save state in `room` cells; the narrowest screen shows the save state.
    fn place_words(&self, room: usize) -> Vec<(String, Style)> {
        let state = &self.state.session;
        let theme = self.theme;
        let Some(project) = &state.project else {
            return vec![("tagliatelle".to_owned(), theme.accent)];
        };
        // Places of words that give way, the first one first.
        let mut spare: Vec<usize> = Vec::new();
        let mut words =
            vec![(state.screen.name().to_owned(), theme.accent), (width::cut(&project.name, room), theme.text)];
        let tag = &state.tagging;
        if state.screen == Screen::Tag && !project.documents.is_empty() {
            let annotation = project.annotation(tag.document);
            words.push((
                format!("document {}/{}", grouped(tag.document + 1), grouped(project.documents.len())),
                theme.text,
            ));
            let style = if annotation.status == Status::Done { theme.ok } else { theme.text };
            words.push(match annotation.needs_review() {
                false => (annotation.status.name().to_owned(), style),
                true => ("review".to_owned(), theme.warn),
            });
            if let Some(split) = project.documents.get(tag.document).and_then(|document| document.split) {
                spare.push(words.len());
                words.push((split.name().to_owned(), theme.muted));
            }
            words.push((with_noun(annotation.spans().len(), "span"), theme.text));
        } else {
            words.push((with_noun(project.documents.len(), "document"), theme.text));
        }
        spare.insert(0, words.len() - 1);
        // Work under another name is lost to the one who did it, so the name is always there.
        words.push((format!("by {}", width::cut(&project.annotator, NAME + 4)), theme.text));
        words.push(match (project.save_state(), &project.read_only) {
            (_, Some(_)) => ("read only".to_owned(), theme.warn),
            (SaveState::Saved, None) => ("saved".to_owned(), theme.ok),
            (SaveState::Saving(n), None) => match project.save_delay() {
                Some(seconds) => (format!("saving {n}: no answer from the disk for {seconds} s"), theme.warn),
                // One action is the usual case. The word is about as wide as "saved", so that little is sent over a slow line.
                None if n == 1 => ("saving".to_owned(), theme.muted),
                None => (format!("saving {n}"), theme.muted),
            },
            (SaveState::Failed(n), None) => (format!("NOT SAVED {n}"), theme.bad),
        });
        // The project's name gives way first, then the spans or documents, the split, the rest of the project's name.
        shorten(&mut words, room, NAME);
        for place in spare {
            if excess(&words, room) > 0 {
                words.remove(place);
            }
        }
        shorten(&mut words, room, 0);
        // Words that do not fit are left out, the last first.
        words.push((format!("{} today", grouped(project.done_today())), theme.muted));
        if let (Some(pace), Some(left)) = (project.pace(), project.seconds_left()) {
            words.push((format!("{:.0}/h", 3600.0 / pace), theme.muted));
            words.push((format!("{:.0} min left", (left / 60.0).ceil()), theme.muted));
        }
        words
    }

    /// The run in training, or else the run whose model suggests, with its score.
    /// From many words to few.
    fn run_words(&self) -> Vec<String> {
        let runs = &self.state.session.runs;
        if runs.is_starting() {
            return vec!["training is being prepared".to_owned(), "training".to_owned()];
        }
        if let Some(words) = self.live_words() {
            return words;
        }
        let Some(run) = runs.running().or(runs.suggester()).or(runs.list.first()) else { return Vec::new() };
        let phase = run.status.phase;
        let f1 = run.word_f1.map(|f1| format!("F1 {}", share(f1)));
        let long = f1.as_ref().map(|f1| format!("  word {f1}")).unwrap_or_default();
        let eta =
            run.status.eta.filter(|_| !phase.is_over()).map(|eta| format!("  eta {}", clock(eta))).unwrap_or_default();
        let name =
            if phase == Phase::Done { format!("run {}", run.id) } else { format!("run {} {}", run.id, phase.name()) };
        let short = f1.unwrap_or_else(|| phase.name().to_owned());
        vec![format!("{name}{long}{eta}"), format!("run {}{long}", run.id), format!("run {short}"), short]
    }

    /// The live model with the F1 of its suggestions, from many words to few; `None` unless it suggests and no run is in
    /// training.
    fn live_words(&self) -> Option<Vec<String>> {
        let session = &self.state.session;
        let version = session.suggesting_version().filter(|_| session.runs.running().is_none())?;
        let f1 = session.live.recent.map(|recent| format!("F1 {}", score(recent.f1, 2)));
        let long = f1.as_ref().map(|f1| format!("  word {f1}")).unwrap_or_default();
        Some(vec![format!("{version}{long}"), format!("{version}"), f1.unwrap_or_default()])
    }

    /// Draws the keys that work now, most used first, as many as fit.
    /// `? more` is always drawn; where there is none, the key that leads back is.
    pub(super) fn key_line(&mut self, area: Rect) {
        let hints = self.state.hints();
        let word = if hints.iter().any(|hint| hint.word == "more") { "more" } else { "back" };
        let wanted: usize = hints.iter().map(|hint| usize::from(cells(hint)) + 2).sum();
        let last = hints.iter().find(|hint| hint.word == word).filter(|_| wanted > usize::from(area.width) + 2);
        let reserved = last.map_or(0, |hint| cells(hint) + 2);
        let mut x = area.x;
        for hint in hints.iter().filter(|hint| last.is_none_or(|last| last.word != hint.word)) {
            let needed = cells(hint);
            if x.saturating_add(needed).saturating_add(reserved) > area.right() {
                break;
            }
            x = self.hint(x, area, &hint.keys, hint.word) + 2;
        }
        if let Some(hint) = last {
            self.hint(x, area, &hint.keys, hint.word);
        }
    }

    fn hint(&mut self, x: u16, area: Rect, keys: &str, word: &str) -> u16 {
        let room = |x: u16| area.right().saturating_sub(x);
        let x = x + self.painter.text(x, area.y, room(x), keys, self.theme.accent) + 1;
        x + self.painter.text(x, area.y, room(x), word, self.theme.text)
    }

    /// The part of `body` for the screen: its last row is the first one of the message, if there is one.
    /// So a long message covers neither the labels nor the end of a list.
    pub(super) fn above_message(&mut self, body: Rect) -> Rect {
        let lines = self.message_lines(body).len().min(usize::from(body.height / 2));
        self.message_rows = u16::try_from(lines).unwrap_or(u16::MAX);
        Rect { height: body.height - self.message_rows.saturating_sub(1), ..body }
    }

    /// The lines of the message, with a failure to save first.
    fn message_lines(&self, body: Rect) -> Vec<(String, Style)> {
        let mut lines: Vec<(String, Style)> = Vec::new();
        let room = message_room(body);
        let glyphs = self.painter.caps.glyphs;
        let failure = self.state.session.project.as_ref().and_then(|project| project.save_failure());
        if let Some(failure) = failure {
            let text = format!("Not saved: {failure}. Nothing is lost; ctrl-s or the next action tries again.");
            lines.extend(wrapped(&text, room, MESSAGE_ROWS, glyphs).into_iter().map(|line| (line, self.theme.bad)));
        }
        if let Some(message) = &self.state.session.message {
            let style = match message.level {
                Level::Info => self.theme.text,
                Level::Warn => self.theme.warn,
                Level::Error => self.theme.bad,
            };
            lines.extend(wrapped(&message.text, room, MESSAGE_ROWS, glyphs).into_iter().map(|line| (line, style)));
        }
        lines
    }

    /// Writes the message at the bottom of `body`, from the hairline of the screen on down.
    pub(super) fn messages(&mut self, body: Rect) {
        let (_, rule) = bottom(body, 1);
        self.painter.rule(rule, self.theme.border);
        let rows = self.message_rows;
        if rows == 0 {
            return self.next_line(rule, message_room(body));
        }
        let lines = self.message_lines(body);
        for (y, (line, style)) in (body.bottom() - rows..body.bottom()).zip(lines) {
            let row = Rect::new(body.x, y, body.width, 1);
            blank(&mut self.painter, row);
            self.painter.rule(Rect { width: 1, ..row }, self.theme.border);
            self.painter.text(row.x + 2, y, row.width.saturating_sub(3), &line, style);
        }
    }

    /// Draws the next step on the hairline.
    fn next_line(&mut self, rule: Rect, room: usize) {
        let Some(text) = self.state.next_step() else { return };
        let text = format!(" {} ", clauses(&text, room));
        self.painter.text(rule.x + 1, rule.y, rule.width.saturating_sub(2), &text, self.theme.muted);
    }

    /// The class of the terminal's size.
    pub(super) fn class(&self) -> SizeClass {
        self.state.session.size.class()
    }
}

/// Cells of a line of a message.
fn message_room(body: Rect) -> usize {
    usize::from(body.width.saturating_sub(4))
}

/// Cells of an entry of the key line.
fn cells(hint: &Hint) -> u16 {
    u16::try_from(width::width(&hint.keys) + 1 + width::width(hint.word)).unwrap_or(u16::MAX)
}

/// Cuts the project's name, the second word, to at least `least` cells, as far as the words do not fit.
fn shorten(words: &mut [(String, Style)], room: usize, least: usize) {
    let excess = excess(words, room);
    if let Some((name, _)) = words.get_mut(1).filter(|_| excess > 0) {
        *name = width::cut(name, width::width(name).saturating_sub(excess).max(least));
    }
}

/// Cells that these words, with two blanks between, are wider than `room`.
fn excess(words: &[(String, Style)], room: usize) -> usize {
    let wide: usize = words.iter().map(|(word, _)| width::width(word) + 2).sum();
    wide.saturating_sub(room + 2)
}

/// `text` in `room` cells: clauses that do not fit are left out, from the end.
pub(super) fn clauses(text: &str, room: usize) -> String {
    let mut shown = text;
    while width::width_up_to(shown, room + 1) > room {
        // Not at the comma of a number.
        let Some(end) = shown.rfind("; ").max(shown.rfind(", ")) else { break };
        shown = shown.get(..end).unwrap_or_default();
    }
    width::cut(shown, room)
}

/// Empties an area before something is drawn over it.
pub(super) fn blank(painter: &mut Painter<'_>, area: Rect) {
    let area = area.intersection(painter.buffer.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = painter.buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// `text` in at most `rows` lines of at most `room` cells.
/// If it needs more, the last line holds the rest; where that is drawn, it is cut with an ellipsis.
pub(super) fn wrapped(text: &str, room: usize, rows: usize, glyphs: Glyphs) -> Vec<String> {
    let layout = TextLayout::new(text, room, glyphs);
    let fits = layout.lines().len() <= rows;
    let lines = layout.lines().iter().take(rows).enumerate().map(|(at, line)| match fits || at + 1 < rows {
        true => line.range.of(text).trim_end().to_owned(),
        false => text.get(line.range.start..).unwrap_or_default().replace('\n', " "),
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_cut_between_clauses_and_not_inside_a_number() {
        let text = "T trains a first model on the 7,660 documents that are done; : export writes them out";
        assert_eq!(clauses(text, 60), "T trains a first model on the 7,660 documents that are done");
        assert_eq!(clauses(text, 34), "T trains a first model on the 7,6\u{2026}");
    }
}
