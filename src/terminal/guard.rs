//! Takes over the terminal, and restores it once, however the program ends.

use std::{
    io::{self, Stdout, Write},
    mem::ManuallyDrop,
    sync::atomic::{AtomicBool, Ordering},
};

use crossterm::{
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute, queue,
    style::Print,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};

/// Switches on reports of the mouse.
/// These are buttons (1000), moves with a button held (1002) and the wheel, in numbers of any size (1006). Reports of
/// every move, which are usual, would flood a slow connection.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Keeps letters in logical order.
/// Also in words that are read from right to left, since underlines are drawn by cell. Terminals that would reverse
/// such words (VTE, by mode 8 of ECMA-48) leave them as they are; others ignore the mode.
const LOGICAL: &str = "\x1b[8l";
const VISUAL: &str = "\x1b[8h";

/// Whether mouse reports are switched on.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Whether the terminal is taken over; read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal in raw mode on its alternate screen until dropped.
pub(super) struct Guard {
    /// Never dropped, because its destructor writes to standard error.
    /// That panics if the terminal is gone, and would end a training that must continue. [`release`] restores the
    /// terminal.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    mouse: bool,
}

impl Guard {
    /// Takes over the terminal, with or without the mouse.
    ///
    /// # Errors
    /// There is no terminal, or its modes cannot be changed.
    pub(super) fn take(mouse: bool) -> io::Result<Self> {
        // The mono theme handles `NO_COLOR`; crossterm's handling of it would also reset reverse and bold.
        crossterm::style::force_color_output(true);
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(io::stdout()))?);
        let mut guard = Self { terminal, mouse };
        guard.enter()?;
        Ok(guard)
    }

    /// Takes over the terminal again after [`Self::leave`].
    /// The next frame draws every cell.
    pub(super) fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Print(LOGICAL), Hide)?;
        if self.mouse {
            MOUSE.store(true, Ordering::SeqCst);
            execute!(io::stdout(), Print(MOUSE_ON))?;
        }
        self.redraw()
    }

    /// Restores the terminal for a while.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        release()
    }

    /// Makes the next frame draw every cell.
    ///
    /// `Terminal::clear` is avoided, because it queries the cursor's position: a slow connection would delay the answer,
    /// and a terminal that does not answer would be fatal.
    pub(super) fn redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Width and height in cells.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws one frame inside a synchronized update.
    /// Terminals that support it show no partial frame.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(view).map(|_| ());
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Writer to the terminal that bypasses the cells, for the clipboard.
    pub(super) fn writer(&mut self) -> &mut impl Write {
        self.terminal.backend_mut()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = release();
    }
}

/// Restores the terminal if it is taken over.
pub(super) fn release() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mouse = if MOUSE.swap(false, Ordering::SeqCst) { MOUSE_OFF } else { "" };
    let shown = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        Print(mouse),
        Print(VISUAL),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    disable_raw_mode()?;
    shown
}

/// Makes a panic on the drawing thread restore the terminal first.
/// Its message is printed afterwards.
///
/// Panics of other threads are caught there and become events; they must not affect the screen.
pub(super) fn install_panic_hook() {
    let screen = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == screen {
            let _ = release();
            before(info);
        } else {
            tracing::error!(panic = %info, "a worker panicked");
        }
    }));
}
