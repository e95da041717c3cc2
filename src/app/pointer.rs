//! The mouse: what it points at, and what it does.

use crate::spans::LabelId;

use super::screen::Screen;

/// Target of the mouse.
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

/// Gesture of the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// Its left button goes down.
    Press,
    /// It moves with the button held.
    Drag,
    /// The button goes up.
    Release,
    /// The wheel goes away from the user.
    WheelUp,
    /// The wheel comes towards the user.
    WheelDown,
}
