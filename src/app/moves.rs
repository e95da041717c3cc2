//! Outcomes of moves of documents to splits.

use crate::{
    spans::{MovesTakenBack, Split, SplitMove},
    text::{
        number::{grouped, with_noun},
        width::clean,
    },
};

use super::{
    command::{Command, Context},
    state::State,
};

/// Documents that are named where they were not moved back.
const NAMED: usize = 3;

impl State {
    /// Reports the outcome of a move to a split. The project is then opened again, so that every screen knows it.
    pub(super) fn split_set(
        &mut self,
        documents: usize,
        split: Option<Split>,
        outcome: Result<Vec<SplitMove>, String>,
    ) {
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
    pub(super) fn shared_out(&mut self, outcome: Result<(Vec<SplitMove>, [usize; 3]), String>) {
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

    /// Reports that documents are in their former splits again. A second answer about the same moves changes nothing.
    pub(super) fn move_taken_back(&mut self, moves: &[SplitMove], outcome: Result<MovesTakenBack, String>) {
        if self.session.project.is_none() || self.session.moves.last().is_none_or(|last| last != moves) {
            return;
        }
        match outcome {
            Err(why) => self.session.warn(format!("Nothing was moved back: {why}")),
            Ok(taken) => {
                self.session.moves.pop();
                self.read_again_with(back_text(&taken));
            }
        }
    }

    /// Shows a notice, also after the project was opened again.
    fn read_again_with(&mut self, notice: String) {
        self.session.inform(notice.clone());
        self.notice = Some(notice);
    }
}

/// Describes what was moved back, and what stays where it is.
fn back_text(taken: &MovesTakenBack) -> String {
    let back = format!("Back in their former splits: {}", with_noun(taken.moved, "document"));
    if taken.left.is_empty() {
        return back;
    }
    let names: Vec<_> = taken.left.iter().take(NAMED).map(|id| clean(id)).collect();
    let more = if taken.left.len() > NAMED { ", ..." } else { "" };
    let left = with_noun(taken.left.len(), "document");
    format!("{back}; {left} moved again or removed since, left alone: {}{more}", names.join(", "))
}
