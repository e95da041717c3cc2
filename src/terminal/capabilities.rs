//! Capabilities of the terminal, from the environment only.
//! No query is sent, so that no late answer is read as keys.

/// Capabilities of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether characters outside ASCII can be shown.
    pub unicode: bool,
    /// Whether colours are wanted: `NO_COLOR` is not set, and the terminal has some.
    pub color: bool,
    /// Whether the terminal is at the other end of an SSH connection.
    pub remote: bool,
    /// Whether the program runs inside tmux.
    pub tmux: bool,
}

impl Capabilities {
    /// Reads the process environment.
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Reads variables through `get`.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_ascii_lowercase();
        let term = set("TERM").unwrap_or_default();
        // The Linux console has 256 or 512 glyphs, without dotted lines and Braille.
        let unicode =
            (locale.contains("utf-8") || locale.contains("utf8") || cfg!(target_os = "macos")) && term != "linux";
        Self {
            unicode,
            color: set("NO_COLOR").is_none() && term != "dumb" && !is_dec(&term),
            remote: set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some(),
            tmux: set("TMUX").is_some(),
        }
    }
}

/// Whether this is a terminal of DEC's, such as `vt100` or `vt220`.
///
/// They have no colours, and take the parameters of a colour for other attributes: `38;5;1` for bold and blinking.
fn is_dec(term: &str) -> bool {
    term.strip_prefix("vt").is_some_and(|model| model.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Capabilities {
        let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Capabilities::from_variables(find)
    }

    #[test]
    fn the_locale_decides_about_unicode() {
        assert!(with(&[("LANG", "de_DE.UTF-8"), ("TERM", "xterm")]).unicode);
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8"), ("TERM", "xterm")]).unicode);
        assert!(!with(&[("LANG", "C.UTF-8"), ("TERM", "linux")]).unicode);
    }

    #[test]
    fn no_color_and_ssh_are_detected() {
        let remote = with(&[("NO_COLOR", "1"), ("SSH_CONNECTION", "a b c d"), ("TMUX", "x")]);
        assert!(!remote.color && remote.remote && remote.tmux);
        assert!(with(&[("NO_COLOR", ""), ("TERM", "xterm")]).color);
    }

    #[test]
    fn terminals_without_colours_are_known() {
        let color = |term| with(&[("TERM", term)]).color;
        assert_eq!(["dumb", "vt100", "vt220-w"].map(color), [false; 3]);
        assert_eq!(["linux", "vte-256color", "screen-256color", "xterm"].map(color), [true; 4]);
    }
}
