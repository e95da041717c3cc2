//! The Train screen: settings and data of the next training, and the runs.
//! It shows the followed run, its log, two runs compared, or all runs.

pub mod compare;
pub mod form;
pub mod log;
mod looking;
mod pages;
pub mod plan;
mod runs;
mod settings;
mod state;
pub mod view;

#[cfg(test)]
mod tests;

pub use state::{Chart, Page, Train};

use crate::{
    app::{
        command::{Command, Context},
        conditions::{check, followed, idle, running, runs as any_runs},
        list::{self, ListCursor},
        panel::{Check, Commands, Outcome, Panel, Row, own_rows},
        prompts::Prompt,
        screen::Screen,
        session::Session,
    },
    runs::{Control, Phase},
    text::number::with_noun,
};

/// Conditions.
impl Train {
    /// A training is running, and a run is in front.
    fn live(&self, session: &Session) -> Check {
        check(session.runs.is_busy() && self.page == Page::Run, "No training is running")
    }

    fn has_curves(&self, session: &Session) -> Check {
        check(matches!(self.page, Page::Run | Page::Compare), NO_RUN_IN_FRONT)?;
        let is_drawn = self.page == Page::Run || compare::has_room_for_curves(session.size);
        check(is_drawn, "The window is too small for the curves of several runs")
    }

    fn shows_run(&self, _: &Session) -> Check {
        check(matches!(self.page, Page::Run | Page::Log), NO_RUN_IN_FRONT)
    }

    fn can_open(&self, session: &Session) -> Check {
        match self.page {
            Page::Form | Page::Runs => Ok(()),
            Page::Compare => self.can_show_changes(session),
            Page::Run | Page::Log => Err(""),
        }
    }

    fn can_remove(&self, session: &Session) -> Check {
        let on_run = matches!(self.page, Page::Run | Page::Runs) && !session.runs.list.is_empty();
        check(!session.has_only_runs(), "Only runs of a project are removed here")?;
        check(on_run, "No run is in front; r shows all runs")
    }

    fn can_resume(&self, session: &Session) -> Check {
        let holds = self.resumable(session).is_some() && !session.runs.is_busy();
        check(holds, "No interrupted run with a checkpoint is in front, or a training runs")
    }
}

const NO_RUN_IN_FRONT: &str = "No run is in front; v shows the curves, r all runs";

/// Commands that change pages.
impl Train {
    fn toggle_runs(&mut self, _: &mut Session) -> Outcome {
        self.page = if self.page == Page::Runs { Page::Form } else { Page::Runs };
        Outcome::none()
    }

    fn toggle_run(&mut self, session: &mut Session) -> Outcome {
        let show = self.page != Page::Run && session.runs.followed.is_some();
        self.page = if show { Page::Run } else { Page::Form };
        Outcome::none()
    }

    fn next_chart(&mut self, _: &mut Session) -> Outcome {
        self.chart = self.chart.next();
        Outcome::none()
    }

    fn open(&mut self, session: &mut Session) -> Outcome {
        match self.page {
            Page::Runs => self.open_run(session),
            Page::Compare => self.show_changes(session),
            _ => self.change_setting(session),
        }
    }
}

impl Panel for Train {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        if self.typing { Context::Typing } else { Context::Train }
    }

    fn hint(&self, command: Command, session: &Session) -> Option<&'static str> {
        match (command, self.page) {
            (Command::Pause, _) if runs::is_paused(session) => Some("go on"),
            (Command::View, Page::Run) | (Command::OtherPane, Page::Runs) => Some("settings"),
            (Command::Log, Page::Log) => Some("curves"),
            (Command::Open, Page::Form) => Some("change"),
            (Command::Open, Page::Compare) => Some("sentences"),
            (Command::Compare, Page::Compare) => Some("another run"),
            _ => None,
        }
    }

    fn prompt(&self) -> Option<Prompt> {
        form::ROWS.get(self.row).filter(|_| self.typing).map(|row| Prompt::Setting(row.key))
    }

    /// The problem of the text before may be gone.
    fn typed(&mut self, _: &mut Session) -> Outcome {
        self.problem = None;
        Outcome::none()
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        self.take_typed_setting(session)
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        self.list_cursor(session)
    }

    fn travel(&mut self, command: Command, session: &mut Session) -> Outcome {
        self.move_on_page(command, session);
        Outcome::none()
    }

    /// Counts the data that would train; shows the run if one is running.
    fn enter(&mut self, session: &mut Session) -> Outcome {
        let live = session.runs.running().is_some() && session.runs.followed.is_some();
        if live && self.page == Page::Form {
            self.page = Page::Run;
        }
        self.count_data(session).into()
    }

    fn leave(&mut self, _: &mut Session) {
        self.close_field();
    }

    fn holds(&self, _: &Session) -> bool {
        self.page != Page::Form
    }

    fn back(&mut self, _: &mut Session) -> bool {
        if self.typing {
            self.close_field();
            return true;
        }
        self.leave_page()
    }

    fn next_step(&self, session: &Session) -> Option<String> {
        if self.typing {
            return None;
        }
        let key = |command| session.key(Context::Train, command);
        if let Some(run) = session.runs.running() {
            return Some(match run.status.phase {
                Phase::Paused => format!("{} lets the training go on", key(Command::Pause)),
                _ => {
                    let [tag, stop] = [Command::Go(Screen::Tag), Command::StopMenu].map(key);
                    format!("you can go on tagging meanwhile: {tag}; {stop} ends it early")
                }
            });
        }
        if session.runs.is_busy() {
            return Some(format!("{} cancels the training that is being prepared", key(Command::StopMenu)));
        }
        if session.runs.list.first().is_some_and(|run| run.has_model) {
            let [tag, evaluate, explore] =
                [Screen::Tag, Screen::Evaluate, Screen::Explore].map(|screen| key(Command::Go(screen)));
            return Some(format!(
                "the model suggests in Tag ({tag}), answers in Explore ({explore}); {evaluate} scores it"
            ));
        }
        Some(match self.summary.as_ref()?.train {
            0 => format!(
                "no document of the training split is done yet: tag some first ({})",
                key(Command::Go(Screen::Tag))
            ),
            documents => {
                format!("{} starts a training on {}", key(Command::Start), with_noun(documents, "document"))
            }
        })
    }
}

impl Commands for Train {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::Start,
            name: "start",
            hint: "start",
            doc: "Start a training with the settings shown",
            keys: &[(Context::Train, "s T")],
            when: idle,
            run: Self::start,
        },
        Row {
            command: Command::Pause,
            name: "pause",
            hint: "pause",
            doc: "Pause the run, or let it go on",
            keys: &[(Context::Train, "space")],
            when: running,
            run: Self::pause,
        },
        Row {
            command: Command::StopMenu,
            name: "stop",
            hint: "stop",
            doc: "Ask how to end the run; cancel one that is being prepared",
            keys: &[(Context::Train, "S")],
            when: running,
            run: Self::ask_stop,
        },
        Row {
            command: Command::Checkpoint,
            name: "checkpoint",
            hint: "checkpoint",
            doc: "Write the model as it is now; the run goes on",
            keys: &[(Context::Train, "K")],
            when: Self::live,
            run: Self::checkpoint,
        },
        Row {
            command: Command::NextChart,
            name: "next-chart",
            hint: "next chart",
            doc: "Draw other curves: loss, F1, learning rate, labels",
            keys: &[(Context::Train, "c")],
            when: Self::has_curves,
            run: Self::next_chart,
        },
        Row {
            command: Command::Log,
            name: "log",
            hint: "log",
            doc: "Show the end of the run's log, or its curves",
            keys: &[(Context::Train, "l")],
            when: Self::shows_run,
            run: Self::toggle_log,
        },
        Row {
            command: Command::Open,
            name: "open",
            hint: "open",
            doc: "Change the setting, show the run or the sentences compared",
            keys: &[(Context::Train, "enter")],
            when: Self::can_open,
            run: Self::open,
        },
        Row {
            command: Command::Compare,
            name: "compare",
            hint: "compare",
            doc: "Lay another run beside the one that is open",
            keys: &[(Context::Train, "m")],
            when: followed,
            run: Self::compare,
        },
        Row {
            command: Command::View,
            name: "view-run",
            hint: "curves",
            doc: "Show the curves of a run, or the settings",
            keys: &[(Context::Train, "v")],
            when: followed,
            run: Self::toggle_run,
        },
        Row {
            command: Command::OtherPane,
            name: "other-pane",
            hint: "runs",
            doc: "Show the list of runs, or the settings",
            keys: &[(Context::Train, "r")],
            when: any_runs,
            run: Self::toggle_runs,
        },
        Row {
            command: Command::Resume,
            name: "resume-run",
            hint: "go on",
            doc: "Go on with an interrupted run from its checkpoint",
            keys: &[(Context::Train, "R")],
            when: Self::can_resume,
            run: Self::resume,
        },
        Row {
            command: Command::AskRemove,
            name: "remove-run",
            hint: "remove",
            doc: "Remove a run with its model; asks first",
            keys: &[(Context::Train, "D delete")],
            when: Self::can_remove,
            run: Self::ask_removal,
        },
        Row {
            command: Command::LogScale,
            name: "log-scale",
            hint: "log scale",
            doc: "Draw losses on a logarithmic scale, or a linear one",
            keys: &[(Context::Train, "y")],
            when: Self::has_curves,
            run: Self::toggle_log_scale,
        },
        Row {
            command: Command::NextAxis,
            name: "next-axis",
            hint: "axis",
            doc: "Draw curves by epoch, by step or by time",
            keys: &[(Context::Train, "x")],
            when: Self::has_curves,
            run: Self::next_axis,
        },
        Row {
            command: Command::ReadLeft,
            name: "read-left",
            hint: "read",
            doc: "Read the curves out at the point to the left",
            keys: &[(Context::Train, "left")],
            when: Self::has_curves,
            run: Self::read_left,
        },
        Row {
            command: Command::ReadRight,
            name: "read-right",
            hint: "read",
            doc: "Read the curves out at the point to the right",
            keys: &[(Context::Train, "right")],
            when: Self::has_curves,
            run: Self::read_right,
        },
        Row {
            command: Command::ZoomIn,
            name: "zoom-in",
            hint: "zoom",
            doc: "Draw half as much of the horizontal axis",
            keys: &[(Context::Train, "+ =")],
            when: Self::has_curves,
            run: Self::zoom_in,
        },
        Row {
            command: Command::ZoomOut,
            name: "zoom-out",
            hint: "zoom",
            doc: "Draw twice as much of the horizontal axis",
            keys: &[(Context::Train, "minus")],
            when: Self::has_curves,
            run: Self::zoom_out,
        },
        Row {
            command: Command::PanLeft,
            name: "pan-left",
            hint: "",
            doc: "Move the part of the axis that is drawn to the left",
            keys: &[(Context::Train, "<")],
            when: Self::has_curves,
            run: Self::pan_left,
        },
        Row {
            command: Command::PanRight,
            name: "pan-right",
            hint: "",
            doc: "Move the part of the axis that is drawn to the right",
            keys: &[(Context::Train, ">")],
            when: Self::has_curves,
            run: Self::pan_right,
        },
        Row {
            command: Command::WholeAxis,
            name: "whole-axis",
            hint: "",
            doc: "Draw the whole axis again, without the cursor",
            keys: &[(Context::Train, "0")],
            when: Self::has_curves,
            run: Self::show_whole,
        },
        Row {
            command: Command::StopAfterEpoch,
            name: "stop-after-epoch",
            hint: "after this epoch",
            doc: "End the run when this epoch is complete, and keep its model",
            keys: &[(Context::StopMenu, "e")],
            when: running,
            run: |_, session| runs::stop(Control::StopAfterEpoch, session),
        },
        Row {
            command: Command::StopNow,
            name: "stop-now",
            hint: "now",
            doc: "End the run after this step, score it and keep its model",
            keys: &[(Context::StopMenu, "n")],
            when: running,
            run: |_, session| runs::stop(Control::StopNow, session),
        },
        Row {
            command: Command::TrainNow,
            name: "train-now",
            hint: "train",
            doc: "Train now with the last settings",
            keys: &[(Context::Tag, "T")],
            when: idle,
            run: Self::start,
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Train, list::PAGED)];
}
