//! The export: formats, choices, and what a format cannot hold.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        exchange::{FormatInfo, Loss},
        overlays::export::{Export, formats},
        project::Project,
        screen::SizeClass,
    },
    spans::Split,
    text::number::with_noun,
    ui::{
        Canvas,
        chrome::wrapped,
        paint::{bottom, top},
        short::tail,
    },
};

/// Columns of a format's name.
const NAME: u16 = 20;
/// Rows of the text about the chosen format or loss.
const ABOUT_ROWS: u16 = 3;

impl Canvas<'_> {
    pub(super) fn export(&mut self, area: Rect, export: &Export) {
        let Some(project) = &self.state.session.project else { return };
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        if export.losses.is_empty() {
            self.export_head(head, export);
            self.formats(rest, export);
        } else {
            self.losses(project, head, rest, export);
        }
    }

    fn export_head(&mut self, head: Rect, export: &Export) {
        let done = format!("{} done", with_noun(export.documents, "document"));
        let done = if export.is_writing() { "the file is being written".to_owned() } else { done };
        let end = self.painter.text_before(head.right(), head.y, head.width, &done, self.theme.muted);
        let room = end.saturating_sub(head.x + 1);
        self.painter.text(head.x, head.y, room, "Export to which format?", self.theme.accent);
    }

    /// The formats, with what the chosen one cannot hold, and the choices.
    fn formats(&mut self, area: Rect, export: &Export) {
        let formats: Vec<&FormatInfo> = formats(&self.state.session).collect();
        let compact = self.class() == SizeClass::Compact;
        let (list, foot) = bottom(area, ABOUT_ROWS + if compact { 2 } else { 3 });
        for (line, at) in Self::page_of(list, export.row, formats.len()) {
            if let Some(format) = formats.get(at) {
                self.painter.text(line.x, line.y, NAME, format.name, self.theme.text);
                let x = line.x + NAME + 1;
                self.painter.text(x, line.y, line.right().saturating_sub(x), format.about, self.theme.muted);
            }
            self.list_row(line, at, export.row);
        }
        let (rule, foot) = top(foot, u16::from(!compact));
        self.painter.rule(rule, self.theme.border);
        let (about, choices) = top(foot, ABOUT_ROWS);
        if let Some(format) = formats.get(export.row) {
            let text = match format.cannot_hold {
                "" => format!("{} holds everything", format.name),
                cannot => format!("{} cannot hold: {cannot}", format.name),
            };
            self.lines_of(about, &text, self.theme.text);
        }
        self.export_choices(choices);
    }

    fn export_choices(&mut self, area: Rect) {
        let choices = self.state.session.export;
        let (first, second) = top(area, 1);
        let split = choices.split.map_or("all", Split::name);
        let words = [("split", split), ("scheme", choices.scheme.name()), ("losses", choices.on_loss.name())];
        let pieces = words.map(|(word, value)| (format!("{word} {value}"), self.theme.accent));
        self.painter.pieces(first, &pieces);
        let meaning = choices.on_loss.meaning();
        self.painter.text(second.x, second.y, second.width, meaning, self.theme.muted);
    }

    /// The losses, with the whole reason of the one under the cursor.
    fn losses(&mut self, project: &Project, head: Rect, rest: Rect, export: &Export) {
        let format = self.state.session.export.format;
        let title = match export.is_writing() {
            true => "The file is being written".to_owned(),
            false => format!("Nothing is written: {format} cannot hold this"),
        };
        let number = format!("{} of {}", export.loss + 1, export.losses.len());
        let end = self.painter.text_before(head.right(), head.y, head.width, &number, self.theme.muted);
        self.painter.text(head.x, head.y, end.saturating_sub(head.x + 1), &title, self.theme.accent);
        let (list, foot) = bottom(rest, ABOUT_ROWS + 1);
        for (line, at) in Self::page_of(list, export.loss, export.losses.len()) {
            if let Some(loss) = export.losses.get(at) {
                self.loss_row(project, loss, line);
            }
            self.list_row(line, at, export.loss);
        }
        let (rule, about) = top(foot, 1);
        self.painter.rule(rule, self.theme.border);
        if let Some(loss) = export.losses.get(export.loss) {
            let document = loss.document.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
            self.lines_of(about, &format!("{document}{}", loss.reason), self.theme.text);
        }
    }

    /// Draws a loss: the document, the text of the span, and the reason.
    fn loss_row(&mut self, project: &Project, loss: &Loss, line: Rect) {
        let Rect { x, y, width, .. } = line;
        let Some(id) = &loss.document else {
            self.painter.text(x, y, width, &loss.reason, self.theme.muted);
            return;
        };
        let ids = (width / 5).clamp(6, 20);
        self.painter.text(x, y, ids, &tail(id, usize::from(ids), self.painter.caps.glyphs), self.theme.muted);
        let texts = (width / 4).clamp(8, 30);
        let document = project.position(id).and_then(|at| project.documents.get(at));
        if let (Some(document), Some(range)) = (document, loss.range) {
            self.painter.text(x + ids + 1, y, texts, range.of(&document.text), self.theme.text);
        }
        let start = x + ids + texts + 2;
        self.painter.text(start, y, line.right().saturating_sub(start), &loss.reason, self.theme.text);
    }

    /// A text in the rows of an area.
    fn lines_of(&mut self, area: Rect, text: &str, style: Style) {
        let lines = wrapped(text, usize::from(area.width), usize::from(area.height), self.painter.caps.glyphs);
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.painter.text(area.x, y, area.width, &line, style);
        }
    }
}
