//! Decisions about a place: the model's answer, the gold spans, a mark on the document, undo.
//! A fix is an entry in the journal of the annotator at work.

use crate::{
    app::{
        command::Command,
        context::Context,
        effect::Effect,
        panel::Outcome,
        project::Project,
        review::{self, Decision, is_current, span_of},
        session::Session,
    },
    spans::{
        Action, Edit, ReviewItem, ReviewList, Span, SpanSource, Split, Status, journal::JournalOp,
        replacement::replacement,
    },
    text::{number::with_noun, width},
};

use super::Mistakes;

/// Reason why the model's answer is not taken on the test split.
const TESTS: &str =
    "Not on the test split: gold that is corrected towards a model flatters that model. Edit the gold by hand (e)";
/// Most cells of the words that a message names.
const WORDS: usize = 30;

impl Mistakes {
    /// Takes the model's answer at the place of the cursor, and goes to the next open place.
    pub(super) fn take_model(&mut self, session: &mut Session) -> Outcome {
        let (Some(list), Some(item)) = (self.list.clone(), self.item(self.row).cloned()) else {
            return Outcome::none();
        };
        if refuses(session, &list, &item) {
            return Outcome::none();
        }
        let Some(project) = &mut session.project else { return Outcome::none() };
        let (edits, message) = match edits(project, &list, &item) {
            Ok(done) => done,
            Err(why) => {
                session.inform(why);
                return Outcome::none();
            }
        };
        let op = JournalOp::Do(Action { document: item.document.to_string(), edits });
        let effect = project.record(op, session.now);
        // The label that was kept is gone, and an undo brings it back as one to be decided.
        let taken_back = match session.review.is_kept(&item) {
            true => recorded_decision(&list, item.clone(), false),
            false => None,
        };
        session.review.keep(&item, false);
        self.look_here(session);
        session.inform(message);
        self.go_to_next_open(session);
        Vec::from_iter([Some(effect), taken_back].into_iter().flatten()).into()
    }

    /// Keeps the gold spans at the place of the cursor, and goes to the next open place.
    /// Given again, the place is open again.
    pub(super) fn keep_gold(&mut self, session: &mut Session) -> Outcome {
        let (Some(list), Some(item)) = (self.list.clone(), self.item(self.row).cloned()) else {
            return Outcome::none();
        };
        let kept = match self.decision(self.row) {
            Decision::Fixed => {
                session.inform("The gold spans were changed here; undo takes that back");
                return Outcome::none();
            }
            Decision::Kept => false,
            Decision::Open => true,
        };
        if refuses_decision(session, &list, &item) {
            return Outcome::none();
        }
        session.review.keep(&item, kept);
        self.look_here(session);
        match kept {
            true => self.go_to_next_open(session),
            false => session.inform("To be decided again"),
        }
        if list.split.is_none() && session.read_only().is_some() {
            session.inform("Kept until the program ends, because the project cannot be written");
            return Outcome::none();
        }
        recorded_decision(&list, item, kept).into()
    }

    /// Puts the document of the cursor on the list of marked ones, or takes it off.
    pub(super) fn mark(&mut self, session: &mut Session) -> Outcome {
        let Some(item) = self.item(self.row) else { return Outcome::none() };
        let is_on = session.review.toggle_mark(&item.document);
        let marked = with_noun(session.review.marked().len(), "document");
        let verb = if is_on { "is marked" } else { "is no longer marked" };
        let work = session.key(Context::Mistakes, Command::WorkMarked);
        session.inform(format!("{} {verb}; {work} goes through the {marked}", item.document));
        Outcome::none()
    }

    /// The first row of a document.
    fn row_of(&self, document: &str) -> Option<usize> {
        (0..self.rows.len()).find(|row| self.item(*row).is_some_and(|item| &*item.document == document))
    }

    /// Takes back the last action, or does it again; the cursor goes to its document.
    pub(super) fn turn(&mut self, session: &mut Session, command: Command) -> Outcome {
        let Some(project) = &session.project else { return Outcome::none() };
        let journal = &project.journal;
        let target = if command == Command::Undo { journal.undo_target() } else { journal.redo_target() };
        let document = target.map(|(_, document)| document.to_owned());
        let is_for_several = target.is_some_and(|(id, _)| journal.actions_of(id).len() > 1);
        // Nothing is taken back that cannot be seen here.
        let Some(row) = document.as_deref().and_then(|document| self.row_of(document)) else {
            session.inform("That was done elsewhere; on the Tag screen it can be taken back");
            return Outcome::none();
        };
        let before = self.decisions.clone();
        let effects = session.tag(|context| if command == Command::Undo { context.undo() } else { context.redo() });
        self.row = row;
        match is_for_several {
            true => self.look(session),
            false => self.look_here(session),
        }
        // The place that has changed, else the first one of the document.
        let changed = self.rows.iter().position(|item| before.get(*item) != self.decisions.get(*item));
        self.row = changed.unwrap_or(row);
        self.remember(session);
        effects.into()
    }
}

/// Records a decision on a suspected label, which is not asked about again. Nothing is recorded about a run's mistakes.
fn recorded_decision(list: &ReviewList, item: ReviewItem, kept: bool) -> Option<Effect> {
    let ReviewItem { document, gold, model, .. } = item;
    let decision = Effect::DecideLabel { document: document.to_string(), gold, model, kept };
    list.split.is_none().then_some(decision)
}

/// Shows why nothing can be decided about the gold spans of a place, if so.
fn refuses_decision(session: &mut Session, list: &ReviewList, item: &ReviewItem) -> bool {
    let Some(project) = &session.project else { return true };
    if list.split.is_none() && list.annotator != project.annotator {
        let owner = list.annotator.clone();
        session.warn(format!("These are labels of {owner}, who alone decides about them; find your own first"));
        return true;
    }
    if !is_current(project, item) {
        session.warn(review::OUTDATED);
        return true;
    }
    false
}

/// Shows why the model's answer cannot be taken, if so.
fn refuses(session: &mut Session, list: &ReviewList, item: &ReviewItem) -> bool {
    if let Some(why) = session.read_only() {
        session.warn(why);
        return true;
    }
    let Some(project) = &session.project else { return true };
    let document = project.position(&item.document).and_then(|at| Some((at, project.documents.get(at)?)));
    let Some((at, document)) = document else {
        session.warn(format!("The document {} is no longer in the project", item.document));
        return true;
    };
    if list.split == Some(Split::Test) || document.split == Some(Split::Test) {
        session.warn(TESTS);
        return true;
    }
    if project.annotation(at).needs_review() {
        session.warn("The text was changed since it was tagged: look at it on the Tag screen first (e)");
        return true;
    }
    if !item.is_of(document) {
        session.warn(review::OUTDATED);
        return true;
    }
    if list.split.is_none() && list.annotator != project.annotator {
        return refuses_decision(session, list, item);
    }
    if list.annotator != project.annotator && !session.review.knows_owner(&list.run) {
        let (run, owner) = (&list.run, &list.annotator);
        let own = session.project.as_ref().map_or("", |project| project.annotator.as_str());
        session.warn(format!(
            "{run} learned from {owner}; what you take becomes work of {own}, not of {owner}. The key again takes it"
        ));
        return true;
    }
    false
}

/// The edits that take the model's answer, and a message about them.
///
/// # Errors
/// Why there is nothing to take, as shown to the user.
fn edits(project: &mut Project, list: &ReviewList, item: &ReviewItem) -> Result<(Vec<Edit>, String), String> {
    let at = project.position(&item.document).ok_or("The document is no longer in the project")?;
    let words = project.documents.get(at).map_or("", |document| item.range().of(&document.text));
    let words = width::cut(words, WORDS);
    let gold = item.gold.as_ref().and_then(|gold| span_of(project, &item.document, gold)).cloned();
    let rejects = project.is_adjudicator();
    let Some(model) = &item.model else {
        let span = gold.ok_or_else(|| format!("You have no span on \u{ab}{words}\u{bb}, as the model has none"))?;
        let message = format!("Removed: {} on \u{ab}{words}\u{bb}", project.labels.name(span.label));
        let edits = replacement(project.annotation(at), Some(span.id), None, rejects);
        return Ok((with_status(project, at, edits), message));
    };
    let label = project.labels.named(&model.label).map(|label| label.id);
    let label = label.ok_or_else(|| format!("The project has no label {}", model.label))?;
    if span_of(project, &item.document, model).is_some() {
        return Err(format!("{} is on \u{ab}{words}\u{bb} already", model.label));
    }
    let source = SpanSource::Model { run: list.run_of(item).to_owned(), score: item.sureness().unwrap_or_default() };
    let new = Span { id: project.new_id(), range: model.range, label, source };
    let edits = replacement(project.annotation(at), gold.map(|gold| gold.id), Some(new), rejects);
    let message = match edits.iter().filter(|edit| matches!(edit, Edit::Remove(_))).count() {
        0 => format!("Taken: {} on \u{ab}{words}\u{bb}", model.label),
        n => format!("Taken: {} on \u{ab}{words}\u{bb}, in place of {}", model.label, with_noun(n, "span")),
    };
    Ok((with_status(project, at, edits), message))
}

/// The edits, with a status for a document that was not begun or was skipped.
fn with_status(project: &Project, at: usize, mut edits: Vec<Edit>) -> Vec<Edit> {
    if matches!(project.status(at), Status::Todo | Status::Skipped) {
        edits.push(Edit::Status(Status::Partial));
    }
    edits
}
