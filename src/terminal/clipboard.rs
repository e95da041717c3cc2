//! Clipboard by OSC 52, which terminals pass through SSH to the user's own machine.
//! Inside tmux in its wrapper.

use std::io::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};

/// Returns the bytes that put `text` on the terminal's clipboard.
fn sequence(text: &str, tmux: bool) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    if tmux { format!("\x1bPtmux;\x1b{plain}\x1b\\").into_bytes() } else { plain.into_bytes() }
}

/// Copies `text` through the terminal `out`, and returns a message about the way.
///
/// # Errors
/// The terminal cannot be written.
pub(super) fn copy(out: &mut impl Write, text: &str, tmux: bool) -> io::Result<&'static str> {
    out.write_all(&sequence(text, tmux))?;
    out.flush()?;
    Ok(if tmux { "copied through tmux and the terminal (OSC 52)" } else { "copied through the terminal (OSC 52)" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tmux_needs_a_wrapper() {
        let mut out = Vec::new();
        copy(&mut out, "foo", true).unwrap();
        assert_eq!(out, b"\x1bPtmux;\x1b\x1b]52;c;Zm9v\x07\x1b\\");
    }
}
