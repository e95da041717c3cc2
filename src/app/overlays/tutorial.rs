//! The tutorial: ten steps round the loop, in a strip over the screens.
//! The user only works; each step sees for itself whether it was done.

use crate::{
    app::{
        command::{Command, Context},
        effect::Effect,
        project::Project,
        screen::{Screen, SizeClass},
        session::Session,
    },
    spans::{ActionId, Edit, Status},
};

/// Rows of the strip.
pub const ROWS: u16 = 4;

/// Place in the tutorial.
#[derive(Clone, Debug)]
pub struct Tutorial {
    /// The step in front, which is the number of steps done.
    pub step: usize,
    /// Whether the strip is shown.
    pub shown: bool,
    /// Whether the open project was made for the tutorial.
    /// Then the place is remembered.
    own: bool,
    /// The moment at which the step came to the front.
    since: Moment,
    /// Exports written so far.
    pub(in crate::app) exports: usize,
}

/// Facts that steps compare between two moments.
#[derive(Clone, Debug, Default)]
struct Moment {
    cursor: (usize, usize),
    newest: Option<ActionId>,
    redo: Option<ActionId>,
    done: usize,
    newest_run: Option<String>,
    exports: usize,
}

impl Moment {
    fn of(session: &Session, exports: usize) -> Self {
        let journal = session.project.as_ref().map(|project| &project.journal);
        Self {
            cursor: (session.tagging.document, session.tagging.word),
            newest: journal.and_then(|journal| journal.undo_target()).map(|(id, _)| id),
            redo: journal.and_then(|journal| journal.redo_target()).map(|(id, _)| id),
            done: session.project.as_ref().map_or(0, done),
            newest_run: session.runs.list.first().map(|run| run.id.clone()),
            exports,
        }
    }
}

/// Facts that a step looks at.
struct Seen<'a> {
    session: &'a Session,
    /// The moment at which the step came to the front.
    since: &'a Moment,
    /// Exports written so far.
    exports: usize,
    /// Whether Explore shows an answer about a sentence of several words.
    explored: bool,
}

fn done(project: &Project) -> usize {
    project.count(&[Status::Done])
}

/// One thing to do.
pub struct Step {
    /// A word for it.
    pub name: &'static str,
    /// The task, with the keys for it.
    what: fn(&Session) -> String,
    /// Its purpose.
    why: fn(&Session) -> &'static str,
    /// Whether it is done.
    met: fn(&Seen<'_>) -> bool,
}

/// All steps, in order.
pub static STEPS: [Step; 10] = [
    Step {
        name: "move",
        what: |session| {
            let [right, next] = [Command::Right, Command::NextWord].map(|command| session.key(Context::Tag, command));
            format!("Go to a word that says something: {right} and the other arrows, or {next} for the next.")
        },
        why: |_| "The cursor is always on a word, since labels go on words.",
        met: |seen| (seen.session.tagging.document, seen.session.tagging.word) != seen.since.cursor,
    },
    Step {
        name: "label",
        what: |session| {
            let labels = session.project.iter().flat_map(|project| project.labels.iter());
            let third = labels.filter_map(|label| Some((label.key?, &label.name))).take(3).last();
            let example = third.map(|(key, name)| format!(": {key} makes it {name}")).unwrap_or_default();
            format!("Label the word with a digit{example}.")
        },
        why: |_| "The labels are below the text. A labelled stretch of words is called a span.",
        met: |seen| acted(seen, |edit| matches!(edit, Edit::Add(_) | Edit::Relabel(..))),
    },
    Step {
        name: "lengthen",
        what: |session| {
            format!("Press {} to lengthen the span by a word.", session.key(Context::Tag, Command::Lengthen))
        },
        why: |_| "It goes to the span just made, so a name of three words is a digit and the key twice.",
        met: |seen| acted(seen, |edit| matches!(edit, Edit::Resize(..))),
    },
    Step {
        name: "undo",
        what: |session| format!("Press {} to take that back.", session.key(Context::Tag, Command::Undo)),
        why: |_| "Everything can be taken back, also after a restart. What you do is on disk when it says saved.",
        met: |seen| {
            let redo =
                seen.session.project.as_ref().and_then(|project| project.journal.redo_target()).map(|(id, _)| id);
            redo.is_some() && redo != seen.since.redo
        },
    },
    Step {
        name: "finish",
        what: |session| {
            let key = session.key(Context::Tag, Command::Done);
            format!("Label what else there is in this text, then press {key}: it is done.")
        },
        why: |_| "Models train only on documents that are done; no label there means none.",
        met: |seen| seen.session.project.as_ref().is_some_and(|project| done(project) > seen.since.done),
    },
    Step {
        name: "train",
        what: |session| format!("Press {} to train a model.", session.key(Context::Tag, Command::TrainNow)),
        why: |_| "It learns from all documents that are done, in the background, for a minute or two.",
        met: |seen| {
            seen.session.runs.is_busy()
                || seen.session.runs.list.first().map(|run| &run.id) != seen.since.newest_run.as_ref()
        },
    },
    Step {
        name: "watch",
        what: |session| {
            let key = session.key(Context::Tag, Command::Go(Screen::Train));
            format!("Look at the curves: {key} goes to the Train screen.")
        },
        why: |_| "There you see how the model gets better while it reads your documents again and again.",
        met: |seen| seen.session.screen == Screen::Train && seen.session.runs.followed.is_some(),
    },
    Step {
        name: "suggest",
        what: |session| {
            let [take, all, on, tag] =
                [Command::Take, Command::AcceptDone, Command::NextDocument, Command::Go(Screen::Tag)]
                    .map(|command| session.key(Context::Tag, command));
            let back = if session.screen == Screen::Tag { String::new() } else { format!("{tag}, and ") };
            match waits(session) {
                Some(Some(at)) => format!("The training goes on{at}: {back}tag meanwhile. Then the model suggests."),
                Some(None) => {
                    let train = session.key(Context::Tag, Command::TrainNow);
                    format!("There is no model and no training: {back}{train} trains.")
                }
                None if session.screen != Screen::Tag => format!("The model is there: {tag} goes to your text."),
                None if session.is_test_document() => {
                    format!("This text tests models: none suggests anything here. {on} goes on to the next.")
                }
                None if session.is_held_back() => {
                    format!("This text is shown without suggestions, to judge them fairly. {on} goes on to the next.")
                }
                None => {
                    format!(
                        "Dotted spans are the model's: {take} takes the one under the cursor, {all} all. None here? {on}."
                    )
                }
            }
        },
        why: |session| match session.screen {
            Screen::Train => "Loss is to fall; F1, what is found and right, is to rise.",
            _ => "What you take is yours, and the next model trains on it.",
        },
        met: |seen| acted(seen, |edit| matches!(edit, Edit::Add(span) if span.source.is_suggested())),
    },
    Step {
        name: "explore",
        what: |session| {
            let key = session.key(Context::Tag, Command::Go(Screen::Explore));
            format!("Ask it about a sentence of your own: {key}, then type.")
        },
        why: |_| "The model answers while you type. Where it fails, texts of that kind are what to tag next.",
        met: |seen| seen.session.screen == Screen::Explore && seen.explored,
    },
    Step {
        name: "export",
        what: |session| {
            let tag = session.key(Context::Tag, Command::Go(Screen::Tag));
            let palette = session.key(Context::Tag, Command::Palette);
            format!("Write your work out for other programs: {tag}, then {palette} export, and enter twice.")
        },
        why: |_| "It is written as CoNLL into exports, read again and compared.",
        met: |seen| seen.exports > seen.since.exports,
    },
];

/// Whether the last action is newer than the step and has such an edit.
/// An undo does not count.
fn acted(seen: &Seen<'_>, fits: fn(&Edit) -> bool) -> bool {
    let Some(journal) = seen.session.project.as_ref().map(|project| &project.journal) else { return false };
    let newest = journal.undo_target().map(|(id, _)| id);
    // A new action leaves nothing to redo; an undo does, and the action before it is old.
    newest != seen.since.newest && journal.redo_target().is_none() && journal.undo_edits().any(fits)
}

/// Training on which the suggestions depend, while there is no model.
/// The inner value is its progress, or `None` if none is running. The outer value is `None` if there is a model.
fn waits(session: &Session) -> Option<Option<String>> {
    if session.suggesting().is_some() {
        return None;
    }
    if !session.runs.is_busy() {
        return Some(None);
    }
    let status = session.runs.running().map(|run| &run.status).filter(|status| status.epochs > 0.0);
    let at = status.map(|status| format!(", epoch {:.0} of {:.0}", status.epoch.ceil(), status.epochs));
    Some(Some(at.unwrap_or_default()))
}

/// Step that the tutorial shows now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Number of steps done.
    pub done: usize,
    /// The task.
    pub what: String,
    /// Its purpose.
    pub why: &'static str,
    /// The key that hides the tutorial.
    pub key: String,
}

impl Tutorial {
    /// Begins at `step`. `own`: whether the open project was made for the tutorial.
    pub(in crate::app) fn new(session: &Session, step: usize, own: bool) -> Self {
        Self { step: step.min(STEPS.len()), shown: true, own, since: Moment::of(session, 0), exports: 0 }
    }

    /// Step that the tutorial shows now; `None` if it is hidden or has no room.
    pub fn lesson(&self, session: &Session) -> Option<Lesson> {
        if !self.shown || session.project.is_none() || session.size.class() == SizeClass::Tiny {
            return None;
        }
        let key = session.key(Context::Tag, Command::Tutorial);
        let (what, why) = match STEPS.get(self.step) {
            Some(step) => ((step.what)(session), (step.why)(session)),
            None => (
                format!("That was the whole loop. {key} ends the tutorial; this copy of the sample stays yours."),
                "The command projects leads to one with your own texts.",
            ),
        };
        Some(Lesson { done: self.step, what, why, key })
    }

    /// Goes on to the next step if the one in front is done.
    /// Called after every event; `explored`: whether Explore shows an answer about a sentence of several words.
    pub(in crate::app) fn look(&mut self, session: &Session, explored: bool) {
        let Some(step) = STEPS.get(self.step) else { return };
        let seen = Seen { session, since: &self.since, exports: self.exports, explored };
        if (step.met)(&seen) {
            self.step += 1;
            self.since = Moment::of(session, self.exports);
        }
    }

    /// Whether all steps are done.
    pub(in crate::app) fn is_over(&self) -> bool {
        self.step >= STEPS.len()
    }

    /// The step to be taken up another day in the tutorial's own project.
    /// `Some(None)` if the tutorial is hidden or done; `None` in other projects.
    pub(in crate::app) fn place(&self, session: &Session) -> Option<Option<usize>> {
        let own = self.own && session.project.is_some();
        own.then(|| Some(self.step).filter(|step| self.shown && *step < STEPS.len()))
    }
}

/// Place to remember, given the place `before` and the place `now`.
pub(in crate::app) fn remember(
    session: &Session,
    before: Option<Option<usize>>,
    now: Option<Option<usize>>,
) -> Option<Effect> {
    let writable = session.project.as_ref().is_some_and(|project| project.read_only.is_none());
    now.filter(|now| writable && Some(*now) != before).map(Effect::RememberStep)
}
