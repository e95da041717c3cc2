//! The editor of the label set.

use ratatui::layout::Rect;

use crate::{
    app::{
        overlays::label_editor::{Asking, LabelEditor},
        panel::Panel,
        project::Project,
    },
    spans::Label,
    text::{
        number::{grouped, with_noun},
        width,
    },
};

use super::super::{
    Canvas,
    chrome::{MESSAGE_ROWS, wrapped},
    paint::{bottom, top},
};

/// Most cells of a label's name.
const NAME: usize = 30;

impl Canvas<'_> {
    /// Draws the label set and the open question.
    /// Labels have keys, colours, spans and guidelines.
    pub(super) fn label_editor(&mut self, area: Rect, editor: &LabelEditor) {
        let Some(project) = &self.state.session.project else { return };
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let row = editor.row(project);
        let labels: Vec<&Label> = project.labels.iter().collect();
        let question = self.label_question(project, editor, labels.get(row).copied());
        let glyphs = self.painter.caps.glyphs;
        let lines = wrapped(&question, usize::from(sheet.width), MESSAGE_ROWS, glyphs);
        let asked_rows = u16::try_from(lines.len()).unwrap_or(1).max(1);
        let (rest, foot) = bottom(rest, asked_rows + 1);
        let title = format!("{}, in the order of the label bar", with_noun(project.labels.len(), "label"));
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        let widest =
            project.labels.iter().map(|label| width::width_up_to(&label.name, NAME)).max().unwrap_or(4).clamp(4, NAME);
        let name = u16::try_from(widest).unwrap_or(30);
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
        let (asked, line) = top(foot, asked_rows);
        // An error in the typed text replaces the question.
        let problem = editor.problem.as_deref();
        match problem.filter(|_| editor.prompt().is_some()) {
            Some(problem) => _ = self.painter.text(asked.x, asked.y, asked.width, problem, self.theme.warn),
            None => {
                for (y, line) in (asked.top()..asked.bottom()).zip(&lines) {
                    self.painter.text(asked.x, y, asked.width, line, self.theme.accent);
                }
            }
        }
        if let Some(prompt) = editor.prompt() {
            self.input(line, "", &prompt);
        } else if let Some(problem) = problem {
            self.painter.text(line.x, line.y, line.width, problem, self.theme.warn);
        } else {
            self.painter.text(line.x, line.y, line.width, answers(editor.asking), self.theme.accent);
        }
    }

    /// The open question, without its answers.
    fn label_question(&self, project: &Project, editor: &LabelEditor, label: Option<&Label>) -> String {
        let name = label.map_or(String::new(), |label| width::cut(&label.name, NAME));
        let spans = with_noun(editor.spans.get(editor.row(project)).copied().unwrap_or(0), "span");
        match &editor.asking {
            Asking::Nothing => String::new(),
            Asking::New => "A new label:".to_owned(),
            Asking::Name(_) => format!("Another name for {name}; its {spans} keep it:"),
            Asking::Guide(_) => format!("What the annotator should know about {name}:"),
            Asking::Key(_) => format!("Press the key for {name}: a digit, or a letter that is given behind 0"),
            Asking::Into(from) => {
                let is_same = label.is_some_and(|label| label.id == *from);
                let from = width::cut(project.labels.name(*from), NAME);
                match is_same {
                    true => format!("Merge {from} into which label? Go to the one that stays"),
                    false => format!("Merge {from} into {name} for good?"),
                }
            }
            Asking::Removal(_) if project.has_others => {
                format!("Remove {name} and your {spans}? If others have spans with it, those no longer train.")
            }
            Asking::Removal(_) => format!("Remove {name} and your {spans}?"),
        }
    }
}

/// How a question of the label editor is answered that is not answered with a text.
fn answers(asking: Asking) -> &'static str {
    match asking {
        Asking::Removal(_) => "enter or y removes it, esc keeps it",
        Asking::Into(_) => "enter or y merges, esc goes back",
        Asking::Key(_) => "esc goes back",
        Asking::Nothing | Asking::New | Asking::Name(_) | Asking::Guide(_) => "",
    }
}
