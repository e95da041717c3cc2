//! The import: the question for a file, and the preview of it.

use ratatui::layout::Rect;

use crate::{
    app::{
        exchange::{ImportPreview, PreviewedDocument},
        overlays::import::{Import, PreviewLine},
        pages,
        project::Project,
        prompts::Prompt,
    },
    text::{TextRange, wrap::TextLayout},
    ui::{
        Canvas, Theme,
        paint::top,
        text_pane::{Mark, TextPane},
    },
};

impl Canvas<'_> {
    pub(super) fn import(&mut self, area: Rect, import: &Import) {
        if let (Some((file, preview)), Some(project)) = (&import.preview, &self.state.session.project) {
            return self.import_preview(area, import, file, preview, project);
        }
        let text = match import.is_reading() {
            true => "It is being read; nothing is imported before you have seen it.",
            false => "Import which files? You see what is in them first. *.conll, 'my file.txt' and folders work.",
        };
        let line = self.ask(area, text, 1);
        self.input(line, "files ", &Prompt::Import);
    }

    fn import_preview(&mut self, area: Rect, import: &Import, file: &str, preview: &ImportPreview, project: &Project) {
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (columns, _) = pages::room(self.state.session.size);
        let lines = import.lines(columns, self.painter.caps.glyphs);
        let title = match preview.is_refused {
            true => format!("{file} cannot be imported"),
            false => format!("Import {file}?"),
        };
        let mut y = rest.y;
        let mut shown = 0;
        for line in lines.iter().skip(import.top) {
            let left = rest.bottom().saturating_sub(y);
            let rows = u16::try_from(line.rows()).unwrap_or(1);
            if left < rows {
                break;
            }
            self.preview_line(Rect { y, height: rows, ..rest }, line, preview, project);
            y += rows;
            shown += 1;
        }
        let place = match shown < lines.len() {
            true => format!("{}-{} of {}", import.top + 1, import.top + shown, lines.len()),
            false => String::new(),
        };
        let end = self.painter.text_before(head.right(), head.y, head.width, &place, self.theme.muted);
        self.painter.text(head.x, head.y, end.saturating_sub(head.x + 1), &title, self.theme.accent);
    }

    fn preview_line(&mut self, area: Rect, line: &PreviewLine, preview: &ImportPreview, project: &Project) {
        let (text, style) = match line {
            PreviewLine::Text(text) => (text, self.theme.text),
            PreviewLine::Problem(text) => (text, if preview.is_refused { self.theme.bad } else { self.theme.warn }),
            PreviewLine::Id(text) => (text, self.theme.muted),
            PreviewLine::Document { document, start } => {
                if let Some(document) = preview.first.get(*document) {
                    self.previewed_text(area, document, *start, project);
                }
                return;
            }
        };
        self.painter.text(area.x, area.y, area.width, text, style);
    }

    /// One line of a document's text with its marks.
    fn previewed_text(&mut self, area: Rect, document: &PreviewedDocument, start: usize, project: &Project) {
        let (columns, _) = pages::room(self.state.session.size);
        let layout = TextLayout::new(&document.text, columns, self.painter.caps.glyphs);
        let ranges: Vec<TextRange> = document.spans.iter().map(|(range, _)| *range).collect();
        let theme = self.theme;
        let pane = TextPane {
            text: &document.text,
            layout: &layout,
            ranges: &ranges,
            mark: &|at| document.spans.get(at).map(|(_, label)| mark_of(project, theme, label)).unwrap_or_default(),
            highlights: &[],
            selection: None,
            focus: start,
            text_style: self.theme.text,
            odd_style: self.theme.muted,
        };
        pane.draw(&mut self.painter, area);
    }
}

/// The mark of a span; the project may not have its label yet.
fn mark_of(project: &Project, theme: &Theme, name: &str) -> Mark {
    let label = project.labels.find(name);
    Mark {
        name: name.to_owned(),
        tag: label.map_or_else(|| name.chars().take(2).collect(), |label| label.tag.clone()),
        key: label.and_then(|label| label.key),
        style: label.map_or(theme.accent, |label| theme.label(label.color)),
        score: None,
    }
}
