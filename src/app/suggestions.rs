//! Suggestions while tagging.
//! They come from three sources: patterns of the project, a model, and earlier spans. Where two of them want the same
//! words, the first in this order wins.

use std::{collections::HashMap, sync::Arc};

use crate::{
    spans::{
        Annotation, Document, Entity, Gazetteer, LabelId, LabelSet, Patterns, Span, SpanId, SpanSource, Split, WordSpan,
    },
    text::{TextRange, range_set::RangeSet},
};

use super::hold_back::HoldBack;

/// Reason why a document of the test split has no suggestions, for the user.
pub(super) const TESTS: &str = "This text tests models, so none suggests anything here";

/// Reason why such a document is not done with one key.
pub(super) const TESTS_BY_HAND: &str = "No suggestions in a text for tests: label it by hand";

/// Reason why a document that is held back has no suggestions, for the user.
pub(super) const HELD_BACK: &str =
    "This text is shown without suggestions, to judge them fairly; the command hold-back ends that";

/// Reason why such a document is not done with the key that takes all suggestions.
pub(super) const HELD_BACK_BY_HAND: &str = "No suggestions in this text, to judge them fairly: label it by hand";

/// A suggestion that does not overlap any span.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Its place in the text, from the start of a word to the end of one.
    pub range: TextRange,
    /// Suggested label.
    pub label: LabelId,
    /// Confidence of the source, from 0 to 1.
    pub score: f32,
    /// SpanSource that a span gets when the suggestion is taken.
    pub source: SpanSource,
}

/// A source of suggestions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuggestionSource {
    /// The patterns of the project.
    Patterns,
    /// The model of a run.
    Model,
    /// Earlier spans of the project.
    Gazetteer,
}

impl SuggestionSource {
    /// All sources, in order of precedence.
    pub const ALL: [Self; 3] = [Self::Patterns, Self::Model, Self::Gazetteer];

    /// Name at the start of a message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Patterns => "Patterns",
            Self::Model => "The model",
            Self::Gazetteer => "What was tagged before",
        }
    }
}

/// Whether a source may suggest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SourceMode {
    /// Unless a better source has answered.
    /// On a document for which a model has answered, the gazetteer suggests only labels that the model does not know, or
    /// has hardly given so far.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// Initial bar: below this score a model is guessing.
const INITIAL_BAR: f32 = 0.3;
/// Highest bar that can be set.
const HIGHEST_BAR: f32 = 0.9;
/// Change of the bar by one key.
const BAR_STEP: f32 = 0.1;
/// Answers of models after which it is known which labels they hardly give.
const JUDGED: usize = 10;
/// Spans that models must have given a label to count as having learned it.
const LEARNED: usize = 3;
/// Words of a document above which it is not searched after each key.
/// The gazetteer searches it only when it comes to the front: a search would take longer than a key may.
const LONG_DOCUMENT: usize = 5_000;

/// Answer of a model for one document.
#[derive(Clone, Debug)]
pub(super) struct ModelOutput {
    /// The run whose model answered.
    pub(super) run: String,
    /// The spans that it found.
    pub(super) found: Vec<Entity>,
    /// Uncertainty in nats a word, if known.
    pub(super) uncertainty: Option<f32>,
    /// Labels that the model can give, by the names that it learned; empty if unknown.
    pub(super) labels: Arc<[String]>,
}

impl ModelOutput {
    /// Whether the model can give a label, which may have another name now.
    fn can_give(&self, label: LabelId, labels: &LabelSet) -> bool {
        let mut known = self.labels.iter().filter_map(|name| labels.named(name));
        self.labels.is_empty() || known.any(|known| known.id == label)
    }
}

/// Number of times that the models of this session have given each label.
#[derive(Clone, Debug, Default)]
struct GivenLabels {
    answers: usize,
    spans: HashMap<LabelId, usize>,
}

impl GivenLabels {
    fn add(&mut self, found: &[Entity], labels: &LabelSet) {
        self.answers += 1;
        for label in found.iter().filter_map(|entity| labels.named(&entity.label)) {
            *self.spans.entry(label.id).or_default() += 1;
        }
    }

    /// Whether models give a label at all. They get the benefit of the doubt until they were asked often enough.
    fn is_learned(&self, label: LabelId) -> bool {
        self.answers < JUDGED || self.spans.get(&label).is_some_and(|spans| *spans >= LEARNED)
    }
}

/// All sources of suggestions, and the suggestions on the document in front.
#[derive(Clone, Debug)]
pub(super) struct Suggestions {
    /// Answers of models, by document id.
    outputs: HashMap<String, ModelOutput>,
    /// Predictions that were imported with documents, by document id. A model of the project takes their place.
    predicted: HashMap<String, (String, Vec<Entity>)>,
    given: GivenLabels,
    /// Number of changes to `outputs` and to the labels that they are compared with.
    revision: usize,
    gazetteer: Gazetteer,
    patterns: Patterns,
    modes: [SourceMode; SuggestionSource::ALL.len()],
    /// Suggestions with a lower score are hidden.
    bar: f32,
    /// Documents that are shown without suggestions.
    pub(super) hold_back: HoldBack,
    /// The document in front.
    front: Option<usize>,
    /// Proposals of each of [`SuggestionSource::ALL`] on that document.
    proposed: [Vec<Suggestion>; SuggestionSource::ALL.len()],
    /// The proposals that are open.
    open: Vec<Suggestion>,
    /// Suggestions that were open in each document that was in front, except those that gave way to others.
    shown: HashMap<usize, Vec<(TextRange, LabelId)>>,
}

impl Suggestions {
    pub(super) fn new(
        gazetteer: Gazetteer,
        patterns: Patterns,
        predicted: HashMap<String, (String, Vec<Entity>)>,
        hold_back: HoldBack,
    ) -> Self {
        Self {
            outputs: HashMap::new(),
            predicted,
            given: GivenLabels::default(),
            revision: 0,
            gazetteer,
            patterns,
            modes: [SourceMode::Auto; SuggestionSource::ALL.len()],
            bar: INITIAL_BAR,
            hold_back,
            front: None,
            proposed: Default::default(),
            open: Vec::new(),
            shown: HashMap::new(),
        }
    }

    /// The open suggestions on document `at`, in reading order.
    /// Empty unless that document is in front.
    pub(super) fn open(&self, at: usize) -> &[Suggestion] {
        if self.front == Some(at) { &self.open } else { &[] }
    }

    pub(super) fn front(&self) -> Option<usize> {
        self.front
    }

    /// Replaces a model's answer for a document.
    pub(super) fn set_output(&mut self, document: String, output: ModelOutput, labels: &LabelSet) {
        self.revision += 1;
        self.given.add(&output.found, labels);
        self.outputs.insert(document, output);
    }

    /// A model's answer for a document, if one was asked.
    pub(super) fn output(&self, document: &str) -> Option<&ModelOutput> {
        self.outputs.get(document)
    }

    /// Returns the run that answered for a document, and its spans.
    /// The spans have no identities.
    ///
    /// # Errors
    /// Why there is no answer, as shown to the user.
    pub(super) fn model_spans(
        &self,
        document: &Document,
        labels: &LabelSet,
    ) -> Result<(String, Vec<Span>), &'static str> {
        if document.split == Some(Split::Test) {
            return Err(TESTS);
        }
        if !self.is_enabled(SuggestionSource::Model, Some(document)) {
            return Err("The model may not suggest now");
        }
        let output = self.output(&document.id).ok_or("No model has been asked about this document")?;
        let id = SpanId { writer: 0, sequence: 0 };
        let found = self.propose(SuggestionSource::Model, document, labels).into_iter();
        let spans = found.map(|Suggestion { range, label, source, .. }| Span { id, range, label, source });
        Ok((output.run.clone(), spans.collect()))
    }

    /// Follows a change of the label set.
    pub(super) fn labels_changed(&mut self) {
        self.revision += 1;
    }

    pub(super) fn revision(&self) -> usize {
        self.revision
    }

    /// Spans of patterns and of the gazetteer in a document, disjoint, with the present names of their labels.
    pub(super) fn remembered(&self, document: &Document, labels: &LabelSet) -> Vec<WordSpan> {
        let mut found = self.propose_by_patterns(document, labels);
        let hits = self.gazetteer.find(document).into_iter();
        found.extend(hits.map(|hit| Suggestion {
            range: hit.range,
            label: hit.label,
            score: hit.score,
            source: SpanSource::Gazetteer,
        }));
        // Of two that begin at the same word, the one of the patterns stays.
        found.sort_by_key(|suggestion| suggestion.range.start);
        let named = found.into_iter().map(|Suggestion { range, label, score, .. }| {
            let label = labels.name(label).to_owned();
            Entity { range, label, score }
        });
        entity_spans(document, labels, &named.collect::<Vec<_>>())
    }

    /// Number of documents for which a model has answered.
    pub(super) fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// Drops all answers of models.
    pub(super) fn clear_outputs(&mut self) {
        self.revision += 1;
        self.outputs.clear();
    }

    pub(super) fn bar(&self) -> f32 {
        self.bar
    }

    /// Whether the bar differs from its initial value.
    pub(super) fn is_bar_moved(&self) -> bool {
        (self.bar - INITIAL_BAR).abs() > f32::EPSILON
    }

    /// Raises or lowers the bar by a step. False at its end.
    pub(super) fn move_bar(&mut self, up: bool) -> bool {
        let before = self.bar;
        let moved = if up { before + BAR_STEP } else { before - BAR_STEP };
        // Rounded, since sums of tenths are not exact.
        self.bar = ((moved * 10.0).round() / 10.0).clamp(0.0, HIGHEST_BAR);
        (self.bar - before).abs() > f32::EPSILON
    }

    /// Turns a source on or off; returns whether it is on now.
    /// It is switched from its state on `document`, and then holds for all documents.
    pub(super) fn toggle(&mut self, source: SuggestionSource, document: Option<&Document>) -> bool {
        let on = !self.is_enabled(source, document);
        if let Some(mode) = self.modes.get_mut(source as usize) {
            *mode = if on { SourceMode::On } else { SourceMode::Off };
        }
        on
    }

    fn is_enabled(&self, source: SuggestionSource, document: Option<&Document>) -> bool {
        match self.modes.get(source as usize).copied().unwrap_or_default() {
            SourceMode::On => true,
            SourceMode::Off => false,
            SourceMode::Auto if source == SuggestionSource::Gazetteer => {
                document.is_none_or(|document| !self.outputs.contains_key(&document.id))
            }
            SourceMode::Auto => true,
        }
    }

    /// Replaces the gazetteer, after labels of earlier spans have changed.
    pub(super) fn set_gazetteer(&mut self, gazetteer: Gazetteer) {
        self.gazetteer = gazetteer;
    }

    /// Whether patterns or the gazetteer have anything to suggest.
    pub(super) fn has_local_sources(&self) -> bool {
        !self.patterns.is_empty() || !self.gazetteer.is_empty()
    }

    /// Updates the gazetteer with the changed annotation of a document.
    pub(super) fn annotation_changed(&mut self, document: &Document, before: &Annotation, after: &Annotation) {
        // The gazetteer learns nothing from notes and rejections.
        if before.spans() != after.spans() || before.status != after.status {
            self.gazetteer.relearn(document, before, after);
        }
    }

    /// Brings document `at` to the front, and finds its suggestions.
    /// A document of the test split gets none: spans that a model has proposed cannot test models. One that is held back
    /// gets none either.
    pub(super) fn refresh(&mut self, at: usize, document: &Document, annotation: &Annotation, labels: &LabelSet) {
        self.front = Some(at);
        self.proposed = match self.hold_back.hides(document) {
            true => Default::default(),
            false => SuggestionSource::ALL.map(|source| self.propose(source, document, labels)),
        };
        self.filter_open(document, annotation);
    }

    /// Updates the suggestions after the annotation in front has changed.
    /// Only the gazetteer has learnt from that.
    pub(super) fn refresh_gazetteer(&mut self, document: &Document, annotation: &Annotation, labels: &LabelSet) {
        if document.words.len() <= LONG_DOCUMENT && !self.hold_back.hides(document) {
            let found = self.propose(SuggestionSource::Gazetteer, document, labels);
            if let Some(proposed) = self.proposed.get_mut(SuggestionSource::Gazetteer as usize) {
                *proposed = found;
            }
        }
        self.filter_open(document, annotation);
    }

    /// Chooses the proposals that are open.
    pub(super) fn filter_open(&mut self, document: &Document, annotation: &Annotation) {
        let was_shown = self.front.is_some_and(|front| self.shown.contains_key(&front));
        if self.proposed.iter().all(Vec::is_empty) && !was_shown {
            return self.open.clear();
        }
        let spans = RangeSet::new(annotation.spans().iter().map(|span| span.range));
        self.choose_open(annotation, &spans);
        if !self.open.is_empty() {
            self.hold_back.expose(&document.id);
        }
        self.note_shown(annotation, &spans);
    }

    /// The suggestions that were shown in document `at` and were not replaced by others before the user acted on them.
    pub(super) fn shown(&self, at: usize) -> &[(TextRange, LabelId)] {
        self.shown.get(&at).map_or(&[], Vec::as_slice)
    }

    /// Keeps which suggestions were shown: those that are open, and those that a span or a rejection has answered.
    fn note_shown(&mut self, annotation: &Annotation, spans: &RangeSet) {
        let Some(front) = self.front else { return };
        let shown = self.shown.entry(front).or_default();
        shown.retain(|(range, label)| spans.overlaps(*range) || annotation.is_rejected(*range, *label));
        shown.extend(self.open.iter().map(|one| (one.range, one.label)));
    }

    /// Chooses proposals that overlap no span and no other proposal, were not rejected and are not below the bar.
    fn choose_open(&mut self, annotation: &Annotation, spans: &RangeSet) {
        self.open.clear();
        for proposed in &self.proposed {
            let taken = RangeSet::new(self.open.iter().map(|suggestion| suggestion.range));
            // The proposals of one source are in order; of two that overlap, the first stays.
            let mut end = 0;
            for one in proposed {
                let wanted = one.score >= self.bar && !annotation.is_rejected(one.range, one.label);
                let free = !spans.overlaps(one.range) && !taken.overlaps(one.range);
                if wanted && one.range.start >= end && free {
                    end = one.range.end;
                    self.open.push(one.clone());
                }
            }
            self.open.sort_by_key(|suggestion| suggestion.range);
        }
    }

    /// Returns the proposals of one source in reading order; none if it is off.
    /// They are on word borders and have labels of this project.
    fn propose(&self, source: SuggestionSource, document: &Document, labels: &LabelSet) -> Vec<Suggestion> {
        let is_off = self.modes.get(source as usize) == Some(&SourceMode::Off);
        if document.split == Some(Split::Test) || is_off {
            return Vec::new();
        }
        match source {
            SuggestionSource::Patterns => self.propose_by_patterns(document, labels),
            SuggestionSource::Model => self.propose_by_model(document, labels),
            SuggestionSource::Gazetteer => self.propose_by_gazetteer(document, labels),
        }
    }

    fn propose_by_patterns(&self, document: &Document, labels: &LabelSet) -> Vec<Suggestion> {
        let found = self.patterns.find(document).into_iter();
        found
            .filter_map(|one| {
                let label = labels.named(&one.label)?.id;
                let range = whole_words(document, one.range)?;
                Some(Suggestion { range, label, score: 1.0, source: SpanSource::Pattern })
            })
            .collect()
    }

    fn propose_by_model(&self, document: &Document, labels: &LabelSet) -> Vec<Suggestion> {
        let output = self.outputs.get(&document.id).map(|output| (&output.run, &output.found));
        let predicted = self.predicted.get(&document.id).map(|(model, found)| (model, found));
        let Some((run, found)) = output.or(predicted) else { return Vec::new() };
        let mut proposed: Vec<Suggestion> = found
            .iter()
            .filter_map(|Entity { range, label, score }| {
                let label = labels.named(label)?.id;
                let range = whole_words(document, *range)?;
                let source = SpanSource::Model { run: run.clone(), score: *score };
                Some(Suggestion { range, label, score: *score, source })
            })
            .collect();
        proposed.sort_by_key(|suggestion| suggestion.range);
        proposed
    }

    /// Whether the gazetteer leaves a label to the model, which has answered for the document and knows the label.
    fn is_left_to_model(&self, label: LabelId, document: &Document, labels: &LabelSet) -> bool {
        let is_auto = self.modes.get(SuggestionSource::Gazetteer as usize) == Some(&SourceMode::Auto);
        let output = self.output(&document.id).filter(|_| is_auto);
        output.is_some_and(|output| output.can_give(label, labels) && self.given.is_learned(label))
    }

    fn propose_by_gazetteer(&self, document: &Document, labels: &LabelSet) -> Vec<Suggestion> {
        let found = self.gazetteer.find(document).into_iter();
        found
            .filter(|one| labels.get(one.label).is_some() && !self.is_left_to_model(one.label, document, labels))
            .filter_map(|one| {
                let range = whole_words(document, one.range)?;
                Some(Suggestion { range, label: one.label, score: one.score, source: SpanSource::Gazetteer })
            })
            .collect()
    }
}

/// Returns the range of the words that `range` touches.
/// `None` if it touches none, or only empty ones.
fn whole_words(document: &Document, range: TextRange) -> Option<TextRange> {
    let whole = document.range_of_words(document.words_touching(range)?)?;
    (!whole.is_empty()).then_some(whole)
}

/// A model's entities as spans over the words of a document, with the present names of their labels.
pub(super) fn entity_spans(document: &Document, labels: &LabelSet, entities: &[Entity]) -> Vec<WordSpan> {
    let mut spans: Vec<WordSpan> = Vec::with_capacity(entities.len());
    for Entity { range, label, .. } in entities {
        let label = labels.named(label).map_or(label, |label| &label.name);
        let words = document.words_touching(*range);
        // Entities are on the words of the document, so that no two have a word in common.
        if let Some(words) = words.filter(|words| spans.last().is_none_or(|last| last.end <= words.start)) {
            spans.push(WordSpan::new(words, label));
        }
    }
    spans
}
