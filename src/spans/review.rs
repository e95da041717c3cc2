//! Places at which gold spans and a model differ, to be looked at one by one.
//! The mistakes of a run are one source of them.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use super::{Document, MistakeKind, Split, WordSpan, score::EntityCounts};
use crate::text::TextRange;

/// Label on a range of a text, as one of the two sides has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LabelledRange {
    /// Bytes of the text, from the start of a word to the end of one.
    pub range: TextRange,
    /// Name of the label.
    pub label: Arc<str>,
}

impl LabelledRange {
    /// Returns the bytes of a span over the words of a document; `None` if it has no words there.
    pub fn of_words(document: &Document, span: &WordSpan) -> Option<Self> {
        let range = document.range_of_words(span.start..span.end)?;
        Some(Self { range, label: span.label.as_str().into() })
    }

    /// Whether it begins and ends with words of a document.
    pub(super) fn is_on_words(&self, document: &Document) -> bool {
        let words = document.words_touching(self.range).and_then(|words| document.range_of_words(words));
        words == Some(self.range)
    }
}

/// One place at which the two sides differ.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewItem {
    /// Id of the document.
    pub document: Arc<str>,
    /// Text that was compared, with the document's memory for as long as that has it.
    pub text: Arc<str>,
    /// Kind of the difference.
    pub kind: MistakeKind,
    /// The gold span; `None` if the model alone has one.
    pub gold: Option<LabelledRange>,
    /// The span of the model; `None` if it has none here.
    pub model: Option<LabelledRange>,
    /// Mean probability over the words that the model gives their gold tags, from 0 to 1.
    /// `None` if it is not known.
    pub gold_probability: Option<f32>,
    /// The same for the tags that the model chose; `None` if no model chose them.
    pub model_probability: Option<f32>,
    /// Score of the model's answer as suggestions have it, calibrated and by span; only where one document is compared.
    pub span_score: Option<f32>,
    /// Why the gold label is suspected, which is what its list is about; `None` for a mistake of a model.
    pub suspicion: Option<Suspicion>,
    /// What a newer run did to the sentence of this mistake, in a list that compares two runs.
    pub change: Option<SentenceChange>,
}

/// What a newer run did to a sentence that only one of two runs has right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentenceChange {
    /// The older run has mistakes there, and the newer one none.
    Fixed,
    /// The newer run has mistakes there, and the older one none.
    Broken,
}

impl SentenceChange {
    /// The other change.
    pub fn other(self) -> Self {
        match self {
            Self::Fixed => Self::Broken,
            Self::Broken => Self::Fixed,
        }
    }

    /// Verb for the newer run.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Broken => "broke",
        }
    }
}

/// Why a gold label is suspected.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspicion {
    /// Reason shown to the user.
    pub reason: Arc<str>,
    /// Estimated probability that the label is right, from models and from the same words elsewhere, from 0 to 1.
    pub right: f32,
}

impl ReviewItem {
    /// Bytes from the first to the last word of either span.
    pub fn range(&self) -> TextRange {
        let ranges = [&self.gold, &self.model].into_iter().flatten().map(|side| side.range);
        ranges.reduce(TextRange::join).unwrap_or_default()
    }

    /// Whether the document still is as it was compared: it has the same text, and words where the spans are.
    pub fn is_of(&self, document: &Document) -> bool {
        let mut sides = [&self.gold, &self.model].into_iter().flatten();
        self.text == document.text && sides.all(|side| side.is_on_words(document))
    }

    /// Reason shown to the user.
    pub fn reason(&self) -> &str {
        self.suspicion.as_ref().map_or_else(|| self.kind.meaning(), |suspicion| &suspicion.reason)
    }

    /// Whether it is a label that may be wrong, not a mistake of a model.
    pub fn is_suspect(&self) -> bool {
        self.suspicion.is_some()
    }

    /// How sure it is that gold is wrong: the model's probability of its own answer, or of a suspected label that it is
    /// wrong.
    pub fn sureness(&self) -> Option<f32> {
        match &self.suspicion {
            Some(suspicion) => Some(1.0 - suspicion.right),
            None => self.span_score.or(self.model_probability),
        }
    }

    /// Number shown beside the gold span: the model's probability, or of a suspected label that it is right.
    pub fn gold_share(&self) -> Option<f32> {
        self.suspicion.as_ref().map(|suspicion| suspicion.right).or(self.gold_probability)
    }

    /// Labels of the gold span and of the model's.
    pub fn labels(&self) -> [Option<&str>; 2] {
        [label_of(self.gold.as_ref()), label_of(self.model.as_ref())]
    }

    /// The same, to be kept.
    pub fn shared_labels(&self) -> [Option<Arc<str>>; 2] {
        [&self.gold, &self.model].map(|side| side.as_ref().map(|side| Arc::clone(&side.label)))
    }
}

fn label_of(side: Option<&LabelledRange>) -> Option<&str> {
    side.map(|side| &*side.label)
}

/// Number of differences by gold label and label of the model; `None` stands for no span.
pub type LabelPairs = BTreeMap<[Option<Arc<str>>; 2], usize>;

/// All places at which a model differs from the gold spans of some documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReviewList {
    /// Run whose model was asked; the newer one where two are compared.
    pub run: String,
    /// The older run, in a list of the sentences that only one of two runs has right.
    pub against: Option<String>,
    /// Annotator whose spans are the gold ones.
    pub annotator: String,
    /// Split of the documents; `None` for several.
    pub split: Option<Split>,
    /// Number of documents that were compared.
    pub documents: usize,
    /// Number of those that were changed since the run began, added to the split or taken out of it.
    pub changed: usize,
    /// Number of places whose gold is probably wrong, in a list of suspected labels.
    pub probably_wrong: usize,
    /// Number of places that were found again, because their text was changed since it was compared.
    pub moved: usize,
    /// Number of places that were not found again and are neither listed nor counted.
    pub left_out: usize,
    /// Entities of each label, lenient and by word: right, wrong and missed.
    /// Empty for a list that does not score anything.
    pub labels: BTreeMap<String, EntityCounts>,
    /// Number of differences of each kind, in the order of [`MistakeKind::ALL`].
    pub kinds: [usize; MistakeKind::ALL.len()],
    /// Number of differences by the labels of both sides.
    pub pairs: LabelPairs,
    /// The places, document by document, in reading order.
    pub items: Vec<ReviewItem>,
    /// Number of further places that are counted and not listed, since there are too many.
    pub unlisted: usize,
}

impl ReviewList {
    /// Counts a difference, and lists it if there are fewer than `most`.
    pub fn add(&mut self, item: ReviewItem, most: usize) {
        if let Some(count) = self.kinds.get_mut(item.kind as usize) {
            *count += 1;
        }
        *self.pairs.entry(item.shared_labels()).or_default() += 1;
        if self.items.len() < most {
            self.items.push(item);
        } else {
            self.unlisted += 1;
        }
    }

    /// Run whose answer a place has.
    pub fn run_of(&self, item: &ReviewItem) -> &str {
        match item.change {
            Some(SentenceChange::Fixed) => self.against.as_deref().unwrap_or(&self.run),
            Some(SentenceChange::Broken) | None => &self.run,
        }
    }

    /// Counts an entity that both sides have.
    pub fn count_right(&mut self, label: &str) {
        self.counts_mut(label).true_positives += 1;
    }

    /// Counts the entities of a difference: one that is missed, one that is wrong, or both.
    pub fn count_wrong(&mut self, gold: Option<&str>, model: Option<&str>) {
        if let Some(label) = gold {
            self.counts_mut(label).false_negatives += 1;
        }
        if let Some(label) = model {
            self.counts_mut(label).false_positives += 1;
        }
    }

    fn counts_mut(&mut self, label: &str) -> &mut EntityCounts {
        if !self.labels.contains_key(label) {
            self.labels.insert(label.to_owned(), EntityCounts::default());
        }
        self.labels.entry(label.to_owned()).or_default()
    }

    /// Counts of all labels together.
    pub fn overall(&self) -> EntityCounts {
        self.labels.values().fold(EntityCounts::default(), |sum, counts| EntityCounts {
            true_positives: sum.true_positives + counts.true_positives,
            false_positives: sum.false_positives + counts.false_positives,
            false_negatives: sum.false_negatives + counts.false_negatives,
        })
    }

    /// Number of all differences, listed or not.
    pub fn total(&self) -> usize {
        self.kinds.iter().sum()
    }

    /// Labels of either side, sorted.
    pub fn label_names(&self) -> Vec<&str> {
        let paired = self.pairs.keys().flatten().flatten().map(|label| &**label);
        let mut names: Vec<&str> =
            self.labels.keys().map(String::as_str).chain(paired).collect::<HashSet<_>>().into_iter().collect();
        names.sort_unstable();
        names
    }
}

/// Choice among the places of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewFilter {
    /// Labels of the two sides.
    pub labels: LabelChoice,
    /// Only places of this kind.
    pub kind: Option<MistakeKind>,
    /// Only places in sentences with this change, where two runs are compared.
    pub change: Option<SentenceChange>,
}

/// Labels that a place of the list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LabelChoice {
    /// Any labels.
    #[default]
    Any,
    /// This label on either side.
    Either(String),
    /// This label in gold: what the model missed or has otherwise.
    Gold(String),
    /// This label by the model: what it found wrongly.
    Model(String),
    /// These labels in gold and by the model; `None` is no span.
    Pair(Option<String>, Option<String>),
}

impl ReviewFilter {
    /// Places of one kind.
    pub fn of_kind(kind: Option<MistakeKind>) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Places with these labels, of every kind.
    pub fn of_labels(labels: LabelChoice) -> Self {
        Self { labels, ..Self::default() }
    }

    /// Whether a place is chosen.
    pub fn holds(&self, item: &ReviewItem) -> bool {
        let is_changed_so = self.change.is_none_or(|change| Some(change) == item.change);
        is_changed_so && self.kind.is_none_or(|kind| kind == item.kind) && self.labels.holds(item.labels())
    }

    /// Name shown to the user, such as `Dish missed or wrong`.
    pub fn name(&self) -> String {
        let labels = match &self.labels {
            LabelChoice::Any => None,
            LabelChoice::Either(label) => Some(label.clone()),
            LabelChoice::Gold(label) => Some(format!("{label} not found")),
            LabelChoice::Model(label) => Some(format!("{label} found wrongly")),
            LabelChoice::Pair(gold, model) => {
                let [gold, model] = [gold, model].map(|label| label.as_deref().unwrap_or("nothing"));
                Some(format!("gold {gold}, model {model}"))
            }
        };
        let parts: Vec<String> = labels.into_iter().chain(self.kind.map(|kind| kind.meaning().to_owned())).collect();
        if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
    }
}

impl LabelChoice {
    fn holds(&self, [gold, model]: [Option<&str>; 2]) -> bool {
        match self {
            Self::Any => true,
            Self::Either(label) => [gold, model].contains(&Some(label)),
            Self::Gold(label) => gold == Some(label),
            Self::Model(label) => model == Some(label),
            Self::Pair(wanted_gold, wanted_model) => gold == wanted_gold.as_deref() && model == wanted_model.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        spans::{
            mistakes::compare,
            scheme::decode,
            score::{Mode, score},
        },
        text::Grid,
    };

    fn side(label: &str, start: usize, end: usize) -> Option<LabelledRange> {
        Some(LabelledRange { range: TextRange::new(start, end), label: label.into() })
    }

    fn item(kind: MistakeKind, gold: Option<LabelledRange>, model: Option<LabelledRange>) -> ReviewItem {
        ReviewItem {
            document: "d0".into(),
            text: "fish and cola here or there".into(),
            kind,
            gold,
            model,
            gold_probability: None,
            model_probability: None,
            span_score: None,
            suspicion: None,
            change: None,
        }
    }

    fn list() -> ReviewList {
        let mut list = ReviewList::default();
        let items = [
            item(MistakeKind::Label, side("Dish", 0, 4), side("Price", 0, 4)),
            item(MistakeKind::Missed, side("Dish", 5, 9), None),
            item(MistakeKind::Spurious, None, side("Dish", 10, 12)),
            item(MistakeKind::TooLong, side("Price", 13, 15), side("Price", 13, 20)),
        ];
        for item in items {
            let [gold, model] = item.labels().map(|label| label.map(str::to_owned));
            list.count_wrong(gold.as_deref(), model.as_deref());
            list.add(item, 3);
        }
        list.count_right("Dish");
        list
    }

    #[test]
    fn everything_is_counted_and_only_so_much_is_listed() {
        let list = list();
        assert_eq!((list.items.len(), list.unlisted, list.total()), (3, 1, 4));
        assert_eq!(list.kinds, [1, 1, 0, 0, 0, 1, 1]);
        assert_eq!(list.pairs[&[Some("Price".into()), Some("Price".into())]], 1);
        let dish = list.labels["Dish"];
        assert_eq!((dish.true_positives, dish.false_positives, dish.false_negatives), (1, 1, 2));
        assert_eq!((list.overall().support(), list.overall().predicted()), (4, 4));
        assert_eq!(list.label_names(), ["Dish", "Price"]);
    }

    #[test]
    fn a_place_is_of_its_document_while_text_and_words_are_the_same() {
        let of_cut = |text: &str| Document::new("d0", text, Grid::Natural);
        let place = item(MistakeKind::Label, side("Dish", 0, 4), side("Price", 0, 4));
        assert!(place.is_of(&of_cut("fish and cola here or there")));
        assert!(!place.is_of(&of_cut("fish and cola here or then")));
        let other_words = of_cut("fish and cola here or there").with_words(vec![TextRange::new(0, 8)]);
        assert!(!place.is_of(&other_words), "it has the same text and other words");
    }

    #[test]
    fn the_places_of_a_count_are_as_many_as_it_says() {
        let list = list();
        let count = |labels: LabelChoice| {
            let filter = ReviewFilter::of_labels(labels);
            list.items.iter().filter(|item| filter.holds(item)).count()
        };
        assert_eq!(count(LabelChoice::Any), 3);
        assert_eq!(count(LabelChoice::Gold("Dish".into())), list.labels["Dish"].false_negatives);
        assert_eq!(count(LabelChoice::Model("Dish".into())), list.labels["Dish"].false_positives);
        assert_eq!(count(LabelChoice::Either("Dish".into())), 3);
        assert_eq!(count(LabelChoice::Pair(Some("Dish".into()), None)), 1);
        let missed = ReviewFilter::of_kind(Some(MistakeKind::Missed));
        assert_eq!(list.items.iter().filter(|item| missed.holds(item)).count(), 1);
        assert_eq!((missed.name().as_str(), ReviewFilter::default().name().as_str()), ("missed by the model", "all"));
    }

    #[test]
    fn a_place_in_a_sentence_that_was_fixed_has_the_answer_of_the_older_run() {
        let list = ReviewList { run: "2".into(), against: Some("1".into()), ..ReviewList::default() };
        let changed = |change| ReviewItem { change, ..item(MistakeKind::Missed, side("Dish", 0, 4), None) };
        let places = [Some(SentenceChange::Fixed), Some(SentenceChange::Broken), None].map(changed);
        assert_eq!(places.each_ref().map(|place| list.run_of(place)), ["1", "2", "2"]);
        let fixed = ReviewFilter { change: Some(SentenceChange::Fixed), ..ReviewFilter::default() };
        assert_eq!(places.each_ref().map(|place| fixed.holds(place)), [true, false, false]);
    }

    proptest! {
        #[test]
        fn the_counts_of_right_and_wrong_are_those_of_seqeval(
            pairs in prop::collection::vec((0usize..5, 0usize..5), 0..14)
        ) {
            let tag = |at: usize| ["O", "B-A", "I-A", "B-B", "I-B"][at];
            let (gold, model): (Vec<_>, Vec<_>) = pairs.iter().map(|(gold, model)| (tag(*gold), tag(*model))).unzip();
            let [own, found] = [decode(&gold), decode(&model)];
            let mut list = ReviewList::default();
            own.iter().filter(|span| found.contains(span)).for_each(|span| list.count_right(&span.label));
            for mistake in compare(&own, &found) {
                let [gold, model] = [&mistake.gold, &mistake.predicted].map(|side| side.as_ref());
                list.count_wrong(gold.map(|span| span.label.as_str()), model.map(|span| span.label.as_str()));
            }
            let expected = score(&[gold], &[model], Mode::Default).unwrap();
            prop_assert_eq!(list.overall(), expected.overall);
            prop_assert_eq!(list.labels, expected.labels);
        }
    }

    #[test]
    fn an_item_reaches_from_its_first_to_its_last_word_and_has_a_reason() {
        let both = item(MistakeKind::Shifted, side("Dish", 5, 9), side("Dish", 7, 14));
        assert_eq!((both.range(), both.reason()), (TextRange::new(5, 14), "right label, shifted"));
        let suspicion = Some(Suspicion { reason: "tagged here and bare there".into(), right: 0.25 });
        let suspect = ReviewItem { suspicion, gold_probability: Some(0.5), ..both.clone() };
        assert_eq!((suspect.reason(), suspect.sureness()), ("tagged here and bare there", Some(0.75)));
        assert_eq!((suspect.gold_share(), both.gold_share()), (Some(0.25), None));
        let scored = ReviewItem { span_score: Some(0.5), model_probability: Some(1.0), ..both };
        assert_eq!(scored.sureness(), Some(0.5));
    }
}
