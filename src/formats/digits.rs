//! Numbers of JSON that have more digits than the program's numbers.
//!
//! A number is kept in 64 bits. One with more digits would be rounded without a word, such as an order number in the `meta`
//! of a document; so it is put in quotes before it is parsed, and is kept as text, digit for digit.

use std::borrow::Cow;

use super::{Problem, problem::with_noun};

/// Length from which a number may lose digits, in bytes: any number of 15 digits fits into 64 bits.
const LONG: usize = 16;
/// Longest number that is kept, in bytes. The parser gets a longer one as it is.
const LONGEST: usize = 1 << 16;

/// Returns JSON in which each number that would lose digits is in quotes.
pub(crate) fn keep_digits(json: &[u8]) -> Cow<'_, [u8]> {
    if !may_lose(json) {
        return Cow::Borrowed(json);
    }
    let mut quoter = Quoter::default();
    let mut kept = Vec::with_capacity(json.len() + 2);
    json.iter().for_each(|byte| quoter.push(*byte, &mut kept));
    quoter.end(&mut kept);
    Cow::Owned(kept)
}

/// Note on numbers that were put in quotes, if there are any.
pub(super) fn note(quoted: usize) -> Option<Problem> {
    let numbers = with_noun(quoted, "number");
    (quoted > 0)
        .then(|| Problem::note(format!("{numbers} with more digits than 64 bits hold: kept as text, with all digits")))
}

/// Whether a number may be in the bytes that loses digits: a long one, or one with an exponent.
fn may_lose(json: &[u8]) -> bool {
    let mut length = 0;
    json.iter().any(|byte| match byte {
        b'0'..=b'9' | b'.' | b'-' => {
            length += 1;
            length >= LONG
        }
        b'e' | b'E' => length > 0,
        _ => {
            length = 0;
            false
        }
    })
}

/// Puts numbers in quotes, byte by byte.
#[derive(Default)]
struct Quoter {
    is_in_string: bool,
    is_escaped: bool,
    /// The number that was begun.
    number: Vec<u8>,
    /// Whether its beginning was handed over, because it is too long.
    is_too_long: bool,
}

impl Quoter {
    fn push(&mut self, byte: u8, to: &mut Vec<u8>) {
        if self.is_in_string {
            to.push(byte);
            let is_escaped = std::mem::take(&mut self.is_escaped);
            match byte {
                b'\\' => self.is_escaped = !is_escaped,
                b'"' => self.is_in_string = is_escaped,
                _ => {}
            }
            return;
        }
        let is_begun = self.is_too_long || !self.number.is_empty();
        match byte {
            b'0'..=b'9' | b'-' => self.number.push(byte),
            b'.' | b'e' | b'E' | b'+' if is_begun => self.number.push(byte),
            _ => {
                self.end(to);
                self.is_in_string = byte == b'"';
                to.push(byte);
            }
        }
        if self.number.len() > LONGEST {
            self.is_too_long = true;
            to.append(&mut self.number);
        }
    }

    /// Ends the number that was begun, if there is one.
    fn end(&mut self, to: &mut Vec<u8>) {
        let is_whole = !self.number.is_empty() && !std::mem::take(&mut self.is_too_long);
        let loses = is_whole && str::from_utf8(&self.number).is_ok_and(loses_digits);
        to.extend(loses.then_some(b'"'));
        to.append(&mut self.number);
        to.extend(loses.then_some(b'"'));
    }
}

/// Whether a number of JSON is another one when it is read and written again.
fn loses_digits(number: &str) -> bool {
    if number.parse::<u64>().is_ok() || number.parse::<i64>().is_ok() {
        return false;
    }
    match serde_json::from_str::<f64>(number) {
        Ok(read) => serde_json::to_string(&read).is_ok_and(|written| decimal(number) != decimal(&written)),
        // What is no number of JSON is left to the parser, which names it.
        Err(_) => serde_json::from_str::<serde::de::IgnoredAny>(number).is_ok(),
    }
}

/// Digits of a number without zeros around them, and the power of ten behind them; without its sign.
/// `None` if its exponent is beyond all numbers.
fn decimal(number: &str) -> Option<(String, i64)> {
    let number = number.trim_start_matches('-');
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - significant.len()).ok()?;
    let power = exponent.parse::<i64>().ok()?.checked_add(zeros)?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    match significant.trim_start_matches('0') {
        "" => Some((String::new(), 0)),
        significant => Some((significant.to_owned(), power)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn kept(json: &str) -> String {
        String::from_utf8(keep_digits(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn only_numbers_that_lose_digits_are_put_in_quotes() {
        for number in ["18446744073709551616", "-9223372036854775809", "0.12345678901234567890", "1e-400", "1e999"] {
            assert_eq!(kept(&format!("[{number}]")), format!("[\"{number}\"]"));
            assert_eq!(kept(number), format!("\"{number}\""));
        }
        for same in [
            "18446744073709551615",
            "-9223372036854775808",
            "[0.30000000000000004,1.50,-0,0.0,1E5,1e+22,100000000000000000000,2.50000000000000000000]",
            r#"{"18446744073709551616":"\"18446744073709551616","a\\":"-9223372036854775809"}"#,
            "[1-2-3-4-5-6-7-8-9-10, 00018446744073709551616, 1.2.3.4.5.6.7.8.9.10]",
        ] {
            assert_eq!(kept(same), same);
        }
        let long = format!("[0.{}1e-400,1]", "0".repeat(3 * LONGEST));
        assert_eq!(kept(&long), long, "the parser gets it as it is");
        let text = kept(r#"{"a":18446744073709551616,"b":[1,-1e-400,true],"c":"1e-400"}"#);
        assert_eq!(text, r#"{"a":"18446744073709551616","b":[1,"-1e-400",true],"c":"1e-400"}"#);
    }

    proptest! {
        #[test]
        fn what_other_programs_write_stays(numbers in prop::collection::vec(any::<f64>(), 0..6), text in ".{0,20}", n in any::<u64>()) {
            let json = json!({"numbers": numbers, "text": text, "n": n, "i": -i64::try_from(n >> 1).unwrap()}).to_string();
            prop_assert_eq!(kept(&json), json);
        }

        #[test]
        fn what_is_json_stays_json(json in r#"([0-9]{1,25}|[-+.eE0-9]{1,30}|"|\\|\{|\}|,|:| |true|é){0,12}"#) {
            if let Ok(value) = serde_json::from_str::<Value>(&json) {
                prop_assert!(serde_json::from_str::<Value>(&kept(&json)).is_ok(), "{value}");
            }
        }
    }
}
