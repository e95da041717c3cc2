//! Labels that differ from those of the same words elsewhere, found without a model.
//!
//! The probability that words are labelled rightly is estimated as the share of all places with the same words that are
//! labelled alike.

use std::collections::HashMap;

use super::{
    WordSpan,
    suspects::{Reason, Suspect},
};

/// Maximum number of words of a phrase that is compared. Longer ones rarely occur twice.
const LONGEST: usize = 6;
/// Least number of places of a phrase at which its usual label is known.
const SEEN: u32 = 5;
/// Largest share of places that are labelled alike and still suspected.
const SELDOM: f32 = 0.15;
/// Largest share of spans with a mark at an edge; where there are more, the guideline wants them.
const SELDOM_AT_EDGE: f32 = 0.05;

/// Words of a sentence in lower case, with their spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelledWords {
    /// Words, in lower case.
    pub words: Vec<String>,
    /// Disjoint spans, ascending.
    pub spans: Vec<WordSpan>,
}

impl LabelledWords {
    /// Words of a phrase as a key; `None` for a longer one.
    fn key(&self, start: usize, end: usize) -> Option<String> {
        let words = self.words.get(start..end).filter(|words| !words.is_empty() && words.len() <= LONGEST)?;
        Some(words.join("\u{1f}"))
    }

    /// For each word, whether it is in a span.
    fn covered(&self) -> Vec<bool> {
        let mut covered = vec![false; self.words.len()];
        for span in &self.spans {
            covered.get_mut(span.start..span.end).unwrap_or_default().fill(true);
        }
        covered
    }
}

/// Places of one phrase.
#[derive(Clone, Debug, Default)]
struct Places {
    labels: HashMap<String, u32>,
    /// Places without a label on any of the words.
    bare: u32,
}

impl Places {
    fn all(&self) -> u32 {
        self.bare + self.labels.values().sum::<u32>()
    }

    /// Most frequent label with its number; of equal ones the first by name.
    fn usual(&self) -> Option<(&str, u32)> {
        let most = self.labels.iter().max_by(|(a, one), (b, other)| one.cmp(other).then_with(|| b.cmp(a)));
        most.map(|(label, count)| (label.as_str(), *count))
    }

    /// Share of the places that are labelled so, if that is seldom.
    fn seldom(&self, count: u32) -> Option<f32> {
        let share = count as f32 / self.all().max(1) as f32;
        (self.all() >= SEEN && share <= SELDOM).then_some(share)
    }
}

/// How phrases are labelled in all sentences.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    phrases: HashMap<String, Places>,
    /// Number of spans, and of those with a mark at an edge.
    spans: u32,
    with_mark: u32,
}

impl Habits {
    /// Counts the places of every phrase that is labelled somewhere.
    pub fn of(sentences: &[LabelledWords]) -> Self {
        let mut habits = Self::default();
        for (sentence, span) in sentences.iter().flat_map(|one| one.spans.iter().map(move |span| (one, span))) {
            habits.spans += 1;
            habits.with_mark += u32::from(without_marks(sentence, span).is_some());
            if let Some(key) = sentence.key(span.start, span.end) {
                *habits.phrases.entry(key).or_default().labels.entry(span.label.clone()).or_default() += 1;
            }
        }
        for sentence in sentences {
            for (start, end) in bare_phrases(sentence) {
                if let Some(places) = sentence.key(start, end).and_then(|key| habits.phrases.get_mut(&key)) {
                    places.bare += 1;
                }
            }
        }
        habits
    }

    /// Share of the other places of the words of a suspect that are labelled as it is.
    /// `None` if there are too few.
    pub fn share_elsewhere(&self, sentence: &LabelledWords, suspect: &Suspect) -> Option<f32> {
        let span = suspect.given.as_ref().or(suspect.other.as_ref())?;
        let places = self.phrases.get(&sentence.key(span.start, span.end)?)?;
        let alike = match &suspect.given {
            Some(given) => places.labels.get(&given.label).copied().unwrap_or_default(),
            None => places.bare,
        };
        // Half a place for each answer, so that nothing is certain.
        let others = places.all().saturating_sub(1);
        (others >= SEEN).then(|| (alike.saturating_sub(1) as f32 + 0.5) / (others as f32 + 1.0))
    }

    /// Suspects of one of these sentences, in reading order.
    pub fn suspects(&self, sentence: &LabelledWords) -> Vec<Suspect> {
        let mut found: Vec<Suspect> = sentence.spans.iter().filter_map(|span| self.unusual(sentence, span)).collect();
        found.extend(self.unlabelled(sentence));
        found.extend(sentence.spans.iter().filter_map(|span| self.mark_at_edge(sentence, span)));
        found.sort_by_key(|suspect| suspect.words().start);
        found
    }

    /// A span whose words usually have another label, or none.
    fn unusual(&self, sentence: &LabelledWords, span: &WordSpan) -> Option<Suspect> {
        let places = self.phrases.get(&sentence.key(span.start, span.end)?)?;
        let score = places.seldom(places.labels.get(&span.label).copied().unwrap_or_default())?;
        let usual = places.usual().filter(|(label, count)| *label != span.label && *count >= places.bare);
        let other = usual.map(|(label, _)| WordSpan::new(span.start..span.end, label));
        let reason = if other.is_some() { Reason::OtherLabel } else { Reason::UsuallyBare };
        Some(Suspect { given: Some(span.clone()), other, score, model_probability: None, reasons: vec![reason] })
    }

    /// Words without a label that usually have one; the longest first, none of them twice.
    fn unlabelled(&self, sentence: &LabelledWords) -> Vec<Suspect> {
        let mut taken = vec![false; sentence.words.len()];
        let mut phrases = bare_phrases(sentence);
        phrases.sort_by_key(|(start, end)| (std::cmp::Reverse(end - start), *start));
        let mut found = Vec::new();
        for (start, end) in phrases {
            let Some(places) = sentence.key(start, end).and_then(|key| self.phrases.get(&key)) else { continue };
            let (Some(score), Some((label, _))) = (places.seldom(places.bare), places.usual()) else { continue };
            let Some(words) = taken.get_mut(start..end).filter(|taken| !taken.contains(&true)) else { continue };
            words.fill(true);
            let other = Some(WordSpan::new(start..end, label));
            found.push(Suspect {
                given: None,
                other,
                score,
                model_probability: None,
                reasons: vec![Reason::UsuallyLabelled],
            });
        }
        found
    }

    /// A span with a mark at an edge, if few have one.
    fn mark_at_edge(&self, sentence: &LabelledWords, span: &WordSpan) -> Option<Suspect> {
        let other = without_marks(sentence, span)?;
        let score = self.with_mark as f32 / self.spans.max(1) as f32;
        let suspect = Suspect {
            given: Some(span.clone()),
            other: Some(other),
            score,
            model_probability: None,
            reasons: vec![Reason::MarkAtEdge],
        };
        (score <= SELDOM_AT_EDGE).then_some(suspect)
    }
}

/// Ranges of words without a label, up to the longest phrase.
fn bare_phrases(sentence: &LabelledWords) -> Vec<(usize, usize)> {
    let covered = sentence.covered();
    (0..covered.len())
        .flat_map(|start| (start + 1..=end_of_bare(&covered, start)).map(move |end| (start, end)))
        .collect()
}

/// End of the words without a label from a word on, up to the longest phrase.
fn end_of_bare(covered: &[bool], start: usize) -> usize {
    start + covered.iter().skip(start).take(LONGEST).take_while(|covered| !**covered).count()
}

/// The span without the words at its edges that are marks, if there are any and other words are left.
fn without_marks(sentence: &LabelledWords, span: &WordSpan) -> Option<WordSpan> {
    let text = sentence.words.get(span.start..span.end)?;
    if !has_mark_at_edge(&text.join(" ")) {
        return None;
    }
    let first = text.iter().position(|word| !is_mark(word))?;
    let last = text.iter().rposition(|word| !is_mark(word))? + 1;
    let trimmed = WordSpan::new(span.start + first..span.start + last, span.label.clone());
    (trimmed != *span).then_some(trimmed)
}

/// Whether a word has no letter, digit or symbol of a currency.
fn is_mark(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| ",.;:!?()\"\u{201c}\u{201d}".contains(c))
}

/// Whether a text begins or ends with a mark that seldom belongs to a name.
pub fn has_mark_at_edge(text: &str) -> bool {
    text.ends_with([',', ';', ':', '!', '?', '"', '\u{201d}', ')']) && !(text.ends_with(')') && text.contains('('))
        || text.starts_with([',', '.', ';', ':', '!', '?', ')', '"', '\u{201c}'])
        || text.starts_with('(') && !text.contains(')')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::growth::assert_linear;

    /// Words in brackets are a span: `cheap [fish tacos]Dish`.
    fn sentence(text: &str) -> LabelledWords {
        let mut found = LabelledWords::default();
        let mut start = 0;
        for word in text.split(' ') {
            let at = found.words.len();
            let word = word.strip_prefix('[').inspect(|_| start = at).unwrap_or(word);
            match word.split_once(']') {
                Some((word, label)) => {
                    found.words.push(word.to_owned());
                    found.spans.push(WordSpan::new(start..at + 1, label));
                }
                None => found.words.push(word.to_owned()),
            }
        }
        found
    }

    fn suspects(usual: &str, unusual: &[&str]) -> Vec<(Option<WordSpan>, Option<WordSpan>, Reason)> {
        let mut sentences = vec![sentence(usual); 20];
        sentences.extend(unusual.iter().map(|text| sentence(text)));
        let habits = Habits::of(&sentences);
        let found = sentences.iter().flat_map(|one| habits.suspects(one));
        found.map(|suspect| (suspect.given, suspect.other, suspect.reasons[0])).collect()
    }

    #[test]
    fn what_is_labelled_otherwise_than_usual_is_found() {
        let usual = "good [fish tacos]Dish near here";
        let fish = |range| WordSpan::new(range, "Dish");
        assert_eq!(
            suspects(usual, &["[fish tacos]Name bar"]),
            [(Some(WordSpan::new(0..2, "Name")), Some(fish(0..2)), Reason::OtherLabel)]
        );
        assert_eq!(suspects(usual, &["any fish tacos"]), [(None, Some(fish(1..3)), Reason::UsuallyLabelled)]);
        assert_eq!(
            suspects(usual, &["[near]Location me"]),
            [(Some(WordSpan::new(0..1, "Location")), None, Reason::UsuallyBare)]
        );
        assert_eq!(
            suspects(usual, &["[fish tacos ,]Dish please"]),
            [(Some(fish(0..3)), Some(fish(0..2)), Reason::MarkAtEdge)]
        );
        assert!(suspects(usual, &["[tacos]Dish", "fish", "[$ 5]Price"]).is_empty(), "seen too seldom");
        assert!(suspects("[five ,]Price then", &[]).is_empty(), "every span ends in a mark");
    }

    #[test]
    fn scores_are_shares_of_the_places() {
        let mut sentences = vec![sentence("[thai]Cuisine food"); 18];
        sentences.extend([sentence("[thai]Dish"), sentence("thai people")]);
        let habits = Habits::of(&sentences);
        let scores: Vec<f32> = sentences.iter().flat_map(|one| habits.suspects(one)).map(|one| one.score).collect();
        assert_eq!(scores, [0.05, 0.05]);
        let elsewhere = |at: usize| habits.share_elsewhere(&sentences[at], &habits.suspects(&sentences[at])[0]);
        assert_eq!([18, 19].map(elsewhere), [Some(0.5 / 20.0); 2], "without the place itself");
        let usual =
            Suspect { given: Some(WordSpan::new(0..1, "Cuisine")), ..habits.suspects(&sentences[18]).remove(0) };
        assert_eq!(habits.share_elsewhere(&sentences[0], &usual), Some(17.5 / 20.0));
    }

    #[test]
    fn the_time_grows_with_the_length_of_a_sentence() {
        let long = |n: usize| vec![sentence(&vec!["good [fish tacos]Dish near here and then some more"; n].join(" "))];
        assert_linear(2_000, long, |sentences| Habits::of(sentences).suspects(&sentences[0]));
        let bare = |n: usize| vec![sentence(&vec!["word"; n].join(" "))];
        assert_linear(20_000, bare, |sentences| Habits::of(sentences).suspects(&sentences[0]));
    }

    #[test]
    fn marks_that_belong_to_a_name_stay() {
        assert!(has_mark_at_edge("(cheap") && !has_mark_at_edge("Tacos (cheap)") && !has_mark_at_edge("St. John's"));
        let trimmed = |text: &str| {
            let sentence = sentence(text);
            without_marks(&sentence, &sentence.spans[0])
        };
        assert_eq!(trimmed("[, tacos !]Dish"), Some(WordSpan::new(1..2, "Dish")));
        assert_eq!(
            (trimmed("[tacos ( hot )]Dish"), trimmed("[! !]Rating"), trimmed("[a.m.]Hours")),
            (None, None, None)
        );
    }
}
