//! Documents that queries select, and messages about terms that cannot be parsed.

use proptest::prelude::*;

use super::*;
use crate::spans::{Edit, Span, SpanId};
use crate::text::{Grid, growth::assert_linear, width::clean};

/// A dish by hand, an hour by the model of run 7; flagged, in `valid`, five words.
fn example() -> (Document, Annotation) {
    let mut document = Document::new("Valid-07", "Tacos al Pastor at 9:30", Grid::Bert);
    document.split = Some(Split::Valid);
    let span = |sequence, start, end, label, source| Span {
        id: SpanId { writer: 0, sequence },
        range: TextRange::new(start, end),
        label: LabelId(label),
        source,
    };
    let model = SpanSource::Model { run: "0007-mini".to_owned(), score: 0.9 };
    let spans = vec![span(0, 0, 15, 2, SpanSource::Human), span(1, 19, 23, 3, model)];
    (document, Annotation::new(spans, Status::Flagged))
}

fn read(text: &str) -> (Query, String) {
    let (query, problem) = Query::parse(text, &LabelSet::restaurant());
    (query, problem.map(|problem| problem.to_string()).unwrap_or_default())
}

/// The example, and whether the model was asked.
struct Example(Document, Annotation, bool);

impl DocumentFacts for Example {
    fn document(&self) -> &Document {
        &self.0
    }
    fn annotation(&self) -> &Annotation {
        &self.1
    }
    fn mismatch(&self) -> Option<bool> {
        self.2.then_some(true)
    }
    fn uncertainty(&self) -> Option<f32> {
        self.2.then_some(1.3)
    }
}

fn ask(query: &Query, known: bool) -> bool {
    let (document, mut annotation) = example();
    annotation.apply(&Edit::Note(if known { "Is this a Dish?" } else { " " }.to_owned()));
    query.holds(&Example(document, annotation, known))
}

#[test]
fn each_term_asks_what_it_says_and_its_negation_the_opposite() {
    let yes = "tacos|VALID-0|9:30|\"al pastor\"|\"al pas|/T\\w+ al/|/tacos AL/i|/9:[0-5]0/|label:dish|label:pri,Di\
        |label:\"Dish\"|LABEL:Hours|status:flag|status:DONE,flagged|split:dev|split:none,valid|words>4|words<=7|chars=23\
        |chars:23|spans>=2|spans<2.5|uncertain=1.3|uncertain>1|by:model|by:pattern,human|run:0007|run:01-x,0007-mini\
        |id:valid-0|note:|note:DISH|note:\"a dish\"|mismatch";
    let no = "taco5|\"tacos pastor\"|/tacos/|label:price|label:none|status:todo,done|split:train|split:none|words>20\
        |chars<23|spans=0|uncertain>=1.4|by:import,gazetteer|run:0008|id:alid|note:meal|http://x|3<4";
    for (term, wanted) in yes.split('|').map(|term| (term, true)).chain(no.split('|').map(|term| (term, false))) {
        let (query, problem) = read(term);
        assert_eq!((query.terms.len(), problem.as_str()), (1, ""), "{term}");
        let negated = read(&format!("-{term}")).0;
        assert_eq!((ask(&query, true), ask(&negated, true)), (wanted, !wanted), "{term}");
        let (with, without) = (read(&format!(" -label:none\t{term}")).0, read(&format!("taco5 {term}")).0);
        assert_eq!((ask(&with, true), ask(&without, true)), (wanted, false), "{term}");
    }
    for (example, _) in Query::HELP {
        assert_eq!((read(example).0.terms.len(), read(example).1.as_str()), (1, ""), "{example}");
    }
    let review = read("status:review").0;
    let (document, mut annotation) = example();
    assert!(!review.holds(&Example(document.clone(), annotation.clone(), true)));
    annotation.apply(&Edit::Doubt);
    assert!(review.holds(&Example(document, annotation, true)));
    assert!(read(" ").0.terms.is_empty() && ask(&Query::default(), true));
}

#[test]
fn neither_a_term_nor_its_negation_holds_of_an_unknown_fact() {
    for text in ["mismatch", "-mismatch", "uncertain>1", "-uncertain>1", "note:"] {
        assert!(!ask(&read(text).0, false), "{text}");
    }
}

#[test]
fn unknown_terms_are_ignored_and_reported() {
    for (text, problem) in [
        ("by:", "`by:` needs one of `human`, `import`, `model`, `pattern`, `gazetteer`"),
        ("label:r", "`label:r` is ambiguous; use one of `Rating`, `Restaurant_Name`"),
        ("label:dih", "unknown `label:dih`; did you mean `Dish`?"),
        ("status:x", "unknown `status:x`; use one of `todo`, `partial`, `done`, `skipped`, `flagged`, `review`"),
        ("run:", "`run:` needs the beginning of a run's name"),
        ("words>", "`words>` needs a number"),
        ("Words>=inf", "`words>=` needs a number, not `inf`"),
        ("-", "`-` needs a term to negate"),
        ("//", "there is nothing between the slashes"),
        ("/half \\/ regex", "the regular expression has no closing `/`"),
        ("/(ab/i", "invalid regular expression: unclosed group"),
        ("/\\w{999}{99}/", "the regular expression is too large"),
        ("/usr/bin", "only a blank or `i` can follow the closing `/`, not `bin`"),
    ] {
        assert_eq!(read(&format!("tacos {text}")), (read("tacos").0, problem.to_owned()));
    }
    assert_eq!(read("label:Dish,x,y").0, read("label:Dish").0);
    let problem = "`labell:` is read as a word; did you mean `label:`?".to_owned();
    assert_eq!(read("labell:Dish"), (read("\"labell:Dish\"").0, problem));
    let fields = "label: status: split: by: run: id: note: words: chars: spans: lost: uncertain:";
    let problem = format!("`foo:` is read as a word; the fields are {fields}");
    assert_eq!(read("foo:bar"), (read("\"foo:bar\"").0, problem));
    for word in ["9:30", "at:", "note;x", "http://x", "d:", "a:b", "12am:pm", "foo>bar"] {
        assert_eq!(read(word).1, "", "{word}");
    }
    let problem = Query::parse("\u{e9} words>\u{1b} x", &LabelSet::default()).1;
    assert_eq!(problem.map(|p| (p.range, p.unfinished)), Some((TextRange::new(3, 10), false)));
}

#[test]
fn the_first_place_that_is_not_empty_is_found() {
    let query = read("tac /[co]+/ -s label:none /x*/").0;
    assert_eq!(query.first_match("a taco"), Some(TextRange::new(2, 5)));
    assert_eq!(query.first_match("o taco"), Some(TextRange::new(0, 1)));
    assert_eq!(query.first_match("  x"), Some(TextRange::new(2, 3)));
    assert_eq!(query.first_match("ssss"), None);
}

#[test]
fn a_pasted_text_is_searched_for_its_beginning_only() {
    let (query, problem) = Query::parse(&"taco ".repeat(500), &LabelSet::restaurant());
    assert_eq!(query, read(&"taco ".repeat(200)).0);
    let problem = problem.unwrap();
    assert_eq!(problem.to_string(), "a search has at most 1000 bytes; the rest is ignored");
    assert_eq!((problem.range, problem.unfinished), (TextRange::new(1_000, 2_500), false));
}

#[test]
fn an_expression_that_reads_to_the_end_for_every_match_is_no_burden() {
    let query = read("/(.*x)?/").0;
    assert_linear(2_000, |n| "a".repeat(n), |text| query.first_match(text));
}

#[test]
fn only_what_surely_holds_for_fewer_narrows() {
    let yes = "taco ~ TAC|tac -x words>2 ~ words>2 tac|tac ~ |tac ~ tac label:|\"al pas\" ~ al pas|status:do ~ status:";
    let no = "tac ~ taco|-taco ~ -tac|words>20 ~ words>2|mismatch ~ mismatc|/ab/i ~ /ab/|note:ab ~ note:a";
    let narrows = |pair: &str| pair.split_once('~').is_some_and(|(now, was)| read(now).0.narrows(&read(was).0));
    assert_eq!(yes.split('|').filter(|pair| !narrows(pair)).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(no.split('|').filter(|pair| narrows(pair)).collect::<Vec<_>>(), [""; 0]);
}

proptest! {
    #[test]
    fn nothing_typed_panics(
        text in "((-|label:|by:|id:|words>|/|\"|,|i| |tac|a|\\.\\*|\\PC|\\p{Cc}){0,3}){0,4}",
        more in "[a-z /\"]{0,2}",
    ) {
        let (before, problem) = Query::parse(&text, &LabelSet::restaurant());
        if let Some(problem) = problem {
            prop_assert!(!problem.range.of(&text).is_empty());
            prop_assert_eq!(clean(&problem.message), problem.message.as_str());
        }
        let query = read(&format!("{text}{more}")).0;
        prop_assert!(!query.narrows(&before) || !ask(&query, true) || ask(&before, true));
        let text = example().0.text;
        prop_assert!(query.first_match(&text).is_none_or(|place| !place.of(&text).is_empty()));
    }
}
