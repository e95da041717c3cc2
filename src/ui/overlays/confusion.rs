//! Kinds of mistakes and the matrix of confused labels.

use ratatui::layout::Rect;

use crate::{
    app::overlays::confusion::{Confusion, Number},
    spans::{MistakeKind, ReviewList},
    text::{
        number::{grouped, with_noun},
        width,
    },
};

use super::{
    super::{
        Canvas,
        paint::{bottom, top},
    },
    mistakes::{kind_name, split_name},
};

/// Cells of a number of the matrix.
const CELL: u16 = 8;
/// Word for the row and the column without a label.
const NOTHING: &str = "nothing";

impl Canvas<'_> {
    pub(super) fn confusion(&mut self, area: Rect, panel: &Confusion) {
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let split = split_name(panel.split);
        let Some(list) = panel.shown_list(&self.state.session) else {
            self.painter.text(head.x, head.y, head.width, &format!("mistakes on {split}"), self.theme.accent);
            return self.search_state(rest);
        };
        let mistakes = with_noun(list.total(), "mistake");
        let title = format!("{} on {split}: {mistakes} in {}", list.run, with_noun(list.documents, "document"));
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        self.mistake_numbers(rest, list, Some(panel));
    }

    /// Numbers of mistakes by kind, and the matrix; with a cursor, the number under it in words.
    pub(in crate::ui) fn mistake_numbers(&mut self, area: Rect, list: &ReviewList, cursor: Option<&Confusion>) {
        let rest = self.kinds_of_mistakes(area, list, cursor);
        let (_, rest) = top(rest, u16::from(rest.height > 12));
        let labels = list.label_names();
        let (matrix, foot) = bottom(rest, 2.min(rest.height));
        self.matrix(matrix, list, &labels, cursor);
        let explained = "gold down, model across; on the diagonal: right + right label with other words";
        self.painter.text(foot.x, foot.y, foot.width, explained, self.theme.muted);
        let (_, line) = top(foot, 1);
        if let Some(cursor) = cursor.filter(|_| line.height > 0) {
            let text = number_words(list, cursor.number(&labels));
            self.painter.text(line.x, line.y, line.width, &text, self.theme.text);
        }
    }

    /// Number of all mistakes and of each kind, in as many rows as needed; returns the area below.
    fn kinds_of_mistakes(&mut self, area: Rect, list: &ReviewList, cursor: Option<&Confusion>) -> Rect {
        let kinds = MistakeKind::ALL.iter().zip(list.kinds).map(|(kind, count)| (kind_name(*kind), count));
        let marked = cursor.filter(|cursor| cursor.row == 0).map(|cursor| cursor.column);
        let mut x = area.x;
        let mut y = area.y;
        for (at, (name, count)) in std::iter::once(("all", list.total())).chain(kinds).enumerate() {
            let text = format!("{name} {}", grouped(count));
            let wide = u16::try_from(width::width(&text)).unwrap_or(u16::MAX);
            if x > area.x && x.saturating_add(wide) > area.right() {
                x = area.x;
                y += 1;
            }
            if y >= area.bottom() {
                break;
            }
            self.painter.text(x, y, area.right().saturating_sub(x), &text, self.theme.text);
            if marked == Some(at) {
                self.painter.mark_row(Rect { x, y, width: wide, height: 1 }, y, self.theme.selection);
            }
            x = x.saturating_add(wide + 3);
        }
        let used = (y + 1).saturating_sub(area.y);
        top(area, used).1
    }

    /// The matrix: as many rows and columns as fit, those of the cursor among them.
    fn matrix(&mut self, area: Rect, list: &ReviewList, labels: &[&str], cursor: Option<&Confusion>) {
        let here = cursor.filter(|cursor| cursor.row > 0).map(|cursor| (cursor.row - 1, cursor.column));
        let (row, column) = here.unwrap_or_default();
        let name = (area.width / 4).clamp(8, 18);
        let all = labels.len() + 1;
        let shown = usize::from((area.width.saturating_sub(name)) / CELL).clamp(1, all);
        let first_column = (column / shown * shown).min(all - shown);
        let (titles, rest) = top(area, 1);
        let cells = Rect { x: area.x.saturating_add(name), ..area };
        for at in first_column..first_column + shown {
            let title = width::cut(labels.get(at).copied().unwrap_or(NOTHING), usize::from(CELL - 1));
            self.painter.text_before(cell_end(cells, at - first_column), titles.y, CELL - 1, &title, self.theme.muted);
        }
        let rows = usize::from(rest.height.max(1)).min(all);
        let first_row = (row / rows * rows).min(all - rows);
        for (y, at) in (rest.top()..rest.bottom()).zip(first_row..all) {
            let label = labels.get(at).copied();
            let style = match label.and_then(|label| self.state.session.project.as_ref()?.labels.find(label)) {
                Some(label) => self.theme.label(label.color),
                None => self.theme.muted,
            };
            self.painter.text(rest.x, y, name - 1, label.unwrap_or(NOTHING), style);
            for other in first_column..first_column + shown {
                let (text, is_right) = pair_text(list, label, labels.get(other).copied());
                let style = match (text.as_str(), is_right) {
                    (".", _) => self.theme.muted,
                    (_, true) => self.theme.ok,
                    (_, false) => self.theme.text,
                };
                self.painter.text_before(cell_end(cells, other - first_column), y, CELL - 1, &text, style);
                if here == Some((at, other)) {
                    let cell = Rect {
                        x: (cell_end(cells, other - first_column) + 1).saturating_sub(CELL),
                        y,
                        width: CELL - 1,
                        height: 1,
                    };
                    self.painter.mark_row(cell, y, self.theme.selection);
                }
            }
        }
    }
}

/// End of a column of the matrix whose columns begin at the left of `cells`.
fn cell_end(cells: Rect, column: usize) -> u16 {
    let columns = u16::try_from(column + 1).unwrap_or(u16::MAX);
    cells.x.saturating_add(columns.saturating_mul(CELL))
}

/// Number of spans right, and of mistakes, with these labels.
fn counts(list: &ReviewList, gold: Option<&str>, model: Option<&str>) -> (usize, usize) {
    let right = gold.filter(|_| gold == model).and_then(|label| list.labels.get(label));
    let pair = [gold, model].map(|label| label.map(std::sync::Arc::from));
    (right.map_or(0, |counts| counts.true_positives), list.pairs.get(&pair).copied().unwrap_or_default())
}

/// Text of a number of the matrix, and whether it is one of the diagonal.
fn pair_text(list: &ReviewList, gold: Option<&str>, model: Option<&str>) -> (String, bool) {
    let is_right = gold.is_some() && gold == model;
    let text = match counts(list, gold, model) {
        (0, 0) => ".".to_owned(),
        (right, 0) => grouped(right),
        (right, wrong) if is_right => format!("{}+{}", grouped(right), grouped(wrong)),
        (_, wrong) => grouped(wrong),
    };
    (text, is_right)
}

/// The number under the cursor in words.
fn number_words(list: &ReviewList, number: Number<'_>) -> String {
    match number {
        Number::Kind(None) => format!("{} of all kinds", with_noun(list.total(), "mistake")),
        Number::Kind(Some(kind)) => {
            let count = list.kinds.get(kind as usize).copied().unwrap_or_default();
            format!("{}: {}", kind.meaning(), grouped(count))
        }
        Number::Pair(None, None) => "words without a label on either side are not counted".to_owned(),
        Number::Pair(gold, model) => {
            let (right, wrong) = counts(list, gold, model);
            let [gold_name, model_name] = [gold, model].map(|label| label.unwrap_or(NOTHING));
            match gold == model {
                true => format!("{gold_name}: {} right, {} with other words", grouped(right), grouped(wrong)),
                false => format!("gold {gold_name}, model {model_name}: {}", with_noun(wrong, "mistake")),
            }
        }
    }
}
