//! The tutorial: ten steps round the loop. Nothing is asked of the person but to work; each step looks at the state and
//! sees for itself whether it was done.

use crate::spans::{ActionId, Edit, Status};

use super::{
    command::{Command, Context},
    effect::Effect,
    project::Project,
    state::{Screen, SizeClass, State},
    welcome,
};

/// Rows that it takes from the screen that it is about.
pub const ROWS: u16 = 4;

/// Where somebody is in the tutorial.
#[derive(Clone, Debug)]
pub struct Tutorial {
    /// The step in front; that many are done.
    pub step: usize,
    /// Whether it is on the screen.
    pub shown: bool,
    /// Whether it is that of the tutorial's own project, and its place remembered.
    own: bool,
    /// How things stood when the step came to the front.
    since: Mark,
    /// Exports written so far.
    exports: usize,
}

/// How things stood at a moment, as far as steps compare.
#[derive(Clone, Debug, Default)]
struct Mark {
    cursor: (usize, usize),
    newest: Option<ActionId>,
    redo: Option<ActionId>,
    done: usize,
    newest_run: Option<String>,
    exports: usize,
}

impl Mark {
    fn of(state: &State, exports: usize) -> Self {
        let journal = state.project.as_ref().map(|project| &project.journal);
        Self {
            cursor: (state.tag.document, state.tag.word),
            newest: journal.and_then(|journal| journal.undo_target()).map(|(id, _)| id),
            redo: journal.and_then(|journal| journal.redo_target()).map(|(id, _)| id),
            done: state.project.as_ref().map_or(0, done),
            newest_run: state.train.runs.first().map(|run| run.id.clone()),
            exports,
        }
    }
}

fn done(project: &Project) -> usize {
    let counts = Status::ALL.iter().zip(project.counts());
    counts.filter(|(status, _)| **status == Status::Done).map(|(_, n)| n).sum()
}

/// One thing to do.
#[derive(Debug)]
pub struct Step {
    /// A word for it.
    pub name: &'static str,
    /// What to do, with the keys that do it.
    what: fn(&State) -> String,
    /// What it is for.
    why: fn(&State) -> &'static str,
    met: fn(&State, &Mark, usize) -> bool,
}

/// All steps, in order.
pub static STEPS: [Step; 10] = [
    Step {
        name: "move",
        what: |state| {
            let [right, next] = [Command::Right, Command::NextWord].map(|command| state.key(Context::Tag, command));
            format!("Go to a word that says something: {right} and the other arrows, or {next} for the next.")
        },
        why: |_| "The cursor is always on a word, since labels go on words.",
        met: |state, since, _| (state.tag.document, state.tag.word) != since.cursor,
    },
    Step {
        name: "label",
        what: |state| {
            let labels = state.project.iter().flat_map(|project| project.labels.iter());
            let third = labels.filter_map(|label| Some((label.key?, &label.name))).take(3).last();
            let example = third.map(|(key, name)| format!(": {key} makes it {name}")).unwrap_or_default();
            format!("Label the word with a digit{example}.")
        },
        why: |_| "The labels stand below the text. A labelled stretch of words is called a span.",
        met: |state, since, _| acted(state, since, |edit| matches!(edit, Edit::Add(_) | Edit::Relabel(..))),
    },
    Step {
        name: "lengthen",
        what: |state| format!("Press {} to lengthen the span by a word.", state.key(Context::Tag, Command::Lengthen)),
        why: |_| "It goes to the span just made, so a name of three words is a digit and the key twice.",
        met: |state, since, _| acted(state, since, |edit| matches!(edit, Edit::Resize(..))),
    },
    Step {
        name: "undo",
        what: |state| format!("Press {} to take that back.", state.key(Context::Tag, Command::Undo)),
        why: |_| "Everything can be taken back, also after a restart. What you do is on disk when it says saved.",
        met: |state, since, _| {
            let redo = state.project.as_ref().and_then(|project| project.journal.redo_target()).map(|(id, _)| id);
            redo.is_some() && redo != since.redo
        },
    },
    Step {
        name: "finish",
        what: |state| {
            let key = state.key(Context::Tag, Command::Done);
            format!("Label what else there is in this text, then press {key}: it is done.")
        },
        why: |_| "Only documents that are done teach a model; what has no label there is a no.",
        met: |state, since, _| state.project.as_ref().is_some_and(|project| done(project) > since.done),
    },
    Step {
        name: "train",
        what: |state| format!("Press {} to train a model.", state.key(Context::Tag, Command::TrainNow)),
        why: |_| "It learns from all documents that are done, in the background, for a minute or two.",
        met: |state, since, _| {
            state.train.is_busy() || state.train.runs.first().map(|run| &run.id) != since.newest_run.as_ref()
        },
    },
    Step {
        name: "watch",
        what: |state| {
            let key = state.key(Context::Tag, Command::Go(Screen::Train));
            format!("Look at the curves: {key} goes to the Train screen.")
        },
        why: |_| "There you see how the model gets better while it reads your documents again and again.",
        met: |state, _, _| state.screen == Screen::Train && state.train.view.is_some(),
    },
    Step {
        name: "suggest",
        what: |state| {
            let [take, all, on, tag] =
                [Command::Take, Command::AcceptDone, Command::NextDocument, Command::Go(Screen::Tag)]
                    .map(|command| state.key(Context::Tag, command));
            let back = if state.screen == Screen::Tag { String::new() } else { format!("{tag}, and ") };
            match waits(state) {
                Some(Some(at)) => format!("The training goes on{at}: {back}tag meanwhile. Then the model suggests."),
                Some(None) => {
                    let train = state.key(Context::Tag, Command::TrainNow);
                    format!("There is no model and no training: {back}{train} trains.")
                }
                None if state.screen != Screen::Tag => format!("The model is there: {tag} goes to your text."),
                None if state.tests_here() => {
                    format!("This text tests models: none suggests anything here. {on} goes on to the next.")
                }
                None => {
                    format!(
                        "Dotted spans are the model's: {take} takes the one under the cursor, {all} all. None here? {on}."
                    )
                }
            }
        },
        why: |state| match state.screen {
            Screen::Train => "Loss is to fall; F1, what is found and right, is to rise.",
            _ => "What you take is yours, and teaches the next model.",
        },
        met: |state, since, _| {
            let from_model = |edit: &Edit| matches!(edit, Edit::Add(span) if span.source.is_suggested());
            acted(state, since, from_model)
        },
    },
    Step {
        name: "explore",
        what: |state| {
            let key = state.key(Context::Tag, Command::Go(Screen::Explore));
            format!("Ask it about a sentence of your own: {key}, then type.")
        },
        why: |_| "The model answers while you type. Where it fails, texts of that kind are what to tag next.",
        met: |state, _, _| {
            let explore = &state.explore;
            state.screen == Screen::Explore && explore.is_current() && explore.field.text().trim().contains(' ')
        },
    },
    Step {
        name: "export",
        what: |state| {
            let tag = state.key(Context::Tag, Command::Go(Screen::Tag));
            let palette = state.key(Context::Tag, Command::Palette);
            format!("Write your work out for other programs: {tag}, then {palette} export, and enter twice.")
        },
        why: |_| "It is written as CoNLL into exports, read again and compared.",
        met: |_, since, exports| exports > since.exports,
    },
];

/// Whether the last thing done to a document is newer than `since`, not an undo, and has such an edit.
fn acted(state: &State, since: &Mark, fits: impl Fn(&Edit) -> bool) -> bool {
    let Some(journal) = state.project.as_ref().map(|project| &project.journal) else { return false };
    let newest = journal.undo_target().map(|(id, _)| id);
    // A new action leaves nothing to do again; an undo does, and what it lays bare is old.
    newest != since.newest && journal.redo_target().is_none() && journal.undo_edits().any(fits)
}

/// What the suggestions wait for: how far the training is, or nothing that goes on. `None` if there is a model.
fn waits(state: &State) -> Option<Option<String>> {
    if state.train.runs.iter().any(|run| run.has_model) {
        return None;
    }
    if !state.train.is_busy() {
        return Some(None);
    }
    let status = state.train.running().map(|run| &run.status).filter(|status| status.epochs > 0.0);
    let at = status.map(|status| format!(", epoch {:.0} of {:.0}", status.epoch.ceil(), status.epochs));
    Some(Some(at.unwrap_or_default()))
}

/// What the tutorial says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// How many steps are done.
    pub done: usize,
    /// What to do.
    pub what: String,
    /// What it is for.
    pub why: &'static str,
    /// The key that puts it away.
    pub key: String,
}

/// What the tutorial says now, if it is on the screen.
pub fn lesson(state: &State) -> Option<Lesson> {
    let tutorial = state.tutorial.as_ref().filter(|tutorial| tutorial.shown)?;
    state.project.as_ref().filter(|_| state.size.class() > SizeClass::Tiny)?;
    let key = state.key(Context::Tag, Command::Tutorial);
    let (what, why) = match STEPS.get(tutorial.step) {
        Some(step) => ((step.what)(state), (step.why)(state)),
        None => (
            format!("That was the whole loop. {key} ends the tutorial; this copy of the sample stays yours."),
            "The command projects leads to one with your own texts.",
        ),
    };
    Some(Lesson { done: tutorial.step, what, why, key })
}

/// Rows that it takes now.
pub(super) fn rows(state: &State) -> u16 {
    if lesson(state).is_some() { ROWS } else { 0 }
}

/// Begins at the first step, or goes on at this one, with the project that is open: the tutorial's own, or another.
pub(super) fn begin(state: &mut State, step: usize, own: bool) {
    let step = step.min(STEPS.len());
    state.tutorial = Some(Tutorial { step, shown: true, own, since: Mark::of(state, 0), exports: 0 });
}

/// Where the tutorial stands in its own project, to be taken up another day: `Some(None)` if it is put away or done;
/// `None` elsewhere.
pub(super) fn place(state: &State) -> Option<Option<usize>> {
    let tutorial = state.tutorial.as_ref().filter(|tutorial| tutorial.own && state.project.is_some())?;
    Some(Some(tutorial.step).filter(|step| tutorial.shown && *step < STEPS.len()))
}

/// What is to be remembered if the tutorial stood at `before`.
pub(super) fn moved(state: &State, before: Option<Option<usize>>) -> Option<Effect> {
    let writable = state.project.as_ref().is_some_and(|project| project.read_only.is_none());
    let now = place(state).filter(|now| writable && Some(*now) != before)?;
    Some(Effect::RememberStep(now))
}

/// Puts the tutorial away or takes it up again; begins it where there is none. Without a project it gets one.
pub(super) fn toggle(state: &mut State) -> Vec<Effect> {
    if state.project.is_none() {
        return welcome::go_on_with_tutorial(state);
    }
    match &mut state.tutorial {
        Some(tutorial) if tutorial.step >= STEPS.len() => state.tutorial = None,
        Some(tutorial) => tutorial.shown = !tutorial.shown,
        None => begin(state, 0, false),
    }
    Vec::new()
}

/// Something was exported.
pub(super) fn exported(state: &mut State) {
    if let Some(tutorial) = &mut state.tutorial {
        tutorial.exports += 1;
    }
}

/// Looks whether the step in front is done. Called after everything that happens.
pub(super) fn look(state: &mut State) {
    let Some(tutorial) = &state.tutorial else { return };
    let exports = tutorial.exports;
    let met = STEPS.get(tutorial.step).is_some_and(|step| (step.met)(state, &tutorial.since, exports));
    if !met {
        return;
    }
    let since = Mark::of(state, exports);
    if let Some(tutorial) = &mut state.tutorial {
        (tutorial.step, tutorial.since) = (tutorial.step + 1, since);
    }
}
