//! Escapes of JSON strings in files that are searched for words, whatever the files are.

use std::borrow::Cow;

/// The bytes with the escapes of JSON strings replaced by what they mean.
pub(super) fn unescaped(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((before, after)) = memchr::memchr(b'\\', rest).and_then(|at| rest.split_at_checked(at)) {
        plain.extend_from_slice(before);
        let (c, length) = escape(after).unwrap_or(('\\', 1));
        plain.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = after.get(length..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// Character and length in bytes of the escape at the beginning.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let c = match bytes.get(1)? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        c @ (b'"' | b'\\' | b'/') => char::from(*c),
        b'u' => {
            let first = unit(bytes)?;
            let second = bytes.get(6..).and_then(unit);
            let mut chars = char::decode_utf16([first].into_iter().chain(second));
            let c = chars.next()?.ok()?;
            return Some((c, 6 * c.len_utf16()));
        }
        _ => return None,
    };
    Some((c, 2))
}

/// Number of an escape `\uXXXX` at the beginning.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_what_they_mean() {
        let escaped = r#"caf\u00e9 \ud83c\udf55 \"x\" a\/b\n\\n"#;
        assert_eq!(*unescaped(escaped.as_bytes()), *"caf\u{e9} \u{1f355} \"x\" a/b\n\\n".as_bytes());
        for odd in [r"\u+123", r"\ud83c", r"\u12", r"\", r"\x"] {
            assert_eq!(*unescaped(odd.as_bytes()), *odd.as_bytes());
        }
    }
}
