//! The Tag screen: labels one document after the other.
//! Its cursor, selection and armed label are the session's [`Tagging`](crate::app::tagging::Tagging).

use crate::{
    app::{
        command::{Command, Context},
        conditions::{self, always, check, documents},
        effect::Effect,
        panel::{Check, Commands, Outcome, Panel, Row, own_rows},
        pointer::{Gesture, Target},
        project::Project,
        session::Session,
        suggestions::{HELD_BACK, HELD_BACK_BY_HAND, SuggestionSource, TESTS, TESTS_BY_HAND},
        tagging::NO_NEXT_WORD,
    },
    spans::LabelChange,
    text::number::{grouped, score, with_noun},
};

/// Documents that must be done before a first model finds enough to be of use.
const FIRST_TRAINING: usize = 20;

/// Reason why a document of the test split does not show what a model saw.
const TESTS_VIEW: &str = "This text tests models, so what they saw is shown in the list of mistakes only";

/// Reason why a document that is held back does not show what a model saw.
const HELD_BACK_VIEW: &str = "This text is held back: what the model saw is shown once it is done";

/// Sentences of rows that differ in their digit only.
const LABEL: &str = "Label the word or the selection, or relabel the span";
const ARM: &str = "Arm the label: selections get it until it is put down";

/// Default keys of the moves.
const MOVES: &[(Command, &str)] = &[
    (Command::Up, "up k"),
    (Command::Down, "down j"),
    (Command::PageUp, "pageup"),
    (Command::PageDown, "pagedown"),
    (Command::First, "home"),
    (Command::Last, "end"),
];

/// Makes a row of the table.
/// It takes the command, name, hint, default keys, condition, sentence, and the method of the tag context that carries
/// it out.
macro_rules! row {
    (
        $command:ident $(($argument:expr))?, $name:literal, $hint:literal, $keys:literal, $when:path, $doc:expr,
        $method:ident $(($with:expr))?
    ) => {
        Row {
            command: Command::$command $(($argument))?,
            name: $name,
            hint: $hint,
            doc: $doc,
            keys: &[(Context::Tag, $keys)],
            when: $when,
            run: |_, session| session.tag(|context| context.$method($($with)?)).into(),
        }
    };
}

/// There is an action, or a change of the labels, to take back.
fn can_undo(tag: &Tag, session: &Session) -> Check {
    if session.label_edit.is_some() { Ok(()) } else { conditions::undo(tag, session) }
}

/// Undoes the last action, or the change of the labels after it. One that is no single name, key or guideline is taken
/// back by hand: then the first press only says so.
fn undo(session: &mut Session) -> Outcome {
    let last = session.project.as_ref().and_then(|project| project.journal.undo_target()).map(|(id, _)| id);
    let Some(edit) = session.label_edit.take().filter(|edit| edit.after == last) else {
        return session.tag(|context| context.undo()).into();
    };
    if let Some(why) = session.read_only() {
        session.warn(why);
        return Outcome::none();
    }
    if let Some(inverse) = edit.inverse {
        session.undoes_label_edit = true;
        session.inform(match &inverse {
            LabelChange::Rename(_, name) => format!("Taken back: the label is {name} again"),
            _ => "Taken back: the last change of a label".to_owned(),
        });
        return Effect::ChangeLabels(inverse).into();
    }
    let [labels, undo] = [(Context::Everywhere, Command::EditLabels), (Context::Tag, Command::Undo)]
        .map(|(context, command)| session.key(context, command));
    session.warn(format!(
        "That change of labels is taken back in the list of labels ({labels}); {undo} again takes back the last action"
    ));
    Outcome::none()
}

/// The Tag screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tag;

#[rustfmt::skip]
impl Commands for Tag {
    const ROWS: &'static [Row<Self>] = &[
        row!(Label(1), "label-1", "", "1", documents, LABEL, label_by_digit(1)),
        row!(Label(2), "label-2", "", "2", documents, LABEL, label_by_digit(2)),
        row!(Label(3), "label-3", "", "3", documents, LABEL, label_by_digit(3)),
        row!(Label(4), "label-4", "", "4", documents, LABEL, label_by_digit(4)),
        row!(Label(5), "label-5", "", "5", documents, LABEL, label_by_digit(5)),
        row!(Label(6), "label-6", "", "6", documents, LABEL, label_by_digit(6)),
        row!(Label(7), "label-7", "", "7", documents, LABEL, label_by_digit(7)),
        row!(Label(8), "label-8", "", "8", documents, LABEL, label_by_digit(8)),
        row!(Label(9), "label-9", "", "9", documents, LABEL, label_by_digit(9)),
        row!(Done, "done", "done", "enter", documents,
            "Mark the document done without suggestions, go to the next", done),
        row!(AcceptDone, "accept-done", "take all, done", "space", acceptable,
            "Take all suggestions, mark it done, go to the next", accept_done),
        row!(NextWord, "next-word", "next", "w", word_after,
            "Go to the next content word without a label", move_cursor(Command::NextWord)),
        row!(Lengthen, "lengthen", "edge", "]", edge,
            "Lengthen the span by a word at its right edge", move_edge(Command::Lengthen)),
        row!(Shorten, "shorten", "edge", "[", edge,
            "Shorten the span by a word at its right edge", move_edge(Command::Shorten)),
        row!(Extend, "extend", "extend", "e", edge,
            "Lengthen the span over the content words that follow", move_edge(Command::Extend)),
        row!(Remove, "remove", "remove", "x", removable, "Remove the span, or turn down the suggestion", remove),
        Row {
            command: Command::Undo,
            name: "undo",
            hint: "undo",
            doc: "Take back the last action, over documents and restarts too",
            keys: &[(Context::Tag, "u")],
            when: can_undo,
            run: |_, session| undo(session),
        },
        row!(Take, "take", "take", "a", on_suggestion, "Take the suggestion under the cursor", take),
        row!(Select, "select", "select", "v", documents,
            "Start a selection, or end it; an armed label labels it", select),
        row!(TakeAll, "take-all", "take all", "A", suggestions, "Take all suggestions on this document", take_all),
        row!(NextSuggestion, "next-suggestion", "suggestion", "r", suggestions,
            "Go to the next suggestion", move_cursor(Command::NextSuggestion)),
        row!(PreviousSuggestion, "previous-suggestion", "suggestion", "R", suggestions,
            "Go to the suggestion before", move_cursor(Command::PreviousSuggestion)),
        row!(Redo, "redo", "redo", "ctrl-r", conditions::redo, "Do again what was taken back", redo),
        row!(BringBack, "bring-back", "", "", always, "Do again what was taken back and then given up", bring_back),
        row!(NextOpen, "next-open", "to do", "t", documents,
            "Go to the next document that is neither done nor skipped", next_open),
        row!(NextDocument, "next-document", "document", "n", documents, "Go to the next document", step(true)),
        row!(PreviousDocument, "previous-document", "document", "p", documents,
            "Go to the document before", step(false)),
        row!(Skip, "skip", "skip", "s", documents, "Leave the document out on purpose, go to the next", skip),
        row!(Flag, "flag", "flag", "f", documents, "Flag the document to be talked about, or unflag it", flag),
        row!(PreviousWord, "previous-word", "before", "b", documents,
            "Go back to the content word without a label before this", move_cursor(Command::PreviousWord)),
        row!(LengthenLeft, "lengthen-left", "left edge", "}", edge,
            "Lengthen the span by a word at its left edge", move_edge(Command::LengthenLeft)),
        row!(ShortenLeft, "shorten-left", "left edge", "{", edge,
            "Shorten the span by a word at its left edge", move_edge(Command::ShortenLeft)),
        row!(Letters, "characters", "by letter", "c", documents,
            "Go by characters, for parts of words; or by words again", toggle_chars),
        row!(NextSpan, "next-span", "span", "g", spans, "Go to the next span", move_cursor(Command::NextSpan)),
        row!(PreviousSpan, "previous-span", "span", "G", spans,
            "Go to the span before", move_cursor(Command::PreviousSpan)),
        row!(RejectAll, "reject-all", "reject all", "X", suggestions,
            "Turn down all suggestions on this document", reject_all),
        row!(RaiseBar, "raise-bar", "surer, more", ">", documents,
            "Show only suggestions that are surer by .1", move_bar(true)),
        row!(LowerBar, "lower-bar", "surer, more", "<", documents,
            "Show suggestions that are less sure by .1, too", move_bar(false)),
        Row {
            command: Command::RaiseTaken,
            name: "take-surer",
            hint: "",
            doc: "Take all: only suggestions that are surer by .1",
            keys: &[(Context::Tag, "+ =")],
            when: documents,
            run: |_, session| session.move_take_above(true).into(),
        },
        Row {
            command: Command::LowerTaken,
            name: "take-less-sure",
            hint: "",
            doc: "Take all: also suggestions that are less sure by .1",
            keys: &[(Context::Tag, "minus")],
            when: documents,
            run: |_, session| session.move_take_above(false).into(),
        },
        Row {
            command: Command::ChooseNext,
            name: "choose-next",
            hint: "",
            doc: "Choose the next document by another rule",
            keys: &[(Context::Tag, "o")],
            when: documents,
            run: |_, session| session.next_rule().into(),
        },
        Row {
            command: Command::HoldBack,
            name: "hold-back",
            hint: "",
            doc: "Show some documents without suggestions, or none",
            keys: &[(Context::Tag, "")],
            when: documents,
            run: |_, session| session.toggle_hold_back().into(),
        },
        row!(Source(SuggestionSource::Model), "suggest-model", "", "", always,
            "Let the model suggest, or not", toggle_source(SuggestionSource::Model)),
        row!(Source(SuggestionSource::Gazetteer), "suggest-tagged", "", "", always,
            "Let what was tagged before suggest, or not", toggle_source(SuggestionSource::Gazetteer)),
        row!(Source(SuggestionSource::Patterns), "suggest-patterns", "", "", always,
            "Let the project's patterns suggest, or not", toggle_source(SuggestionSource::Patterns)),
        Row {
            command: Command::ModelView,
            name: "model-view",
            hint: "model's view",
            doc: "Show where the model differs from your spans, or hide it",
            keys: &[(Context::Tag, "M")],
            when: can_view,
            run: |_, session| session.toggle_model_view().into(),
        },
        row!(Nest, "nest", "nest", "N", documents,
            "Let the next label nest with spans, not replace them", toggle_nest),
        // Shift with a digit, as terminals send it from a US keyboard, and as the kitty protocol names it.
        row!(Arm(1), "arm-1", "", "! shift-1", documents, ARM, arm_by_digit(1)),
        row!(Arm(2), "arm-2", "", "@ shift-2", documents, ARM, arm_by_digit(2)),
        row!(Arm(3), "arm-3", "", "# shift-3", documents, ARM, arm_by_digit(3)),
        row!(Arm(4), "arm-4", "", "$ shift-4", documents, ARM, arm_by_digit(4)),
        row!(Arm(5), "arm-5", "", "% shift-5", documents, ARM, arm_by_digit(5)),
        row!(Arm(6), "arm-6", "", "^ shift-6", documents, ARM, arm_by_digit(6)),
        row!(Arm(7), "arm-7", "", "& shift-7", documents, ARM, arm_by_digit(7)),
        row!(Arm(8), "arm-8", "", "* shift-8", documents, ARM, arm_by_digit(8)),
        row!(Arm(9), "arm-9", "", "( shift-9", documents, ARM, arm_by_digit(9)),
        row!(Left, "left", "", "left h", documents, "Go left by a word", move_cursor(Command::Left)),
        row!(Right, "right", "", "right l", documents, "Go right by a word", move_cursor(Command::Right)),
        row!(CopyText, "copy", "", "y", documents, "Copy the document's text to the clipboard", copy_text),
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Tag, MOVES)];
}

impl Panel for Tag {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Tag
    }

    fn hint(&self, command: Command, session: &Session) -> Option<&'static str> {
        (command == Command::AcceptDone && !takes_any(session)).then_some("done")
    }

    fn travel(&mut self, command: Command, session: &mut Session) -> Outcome {
        match documents(self, session) {
            Ok(()) => session.tag(|context| context.move_cursor(command)).into(),
            Err(why) => session.hint(why).into(),
        }
    }

    fn pointer(&mut self, gesture: Gesture, target: Option<Target>, session: &mut Session) -> Option<Outcome> {
        let effects = match (gesture, target) {
            (Gesture::Press, Some(Target::Text(at))) => session.tag(|context| context.press_text(at)),
            (Gesture::Press, Some(Target::Label(label))) => session.tag(|context| context.label(label)),
            (Gesture::Drag, Some(Target::Text(at))) => session.tag(|context| context.drag_text(at)),
            (Gesture::Release, _) => session.tag(|context| context.release_text()),
            (Gesture::Press, _) => {
                session.tagging.pressed = None;
                return None;
            }
            _ => return None,
        };
        Some(effects.into())
    }

    fn leave(&mut self, session: &mut Session) {
        session.tagging.pressed = None;
    }

    fn holds(&self, session: &Session) -> bool {
        session.tagging.holds()
    }

    fn back(&mut self, session: &mut Session) -> bool {
        session.tagging.back()
    }

    fn next_step(&self, session: &Session) -> Option<String> {
        let project = session.project.as_ref().filter(|project| project.read_only.is_none())?;
        if let Some(changed) = changed_text(session, project) {
            return Some(changed);
        }
        let (done, open) = session.progress();
        let training = session.done_for_training();
        let has_model = session.models().next().is_some();
        if open == 0 && done > 0 {
            let first = if has_model { String::new() } else { format!("{} trains a model on them; ", train(session)) };
            let export = session.key(Context::Tag, Command::Export);
            return Some(format!("every document is done; {first}{export} writes them out"));
        }
        if session.tagging.anchor.is_some() {
            return Some("move to the last word of the span, then press the digit of its label".to_owned());
        }
        if session.is_held_back() {
            return Some("shown without suggestions, to judge them fairly: label what is there".to_owned());
        }
        if session.runs.is_busy() {
            return Some("the training goes on while you tag; its model will make the suggestions".to_owned());
        }
        if has_model || session.suggesting_version().is_some() {
            return with_model(session, project);
        }
        Some(match training {
            0 => {
                let [next, done] = [Command::NextWord, Command::Done].map(|command| session.key(Context::Tag, command));
                format!("{next} goes to a word, its label's digit labels it; {done} when the text is done")
            }
            done if done < FIRST_TRAINING => {
                // On a narrow screen the first part stands alone.
                let more = with_noun(FIRST_TRAINING - done, "document");
                format!("{} trains a first model after about {more} more; {} done", train(session), grouped(done))
            }
            some if some < done => {
                let all = with_noun(done, "document");
                format!(
                    "{} trains a first model on {} of {all} done; the others are kept for tests",
                    train(session),
                    grouped(some)
                )
            }
            all => {
                format!("{} trains a first model on the {} that are done", train(session), with_noun(all, "document"))
            }
        })
    }

    fn model_changed(&mut self, session: &mut Session) -> Vec<Effect> {
        session.suggest()
    }
}

/// The next step where the text was changed, so that spans have lost their place or the status is in doubt.
fn changed_text(session: &Session, project: &Project) -> Option<String> {
    let annotation = project.annotation(session.tagging.document);
    if annotation.is_doubtful() {
        let done = session.key(Context::Tag, Command::Done);
        return Some(format!(
            "the text was replaced since it was marked done without spans: tag what is there, then {done}"
        ));
    }
    let lost = annotation.lost();
    let spans = with_noun(lost.len(), "span");
    let labels: Vec<&str> = lost.map(|(_, label)| project.labels.name(label)).collect();
    let first = labels.first()?;
    let more = if labels.len() > 1 { format!(" and {} more", labels.len() - 1) } else { String::new() };
    let done = session.key(Context::Tag, Command::Done);
    Some(format!("the text was changed, and {spans} lost the place ({first}{more}): tag what is missing, then {done}"))
}

/// Key that trains a model.
fn train(session: &Session) -> String {
    session.key(Context::Tag, Command::TrainNow)
}

/// The next step where a model suggests.
fn with_model(session: &Session, project: &Project) -> Option<String> {
    if session.is_test_document() {
        return Some("this text tests models, so none suggests anything here".to_owned());
    }
    if project.suggestions(session.tagging.document).is_empty() {
        return None;
    }
    let take = session.key(Context::Tag, Command::Take);
    let all = session.key(Context::Tag, Command::AcceptDone);
    let which = match session.live_settings.take_above {
        0.0 => "all".to_owned(),
        from => format!("those from {}", score(f64::from(from), 2)),
    };
    Some(format!("dotted spans are suggestions: {take} takes one, {all} takes {which} and is done"))
}

fn has_suggestions(session: &Session) -> bool {
    let project = session.project.as_ref();
    project.is_some_and(|project| !project.suggestions(session.tagging.document).is_empty())
}

/// Whether the keys for all suggestions take any on the document in front.
fn takes_any(session: &Session) -> bool {
    let open = session.project.as_ref().map(|project| project.suggestions(session.tagging.document));
    open.is_some_and(|open| open.iter().any(|suggestion| suggestion.score >= session.live_settings.take_above))
}

fn is_on_suggestion(session: &Session) -> bool {
    session.project.as_ref().is_some_and(|project| session.tagging.suggestion(project).is_some())
}

/// Whether there are edges that can be moved.
/// A span is under the cursor or was just made, or a suggestion is under the cursor.
fn has_edge(session: &Session) -> bool {
    let project = session.project.as_ref();
    is_on_suggestion(session) || project.is_some_and(|project| session.tagging.edge(project).is_some())
}

/// The document can be done with its suggestions.
/// A text that tests models has none, as one that is held back, and must not be done without a span only because of that.
fn acceptable(tag: &Tag, session: &Session) -> Check {
    documents(tag, session)?;
    let has_spans = spans(tag, session).is_ok();
    let can_suggest =
        session.suggesting().is_some() || session.project.as_ref().is_some_and(Project::has_local_sources);
    check(has_spans || !session.is_test_document() || !can_suggest, TESTS_BY_HAND)?;
    check(has_spans || !session.is_held_back(), HELD_BACK_BY_HAND)
}

/// There is a span or suggestion whose edges can be moved.
fn edge(_: &Tag, session: &Session) -> Check {
    check(has_edge(session), "No span is under the cursor, and none was just made")
}

/// A word without a label follows.
fn word_after(tag: &Tag, session: &Session) -> Check {
    documents(tag, session)?;
    let next = session.project.as_ref().is_some_and(|project| session.tagging.may_have_next_stop(project));
    check(next, NO_NEXT_WORD)
}

/// There is a span to remove, or a suggestion to reject.
fn removable(_: &Tag, session: &Session) -> Check {
    check(has_edge(session), "No span or suggestion is under the cursor")
}

/// There is a model whose view can be shown, or is.
fn can_view(_: &Tag, session: &Session) -> Check {
    if session.model_view.is_on() {
        return Ok(());
    }
    check(!session.is_test_document(), TESTS_VIEW)?;
    check(!session.is_held_back(), HELD_BACK_VIEW)?;
    check(session.suggesting().is_some(), "There is no model yet; a training makes one")
}

/// The document has spans.
fn spans(_: &Tag, session: &Session) -> Check {
    let project = session.project.as_ref();
    let any = project.is_some_and(|project| !project.annotation(session.tagging.document).spans().is_empty());
    check(any, "This document has no span")
}

/// A suggestion is under the cursor.
fn on_suggestion(_: &Tag, session: &Session) -> Check {
    check(is_on_suggestion(session), why_none(session, "No suggestion is under the cursor"))
}

/// The document has suggestions.
fn suggestions(_: &Tag, session: &Session) -> Check {
    check(has_suggestions(session), why_none(session, "This document has no suggestions"))
}

/// Reason why there is no suggestion: the test split, or `otherwise`.
fn why_none(session: &Session, otherwise: &'static str) -> &'static str {
    match session.is_test_document() {
        true if session.suggesting().is_some() => TESTS,
        false if session.is_held_back() => HELD_BACK,
        _ => otherwise,
    }
}
