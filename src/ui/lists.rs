//! Lists over the Tag screen: the same words elsewhere, what was done, the labels that have a letter.

use ratatui::layout::Rect;

use crate::{
    app::{
        labels::{Asking, LabelEditor},
        project::Project,
        tag::{
            history::{History, Row},
            occurrences::{Occurrences, Place},
        },
    },
    spans::Label,
    text::{
        number::{grouped, with_noun},
        width::{self, Glyphs},
    },
};

use super::{
    Canvas, Target,
    documents::{ago, tail},
    paint::{bottom, top},
};

impl Canvas<'_> {
    /// The rows of a list that are in sight, with their places: the page of the row of the cursor.
    pub(super) fn page_of(area: Rect, row: usize, all: usize) -> impl Iterator<Item = (Rect, usize)> {
        let rows = usize::from(area.height.max(1));
        let first = row / rows * rows;
        (area.top()..area.bottom()).zip(first..all).map(move |(y, at)| (Rect { y, height: 1, ..area }, at))
    }

    pub(super) fn list_row(&mut self, line: Rect, at: usize, row: usize) {
        if at == row {
            self.painter.mark_row(line, line.y, self.theme.selection);
        }
        self.hits.add(line, Target::Row(at));
    }

    pub(super) fn occurrences(&mut self, area: Rect, project: &Project, found: &Occurrences) {
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let name = project.labels.name(found.label);
        let title = format!("\u{ab}{}\u{bb} as {name}, {}", width::cut(&found.words, 30), found.scope.name());
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        if found.places.is_empty() {
            let text = "Nowhere else; tab looks in more documents";
            self.painter.text(rest.x, rest.y, rest.width, text, self.theme.muted);
        }
        for (line, at) in Self::page_of(rest, found.row, found.places.len()) {
            if let Some(place) = found.places.get(at) {
                self.place(project, place, line);
            }
            self.list_row(line, at, found.row);
        }
        let wanted = format!("{} of {} chosen", found.wanted(), with_noun(found.places.len(), "place"));
        let conflicts = found.places.iter().filter(|place| !place.conflict.is_empty()).count();
        let conflicts =
            if conflicts == 0 { String::new() } else { format!("; {conflicts} would take the place of a span") };
        self.painter.text(foot.x, foot.y, foot.width, &format!("{wanted}{conflicts}"), self.theme.muted);
    }

    /// One place: whether it is chosen, its document, and its words with what stands around them.
    fn place(&mut self, project: &Project, place: &Place, line: Rect) {
        let Some(document) = project.documents.get(place.document) else { return };
        let Rect { x, y, width, .. } = line;
        let mark = if place.wanted { "[x]" } else { "[ ]" };
        self.painter.text(x, y, 3, mark, self.theme.accent);
        let ids = (width / 5).clamp(6, 20);
        self.painter.text(x + 4, y, ids, &tail(&document.id, usize::from(ids)), self.theme.muted);
        let labels: Vec<&str> = place.conflict.iter().map(|label| project.labels.name(*label)).collect();
        let conflict = if labels.is_empty() { String::new() } else { format!(" is {}", labels.join(", ")) };
        let end = if conflict.is_empty() {
            line.right()
        } else {
            self.painter.text_before(line.right(), y, width / 3, &conflict, self.theme.warn)
        };
        let start = x + 4 + ids + 1;
        let area = Rect { x: start, width: end.saturating_sub(start), ..line };
        self.line_around(&document.text, place.range, area);
    }

    pub(super) fn history(&mut self, area: Rect, history: &History) {
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let title = format!("{}, newest first", with_noun(history.rows.len(), "action"));
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        let now = history.now();
        for (line, at) in Self::page_of(rest, history.row, history.rows.len()) {
            if let Some(row) = history.rows.get(at) {
                self.op(row, at == now, line);
            }
            self.list_row(line, at, history.row);
        }
        let steps = history.row.abs_diff(now);
        let text = match history.row.cmp(&now) {
            std::cmp::Ordering::Equal => "> is where you are".to_owned(),
            std::cmp::Ordering::Greater => format!("enter takes {} back", with_noun(steps, "action")),
            std::cmp::Ordering::Less => format!("enter does {} again", with_noun(steps, "action")),
        };
        self.painter.text(foot.x, foot.y, foot.width, &text, self.theme.muted);
    }

    fn op(&mut self, row: &Row, now: bool, line: Rect) {
        let Rect { x, y, width, .. } = line;
        let style = if row.undone { self.theme.muted } else { self.theme.text };
        self.painter.text(x, y, 1, if now { ">" } else { " " }, self.theme.accent);
        let when = ago(self.state.now.saturating_sub(row.at));
        self.painter.text_before(x + 9, y, 7, &when, self.theme.muted);
        let ids = (width / 5).clamp(6, 20);
        self.painter.text(x + 11, y, ids, &tail(&row.document, usize::from(ids)), self.theme.muted);
        let start = x + 11 + ids + 1;
        let undone = if row.undone { " (taken back)" } else { "" };
        let text = format!("{}{undone}", row.what);
        self.painter.text(start, y, line.right().saturating_sub(start), &text, style);
    }

    /// The labels beyond the ninth with their letters.
    pub(super) fn more_labels(&mut self, area: Rect, project: &Project) {
        let labels: Vec<_> =
            project.labels.iter().filter(|label| label.key.is_some_and(|key| !key.is_ascii_digit())).collect();
        let widest = labels.iter().map(|label| width::width(&label.name)).max().unwrap_or(1).min(30);
        let column = u16::try_from(widest + 5).unwrap_or(35);
        let columns = (area.width.saturating_sub(4) / column).max(1);
        let rows = u16::try_from(labels.len()).unwrap_or(u16::MAX).div_ceil(columns);
        let sheet = self.sheet(area, rows.saturating_add(2));
        let (head, rest) = top(sheet, 1);
        self.painter.text(head.x, head.y, head.width, "the letter of a label gives it; esc leaves", self.theme.accent);
        for (at, label) in (0u16..).zip(labels) {
            let (x, y) = (rest.x + at % columns * column, rest.y + at / columns);
            if y >= rest.bottom() {
                break;
            }
            let key = label.key.map(String::from).unwrap_or_default();
            self.painter.text(x, y, 2, &key, self.theme.accent);
            let name = width::cut(&label.name, widest);
            self.painter.text(x + 2, y, column - 3, &name, self.theme.label(label.color));
            self.hits.add(Rect::new(x, y, column - 1, 1), Target::Label(label.id));
        }
    }

    /// The label set with its keys, colours, spans and guides, and what is asked of it.
    pub(super) fn label_editor(&mut self, area: Rect, project: &Project, editor: &LabelEditor) {
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 2);
        let title = format!("{}, in the order of the label bar", with_noun(project.labels.len(), "label"));
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        let widest = project.labels.iter().map(|label| width::width(&label.name)).max().unwrap_or(4).clamp(4, 30);
        let name = u16::try_from(widest).unwrap_or(30);
        let labels: Vec<&Label> = project.labels.iter().collect();
        let row = editor.row(project);
        for (line, at) in Self::page_of(rest, row, labels.len()) {
            let Some(label) = labels.get(at) else { continue };
            let Rect { x, y, .. } = line;
            let key = label.key.map_or_else(|| "-".to_owned(), String::from);
            self.painter.text(x, y, 2, &key, self.theme.accent);
            self.painter.text(x + 2, y, name, &width::cut(&label.name, widest), self.theme.label(label.color));
            self.painter.text(x + name + 4, y, 4, &label.tag, self.theme.muted);
            let spans = grouped(editor.spans.get(at).copied().unwrap_or(0));
            self.painter.text_before(x + name + 16, y, 7, &spans, self.theme.text);
            let start = x + name + 18;
            let guide = label.guide.as_deref().unwrap_or_default();
            self.painter.text(start, y, line.right().saturating_sub(start), guide, self.theme.muted);
            self.list_row(line, at, row);
        }
        let (asked, line) = top(foot, 1);
        self.label_question(project, editor, labels.get(row).copied(), asked, line);
    }

    fn label_question(
        &mut self,
        project: &Project,
        editor: &LabelEditor,
        label: Option<&Label>,
        asked: Rect,
        line: Rect,
    ) {
        let name = label.map_or("", |label| &label.name);
        let spans = with_noun(editor.spans.get(editor.row(project)).copied().unwrap_or(0), "span");
        let question = match &editor.asking {
            Asking::Nothing => String::new(),
            Asking::New(_) => "A new label:".to_owned(),
            Asking::Name(..) => format!("Another name for {name}; its {spans} keep it:"),
            Asking::Guide(..) => format!("What the annotator should know about {name}:"),
            Asking::Key(_) => format!("Press the key for {name}: a digit, or a letter that is given behind 0"),
            Asking::Into(from) => {
                let from = project.labels.name(*from);
                match from == name {
                    true => format!("Merge {from} into which label? Go to the one that stays"),
                    false => format!("Merge {from} into {name} for good? enter or y, esc not"),
                }
            }
            Asking::Removal(_) => format!("Remove {name} and your {spans}? Others' teach no more. enter or y, esc not"),
        };
        // What is wrong with what was typed stands in the place of the question.
        let problem = editor.problem.as_deref();
        let (above, style) = match problem.filter(|_| editor.field().is_some()) {
            Some(problem) => (problem, self.theme.warn),
            None => (question.as_str(), self.theme.accent),
        };
        self.painter.text(asked.x, asked.y, asked.width, above, style);
        if let Some(field) = editor.field() {
            self.input(line, "", field);
        } else if let Some(problem) = problem {
            self.painter.text(line.x, line.y, line.width, problem, self.theme.warn);
        }
    }

    /// A stretch of a text in one line, with what stands around it; the stretch itself is marked.
    pub(super) fn line_around(&mut self, text: &str, range: crate::text::TextRange, area: Rect) {
        let room = usize::from(area.width);
        let words = range.of(text);
        let before = text.get(..range.start).unwrap_or_default();
        // Not more than could be in sight: a text may be long.
        let near = before.char_indices().rev().take(4 * room).last().map_or(before.len(), |(at, _)| at);
        let lead: Vec<_> = width::graphemes(before.get(near..).unwrap_or_default(), Glyphs::Unicode).collect();
        // A third of the line is for what stands before, or more if all fits.
        let most = if text.len() <= 4 * room && width::width(text) <= room { room } else { room / 3 };
        let mut used = 0;
        let fitting = lead.iter().rev().take_while(|grapheme| {
            used += grapheme.width;
            used <= most
        });
        let taken = fitting.count();
        let cut = taken < lead.len() || near > 0;
        let lead: String = lead.iter().skip(lead.len() - taken).map(|grapheme| grapheme.shown.as_ref()).collect();
        // What is cut begins with a whole word, and says so.
        let whole = lead.find(' ').filter(|_| cut).map(|at| format!("..{}", lead.get(at..).unwrap_or_default()));
        let lead = whole.unwrap_or(lead);
        let mut x = area.x;
        for (part, style) in [
            (lead.as_str(), self.theme.muted),
            (words, self.theme.text.patch(self.theme.selection)),
            (text.get(range.end..).unwrap_or_default(), self.theme.muted),
        ] {
            let left = area.right().saturating_sub(x);
            x += self.painter.text(x, area.y, left, &width::cut(part, usize::from(left)), style);
        }
    }
}
