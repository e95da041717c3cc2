//! The welcome screen: recent projects, a new one, samples and the tutorial.
//! Also the form for a new project.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        event::WelcomeItem,
        overlays::tutorial::STEPS,
        screen::SizeClass,
        screens::welcome::{Form, QUESTIONS, Row, Welcome},
    },
    text::number::grouped,
};

use super::super::{
    Canvas, Target,
    chrome::{MESSAGE_ROWS, clauses, wrapped},
    paint::{bottom, inset, top},
    short::tail,
};

#[cfg(test)]
mod tests;

/// Columns of a row's name, of how much is done, and of when it was opened.
const NAME: u16 = 18;
const COUNT: u16 = 14;
const OPENED: u16 = 13;

/// A line of the list.
enum Line {
    Head(&'static str),
    Recent,
    Row(usize),
    Note(&'static str),
    Blank,
}

impl Canvas<'_> {
    pub(in crate::ui) fn welcome(&mut self, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = inset(body, 2);
        let welcome = &self.state.welcome;
        let roomy = self.class() > SizeClass::Compact;
        let (head, rest) = top(area, 1 + u16::from(roomy));
        let text = match (&welcome.opening, &welcome.form) {
            (Some(name), _) => format!("Opening {name}"),
            (None, Some(_)) => "A new project".to_owned(),
            (None, None) => "Label texts, train a model on them, see what it finds".to_owned(),
        };
        self.painter.text(head.x, head.y, head.width, &text, self.theme.accent);
        match &welcome.form {
            Some(form) => self.welcome_form(form, rest),
            None => self.welcome_list(welcome, rest),
        }
    }

    fn welcome_list(&mut self, welcome: &Welcome, area: Rect) {
        let rows = welcome.rows();
        let lines = lines(&rows, self.class() > SizeClass::Compact);
        let height = usize::from(area.height);
        let here = lines.iter().position(|line| matches!(line, Line::Row(at) if *at == welcome.selected)).unwrap_or(0);
        // The head of a group stays in sight with its first row.
        let first = (here + 2).saturating_sub(height).min(lines.len().saturating_sub(height));
        let below = lines.len().saturating_sub(first + height);
        let more = if below > 0 { format!("  {below} more below") } else { String::new() };
        for (y, line) in (area.top()..area.bottom()).zip(lines.iter().skip(first)) {
            match line {
                Line::Head(text) => drop(self.painter.text(area.x, y, area.width, text, self.theme.muted)),
                Line::Recent => self.recent_head(Rect { y, height: 1, ..area }),
                Line::Note(text) => drop(self.painter.text(area.x + 2, y, area.width - 2, text, self.theme.muted)),
                Line::Blank => {}
                Line::Row(at) => {
                    let Some(row) = rows.get(*at) else { continue };
                    // The last row leaves room for the number of those below.
                    let used = if y + 1 == area.bottom() { more.len() } else { 0 };
                    let used = u16::try_from(used).unwrap_or(u16::MAX);
                    let place = Rect::new(area.x + 2, y, area.width.saturating_sub(2).saturating_sub(used), 1);
                    self.welcome_row(*row, place);
                    if *at == welcome.selected {
                        self.painter.text(area.x, y, 1, ">", self.theme.accent);
                        self.painter.mark_row(place, y, self.theme.selection);
                    }
                    self.hits.add(Rect::new(area.x, y, area.width, 1), Target::Row(*at));
                }
            }
        }
        let last = area.bottom().saturating_sub(1);
        self.painter.text_before(area.right(), last, area.width, &more, self.theme.muted);
    }

    fn welcome_row(&mut self, row: Row<'_>, area: Rect) {
        match row {
            Row::Recent(place) => self.recent_row(place, area),
            Row::New => self.named("a new project", "a folder, your labels, your texts", area),
            Row::Sample(place) => self.named(&place.name, &place.about, area),
            Row::Tutorial => {
                let left = self.state.welcome.left_tutorial().and_then(|place| place.step);
                let about = match left {
                    Some(step) => format!("left with {} of {} steps done", step, STEPS.len()),
                    None => "two minutes round the loop, on a copy of a sample".to_owned(),
                };
                self.named("tutorial", &about, area);
            }
        }
    }

    fn named(&mut self, name: &str, about: &str, area: Rect) {
        self.painter.text(area.x, area.y, NAME - 1, name, self.theme.text);
        let room = area.width.saturating_sub(NAME);
        let about = clauses(about, usize::from(room));
        self.painter.text(area.x + NAME, area.y, room, &about, self.theme.muted);
    }

    fn recent_head(&mut self, area: Rect) {
        let columns = [(0, "Recent projects"), (2 + NAME, "done"), (2 + NAME + COUNT, "opened")];
        for (x, text) in columns {
            self.painter.text(area.x + x, area.y, area.width.saturating_sub(x), text, self.theme.muted);
        }
    }

    fn recent_row(&mut self, place: &WelcomeItem, area: Rect) {
        let (mut x, y) = (area.x, area.y);
        self.painter.text(x, y, NAME - 1, &place.name, self.theme.text);
        x += NAME;
        let count = place.count.map(|(done, all)| format!("{}/{}", grouped(done), grouped(all)));
        if let Some(damage) = &place.damage {
            self.painter.text(x, y, COUNT - 1, damage.name, self.theme.warn);
        } else if let Some(count) = count {
            self.painter.text(x, y, COUNT - 1, &count, self.theme.text);
        }
        x += COUNT;
        self.painter.text(x, y, OPENED - 1, &place.opened, self.theme.muted);
        x += OPENED;
        // The end of a path identifies it better than its start.
        let room = area.right().saturating_sub(x);
        self.painter.text(
            x,
            y,
            room,
            &tail(&place.about, usize::from(room), self.painter.caps.glyphs),
            self.theme.muted,
        );
    }

    fn welcome_form(&mut self, form: &Form, area: Rect) {
        const INDENT: u16 = 8;
        let mut rest = area;
        let inner = usize::from(area.width.saturating_sub(INDENT));
        let roomy = self.class() > SizeClass::Compact;
        for (at, (name, about, prompt)) in QUESTIONS.iter().enumerate() {
            let (line, below) = top(rest, 1);
            let style = if at == form.at { self.theme.accent } else { self.theme.text };
            self.painter.text(line.x, line.y, INDENT - 1, name, style);
            let answer = Rect { x: line.x + INDENT, width: line.width.saturating_sub(INDENT), ..line };
            if at == form.at {
                self.input(answer, "", prompt);
            } else {
                let style: Style = self.theme.text;
                self.painter.text(answer.x, answer.y, answer.width, self.state.session.prompts.text(prompt), style);
            }
            // Where there is little room, only the question that is being answered is explained.
            let about: Vec<String> = match roomy || at == form.at {
                true => wrapped(about, inner, MESSAGE_ROWS, self.painter.caps.glyphs),
                false => Vec::new(),
            };
            let (note, below) = top(below, u16::try_from(about.len()).unwrap_or(1) + u16::from(roomy));
            for (y, text) in (note.top()..note.bottom()).zip(&about) {
                self.painter.text(note.x + INDENT, y, note.width.saturating_sub(INDENT), text, self.theme.muted);
            }
            rest = below;
        }
        if let Some(problem) = &form.problem {
            let (_, rest) = top(rest, 1);
            let rows = usize::from(rest.height);
            let lines = wrapped(problem, usize::from(rest.width), rows, self.painter.caps.glyphs);
            for (y, text) in (rest.top()..rest.bottom()).zip(&lines) {
                self.painter.text(rest.x, y, rest.width, text, self.theme.bad);
            }
        }
    }
}

/// The groups with their heads; `roomy` puts blanks between them.
fn lines(rows: &[Row<'_>], roomy: bool) -> Vec<Line> {
    let head = |row: &Row<'_>| match row {
        Row::Recent(_) => "Recent projects",
        Row::New => "New",
        Row::Sample(_) => "Samples",
        Row::Tutorial => "Learn",
    };
    let mut lines = Vec::new();
    if !matches!(rows.first(), Some(Row::Recent(_))) {
        lines.extend([Line::Head("Recent projects"), Line::Note("none yet")]);
        lines.extend(roomy.then_some(Line::Blank));
    }
    for (at, row) in rows.iter().enumerate() {
        let new = at.checked_sub(1).and_then(|before| rows.get(before)).is_none_or(|before| head(before) != head(row));
        if new {
            lines.extend((at > 0 && roomy).then_some(Line::Blank));
            lines.push(if matches!(row, Row::Recent(_)) { Line::Recent } else { Line::Head(head(row)) });
        }
        lines.push(Line::Row(at));
    }
    lines
}
