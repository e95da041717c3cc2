//! Help, palette, questions: drawn over the screen.

use ratatui::layout::Rect;

use crate::{
    app::{
        field::Field,
        overlay::{self, Overlay},
        project::SaveState,
    },
    runs::Phase,
    text::width,
};

use super::{
    Canvas, Target,
    chrome::{blank, wrapped},
    paint::{bottom, inset, top},
};

impl Canvas<'_> {
    pub(super) fn overlay(&mut self, area: Rect) {
        let Some(overlay) = &self.state.overlay else { return };
        self.hits.clear();
        (self.cursor, self.painter.marked) = (None, None);
        match overlay {
            Overlay::Help { top, .. } => self.help(area, *top),
            Overlay::Page { topic, top } => self.page(area, *topic, *top),
            Overlay::Palette { query, row } => self.palette(area, query, *row),
            Overlay::StopMenu => {
                self.ask(area, &self.stop_text(), 0);
            }
            Overlay::QuitMenu => {
                self.ask(area, &self.quit_text(), 0);
            }
            Overlay::RemoveRun(run) => {
                self.ask(area, &self.remove_text(run), 0);
            }
            Overlay::Note(field) => {
                let line = self.ask(area, "A note on this document, for yourself and others; empty for none", 1);
                self.input(line, "note ", field);
            }
            Overlay::Jump { letters, .. } => {
                let sheet = self.sheet(area, 2);
                self.input(sheet, "jump to ", letters);
                // The line for messages lies under this one.
                if let Some(message) = &self.state.message {
                    self.painter.text_before(sheet.right(), sheet.y, sheet.width / 2, &message.text, self.theme.warn);
                }
            }
            Overlay::Labels => {
                if let Some(project) = &self.state.project {
                    self.more_labels(area, project);
                }
            }
            Overlay::LabelEditor(editor) => {
                if let Some(project) = &self.state.project {
                    self.label_editor(area, project, editor);
                }
            }
            Overlay::Annotators(comparing) => {
                if let Some(project) = &self.state.project {
                    self.annotators(area, project, comparing);
                }
            }
            Overlay::Occurrences(found) => {
                if let Some(project) = &self.state.project {
                    self.occurrences(area, project, found);
                }
            }
            Overlay::History(history) => self.history(area, history),
            Overlay::Import(field) => {
                let text = "Import which file? One text a line, JSON lines, CoNLL, Label Studio";
                let line = self.ask(area, text, 1);
                self.input(line, "file ", field);
            }
            Overlay::Export(field) => {
                let text = "Export to which format? conll2003, conll2002, tag-first, label-studio, jsonl or text";
                let line = self.ask(area, text, 1);
                self.input(line, "format ", field);
            }
        }
    }

    /// Empties the rows of the screen between its status line and its key line, from `rows` above the bottom on.
    pub(super) fn sheet(&mut self, area: Rect, rows: u16) -> Rect {
        let (_, body) = top(area, 2);
        let rows = rows.min(body.height.saturating_sub(1));
        let sheet = Rect { y: body.bottom() - 1 - rows, height: rows, ..body };
        blank(&mut self.painter, sheet);
        if sheet.y == body.y {
            return inset(sheet, 2);
        }
        self.painter.rule(sheet, self.theme.border);
        inset(top(sheet, 1).1, 2)
    }

    /// Draws a question and returns the `more` rows below it.
    fn ask(&mut self, area: Rect, text: &str, more: u16) -> Rect {
        let lines: Vec<String> =
            wrapped(text, usize::from(area.width.saturating_sub(4)), self.painter.caps.glyphs).collect();
        let rows = u16::try_from(lines.len()).unwrap_or(1);
        let sheet = self.sheet(area, rows + more + 1);
        for (y, line) in (sheet.top()..sheet.bottom()).zip(&lines) {
            self.painter.text(sheet.x, y, sheet.width, line, self.theme.accent);
        }
        top(sheet, rows).1
    }

    fn stop_text(&self) -> String {
        let epoch = self
            .state
            .train
            .running()
            .map(|run| format!(", now in epoch {:.1} of {}", run.status.epoch, run.status.epochs));
        format!(
            "End the run{}? Its model is kept either way. e after this epoch, n now, esc lets it go on.",
            epoch.unwrap_or_default()
        )
    }

    fn quit_text(&self) -> String {
        let train = &self.state.train;
        let mut text = String::new();
        if let Some(SaveState::Saving(n) | SaveState::Failed(n)) =
            self.state.project.as_ref().map(|project| project.save_state())
        {
            text.push_str(&format!("{n} of your actions are not on disk yet and would be lost. "));
        }
        if train.is_ours() {
            let paused = train.running().is_some_and(|run| run.status.phase == Phase::Paused);
            let word = if paused { "is paused" } else { "is going on" };
            text.push_str(&format!(
                "A training {word}. s stops it, keeps its model and leaves; k leaves and lets it go on; "
            ));
        } else {
            text.push_str("y leaves; ");
        }
        text + "esc stays."
    }

    fn help(&mut self, area: Rect, from: usize) {
        let sheet = self.sheet(area, area.height);
        let lines = self.state.help_rows();
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let shown = usize::from(rest.height);
        let from = from.min(lines.len().saturating_sub(shown));
        let context = self.state.help_context();
        let kind = if context.is_overlay() { "list" } else { "screen" };
        let title = format!("keys of the {} {kind}", context.name());
        let place = format!("{}-{} of {}", from + 1, (from + shown).min(lines.len()), lines.len());
        let start = self.painter.text_before(head.right(), head.y, head.width, &place, self.theme.muted);
        self.painter.text(head.x, head.y, start.saturating_sub(head.x + 1), &title, self.theme.accent);
        for (y, (keys, doc)) in (rest.top()..rest.bottom()).zip(lines.iter().skip(from)) {
            let used = self.painter.text(rest.x, y, rest.width, keys, self.theme.accent);
            self.painter.text(rest.x + used, y, rest.width.saturating_sub(used), doc, self.theme.text);
        }
        self.page_names(foot, None);
    }

    /// Commands by name, with their keys; below them the whole sentence of the one under the cursor.
    fn palette(&mut self, area: Rect, query: &Field, row: usize) {
        let sheet = self.sheet(area, area.height * 3 / 4);
        let (line, rest) = top(sheet, 1);
        self.input(line, ":", query);
        let (rest, note) = bottom(rest, if rest.width < 76 { 3 } else { 2 });
        let entries = overlay::entries(self.state, query.text());
        if entries.is_empty() {
            let text = "no command has these words; esc leaves";
            self.painter.text(rest.x, rest.y, rest.width, text, self.theme.muted);
        }
        let rows = usize::from(rest.height.max(1));
        let first = row / rows * rows;
        let shown: Vec<_> = entries.iter().enumerate().skip(first).take(rows).collect();
        let widest = |of: fn(&overlay::Entry) -> &str, most: usize| {
            let wide = entries.iter().map(|entry| width::width(of(entry))).max().unwrap_or(0);
            u16::try_from(wide.min(most)).unwrap_or(0)
        };
        let (name, keys) = (widest(|entry| &entry.name, 24), widest(|entry| &entry.keys, 12));
        let text = rest.x + name + keys + 4;
        for (y, (at, entry)) in (rest.top()..rest.bottom()).zip(shown) {
            let works = entry.action.works();
            let style = |style| if works { style } else { self.theme.muted };
            let (plain, accent) = (style(self.theme.text), style(self.theme.accent));
            self.painter.text(rest.x, y, name, &entry.name, plain);
            self.painter.text(rest.x + name + 2, y, keys, &entry.keys, accent);
            self.painter.text(text, y, rest.right().saturating_sub(text), &entry.doc, self.theme.muted);
            if at == row {
                self.painter.mark_row(rest, y, self.theme.selection);
            }
            self.hits.add(Rect::new(rest.x, y, rest.width, 1), Target::Row(at));
        }
        self.painter.rule(Rect { x: area.x, width: area.width, ..note }, self.theme.border);
        if let Some(entry) = entries.get(row) {
            let (rule, note) = top(note, 1);
            let place = format!(" {} of {} ", row + 1, entries.len());
            self.painter.text_before(rule.right(), rule.y, rule.width, &place, self.theme.muted);
            let lines = wrapped(&entry.doc, usize::from(note.width), self.painter.caps.glyphs);
            for (y, line) in (note.top()..note.bottom()).zip(lines) {
                self.painter.text(note.x, y, note.width, &line, self.theme.text);
            }
        }
    }

    /// A field with its cursor.
    pub(super) fn input(&mut self, area: Rect, prompt: &str, field: &Field) {
        let used = self.painter.text(area.x, area.y, area.width, prompt, self.theme.accent);
        let (before, after) = field.parts();
        let room = usize::from(area.width.saturating_sub(used + 1));
        // A text that is longer than its place shows the part before the cursor.
        let mut shown = before;
        while width::width(shown) > room {
            shown = shown.char_indices().nth(1).map_or("", |(at, _)| shown.split_at(at).1);
        }
        let x = area.x + used;
        let text = format!("{shown}{after}");
        self.painter.text(x, area.y, area.right().saturating_sub(x), &text, self.theme.text);
        let column = u16::try_from(width::width(shown)).unwrap_or(0);
        self.cursor = Some((x + column, area.y));
    }
}
