//! The loop: waits, turns what happened into events, lets `app::update` change the state, carries effects out, draws.
//!
//! Keys come first, always: they are drained before anything that jobs report is looked at.

use std::{io, path::PathBuf, time::Instant};

use crossbeam_channel::{Receiver, never, select_biased, unbounded};

use super::{
    capabilities::Capabilities,
    clipboard,
    frame_pacing::FramePacing,
    guard::{self, Guard},
    input::{self, Input},
    signals::{self, Interrupts, Signal},
};
use crate::{
    app::{
        self, Effect, Event, State,
        event::{Level, Message},
        keymap::Keymap,
    },
    services::{End, OpenError, Outcome, RecentProjects, Services, Who, format_names, now},
    text::width::Glyphs,
    ui::{self, Caps, HitMap, Theme},
};

/// What the screen begins with.
pub struct Session {
    /// The project to open; without one the welcome screen shows.
    pub open: Option<PathBuf>,
    /// Who tags.
    pub who: Who,
    /// Where the user's own things are.
    pub recent_projects: RecentProjects,
    /// Colours and styles.
    pub theme: Theme,
    /// What the terminal can show.
    pub capabilities: Capabilities,
    /// Most frames a second for what jobs report.
    pub frames: u32,
    /// What keys mean.
    pub keymap: Keymap,
    /// Whether the mouse is taken, too.
    pub mouse: bool,
    /// Whether a screen reader reads the screen.
    pub plain: bool,
}

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The terminal cannot be used.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// The project could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Runs the screen until the person leaves. A training that goes on without a screen is waited for.
///
/// # Errors
/// The terminal cannot be used, or the project that was asked for cannot be opened.
pub fn run(session: Session) -> Result<(), TerminalError> {
    let (input_sender, input) = unbounded();
    let (signal_sender, signals) = unbounded();
    let (job_sender, jobs) = unbounded();
    let (opening_sender, openings) = unbounded();
    let mut services = Services::new(job_sender, opening_sender, session.recent_projects, session.who);
    let glyphs = if session.capabilities.unicode { Glyphs::Unicode } else { Glyphs::Ascii };
    let mut state = State::new(session.keymap);
    state.session.glyphs = glyphs;
    state.session.formats = format_names();
    let first = match &session.open {
        // Before the terminal is taken over: what is wrong with the project is best said in the shell.
        Some(dir) => services.open_now(dir)?,
        None => services.welcome(),
    };
    for effect in app::update(&mut state, first) {
        services.carry_out(effect);
    }
    guard::install_panic_hook();
    signals::start(signal_sender)?;
    let guard = Guard::take(session.mouse)?;
    let keys = input::start(input_sender)?;
    let caps = Caps { glyphs, plain: session.plain };
    let sources = Sources { input, signals, jobs, openings };
    let mut screen = Screen {
        guard,
        state,
        services,
        pacing: FramePacing::new(session.frames),
        theme: session.theme,
        caps,
        hits: HitMap::default(),
        tmux: session.capabilities.tmux,
    };
    let ended = screen.turn(&sources);
    let Screen { guard, services, .. } = screen;
    drop(guard);
    // Behind the prompt, a read of the terminal would stop the whole process.
    drop(keys);
    // Whatever became of the terminal: a training goes on, and the journal is closed in order.
    let end = *ended.as_ref().unwrap_or(&End::Gone);
    let mut interrupts = Interrupts::new(sources.signals, end == End::Terminated);
    services.finish(end, &sources.openings, |wait| interrupts.wait(wait));
    ended.map(|_| ()).map_err(Into::into)
}

struct Sources {
    input: Receiver<Input>,
    signals: Receiver<Signal>,
    jobs: Receiver<Event>,
    openings: Receiver<Outcome>,
}

struct Screen {
    guard: Guard,
    state: State,
    services: Services,
    pacing: FramePacing,
    theme: Theme,
    caps: Caps,
    /// What the last frame shows where.
    hits: HitMap,
    tmux: bool,
}

impl Screen {
    fn turn(&mut self, sources: &Sources) -> io::Result<End> {
        if let Some(end) = self.resize()? {
            return Ok(end);
        }
        loop {
            let wait = self.pacing.wait(Instant::now());
            if wait.is_some_and(|wait| wait.is_zero()) && sources.input.is_empty() {
                self.draw()?;
                continue;
            }
            let due = wait.map_or_else(never, crossbeam_channel::after);
            let end = select_biased! {
                recv(sources.input) -> input => self.input(input.unwrap_or(Input::Gone))?,
                recv(sources.signals) -> signal => self.signal(signal.unwrap_or(Signal::Terminate))?,
                recv(sources.jobs) -> event => match event {
                    Ok(event) => {
                        self.pacing.job();
                        self.happen(event)?
                    }
                    Err(_) => None,
                },
                // After the jobs: the last words of what was open before come first.
                recv(sources.openings) -> outcome => self.arrive(outcome.ok())?,
                recv(due) -> _ => None,
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    fn input(&mut self, input: Input) -> io::Result<Option<End>> {
        if !matches!(input, Input::Mouse { .. }) {
            self.pacing.person();
        }
        match input {
            Input::Key(key) => self.happen(Event::Key { key, at: now() }),
            Input::Mouse { gesture, column, row } => {
                // It points at what is seen, so what came before it must be.
                if self.pacing.is_due() {
                    self.draw()?;
                }
                let target = self.hits.at(column, row);
                self.pacing.person();
                self.happen(Event::Pointer { gesture, target, at: now() })
            }
            Input::Paste(text) => self.happen(Event::Paste(text)),
            Input::Resize(columns, rows) => self.happen(Event::Resize { columns, rows }),
            Input::Gone => self.gone(End::Gone),
        }
    }

    fn signal(&mut self, signal: Signal) -> io::Result<Option<End>> {
        self.pacing.person();
        match signal {
            Signal::Hangup => self.gone(End::Gone),
            Signal::Terminate => self.gone(End::Terminated),
            Signal::Resize => self.resize(),
            Signal::Continue => {
                self.guard.redraw()?;
                self.resize()
            }
        }
    }

    fn gone(&mut self, end: End) -> io::Result<Option<End>> {
        self.happen(Event::Hangup)?;
        Ok(Some(end))
    }

    fn resize(&mut self) -> io::Result<Option<End>> {
        let (columns, rows) = self.guard.size()?;
        self.happen(Event::Resize { columns, rows })
    }

    /// One event: the state changes, and what follows from it is done or set going.
    fn happen(&mut self, event: Event) -> io::Result<Option<End>> {
        for effect in app::update(&mut self.state, event) {
            match effect {
                Effect::Quit(leave) => return Ok(Some(End::Left(leave))),
                Effect::Redraw => self.guard.redraw()?,
                Effect::Suspend => self.suspend()?,
                Effect::Copy(text) => {
                    let (level, text) = match clipboard::copy(self.guard.writer(), &text, self.tmux) {
                        Ok(way) => (Level::Info, way.to_owned()),
                        Err(error) => (Level::Warn, format!("nothing was copied: {error}")),
                    };
                    self.happen(Event::Message(Message { level, text }))?;
                }
                Effect::Close => {
                    self.services.close();
                    let welcome = self.services.welcome();
                    self.happen(welcome)?;
                }
                other => self.services.carry_out(other),
            }
        }
        Ok(None)
    }

    /// A project was opened, or could not be.
    fn arrive(&mut self, outcome: Option<Outcome>) -> io::Result<Option<End>> {
        self.pacing.person();
        for event in outcome.map(|outcome| self.services.arrived(outcome)).unwrap_or_default() {
            if let Some(end) = self.happen(event)? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.guard.leave()?;
        signals::stop_process()?;
        self.guard.enter()?;
        self.pacing.person();
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        let (state, theme, caps) = (&self.state, &self.theme, self.caps);
        let hits = &mut self.hits;
        self.guard.draw(|frame| *hits = ui::draw(state, theme, caps, frame))?;
        self.pacing.drawn(Instant::now());
        Ok(())
    }
}
