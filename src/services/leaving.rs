//! The end of the program: first the journal, then at most two seconds for other jobs, then a training that goes on.

use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    journal_writer::{JournalWriter, SAVE_LIMIT},
    open_project::Closing,
    thread::Thread,
    trainer::Trainer,
};
use crate::{app::Leave, runs::Control, text::width::clean};

/// Longest wait for all jobs together other than the journal and a training.
const JOB_LIMIT: Duration = Duration::from_secs(2);
/// Wait for the journal after which the user is told about it.
const QUIET: Duration = Duration::from_secs(2);
/// Time between two looks at something that is waited for.
const POLL: Duration = Duration::from_millis(100);

/// Why the screen ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The user left.
    Left(Leave),
    /// The terminal is gone.
    Gone,
    /// The process was asked to end.
    Terminated,
}

/// Work that the user may interrupt while the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The journal is saved; a request to end the program leaves at once, and what is lost is reported.
    Saving,
    /// A training goes on; a request ends it after its step, the next one ends the process.
    Training,
}

/// What the program still has to do.
pub(super) struct Leaving {
    /// Projects that are being closed.
    pub(super) closing: Vec<Arc<Closing>>,
    /// Thread that changes a project and opens it. One that only reads is not waited for.
    pub(super) opening: Option<Thread>,
    /// Thread that writes what was being typed.
    pub(super) drafts: Option<Thread>,
    pub(super) trainer: Trainer,
    /// Sentence that says how to go on.
    pub(super) farewell: Option<String>,
}

impl Leaving {
    /// Waits for the rest of the work, with limits. Returns a sentence about actions that are lost, if there are any.
    ///
    /// `interrupted` waits for at most the given time and returns whether the user asked the program to end.
    pub(super) fn finish(self, end: End, mut interrupted: impl FnMut(Wait, Duration) -> bool) -> Result<(), String> {
        let journals = self.closing.iter().map(|closing| &closing.journal);
        let lost: Vec<String> = journals.filter_map(|journal| save(journal, &mut interrupted)).collect();
        self.wait_for_jobs(say);
        self.farewell.iter().for_each(|farewell| say(farewell));
        let outcome = if lost.is_empty() { Ok(()) } else { Err(lost.join("; ")) };
        if let Some(run) = self.trainer.running() {
            if let Err(lost) = &outcome {
                // The training may take hours.
                say(lost);
            }
            finish_training(&self.trainer, &run, end, interrupted);
        }
        outcome
    }

    /// Waits for jobs, and reports those that are left.
    /// From then on no training starts.
    pub(super) fn wait_for_jobs(&self, mut report: impl FnMut(&str)) {
        let until = Instant::now() + JOB_LIMIT;
        let left = || until.saturating_duration_since(Instant::now());
        let before = self.trainer.running();
        let mut is_starting = false;
        for closing in self.closing.iter().map(Arc::as_ref) {
            let worker = &closing.worker;
            if !worker.ends_within(left()) {
                let job = worker.current().unwrap_or("a job");
                report(&format!("left without waiting for {job}; files are written whole or not at all"));
            }
            is_starting |= !worker.has_started_within(left());
        }
        // Closed before the report, so that the report stays true.
        let after = self.trainer.close();
        if is_starting && (after.is_none() || after == before) {
            report("left while a training was being prepared; it is not started");
        }
        if self.drafts.as_ref().is_some_and(|drafts| !drafts.ends_within(left())) {
            report("left without waiting for the disk: what you were typing may not be kept");
        }
        if self.opening.as_ref().is_some_and(|opening| !opening.ends_within(left())) {
            report(
                "left while a project was being opened; an import that had begun is completed when it is next opened",
            );
        }
        // Last, because what the live models have learned can be learned again.
        if !self.closing.iter().all(|closing| closing.learner_ends_within(left())) {
            tracing::warn!("left without waiting for the live model");
        }
    }
}

/// Waits until a journal is on disk. Returns a sentence about its actions that are lost.
fn save(journal: &JournalWriter, interrupted: &mut impl FnMut(Wait, Duration) -> bool) -> Option<String> {
    if !journal.ends_within(QUIET) {
        let seconds = SAVE_LIMIT.as_secs();
        let unsaved = journal.unsaved().unwrap_or_else(|| "the journal is not closed".to_owned());
        say(&format!("{unsaved}; waiting up to {seconds} seconds for the disk (ctrl-c: leave without)"));
        let until = Instant::now() + SAVE_LIMIT;
        while !journal.ends_within(POLL) {
            if interrupted(Wait::Saving, Duration::ZERO) || Instant::now() >= until {
                break;
            }
        }
    }
    journal.unsaved().map(|unsaved| format!("lost: {unsaved}"))
}

/// Waits for a training that continues or has to save its model. A request to end the program ends it after its step.
fn finish_training(trainer: &Trainer, run: &str, end: End, mut interrupted: impl FnMut(Wait, Duration) -> bool) {
    match end {
        End::Left(Leave::StopRun) | End::Terminated => {
            say(&format!("{run}: stopping after this step and saving the model"));
            // Only the user means that the run is over for good.
            let command = if end == End::Terminated { Control::Interrupt } else { Control::StopNow };
            trainer.control(run, command);
        }
        End::Left(_) => say(&format!(
            "{run} continues without a screen; ctrl-z and bg move it to the background, ctrl-c ends it and keeps its model"
        )),
        End::Gone => {}
    }
    // A paused run would wait forever, since no screen can resume it.
    trainer.control(run, Control::Resume);
    while trainer.running().is_some() {
        if interrupted(Wait::Training, POLL) {
            trainer.control(run, Control::Interrupt);
        }
    }
    trainer.join();
    if matches!(end, End::Left(_)) {
        say(&format!("{run} has ended"));
    }
}

/// Prints a line on standard error, after the screen is gone.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", clean(text));
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{Receiver, bounded, unbounded};

    use super::*;
    use crate::{
        services::{
            events::Events,
            journal_writer::{JournalFile, SaveError},
        },
        spans::{Action, ActionId, Entry, SpanId, journal::JournalOp},
    };

    /// A disk that does not answer until the channel is closed.
    struct Hanging(Receiver<()>);

    impl JournalFile for Hanging {
        fn append(&mut self, _: &[Entry]) -> Result<(), SaveError> {
            let _ = self.0.recv();
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_does_not_answer_is_left_when_the_user_asks_and_what_is_lost_is_told() {
        let (answers, hangs) = bounded(0);
        let mut journal = JournalWriter::start(Box::new(Hanging(hangs)), Events::new(unbounded().0)).unwrap();
        let op = JournalOp::Do(Action { document: "d".into(), edits: Vec::new() });
        journal.record(0, vec![Entry { id: ActionId(SpanId { writer: 1, sequence: 0 }), at: 0, op }]);
        journal.close();
        let lost = save(&journal, &mut |_, _| true).unwrap();
        assert_eq!(lost, "lost: 1 action of yours not on disk: the disk does not answer");
        drop(answers);
        assert_eq!(save(&journal, &mut |_, _| panic!("nothing is left to wait for")), None);
    }
}
