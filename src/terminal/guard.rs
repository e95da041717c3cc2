//! The terminal, taken over and given back. Whatever way the program ends, the guard gives it back once.

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

/// Reports of buttons (1000), of moves with one held (1002) and of the wheel, in numbers of any size (1006). Not of every
/// move, as the usual way to ask for the mouse does: over a slow line that would be a flood.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Letters stand where they are put, also those of words read from right to left: marks stand under them. Terminals that
/// would turn such words round (VTE's, by ECMA-48's mode 8) leave them; others know no such mode.
const LOGICAL: &str = "\x1b[8l";
const TURNED: &str = "\x1b[8h";

/// Whether the mouse is ours at the moment.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Whether the terminal is ours at the moment; the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal in raw mode on its alternate screen until dropped.
pub(super) struct Guard {
    /// Never dropped: its own end writes to standard error when the terminal is gone, which panics there, and a training
    /// that is to go on would end with it. [`release`] gives the terminal back.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    mouse: bool,
}

impl Guard {
    /// Takes the terminal over, with the mouse or without.
    ///
    /// # Errors
    /// There is none, or it cannot be switched.
    pub(super) fn take(mouse: bool) -> io::Result<Self> {
        // `NO_COLOR` is our own business (the mono theme): crossterm's handling of it would reset reverse and bold.
        crossterm::style::force_color_output(true);
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(io::stdout()))?);
        let mut guard = Self { terminal, mouse };
        guard.enter()?;
        Ok(guard)
    }

    /// Takes the terminal over again after [`Self::leave`]; the next frame draws every cell.
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

    /// Gives the terminal back for a while.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        release()
    }

    /// Draws every cell at the next frame. Not by `Terminal::clear`, which asks the terminal where the cursor is: a slow
    /// line would delay the answer, and a terminal that gives none would be fatal.
    pub(super) fn redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Width and height in cells.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws one frame inside a synchronized update: terminals that know it show nothing half-drawn.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(view).map(|_| ());
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }

    /// The way to the terminal past the cells, for the clipboard.
    pub(super) fn writer(&mut self) -> &mut impl Write {
        self.terminal.backend_mut()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = release();
    }
}

/// Gives the terminal back if it is ours.
pub(super) fn release() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mouse = if MOUSE.swap(false, Ordering::SeqCst) { MOUSE_OFF } else { "" };
    let shown = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        Print(mouse),
        Print(TURNED),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    disable_raw_mode()?;
    shown
}

/// Makes a panic on the thread that draws give the terminal back before its message is printed. Panics of workers
/// are caught where they happen and become events; they must not tear the screen down.
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
