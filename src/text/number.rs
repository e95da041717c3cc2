//! Formats numbers for people.

/// Formats a number with thousands separators: `15,363`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats a number with its noun: `1 span`, `15,363 spans`.
/// The plural appends `s`.
pub fn with_noun(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// Formats a size in bytes: `312 kB`, `31.2 MB`.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Formats how long ago something was, in at most seven cells: `now`, `2 min`, `3 d`.
pub fn ago(seconds: u64) -> String {
    match seconds {
        ..60 => "now".to_owned(),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400..315_360_000 => format!("{} d", seconds / 86_400),
        _ => format!("{} y", (seconds / 31_536_000).min(9999)),
    }
}

/// Formats a score without the zero before the point: `.598`, `-.020`; a dash for what is no number.
pub fn score(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let text = format!("{:.digits$}", value.abs());
    let sign = if value < 0.0 && !is_zero(&text) { "-" } else { "" };
    format!("{sign}{}", text.strip_prefix('0').unwrap_or(&text))
}

/// Formats a difference of scores with its sign: `+.034`, `-.020`, and `.000` where there is none.
pub fn signed(value: f64, digits: usize) -> String {
    let text = score(value, digits);
    if value > 0.0 && value.is_finite() && !is_zero(&text) { format!("+{text}") } else { text }
}

/// Whether a formatted number is 0.
fn is_zero(text: &str) -> bool {
    text.chars().all(|digit| matches!(digit, '0' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_it_was_is_short() {
        let shown = [0, 59, 60, 7199, 86_399, 86_400, 300_000_000, 10_000_000_000, u64::MAX].map(ago);
        assert_eq!(shown, ["now", "now", "1 min", "1 h", "23 h", "1 d", "3472 d", "317 y", "9999 y"]);
    }

    #[test]
    fn scores_and_their_differences_have_no_zero_before_the_point() {
        assert_eq!(
            [0.5984, -0.02, 0.0, -0.0001, 1.0, 10.5].map(|value| score(value, 3)),
            [".598", "-.020", ".000", ".000", "1.000", "10.500"]
        );
        assert_eq!(
            [0.034, -0.5, 0.0001, -0.0001, 1.0].map(|value| signed(value, 3)),
            ["+.034", "-.500", ".000", ".000", "+1.000"]
        );
        assert_eq!(
            [0.016, -0.02, 0.0, f64::NAN, f64::INFINITY].map(|value| signed(value, 2)),
            ["+.02", "-.02", ".00", "-", "-"]
        );
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0, 999, 1180, 1_234_567].map(grouped), ["0", "999", "1,180", "1,234,567"]);
    }

    #[test]
    fn one_thing_has_no_plural() {
        assert_eq!([1, 0, 15_363].map(|n| with_noun(n, "span")), ["1 span", "0 spans", "15,363 spans"]);
    }

    #[test]
    fn sizes_are_in_words() {
        let sizes = [0, 1, 999_999, 23_456_789, 1_250_000_000].map(bytes);
        assert_eq!(sizes, ["0 kB", "1 kB", "1000 kB", "23.5 MB", "1.2 GB"]);
    }
}
