//! What a person should know about a corpus before training on it.

use std::collections::{BTreeMap, HashMap};

use crate::{
    formats::Corpus,
    spans::{Annotation, Document, LabelId, Span, Split, consistency::has_mark_at_edge},
    text::{TextRange, near_duplicates::NearDuplicates},
};

/// Frequent texts that are named for a label.
const EXAMPLES: usize = 3;

/// Findings about a corpus. Documents are named by their places in it.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Documents by number of words: the numbers of words from and to, both inclusive, and how many documents have them.
    pub lengths: Vec<(usize, usize, usize)>,
    /// The most frequent texts of each label, in lower case, with how often each has it.
    pub examples: BTreeMap<LabelId, Vec<(String, usize)>>,
    /// Number of documents that are the same as an earlier one, apart from marks and capitals.
    pub repeated: usize,
    /// Number of documents that are nearly the same as an earlier one.
    pub nearly_repeated: usize,
    /// Documents that are the same or nearly so, in groups.
    pub groups: Vec<Vec<usize>>,
    /// Documents of one split that are known from another.
    pub leaks: Vec<Leak>,
    /// Documents with the same words as an earlier one, and other labels: the earlier one first.
    pub contradictions: Vec<(usize, usize)>,
    /// Spans that begin or end with a mark such as a comma.
    pub edges: Vec<(usize, TextRange, LabelId)>,
    /// Words that have a label in one place and none, or another, in other places.
    pub unsteady: Vec<Unsteady>,
}

/// Documents of a split that stand in another one, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Split that is learned or compared with.
    pub from: Split,
    /// Split whose documents are known from there.
    pub to: Split,
    /// Number of documents of `to` that are the same as one of `from`.
    pub same: usize,
    /// Number of those that are nearly the same, and not the same.
    pub nearly: usize,
}

/// Words that are not always labelled alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsteady {
    /// The words, in lower case.
    pub text: String,
    /// How often they have each label, the most frequent first.
    pub labels: Vec<(LabelId, usize)>,
}

/// Examines a corpus.
pub fn findings(corpus: &Corpus) -> Findings {
    let texts: Vec<&str> = corpus.documents.iter().map(|document| &*document.text).collect();
    let found = NearDuplicates::among(&texts);
    let mut texts_of: BTreeMap<LabelId, HashMap<String, usize>> = BTreeMap::new();
    let mut edges = Vec::new();
    for (at, (document, annotation)) in corpus.pairs().enumerate() {
        for span in annotation.spans() {
            let text = span.range.of(&document.text);
            *texts_of.entry(span.label).or_default().entry(text.to_lowercase()).or_default() += 1;
            if has_mark_at_edge(text) {
                edges.push((at, span.range, span.label));
            }
        }
    }
    Findings {
        lengths: lengths(corpus.documents.iter().map(|document| document.words.count())),
        unsteady: unsteady(&texts_of),
        examples: texts_of.into_iter().map(|(label, texts)| (label, most_frequent(texts))).collect(),
        repeated: found.repeated(),
        nearly_repeated: found.nearly_repeated(),
        groups: found.groups(),
        leaks: leaks(&corpus.documents.iter().map(|document| document.split).collect::<Vec<_>>(), &found),
        contradictions: contradictions(corpus, &found),
        edges,
    }
}

/// Counts in classes of 1, 2, 3 to 4, 5 to 8 and so on; 0 has its own.
fn lengths(lengths: impl Iterator<Item = usize>) -> Vec<(usize, usize, usize)> {
    let mut classes: BTreeMap<usize, usize> = BTreeMap::new();
    for length in lengths {
        *classes.entry(if length == 0 { 0 } else { length.next_power_of_two() }).or_default() += 1;
    }
    classes.into_iter().map(|(to, count)| (if to < 3 { to } else { to / 2 + 1 }, to, count)).collect()
}

fn most_frequent(texts: HashMap<String, usize>) -> Vec<(String, usize)> {
    let mut texts: Vec<(String, usize)> = texts.into_iter().collect();
    texts.sort_by(|(a, count_a), (b, count_b)| count_b.cmp(count_a).then_with(|| a.cmp(b)));
    texts.truncate(EXAMPLES);
    texts
}

/// Texts with more than one label, those first whose second label is the most frequent.
fn unsteady(texts_of: &BTreeMap<LabelId, HashMap<String, usize>>) -> Vec<Unsteady> {
    let mut labels_of: BTreeMap<&str, Vec<(LabelId, usize)>> = BTreeMap::new();
    for (label, texts) in texts_of {
        texts.iter().for_each(|(text, count)| labels_of.entry(text).or_default().push((*label, *count)));
    }
    let several = labels_of.into_iter().filter(|(_, labels)| labels.len() > 1);
    let mut found: Vec<Unsteady> = several
        .map(|(text, mut labels)| {
            labels.sort_by_key(|(label, count)| (std::cmp::Reverse(*count), *label));
            Unsteady { text: text.to_owned(), labels }
        })
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.labels.get(1).map(|(_, count)| *count)));
    found
}

/// For each pair of splits, the documents of the later one that are known from the earlier one. `splits`: of each document.
pub fn leaks(splits: &[Option<Split>], found: &NearDuplicates) -> Vec<Leak> {
    let mut leaks = Vec::new();
    let all = Split::ALL.iter().enumerate();
    for (from, to) in all.flat_map(|(at, from)| Split::ALL.iter().skip(at + 1).map(move |to| (*from, *to))) {
        let [same, group] = [&found.same, &found.group].map(|firsts| known(splits, firsts, from, to));
        if group > 0 {
            leaks.push(Leak { from, to, same, nearly: group - same });
        }
    }
    leaks
}

/// Number of documents of `to` whose first one is also the first one of a document of `from`.
fn known(splits: &[Option<Split>], firsts: &[usize], from: Split, to: Split) -> usize {
    let with_splits = || firsts.iter().zip(splits);
    let in_from = with_splits().filter(|(_, split)| **split == Some(from));
    let in_from: std::collections::HashSet<usize> = in_from.map(|(first, _)| *first).collect();
    with_splits().filter(|(first, split)| **split == Some(to) && in_from.contains(first)).count()
}

fn contradictions(corpus: &Corpus, found: &NearDuplicates) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (at, first) in found.same.iter().enumerate().filter(|(at, first)| at != *first) {
        let (Some(a), Some(b)) = (corpus.documents.get(*first), corpus.documents.get(at)) else { continue };
        let (labels_a, labels_b) = (corpus.annotation(*first), corpus.annotation(at));
        if is_read(labels_a) && is_read(labels_b) && labelled(a, labels_a) != labelled(b, labels_b) {
            pairs.push((*first, at));
        }
    }
    pairs
}

/// Whether a document without spans was read, and is not merely waiting.
fn is_read(annotation: &Annotation) -> bool {
    annotation.status == crate::spans::Status::Done || !annotation.spans().is_empty()
}

/// The labelled words of a document: letters and digits in lower case.
fn labelled(document: &Document, annotation: &Annotation) -> Vec<(String, LabelId)> {
    let plain = |span: &Span| {
        let letters = span.range.of(&document.text).chars().filter(|c| c.is_alphanumeric());
        (letters.flat_map(char::to_lowercase).collect(), span.label)
    };
    annotation.spans().iter().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{self, ReadOptions};

    fn corpus(lines: &str) -> Corpus {
        formats::find("jsonl").unwrap().read(lines.as_bytes(), &ReadOptions::default()).corpus
    }

    #[test]
    fn repeated_texts_leaks_and_contradictions_are_found() {
        let lines = r#"
{"text":"good tacos at Joe's","split":"train","spans":[{"start":5,"end":10,"label":"Dish"}]}
{"text":"Good tacos at Joe's!","split":"test","spans":[{"start":14,"end":20,"label":"Name"}]}
{"text":"any cheap thai food near the harbour","split":"train"}
{"text":"any cheap thai food near the old harbour","split":"valid"}
{"text":"tacos, please","spans":[{"start":0,"end":6,"label":"Dish"}]}
{"text":"two tacos","spans":[{"start":4,"end":9,"label":"Dish"}]}
{"text":"Tacos is a bar","spans":[{"start":0,"end":5,"label":"Name"}]}
"#;
        let corpus = corpus(lines.trim());
        let found = findings(&corpus);
        assert_eq!((found.repeated, found.nearly_repeated), (1, 1));
        assert_eq!(found.groups, [vec![0, 1], vec![2, 3]]);
        let leak = |from, to, same, nearly| Leak { from, to, same, nearly };
        assert_eq!(found.leaks, [leak(Split::Train, Split::Valid, 0, 1), leak(Split::Train, Split::Test, 1, 0)]);
        assert_eq!(found.contradictions, [(0, 1)]);
        let edges: Vec<_> = found.edges.iter().map(|(at, range, _)| range.of(&corpus.documents[*at].text)).collect();
        assert_eq!(edges, ["Joe's!", "tacos,"]);
        let dish = corpus.labels.find("Dish").unwrap().id;
        assert_eq!(found.examples[&dish], [("tacos".to_owned(), 2), ("tacos,".to_owned(), 1)]);
        assert_eq!(found.unsteady.len(), 1);
        assert_eq!((found.unsteady[0].text.as_str(), found.unsteady[0].labels[0]), ("tacos", (dish, 2)));
    }

    #[test]
    fn lengths_are_counted_in_classes() {
        assert_eq!(
            lengths([0, 1, 2, 3, 4, 5, 8, 9].into_iter()),
            [(0, 0, 1), (1, 1, 1), (2, 2, 1), (3, 4, 2), (5, 8, 2), (9, 16, 1)]
        );
    }
}
