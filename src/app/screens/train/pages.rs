//! The pages of the Train screen.
//! Moves on them, the log, and two runs side by side.

use crate::{
    app::{
        command::Command,
        conditions::{self, check},
        effect::Effect,
        list::ListCursor,
        panel::{Check, Outcome, Request},
        run_view::RunView,
        session::Session,
    },
    runs::{Point, RunSummary, ScoreComparison},
};

use super::{
    Page, Train,
    compare::{self, OtherRun},
    form,
    log::{self, Log},
};

/// Rows of the log that stay in sight when a page key is pressed.
const PAGE_OVERLAP: usize = 4;

/// Moves.
impl Train {
    /// The list of the form or of the runs.
    pub(super) fn list_cursor(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let page = page_rows(session);
        match self.page {
            Page::Form if !self.typing => Some(ListCursor { row: &mut self.row, rows: form::ROWS.len(), page }),
            Page::Runs => Some(ListCursor { row: &mut self.run_row, rows: session.runs.list.len(), page }),
            _ => None,
        }
    }

    /// Moves on the page in front.
    pub(super) fn move_on_page(&mut self, command: Command, session: &Session) {
        let page = page_rows(session);
        match self.page {
            Page::Log => self.log.scroll(command, session.size, session.glyphs),
            Page::Run => {
                // On row 0 no label is chosen.
                let mut row = self.label.map_or(0, |label| label + 1);
                let labels = session.runs.evaluation().map_or(0, |evaluation| evaluation.labels.len());
                ListCursor { row: &mut row, rows: labels + 1, page }.travel(command);
                self.label = row.checked_sub(1);
            }
            Page::Compare => {
                let rows = self.differences(session).max(self.labels_compared(session));
                ListCursor { row: &mut self.scrolled, rows, page }.travel(command);
            }
            Page::Form | Page::Runs => {
                self.problem = None;
                if let Some(list) = self.list_cursor(session) {
                    list.travel(command);
                }
            }
        }
    }

    /// Lines about the differences between the runs that are compared.
    fn differences(&self, session: &Session) -> usize {
        let Some(followed) = session.runs.followed_info() else { return 0 };
        let others = self.others.iter().filter_map(|other| session.runs.info(&other.view.id));
        others.map(|other| compare::lines(followed, other).len()).sum()
    }

    /// Labels of the runs that are compared, and all of them together.
    fn labels_compared(&self, session: &Session) -> usize {
        let views = session.runs.followed.iter().chain(self.others.iter().map(|other| &other.view));
        let known = views.filter_map(|view| Some(view.compared(session.runs.info(&view.id)?)));
        compare::label_rows(&known.collect::<Vec<_>>()).len()
    }

    /// Goes back to the page from which this one was opened. False on the first page.
    pub(super) fn leave_page(&mut self) -> bool {
        let from = self.page;
        if matches!(from, Page::Run | Page::Compare) && self.leave_view() {
            return true;
        }
        self.page = match from {
            Page::Log => Page::Run,
            Page::Compare => Page::Runs,
            Page::Run | Page::Runs | Page::Form => Page::Form,
        };
        from != Page::Form
    }
}

/// Rows that a page key moves.
fn page_rows(session: &Session) -> usize {
    log::height(session.size).saturating_sub(PAGE_OVERLAP).max(1)
}

/// The log.
impl Train {
    /// Shows the log of the followed run, or its curves again.
    pub(super) fn toggle_log(&mut self, session: &mut Session) -> Outcome {
        if self.page == Page::Log {
            self.page = Page::Run;
            return Outcome::none();
        }
        let Some(view) = &session.runs.followed else { return Outcome::none() };
        self.page = Page::Log;
        self.log = Log::of(view.id.clone());
        self.read_log(session).into()
    }

    /// Reads the log again, if it is shown.
    pub(super) fn read_log(&mut self, session: &mut Session) -> Option<Effect> {
        if self.page != Page::Log {
            return None;
        }
        self.log.generation = session.next_generation();
        Some(Effect::ReadLog { generation: self.log.generation, run: self.log.run.clone() })
    }

    /// Takes the lines of the log; late answers are dropped.
    pub(in crate::app) fn log_read(&mut self, generation: u64, lines: Result<Vec<String>, String>) {
        if self.log.generation == generation {
            self.log.lines = Some(lines);
        }
    }
}

/// Two runs side by side.
impl Train {
    /// Shows the run under the cursor beside the followed one.
    /// From other pages it goes to the list first.
    pub(super) fn compare(&mut self, session: &mut Session) -> Outcome {
        let Some(view) = &session.runs.followed else { return Outcome::none() };
        let followed = view.id.clone();
        if self.page != Page::Runs {
            self.choose_other(session, &followed);
            return Outcome::none();
        }
        let Some(chosen) = session.runs.list.get(self.run_row) else { return Outcome::none() };
        if chosen.id == followed {
            session.inform(format!("{followed} is the one that is open; m on another run lays that beside it"));
            return Outcome::none();
        }
        let over = chosen.status.phase.is_over();
        let chosen = chosen.id.clone();
        if let Some(at) = self.others.iter().position(|other| other.view.id == chosen) {
            self.others.remove(at);
            session.inform(format!("{chosen} is no longer beside {followed}"));
            return Outcome::none();
        }
        if self.others.len() == compare::MOST_OTHERS {
            session.inform("Six runs are compared at most; m on one marked with = takes it away");
            return Outcome::none();
        }
        if over {
            return self.show_beside(session, chosen).into();
        }
        // A live run is followed, and the others are read once: the one that was followed, and those beside it.
        let beside: Vec<String> = self.others.iter().map(|other| other.view.id.clone()).collect();
        let mut effects = vec![self.follow_in_place(session, chosen)];
        for run in std::iter::once(followed).chain(beside) {
            effects.extend(self.show_beside(session, run));
        }
        effects.into()
    }

    /// Goes to the list of runs, with the cursor on the neighbour of the followed run.
    fn choose_other(&mut self, session: &mut Session, followed: &str) {
        let runs = session.runs.list.len();
        if runs < 2 {
            session.inform("There is no other run to compare with");
            return;
        }
        self.page = Page::Runs;
        let at = session.runs.row(followed).unwrap_or(0);
        // A run is mostly compared with the one before it, or else with the next that is not beside it yet.
        let earlier = (at + 1..runs).chain((0..at).rev());
        let free = earlier.clone().find(|row| {
            let run = session.runs.list.get(*row);
            run.is_some_and(|run| !self.others.iter().any(|other| other.view.id == run.id))
        });
        self.run_row = free.or(earlier.clone().next()).unwrap_or(at);
        session.inform(match self.others.len() {
            0 => format!("Go to a run; m lays it beside {followed}"),
            _ => "Go to a run; m lays it beside the others, or takes one marked with = away".to_owned(),
        });
    }

    fn show_beside(&mut self, session: &mut Session, run: String) -> Vec<Effect> {
        let generation = session.next_generation();
        let status = session.runs.info(&run).map(|info| info.status.clone()).unwrap_or_default();
        let view = RunView::new(run.clone(), status, generation);
        self.others.push(OtherRun { view, problem: None, comparison: None, scoring: None });
        self.page = Page::Compare;
        self.scrolled = 0;
        let mut effects = vec![Effect::Compare { generation, run }];
        effects.extend(self.compare_scores(session));
        effects
    }

    /// Asks for the differences to the runs beside, once both have ended: only then are there scores of sentences.
    pub(super) fn compare_scores(&mut self, session: &mut Session) -> Vec<Effect> {
        let Some(followed) = session.runs.followed_info() else { return Vec::new() };
        let is_over = followed.status.phase.is_over();
        let followed = followed.id.clone();
        let mut effects = Vec::new();
        for other in &mut self.others {
            if !is_over || !session.runs.info(&other.view.id).is_some_and(|run| run.status.phase.is_over()) {
                // A run that goes on has other scores at its end.
                other.scoring = None;
                other.comparison = None;
            } else if other.scoring.is_none() {
                let generation = session.next_generation();
                other.scoring = Some(generation);
                effects.push(Effect::CompareScores { generation, runs: [followed.clone(), other.view.id.clone()] });
            }
        }
        effects
    }

    /// Takes the comparison of the scores of both runs; late answers are dropped.
    pub(in crate::app) fn scores_compared(&mut self, generation: u64, found: Result<Box<ScoreComparison>, String>) {
        if let Some(other) = self.others.iter_mut().find(|other| other.scoring == Some(generation)) {
            other.comparison = Some(found);
        }
    }

    /// The followed run and the first one beside it.
    fn pair<'a>(&self, session: &'a Session) -> Option<[&'a RunSummary; 2]> {
        let other = self.others.first().filter(|_| self.page == Page::Compare)?;
        Some([session.runs.followed_info()?, session.runs.info(&other.view.id)?])
    }

    /// Whether there are sentences to be shown that only one of two runs has right.
    pub(super) fn can_show_changes(&self, session: &Session) -> Check {
        conditions::not_only_runs(self, session)?;
        let Some(pair) = self.pair(session) else { return Err("") };
        let is_over = pair.iter().all(|run| run.status.phase.is_over());
        check(is_over, "The sentences of a run can be compared when it has ended")?;
        check(pair.iter().all(|run| run.has_model), "One of the two runs has no model, so its answers are not known")
    }

    /// Shows the sentences that the newer of two runs broke or fixed.
    pub(super) fn show_changes(&self, session: &Session) -> Outcome {
        let Some([followed, other]) = self.pair(session) else { return Outcome::none() };
        let is_newer = followed.began_after(other).unwrap_or(true);
        let [older, newer] = if is_newer { [other, followed] } else { [followed, other] };
        Request::ShowChanges([older.id.clone(), newer.id.clone()]).into()
    }

    /// Takes the lines of the other run; late answers are dropped.
    pub(in crate::app) fn compared(&mut self, generation: u64, points: Result<Vec<Point>, String>) {
        if let Some(other) = self.others.iter_mut().find(|other| other.view.generation == generation) {
            match points {
                Ok(points) => other.view.add(points),
                Err(why) => other.problem = Some(why),
            }
        }
    }
}
