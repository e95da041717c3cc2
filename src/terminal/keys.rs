//! Converts crossterm's keys and mouse events into those of the program.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};

use crate::app::{
    key::{Code, Key},
    pointer::Gesture,
};

/// Returns the key of an event.
/// `None` for releases and for keys that the program does not know.
pub(super) fn key(event: &KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let code = match event.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab | KeyCode::BackTab => Code::Tab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    let modifiers = event.modifiers;
    // A back tab may come without its shift.
    let shift = modifiers.contains(KeyModifiers::SHIFT) || event.code == KeyCode::BackTab;
    Some(Key::new(code, modifiers.contains(KeyModifiers::CONTROL), modifiers.contains(KeyModifiers::ALT), shift))
}

/// Returns the gesture of a mouse event.
/// `None` for other buttons, and for moves without a button.
pub(super) fn gesture(kind: MouseEventKind) -> Option<Gesture> {
    Some(match kind {
        MouseEventKind::Down(MouseButton::Left) => Gesture::Press,
        MouseEventKind::Drag(MouseButton::Left) => Gesture::Drag,
        MouseEventKind::Up(MouseButton::Left) => Gesture::Release,
        MouseEventKind::ScrollUp => Gesture::WheelUp,
        MouseEventKind::ScrollDown => Gesture::WheelDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(code: KeyCode, modifiers: KeyModifiers) -> Option<String> {
        key(&KeyEvent::new(code, modifiers)).map(|key| key.to_string())
    }

    #[test]
    fn keys_of_the_terminal_have_the_names_of_the_program() {
        assert_eq!(named(KeyCode::Char('r'), KeyModifiers::CONTROL).as_deref(), Some("ctrl-r"));
        assert_eq!(named(KeyCode::BackTab, KeyModifiers::SHIFT).as_deref(), Some("shift-tab"));
        assert_eq!(named(KeyCode::Char('T'), KeyModifiers::SHIFT).as_deref(), Some("T"));
        assert_eq!(named(KeyCode::Char('!'), KeyModifiers::SHIFT).as_deref(), Some("!"));
        assert_eq!(named(KeyCode::Char('3'), KeyModifiers::SHIFT).as_deref(), Some("shift-3"));
        assert_eq!(named(KeyCode::Char(' '), KeyModifiers::NONE).as_deref(), Some("space"));
        assert_eq!(named(KeyCode::CapsLock, KeyModifiers::NONE), None);
    }
}
