//! The event loop.
//! It waits, converts input into events, lets `app::update` change the state, carries out effects, and draws.
//!
//! Keys always come first: all of them are handled before any report of a job.

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, never, select_biased, unbounded};

use super::{
    capabilities::Capabilities,
    clipboard,
    draft_pacing::DraftPacing,
    frame_pacing::FramePacing,
    guard::{self, Guard},
    input::{self, Input, InputThread},
    opening_screen::{Opening, OpeningScreen},
    signals::{self, Interrupts, Signal},
};
use crate::{
    app::{
        self, Effect, Event, State,
        event::{Level, Message},
        keymap::Keymap,
    },
    services::{End, OpenError, Outcome, PreferencesOf, Services, UserFolders, format_infos, now},
    text::width::Glyphs,
    ui::{self, Caps, HitMap, Theme},
};

/// Time in which a project of usual size is open, so that no screen of the opening flashes by.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Options of the screen.
pub struct ScreenOptions {
    /// Project to open; `None` shows the welcome screen.
    pub open: Option<PathBuf>,
    /// Preferences of the user for a project.
    pub preferences: PreferencesOf,
    /// Folders of the user.
    pub folders: UserFolders,
    /// Colours and styles.
    pub theme: Theme,
    /// Capabilities of the terminal.
    pub capabilities: Capabilities,
    /// Maximum number of frames per second for reports of jobs.
    pub frames: u32,
    /// Keys and their commands.
    pub keymap: Keymap,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// Whether a screen reader reads the screen.
    pub plain: bool,
}

/// The screen cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The terminal cannot be used.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// The project cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The user's last actions are lost.
    #[error("{0}")]
    Unsaved(String),
}

/// Runs the screen until the user leaves.
/// It waits for a training that continues without the screen.
///
/// # Errors
/// The terminal cannot be used, the requested project cannot be opened, or actions could not be saved.
pub fn run(options: ScreenOptions) -> Result<(), TerminalError> {
    let (input_sender, input) = unbounded();
    let (signal_sender, signals) = unbounded();
    let senders = Senders { input: input_sender, signals: signal_sender };
    let (job_sender, jobs) = unbounded();
    let (opening_sender, openings) = unbounded();
    let mut services = Services::new(job_sender, opening_sender, options.folders, options.preferences);
    let glyphs = if options.capabilities.unicode { Glyphs::Unicode } else { Glyphs::Ascii };
    let mut state = State::new(options.keymap);
    state.session.glyphs = glyphs;
    state.session.formats = format_infos();
    state.session.reports_frames = true;
    let caps = Caps { glyphs, plain: options.plain };
    let sources = Sources { input, signals, jobs, openings };
    let (first, taken) = match &options.open {
        None => (services.welcome(), None),
        Some(dir) => {
            let progress = services.open_first(dir);
            let screen = OpeningScreen::new(dir, &progress, &options.theme, caps);
            let (ended, taken) = open(&screen, options.mouse, &senders, &sources)?;
            match ended {
                Opening::Ended(outcome) => (services.opened_first(*outcome)?, taken),
                Opening::Left(end) => {
                    progress.cancel();
                    drop(taken);
                    return finish(services, end, sources);
                }
            }
        }
    };
    for effect in app::update(&mut state, first) {
        services.carry_out(effect);
    }
    let Taken { guard, input_thread } = taken.map_or_else(|| Taken::new(options.mouse, &senders), Ok)?;
    drop(senders);
    let mut screen = Screen {
        guard,
        state,
        services,
        pacing: FramePacing::new(options.frames),
        drafts: DraftPacing::default(),
        theme: options.theme,
        caps,
        hits: HitMap::default(),
        tmux: options.capabilities.tmux,
    };
    let ended = screen.run(&sources);
    if ended.is_err() {
        // As after a hang-up: what could not be saved is tried once more.
        let _ = screen.handle(Event::Hangup);
    }
    let Screen { guard, services, .. } = screen;
    drop(guard);
    // In the background, a read of the terminal would stop the whole process.
    drop(input_thread);
    // Also if the terminal is gone: a training continues, and the journal is closed in order.
    finish(services, *ended.as_ref().unwrap_or(&End::Gone), sources)?;
    ended.map(|_| ()).map_err(Into::into)
}

/// Waits for the outcome of an opening, and shows its screen if that takes long.
/// A project of usual size is open before, so an error is printed in the shell.
fn open(
    screen: &OpeningScreen<'_>,
    mouse: bool,
    senders: &Senders,
    sources: &Sources,
) -> io::Result<(Opening, Option<Taken>)> {
    if let Ok(outcome) = sources.openings.recv_timeout(AT_ONCE) {
        return Ok((Opening::Ended(Box::new(outcome)), None));
    }
    let mut taken = Taken::new(mouse, senders)?;
    let ended = screen.run(&mut taken.guard, &sources.input, &sources.signals, &sources.openings)?;
    Ok((ended, Some(taken)))
}

/// Ends the work of the services.
fn finish(services: Services, end: End, sources: Sources) -> Result<(), TerminalError> {
    let mut interrupts = Interrupts::new(sources.signals, end == End::Terminated);
    let saved = services.finish(end, &sources.openings, |wait, limit| interrupts.wait(wait, limit));
    saved.map_err(TerminalError::Unsaved)
}

/// Ends of channels for the threads that read the terminal and the signals.
struct Senders {
    input: Sender<Input>,
    signals: Sender<Signal>,
}

/// The terminal, taken over, and the thread that reads it. The terminal is given back first.
struct Taken {
    guard: Guard,
    input_thread: InputThread,
}

impl Taken {
    /// Takes over the terminal. From then on signals are events.
    fn new(mouse: bool, senders: &Senders) -> io::Result<Self> {
        guard::install_panic_hook();
        signals::start(senders.signals.clone())?;
        let guard = Guard::take(mouse)?;
        Ok(Self { guard, input_thread: input::start(senders.input.clone())? })
    }
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
    drafts: DraftPacing,
    theme: Theme,
    caps: Caps,
    /// Mouse targets of the last frame.
    hits: HitMap,
    tmux: bool,
}

impl Screen {
    fn run(&mut self, sources: &Sources) -> io::Result<End> {
        if let Some(end) = self.resize()? {
            return Ok(end);
        }
        loop {
            let now = Instant::now();
            if self.drafts.take_due(now) {
                self.services.keep_drafts(self.state.drafts_to_keep());
            }
            let wait = self.pacing.wait(now);
            if wait.is_some_and(|wait| wait.is_zero()) && sources.input.is_empty() {
                self.draw()?;
                continue;
            }
            let next = wait.into_iter().chain(self.drafts.wait(now)).min();
            let due = next.map_or_else(never, crossbeam_channel::after);
            let end = select_biased! {
                recv(sources.input) -> input => self.input(input.unwrap_or(Input::Gone))?,
                recv(sources.signals) -> signal => self.signal(signal.unwrap_or(Signal::Terminate))?,
                recv(sources.jobs) -> event => match event {
                    Ok(event) => {
                        self.pacing.request(&event);
                        self.handle(event)?
                    }
                    Err(_) => None,
                },
                // After the jobs, so that the last reports of the project that was open before come first.
                recv(sources.openings) -> outcome => self.opened(outcome.ok())?,
                recv(due) -> _ => None,
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    fn input(&mut self, input: Input) -> io::Result<Option<End>> {
        if !matches!(input, Input::Mouse { .. }) {
            self.pacing.request_now();
        }
        match input {
            Input::Key(key) => self.handle(Event::Key { key, at: now() }),
            Input::Mouse { gesture, column, row } => {
                // The gesture refers to what the user sees, so pending changes are drawn first.
                if self.pacing.is_due() {
                    self.draw()?;
                }
                let target = self.hits.at(column, row);
                self.pacing.request_now();
                self.handle(Event::Pointer { gesture, target, at: now() })
            }
            Input::Paste(text) => self.handle(Event::Paste(text)),
            Input::Resize => self.resize(),
            Input::Gone => self.gone(End::Gone),
        }
    }

    fn signal(&mut self, signal: Signal) -> io::Result<Option<End>> {
        self.pacing.request_now();
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
        self.handle(Event::Hangup)?;
        Ok(Some(end))
    }

    fn resize(&mut self) -> io::Result<Option<End>> {
        let (columns, rows) = self.guard.size()?;
        self.handle(Event::Resize { columns, rows })
    }

    /// Handles one event: changes the state and carries out the effects.
    fn handle(&mut self, event: Event) -> io::Result<Option<End>> {
        let is_end = matches!(event, Event::Hangup);
        let place = self.state.place();
        match event {
            // Before the update: afterwards no project is open.
            Event::Hangup => self.services.keep_drafts(self.state.drafts_to_keep()),
            Event::Drawn(_) => {}
            _ => self.drafts.changed(Instant::now()),
        }
        let effects = app::update(&mut self.state, event);
        if is_end || effects.iter().any(|effect| matches!(effect, Effect::Quit(_) | Effect::Close)) {
            place.into_iter().for_each(|place| self.services.remember_place(place));
        }
        for effect in effects {
            match effect {
                Effect::Quit(leave) => {
                    if !is_end {
                        self.services.keep_drafts(self.state.drafts_given_up());
                    }
                    return Ok(Some(End::Left(leave)));
                }
                Effect::Redraw => self.guard.redraw()?,
                Effect::Suspend => self.suspend()?,
                Effect::Copy(text) => {
                    let (level, text) = match clipboard::copy(self.guard.writer(), &text, self.tmux) {
                        Ok(way) => (Level::Info, way.to_owned()),
                        Err(error) => (Level::Warn, format!("nothing was copied: {error}")),
                    };
                    self.handle(Event::Message(Message { level, text }))?;
                }
                Effect::Close => {
                    self.services.close();
                    self.services.send_welcome();
                }
                other => self.services.carry_out(other),
            }
        }
        Ok(None)
    }

    /// Handles the outcome of an opening.
    fn opened(&mut self, outcome: Option<Outcome>) -> io::Result<Option<End>> {
        self.pacing.request_now();
        for event in outcome.map(|outcome| self.services.opened(outcome)).unwrap_or_default() {
            if let Some(end) = self.handle(event)? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.guard.leave()?;
        signals::stop_process()?;
        self.guard.enter()?;
        self.pacing.request_now();
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        self.guard.draw(|frame| self.hits = ui::draw(&self.state, &self.theme, self.caps, frame))?;
        self.pacing.drawn(Instant::now());
        // This changes nothing that is drawn.
        if let Some(sight) = self.hits.sight {
            self.handle(Event::Drawn(sight))?;
        }
        Ok(())
    }
}
