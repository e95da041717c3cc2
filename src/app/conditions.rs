//! Conditions of commands that several panels share.
//! Those of one panel are in its own file.

use super::{
    panel::Check,
    project::{Project, SaveState},
    session::Session,
};

/// `Ok` if the condition holds, else the reason shown to the user.
pub(super) fn check(holds: bool, why_not: &'static str) -> Check {
    if holds { Ok(()) } else { Err(why_not) }
}

/// Always.
pub(super) fn always<P>(_: &P, _: &Session) -> Check {
    Ok(())
}

/// A project is open.
pub(super) fn project<P>(_: &P, session: &Session) -> Check {
    check(session.project.is_some(), "No project is open yet")
}

/// What is open can have documents: it is a project.
pub(super) fn not_only_runs<P>(_: &P, session: &Session) -> Check {
    check(!session.has_only_runs(), "There are no documents here: this is a run, not a project")
}

/// The open project has a document.
pub(super) fn documents<P>(_: &P, session: &Session) -> Check {
    let any = session.project.as_ref().is_some_and(|project| !project.documents.is_empty());
    check(any, "There is no document")
}

/// The project has a run.
pub(super) fn runs<P>(_: &P, session: &Session) -> Check {
    check(!session.runs.list.is_empty(), NO_RUNS)
}

/// A run is followed.
pub(super) fn followed<P>(_: &P, session: &Session) -> Check {
    check(session.runs.followed.is_some(), NO_RUNS)
}

const NO_RUNS: &str = "There are no runs yet";

/// A training is running.
pub(super) fn running<P>(_: &P, session: &Session) -> Check {
    check(session.runs.is_busy(), "No training is running")
}

/// No training is running.
pub(super) fn idle<P>(_: &P, session: &Session) -> Check {
    check(!session.has_only_runs(), "There is no document here to learn from: this is a run, not a project")?;
    check(!session.runs.is_busy(), "A training runs; it can be stopped on the Train screen with S")
}

/// Checks that no training runs. `then` is what the user may do after that.
///
/// # Errors
/// The reason shown to the user.
pub(super) fn no_training(session: &Session, then: &str) -> Result<(), String> {
    if session.runs.is_busy() { Err(format!("A training runs: {then} when it has ended")) } else { Ok(()) }
}

/// Checks that the project can be closed and opened again: nothing is interrupted or lost by that.
///
/// # Errors
/// The reason shown to the user.
pub(super) fn can_reopen(session: &Session, then: &str) -> Result<(), String> {
    no_training(session, then)?;
    match session.project.as_ref().map(Project::save_state) {
        Some(SaveState::Saved) => Ok(()),
        _ => Err(format!("Not everything is saved yet: {then} when it is")),
    }
}

/// Checks that the project can be changed and opened again.
///
/// # Errors
/// The reason shown to the user.
pub(super) fn can_extend(session: &Session, then: &str) -> Result<(), String> {
    session.read_only().map_or(Ok(()), Err)?;
    can_reopen(session, then)
}

/// The journal has an action to undo.
pub(super) fn undo<P>(_: &P, session: &Session) -> Check {
    let target = session.project.as_ref().and_then(|project| project.journal.undo_target());
    check(target.is_some(), "There is nothing to take back")
}

/// The journal has an action to redo.
pub(super) fn redo<P>(_: &P, session: &Session) -> Check {
    let target = session.project.as_ref().and_then(|project| project.journal.redo_target());
    check(target.is_some(), "There is nothing to do again")
}
