//! The little language by which documents are chosen: words, and what is known of a document, all of which must hold.
//!
//! A query is read on every key, so half of it is often not there yet. What cannot be understood is left out and told;
//! the rest works, and the list does not go empty while a term is being typed.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use super::{Annotation, Document, LabelId, LabelSet, SpanSource, Split, Status};
use crate::text::{
    TextRange,
    search::{Needle, lowercased},
    width::cut,
};

/// Bytes that a regular expression may take when it is ready; it is made anew on every key.
const REGEX_BYTES: usize = 2 << 20;
/// Cells of a name or a value in a problem.
const SHOWN: usize = 32;
/// Names that a problem lists.
const LISTED: usize = 9;

/// What comes before a colon.
const KEYS: [&str; 8] = ["label", "status", "split", "part", "by", "run", "id", "note"];

/// What can be compared with a number.
const MEASURES: [&str; 4] = ["words", "chars", "spans", "uncertain"];

/// Comparisons, the longer signs first, and the orders of the two sides that they take.
const COMPARISONS: [(&str, &[Ordering]); 6] = [
    (">=", &[Ordering::Greater, Ordering::Equal]),
    ("<=", &[Ordering::Less, Ordering::Equal]),
    (">", &[Ordering::Greater]),
    ("<", &[Ordering::Less]),
    ("=", &[Ordering::Equal]),
    (":", &[Ordering::Equal]),
];

/// The names of the parts.
const PARTS: [(&str, Option<Split>); 4] =
    [("train", Some(Split::Train)), ("valid", Some(Split::Valid)), ("test", Some(Split::Test)), ("none", None)];

/// The names that [`origin`] gives.
const ORIGINS: [&str; 5] = ["human", "import", "model", "pattern", "gazetteer"];

/// What a source is called in a query, and the run it names, if it names one.
fn origin(source: &SpanSource) -> (&'static str, Option<&str>) {
    match source {
        SpanSource::Human => ("human", None),
        SpanSource::Import => ("import", None),
        SpanSource::Model { run, .. } => ("model", Some(run)),
        SpanSource::Pattern => ("pattern", None),
        SpanSource::Gazetteer => ("gazetteer", None),
    }
}

/// A choice of documents, read once and asked of many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// All must hold; those that are answered fast stand first.
    terms: Vec<Term>,
}

/// What a query may ask of a document; found out only if it does.
pub trait DocumentFacts {
    /// The document.
    fn document(&self) -> &Document;
    /// What was said about it; a blank note is none.
    fn annotation(&self) -> &Annotation;
    /// Whether the model's suggestions differ from the spans; `None` if nobody compared them.
    fn mismatch(&self) -> Option<bool>;
    /// How uncertain the model is; `None` if it was not asked.
    fn uncertainty(&self) -> Option<f32>;
}

/// What could not be understood. The message is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryProblem {
    message: String,
    /// The term, in what was typed.
    pub range: TextRange,
    /// Whether the term stands at the end, so that more of it may come.
    pub unfinished: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    negated: bool,
    test: Test,
}

/// One question. A list asks for any of its values.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// A word to look for, and how it was typed.
    Word(Needle, String),
    Regex(Expression),
    /// Labels; `None` asks that there be no span.
    Label(Vec<Option<LabelId>>),
    Status(Vec<Status>),
    Part(Vec<Option<Split>>),
    /// Names of [`origin`].
    By(Vec<&'static str>),
    /// How the run's name begins.
    Run(Vec<String>),
    /// How the id begins.
    Id(Vec<String>),
    /// What the note holds; an empty list asks that there be one.
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
    /// What the language knows: an example, and what it finds.
    pub const HELP: &[(&str, &str)] = &[
        ("tacos", "The text or the id holds the word, in capital or small letters."),
        ("\"al pastor\"", "The text holds the words together; quotation marks also take the meaning from a sign."),
        ("/[0-9]+ ?(am|pm)/i", "The text fits the regular expression; without `i` capital letters count."),
        ("-tacos", "Not so: what stands after `-` does not hold. Goes with everything here."),
        ("label:Dish,Price", "Has a span of one of the labels; names may be cut short: `label:res`."),
        ("label:none", "Has no span."),
        ("status:todo,partial", "Has one of the states todo, partial, done, skipped, flagged."),
        ("split:train", "Belongs to the part train, valid, test or none; `part:` means the same."),
        ("words>20", "Has more than 20 words; also `chars` and `spans`, with `<`, `<=`, `>=` or `=`."),
        ("by:model", "Has a span that comes from there: human, import, model, pattern or gazetteer."),
        ("run:0007-mini", "Has a span from this run's model; the number is enough."),
        ("id:train-00", "The id begins so."),
        ("note:unclear", "Has a note that holds the word; `note:` alone: has one."),
        ("mismatch", "The model suggests other spans than there are; needs suggestions."),
        ("uncertain>1.5", "The model's uncertainty is above that; needs suggestions."),
    ];

    /// Reads what was typed. What cannot be understood is left out, and the first of it is told.
    pub fn parse(text: &str, labels: &LabelSet) -> (Self, Option<QueryProblem>) {
        let mut reader = Reader { text, at: 0 };
        let (mut query, mut problem) = (Self::default(), None);
        loop {
            reader.until(|c| !c.is_whitespace());
            let start = reader.at;
            if reader.rest().is_empty() {
                break;
            }
            let (negated, (test, told)) = reader.term(labels);
            query.terms.extend(test.map(|test| Term { negated, test }));
            if let Some(message) = told.filter(|_| problem.is_none()) {
                let (range, unfinished) = (TextRange::new(start, reader.at), reader.rest().is_empty());
                problem = Some(QueryProblem { message, range, unfinished });
            }
        }
        query.terms.sort_by_key(|term| matches!(term.test, Test::Word(..) | Test::Regex(_)));
        (query, problem)
    }

    /// Whether it asks nothing: every document is chosen.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the document is chosen. One of which a fact is not known is chosen neither by a term that asks for the
    /// fact nor by its negation.
    pub fn holds(&self, facts: &impl DocumentFacts) -> bool {
        self.terms.iter().all(|term| term.test.holds(facts).is_some_and(|holds| holds != term.negated))
    }

    /// The first place in the text that a word or a regular expression finds, to put the cursor there.
    pub fn place(&self, text: &str) -> Option<TextRange> {
        self.places(text).first().copied()
    }

    /// All places that words and regular expressions find, in order and disjoint, to be highlighted.
    pub fn places(&self, text: &str) -> Vec<TextRange> {
        let wanted = self.terms.iter().filter(|term| !term.negated);
        let mut all: Vec<TextRange> = wanted.flat_map(|term| term.test.places(text)).collect();
        all.sort_unstable();
        all.dedup_by(|next, kept| {
            let one = kept.overlaps(*next);
            *kept = if one { kept.join(*next) } else { *kept };
            one
        });
        all
    }

    /// Whether all that `self` chooses is surely chosen by `before`, too, so that only the documents shown need to be
    /// looked at again: it has all terms of `before`, or longer words in their stead.
    pub fn narrows(&self, before: &Self) -> bool {
        let implies = |term: &Term, wide: &Term| match (&term.test, &wide.test) {
            (Test::Word(_, long), Test::Word(word, _)) if !term.negated && !wide.negated => word.is_in(long),
            _ => term == wide,
        };
        before.terms.iter().all(|wide| self.terms.iter().any(|term| implies(term, wide)))
    }
}

impl Test {
    fn word(typed: &str) -> Option<Self> {
        let needle = Needle::new(typed);
        (!needle.is_empty()).then(|| Self::Word(needle, typed.to_owned()))
    }

    /// `None` if the fact is not known.
    fn holds(&self, facts: &impl DocumentFacts) -> Option<bool> {
        let document = facts.document();
        let spans = || facts.annotation().spans();
        let any = |label: LabelId| spans().iter().any(|span| span.label == label);
        // The case of ASCII letters is set aside.
        let begins = |name: &str, start: &String| {
            name.as_bytes().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
        };
        let from = |name: &str, starts: &[String]| starts.iter().any(|start| begins(name, start));
        Some(match self {
            Self::Word(word, _) => word.is_in(&document.text) || word.is_in(&document.id),
            Self::Regex(expression) => expression.0.is_match(&document.text),
            Self::Label(labels) => labels.iter().any(|label| label.map_or_else(|| spans().is_empty(), any)),
            Self::Status(states) => states.contains(&facts.annotation().status),
            Self::Part(parts) => parts.contains(&document.split),
            Self::By(names) => spans().iter().any(|span| names.contains(&origin(&span.source).0)),
            Self::Run(runs) => spans().iter().filter_map(|span| origin(&span.source).1).any(|run| from(run, runs)),
            Self::Id(ids) => from(&document.id, ids),
            Self::Note(needles) => {
                let note = facts.annotation().note();
                let said = needles.is_empty() || needles.iter().any(|needle| needle.is_in(note));
                said && !note.trim().is_empty()
            }
            Self::Mismatch => return facts.mismatch(),
            Self::Number(measure, orders, number) => orders.contains(&measured(measure, facts)?.partial_cmp(number)?),
        })
    }

    /// Where the text has it: never nothing between two characters, as `/a*/` would find.
    fn places(&self, text: &str) -> Vec<TextRange> {
        match self {
            Self::Word(word, _) => word.find_in(text),
            Self::Regex(found) => found.0.find_iter(text).filter(|m| !m.is_empty()).map(|m| m.range().into()).collect(),
            _ => Vec::new(),
        }
    }
}

fn measured(measure: &str, facts: &impl DocumentFacts) -> Option<f64> {
    let count = match measure {
        "words" => facts.document().words.len(),
        "chars" => facts.document().text.chars().count(),
        "spans" => facts.annotation().spans().len(),
        _ => return facts.uncertainty().map(f64::from),
    };
    Some(count as f64)
}

/// The number to compare a measure with: digits and a point, for `inf` is no number that anybody types.
fn number(measure: &str, text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = text.parse().ok().filter(|number: &f64| plain && number.is_finite())?;
    // No more exact than what it is compared with, or `=1.3` would never hold.
    Some(if measure == "uncertain" { f64::from(number as f32) } else { number })
}

/// What was read: a test, if it can be asked, and what is to be told.
type Read = (Option<Test>, Option<String>);

/// Reads terms, one after the other.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn until(&mut self, stop: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = rest.get(..rest.find(stop).unwrap_or(rest.len())).unwrap_or_default();
        self.at += taken.len();
        taken
    }

    fn take(&mut self, sign: char) -> bool {
        let there = self.rest().starts_with(sign);
        self.at += if there { sign.len_utf8() } else { 0 };
        there
    }

    /// What stands between quotation marks; the last one may not be there yet.
    fn quoted(&mut self) -> Option<&'t str> {
        self.take('"').then(|| {
            let inside = self.until(|c| c == '"');
            self.take('"');
            inside
        })
    }

    /// Values with commas between them.
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

    /// One term, and whether it is negated.
    fn term(&mut self, labels: &LabelSet) -> (bool, Read) {
        // A `-` between blanks is a word.
        let alone = self.rest().strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_whitespace));
        let negated = !alone && self.take('-');
        if self.rest().is_empty() {
            return (negated, (None, Some("`-` wants something after it that is not to hold".to_owned())));
        }
        if let Some(phrase) = self.quoted() {
            return (negated, (Test::word(phrase), None));
        }
        let read = if self.take('/') { self.regex() } else { self.named(labels) };
        (negated, read)
    }

    /// A regular expression, after its first slash.
    fn regex(&mut self) -> Read {
        let (source, mut escaped) = (self.rest(), false);
        let end = source.bytes().position(|byte| {
            let ends = byte == b'/' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(source) = end.and_then(|end| source.get(..end)) else {
            self.at = self.text.len();
            return (None, Some("the regular expression does not end: it wants a `/`".to_owned()));
        };
        self.at += source.len() + 1;
        match self.until(char::is_whitespace) {
            // It would be found everywhere, and `-//` nowhere, while the slashes are filled.
            "" | "i" if source.is_empty() => (None, Some("there is nothing between the slashes".to_owned())),
            flags @ ("" | "i") => expression(source, flags == "i"),
            other => (None, Some(format!("after the last `/` comes a blank or `i`, not `{}`", cut(other, SHOWN)))),
        }
    }

    /// A term that begins with a name from the lists above, or else a plain word.
    fn named(&mut self, labels: &LabelSet) -> Read {
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
            let but = if typed.is_empty() { String::new() } else { format!(", not `{}`", cut(typed, SHOWN)) };
            let told = test.is_none().then(|| format!("`{measure}{sign}` wants a number{but}"));
            return (test, told);
        }
        self.until(char::is_whitespace);
        let keys = KEYS.iter().filter(|_| *sign == ":").chain(&MEASURES);
        // Times of day and short names are words far more often than slips.
        let near = keys.filter(|_| name.len() > 3).find(|key| strsim::osa_distance(&lowercase(name), key) == 1);
        let told =
            near.map(|near| format!("`{}{sign}` is taken for a word; did you mean `{near}{sign}`?", cut(name, SHOWN)));
        (Test::word(TextRange::new(start, self.at).of(self.text)), told)
    }
}

fn expression(source: &str, any_case: bool) -> Read {
    let source = if any_case { format!("(?i){source}") } else { source.to_owned() };
    match RegexBuilder::new(&source).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build() {
        Ok(regex) => (Some(Test::Regex(Expression(regex))), None),
        Err(regex::Error::CompiledTooBig(_)) => (None, Some("the regular expression is too large".to_owned())),
        Err(error) => {
            // The lines before the last draw the expression.
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            (None, Some(format!("the regular expression has a mistake: {}", cut(why, 4 * SHOWN))))
        }
    }
}

/// The term of one of [`KEYS`].
fn keyed(key: &str, values: &[&str], labels: &LabelSet) -> Read {
    let begins = |wanted: &str, test: fn(Vec<String>) -> Test| match values {
        [] => (None, Some(format!("`{key}:` wants {wanted}"))),
        _ => (Some(test(values.iter().map(|value| (*value).to_owned()).collect())), None),
    };
    match key {
        "label" => {
            let names = labels.iter().map(|label| (label.name.as_str(), Some(label.id))).chain([("none", None)]);
            any(key, values, &names.collect::<Vec<_>>(), Test::Label)
        }
        "status" => any(key, values, &Status::ALL.map(|status| (status.name(), status)), Test::Status),
        "by" => any(key, values, &ORIGINS.map(|name| (name, name)), Test::By),
        "split" | "part" => {
            let own = values.iter().map(|name| Split::parse(name).map_or(*name, |split| split.name()));
            any(key, &own.collect::<Vec<_>>(), &PARTS, Test::Part)
        }
        "note" => (Some(Test::Note(values.iter().map(|value| Needle::new(value)).collect())), None),
        "run" => begins("the beginning of a run's name", Test::Run),
        _ => begins("the beginning of a document's id", Test::Id),
    }
}

/// A test for any of the values that `typed` names; what names none is left out and told.
fn any<T: Copy>(key: &str, typed: &[&str], names: &[(&str, T)], test: fn(Vec<T>) -> Test) -> Read {
    let mut told = typed.is_empty().then(|| format!("`{key}:` wants {}", list(names)));
    let mut chosen = Vec::new();
    for word in typed {
        match choose(word, names) {
            Ok(values) => chosen.extend(values),
            Err(why) => told = told.or_else(|| Some(format!("`{key}:{}` {why}", cut(word, SHOWN)))),
        }
    }
    ((!chosen.is_empty()).then(|| test(chosen)), told)
}

/// The values of the name that is `word`, or is it but for the case, or alone begins with it.
fn choose<T: Copy>(word: &str, names: &[(&str, T)]) -> Result<Vec<T>, String> {
    let wanted = lowercase(word);
    let rank = |name: &str| match lowercase(name) {
        _ if name == word => 0,
        name if name == wanted => 1,
        name if name.starts_with(&wanted) => 2,
        _ => 3,
    };
    let best = names.iter().map(|(name, _)| rank(name)).min().unwrap_or(3);
    let found: Vec<(&str, T)> = names.iter().filter(|(name, _)| rank(name) == best).copied().collect();
    match (best, nearest(&wanted, names)) {
        (2, _) if found.len() > 1 => Err(format!("may mean {}", list(&found))),
        (0..=2, _) => Ok(found.into_iter().map(|(_, value)| value).collect()),
        (_, Some(near)) => Err(format!("names nothing; did you mean `{}`?", cut(near, SHOWN))),
        (_, None) => Err(format!("names nothing; it may be {}", list(names))),
    }
}

/// The name that `wanted` may be a slip of, whole or cut short.
fn nearest<'n, T>(wanted: &str, names: &[(&'n str, T)]) -> Option<&'n str> {
    let letters = wanted.chars().count();
    let distance = |name: &str| {
        let name = lowercase(name);
        let short: String = name.chars().take(letters).collect();
        strsim::osa_distance(wanted, &name).min(strsim::osa_distance(wanted, &short))
    };
    let (slips, near) = names.iter().map(|(name, _)| (distance(name), *name)).min_by_key(|(slips, _)| *slips)?;
    (slips * 3 <= letters).then_some(near)
}

/// One of `a`, `b`, `c`.
fn list<T>(names: &[(&str, T)]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|(name, _)| format!("`{}`", cut(name, SHOWN))).collect();
    format!("one of {}{}", shown.join(", "), if names.len() > LISTED { " and others" } else { "" })
}

fn lowercase(text: &str) -> String {
    lowercased(text).collect()
}

#[cfg(test)]
mod tests;
