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
        let (rest, foot) = bottom(rest, 2);
        let title = format!("{}, in the order of the label bar", with_noun(project.labels.len(), "label"));
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        let widest =
            project.labels.iter().map(|label| width::width_up_to(&label.name, NAME)).max().unwrap_or(4).clamp(4, NAME);
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
            Asking::New => "A new label:".to_owned(),
            Asking::Name(_) => format!("Another name for {name}; its {spans} keep it:"),
            Asking::Guide(_) => format!("What the annotator should know about {name}:"),
            Asking::Key(_) => format!("Press the key for {name}: a digit, or a letter that is given behind 0"),
            Asking::Into(from) => {
                let from = project.labels.name(*from);
                match from == name {
                    true => format!("Merge {from} into which label? Go to the one that stays"),
                    false => format!("Merge {from} into {name} for good? enter or y, esc not"),
                }
            }
            Asking::Removal(_) => {
                format!("Remove {name} and your {spans}? Those of others no longer train. enter or y, esc not")
            }
        };
        // An error in the typed text replaces the question.
        let problem = editor.problem.as_deref();
        let (above, style) = match problem.filter(|_| editor.prompt().is_some()) {
            Some(problem) => (problem, self.theme.warn),
            None => (question.as_str(), self.theme.accent),
        };
        self.painter.text(asked.x, asked.y, asked.width, above, style);
        if let Some(prompt) = editor.prompt() {
            self.input(line, "", &prompt);
        } else if let Some(problem) = problem {
            self.painter.text(line.x, line.y, line.width, problem, self.theme.warn);
        }
    }
}
