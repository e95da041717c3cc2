//! The mouse: it puts the cursor where it points, selects by being drawn over a text, and labels by a label of the bar.

use crate::{spans::LabelId, text::width};

use super::{
    annotators,
    command::{Command, Context},
    effect::Effect,
    event::Level,
    labels::Asking,
    overlay::Overlay,
    state::{Screen, State},
    tag,
    train::Page,
    update::command_run,
};

/// Lines that one notch of the wheel goes over.
const NOTCH: usize = 3;

/// Something that can be pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A byte of the document's text.
    Text(usize),
    /// A label that can be given.
    Label(LabelId),
    /// A row of the list in front.
    Row(usize),
    /// The name of a screen.
    Screen(Screen),
}

/// What the mouse does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// Its left button goes down.
    Press,
    /// It moves with the button held.
    Drag,
    /// The button goes up.
    Release,
    /// The wheel goes away from the hand.
    WheelUp,
    /// The wheel comes towards the hand.
    WheelDown,
}

/// What follows from a gesture at something, or at nothing.
pub(super) fn point(state: &mut State, gesture: Gesture, target: Option<Target>) -> Vec<Effect> {
    if gesture == Gesture::Press {
        state.message.take_if(|message| message.level < Level::Error);
        (state.seen, state.leaving) = (true, None);
    }
    let text = state.overlay.is_none() && state.screen == Screen::Tag && state.project.is_some();
    match (gesture, target) {
        (Gesture::WheelUp, _) => wheel(state, Command::Up),
        (Gesture::WheelDown, _) => wheel(state, Command::Down),
        (Gesture::Press, Some(Target::Text(at))) if text => {
            state.tag.anchor = None;
            put(state, at);
            state.tag.pressed = under(state);
            Vec::new()
        }
        (Gesture::Drag, Some(Target::Text(at))) if text && state.tag.pressed.is_some() => {
            let before = under(state);
            put(state, at);
            // A hand that trembles over one word does not select.
            if state.tag.anchor.is_some() || under(state) != before {
                state.tag.anchor = state.tag.pressed;
            }
            Vec::new()
        }
        (Gesture::Release, _) => release(state),
        (Gesture::Press, Some(Target::Label(label))) => {
            if matches!(state.overlay, Some(Overlay::Labels)) {
                state.overlay = None;
            }
            if state.overlay.is_none() { tag::label(state, label) } else { Vec::new() }
        }
        (Gesture::Press, Some(Target::Row(row))) => press_row(state, row),
        (Gesture::Press, Some(Target::Screen(_))) if state.overlay.is_none() => command_run(state, Command::NextScreen),
        _ => Vec::new(),
    }
}

/// An armed label goes to what the mouse was drawn over, or to the word that it points at.
fn release(state: &mut State) -> Vec<Effect> {
    let here = state.tag.pressed.take().is_some() && state.overlay.is_none() && state.screen == Screen::Tag;
    match state.tag.armed.filter(|_| here) {
        Some(label) => tag::label(state, label),
        None => Vec::new(),
    }
}

/// Puts the cursor on the word, or the character, over a byte; between words, on the one before.
fn put(state: &mut State, at: usize) {
    let Some(document) = state.project.as_ref().and_then(|project| project.documents.get(state.tag.document)) else {
        return;
    };
    if state.tag.letters.is_some() {
        drop(tag::letter_to(state, at));
        return;
    }
    let over = width::cluster_at(&document.text, at).and_then(|cluster| document.words_touching(cluster));
    let before = || document.words.partition_point(|word| word.start <= at).saturating_sub(1);
    let word = over.map_or_else(before, |words| words.start);
    state.tag.put(word);
}

/// The first byte of what is under the cursor.
fn under(state: &State) -> Option<usize> {
    Some(state.tag.cursor(state.project.as_ref()?)?.start)
}

fn wheel(state: &mut State, command: Command) -> Vec<Effect> {
    let context = state.context();
    // In a text field, moves are for what is typed.
    if !command.fits(context) || context.is_typing() && context != Context::Palette {
        return Vec::new();
    }
    (0..NOTCH).flat_map(|_| command_run(state, command)).collect()
}

/// Puts the cursor of the list in front on a row; where it is already, does what enter does there.
fn press_row(state: &mut State, row: usize) -> Vec<Effect> {
    state.documents.typing = false;
    let context = state.context();
    if let (Some(Overlay::LabelEditor(editor)), Some(project)) = (&mut state.overlay, &state.project) {
        if matches!(editor.asking, Asking::Nothing | Asking::Into(_)) {
            editor.at = project.labels.iter().nth(row).map(|label| label.id).or(editor.at);
        }
        return Vec::new();
    }
    let Some(cursor) = cursor_of_list(state) else { return Vec::new() };
    if std::mem::replace(cursor, row) != row {
        return if context == Context::Annotators { annotators::suggest(state) } else { Vec::new() };
    }
    match context {
        Context::Occurrences => command_run(state, Command::Choose),
        // What goes back in time is done by a key.
        Context::History => Vec::new(),
        _ => command_run(state, Command::Open),
    }
}

fn cursor_of_list(state: &mut State) -> Option<&mut usize> {
    match &mut state.overlay {
        Some(Overlay::Palette { row, .. }) => Some(row),
        Some(Overlay::Occurrences(found)) => Some(&mut found.row),
        Some(Overlay::History(history)) => Some(&mut history.row),
        Some(Overlay::Annotators(comparing)) => Some(comparing.cursor()),
        Some(_) => None,
        None if state.project.is_none() => Some(&mut state.welcome.selected).filter(|_| state.welcome.form.is_none()),
        None => match (state.screen, state.train.page) {
            (Screen::Documents, _) => Some(&mut state.documents.row),
            (Screen::Train, Page::Form) if state.train.field.is_none() => Some(&mut state.train.row),
            (Screen::Train, Page::Runs) => Some(&mut state.train.run_row),
            _ => None,
        },
    }
}
