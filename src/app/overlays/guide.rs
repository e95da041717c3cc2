//! The guide, to be read while tagging.
//! It consists of the guidelines of the labels and the project's `GUIDE.md`.

use crate::app::{
    command::{Command, Context},
    conditions::{self, check},
    list::ListCursor,
    pages::{self, Kind, Line},
    panel::{Check, Commands, NoPanel, Opener, Opens, Panel, own_rows},
    project::Project,
    session::Session,
};

/// The guide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guide {
    /// The first line shown.
    pub top: usize,
}

impl Opens for Guide {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Guide,
        name: "guide",
        hint: "",
        doc: "Read the guidelines of the labels and GUIDE.md",
        keys: &[(Context::Everywhere, "f8")],
        when: is_there,
        open: |_| Self::default().into(),
    }];
}

fn is_there(_: &NoPanel, session: &Session) -> Check {
    let Some(project) = &session.project else { return conditions::project(&NoPanel, session) };
    let of_labels = project.labels.iter().filter_map(|label| label.guide.as_deref());
    let any = of_labels.chain([project.guide.as_str()]).any(|guide| !guide.trim().is_empty());
    check(any, "There are no guidelines; write them in the label editor or in GUIDE.md")
}

// It shares the context of the help, with its keys for scrolling and closing.
impl Commands for Guide {}

impl Panel for Guide {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Help
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let (columns, page) = pages::room(session.size);
        let project = session.project.as_ref()?;
        let last = lines(project, columns).len().saturating_sub(page);
        self.top = self.top.min(last);
        Some(ListCursor { row: &mut self.top, rows: last + 1, page })
    }

    fn click(&self) -> Option<Command> {
        None
    }
}

/// Returns the guidelines of the labels that have one, then `GUIDE.md`.
/// The lines have at most `width` columns.
pub fn lines(project: &Project, width: usize) -> Vec<Line> {
    let labels = project.labels.iter().filter_map(|label| Some((label, label.guide.as_deref()?)));
    let labels = labels.filter(|(_, guide)| !guide.trim().is_empty());
    let labels: Vec<String> = labels
        .map(|(label, guide)| {
            let key = label.key.map(|key| format!("{key} ")).unwrap_or_default();
            format!("- {key}{}: {}", label.name, guide.trim())
        })
        .collect();
    let head = if labels.is_empty() { None } else { Some("# Labels") };
    let own = head.into_iter().chain(labels.iter().map(String::as_str));
    let mut lines = pages::lines(own, width);
    if !lines.is_empty() && !project.guide.is_empty() {
        lines.push(Line { kind: Kind::Text, text: String::new() });
    }
    lines.extend(pages::lines(project.guide.lines(), width));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Event, Key, State, event::Opened, overlays::Overlay, update},
        spans::{LabelChange, LabelSet},
    };

    fn opened(guide: &str, of_label: &str) -> State {
        let mut labels = LabelSet::restaurant();
        let first = labels.iter().next().map(|label| label.id).unwrap();
        labels.change(&LabelChange::Guide(first, of_label.to_owned()), || 0).unwrap();
        let mut state = State::default();
        update(&mut state, Event::Resize { columns: 80, rows: 24 });
        update(&mut state, Event::Opened(Box::new(Opened { guide: guide.to_owned(), labels, ..Opened::default() })));
        state
    }

    fn press(state: &mut State, keys: &str) {
        for key in keys.split(' ') {
            update(state, Event::Key { key: key.parse::<Key>().unwrap(), at: 0 });
        }
    }

    fn top(state: &State) -> Option<usize> {
        match state.overlay() {
            Some(Overlay::Guide(guide)) => Some(guide.top),
            _ => None,
        }
    }

    #[test]
    fn guidelines_of_labels_come_before_the_guide_of_the_project() {
        let state = opened("# Guide\nShort spans.", "rooms, service");
        let lines = lines(state.session.project.as_ref().unwrap(), 60);
        let shown: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(shown, ["Labels", "- 1 Amenity: rooms, service", "", "Guide", "Short spans."]);
    }

    #[test]
    fn it_scrolls_to_its_end_and_closes() {
        let mut state = opened(&"- one more rule\n".repeat(50), "");
        press(&mut state, "f8");
        assert_eq!(top(&state), Some(0));
        press(&mut state, "j space");
        assert_eq!(top(&state), Some(20));
        press(&mut state, "G");
        let end = top(&state);
        press(&mut state, "pagedown");
        assert_eq!((top(&state), end.is_some_and(|end| end > 20)), (end, true));
        press(&mut state, "esc");
        assert_eq!(top(&state), None);
    }

    #[test]
    fn without_guidelines_the_key_says_where_they_are_written() {
        let mut state = opened("", "");
        press(&mut state, "f8");
        assert_eq!(top(&state), None);
        assert!(state.session.message.as_ref().unwrap().text.contains("GUIDE.md"));
    }
}
