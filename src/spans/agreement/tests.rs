//! Agreement on examples, against reference values, and its symmetry.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::spans::{SpanId, SpanSource, Status};
use crate::text::{CharRange, Grid, growth::assert_linear};

/// First code point, the one past the last, and label.
type Said = Vec<(usize, usize, u32)>;

/// An annotation whose spans are numbered in the given order.
fn annotation(text: &str, said: &Said) -> Annotation {
    let map = OffsetMap::new(text);
    let span = |(at, (start, end, label)): (usize, &(usize, usize, u32))| Span {
        id: SpanId { writer: 1, sequence: u32::try_from(at).unwrap() },
        range: map.from_chars(CharRange { start: *start, end: *end }).unwrap(),
        label: LabelId(*label),
        source: SpanSource::Human,
    };
    Annotation::new(said.iter().enumerate().map(span).collect(), Status::Done)
}

fn compare(text: &str, a: &Said, b: &Said) -> Agreement {
    let document = Document::new("1", text, Grid::default());
    agreement([Pair { document: &document, a: &annotation(text, a), b: &annotation(text, b) }])
}

/// Results written by tests/reference/agreement.py.
#[derive(Deserialize)]
struct Case {
    /// The words, and what each annotator said.
    documents: Vec<(Vec<String>, Vec<Option<Said>>)>,
    pairs: Vec<(usize, usize, Expected)>,
    f1: [Option<f64>; 2],
    alpha: Option<f64>,
}

#[derive(Deserialize)]
struct Expected {
    exact: [usize; 3],
    overlap: [usize; 3],
    labels: Vec<(u32, [usize; 3], [usize; 3])>,
    confusion: Vec<(Option<u32>, Option<u32>, usize)>,
    words: [usize; 2],
    kappa: [Option<f64>; 2],
    alpha: Option<f64>,
}

fn assert_close(found: [Measure; 3], expected: [Option<f64>; 3]) {
    let off = |(found, expected): (Measure, Option<f64>)| found.value().unwrap_or(9.0) - expected.unwrap_or(9.0);
    assert!(found.into_iter().zip(expected).map(off).all(|off| off.abs() < 1e-12), "{found:?} {expected:?}");
}

fn counts(agreement: SpanAgreement) -> [usize; 3] {
    [agreement.both, agreement.only_a, agreement.only_b]
}

fn check(found: &Agreement, expected: &Expected) {
    assert_eq!((counts(found.exact), counts(found.overlap)), (expected.exact, expected.overlap));
    let labels = found.labels.iter().map(|(label, of)| (label.0, counts(of.exact), counts(of.overlap)));
    assert_eq!(labels.collect::<Vec<_>>(), expected.labels);
    let cell = |(a, b, count): &(Option<u32>, Option<u32>, usize)| ((a.map(LabelId), b.map(LabelId)), *count);
    assert_eq!(found.confusion, expected.confusion.iter().map(cell).collect());
    assert_eq!([found.words, found.tagged_words], expected.words);
    let [all, tagged] = expected.kappa;
    assert_close([found.kappa_all, found.kappa_tagged, found.alpha], [all, tagged, expected.alpha]);
}

#[test]
fn numbers_are_those_of_the_reference() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../../tests/reference/agreement.json")).unwrap();
    assert!(cases.len() > 30);
    // Krippendorff 2019, figure 12.11: three annotators over 60 places, 0.510 in print.
    assert!(cases[0].alpha.is_some_and(|alpha| (alpha - 0.510).abs() < 0.0005));
    for case in cases {
        let read = |(words, said): (Vec<String>, Vec<Option<Said>>)| {
            let document = Document::from_words("1", words);
            let said = said.iter().map(|said| Some(annotation(&document.text, said.as_ref()?)));
            (said.collect(), document)
        };
        let read: Vec<(Vec<Option<Annotation>>, Document)> = case.documents.into_iter().map(read).collect();
        let panels = read.iter().map(|(said, document)| {
            let annotations = said.iter().map(Option::as_ref).collect();
            Panel { document, annotations }
        });
        let found = agreement_of_all(&panels.collect::<Vec<_>>());
        assert_eq!(found.pairs.len(), case.pairs.len());
        for ((a, b, found), (one, other, expected)) in found.pairs.iter().zip(&case.pairs) {
            assert_eq!((a, b), (one, other));
            check(found, expected);
        }
        assert_close([found.exact_f1, found.overlap_f1, found.alpha], [case.f1[0], case.f1[1], case.alpha]);
    }
}

#[test]
fn where_there_is_no_number_it_says_why() {
    let nothing = compare("two tacos", &vec![], &vec![]);
    assert_eq!(nothing.exact.f1(), Measure::Undefined("no annotator tagged anything"));
    assert_eq!(nothing.kappa_all, Measure::Undefined("no word is tagged"));
    assert_eq!(nothing.alpha, Measure::Undefined("no annotator tagged anything"));
    let all = compare("two tacos", &vec![(0, 9, 1)], &vec![(0, 9, 1)]);
    assert_eq!([all.exact.f1(), all.kappa_all], [Measure::Value(1.0), Measure::Undefined(ONE_KIND_OF_WORD)]);
    assert_eq!(all.alpha, Measure::Undefined(ONE_KIND_OF_TEXT));
    assert_eq!(agreement_of_all(&[]).exact_f1, Measure::Undefined(NO_PAIR));
    assert_eq!(alpha(&[]), Measure::Undefined("no text was read by two annotators"));
}

#[test]
fn differences_come_in_reading_order_and_say_what_differs() {
    let text = "open till two, cheap tacos";
    let a = annotation(text, &vec![(15, 20, 3), (0, 13, 1), (21, 26, 2)]);
    let b = annotation(text, &vec![(21, 26, 4), (5, 13, 1), (0, 4, 1)]);
    let shape = |difference: Difference| match difference {
        Difference::OnlyA(span) => ("only a", span.range.of(text)),
        Difference::OnlyB(span) => ("only b", span.range.of(text)),
        Difference::Label { a, .. } => ("label", a.range.of(text)),
        Difference::Range { b, .. } => ("range", b.range.of(text)),
    };
    let found: Vec<_> = differences(&a, &b).into_iter().map(shape).collect();
    assert_eq!(found, [("range", "till two"), ("only b", "open"), ("only a", "cheap"), ("label", "tacos")]);
    assert_eq!(differences(&a, &a), []);
}

#[test]
fn nested_spans_are_compared_in_linear_time() {
    let nested = |n: usize, inward: usize| -> Said {
        (0..n).map(|at| (at, 2 * n - inward * at.min(1) - at, u32::try_from(at % 3).unwrap())).collect()
    };
    let input = |n: usize| {
        let document = Document::new("1", "a ".repeat(n), Grid::Space);
        let [a, b] = [0, 1].map(|inward| annotation(&document.text, &nested(n, inward)));
        (document, a, b)
    };
    let compare = |(document, a, b): &(Document, Annotation, Annotation)| {
        let found = agreement([Pair { document, a, b }]);
        assert_eq!((found.exact.both, found.overlap.both), (1, 1));
        differences(a, b).len()
    };
    assert_linear(1_500, input, compare);
}

#[test]
fn spans_beside_a_long_one_are_compared_in_linear_time() {
    let input = |n: usize| {
        let document = Document::new("1", "a ".repeat(n), Grid::Space);
        let said = |label| (0..n).map(|at| (2 * at, if at == 0 { 2 * n } else { 2 * at + 1 }, label)).collect();
        let [a, b] = [1, 2].map(|label| annotation(&document.text, &said(label)));
        (document, a, b)
    };
    let compare = |(document, a, b): &(Document, Annotation, Annotation)| {
        let found = agreement([Pair { document, a, b }]);
        assert_eq!(found.confusion.get(&(Some(LabelId(1)), Some(LabelId(2)))), Some(&document.words.len()));
    };
    assert_linear(1_000, input, compare);
}

const TEXT: &str = "a bc d\u{e9}f g hi \u{1f355} jk l";

fn said() -> impl Strategy<Value = Said> {
    let span = (0usize..9, 0usize..5, 0u32..2).prop_map(|(at, len, label)| (at, at + len, label));
    prop::collection::vec(span, 0..9)
}

fn twice() -> impl Strategy<Value = (Said, Said)> {
    said().prop_flat_map(|said| (Just(said.clone()), Just(said).prop_shuffle()))
}

proptest! {
    #[test]
    fn changing_places_or_storage_changes_no_number((a, stored) in twice(), b in said()) {
        let there = compare(TEXT, &a, &b);
        prop_assert_eq!(&compare(TEXT, &stored, &b), &there);
        let back = compare(TEXT, &b, &a);
        let turned = |of: SpanAgreement| SpanAgreement { both: of.both, only_a: of.only_b, only_b: of.only_a };
        prop_assert_eq!((back.exact, back.overlap), (turned(there.exact), turned(there.overlap)));
        let measures = |of: &Agreement| [of.kappa_all, of.kappa_tagged, of.alpha];
        prop_assert_eq!(measures(&back), measures(&there));
        let cells = there.confusion.iter().map(|((a, b), count)| ((*b, *a), *count)).collect();
        prop_assert_eq!(back.confusion, cells);
    }

    #[test]
    fn numbers_keep_their_bounds_and_nobody_differs_from_themselves(a in said(), b in said()) {
        let (own, found) = (compare(TEXT, &a, &a), compare(TEXT, &a, &b));
        let own = [own.exact.f1(), own.overlap.f1(), own.kappa_all, own.kappa_tagged, own.alpha];
        prop_assert!(own.into_iter().filter_map(Measure::value).all(|value| (value - 1.0).abs() < 1e-12));
        for measure in [found.kappa_all, found.kappa_tagged, found.alpha].into_iter().filter_map(Measure::value) {
            prop_assert!(measure.is_finite() && measure <= 1.0);
        }
        let (exact, overlap) = (found.exact.f1().value(), found.overlap.f1().value());
        prop_assert!(exact <= overlap && overlap.is_none_or(|f1| f1 <= 1.0));
        let mut rest: Said = b.iter().filter(|(start, end, _)| start < end).copied().collect();
        let equal = a.iter().filter_map(|said| Some(rest.remove(rest.iter().position(|other| other == said)?)));
        prop_assert_eq!(equal.count(), found.exact.both);
        let (a, b) = (annotation(TEXT, &a), annotation(TEXT, &b));
        let ranges = differences(&a, &b).iter().filter(|it| matches!(it, Difference::Range { .. })).count();
        prop_assert_eq!(found.exact.both + ranges, found.overlap.both);
    }
}
