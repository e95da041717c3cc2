//! Commands that work on every screen.

use super::{
    command::{Command, CommandInfo, Context},
    conditions::{always, check, not_only_runs, project},
    effect::Effect,
    panel::{Check, NoPanel, Outcome, Request, Row},
    project::{Project, SaveState},
    screen::Screen,
    session::Session,
};

const ANY: Context = Context::Everywhere;

/// Those commands, in the order of the key line.
pub(super) const ROWS: &[Row<NoPanel>] = &[
    go(Screen::Tag, "go-tag", "Go to the Tag screen", &[(ANY, "f1")]),
    go(Screen::Documents, "go-documents", "Go to the Documents screen", &[(ANY, "f2")]),
    go(Screen::Train, "go-train", "Go to the Train screen", &[(ANY, "f3")]),
    go(Screen::Evaluate, "go-evaluate", "Go to the Evaluate screen", &[(ANY, "f4")]),
    go(Screen::Explore, "go-explore", "Go to the Explore screen", &[(ANY, "f5")]),
    Row {
        command: Command::Accept,
        name: "accept",
        hint: "ok",
        doc: "Take what the text field holds, and go on",
        keys: &[(Context::Typing, "enter"), (Context::Form, "enter")],
        when: always,
        run: |_, _| Request::Accept.into(),
    },
    Row {
        command: Command::Tutorial,
        name: "tutorial",
        hint: "",
        doc: "Show the tutorial, or hide it",
        keys: &[(ANY, "ctrl-t")],
        when: always,
        run: |_, _| Request::Tutorial.into(),
    },
    Row {
        command: Command::Projects,
        name: "projects",
        hint: "",
        doc: "Close this project and go to the list of projects",
        keys: &[(ANY, "")],
        when: project,
        run: |_, _| Request::LeaveProject.into(),
    },
    Row {
        command: Command::UndoImport,
        name: "undo-import",
        hint: "",
        doc: "Take back the last import; documents changed since stay",
        keys: &[(ANY, "")],
        when: project,
        run: |_, _| Request::UndoImport.into(),
    },
    Row {
        command: Command::WorkMarked,
        name: "work-marked",
        hint: "marked",
        doc: "Go through the documents marked in the list of mistakes",
        keys: &[(Context::Mistakes, "M"), (ANY, "")],
        when: has_marked,
        run: |_, session| work_marked(session),
    },
    Row {
        command: Command::Learn,
        name: "learn",
        hint: "learn or not",
        doc: "Let a model learn in the background as you tag, or not",
        keys: &[(Context::Learning, "B"), (Context::Tag, "B"), (ANY, "")],
        when: can_learn,
        run: |_, session| session.toggle_learning().into(),
    },
    Row {
        command: Command::NextScreen,
        name: "next-screen",
        hint: "screen",
        doc: "Go to the next screen",
        keys: &[(ANY, "tab")],
        when: project,
        run: |_, session| Request::Go(session.neighbour(Screen::next)).into(),
    },
    Row {
        command: Command::PreviousScreen,
        name: "previous-screen",
        hint: "",
        doc: "Go to the screen before",
        keys: &[(ANY, "shift-tab")],
        when: project,
        run: |_, session| Request::Go(session.neighbour(Screen::previous)).into(),
    },
    Row {
        command: Command::Back,
        name: "back",
        hint: "back",
        doc: "Close, put down or leave what is in front",
        keys: &[(ANY, "esc")],
        when: always,
        run: |_, _| Request::Back.into(),
    },
    Row {
        command: Command::Save,
        name: "save",
        hint: "save",
        doc: "Try again to write what is not saved yet",
        keys: &[(ANY, "ctrl-s")],
        when: save_failed,
        run: |_, session| session.project.as_mut().and_then(Project::resend).into(),
    },
    Row {
        command: Command::Redraw,
        name: "redraw",
        hint: "",
        doc: "Draw the whole screen again",
        keys: &[(ANY, "ctrl-l")],
        when: always,
        run: |_, _| Effect::Redraw.into(),
    },
    Row {
        command: Command::Suspend,
        name: "suspend",
        hint: "",
        doc: "Give the terminal back to the shell for a while",
        keys: &[(ANY, "ctrl-z")],
        when: always,
        run: |_, _| Effect::Suspend.into(),
    },
    Row {
        command: Command::Quit,
        name: "quit",
        hint: "quit",
        doc: "Leave; asks first when a training runs or work is not saved",
        keys: &[(ANY, "q ctrl-c")],
        when: always,
        run: |_, _| Request::Quit.into(),
    },
];

const fn go(
    screen: Screen,
    name: &'static str,
    doc: &'static str,
    keys: &'static [(Context, &'static str)],
) -> Row<NoPanel> {
    let run: fn(&mut NoPanel, &mut Session) -> Outcome = match screen {
        Screen::Tag => |_, _| Request::Go(Screen::Tag).into(),
        Screen::Documents => |_, _| Request::Go(Screen::Documents).into(),
        Screen::Train => |_, _| Request::Go(Screen::Train).into(),
        Screen::Evaluate => |_, _| Request::Go(Screen::Evaluate).into(),
        Screen::Explore => |_, _| Request::Go(Screen::Explore).into(),
    };
    Row { command: Command::Go(screen), name, hint: "", doc, keys, when: project, run }
}

/// The open project is one whose documents a model can learn.
fn can_learn(_: &NoPanel, session: &Session) -> Check {
    project(&NoPanel, session)?;
    not_only_runs(&NoPanel, session)?;
    let read_only = session.project.as_ref().is_some_and(|project| project.read_only.is_some());
    check(!read_only, "Nothing can be changed here, so no model learns")
}

/// A document is marked.
fn has_marked(_: &NoPanel, session: &Session) -> Check {
    check(!session.review.marked().is_empty(), "No document is marked")
}

/// Goes through the marked documents on the Tag screen.
fn work_marked(session: &mut Session) -> Outcome {
    let Some(project) = &session.project else { return Outcome::none() };
    let queue: Vec<usize> = session.review.marked().iter().filter_map(|id| project.position(id)).collect();
    let Some(first) = queue.first().copied() else {
        session.inform("None of the marked documents is in the project now");
        return Outcome::none();
    };
    Outcome::from(session.open_document(first, queue)).and(Request::Go(Screen::Tag))
}

/// Something is not saved, and saving it failed.
fn save_failed(_: &NoPanel, session: &Session) -> Check {
    project(&NoPanel, session)?;
    let state = session.project.as_ref().map(Project::save_state);
    check(matches!(state, Some(SaveState::Failed(_))), "Everything is saved")
}

/// The rows without the panel's type.
pub(super) fn infos() -> impl Iterator<Item = CommandInfo> {
    ROWS.iter().map(Row::info)
}

#[cfg(test)]
mod tests {
    use crate::app::{
        Event,
        tests::{press, start},
        update,
    };

    #[test]
    fn marked_documents_are_gone_through_without_the_search_of_an_earlier_queue() {
        let mut state = start();
        // Of `fish tacos` the search finds the second word.
        press(&mut state, "f2 / a enter enter");
        assert_eq!((state.session.tagging.document, state.session.tagging.queue.len()), (0, 3));
        state.session.review.toggle_mark("d1");
        press(&mut state, ":");
        update(&mut state, Event::Paste("work-marked".into()));
        press(&mut state, "enter");
        let tagging = &state.session.tagging;
        assert_eq!((tagging.document, tagging.word, tagging.queue.as_slice()), (1, 0, &[1][..]));
    }
}
