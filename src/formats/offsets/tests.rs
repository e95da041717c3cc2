//! Units of offsets, tried on texts in which they differ.

use proptest::prelude::*;

use super::*;
use crate::formats::ReadOptions;

const PIZZA: &str = "Ciao \u{1f355}!\r\nVisit Bari soon.\r\nAsk Luigi.";

fn stated<'a>(start: usize, end: usize, text: impl Into<Option<&'a str>>) -> StatedSpan<'a> {
    StatedSpan { start, end, text: text.into() }
}

/// Offsets of a part of a text in a unit.
fn offsets_of(text: &str, part: &str, unit: Unit) -> (usize, usize) {
    let count = |end: usize| {
        let (mut byte, mut offset) = (0, 0);
        while byte < end {
            let (units, bytes) = unit.first_item(&text[byte..]).unwrap();
            (byte, offset) = (byte + bytes, offset + units);
        }
        offset
    };
    let at = text.find(part).unwrap();
    (count(at), count(at + part.len()))
}

fn decided(spans: &[StatedSpan<'_>], units: &'static [Unit]) -> Offsets {
    let (mut trial, mut problems) = (Offsets::trial(units), Problems::default());
    for span in spans {
        trial.place(&SpanText::new("1", PIZZA), *span, &mut problems);
    }
    trial.decided()
}

const ALL: [Unit; UNITS] =
    [Unit::CodePoints, Unit::Utf16, Unit::Bytes, Unit::CodePointsCrlf, Unit::Utf16Crlf, Unit::Graphemes];
static EVERY: &[Unit] = &ALL;

#[test]
fn each_unit_is_told_by_the_text_of_spans_or_by_their_words() {
    for has_copy in [true, false] {
        // In this text a cluster is what is counted as one with CR LF joined, so it cannot be told from it.
        for unit in &ALL[..5] {
            let spans = ["Bari", "Luigi"].map(|part| {
                let (start, end) = offsets_of(PIZZA, part, *unit);
                stated(start, end, has_copy.then_some(part))
            });
            let mut offsets = decided(&spans, EVERY);
            assert_eq!(offsets.unit, *unit, "{has_copy}");
            let (mut problems, text) = (Problems::default(), SpanText::new("1", PIZZA));
            let read = spans.map(|span| offsets.place(&text, span, &mut problems).unwrap().of(PIZZA));
            assert_eq!(read, ["Bari", "Luigi"]);
            let mut detected = Vec::new();
            offsets.report(&mut problems, &mut detected);
            assert_eq!(detected, [format!("offsets in {}", unit.name())]);
            assert_eq!(problems.finish().len(), usize::from(*unit != Unit::CodePoints));
        }
    }
    let family = "\u{1f468}\u{200d}\u{1f373} Luigi";
    let text = SpanText::new("1", family);
    assert_eq!(text.range(&stated(2, 7, None), Unit::Graphemes).unwrap().of(family), "Luigi");
}

#[test]
fn without_evidence_the_usual_unit_stays_and_nothing_is_said() {
    let offsets = decided(&[stated(0, 4, "Ciao")], CODE_POINTS_FIRST);
    let (mut problems, mut detected) = (Problems::default(), Vec::new());
    offsets.report(&mut problems, &mut detected);
    assert_eq!((offsets.unit, detected.len()), (Unit::CodePoints, 0));
}

#[test]
fn a_span_that_fits_nowhere_is_moved_to_its_only_place_or_left_out_by_name() {
    let (mut offsets, mut problems) = (Offsets::new(CODE_POINTS_FIRST), Problems::default());
    let text = "Dinner with Luigi and Anna and Anna";
    let on = SpanText::new("7", text).at_line(3);
    let mut read = |start, end, copy| offsets.place(&on, stated(start, end, copy), &mut problems);
    assert_eq!(read(12, 20, Some("Luigi")), Some(TextRange::new(12, 17)));
    assert_eq!(read(12, 99, Some("Anna")), None);
    assert_eq!(read(12, 99, None), None);
    assert_eq!(read(5, 5, Some("")), None);
    assert_eq!(read(9, 2, Some(" ")), None);
    assert_eq!(read(12, 17, Some("uig")), Some(TextRange::new(12, 17)), "a span that was widened to its word");
    let list = problems.finish();
    assert_eq!((list.len(), list[0].line), (5, Some(3)));
    assert_eq!(list[0].message, "document `7`: the span 12-20 (`Luigi`) does not fit the text");
    assert_eq!(list[1].message, "document `7`: the span 12-99 (`Anna`) fits nowhere in the text: left out");
}

#[test]
fn a_span_in_another_unit_than_its_file_is_read_where_its_text_is() {
    let (mut offsets, mut problems) = (Offsets::new(CODE_POINTS_FIRST), Problems::default());
    let (start, end) = offsets_of(PIZZA, "Luigi", Unit::Utf16);
    let read = offsets.place(&SpanText::new("1", PIZZA), stated(start, end, "Luigi"), &mut problems);
    assert_eq!(read.unwrap().of(PIZZA), "Luigi");
    offsets.report(&mut problems, &mut Vec::new());
    assert!(problems.finish()[0].message.starts_with("1 span with offsets in another unit"));
}

#[test]
fn many_misplaced_spans_over_a_long_text_are_read_in_time() {
    let (mut offsets, mut problems) = (Offsets::new(CODE_POINTS_FIRST), Problems::default());
    let long = "a".repeat(1 << 16);
    let text = SpanText::new("1", &long);
    for _ in 0..3 * MOST_SEARCHES {
        assert_eq!(offsets.place(&text, stated(0, 1, "ab"), &mut problems), None);
    }
    assert_eq!(text.searches.get(), MOST_SEARCHES);
}

/// Text that counts how often it is read.
struct CountingSource<'t> {
    text: &'t str,
    readings: Cell<usize>,
}

impl Source for CountingSource<'_> {
    fn bytes(&self) -> io::Result<Box<dyn io::Read + '_>> {
        self.readings.set(self.readings.get() + 1);
        Ok(Box::new(self.text.as_bytes()))
    }
}

#[test]
fn a_file_is_read_twice_only_where_units_may_differ() {
    let far = |end: &str| format!("{}{end}", "a".repeat((1 << 16) - 1));
    for (text, expected) in [
        ("plain \\n \"text\"\n".to_owned(), false),
        ("caf\u{e9}".to_owned(), true),
        (far("\\u00e9"), true),
        (far("\\r\\n"), true),
        (far("\\t"), false),
        ("a\r\n".to_owned(), true),
    ] {
        assert_eq!(may_differ(&text.as_bytes()).unwrap(), expected, "{text:?}");
        let options = ReadOptions::default();
        let mut nowhere = Nowhere;
        let mut reading = Reading::new(&options, &mut nowhere);
        let read_once = |source: &dyn Source, _: &mut Reading<'_>, offsets: &mut Offsets| {
            assert!(source.bytes().is_ok());
            Ok(vec![format!("{:?}", offsets.votes.is_some())])
        };
        let source = CountingSource { text: &text, readings: Cell::new(0) };
        let detected = read_with_unit(&source, &mut reading, CODE_POINTS_FIRST, read_once).unwrap();
        assert_eq!(detected, ["false"], "the last reading is no trial");
        // The first look at the bytes decides.
        assert_eq!(source.readings.get(), if expected { 3 } else { 2 }, "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_copy_has_the_letters_that_the_text_has(text in "[ab \n\u{e9}\u{3000}]{0,20}", copy in "([ab \u{e9}]|\\\\n){0,6}") {
        let letters = SolidText::new(&text);
        let of = |text: &str| text.replace("\\n", "\n").split_whitespace().collect::<String>();
        let borders: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for (from, start) in borders.iter().enumerate() {
            for end in &borders[from..] {
                let range = TextRange::new(*start, *end);
                let own = range.of(&text);
                prop_assert!(has_letters(&letters, range, own));
                prop_assert_eq!(has_letters(&letters, range, &copy), of(&copy) == of(own));
            }
        }
    }

    #[test]
    fn offsets_of_every_unit_come_back(
        text in "([a-c \u{e9}\u{1f355}\u{301}\u{200d}]|\r\n){0,40}|\u{1f355}{600}", a in 0usize..99, b in 0usize..99,
    ) {
        for unit in ALL {
            let (mut borders, mut byte, mut offset) = (vec![(0, 0)], 0, 0);
            while let Some((units, bytes)) = unit.first_item(&text[byte..]) {
                (byte, offset) = (byte + bytes, offset + units);
                borders.push((offset, byte));
            }
            let (a, b) = (borders[a % borders.len()], borders[b % borders.len()]);
            let (from, to) = (a.min(b), a.max(b));
            let on = SpanText::new("1", &text);
            let expected = (from.1 < to.1).then(|| TextRange::new(from.1, to.1));
            prop_assert_eq!(on.range(&stated(from.0, to.0, None), unit), expected);
            prop_assert_eq!(on.range(&stated(from.0, offset + 1, None), unit), None);
        }
    }
}
