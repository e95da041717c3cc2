//! A thread that answers while the user types.
//! Only the latest request of each kind is answered; older ones are dropped.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use super::{Options, PredictError, Predictor, Strategy};
use crate::{
    guard,
    spans::{Entity, ModelAnswer, PipelineAnswer, PipelineEntity, SpanInfluence, WordSpan},
    text::{OffsetMap, TextRange},
};

/// Use of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// The user reads the scores: they are exact.
    #[default]
    Exploring,
    /// The same, and the answer of the pipeline.
    Pipeline(Strategy),
    /// The user asks which words speak for a span of the text.
    Explaining(WordSpan),
    /// Suggestions and the order of documents: answers may be quick.
    Suggesting,
}

/// Request for the answer about a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Returned with the answer, so that a late one can be recognized.
    pub generation: u64,
    /// Use of the answer.
    pub purpose: Purpose,
    /// The text.
    pub text: String,
    /// Words of the text.
    pub words: Vec<TextRange>,
}

/// Findings of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// The answer by word; empty for an explanation.
    pub answer: ModelAnswer,
    /// The answer of the pipeline, if it was asked for.
    pub pipeline: Option<PipelineAnswer>,
    /// Influence of each word, if an explanation was asked for.
    pub influences: Option<Vec<SpanInfluence>>,
    /// Labels that the model can give; empty except for suggestions.
    pub labels: Arc<[String]>,
}

impl From<ModelAnswer> for Findings {
    fn from(answer: ModelAnswer) -> Self {
        Self { answer, ..Self::default() }
    }
}

/// Answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Generation of the request.
    pub generation: u64,
    /// Name of the model that answers.
    pub model: String,
    /// Findings of the model, or the error.
    pub outcome: Result<Findings, String>,
    /// Duration in milliseconds.
    pub millis: f64,
}

/// Handle of the thread. Dropping it ends the thread after the answer that it computes, without waiting for it.
pub struct Worker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    wake: Condvar,
}

/// Work for the thread.
#[derive(Default)]
struct Slot {
    request: Option<Request>,
    /// Answered after it: it takes one pass of the model for each word.
    explanation: Option<Request>,
    /// Answered in order while there is no request.
    queue: VecDeque<Request>,
    /// Answered in order when nothing else is left.
    later: VecDeque<Request>,
    model: Option<(String, Box<Predictor>)>,
    /// Number of the slot of a newer model that is being loaded; requests wait for it.
    awaited: Option<u64>,
    slots: u64,
    closed: bool,
}

impl Slot {
    /// Puts a request in. An explanation leaves the request for the text in place; that one ends an explanation, which is
    /// about an older text.
    fn ask(&mut self, request: Request) {
        if matches!(request.purpose, Purpose::Explaining(_)) {
            self.explanation = Some(request);
        } else {
            self.request = Some(request);
            self.explanation = None;
        }
    }

    /// The request to be answered next.
    fn next(&mut self) -> Option<Request> {
        let asked = self.request.take().or_else(|| self.explanation.take());
        asked.or_else(|| self.queue.pop_front()).or_else(|| self.later.pop_front())
    }
}

impl Shared {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        // Nothing that can panic runs under the lock.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the slot and wakes the thread.
    fn put(&self, change: impl FnOnce(&mut Slot)) {
        change(&mut self.slot());
        self.wake.notify_one();
    }

    /// Whether the work on a request goes on: no newer one waits.
    fn goes_on(&self) -> bool {
        let slot = self.slot();
        slot.request.is_none() && !slot.closed
    }

    /// Waits for a request that a model can answer; `None` at the end.
    fn next(&self, model: &mut Option<(String, Box<Predictor>)>) -> Option<Request> {
        let mut slot = self.slot();
        loop {
            if slot.closed {
                return None;
            }
            if let Some(newer) = slot.model.take() {
                // The old model is freed outside the lock.
                let old = model.replace(newer);
                drop(slot);
                drop(old);
                slot = self.slot();
                continue;
            }
            if model.is_some() && slot.awaited.is_none() {
                let next = slot.next();
                if next.is_some() {
                    return next;
                }
            }
            slot = self.wake.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Worker {
    /// Starts the thread.
    /// It calls `on_reply` for each request that was not replaced. An explanation is replaced even while it is computed.
    ///
    /// Requests wait until there is a model.
    ///
    /// # Errors
    /// The operating system cannot start a thread.
    pub fn start(mut on_reply: impl FnMut(Reply) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let inside = Arc::clone(&shared);
        let work = move || {
            let mut model = None;
            while let Some(request) = inside.next(&mut model) {
                let Some((name, model)) = &model else { continue };
                if let Some(reply) = answer(name, model, &request, &|| inside.goes_on()) {
                    on_reply(reply);
                }
            }
        };
        thread::Builder::new().name("explore".into()).spawn(work)?;
        Ok(Self { shared })
    }

    /// Sends a request. It replaces one that was not started yet, except that an explanation replaces only explanations.
    pub fn ask(&self, request: Request) {
        self.shared.put(|slot| slot.ask(request));
    }

    /// Sends several requests, answered in order while there is no other.
    /// They replace the rest of an earlier queue.
    pub fn queue(&self, requests: Vec<Request>) {
        self.shared.put(|slot| slot.queue = requests.into());
    }

    /// Sends many requests, answered after the queue.
    /// They replace the rest of an earlier call.
    pub fn later(&self, requests: Vec<Request>) {
        self.shared.put(|slot| slot.later = requests.into());
    }

    /// Reserves a slot for a model that another thread loads.
    ///
    /// Requests wait until it is filled or dropped, since the older model's answer would be out of date.
    pub fn await_model(&self) -> ModelSlot {
        let mut slot = self.shared.slot();
        slot.slots += 1;
        slot.awaited = Some(slot.slots);
        ModelSlot { shared: Arc::clone(&self.shared), number: slot.slots }
    }
}

/// Slot for a model that is being loaded. It may outlive its worker.
///
/// Only the latest slot is used: a model that takes longer to load than a newer one is dropped.
pub struct ModelSlot {
    shared: Arc<Shared>,
    number: u64,
}

impl ModelSlot {
    /// Gives the model to the worker, from its next request on.
    pub fn put(self, name: &str, model: Predictor) {
        self.shared.put(|slot| {
            if slot.awaited == Some(self.number) {
                slot.model = Some((name.to_owned(), Box::new(model)));
            }
        });
    }
}

impl Drop for ModelSlot {
    fn drop(&mut self) {
        self.shared.put(|slot| {
            slot.awaited.take_if(|number| *number == self.number);
        });
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.put(|slot| slot.closed = true);
    }
}

/// Answers a request; `None` if `goes_on` ended the work.
fn answer(name: &str, model: &Predictor, request: &Request, goes_on: &dyn Fn() -> bool) -> Option<Reply> {
    let started = Instant::now();
    // A panic in the network must not end the thread: the next request may be answered.
    let outcome = match guard::catch(|| find(model, request, goes_on)) {
        Ok(Ok(found)) => Ok(found?),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panicked) => Err(format!("the model failed on this text: {panicked}")),
    };
    Some(Reply {
        generation: request.generation,
        model: name.to_owned(),
        outcome,
        millis: started.elapsed().as_secs_f64() * 1000.0,
    })
}

fn find(model: &Predictor, request: &Request, goes_on: &dyn Fn() -> bool) -> Result<Option<Findings>, PredictError> {
    let Request { purpose, text, words, .. } = request;
    Ok(Some(match purpose {
        Purpose::Exploring => model.answer(text, words)?.into(),
        Purpose::Suggesting => Findings { labels: Arc::clone(model.labels()), ..model.suggest(text, words)?.into() },
        Purpose::Pipeline(strategy) => {
            let pipeline = Some(pipeline(model, text, *strategy)?);
            Findings { pipeline, ..model.answer(text, words)?.into() }
        }
        Purpose::Explaining(span) => {
            let Some(influences) = model.influences((text, words), span, goes_on)? else { return Ok(None) };
            Findings { influences: Some(influences), ..Findings::default() }
        }
    }))
}

/// The pipeline's answer with Hugging Face's defaults, except that every word piece is in the answer of [`Strategy::None`].
fn pipeline(model: &Predictor, text: &str, strategy: Strategy) -> Result<PipelineAnswer, PredictError> {
    let mut options = Options { strategy, ..Options::default() };
    if strategy == Strategy::None {
        options.ignore_labels.clear();
    }
    let tagged = model.pipeline(&[text], &options)?.pop();
    let map = OffsetMap::new(text);
    let (answers, pieces) = tagged.map(|tagged| (tagged.answers, tagged.pieces)).unwrap_or_default();
    let found = answers.into_iter().filter_map(|answer| {
        let range = map.from_chars(answer.chars).ok()?;
        let entity = Entity { range, label: answer.label, score: answer.score };
        Some(PipelineEntity { entity, word: answer.word })
    });
    Ok(PipelineAnswer { strategy, found: found.collect(), pieces, longest: model.longest() })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::{super::fake, *};

    fn request(generation: u64, word: &str) -> Request {
        Request {
            generation,
            purpose: Purpose::Exploring,
            text: word.to_owned(),
            words: vec![TextRange::new(0, word.len())],
        }
    }

    #[test]
    fn the_latest_request_wins_and_a_model_is_waited_for() {
        let (send, replies) = mpsc::channel();
        let worker = Worker::start(move |reply: Reply| send.send(reply).unwrap()).unwrap();
        for generation in 0..50 {
            worker.ask(request(generation, "lasagne"));
        }
        worker.await_model().put("m", fake::predictor(16));
        let reply = replies.recv().unwrap();
        assert_eq!((reply.generation, reply.outcome.unwrap().answer.entities.len()), (49, 1));
        drop(worker);
        assert!(replies.recv().is_err(), "one answer, and the thread has ended");
    }

    #[test]
    fn the_queue_is_answered_in_order_and_a_request_goes_first() {
        let (send, replies) = mpsc::channel();
        let worker = Worker::start(move |reply: Reply| send.send(reply.generation).unwrap()).unwrap();
        worker.queue(vec![request(1, "old")]);
        worker.queue((10..13).map(|generation| request(generation, "cheap")).collect());
        worker.ask(request(5, "lasagne"));
        worker.await_model().put("m", fake::predictor(16));
        assert_eq!(replies.iter().take(4).collect::<Vec<_>>(), [5, 10, 11, 12]);
    }

    #[test]
    fn requests_wait_for_a_newer_model_on_its_way() {
        let (send, replies) = mpsc::channel();
        let worker = Worker::start(move |reply: Reply| send.send(reply.generation).unwrap()).unwrap();
        worker.await_model().put("m", fake::predictor(16));
        let slot = worker.await_model();
        worker.ask(request(1, "cheap"));
        assert!(replies.recv_timeout(std::time::Duration::from_millis(50)).is_err());
        let late = worker.await_model();
        drop(slot);
        late.put("newer", fake::predictor(16));
        assert_eq!(replies.recv(), Ok(1), "the older slot is ignored");
        drop(worker.await_model());
        worker.ask(request(2, "cheap"));
        assert_eq!(replies.recv(), Ok(2), "the place was given up");
    }

    #[test]
    fn an_explanation_ends_when_a_newer_request_waits() {
        let shared = Shared::default();
        let model = fake::predictor(16);
        let explain = Request { purpose: Purpose::Explaining(WordSpan::new(0..1, "Dish")), ..request(1, "lasagne") };
        assert!(answer("m", &model, &explain, &|| shared.goes_on()).is_some());
        shared.put(|slot| slot.queue = vec![request(2, "cheap")].into());
        assert!(answer("m", &model, &explain, &|| shared.goes_on()).is_some(), "suggestions wait");
        shared.put(|slot| slot.request = Some(request(3, "cheap")));
        assert_eq!(answer("m", &model, &explain, &|| shared.goes_on()), None);
    }

    #[test]
    fn an_explanation_replaces_no_other_request_and_ends_with_its_text() {
        let (send, replies) = mpsc::channel();
        let worker = Worker::start(move |reply: Reply| send.send(reply.generation).unwrap()).unwrap();
        let explain = |generation| {
            let purpose = Purpose::Explaining(WordSpan::new(0..1, "Dish"));
            worker.ask(Request { purpose, ..request(generation, "lasagne") });
        };
        worker.ask(request(1, "lasagne"));
        explain(2);
        explain(3);
        let slot = worker.await_model();
        slot.put("m", fake::predictor(16));
        assert_eq!([replies.recv(), replies.recv()], [Ok(1), Ok(3)]);
        let slot = worker.await_model();
        explain(4);
        worker.ask(request(5, "cheap"));
        worker.queue(vec![request(6, "cheap")]);
        slot.put("m", fake::predictor(16));
        assert_eq!([replies.recv(), replies.recv()], [Ok(5), Ok(6)], "the explanation was about an older text");
    }

    #[test]
    fn strategies_and_explanations_are_answered() {
        let (send, replies) = mpsc::channel();
        let worker = Worker::start(move |reply: Reply| send.send(reply.outcome.unwrap()).unwrap()).unwrap();
        worker.await_model().put("m", fake::predictor(4));
        let text = "caf\u{e9} lasagne now";
        let words = vec![TextRange::new(0, 5), TextRange::new(6, 13), TextRange::new(14, 17)];
        let ask = |purpose| worker.ask(Request { generation: 1, purpose, text: text.to_owned(), words: words.clone() });
        ask(Purpose::Pipeline(Strategy::None));
        let found = replies.recv().unwrap();
        let PipelineAnswer { strategy, found: pieces, longest, .. } = found.pipeline.unwrap();
        assert_eq!(
            (strategy, pieces.len(), longest),
            (Strategy::None, 2, 2),
            "pieces outside spans, too, up to the limit"
        );
        let shown: Vec<(&str, &str)> =
            pieces.iter().map(|piece| (piece.entity.range.of(text), piece.entity.label.as_str())).collect();
        assert_eq!(shown, [("caf\u{e9}", "O"), ("las", "B-Dish")]);
        assert_eq!(found.answer.words.len(), 3, "by word nothing is cut off");
        ask(Purpose::Explaining(WordSpan::new(1..2, "Dish")));
        let found = replies.recv().unwrap();
        assert_eq!((found.influences.unwrap().len(), found.answer), (2, ModelAnswer::default()));
    }

    #[test]
    fn a_failing_model_is_reported_and_the_next_request_answered() {
        let (send, replies) = mpsc::channel();
        let worker = Worker::start(move |reply: Reply| send.send(reply).unwrap()).unwrap();
        worker.await_model().put("m", fake::predictor(16));
        worker.ask(request(1, "bomb"));
        assert!(replies.recv().unwrap().outcome.is_err());
        worker.await_model().put("m", fake::predictor(16));
        worker.ask(request(2, "cheap"));
        let reply = replies.recv().unwrap();
        assert_eq!(reply.outcome.unwrap().answer.entities[0].label, "Price");
        assert!(reply.millis >= 0.0);
    }
}
