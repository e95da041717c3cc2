//! Decisions of the adjudicator.
//! Taking a reading, taking over what all agree on, undo.

use crate::{
    app::{
        command::{Command, Reading},
        context::Context,
        effect::Effect,
        panel::Outcome,
        project::Project,
        session::Session,
    },
    spans::{
        Action, Annotation, Edit, Span, Status,
        adjudication::{ComparedDocument, DisputedPlace, PlaceState},
        journal::JournalOp,
    },
    text::number::with_noun,
};

use super::{Annotators, NOT_ADJUDICATOR};

impl Annotators {
    /// Takes a decision back, or makes it again; the cursor goes to it.
    pub(super) fn turn(&mut self, session: &mut Session, command: Command) -> Outcome {
        if self.agreement.is_none() || refuses(session) {
            return Outcome::none();
        }
        let Some(project) = &session.project else { return Outcome::none() };
        let journal = &project.journal;
        let target = if command == Command::Undo { journal.undo_target() } else { journal.redo_target() };
        let at = target.and_then(|(_, document)| project.position(document));
        // Nothing is taken back that cannot be seen here.
        if !self.documents.iter().any(|document| Some(document.document) == at) {
            session.inform("That was done elsewhere; on the Tag screen it can be taken back");
            return Outcome::none();
        }
        let effects = session.tag(|context| if command == Command::Undo { context.undo() } else { context.redo() });
        let front = session.tagging.document;
        if let Some(project) = &session.project {
            self.look(project);
        }
        self.show();
        self.ended = false;
        let here = |row: &usize| self.place(*row).is_some_and(|(one, _)| one.document == front);
        let rows = (0..self.rows.len()).filter(here);
        let row = rows.clone().find(|row| self.state_of(*row) == PlaceState::Open).or_else(|| rows.clone().next());
        self.row = row.unwrap_or(self.row);
        effects.into()
    }

    /// Takes a reading of the place of the cursor, and goes to the next open one.
    pub(super) fn decide(&mut self, session: &mut Session, reading: Reading) -> Outcome {
        if self.agreement.is_none() || refuses(session) {
            return Outcome::none();
        }
        if self.ended {
            session.inform("Every place is decided; go to one to decide it again");
            return Outcome::none();
        }
        let Some(project) = &mut session.project else { return Outcome::none() };
        let Some((document, place)) = self.place(self.row) else { return Outcome::none() };
        let spans = match self.spans_of(reading, document, place, project) {
            Ok(spans) => spans,
            Err(why) => {
                session.inform(why);
                return Outcome::none();
            }
        };
        let at = document.document;
        let before = project.annotation(at).clone();
        let edits = document.decide(&before, Some((place, &spans)), || project.new_id());
        let to_review = before.needs_review();
        let effects = record(project, vec![(at, before, edits)], session.now);
        self.look_at(project, at);
        let row = self.row;
        let here = self.rows.get(row).copied();
        self.show();
        // In a list of open places alone, the next one has come to this row.
        let gone = self.open_only && self.rows.get(row).copied() != here;
        if !self.go_to_open(if gone { row } else { row + 1 }) {
            self.ended = true;
            let [_, _, all] = self.counts();
            session.inform(format!("All {} are decided", with_noun(all, "place")));
        }
        if to_review {
            let done = session.key(Context::Tag, Command::Done);
            session.inform(format!("The text of this document was changed: look at it on the Tag screen, then {done}"));
        }
        Outcome::from(effects).then(self.suggest(session))
    }

    /// The spans of a reading of a place.
    ///
    /// # Errors
    /// Why there are none.
    fn spans_of(
        &self,
        reading: Reading,
        document: &ComparedDocument,
        place: &DisputedPlace,
        project: &Project,
    ) -> Result<Vec<Span>, String> {
        match reading {
            Reading::Nothing => Ok(Vec::new()),
            Reading::Annotator(annotator) => match place.readings.get(usize::from(annotator)) {
                Some(Some(spans)) => Ok(spans.clone()),
                Some(None) => {
                    let name = self.names.get(usize::from(annotator)).map_or("", String::as_str);
                    Err(format!("{name} has not finished this document"))
                }
                None => Err("No annotator has this key".to_owned()),
            },
            Reading::Model => {
                let (_, spans) = project.model_spans(document.document)?;
                let beyond = "What the model finds reaches beyond this place; enter goes there, to tag it by hand";
                document.reading_of(place, &spans).ok_or_else(|| beyond.to_owned())
            }
        }
    }

    /// Takes over what all annotators agree on, in all documents.
    /// A document in which they agree everywhere is done by it.
    pub(super) fn take_agreed(&mut self, session: &mut Session) -> Outcome {
        if self.agreement.is_none() || refuses(session) {
            return Outcome::none();
        }
        let Some(project) = &mut session.project else { return Outcome::none() };
        let mut all = Vec::new();
        let mut to_review = 0;
        for document in &self.documents {
            // These were skipped or flagged on purpose.
            if matches!(project.status(document.document), Status::Skipped | Status::Flagged) {
                continue;
            }
            let before = project.annotation(document.document).clone();
            // The adjudicator must look at this text, which has changed, before spans of it are given up or taken over.
            if before.needs_review() {
                to_review += 1;
                continue;
            }
            let edits = document.decide(&before, None, || project.new_id());
            if !edits.is_empty() {
                all.push((document.document, before, edits));
            }
        }
        let spans = all.iter().flat_map(|(_, _, edits)| edits).filter(|edit| matches!(edit, Edit::Add(_))).count();
        let ended = all.iter().filter(|(_, _, edits)| edits.contains(&Edit::Status(Status::Done))).count();
        let mut message = match all.len() {
            0 => "What all say is taken over already".to_owned(),
            n => {
                let (spans, documents) = (with_noun(spans, "span"), with_noun(n, "document"));
                format!("{spans} taken over in {documents}; {ended} done; one undo takes all back")
            }
        };
        if to_review > 0 {
            message += &format!("; {} to review left out", with_noun(to_review, "document"));
        }
        let effects = record(project, all, session.now);
        self.look(project);
        self.show();
        session.inform(message);
        effects.into()
    }
}

/// Shows why nothing can be decided here, if so.
fn refuses(session: &mut Session) -> bool {
    let why = match session.is_adjudicator() {
        false => Some(NOT_ADJUDICATOR.to_owned()),
        true => session.read_only(),
    };
    let refused = why.is_some();
    if let Some(why) = why {
        session.warn(why);
    }
    refused
}

/// Records decisions on some documents as one action.
/// Each document has its annotation before the decision.
fn record(project: &mut Project, decided: Vec<(usize, Annotation, Vec<Edit>)>, now: u64) -> Vec<Effect> {
    let by_hand = (decided.len() == 1).then_some(now);
    let mut actions = Vec::new();
    for (at, before, edits) in decided.into_iter().filter(|(_, _, edits)| !edits.is_empty()) {
        if before.status != Status::Done && edits.contains(&Edit::Status(Status::Done)) {
            project.mark_today(at, by_hand);
        }
        let document = project.documents.get(at).map(|document| document.id.clone());
        actions.extend(document.map(|document| Action { document, edits }));
    }
    let deed = match <[Action; 1]>::try_from(actions) {
        Ok([only]) => JournalOp::Do(only),
        Err(none) if none.is_empty() => return Vec::new(),
        Err(all) => JournalOp::DoAll(all),
    };
    vec![project.record(deed, now)]
}
