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

#[cfg(test)]
mod tests {
    use super::*;

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
