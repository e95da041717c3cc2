//! Keys, with the names that config files, help and tests use.
//! Examples are `ctrl-r`, `shift-tab` and `space`. `terminal::input` converts the terminal's key events to these.

use std::{fmt, str::FromStr};

/// Key without modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A key that gives a character; capitals and symbols are characters of their own.
    Char(char),
    /// Enter or return.
    Enter,
    /// Escape.
    Esc,
    /// Tabulator.
    Tab,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
    /// Insert.
    Insert,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// To the start.
    Home,
    /// To the end.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// A function key, 1 to 24.
    F(u8),
}

/// The keys with names of more than one character.
/// A character's name is itself; the blank is `space`.
const NAMES: [(&str, Code); 16] = [
    ("space", Code::Char(' ')),
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("insert", Code::Insert),
    ("left", Code::Left),
    ("right", Code::Right),
    ("up", Code::Up),
    ("down", Code::Down),
    ("home", Code::Home),
    ("end", Code::End),
    ("pageup", Code::PageUp),
    ("pagedown", Code::PageDown),
    ("minus", Code::Char('-')),
];

/// A key with its modifiers, in one normal form: see [`Key::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The key.
    pub code: Code,
    /// Control was held.
    pub ctrl: bool,
    /// Alt (option, meta) was held.
    pub alt: bool,
    /// Shift was held and the character does not show it.
    /// On named keys and digits only.
    pub shift: bool,
}

impl Key {
    /// The normal form of a key.
    /// Shift is folded into letters (`shift-a` is `A`) and dropped from symbols, which a layout already shifted; it
    /// stays on digits and named keys. Control takes letters in lower case, because most terminals send the same for
    /// `ctrl-r` and `ctrl-R`.
    pub fn new(code: Code, ctrl: bool, alt: bool, shift: bool) -> Self {
        let Code::Char(c) = code else {
            return Self { code, ctrl, alt, shift };
        };
        let c = match (ctrl, shift) {
            (true, _) => single(c.to_lowercase(), c),
            (false, true) => single(c.to_uppercase(), c),
            (false, false) => c,
        };
        Self { code: Code::Char(c), ctrl, alt, shift: shift && c.is_ascii_digit() }
    }

    /// A character without modifiers.
    #[cfg(test)]
    pub fn char(c: char) -> Self {
        Self::new(Code::Char(c), false, false, false)
    }

    /// A key without modifiers.
    pub fn plain(code: Code) -> Self {
        Self::new(code, false, false, false)
    }

    /// The character that this key types into a text field.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt && !c.is_control() => Some(c),
            _ => None,
        }
    }
}

/// The only character of `chars`, or `otherwise` when there are several.
fn single(mut chars: impl Iterator<Item = char>, otherwise: char) -> char {
    chars.next().filter(|_| chars.next().is_none()).unwrap_or(otherwise)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(name)?;
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Code::Char(c)) => write!(f, "{c}"),
            (None, Code::F(n)) => write!(f, "f{n}"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

/// A name that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key; keys are written like `w`, `T`, `space`, `enter`, `ctrl-r`, `shift-tab`, `alt-x`, `f1`")]
pub struct KeyError(String);

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = name;
        loop {
            match rest.split_once('-') {
                Some(("ctrl", after)) if !ctrl && !after.is_empty() => (ctrl, rest) = (true, after),
                Some(("alt", after)) if !alt && !after.is_empty() => (alt, rest) = (true, after),
                Some(("shift", after)) if !shift && !after.is_empty() => (shift, rest) = (true, after),
                _ => break,
            }
        }
        let code = code(rest).ok_or_else(|| KeyError(name.to_owned()))?;
        Ok(Self::new(code, ctrl, alt, shift))
    }
}

fn code(name: &str) -> Option<Code> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control()).then_some(Code::Char(c));
    }
    let function = || name.strip_prefix('f')?.parse().ok().filter(|n| (1..=24).contains(n)).map(Code::F);
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code).or_else(function)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(name: &str) -> Key {
        name.parse().unwrap()
    }

    #[test]
    fn names_are_read_and_printed() {
        for name in
            ["w", "T", "space", "ctrl-r", "shift-tab", "minus", "alt-enter", "f12", "shift-3", "]", "ctrl-alt-left"]
        {
            assert_eq!(key(name).to_string(), name);
        }
        assert!("ctrl-".parse::<Key>().is_err());
        assert!("f25".parse::<Key>().is_err());
        assert!("".parse::<Key>().is_err());
    }

    #[test]
    fn shift_is_folded_into_letters_and_kept_on_digits() {
        assert_eq!(key("shift-t"), key("T"));
        assert_eq!(key("ctrl-R"), key("ctrl-r"));
        assert_eq!(Key::new(Code::Char('?'), false, false, true), Key::char('?'));
        assert_ne!(key("shift-3"), key("3"));
    }

    proptest! {
        #[test]
        fn every_character_key_survives_its_name(c in any::<char>(), ctrl: bool, alt: bool, shift: bool) {
            prop_assume!(!c.is_control());
            let key = Key::new(Code::Char(c), ctrl, alt, shift);
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }
    }
}
