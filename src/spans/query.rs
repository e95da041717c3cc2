//! Query language that selects documents: a list of terms, all of which must hold.
//!
//! A query is parsed at every key press, so it is often incomplete. Terms that cannot be parsed are ignored and reported;
//! the others work, and the list does not become empty while a term is being typed.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use super::{Annotation, Document, LabelId, LabelSet, Span, SpanSource, Split, Status};
use crate::text::{
    TextRange,
    search::{Needle, lowercased},
    width::cut,
};

/// Maximum bytes of a query that are parsed. Every document is searched for every term at every key press.
const LONGEST: usize = 1_000;
/// Number of empty matches of an expression after which no other one is looked for: each may read the text to its end.
const EMPTY_MATCHES: usize = 100;
/// Maximum size of a compiled regular expression in bytes. It is compiled at every key press.
const REGEX_BYTES: usize = 2 << 20;
/// Maximum width of a name or a value in a message, in cells.
const SHOWN: usize = 32;
/// Maximum number of names that a message lists.
const LISTED: usize = 9;

/// Names before a colon.
const KEYS: [&str; 7] = ["label", "status", "split", "by", "run", "id", "note"];

/// Measures that can be compared with a number.
const MEASURES: [&str; 5] = ["words", "chars", "spans", "lost", "uncertain"];

/// Comparison signs, with the orders of the two sides for which they hold.
/// The longer signs come first.
const COMPARISONS: [(&str, &[Ordering]); 6] = [
    (">=", &[Ordering::Greater, Ordering::Equal]),
    ("<=", &[Ordering::Less, Ordering::Equal]),
    (">", &[Ordering::Greater]),
    ("<", &[Ordering::Less]),
    ("=", &[Ordering::Equal]),
    (":", &[Ordering::Equal]),
];

/// Name of having no label or no split.
const ABSENT: &str = "none";

/// Mark of a document whose text was changed, so that its annotator must look at it again.
const REVIEW: &str = "review";

/// Names that [`origin`] returns.
const ORIGINS: [&str; 5] = ["human", "import", "model", "pattern", "gazetteer"];

/// Name of a source in a query, and its run, if it has one.
fn origin(source: &SpanSource) -> (&'static str, Option<&str>) {
    match source {
        SpanSource::Human => ("human", None),
        SpanSource::Import => ("import", None),
        SpanSource::Model { run, .. } => ("model", Some(run)),
        SpanSource::Pattern => ("pattern", None),
        SpanSource::Gazetteer => ("gazetteer", None),
    }
}

/// Selection of documents, parsed once and applied to many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Terms, all of which must hold; the fast ones come first.
    terms: Vec<Term>,
}

/// Facts about a document, computed only if a query needs them.
pub trait DocumentFacts {
    /// The document.
    fn document(&self) -> &Document;
    /// Its annotation; a blank note counts as none.
    fn annotation(&self) -> &Annotation;
    /// Whether the model's suggestions differ from the spans; `None` if there are none.
    fn mismatch(&self) -> Option<bool>;
    /// Uncertainty of the model; `None` if it was not asked.
    fn uncertainty(&self) -> Option<f32>;
}

/// Term that could not be parsed. The message is safe to show in a terminal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryProblem {
    message: String,
    /// Range of the term in the query.
    pub range: TextRange,
    /// Whether the term is at the end of the query, so that more of it may be typed.
    pub unfinished: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    negated: bool,
    test: Test,
}

/// Condition of a term. A list of values means any of them.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// Search term, and its spelling in the query.
    Word(Needle, String),
    Regex(Expression),
    /// Labels; `None` means that there is no span.
    Label(Vec<Option<LabelId>>),
    /// `None`: documents to review.
    Status(Vec<Option<Status>>),
    Split(Vec<Option<Split>>),
    /// Names of [`origin`].
    By(Vec<&'static str>),
    /// Beginnings of the run's name.
    Run(Vec<String>),
    /// Beginnings of the id.
    Id(Vec<String>),
    /// Search terms in the note; an empty list means that there is a note.
    Note(Vec<Needle>),
    Mismatch,
    /// One of [`MEASURES`].
    Number(&'static str, &'static [Ordering], f64),
}

#[derive(Clone, Debug)]
struct Expression(Regex);

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Query {
    /// Examples of all terms, and the documents that they select.
    pub const HELP: &[(&str, &str)] = &[
        ("tacos", "The text, the id or the note contains the word, in upper or lower case."),
        ("\"al pastor\"", "The text contains the words together; within quotation marks, signs have no meaning."),
        ("/[0-9]+ ?(am|pm)/i", "The text matches the regular expression; `i` ignores case."),
        ("-tacos", "The term after `-` does not hold; works with every term."),
        ("label:Dish,Price", "Has a span with one of the labels; the beginning of a name is enough: `label:res`."),
        ("label:none", "Has no span."),
        ("status:todo,partial", "Has one of the statuses todo, partial, done, skipped, flagged, or is marked review."),
        ("split:train", "Belongs to the split train, valid, test or none."),
        ("words>20", "Has more than 20 words; also `chars` and `spans`, with `<`, `<=`, `>=` or `=`."),
        ("lost>0", "Was changed after tagging, and spans have no certain place in it."),
        ("by:model", "Has a span of this origin: human, import, model, pattern or gazetteer."),
        ("run:0007-mini", "Has a span from the model of this run; the number is enough."),
        ("id:train-00", "The id begins with this; a document with exactly this id comes first."),
        ("note:unclear", "Has a note that contains the word; `note:` alone: has a note."),
        ("mismatch", "The model suggests other spans than the document has; needs suggestions."),
        ("uncertain>1.5", "The uncertainty of the model is above the number; needs suggestions."),
    ];

    /// Parses a query.
    /// Terms that cannot be parsed are ignored, and the first of them is reported.
    pub fn parse(text: &str, labels: &LabelSet) -> (Self, Option<QueryProblem>) {
        let end = text.floor_char_boundary(LONGEST);
        let mut parser = Parser { text: text.get(..end).unwrap_or(text), at: 0 };
        let (mut query, mut problem) = (Self::default(), None);
        loop {
            parser.until(|c| !c.is_whitespace());
            let start = parser.at;
            if parser.rest().is_empty() {
                break;
            }
            let (negated, (test, message)) = parser.term(labels);
            query.terms.extend(test.map(|test| Term { negated, test }));
            if let Some(message) = message.filter(|_| problem.is_none()) {
                let range = TextRange::new(start, parser.at);
                problem = Some(QueryProblem { message, range, unfinished: parser.rest().is_empty() });
            }
        }
        if end < text.len() {
            let message = format!("a search has at most {LONGEST} bytes; the rest is ignored");
            problem = Some(QueryProblem { message, range: TextRange::new(end, text.len()), unfinished: false });
        }
        query.terms.sort_by_key(|term| matches!(term.test, Test::Word(..) | Test::Regex(_)));
        (query, problem)
    }

    /// Whether the query selects the document.
    ///
    /// If a fact is not known, neither a term that needs the fact nor its negation holds.
    pub fn holds(&self, facts: &impl DocumentFacts) -> bool {
        self.terms.iter().all(|term| term.test.holds(facts).is_some_and(|holds| holds != term.negated))
    }

    /// The term that only a model can answer, if there is one.
    pub fn asks_model(&self) -> Option<&'static str> {
        self.terms.iter().find_map(|term| match term.test {
            Test::Mismatch => Some("mismatch"),
            Test::Number(measure @ "uncertain", ..) => Some(measure),
            _ => None,
        })
    }

    /// Whether the query asks for exactly this id, ignoring the case of ASCII letters.
    pub fn names(&self, id: &str) -> bool {
        let wanted = self.terms.iter().filter(|term| !term.negated);
        wanted
            .filter_map(|term| if let Test::Id(ids) = &term.test { Some(ids) } else { None })
            .flatten()
            .any(|wanted| wanted.eq_ignore_ascii_case(id))
    }

    /// Finds the first match of a word or regular expression.
    /// The cursor is put on it.
    pub fn first_match(&self, text: &str) -> Option<TextRange> {
        let wanted = self.terms.iter().filter(|term| !term.negated);
        wanted.filter_map(|term| term.test.first_match(text)).min_by_key(|found| found.start)
    }

    /// Whether `before` certainly selects every document that `self` selects.
    /// Then only these need to be checked.
    ///
    /// This is so if `self` has all terms of `before`, or longer words in their place.
    pub fn narrows(&self, before: &Self) -> bool {
        before.terms.iter().all(|wide| self.terms.iter().any(|term| term.implies(wide)))
    }
}

impl Term {
    /// Whether `other` certainly holds where `self` holds.
    fn implies(&self, other: &Self) -> bool {
        match (&self.test, &other.test) {
            (Test::Word(_, long), Test::Word(word, _)) if !self.negated && !other.negated => word.is_in(long),
            _ => self == other,
        }
    }
}

impl Test {
    fn word(typed: &str) -> Option<Self> {
        let needle = Needle::new(typed);
        (!needle.is_empty()).then(|| Self::Word(needle, typed.to_owned()))
    }

    /// Whether the test holds; `None` if the fact is not known.
    fn holds(&self, facts: &impl DocumentFacts) -> Option<bool> {
        let document = facts.document();
        Some(match self {
            Self::Word(word, _) => {
                word.is_in(&document.text) || word.is_in(&document.id) || word.is_in(facts.annotation().note())
            }
            Self::Regex(expression) => expression.0.is_match(&document.text),
            Self::Label(labels) => labels.iter().any(|label| has_label(facts.annotation().spans(), *label)),
            Self::Status(statuses) => {
                let annotation = facts.annotation();
                let holds = |wanted: &Option<Status>| match wanted {
                    Some(status) => annotation.status == *status,
                    None => annotation.needs_review(),
                };
                statuses.iter().any(holds)
            }
            Self::Split(splits) => splits.contains(&document.split),
            Self::By(names) => facts.annotation().spans().iter().any(|span| names.contains(&origin(&span.source).0)),
            Self::Run(runs) => {
                let mut of_spans = facts.annotation().spans().iter().filter_map(|span| origin(&span.source).1);
                of_spans.any(|run| begins_with_any(run, runs))
            }
            Self::Id(ids) => begins_with_any(&document.id, ids),
            Self::Note(needles) => {
                let note = facts.annotation().note();
                let matches = needles.is_empty() || needles.iter().any(|needle| needle.is_in(note));
                matches && !note.trim().is_empty()
            }
            Self::Mismatch => return facts.mismatch(),
            Self::Number(measure, orders, number) => orders.contains(&measured(measure, facts)?.partial_cmp(number)?),
        })
    }

    /// First match in a text that is not empty, as those of `/a*/` may be.
    fn first_match(&self, text: &str) -> Option<TextRange> {
        match self {
            Self::Word(word, _) => word.first_in(text),
            Self::Regex(expression) => {
                let mut found = expression.0.find_iter(text).take(EMPTY_MATCHES);
                found.find(|found| !found.is_empty()).map(|found| found.range().into())
            }
            _ => None,
        }
    }
}

/// Whether one of the spans has the label.
/// For `None`, whether there is no span.
fn has_label(spans: &[Span], label: Option<LabelId>) -> bool {
    label.map_or(spans.is_empty(), |label| spans.iter().any(|span| span.label == label))
}

/// Whether a name begins with one of the texts, ignoring the case of ASCII letters.
fn begins_with_any(name: &str, starts: &[String]) -> bool {
    starts
        .iter()
        .any(|start| name.as_bytes().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes())))
}

fn measured(measure: &str, facts: &impl DocumentFacts) -> Option<f64> {
    let count = match measure {
        "words" => facts.document().words.count(),
        "chars" => facts.document().text.chars().count(),
        "spans" => facts.annotation().spans().len(),
        "lost" => facts.annotation().lost().len(),
        _ => return facts.uncertainty().map(f64::from),
    };
    Some(count as f64)
}

/// Parses a number to compare a measure with: digits and a point.
/// `inf` and `nan` are not accepted.
fn number(measure: &str, text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = text.parse().ok().filter(|number: &f64| plain && number.is_finite())?;
    // As exact as the measure it is compared with, otherwise `=1.3` would never hold.
    Some(if measure == "uncertain" { f64::from(number as f32) } else { number })
}

/// Parsed term: a test, if it is understood, and a message, if there is a problem.
type Parsed = (Option<Test>, Option<String>);

/// Parser of a query, term by term.
struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes characters up to the first at which `stop` holds.
    fn until(&mut self, stop: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = rest.get(..rest.find(stop).unwrap_or(rest.len())).unwrap_or_default();
        self.at += taken.len();
        taken
    }

    /// Takes the sign if it comes next. Returns whether it does.
    fn take(&mut self, sign: char) -> bool {
        let comes_next = self.rest().starts_with(sign);
        self.at += if comes_next { sign.len_utf8() } else { 0 };
        comes_next
    }

    /// Takes text in quotation marks, of which the closing one may be missing.
    fn quoted(&mut self) -> Option<&'t str> {
        self.take('"').then(|| {
            let inside = self.until(|c| c == '"');
            self.take('"');
            inside
        })
    }

    /// Takes values separated by commas.
    fn values(&mut self) -> Vec<&'t str> {
        let mut values = Vec::new();
        loop {
            let value = self.quoted().unwrap_or_else(|| self.until(|c| c == ',' || c.is_whitespace()));
            values.extend(Some(value).filter(|value| !value.is_empty()));
            if !self.take(',') {
                return values;
            }
        }
    }

    /// Parses one term. Returns whether it is negated.
    fn term(&mut self, labels: &LabelSet) -> (bool, Parsed) {
        // A `-` between blanks is a word.
        let alone = self.rest().strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_whitespace));
        let negated = !alone && self.take('-');
        if self.rest().is_empty() {
            return (negated, (None, Some("`-` needs a term to negate".to_owned())));
        }
        if let Some(phrase) = self.quoted() {
            return (negated, (Test::word(phrase), None));
        }
        let parsed = if self.take('/') { self.regex() } else { self.named(labels) };
        (negated, parsed)
    }

    /// Parses a regular expression after its first slash.
    fn regex(&mut self) -> Parsed {
        let (source, mut escaped) = (self.rest(), false);
        let end = source.bytes().position(|byte| {
            let ends = byte == b'/' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(source) = end.and_then(|end| source.get(..end)) else {
            self.at = self.text.len();
            return (None, Some("the regular expression has no closing `/`".to_owned()));
        };
        self.at += source.len() + 1;
        match self.until(char::is_whitespace) {
            // An empty expression would match everywhere, and `-//` nowhere, until it is typed.
            "" | "i" if source.is_empty() => (None, Some("there is nothing between the slashes".to_owned())),
            flags @ ("" | "i") => expression(source, flags == "i"),
            other => {
                (None, Some(format!("only a blank or `i` can follow the closing `/`, not `{}`", cut(other, SHOWN))))
            }
        }
    }

    /// Parses a term that begins with one of the names above, or else a plain word.
    fn named(&mut self, labels: &LabelSet) -> Parsed {
        let start = self.at;
        let name = self.until(|c| c.is_whitespace() || ":<>=".contains(c));
        let comparison = COMPARISONS.iter().find(|(sign, _)| self.rest().starts_with(sign));
        let Some((sign, orders)) = comparison else {
            let test = if name.eq_ignore_ascii_case("mismatch") { Some(Test::Mismatch) } else { Test::word(name) };
            return (test, None);
        };
        if let Some(key) = KEYS.iter().find(|key| *sign == ":" && key.eq_ignore_ascii_case(name)) {
            self.at += 1;
            return keyed(key, &self.values(), labels);
        }
        if let Some(measure) = MEASURES.iter().find(|own| own.eq_ignore_ascii_case(name)) {
            self.at += sign.len();
            let typed = self.until(char::is_whitespace);
            let test = number(measure, typed).map(|number| Test::Number(measure, orders, number));
            let typed = if typed.is_empty() { String::new() } else { format!(", not `{}`", cut(typed, SHOWN)) };
            let message = test.is_none().then(|| format!("`{measure}{sign}` needs a number{typed}"));
            return (test, message);
        }
        self.until(char::is_whitespace);
        let keys = KEYS.iter().filter(|_| *sign == ":").chain(&MEASURES);
        // Times of day and short names are far more often words than misspelt keys.
        let near = keys.filter(|_| name.len() > 3).find(|key| strsim::osa_distance(&lowercase(name), key) == 1);
        let shown = cut(name, SHOWN);
        let message = match near {
            Some(near) => Some(format!("`{shown}{sign}` is read as a word; did you mean `{near}{sign}`?")),
            None if *sign == ":" => {
                is_field(name, TextRange::new(start, self.at).of(self.text)).then(|| unknown_field(&shown))
            }
            None => None,
        };
        (Test::word(TextRange::new(start, self.at).of(self.text)), message)
    }
}

/// Whether a term `NAME:VALUE` looks as if a field were meant. Times of day and addresses (`http://`) do not.
fn is_field(name: &str, term: &str) -> bool {
    let value = term.get(name.len() + 1..).unwrap_or_default();
    name.len() > 1
        && name.chars().all(char::is_alphabetic)
        && value.starts_with(|c: char| c.is_alphanumeric() || c == '"')
}

/// Message about a term whose name is not a field.
fn unknown_field(name: &str) -> String {
    let fields = KEYS.iter().chain(&MEASURES).map(|name| format!("{name}:")).collect::<Vec<_>>().join(" ");
    format!("`{name}:` is read as a word; the fields are {fields}")
}

fn expression(source: &str, ignore_case: bool) -> Parsed {
    let source = if ignore_case { format!("(?i){source}") } else { source.to_owned() };
    match RegexBuilder::new(&source).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build() {
        Ok(regex) => (Some(Test::Regex(Expression(regex))), None),
        Err(regex::Error::CompiledTooBig(_)) => (None, Some("the regular expression is too large".to_owned())),
        Err(error) => {
            // The lines before the last show the expression.
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            (None, Some(format!("invalid regular expression: {}", cut(why, 4 * SHOWN))))
        }
    }
}

/// Parses the values of one of [`KEYS`].
fn keyed(key: &str, values: &[&str], labels: &LabelSet) -> Parsed {
    match key {
        "label" => {
            let names = labels.iter().map(|label| (label.name.as_str(), Some(label.id))).chain([(ABSENT, None)]);
            any_of(key, values, &names.collect::<Vec<_>>(), Test::Label)
        }
        "status" => {
            let names = Status::ALL.iter().map(|status| (status.name(), Some(*status))).chain([(REVIEW, None)]);
            any_of(key, values, &names.collect::<Vec<_>>(), Test::Status)
        }
        "by" => any_of(key, values, &ORIGINS.map(|name| (name, name)), Test::By),
        "split" => {
            let names = Split::ALL.iter().map(|split| (split.name(), Some(*split))).chain([(ABSENT, None)]);
            let values: Vec<&str> =
                values.iter().map(|name| name.parse::<Split>().map_or(*name, |split| split.name())).collect();
            any_of(key, &values, &names.collect::<Vec<_>>(), Test::Split)
        }
        "note" => (Some(Test::Note(values.iter().map(|value| Needle::new(value)).collect())), None),
        "run" => beginnings(key, "the beginning of a run's name", values, Test::Run),
        _ => beginnings(key, "the beginning of a document's id", values, Test::Id),
    }
}

/// Builds a test for any of the beginnings.
fn beginnings(key: &str, needed: &str, values: &[&str], test: fn(Vec<String>) -> Test) -> Parsed {
    match values {
        [] => (None, Some(format!("`{key}:` needs {needed}"))),
        _ => (Some(test(values.iter().map(|value| (*value).to_owned()).collect())), None),
    }
}

/// Builds a test for any of the values with the names `typed`.
/// Unknown names are ignored and reported.
fn any_of<T: Copy>(key: &str, typed: &[&str], names: &[(&str, T)], test: fn(Vec<T>) -> Test) -> Parsed {
    let mut message = typed.is_empty().then(|| format!("`{key}:` needs {}", one_of(names)));
    let mut chosen = Vec::new();
    for word in typed {
        match choose(key, word, names) {
            Ok(values) => chosen.extend(values),
            Err(why) => message = message.or(Some(why)),
        }
    }
    ((!chosen.is_empty()).then(|| test(chosen)), message)
}

/// Returns the values of the name that `word` means.
/// It equals `word`, else equals it ignoring case, else is the only one that begins with it.
fn choose<T: Copy>(key: &str, word: &str, names: &[(&str, T)]) -> Result<Vec<T>, String> {
    let wanted = lowercase(word);
    let best = names.iter().map(|(name, _)| match_rank(name, word, &wanted)).min().unwrap_or(NO_MATCH);
    let found: Vec<(&str, T)> =
        names.iter().filter(|(name, _)| match_rank(name, word, &wanted) == best).copied().collect();
    let typed = cut(word, SHOWN);
    match nearest(&wanted, names) {
        _ if best == BEGINNING && found.len() > 1 => {
            Err(format!("`{key}:{typed}` is ambiguous; use {}", one_of(&found)))
        }
        _ if best < NO_MATCH => Ok(found.into_iter().map(|(_, value)| value).collect()),
        Some(near) => Err(format!("unknown `{key}:{typed}`; did you mean `{}`?", cut(near, SHOWN))),
        None => Err(format!("unknown `{key}:{typed}`; use {}", one_of(names))),
    }
}

/// [`match_rank`] of a name that begins with the word.
const BEGINNING: u8 = 2;
/// [`match_rank`] of a name that does not match.
const NO_MATCH: u8 = 3;

/// Ranks how well a name matches a word.
/// Equal, equal ignoring case, [`BEGINNING`], [`NO_MATCH`].
fn match_rank(name: &str, word: &str, lower_word: &str) -> u8 {
    match lowercase(name) {
        _ if name == word => 0,
        lower if lower == lower_word => 1,
        lower if lower.starts_with(lower_word) => BEGINNING,
        _ => NO_MATCH,
    }
}

/// Finds the name of which `wanted` may be a misspelling.
/// `wanted` may be only the beginning of a name.
fn nearest<'n, T>(wanted: &str, names: &[(&'n str, T)]) -> Option<&'n str> {
    let letters = wanted.chars().count();
    let distances = names.iter().map(|(name, _)| (distance_to_beginning(wanted, letters, &lowercase(name)), *name));
    let (distance, near) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= letters).then_some(near)
}

/// Edit distance of `wanted` to a name or to its beginning of equal length.
/// `wanted` has `letters` characters.
fn distance_to_beginning(wanted: &str, letters: usize, name: &str) -> usize {
    let beginning: String = name.chars().take(letters).collect();
    strsim::osa_distance(wanted, name).min(strsim::osa_distance(wanted, &beginning))
}

/// Lists names: "one of `a`, `b`, `c`".
fn one_of<T>(names: &[(&str, T)]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|(name, _)| format!("`{}`", cut(name, SHOWN))).collect();
    format!("one of {}{}", shown.join(", "), if names.len() > LISTED { " and others" } else { "" })
}

fn lowercase(text: &str) -> String {
    lowercased(text).collect()
}

#[cfg(test)]
mod tests;
