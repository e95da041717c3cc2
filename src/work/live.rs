//! The live model: it learns the documents of a project while they are tagged.
//!
//! A round learns the documents that are new, with some of the earlier ones, from the weights of the round before. What
//! was learned makes the suggestions once it is better than the model that makes them, or not clearly worse than its own
//! earlier version; [`takes_over`] is the rule.

mod counts;
mod error;
pub mod kept;
mod memory;
mod mix;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use self::error::LiveError;
use self::{
    counts::{counts, counts_of, spans, sum},
    memory::Memory,
    mix::{Learned, Mix, contents_hash, drawn},
};
use crate::{
    model::{self, BaseModel, Weights},
    runs::{
        Recipe, Settings,
        embedded_bases::SMALL,
        live::{
            Contest, DocumentScore, Estimates, Evidence, FinishedDocument, LiveRecord, LiveReport, LiveState, Pair,
            RunStart, Scores, Version, id_hash, takes_over,
        },
        suggester::MIN_VALIDATION_SPANS,
    },
    spans::{
        Dataset, LabelSet, Scheme, Sentence,
        score::{EntityCounts, ScoreError},
    },
    training::{self, Lesson, ShortTrainings, Trained},
};

/// The base from which the live model begins: at 100 documents F1 is .04 higher than with `mini` (one seed), for twice the time.
pub const BASE: &str = SMALL;
/// Documents of the validation split that are scored after a round; of more, those with the lowest hash.
const MOST_VALIDATED: usize = 200;
/// Rounds lost in a row after which what was learned is given up.
const MOST_LOST: usize = 8;
/// Distance in F1 that counts as clearly worse.
const CLEARLY: f64 = 0.02;

/// Constants of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// The embedded base from which it begins.
    pub base: &'static str,
    /// Share of the word pieces that are masked.
    pub mask: f64,
    /// Sentences of a step.
    pub batch: usize,
    /// Peak learning rate.
    pub rate: f64,
    /// Share of the steps in which the rate rises.
    pub warmup: f64,
    /// Most passes over the sentences of a round.
    pub epochs: f64,
    /// Most steps of a round; fewer only if they are that many passes.
    pub most_steps: usize,
    /// Earlier sentences that a round learns again.
    pub replay: usize,
    /// New sentences above which all are learned from the base.
    pub most_new: usize,
    /// Most steps of a round that begins with the base.
    pub first_steps: usize,
    /// Share of the version before in the average of weights that makes the suggestions.
    pub average: f32,
}

impl Default for Tuning {
    /// Measured on MIT Restaurant's validation split, a round every 5 documents, one seed: mean F1 per word at 100, 120, ...
    /// 200 documents. Rate 2e-4 with 20 steps and 64 earlier sentences .582; 3e-4 with 10 steps .567; 5e-4 with 20 steps .547.
    /// Training all documents from the base with the recipe `auto` gives .531 at 100, these rounds .536.
    /// These were rounds of `mini`. On test, seed 1, `small` with masks has .592 at 100 documents and .624 at 200, `mini` .515 and .559
    /// (its tags not chosen as a sequence): `assets/docs/figures.md`.
    fn default() -> Self {
        Self {
            base: BASE,
            mask: 0.15,
            batch: 16,
            rate: 2e-4,
            warmup: 0.1,
            epochs: 1_000.0,
            most_steps: 20,
            replay: 64,
            most_new: 160,
            first_steps: 300,
            average: 0.5,
        }
    }
}

/// A version of the live model.
#[derive(Debug)]
pub struct LiveModel {
    /// Its number.
    pub version: Version,
    /// Its weights.
    pub model: BaseModel,
    /// Time when it was trained, in seconds since 1970, UTC.
    at: u64,
    learned: Learned,
}

/// What a round works with.
pub struct RoundInput<'a> {
    /// Documents of the project that are done.
    pub data: &'a Dataset,
    /// Labels of the project.
    pub labels: &'a LabelSet,
    /// Documents that were finished since the last round.
    pub finished: &'a [FinishedDocument],
    /// Name of the model that makes the suggestions; `None` if only the memory does.
    pub rival: Option<String>,
    /// Start of the rival in seconds since 1970, UTC, if it is a run; otherwise 0.
    pub rival_started: u64,
    /// Counts of a run's model on sentences of the validation split; `None` if they cannot be had.
    pub run_counts: &'a (dyn Fn(&str, &[Sentence]) -> Option<EntityCounts> + Sync),
    /// The newest run with a model.
    pub newest_run: Option<RunStart>,
    /// Finished documents after which it learns.
    pub every: usize,
    /// Time in seconds since 1970, UTC. Asked when a version has been trained.
    pub now: &'a (dyn Fn() -> u64 + Sync),
    /// Whether the round goes on; read between two steps.
    pub goes_on: &'a (dyn Fn() -> bool + Sync),
}

/// Outcome of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Whether something was learned.
    pub trained: bool,
    /// Whether the result makes the suggestions from now on.
    pub took_over: bool,
}

/// The live model of an annotator, with everything that it has to know to go on.
#[derive(Debug)]
pub struct Learner {
    trainings: ShortTrainings,
    tuning: Tuning,
    /// What has learned the most.
    candidate: Option<Arc<LiveModel>>,
    /// The weights with which the next round goes on, if those of this version are an average.
    last: Option<(Version, Weights)>,
    /// What makes the suggestions, unless another model does.
    suggester: Option<Arc<LiveModel>>,
    /// The newest run with a model when the suggester took over.
    over: Option<RunStart>,
    newest: u64,
    contest: Contest,
    scores: Scores,
    estimates: Estimates,
    /// Validation documents that are scored; none is scored twice.
    scored: BTreeSet<u64>,
    /// Rounds in a row that the candidate has lost.
    lost: usize,
    /// Rounds in a row that have failed.
    failed: usize,
}

/// What the documents that were finished say.
#[derive(Default)]
struct Judged {
    scores: Vec<DocumentScore>,
    pairs: Vec<Pair>,
    /// Hashes of the ids of validation documents among them.
    valid: Vec<u64>,
}

/// A finished document that is scored.
struct Seen {
    /// Whether it is learned afterwards.
    trains: bool,
    held_back: bool,
    /// Counts of the rival, unless that is a version, or has no answer.
    of_rival: Option<EntityCounts>,
}

/// What is compared with what has learned the most.
enum Rival<'a> {
    /// Nothing: there is no candidate yet, or it makes the suggestions itself.
    None,
    /// The memory, because no model makes suggestions.
    Memory(Memory<'a>),
    /// An earlier version, which has not learned these documents: it predicts them as it did before they were finished.
    Version(&'a LiveModel),
    /// Another model, which predicted some of the documents before they were finished.
    Run(&'a str),
}

impl Learner {
    /// Begins without knowledge.
    ///
    /// # Errors
    /// No threads can be started.
    pub fn new(tuning: Tuning) -> Result<Self, LiveError> {
        Ok(Self {
            trainings: ShortTrainings::new()?,
            tuning,
            candidate: None,
            last: None,
            suggester: None,
            over: None,
            newest: 0,
            contest: Contest::default(),
            scores: Scores::default(),
            estimates: Estimates::default(),
            scored: BTreeSet::new(),
            lost: 0,
            failed: 0,
        })
    }

    /// The threads on which it trains.
    pub fn trainings(&self) -> ShortTrainings {
        self.trainings.clone()
    }

    /// Goes on from a version that was kept.
    pub fn go_on_from(&mut self, record: LiveRecord, model: BaseModel) {
        let LiveRecord { version, newest, at, suggests, over, over_started, learned, contest, scores, .. } = record;
        let kept = Arc::new(LiveModel { version, model, at, learned });
        self.newest = self.newest.max(newest.0);
        self.over = over.map(|id| RunStart { id, started: over_started });
        self.contest = contest;
        self.estimates = scores.estimates();
        self.scores = scores;
        self.candidate = Some(Arc::clone(&kept));
        self.suggester = suggests.then_some(kept);
    }

    /// Gives no version a number up to this one: journals may name it.
    pub fn skip_versions(&mut self, highest: Version) {
        self.newest = self.newest.max(highest.0);
    }

    /// Number of these sentences that the next round would learn as new or changed.
    pub fn unlearned(&self, sentences: &[Sentence], labels: &LabelSet) -> usize {
        let nothing = Learned::new();
        let learned = self.candidate.as_ref().map_or(&nothing, |model| &model.learned);
        Mix::new(sentences, labels, learned, 0, 0).new.len()
    }

    /// Leaves weights that have learned a document which is no longer in the project: it may have been erased.
    /// Whether there were such weights; then the next round begins with the base.
    pub fn forget_removed<'d>(&mut self, present: impl Iterator<Item = &'d str>) -> bool {
        let present: BTreeSet<u64> = present.map(id_hash).collect();
        let knows_removed = |model: &mut Arc<LiveModel>| !model.learned.keys().all(|id| present.contains(id));
        let suggester = self.suggester.take_if(knows_removed);
        let candidate = self.candidate.take_if(knows_removed);
        if candidate.is_some() {
            self.last = None;
            self.contest = Contest::default();
        }
        suggester.or(candidate).is_some()
    }

    /// The version that makes the suggestions, unless another model does.
    pub fn suggester(&self) -> Option<&Arc<LiveModel>> {
        self.suggester.as_ref()
    }

    /// What is known about the live model.
    pub fn report(&self, state: LiveState) -> LiveReport {
        let newest = self.candidate.as_ref();
        let Estimates { recent, unaided, course } = self.estimates.clone();
        LiveReport {
            state,
            suggester: self.suggester.as_ref().map(|model| model.version),
            over: self.over.clone(),
            newest: newest.map(|model| model.version),
            learned: newest.map_or(0, |model| model.learned.len()),
            at: newest.map_or(0, |model| model.at),
            recent,
            unaided,
            course,
        }
    }

    /// Judges what was learned by the finished documents, learns them, and decides which model makes the suggestions.
    /// `None` if `goes_on` ended the round; then nothing has changed.
    ///
    /// # Errors
    /// The training or a prediction failed. The next round begins with the weights that suggest; if they were the ones
    /// that failed, or it fails again, with the base.
    pub fn round(&mut self, input: &RoundInput<'_>) -> Result<Option<Round>, LiveError> {
        let outcome = self.try_round(input);
        match outcome {
            Ok(Some(_)) => self.failed = 0,
            Ok(None) => {}
            Err(_) => self.count_failure(input.rival.clone()),
        }
        outcome
    }

    /// Leaves the weights with which a round has failed.
    fn count_failure(&mut self, rival: Option<String>) {
        self.failed += 1;
        // The number is the seed, too.
        self.newest = (self.newest + 1).min(Version::MOST);
        self.contest = Contest::against(rival);
        let failed = self.candidate.take();
        let is_other = |model: &&Arc<LiveModel>| failed.as_ref().is_none_or(|failed| !Arc::ptr_eq(failed, model));
        self.candidate = self.suggester.as_ref().filter(|_| self.failed == 1).filter(is_other).cloned();
    }

    fn try_round(&mut self, input: &RoundInput<'_>) -> Result<Option<Round>, LiveError> {
        let judged = self.judge(input)?;
        if !(input.goes_on)() {
            return Ok(None);
        }
        let mut contest = self.contest.clone();
        if contest.rival != input.rival || contest.rival_started != input.rival_started {
            contest = Contest { rival_started: input.rival_started, ..Contest::against(input.rival.clone()) };
        }
        judged.pairs.iter().for_each(|pair| contest.add(*pair));
        let sentences = &input.data.train;
        let learned = self.candidate.as_ref().map(|model| &model.learned);
        let nothing = Learned::new();
        let mix = Mix::new(sentences, input.labels, learned.unwrap_or(&nothing), self.tuning.replay, self.newest);
        let labels = input.data.label_names();
        if mix.new.is_empty() || labels.is_empty() {
            self.keep_judgement(contest, judged);
            return Ok(Some(Round::default()));
        }
        let Some((trained, last)) = self.learn(input, &mix, &labels)? else { return Ok(None) };
        if !(input.goes_on)() {
            return Ok(None);
        }
        let valid = self.valid_counts(input, &trained)?;
        let evidence = Evidence { contest: &contest, valid, least_documents: input.every };
        let took_over = takes_over(&evidence);
        let is_clearly_worse = is_clearly_worse(&evidence);
        self.keep_judgement(contest, judged);
        self.newest = trained.version.0;
        self.last = last.map(|last| (trained.version, last));
        let trained = Arc::new(trained);
        self.candidate = Some(Arc::clone(&trained));
        if took_over {
            self.over.clone_from(&input.newest_run);
            self.contest = Contest::against(Some(trained.version.to_string()));
            self.suggester = Some(trained);
            self.lost = 0;
        } else {
            self.count_loss(is_clearly_worse, input.rival.as_deref());
        }
        Ok(Some(Round { trained: true, took_over }))
    }

    fn keep_judgement(&mut self, contest: Contest, judged: Judged) {
        let Judged { scores, valid, .. } = judged;
        self.contest = contest;
        self.scored.extend(valid);
        if !scores.is_empty() {
            scores.into_iter().for_each(|score| self.scores.add(score));
            self.estimates = self.scores.estimates();
        }
    }

    /// Gives up what was learned if it has been clearly worse for many rounds.
    /// Learning goes on from the version that suggests, or begins again with the base.
    fn count_loss(&mut self, is_clearly_worse: bool, rival: Option<&str>) {
        self.lost = if is_clearly_worse { self.lost + 1 } else { 0 };
        if self.lost >= MOST_LOST {
            self.lost = 0;
            // What it has lost says nothing about its successor.
            self.contest = Contest::against(rival.map(str::to_owned));
            let suggests = |model: &&Arc<LiveModel>| rival == Some(model.version.to_string().as_str());
            self.candidate = self.suggester.as_ref().filter(suggests).cloned();
        }
    }

    /// Scores predictions on the finished documents that were not learned.
    fn judge(&self, input: &RoundInput<'_>) -> Result<Judged, LiveError> {
        let mut judged = Judged::default();
        let Some(candidate) = &self.candidate else { return Ok(judged) };
        let learned = &candidate.learned;
        let latest: BTreeMap<&str, &FinishedDocument> =
            input.finished.iter().map(|finished| (finished.id.as_str(), finished)).collect();
        let rival = self.rival(input, learned);
        let mut sentences: Vec<Sentence> = Vec::new();
        let mut seen: Vec<Seen> = Vec::new();
        let Dataset { train, valid, .. } = input.data;
        for (sentence, trains) in train.iter().map(|one| (one, true)).chain(valid.iter().map(|one| (one, false))) {
            let Some(finished) = latest.get(sentence.id.as_str()) else { continue };
            let id = id_hash(&sentence.id);
            if learned.contains_key(&id) || self.scored.contains(&id) {
                continue;
            }
            judged.valid.extend((!trains).then_some(id));
            let of_rival = if trains { counts_of_rival(&rival, sentence, finished)? } else { None };
            seen.push(Seen { trains, held_back: finished.held_back, of_rival });
            sentences.push(sentence.clone());
        }
        if sentences.is_empty() {
            return Ok(judged);
        }
        let of_version = match rival {
            Rival::Version(version) => counts(&version.model, input.labels, &sentences)?,
            _ => Vec::new(),
        };
        let of_learner = counts(&candidate.model, input.labels, &sentences)?;
        for (at, (seen, learner)) in seen.into_iter().zip(of_learner).enumerate() {
            let Seen { trains, held_back, of_rival } = seen;
            judged.scores.push(DocumentScore { learned: learned.len(), counts: learner, held_back });
            let rival = of_rival.or_else(|| of_version.get(at).copied().filter(|_| trains));
            judged.pairs.extend(rival.map(|rival| Pair { learner, rival }));
        }
        Ok(judged)
    }

    /// What the candidate is compared with.
    fn rival<'r>(&'r self, input: &'r RoundInput<'_>, learned: &Learned) -> Rival<'r> {
        let Some(candidate) = &self.candidate else { return Rival::None };
        let Some(rival) = &input.rival else {
            let known = input.data.train.iter().filter(|sentence| learned.contains_key(&id_hash(&sentence.id)));
            return Rival::Memory(Memory::of(known, input.labels));
        };
        match self.suggester.as_ref().filter(|model| model.version.to_string() == *rival) {
            Some(model) if Arc::ptr_eq(model, candidate) => Rival::None,
            Some(model) => Rival::Version(model),
            None => Rival::Run(rival),
        }
    }

    /// Trains the next version, and returns with it the weights with which the round after it goes on, unless they are its
    /// own; `None` if that was ended.
    fn learn(
        &self,
        input: &RoundInput<'_>,
        mix: &Mix,
        labels: &[String],
    ) -> Result<Option<(LiveModel, Option<Weights>)>, LiveError> {
        let Tuning { batch, rate, warmup, epochs, most_steps, most_new, first_steps, average, base, mask, .. } =
            self.tuning;
        let version = Version(self.newest + 1);
        if version.0 > Version::MOST {
            return Err(LiveError::Versions);
        }
        let sentences = &input.data.train;
        let warm = self.candidate.as_ref().filter(|_| mix.new.len() <= most_new);
        let (model, chosen, settings, most_steps) = match warm {
            Some(candidate) => {
                let chosen: Vec<Sentence> = mix.all().filter_map(|at| sentences.get(at).cloned()).collect();
                let recipe = training::recipe(Recipe::Auto, chosen.len(), base);
                let settings = Settings { batch, learning_rate: rate, warmup, epochs, ..recipe };
                (self.before(candidate), chosen, settings, most_steps)
            }
            None => {
                let chosen = drawn_sentences(sentences, first_steps * batch, version.0);
                let settings = training::recipe(Recipe::Auto, chosen.len(), base);
                (model::open(base)?, chosen, settings, first_steps)
            }
        };
        let settings = Settings { seed: version.0, mask, constrained: true, ..settings };
        let present = |name: &str| input.labels.named(name).map(|label| label.name.clone());
        let valid = validated(&input.data.valid);
        let average = warm.map(|candidate| (&candidate.model, average));
        let settings = &settings;
        let lesson =
            Lesson { sentences: &chosen, valid: &valid, labels, present: &present, settings, most_steps, average };
        let Some(Trained { model, last }) = self.trainings.train(model, &lesson, input.goes_on)? else {
            return Ok(None);
        };
        let mut learned = warm.map(|candidate| candidate.learned.clone()).unwrap_or_default();
        learned.extend(sentences.iter().map(|one| (id_hash(&one.id), contents_hash(one, input.labels))));
        Ok(Some((LiveModel { version, model, at: (input.now)(), learned }, last)))
    }

    /// The model with which the round after this version begins.
    fn before(&self, version: &LiveModel) -> BaseModel {
        let mut model = version.model.clone();
        if let Some((_, last)) = self.last.as_ref().filter(|(of, _)| *of == version.version) {
            model.weights.clone_from(last);
        }
        model
    }

    /// Counts of what was trained and of its rival on the validation split, if it has enough spans.
    fn valid_counts(&self, input: &RoundInput<'_>, trained: &LiveModel) -> Result<Option<Pair>, LiveError> {
        let sentences = validated(&input.data.valid);
        let spans: usize = sentences.iter().map(spans).sum();
        if spans < MIN_VALIDATION_SPANS {
            return Ok(None);
        }
        let suggester = self.suggester.as_ref().map(|model| (model.version.to_string(), model));
        let rival = match (&input.rival, suggester) {
            (None, _) => Some(remembered(input, &sentences)?),
            (Some(rival), Some((version, model))) if *rival == version => {
                Some(sum(counts(&model.model, input.labels, &sentences)?))
            }
            (Some(rival), _) => (input.run_counts)(rival, &sentences),
        };
        let Some(rival) = rival else { return Ok(None) };
        Ok(Some(Pair { learner: sum(counts(&trained.model, input.labels, &sentences)?), rival }))
    }
}

/// Counts of a rival that is no version on a document; `None` if it had no answer.
fn counts_of_rival(
    rival: &Rival<'_>,
    sentence: &Sentence,
    finished: &FinishedDocument,
) -> Result<Option<EntityCounts>, ScoreError> {
    let tags = match (rival, &finished.predicted) {
        (Rival::Memory(memory), _) => memory.tags(sentence),
        (Rival::Run(run), Some(predicted)) if *run == predicted.model => {
            Scheme::Bio.encode(&predicted.spans, sentence.words.len())
        }
        _ => return Ok(None),
    };
    counts_of(&sentence.tags, &tags).map(Some)
}

/// Whether the live model is clearly worse than its rival.
fn is_clearly_worse(evidence: &Evidence<'_>) -> bool {
    let mut counts = evidence.contest.counts;
    counts.add(evidence.valid.unwrap_or_default());
    let [learner, rival] = counts.f1();
    learner + CLEARLY < rival
}

/// Counts of the memory on validation sentences.
fn remembered(input: &RoundInput<'_>, sentences: &[Sentence]) -> Result<EntityCounts, LiveError> {
    let memory = Memory::of(input.data.train.iter(), input.labels);
    let mut all = EntityCounts::default();
    for sentence in sentences {
        all.add(counts_of(&sentence.tags, &memory.tags(sentence))?);
    }
    Ok(all)
}

/// Validation sentences that are scored.
fn validated(sentences: &[Sentence]) -> Vec<Sentence> {
    drawn_sentences(sentences, MOST_VALIDATED, 0)
}

/// At most this many sentences, by a random order that depends on ids and seed.
fn drawn_sentences(sentences: &[Sentence], most: usize, seed: u64) -> Vec<Sentence> {
    if sentences.len() <= most {
        return sentences.to_vec();
    }
    let mut order: Vec<&Sentence> = sentences.iter().collect();
    order.sort_by_cached_key(|sentence| drawn(&sentence.id, seed));
    order.into_iter().take(most).cloned().collect()
}

#[cfg(test)]
mod tests;
