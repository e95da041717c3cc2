//! What is suggested while somebody tags: by patterns of the project, by a model, and by what was tagged before. The first
//! in this order wins where they want the same words.

use std::collections::HashMap;

use crate::{
    spans::{Annotation, Document, Entity, Gazetteer, LabelId, LabelSet, Patterns, Span, SpanId, SpanSource, Split},
    text::{TextRange, range_set::RangeSet},
};

/// A suggestion that does not collide with any span.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Where, on word borders.
    pub range: TextRange,
    /// The label.
    pub label: LabelId,
    /// How sure who suggests it is, from 0 to 1.
    pub score: f32,
    /// Where a span that takes it comes from.
    pub source: SpanSource,
}

/// Who may suggest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Adviser {
    /// The patterns of the project.
    Patterns,
    /// The model of a run.
    Model,
    /// What was tagged before.
    Gazetteer,
}

impl Adviser {
    /// All, the first ones first.
    pub const ALL: [Self; 3] = [Self::Patterns, Self::Model, Self::Gazetteer];

    /// What is said of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Patterns => "Patterns",
            Self::Model => "The model",
            Self::Gazetteer => "What was tagged before",
        }
    }
}

/// Whether somebody may suggest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// If nobody better does: the gazetteer is silent on a document about which a model has spoken.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

/// A model that is less sure than this of what it suggests is guessing.
const LEAST_SCORE: f32 = 0.3;
/// How far one key moves the bar.
const STEP: f32 = 0.1;
/// In a document of more words, what was just tagged is not looked for again before somebody comes back to it: that would
/// take longer than a key may.
const LONG: usize = 5_000;

/// What a model says of a document.
#[derive(Clone, Debug)]
pub(super) struct Opinion {
    pub(super) run: String,
    pub(super) found: Vec<Entity>,
    pub(super) uncertainty: Option<f32>,
}

/// All that suggests, and what is suggested on the document in front.
#[derive(Clone, Debug)]
pub(super) struct Advice {
    /// What models say, by document.
    found: HashMap<String, Opinion>,
    /// How often that has changed, or how it compares with labels.
    opinions: usize,
    gazetteer: Gazetteer,
    patterns: Patterns,
    consent: [Consent; Adviser::ALL.len()],
    /// Only suggestions of this score or more are shown.
    bar: f32,
    /// The document in front, what is proposed there (by each of [`Adviser::ALL`]), and what of that is open.
    front: Option<usize>,
    proposed: [Vec<Suggestion>; Adviser::ALL.len()],
    open: Vec<Suggestion>,
}

impl Advice {
    pub(super) fn new(gazetteer: Gazetteer, patterns: Patterns) -> Self {
        Self {
            found: HashMap::new(),
            opinions: 0,
            gazetteer,
            patterns,
            consent: [Consent::Auto; Adviser::ALL.len()],
            bar: LEAST_SCORE,
            front: None,
            proposed: Default::default(),
            open: Vec::new(),
        }
    }

    /// What is open on document `at`, in reading order; nothing for a document that is not in front.
    pub(super) fn open(&self, at: usize) -> &[Suggestion] {
        if self.front == Some(at) { &self.open } else { &[] }
    }

    pub(super) fn front(&self) -> Option<usize> {
        self.front
    }

    pub(super) fn found(&mut self, document: String, opinion: Opinion) {
        self.opinions += 1;
        self.found.insert(document, opinion);
    }

    /// What a model says of a document, if one was asked.
    pub(super) fn of_model(&self, document: &str) -> Option<&Opinion> {
        self.found.get(document)
    }

    /// The same as spans without identity, with the run's name; or why there is nothing.
    pub(super) fn of_model_as_spans(
        &self,
        document: &Document,
        labels: &LabelSet,
    ) -> Result<(String, Vec<Span>), &'static str> {
        if document.split == Some(Split::Test) {
            return Err("This text tests models, so none suggests anything here");
        }
        if !self.speaks(Adviser::Model, Some(document)) {
            return Err("The model may not suggest now");
        }
        let run = self.of_model(&document.id).ok_or("No model has been asked about this document")?.run.clone();
        let id = SpanId { writer: 0, sequence: 0 };
        let found = self.propose(Adviser::Model, document, labels).into_iter();
        let spans = found.map(|Suggestion { range, label, source, .. }| Span { id, range, label, source });
        Ok((run, spans.collect()))
    }

    /// Labels have other names now.
    pub(super) fn renamed(&mut self) {
        self.opinions += 1;
    }

    pub(super) fn opinions(&self) -> usize {
        self.opinions
    }

    pub(super) fn asked(&self) -> usize {
        self.found.len()
    }

    pub(super) fn forget(&mut self) {
        self.opinions += 1;
        self.found.clear();
    }

    pub(super) fn bar(&self) -> f32 {
        self.bar
    }

    pub(super) fn bar_moved(&self) -> bool {
        (self.bar - LEAST_SCORE).abs() > f32::EPSILON
    }

    /// Moves the bar a step up or down; whether it moved.
    pub(super) fn move_bar(&mut self, up: bool) -> bool {
        let before = self.bar;
        let moved = if up { before + STEP } else { before - STEP };
        // Whole steps, whatever adding up tenths leaves.
        self.bar = ((moved * 10.0).round() / 10.0).clamp(0.0, 0.9);
        (self.bar - before).abs() > f32::EPSILON
    }

    /// Lets somebody suggest, or not: always the other way than it is now.
    pub(super) fn toggle(&mut self, adviser: Adviser, document: Option<&Document>) -> bool {
        let on = !self.speaks(adviser, document);
        if let Some(consent) = self.consent.get_mut(adviser as usize) {
            *consent = if on { Consent::Yes } else { Consent::No };
        }
        on
    }

    fn speaks(&self, adviser: Adviser, document: Option<&Document>) -> bool {
        match self.consent.get(adviser as usize).copied().unwrap_or_default() {
            Consent::Yes => true,
            Consent::No => false,
            Consent::Auto if adviser == Adviser::Gazetteer => {
                document.is_none_or(|document| !self.found.contains_key(&document.id))
            }
            Consent::Auto => true,
        }
    }

    /// Everything was tagged anew, as far as labels go.
    pub(super) fn learn_anew(&mut self, gazetteer: Gazetteer) {
        self.gazetteer = gazetteer;
    }

    /// Whether anybody may have anything to say.
    pub(super) fn has_advisers(&self) -> bool {
        !self.patterns.is_empty() || !self.gazetteer.is_empty()
    }

    /// The annotation of a document has changed.
    pub(super) fn changed(&mut self, document: &Document, before: &Annotation, after: &Annotation) {
        // Notes and refusals teach nothing.
        if before.spans() != after.spans() || before.status != after.status {
            self.gazetteer.relearn(document, before, after);
        }
    }

    /// Finds what is proposed on document `at`, which is the one in front, and what of that is open. A document of the
    /// test part has nothing: what something has proposed cannot test models.
    pub(super) fn look(&mut self, at: usize, document: &Document, annotation: &Annotation, labels: &LabelSet) {
        self.front = Some(at);
        self.proposed = Adviser::ALL.map(|adviser| self.propose(adviser, document, labels));
        self.sift(annotation);
    }

    /// The same after somebody did something to the document in front.
    pub(super) fn look_again(&mut self, document: &Document, annotation: &Annotation, labels: &LabelSet) {
        // Of those who suggest only one has learnt something.
        if document.words.len() <= LONG {
            let found = self.propose(Adviser::Gazetteer, document, labels);
            if let Some(proposed) = self.proposed.get_mut(Adviser::Gazetteer as usize) {
                *proposed = found;
            }
        }
        self.sift(annotation);
    }

    /// Keeps what is away from every span and from each other, was not turned down and is not below the bar.
    pub(super) fn sift(&mut self, annotation: &Annotation) {
        self.open.clear();
        for proposed in &self.proposed {
            let open = self.open.iter().map(|suggestion| suggestion.range);
            let taken = RangeSet::new(annotation.spans().iter().map(|span| span.range).chain(open));
            // What one adviser proposes is in order; of two that overlap the first one stays.
            let mut end = 0;
            for one in proposed {
                let wanted = one.score >= self.bar && !annotation.is_rejected(one.range, one.label);
                if wanted && one.range.start >= end && !taken.overlaps(one.range) {
                    end = one.range.end;
                    self.open.push(one.clone());
                }
            }
            self.open.sort_by_key(|suggestion| suggestion.range);
        }
    }

    /// What somebody who may proposes, in reading order: on word borders, with labels of this project.
    fn propose(&self, adviser: Adviser, document: &Document, labels: &LabelSet) -> Vec<Suggestion> {
        if document.split == Some(Split::Test) || !self.speaks(adviser, Some(document)) {
            return Vec::new();
        }
        let suggestion = |range, label, score, source| {
            let range = document.range_of_words(document.words_touching(range)?)?;
            (!range.is_empty()).then_some(Suggestion { range, label, score, source })
        };
        let label = |name: &str| labels.named(name).map(|label| label.id);
        match adviser {
            Adviser::Patterns => {
                let found = self.patterns.find(document).into_iter();
                found.filter_map(|one| suggestion(one.range, label(&one.label)?, 1.0, SpanSource::Pattern)).collect()
            }
            Adviser::Model => {
                let Some(Opinion { run, found, .. }) = self.found.get(&document.id) else { return Vec::new() };
                let source = |score| SpanSource::Model { run: run.clone(), score };
                let one = |one: &Entity| suggestion(one.range, label(&one.label)?, one.score, source(one.score));
                let mut found: Vec<Suggestion> = found.iter().filter_map(one).collect();
                found.sort_by_key(|suggestion| suggestion.range);
                found
            }
            Adviser::Gazetteer => {
                let found = self.gazetteer.find(document).into_iter();
                let known = found.filter(|one| labels.get(one.label).is_some());
                known.filter_map(|one| suggestion(one.range, one.label, one.score, SpanSource::Gazetteer)).collect()
            }
        }
    }
}
