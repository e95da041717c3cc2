//! Outcomes of moves of documents to splits.

use crate::{
    spans::Split,
    text::number::{grouped, with_noun},
};

use super::{
    command::{Command, Context},
    effect::OldSplit,
    state::State,
};

impl State {
    /// Reports the outcome of a move to a split. The project is then opened again, so that every screen knows it.
    pub(super) fn split_set(&mut self, documents: usize, split: Option<Split>, outcome: Result<Vec<OldSplit>, String>) {
        if self.session.project.is_none() {
            return;
        }
        let name = split.map_or("no split", Split::name);
        let documents = with_noun(documents, "document");
        match outcome {
            Err(why) => self.session.warn(format!("Nothing was moved: {why}")),
            Ok(old) if old.is_empty() => {
                self.session.inform(format!("Nothing to move: {documents} in {name} already"));
            }
            Ok(old) => {
                let undo = self.session.key(Context::Documents, Command::UndoMove);
                let moved = grouped(old.len());
                self.session.moves.push(old);
                self.read_again_with(format!("Of {documents}, {moved} moved to {name} ({undo} to go back)"));
            }
        }
    }

    /// Reports that documents were put into splits by shares.
    pub(super) fn shared_out(&mut self, outcome: Result<(Vec<OldSplit>, [usize; 3]), String>) {
        if self.session.project.is_none() {
            return;
        }
        match outcome {
            Err(why) => self.session.warn(format!("Nothing was moved: {why}")),
            Ok((old, _)) if old.is_empty() => self.session.inform("Every document has a split already"),
            Ok((old, [train, valid, test])) => {
                let undo = self.session.key(Context::Documents, Command::UndoMove);
                let moved = with_noun(old.len(), "document");
                self.session.moves.push(old);
                let now = format!("now {train} train, {valid} valid, {test} test");
                self.read_again_with(format!("{moved} shared out: {now} ({undo} to go back)"));
            }
        }
    }

    /// Reports that documents are in their former splits again.
    pub(super) fn move_taken_back(&mut self, outcome: Result<usize, String>) {
        if self.session.project.is_none() {
            return;
        }
        match outcome {
            Err(why) => self.session.warn(format!("Nothing was moved back: {why}")),
            Ok(moved) => {
                self.session.moves.pop();
                self.read_again_with(format!("Back in their former splits: {}", with_noun(moved, "document")));
            }
        }
    }

    /// Shows a notice, also after the project was opened again.
    fn read_again_with(&mut self, notice: String) {
        self.session.inform(notice.clone());
        self.notice = Some(notice);
    }
}
