//! Escapes of WebAnno TSV 3, in texts and in values of features.

/// Characters with a meaning in values. `->` is a mark of relations.
const IN_VALUES: [char; 7] = ['[', ']', '|', '_', ';', '*', '\\'];

/// Appends a text in one line.
pub(super) fn push_text(out: &mut String, text: &str) {
    text.chars().for_each(|c| push_char(out, c));
}

/// Appends the value of a feature.
pub(super) fn push_value(out: &mut String, value: &str) {
    let mut before = ' ';
    for c in value.chars() {
        if c == '\\' || !(IN_VALUES.contains(&c) || before == '-' && c == '>') {
            push_char(out, c);
        } else {
            if c == '>' {
                // `\->` is the escape of the whole mark.
                out.pop();
                out.push_str("\\-");
            } else {
                out.push('\\');
            }
            out.push(c);
        }
        before = c;
    }
}

/// Appends a character; a control character or a backslash as its escape.
fn push_char(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\u{c}' => out.push_str("\\f"),
        '\u{8}' => out.push_str("\\b"),
        '\\' => out.push_str("\\\\"),
        // Three digits, so that a digit of the text after it is not taken for one of them.
        c if u32::from(c) < 32 => out.push_str(&format!("\\{:03o}", u32::from(c))),
        c => out.push(c),
    }
}

/// Returns a text without escapes. A backslash before any other character stands for that character.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('b') => out.push('\u{8}'),
            Some(first @ '0'..='7') => {
                let most = if first <= '3' { 3 } else { 2 };
                let mut code = first.to_digit(8).unwrap_or_default();
                for _ in 1..most {
                    let Some(digit) = rest.peek().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    rest.next();
                }
                out.extend(char::from_u32(code));
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

/// Splits a cell at the bars between its annotations.
pub(super) fn parts(cell: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(cell);
    std::iter::from_fn(move || {
        let all = rest?;
        let bar = unescaped_position(all, '|');
        rest = bar.and_then(|bar| all.get(bar + 1..));
        all.get(..bar.unwrap_or(all.len()))
    })
}

/// Splits a value and the number in brackets at its end.
pub(super) fn number_of(part: &str) -> (&str, Option<u64>) {
    let bracket = unescaped_position(part, '[');
    let inside = bracket.and_then(|at| part.get(at + 1..)?.strip_suffix(']')?.parse().ok());
    match (bracket, inside) {
        (Some(at), Some(number)) => (part.get(..at).unwrap_or(part), Some(number)),
        _ => (part, None),
    }
}

/// Position of the first `wanted` that no backslash precedes.
fn unescaped_position(text: &str, wanted: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices()
        .find(|(_, c)| {
            let found = *c == wanted && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            found
        })
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_split_at_bars_and_numbers() {
        let found: Vec<_> = parts("ORG\\|A[1]|*[22]|B\\[3\\]|_").map(number_of).collect();
        assert_eq!(found, [("ORG\\|A", Some(1)), ("*", Some(22)), ("B\\[3\\]", None), ("_", None)]);
        assert_eq!(unescaped("a\\[b\\]\\->\\;\\t\\\\n\\0335\\"), "a[b]->;\t\\n\u{1b}5\\");
    }

    proptest! {
        #[test]
        fn escapes_are_undone(text in "[\\[\\]|_;*\\\\>a1\\-\u{0}-\u{20}\u{1f355}]{0,12}") {
            let (mut line, mut value) = (String::new(), String::new());
            push_text(&mut line, &text);
            push_value(&mut value, &text);
            prop_assert_eq!(unescaped(&line), text.clone());
            prop_assert_eq!(unescaped(&value), text.clone());
            prop_assert!(!line.contains(['\n', '\r', '\t']) && !value.contains(['\n', '\r', '\t']));
            let with_number = format!("{value}[7]|{value}");
            let found: Vec<_> = parts(&with_number).map(number_of).collect();
            prop_assert_eq!(found, [(value.as_str(), Some(7)), (value.as_str(), None)]);
        }
    }
}
