//! The journal writer: a thread that does nothing except append lines to the annotator's journal and sync them.
//!
//! Lines that wait at the same time share one write and one sync. The thread waits for no lock, runs no foreign code, and
//! reads nothing except the journal itself, if another program replaced it: saving never waits for another job. It keeps
//! the file and the texts, for the offsets in the lines, and no action in memory.

use std::{
    collections::HashSet,
    convert::Infallible,
    io, iter,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread::sleep,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use super::{events::Events, thread::Thread};
use crate::{
    app::Event,
    guard,
    project::{Documents, JournalAppender, ProjectError},
    spans::{ActionId, Entry},
    text::number::with_noun,
};

/// Longest wait for the lines that were recorded before a job.
const FLUSH_LIMIT: Duration = Duration::from_secs(10);
/// Time between two looks at a write, and duration from which it is reported.
const WATCH: Duration = Duration::from_secs(1);
const LONG_WRITE: Duration = Duration::from_secs(3);
/// Time between two looks at a journal that is being closed.
const POLL: Duration = Duration::from_millis(20);
/// Longest wait for the last lines when nothing else is left to do.
pub(super) const SAVE_LIMIT: Duration = Duration::from_secs(30);

/// Journal on disk. Tests use disks that are slow or full.
pub(super) trait JournalFile: Send {
    /// Appends entries and syncs: all of them or none.
    fn append(&mut self, entries: &[Entry]) -> Result<(), SaveError>;

    /// Reads the file again if another program changed it.
    /// Returns whether it did since this was last asked.
    fn look(&mut self) -> Result<bool, String> {
        Ok(false)
    }
}

/// Entries were not saved.
#[derive(Debug)]
pub(super) enum SaveError {
    /// One of the entries cannot be written, whatever the disk.
    Entry(String),
    /// The disk refuses.
    Disk(String),
}

/// Journal of an annotator, with the documents that its entries refer to.
pub(super) struct AnnotatorFile {
    pub(super) file: JournalAppender,
    pub(super) documents: Documents,
}

impl JournalFile for AnnotatorFile {
    fn append(&mut self, entries: &[Entry]) -> Result<(), SaveError> {
        self.file.record_entries(&self.documents, entries).map_err(|error| match error {
            ProjectError::Record(_) => SaveError::Entry(error.to_string()),
            _ => SaveError::Disk(error.to_string()),
        })
    }

    fn look(&mut self) -> Result<bool, String> {
        self.file.look().map_err(|error| error.to_string())
    }
}

enum Request {
    /// Append entries.
    Record(Batch),
    /// Answer when all earlier requests are done: with the cause if lines are not on disk.
    Flush(Sender<Result<(), String>>),
    /// Report whether another program has changed the file.
    Look,
}

/// Entries of one effect.
struct Batch {
    attempt: u64,
    entries: Vec<Entry>,
}

/// Lines that are not on disk.
#[derive(Default)]
struct Unsaved {
    ids: HashSet<ActionId>,
    /// Why the last write failed.
    cause: Option<String>,
    /// Whether it failed because of an entry.
    /// That stays unsaved when others are saved.
    is_refused: bool,
    /// Number of the newest attempt.
    attempt: u64,
    /// Time at which the write began that the disk has not answered yet.
    writing_since: Option<Instant>,
}

fn lock(unsaved: &Mutex<Unsaved>) -> MutexGuard<'_, Unsaved> {
    unsaved.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Handle of the thread. The thread ends, and frees the annotator's lock, after the last line is written.
pub(super) struct JournalWriter {
    /// The only strong reference, so that the thread ends when the handle is closed.
    requests: Option<Arc<Sender<Request>>>,
    unsaved: Arc<Mutex<Unsaved>>,
    thread: Thread,
    events: Events,
    /// Disconnected with the handle, which ends the thread that watches the writes.
    _watched: Sender<Infallible>,
}

impl JournalWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system cannot start a thread.
    pub(super) fn start(file: Box<dyn JournalFile>, events: Events) -> io::Result<Self> {
        Self::watched(file, events, WATCH, LONG_WRITE)
    }

    /// Looks at the writes each `interval`; reports those longer than `limit`.
    fn watched(file: Box<dyn JournalFile>, events: Events, interval: Duration, limit: Duration) -> io::Result<Self> {
        let (sender, requests) = unbounded();
        let unsaved = Arc::<Mutex<Unsaved>>::default();
        let mut writing = Writing { file, failed: None, unsaved: Arc::clone(&unsaved), events: events.clone() };
        let failure = Failure { unsaved: Arc::clone(&unsaved), events: events.clone() };
        let work = move || writing.run(&requests);
        let thread = Thread::start("journal", work, move |panicked| failure.report(&panicked.to_string()))?;
        let (watched, ended) = bounded(0);
        let watch = Watch { unsaved: Arc::clone(&unsaved), events: events.clone(), ended, limit };
        // A panic there costs only the reports.
        Thread::start("journal-watch", move || watch.run(interval), |panicked| tracing::error!("{panicked}"))?;
        Ok(Self { requests: Some(Arc::new(sender)), unsaved, thread, events, _watched: watched })
    }

    /// Records entries; answered by `Saved` or `SaveFailed`.
    pub(super) fn record(&self, attempt: u64, entries: Vec<Entry>) {
        let mut unsaved = lock(&self.unsaved);
        unsaved.ids.extend(entries.iter().map(|entry| entry.id));
        unsaved.attempt = attempt;
        drop(unsaved);
        let request = Request::Record(Batch { attempt, entries });
        let sent = self.requests.as_ref().is_some_and(|requests| requests.send(request).is_ok());
        if !sent {
            let failure = Failure { unsaved: Arc::clone(&self.unsaved), events: self.events.clone() };
            failure.report("the thread that saves has ended; please report it");
        }
    }

    /// Returns a function that asks whether another program has changed the file.
    /// If it has, the answer is `FilesChanged`.
    pub(super) fn looker(&self) -> impl Fn() + Send + use<> {
        let requests = self.requests.as_ref().map(Arc::downgrade).unwrap_or_default();
        move || {
            if let Some(requests) = requests.upgrade() {
                // The thread has ended only if it panicked, which was reported.
                let _ = requests.send(Request::Look);
            }
        }
    }

    /// Returns what other jobs need to wait for the lines that were recorded before them.
    pub(super) fn flusher(&self) -> Flusher {
        let requests = self.requests.as_ref().map(Arc::downgrade).unwrap_or_default();
        Flusher { requests, unsaved: Arc::clone(&self.unsaved) }
    }

    /// Lets the thread end after the last line. Does not wait.
    pub(super) fn close(&mut self) {
        self.requests = None;
    }

    /// Waits for the end of the thread for at most this long; whether it has ended.
    pub(super) fn ends_within(&self, limit: Duration) -> bool {
        self.thread.ends_within(limit)
    }

    /// Describes the lines that are not on disk; `None` if all are.
    pub(super) fn unsaved(&self) -> Option<String> {
        let unsaved = lock(&self.unsaved);
        let cause = unsaved.cause.clone().unwrap_or_else(|| "the disk does not answer".to_owned());
        let actions = with_noun(unsaved.ids.len(), "action");
        (!unsaved.ids.is_empty()).then(|| format!("{actions} of yours not on disk: {cause}"))
    }
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        // Reached without `close` if the drawing thread panics.
        if self.requests.take().is_some() && !self.thread.ends_within(SAVE_LIMIT) {
            tracing::error!(unsaved = ?self.unsaved(), "the journal was left");
        }
    }
}

fn not_on_disk(cause: &str) -> String {
    format!("your last actions are not on disk: {cause}")
}

fn no_answer(limit: Duration) -> String {
    not_on_disk(&format!("the disk has not answered for {} seconds", limit.as_secs()))
}

/// Waits for the lines that were recorded so far.
#[derive(Clone)]
pub(super) struct Flusher {
    requests: Weak<Sender<Request>>,
    unsaved: Arc<Mutex<Unsaved>>,
}

impl Flusher {
    /// Returns when everything that was recorded is on disk.
    ///
    /// # Errors
    /// The disk refuses, or does not answer for some seconds.
    pub(super) fn flush(&self) -> Result<(), String> {
        let (answer, flushed) = bounded(1);
        let Some(requests) = self.requests.upgrade() else { return self.wait_for_the_closed(FLUSH_LIMIT) };
        let _ = requests.send(Request::Flush(answer));
        drop(requests);
        match flushed.recv_timeout(FLUSH_LIMIT) {
            Ok(outcome) => outcome.map_err(|cause| not_on_disk(&cause)),
            Err(RecvTimeoutError::Timeout) => Err(no_answer(FLUSH_LIMIT)),
            Err(RecvTimeoutError::Disconnected) => Err("the thread that saves has ended".to_owned()),
        }
    }

    /// Waits for the last lines of a journal that is being closed, which takes no more requests.
    fn wait_for_the_closed(&self, limit: Duration) -> Result<(), String> {
        let until = Instant::now() + limit;
        loop {
            let unsaved = lock(&self.unsaved);
            if unsaved.ids.is_empty() {
                return Ok(());
            }
            if let Some(cause) = &unsaved.cause {
                return Err(not_on_disk(cause));
            }
            drop(unsaved);
            if Instant::now() >= until {
                return Err(no_answer(limit));
            }
            sleep(POLL);
        }
    }
}

/// Report of a thread that has ended without being asked to.
struct Failure {
    unsaved: Arc<Mutex<Unsaved>>,
    events: Events,
}

impl Failure {
    fn report(&self, message: &str) {
        let mut unsaved = lock(&self.unsaved);
        unsaved.cause = Some(message.to_owned());
        let attempt = unsaved.attempt;
        drop(unsaved);
        self.events.send(Event::SaveFailed { attempt, message: message.to_owned() });
    }
}

/// Watches the writes: a disk may hang, and the thread of the journal with it.
struct Watch {
    unsaved: Arc<Mutex<Unsaved>>,
    events: Events,
    ended: Receiver<Infallible>,
    limit: Duration,
}

impl Watch {
    fn run(&self, interval: Duration) {
        while self.ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            let since = lock(&self.unsaved).writing_since;
            if let Some(duration) = since.map(|since| since.elapsed()).filter(|duration| *duration >= self.limit) {
                self.events.send(Event::SaveDelayed { seconds: duration.as_secs() });
            }
        }
    }
}

/// State of the thread.
struct Writing {
    file: Box<dyn JournalFile>,
    /// Newest attempt that failed: entries of it, or of an older one, are dropped, because they build on lost ones.
    failed: Option<u64>,
    unsaved: Arc<Mutex<Unsaved>>,
    events: Events,
}

impl Writing {
    fn run(&mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let mut batches = Vec::new();
            let mut flushes = Vec::new();
            let mut looks = false;
            for request in iter::once(first).chain(requests.try_iter()) {
                match request {
                    Request::Record(batch) => batches.push(batch),
                    Request::Flush(answer) => flushes.push(answer),
                    Request::Look => looks = true,
                }
            }
            self.save(batches);
            let outcome = lock(&self.unsaved).cause.clone().map_or(Ok(()), Err);
            for answer in flushes {
                // A job that waited too long has gone.
                let _ = answer.send(outcome.clone());
            }
            if looks {
                self.look();
            }
        }
    }

    /// Reports a change of the file by another program.
    /// Saving reports a file that cannot be read.
    fn look(&mut self) {
        let file = &mut self.file;
        if let Ok(Ok(true)) = guard::catch(|| file.look()) {
            self.events.send(Event::FilesChanged(vec!["your journal".to_owned()]));
        }
    }

    /// Writes batches together or, if that fails, one by one, since one of them may be at fault.
    fn save(&mut self, mut batches: Vec<Batch>) {
        batches.retain(|batch| self.failed.is_none_or(|failed| batch.attempt > failed));
        let Some(attempt) = batches.last().map(|batch| batch.attempt) else { return };
        let entries: Vec<Entry> = batches.iter().flat_map(|batch| batch.entries.iter().cloned()).collect();
        match self.append(&entries) {
            Ok(()) => self.saved(attempt, &entries),
            Err(error) => match batches.as_slice() {
                [batch] => self.save_rest(batch, error),
                _ => batches.into_iter().for_each(|batch| self.save(vec![batch])),
            },
        }
    }

    /// Saves as much as possible of a batch that was not saved as a whole.
    ///
    /// An entry that cannot be written is left out, so that it does not keep those after it from the disk. After a refusal
    /// of the disk nothing of the attempt is written, because later entries build on earlier ones.
    fn save_rest(&mut self, batch: &Batch, error: SaveError) {
        match (error, batch.entries.as_slice()) {
            (SaveError::Disk(message), _) => {
                self.failed = Some(batch.attempt);
                self.save_failed(batch.attempt, message);
            }
            (SaveError::Entry(message), [_]) => self.save_failed(batch.attempt, message),
            (SaveError::Entry(_), entries) => {
                for entry in entries {
                    let entry = Batch { attempt: batch.attempt, entries: vec![entry.clone()] };
                    self.save(vec![entry]);
                }
            }
        }
    }

    /// Appends entries. A panic counts as a fault of one of them.
    fn append(&mut self, entries: &[Entry]) -> Result<(), SaveError> {
        let file = &mut self.file;
        lock(&self.unsaved).writing_since = Some(Instant::now());
        let written = guard::catch(|| file.append(entries));
        lock(&self.unsaved).writing_since = None;
        written.unwrap_or_else(|panicked| Err(SaveError::Entry(panicked.to_string())))
    }

    /// Reports entries as saved, all with one event.
    /// The screen looks at all that wait for each event.
    fn saved(&self, attempt: u64, entries: &[Entry]) {
        let ids: Vec<ActionId> = entries.iter().map(|entry| entry.id).collect();
        let mut unsaved = lock(&self.unsaved);
        ids.iter().for_each(|id| {
            unsaved.ids.remove(id);
        });
        if unsaved.ids.is_empty() || !unsaved.is_refused {
            unsaved.cause = None;
        }
        drop(unsaved);
        self.events.send(Event::Saved { attempt, ids });
    }

    fn save_failed(&mut self, attempt: u64, message: String) {
        let mut unsaved = lock(&self.unsaved);
        unsaved.is_refused = self.failed != Some(attempt);
        unsaved.cause = Some(message.clone());
        drop(unsaved);
        self.events.send(Event::SaveFailed { attempt, message });
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;
    use crate::spans::{Action, Edit, SpanId, Status, journal::JournalOp};

    fn entry(sequence: u32) -> Entry {
        let edits = vec![Edit::Status(Status::Done)];
        let op = JournalOp::Do(Action { document: "d".into(), edits });
        Entry { id: ActionId(SpanId { writer: 1, sequence }), at: 0, op }
    }

    /// What a disk has done.
    #[derive(Default)]
    struct Written {
        lines: Vec<u32>,
        syncs: usize,
    }

    /// A disk that calls `before` with the lines of each write.
    struct Disk<F> {
        written: Arc<Mutex<Written>>,
        before: F,
    }

    impl<F: FnMut(&[u32]) -> Result<(), SaveError> + Send> JournalFile for Disk<F> {
        fn append(&mut self, entries: &[Entry]) -> Result<(), SaveError> {
            let lines: Vec<u32> = entries.iter().map(|entry| entry.id.0.sequence).collect();
            (self.before)(&lines)?;
            let mut written = self.written.lock().unwrap();
            written.lines.extend(lines);
            written.syncs += 1;
            Ok(())
        }
    }

    fn writer(
        before: impl FnMut(&[u32]) -> Result<(), SaveError> + Send + 'static,
    ) -> (JournalWriter, Arc<Mutex<Written>>, Receiver<Event>) {
        let (sender, events) = unbounded();
        let written = Arc::<Mutex<Written>>::default();
        let disk = Disk { written: Arc::clone(&written), before };
        (JournalWriter::start(Box::new(disk), Events::new(sender)).unwrap(), written, events)
    }

    /// Receives answers until `n` lines were saved or refused.
    /// Returns the saved ones, and the messages of failures.
    fn answers(events: &Receiver<Event>, n: usize) -> (Vec<u32>, Vec<String>) {
        let (mut saved, mut failures) = (Vec::new(), Vec::new());
        while saved.len() + failures.len() < n {
            match events.recv_timeout(Duration::from_secs(20)).unwrap() {
                Event::Saved { ids, .. } => saved.extend(ids.iter().map(|id| id.0.sequence)),
                Event::SaveFailed { attempt, message } => failures.push(format!("{attempt}: {message}")),
                other => panic!("{other:?}"),
            }
        }
        (saved, failures)
    }

    #[test]
    fn lines_that_wait_share_a_sync_so_that_leaving_is_quick() {
        let (mut writer, written, events) = writer(|_| {
            sleep(Duration::from_millis(50));
            Ok(())
        });
        (0..386).for_each(|line| writer.record(0, vec![entry(line)]));
        writer.close();
        assert!(writer.ends_within(Duration::from_secs(2)), "386 lines at 50 ms a sync would take 19 s");
        assert_eq!(writer.unsaved(), None);
        let written = written.lock().unwrap();
        assert_eq!(written.lines, (0..386).collect::<Vec<_>>());
        assert!(written.syncs < 20, "{} syncs", written.syncs);
        assert_eq!(events.len(), written.syncs, "one event for each sync");
        assert_eq!(answers(&events, 386).0, written.lines);
    }

    #[test]
    fn a_bad_line_does_not_keep_those_that_are_sent_with_it_from_the_disk() {
        let bad = |lines: &[u32]| match lines.contains(&1) {
            true => Err(SaveError::Entry("there is no such document".to_owned())),
            false => Ok(()),
        };
        let (writer, written, events) = writer(bad);
        writer.record(1, (0..4).map(entry).collect());
        let refused = vec!["1: there is no such document".to_owned()];
        assert_eq!(answers(&events, 4), (vec![0, 2, 3], refused.clone()));
        assert_eq!(writer.unsaved().unwrap(), "1 action of yours not on disk: there is no such document");
        assert!(writer.flusher().flush().is_err());
        // The screen sends what is not saved again with the next action.
        writer.record(2, vec![entry(1), entry(4)]);
        assert_eq!(answers(&events, 2), (vec![4], vec!["2: there is no such document".to_owned()]));
        assert_eq!(written.lock().unwrap().lines, [0, 2, 3, 4]);
    }

    #[test]
    fn what_builds_on_a_lost_line_is_dropped_until_all_are_sent_again() {
        let mut writes = 0;
        let (writer, written, events) = writer(move |_| {
            writes += 1;
            if matches!(writes, 2 | 3) { Err(SaveError::Disk("the disk is full".to_owned())) } else { Ok(()) }
        });
        writer.record(0, vec![entry(0)]);
        assert_eq!(answers(&events, 1).0, [0]);
        writer.record(0, vec![entry(1)]);
        assert_eq!(answers(&events, 1).1, ["0: the disk is full"]);
        writer.record(0, vec![entry(2)]);
        assert!(writer.flusher().flush().unwrap_err().contains("the disk is full"));
        assert_eq!(writer.unsaved().unwrap(), "2 actions of yours not on disk: the disk is full");
        writer.record(1, vec![entry(1), entry(2)]);
        assert_eq!(answers(&events, 1).1, ["1: the disk is full"]);
        writer.record(2, vec![entry(1), entry(2)]);
        assert_eq!(answers(&events, 1), (vec![1, 2], Vec::new()));
        assert_eq!((writer.flusher().flush(), writer.unsaved()), (Ok(()), None));
        assert_eq!(written.lock().unwrap().lines, [0, 1, 2]);
    }

    #[test]
    fn a_bad_line_or_a_panic_fails_alone() {
        let (go, wait) = bounded::<()>(1);
        let (writer, written, events) = writer(move |lines| {
            if lines.contains(&0) {
                let _ = wait.recv();
            }
            assert!(!lines.contains(&4), "a fault");
            if lines.contains(&2) { Err(SaveError::Entry("there is no such document".to_owned())) } else { Ok(()) }
        });
        // The first line keeps the thread busy until the others wait.
        (0..4).for_each(|line| writer.record(0, vec![entry(line)]));
        drop(go);
        let told = answers(&events, 4);
        assert_eq!(told, (vec![0, 1, 3], vec!["0: there is no such document".to_owned()]));
        writer.record(1, vec![entry(4)]);
        let (_, failures) = answers(&events, 1);
        assert!(failures[0].contains("a defect of this program: a fault"), "{failures:?}");
        writer.record(2, vec![entry(5)]);
        assert_eq!(answers(&events, 1).0, [5]);
        assert_eq!(written.lock().unwrap().lines, [0, 1, 3, 5]);
    }

    #[test]
    fn a_write_that_takes_long_is_reported_until_it_ends() {
        let (go, wait) = bounded::<()>(1);
        let (sender, events) = unbounded();
        let before = move |_: &[u32]| {
            let _ = wait.recv();
            Ok(())
        };
        let disk = Box::new(Disk { written: Arc::default(), before });
        let moment = Duration::from_millis(5);
        let writer = JournalWriter::watched(disk, Events::new(sender), moment, 2 * moment).unwrap();
        writer.record(0, vec![entry(0)]);
        let next = || events.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(matches!(next(), Event::SaveDelayed { seconds: 0 }));
        drop(go);
        while !matches!(next(), Event::Saved { .. }) {}
        // One report may be on its way.
        sleep(5 * moment);
        events.try_iter().for_each(drop);
        sleep(5 * moment);
        assert!(events.is_empty(), "nothing is written now");
    }

    #[test]
    fn a_disk_that_does_not_answer_is_waited_for_with_a_limit() {
        let (go, wait) = bounded::<()>(1);
        let (mut writer, _, _events) = writer(move |_| {
            let _ = wait.recv();
            Ok(())
        });
        writer.record(0, vec![entry(0), entry(1)]);
        let flusher = writer.flusher();
        writer.close();
        assert!(!writer.ends_within(Duration::from_millis(20)));
        // A job of a project that is being closed does not take these lines for saved.
        assert!(flusher.wait_for_the_closed(Duration::ZERO).unwrap_err().contains("not on disk"));
        assert_eq!(writer.unsaved().unwrap(), "2 actions of yours not on disk: the disk does not answer");
        drop(go);
        assert!(writer.ends_within(Duration::from_secs(20)) && writer.unsaved().is_none());
        assert_eq!(flusher.flush(), Ok(()));
    }
}
