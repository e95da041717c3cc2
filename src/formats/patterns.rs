//! `patterns.jsonl`: patterns in the format of Prodigy and spaCy's entity ruler.
//! One JSON object per line.
//!
//! `{"label":"Dish","pattern":"pad thai"}` is a phrase, `{"label":"Dish","pattern":[{"lower":"pad"},{"lower":"thai",
//! "op":"?"}]}` a rule, with one object per word; other fields (`id`, `meta`) are ignored. Rules have the same meaning as
//! in spaCy, including `"op":"!"`, which matches one word for which the rest of its object is false. Regular expressions
//! are those of the crate `regex`, which has no lookaround and no backreferences and takes linear time.
//!
//! Some attributes (`POS`, `LEMMA`) need a trained model. A line with one of them is skipped, like any other line that
//! cannot be read completely: a part of a rule would match text that the rule does not match.

use std::collections::{BTreeSet, HashMap};

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::{
    decode,
    problem::{Problem, Problems, grouped, invalid_json, quoted},
};
use crate::{
    spans::patterns::{Attribute, Patterns, Slot, Test},
    text::width::clean,
};

/// Maximum number of lines; the others are not read.
const LINES: usize = 200_000;
/// Maximum bytes of a line.
const LINE: usize = 1 << 20;
/// Maximum bytes of a phrase.
const PHRASE: usize = 256;
/// Maximum words of a rule, repetitions included.
const RULE: usize = 100;
/// Maximum words of all rules together.
const RULES: usize = 200_000;
/// Maximum number of loose slots.
/// They are optional, repeated, or not limited to a few given words.
const LOOSE: usize = 5_000;
/// Maximum characters of a word for `FUZZY`.
const FUZZY: usize = 100;
/// Size limits in bytes for compiling an expression, tried in this order.
const EXPRESSION: [usize; 3] = [1 << 13, 1 << 17, 1 << 20];
/// Maximum of the limits that were tried, summed over all expressions.
const EXPRESSIONS: usize = 1 << 26;

/// Reads the patterns of a file in UTF-8, with or without a byte order mark.
///
/// A line with an error is skipped and reported with its number. The limits are errors, too: a line of a mebibyte, 200,000
/// lines, a phrase of 256 bytes, a rule of 100 words, 200,000 words of all rules, and 5,000 of them that are not fixed.
pub fn read(bytes: &[u8]) -> (Patterns, Vec<Problem>) {
    let mut problems = Problems::default();
    let mut reader = PatternReader::default();
    let text = decode::text(bytes, &mut problems).unwrap_or_default();
    if decode::lines(text).nth(LINES).is_some() {
        let message = format!("only the first {} lines are read", grouped(LINES));
        problems.push(Problem::error(message).at(LINES + 1).hint("split the file"));
    }
    for (number, line) in decode::lines(text).take(LINES).filter(|(_, line)| !line.trim().is_empty()) {
        if let Err(problem) = reader.line(number, line) {
            problems.push(problem.at(number));
        }
    }
    (reader.patterns, problems.finish())
}

#[derive(Default)]
struct PatternReader {
    patterns: Patterns,
    /// Numbers of the questions so far, by their JSON text.
    questions: HashMap<String, usize>,
    /// Number of words of all rules so far.
    words: usize,
    /// Number of them that are not fixed.
    loose_words: usize,
    /// Expressions compiled so far.
    expressions: HashMap<String, Regex>,
    /// Sum of the size limits that were tried for them.
    expression_bytes: usize,
}

impl PatternReader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), Problem> {
        if line.len() > LINE {
            return Err(wrong(format!("the line is longer than {} bytes", grouped(LINE))));
        }
        let object: Value = serde_json::from_str(line).map_err(|error| invalid_json(&error, line))?;
        let Some(label) = object.get("label").and_then(Value::as_str).filter(|label| !label.trim().is_empty()) else {
            return Err(wrong("`label` is missing, empty or not a string"));
        };
        match object.get("pattern") {
            Some(Value::String(phrase)) if phrase.trim().is_empty() => Err(wrong("the phrase has no word")),
            Some(Value::String(phrase)) if phrase.len() > PHRASE => {
                Err(wrong(format!("the phrase is longer than {PHRASE} bytes: {}", quoted(phrase))))
            }
            Some(Value::String(phrase)) => {
                self.patterns.add_phrase(label.to_owned(), number, phrase);
                Ok(())
            }
            Some(Value::Array(words)) => {
                let slots = self.rule(words)?;
                self.patterns.add_rule(label.to_owned(), number, slots);
                Ok(())
            }
            _ => Err(wrong("`pattern` is neither a phrase nor a list of words")),
        }
    }

    fn rule(&mut self, words: &[Value]) -> Result<Vec<Slot>, Problem> {
        let mut slots = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let read = self.word(word, &mut slots);
            read.map_err(|error| Problem { message: format!("word {}: {}", at + 1, error.message), ..error })?;
        }
        if slots.is_empty() {
            return Err(wrong("the list has no word"));
        }
        let loose = slots.iter().filter(|slot| self.patterns.is_loose(**slot)).count();
        if self.words + slots.len() > RULES || self.loose_words + loose > LOOSE {
            let (words, loose) = (grouped(RULES), grouped(LOOSE));
            let message =
                format!("the rules have more than {words} words with this one, or {loose} that are not fixed");
            return Err(wrong(message).hint("use phrases, or IN for several words"));
        }
        self.words += slots.len();
        self.loose_words += loose;
        Ok(slots)
    }

    /// Adds the slots of one object of a rule.
    fn word(&mut self, word: &Value, slots: &mut Vec<Slot>) -> Result<(), Problem> {
        let Value::Object(word) = word else { return Err(mismatch("an object", word)) };
        let mut negated = false;
        let mut times = (1, Some(1));
        let mut conditions = Map::new();
        for (name, value) in word {
            match (name.to_ascii_uppercase().as_str(), value.as_str()) {
                ("OP", Some("!")) => negated = true,
                ("OP", operator) => {
                    times = operator.and_then(repetition).ok_or_else(|| mismatch("an operator", value))?
                }
                _ => drop(conditions.insert(name.clone(), value.clone())),
            }
        }
        let (least, most) = times;
        if slots.len().saturating_add(most.unwrap_or(least)) > RULE {
            return Err(wrong(format!("the rule is longer than {RULE} words")));
        }
        let plain = Slot { question: self.question(conditions)?, negated, optional: false, repeats: false };
        slots.extend(std::iter::repeat_n(plain, least));
        match (most, slots.last_mut()) {
            (Some(most), _) => {
                slots.extend(std::iter::repeat_n(Slot { optional: true, ..plain }, most.saturating_sub(least)));
            }
            (None, Some(last)) if least > 0 => last.repeats = true,
            (None, _) => slots.push(Slot { optional: true, repeats: true, ..plain }),
        }
        Ok(())
    }

    /// Number of the question with these conditions.
    /// Equal conditions have the same number.
    fn question(&mut self, conditions: Map<String, Value>) -> Result<usize, Problem> {
        let mut tests = Vec::new();
        for (name, value) in &conditions {
            self.attribute(&name.to_ascii_uppercase(), value, &mut tests)?;
        }
        let json = Value::Object(conditions).to_string();
        Ok(*self.questions.entry(json).or_insert_with(|| self.patterns.add_question(tests)))
    }

    /// Adds the tests of `{name: value}`; the name is in capitals.
    fn attribute(&mut self, name: &str, value: &Value, tests: &mut Vec<Test>) -> Result<(), Problem> {
        let test = match name {
            "TEXT" | "ORTH" => return self.text_tests(Attribute::Text, value, tests),
            "LOWER" => return self.text_tests(Attribute::Lower, value, tests),
            "SHAPE" => return self.text_tests(Attribute::Shape, value, tests),
            "PREFIX" => return self.text_tests(Attribute::Prefix, value, tests),
            "SUFFIX" => return self.text_tests(Attribute::Suffix, value, tests),
            "LENGTH" => return length_tests(value, tests),
            "SPACY" => Test::Spaced,
            _ if MODEL.split(' ').any(|known| known == name) => {
                let problem = wrong(format!("{name} needs spaCy and its trained model"));
                return Err(problem.hint("use TEXT, LOWER or SHAPE"));
            }
            _ => match FLAGS.iter().find(|(flag, _)| *flag == name) {
                Some((_, source)) => Test::Regex(Attribute::Text, self.expression(source)?),
                None => return Err(wrong(format!("unknown attribute of a word {}", quoted(name)))),
            },
        };
        match value {
            Value::Bool(true) => tests.push(test),
            Value::Bool(false) => tests.push(not(test)),
            _ => return Err(mismatch("true or false", value)),
        }
        Ok(())
    }

    /// Adds the tests of a text: the text itself or an object of conditions.
    fn text_tests(&mut self, side: Attribute, value: &Value, tests: &mut Vec<Test>) -> Result<(), Problem> {
        let Value::Object(conditions) = value else {
            let word = value.as_str().ok_or_else(|| mismatch("a string", value))?;
            tests.push(Test::OneOf(side, BTreeSet::from([word.to_owned()])));
            return Ok(());
        };
        for (name, value) in conditions {
            let name = name.to_ascii_uppercase();
            match (name.as_str(), name.strip_prefix("FUZZY").map(str::as_bytes)) {
                ("IN", _) => tests.push(Test::OneOf(side, text_set(value)?)),
                ("NOT_IN", _) => tests.push(not(Test::OneOf(side, text_set(value)?))),
                ("REGEX", _) => add_tests(value, tests, |source| Ok(Test::Regex(side, self.expression(source)?)))?,
                (_, Some([])) => add_tests(value, tests, |word| fuzzy_test(side, word, None))?,
                (_, Some([edits @ b'1'..=b'9'])) => {
                    add_tests(value, tests, |word| fuzzy_test(side, word, Some(edits - b'0')))?;
                }
                _ => return Err(wrong(format!("unknown condition for a text {}", quoted(&name)))),
            }
        }
        Ok(())
    }

    /// Compiles a regular expression.
    fn expression(&mut self, source: &str) -> Result<Regex, Problem> {
        if let Some(known) = self.expressions.get(source) {
            return Ok(known.clone());
        }
        if source.contains("\\<") || source.contains("\\>") {
            return Err(wrong(format!("{} has a backslash before < or >", quoted(source))).hint("remove it"));
        }
        for size in EXPRESSION {
            self.expression_bytes += size;
            if self.expression_bytes > EXPRESSIONS {
                break;
            }
            match RegexBuilder::new(source).size_limit(size).dfa_size_limit(EXPRESSION[1]).build() {
                Ok(regex) => {
                    self.expressions.insert(source.to_owned(), regex.clone());
                    return Ok(regex);
                }
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(error) => {
                    let fault = error.to_string();
                    let fault = clean(fault.lines().last().unwrap_or_default().trim_start_matches("error: "));
                    return Err(wrong(format!("invalid expression {}: {fault}", quoted(source))));
                }
            }
        }
        Err(wrong(format!("the expression {} is too large, or all of them together are", quoted(source))))
    }
}

fn wrong(message: impl Into<String>) -> Problem {
    Problem::error(message)
}

fn mismatch(expected: &str, value: &Value) -> Problem {
    wrong(format!("expected {expected}, found {}", quoted(&value.to_string())))
}

/// Minimum and maximum number of repetitions of an operator.
/// Without a maximum if it is unlimited.
fn repetition(operator: &str) -> Option<(usize, Option<usize>)> {
    match operator {
        "1" => Some((1, Some(1))),
        "?" => Some((0, Some(1))),
        "*" => Some((0, None)),
        "+" => Some((1, None)),
        _ => {
            let range = operator.strip_prefix('{')?.strip_suffix('}')?;
            match range.split_once(',').unwrap_or((range, range)) {
                ("", most) => Some((0, Some(number(most)?))),
                (least, "") => Some((number(least)?, None)),
                (least, most) => {
                    let (least, most) = (number(least)?, number(most)?);
                    (least <= most).then_some((least, Some(most)))
                }
            }
        }
    }
}

/// Number of decimal digits only, without a sign.
fn number(digits: &str) -> Option<usize> {
    digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn text_set(value: &Value) -> Result<BTreeSet<String>, Problem> {
    serde_json::from_value(value.clone()).map_err(|_| mismatch("a list of strings", value))
}

/// Adds the test for one text, or for several.
/// Several are in `{"IN": [...]}` or `{"NOT_IN": [...]}`.
fn add_tests(
    value: &Value,
    tests: &mut Vec<Test>,
    mut test: impl FnMut(&str) -> Result<Test, Problem>,
) -> Result<(), Problem> {
    let Value::Object(lists) = value else {
        tests.push(test(value.as_str().ok_or_else(|| mismatch("a string", value))?)?);
        return Ok(());
    };
    for (name, value) in lists {
        let any = Test::Any(text_set(value)?.iter().map(|text| test(text)).collect::<Result<_, _>>()?);
        match name.to_ascii_uppercase().as_str() {
            "IN" => tests.push(any),
            "NOT_IN" => tests.push(not(any)),
            _ => return Err(wrong(format!("{} is neither IN nor NOT_IN", quoted(name)))),
        }
    }
    Ok(())
}

fn not(test: Test) -> Test {
    Test::Not(Box::new(test))
}

/// Test for a word with edits.
/// By default three edits per ten characters are allowed, and at least two.
fn fuzzy_test(side: Attribute, word: &str, edits: Option<u8>) -> Result<Test, Problem> {
    let length = word.chars().count();
    if length > FUZZY {
        return Err(wrong(format!("FUZZY is for words up to {FUZZY} characters, not {}", quoted(word))));
    }
    let usual = ((0.3 * length as f64).round_ties_even() as usize).max(2);
    Ok(Test::Fuzzy(side, word.to_owned(), edits.map_or(usual, usize::from)))
}

/// Adds the tests of a length in characters: a number or an object of conditions.
fn length_tests(value: &Value, tests: &mut Vec<Test>) -> Result<(), Problem> {
    let Value::Object(conditions) = value else {
        tests.push(equal_length(value)?);
        return Ok(());
    };
    for (name, value) in conditions {
        let among = match name.to_ascii_uppercase().as_str() {
            "==" => [false, true, false],
            "!=" => [true, false, true],
            "<" => [true, false, false],
            "<=" => [true, true, false],
            ">" => [false, false, true],
            ">=" => [false, true, true],
            name @ ("IN" | "NOT_IN") => {
                let numbers = value.as_array().ok_or_else(|| mismatch("a list of numbers", value))?;
                let any = Test::Any(numbers.iter().map(equal_length).collect::<Result<_, Problem>>()?);
                tests.push(if name == "IN" { any } else { not(any) });
                continue;
            }
            _ => return Err(wrong(format!("unknown condition for a length {}", quoted(name)))),
        };
        tests.push(Test::Length(among, float(value)?));
    }
    Ok(())
}

fn equal_length(value: &Value) -> Result<Test, Problem> {
    Ok(Test::Length([false, true, false], float(value)?))
}

fn float(value: &Value) -> Result<f64, Problem> {
    value.as_f64().ok_or_else(|| mismatch("a number", value))
}

/// Attributes that need a trained model or the tables of a language.
const MODEL: &str = "IS_STOP POS TAG LEMMA DEP MORPH NORM ENT_TYPE ENT_IOB ENT_ID ENT_KB_ID SENT_START IS_SENT_START _";

/// Attributes that are true or false, as regular expressions for a word's text.
/// spaCy's documentation has the meanings. `IS_STOP` is missing because it refers to a list of spaCy.
const FLAGS: [(&str, &str); 16] = [
    ("IS_ALPHA", r"^\p{L}+$"),
    ("IS_ASCII", r"^[\x00-\x7f]*$"),
    ("IS_BRACKET", r"^[()\[\]{}<>]$"),
    ("IS_CURRENCY", r"^\p{Sc}+$"),
    ("IS_DIGIT", r"^[\d\x{b2}\x{b3}\x{b9}\x{2070}\x{2074}-\x{2079}\x{2080}-\x{2089}]+$"),
    ("IS_LEFT_PUNCT", r#"^(?:[(\[{<"'\x{ab}\x{2018}\x{201a}-\x{201c}\x{201e}\x{201f}\x{2039}\x{276e}]|``)$"#),
    ("IS_LOWER", r"^[^\p{Uppercase}\p{Lt}]*\p{Lowercase}[^\p{Uppercase}\p{Lt}]*$"),
    ("IS_PUNCT", r"^\p{P}+$"),
    ("IS_QUOTE", r#"^(?:["'`\x{ab}\x{bb}\x{2018}-\x{201f}\x{2039}\x{203a}\x{276e}\x{276f}]|''|``)$"#),
    ("IS_RIGHT_PUNCT", r#"^(?:[)\]}>"'\x{bb}\x{2019}\x{201d}\x{203a}\x{276f}]|'')$"#),
    ("IS_SPACE", r"^[\s\x1c-\x1f]+$"),
    (
        "IS_TITLE",
        r"(?x)^[^\p{Uppercase}\p{Lt}\p{Lowercase}]*
        (?:[\p{Uppercase}\p{Lt}]\p{Lowercase}*(?:[^\p{Uppercase}\p{Lt}\p{Lowercase}]+|$))+$",
    ),
    ("IS_UPPER", r"^[^\p{Lowercase}\p{Lt}]*\p{Uppercase}[^\p{Lowercase}\p{Lt}]*$"),
    ("LIKE_EMAIL", r"^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+"),
    (
        "LIKE_NUM",
        r"(?ix)^[+\-\x{b1}~]?[,.]*(?:\d[\d,.]*(?:/[,.]*\d[\d,.]*|st|nd|rd|th)?
        |zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen
        |eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|trillion
        |first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth
        |sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|fortieth|fiftieth|sixtieth|seventieth|eightieth
        |ninetieth|hundredth|thousandth|millionth|billionth|trillionth)[,.]*$",
    ),
    // A scheme, `www.`, or names separated by dots, the last one of letters only; then optionally a port and a path.
    (
        "LIKE_URL",
        r"^(?:https?://\S+|www\.\S+|(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+\p{L}{2,}(?::\d{2,5})?(?:[/?\#]\S*)?)$",
    ),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        spans::Document,
        text::{Grid, TextRange},
    };

    fn problems(file: &str) -> Vec<String> {
        read(file.as_bytes()).1.iter().map(ToString::to_string).collect()
    }

    /// Matches of a rule among given words.
    fn found(rule: &str, words: &str) -> String {
        let (patterns, problems) = read(format!("{{\"label\":\"X\",\"pattern\":{rule}}}").as_bytes());
        assert_eq!(problems, [], "{rule}");
        let document = Document::from_words("d", words.split(' '));
        patterns.find(&document).iter().map(|m| m.range.of(&document.text)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn phrases_and_rules_are_read_and_found() {
        let phrase = r#"{"label":"Dish","pattern":"pad thai","id":"7","meta":{}}"#;
        let rule = r#"{"label":"Price","pattern":[{"LIKE_NUM":true},{"lower":{"in":["dollars","bucks"]}}]}"#;
        let (patterns, problems) = read(format!("\u{feff}{phrase}\r\n\r\n{rule}\r\n").as_bytes());
        assert_eq!((patterns.len(), problems), (2, vec![]));
        let document = Document::new("d", "Ten Bucks for pad thai, 3 dollars for Pad Thai", Grid::Natural);
        let matches = patterns.find(&document);
        let shown: Vec<_> = matches.iter().map(|m| (m.range.of(&document.text), &*m.label, m.pattern)).collect();
        assert_eq!(shown, [("Ten Bucks", "Price", 3), ("pad thai", "Dish", 1), ("3 dollars", "Price", 3)]);
        assert!(read(b"").0.is_empty());
    }

    #[test]
    fn a_line_that_cannot_be_read_whole_is_left_out_and_named() {
        let bad = r#"nonsense
            []
            "pad\u001bthai"
            {"pattern":"pad thai"}
            {"label":" ","pattern":"pad thai"}
            {"label":"X","pattern":" "}
            {"label":"X","pattern":[]}
            {"label":"X","pattern":[{"op":"{0}"}]}
            {"label":"X","pattern":["pad"]}"#;
        let (patterns, problems) = read(format!("{bad}\n{{\"label\":\"X\",\"pattern\":\"a\"}}").as_bytes());
        assert_eq!(patterns.len(), 1);
        let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, (1..=9).map(Some).collect::<Vec<_>>());
        assert!(problems.iter().all(|problem| !problem.message.contains('\u{1b}')));
    }

    #[test]
    fn invalid_attributes_are_errors_that_name_their_word() {
        let words = r#"{"POS":"NOUN"} {"lemma":"be"} {"_":{}} {"LOWER":null} {"COLOUR":"red"} {"\u0131s_alpha":true}
            {"IS_ALPHA":1} {"TEXT":3} {"TEXT":{"LIKE":"a"}} {"TEXT":{"IN":"a"}} {"TEXT":{"REGEX":"("}}
            {"TEXT":{"REGEX":"a(?=b)"}} {"TEXT":{"REGEX":"\\w{9999}"}} {"TEXT":{"REGEX":"\\<"}} {"LENGTH":"1"}
            {"LENGTH":{"~":1}} {"TEXT":{"FUZZY":{"OF":["a"]}}} {"TEXT":{"FUZZY0":"a"}} {"OP":"{101}"} {"OP":"{3,2}"}
            {"OP":"{,}"} {"OP":"{}"} {"OP":"{+1}"} {"OP":"**"} {"OP":1} {"OP":"{99999999999999999999}"}"#;
        for word in words.split_whitespace() {
            let said = problems(&format!("{{\"label\":\"X\",\"pattern\":[{{}},{word}]}}"));
            assert!(matches!(&said[..], [one] if one.starts_with("line 1: word 2: ")), "{word}: {said:?}");
        }
    }

    #[test]
    fn attributes_and_conditions_are_those_of_spacy() {
        let text = "Thai thai THAI tha1 3 3rd 1/2 $ ( , joe@x.org www.x.org x.org caf\u{e9} The fourteen a.m.";
        let table = r#"{"TEXT":"thai"} thai
            {"orth":{"NOT_IN":["thai"],"REGEX":"^[tT]ha"}} Thai tha1
            {"LOWER":{"FUZZY1":"thaii"}} Thai thai THAI
            {"TEXT":{"FUZZY":{"IN":["fuorteen","thali"]}}} Thai thai tha1 fourteen
            {"TEXT":{"REGEX":{"NOT_IN":["[a-z]","[0-9]"]}}} THAI $ ( ,
            {"LENGTH":{">":3,"<=":4},"IS_ASCII":true} Thai thai THAI tha1 a.m.
            {"LENGTH":{"IN":[8,9]}} joe@x.org www.x.org fourteen
            {"SHAPE":"xxxx","PREFIX":"f","SUFFIX":"een"} fourteen
            {"IS_ALPHA":true,"IS_LOWER":true} thai caf&eacute; fourteen
            {"IS_ASCII":false} caf&eacute;
            {"IS_TITLE":true} Thai The
            {"IS_DIGIT":true} 3
            {"LIKE_NUM":true} 3 3rd 1/2 fourteen
            {"IS_PUNCT":true} ( ,
            {"LIKE_EMAIL":true} joe@x.org
            {"LIKE_URL":true} www.x.org x.org
            {"SPACY":false} a.m.
            {"IS_ALPHA":true,"OP":"!"} tha1 3 3rd 1/2 $ ( , joe@x.org www.x.org x.org a.m.
            {"IS_SPACE":true}"#;
        for (word, expected) in table.lines().map(|row| row.trim().split_once(' ').unwrap_or((row.trim(), ""))) {
            assert_eq!(found(&format!("[{word}]"), text), expected.replace("&eacute;", "\u{e9}"), "{word}");
        }
        assert_eq!(found("[{}]", text), text);
    }

    #[test]
    fn no_file_is_too_big() {
        let line = |pattern: Value| format!("{}\n", json!({"label": "X", "pattern": pattern}));
        let said = |file: &str| problems(file).swap_remove(0);
        let rules = line(json!([{"op": "{99}"}])).repeat(51);
        assert!(said(&rules).starts_with("line 51: the rules have more than 200,000 words with this one, or 5,000"));
        assert!(said(&line(json!("x".repeat(257)))).contains("longer than 256 bytes"));
        assert!(said(&line(json!("x".repeat(1 << 20)))).contains("longer than 1,048,576 bytes"));
        assert!(said(&line(json!([{"lower": {"fuzzy": "x".repeat(101)}}]))).contains("up to 100 characters"));
        assert!(said(&"\n".repeat(200_001)).contains("only the first 200,000 lines"));
        let big = |at: usize| line(json!([{"text": {"regex": format!("\\w{{3,8}}{at}")}}]));
        assert!(said(&(0..80).map(big).collect::<String>()).contains("all of them together are"));
    }

    /// One object of a rule, and an expression with the same meaning.
    /// In the expression each letter is a word.
    fn word() -> impl Strategy<Value = (Value, String)> {
        let words = [
            (json!({"LOWER": "a"}), "a", "[bcd]"),
            (json!({"TEXT": {"IN": ["a", "b"]}}), "[ab]", "[cd]"),
            (json!({"TEXT": {"REGEX": "[bc]"}}), "[bc]", "[ad]"),
            (json!({}), ".", "[^abcd]"),
        ];
        let operators = ["1", "1", "1", "?", "*", "+", "{2}", "{1,2}", "{2,}", "{0,3}", "!"].to_vec();
        (prop::sample::select(words.to_vec()), prop::sample::select(operators)).prop_map(|((mut word, yes, no), op)| {
            word["op"] = json!(op);
            let part = match op {
                "1" => yes.to_owned(),
                "!" => no.to_owned(),
                _ => format!("{yes}{op}"),
            };
            (word, part)
        })
    }

    proptest! {
        #[test]
        fn rules_find_what_trying_all_stretches_finds(
            text in "[abcd]{0,14}",
            rules in prop::collection::vec(prop::collection::vec(word(), 1..5), 1..4),
        ) {
            let (mut file, mut all) = (String::new(), Vec::new());
            for (line, rule) in rules.into_iter().enumerate() {
                let (words, parts): (Vec<Value>, Vec<String>) = rule.into_iter().unzip();
                file += &format!("{}\n", json!({"label": "X", "pattern": words}));
                let whole = Regex::new(&format!("^(?:{})$", parts.concat())).unwrap();
                let stretches = (0..text.len()).flat_map(|start| (start + 1..=text.len()).map(move |end| (start, end)));
                let matching = stretches.filter(|(start, end)| whole.is_match(&text[*start..*end]));
                all.extend(matching.map(|(start, end)| (text.len() - (end - start), start, line + 1, end)));
            }
            all.sort_unstable();
            let mut expected: Vec<(usize, usize, usize)> = Vec::new();
            for (_, start, line, end) in all {
                if expected.iter().all(|(from, to, _)| end <= *from || *to <= start) {
                    expected.push((start, end, line));
                }
            }
            expected.sort_unstable();
            let document = Document::from_words("d", text.chars().map(String::from));
            let (patterns, problems) = read(file.as_bytes());
            prop_assert_eq!(problems, []);
            let found = patterns.find(&document);
            let found = found.iter().map(|m| (m.range.start / 2, m.range.end / 2 + 1, m.pattern));
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        }

        #[test]
        fn no_file_and_no_document_panics(
            lines in prop::collection::vec(
                "(\"[a ]{0,3}\"|\\[(\\{(\"(op|text|length|lower)\":(\"[a*{},1]{0,3}\"|[0-9]|\\{\"(in|regex|fuzzy)\":\
                (\"\\PC{0,3}\"|\\[\"a\"\\])\\}))?\\}(,\\{\\})?)?\\]|\\PC{0,9})",
                0..5,
            ),
            noise in prop::collection::vec(any::<u8>(), 0..20),
            moved in 0usize..9,
            given in prop::collection::vec("[a1 \u{301}]{0,3}", 0..6),
        ) {
            let file: String = lines.iter().map(|line| format!("{{\"label\":\"X\",\"pattern\":{line}}}\n")).collect();
            let mut document = Document::from_words("d", &given);
            for found in read(file.as_bytes()).0.find(&document) {
                prop_assert!(!found.range.of(&document.text).trim().is_empty());
            }
            let words = document.words.iter();
            let words = words.map(|word| TextRange::new(word.start + moved, (word.end * 3).saturating_sub(moved)));
            document.words = words.collect::<Vec<_>>().into();
            read(&[file.as_bytes(), &noise].concat()).0.find(&document);
        }
    }
}
