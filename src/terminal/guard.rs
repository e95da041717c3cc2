//! Takes over the terminal, and restores it once, however the program ends.

use std::{
    io::{self, Stdout, Write},
    mem::ManuallyDrop,
    sync::atomic::{AtomicBool, Ordering},
};

use crossterm::{
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute,
    style::Print,
    terminal::{EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{
    Frame, Terminal, TerminalOptions, Viewport,
    backend::Backend,
    layout::{Rect, Size},
};

use super::painter::Painter;

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

/// Resets colours and attributes.
const PLAIN: &str = "\x1b[m";

/// Largest area that is drawn, in columns and rows.
///
/// Every cell of a frame is held in memory, and a terminal can report any size up to 65535x65535.
const LARGEST: (u16, u16) = (1000, 500);

/// Whether mouse reports are switched on.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Whether the terminal is taken over; read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal in raw mode on its alternate screen until dropped.
pub(super) struct Guard {
    /// Never dropped, because its destructor writes to standard error.
    /// That panics if the terminal is gone, and would end a training that must continue. [`release`] restores the
    /// terminal.
    terminal: ManuallyDrop<Terminal<Painter<Stdout>>>,
    /// Area of the last frame.
    area: Rect,
    mouse: bool,
}

impl Guard {
    /// Takes over the terminal, with or without the mouse.
    ///
    /// # Errors
    /// There is no terminal, or its modes cannot be changed.
    pub(super) fn take(mouse: bool) -> io::Result<Self> {
        let backend = Painter::new(io::stdout());
        let area = drawn_area(backend.size()?);
        // Not `Viewport::Fullscreen`, which holds as many cells as the terminal claims to have.
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport: Viewport::Fixed(area) })?;
        let mut guard = Self { terminal: ManuallyDrop::new(terminal), area, mouse };
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
        self.area = drawn_area(self.terminal.size()?);
        self.terminal.backend_mut().forget();
        self.terminal.resize(self.area)
    }

    /// Width and height of the area that is drawn, in cells.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let area = drawn_area(self.terminal.size()?);
        Ok((area.width, area.height))
    }

    /// Draws one frame inside a synchronized update.
    /// Terminals that support it show no partial frame.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if drawn_area(self.terminal.size()?) != self.area {
            self.redraw()?;
        }
        self.terminal.backend_mut().begin_frame();
        let drawn = self.terminal.draw(view).map(|_| ());
        self.terminal.backend_mut().end_frame()?;
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

/// Area that is drawn in a terminal of this size; the rest stays blank.
fn drawn_area(size: Size) -> Rect {
    Rect::new(0, 0, size.width.min(LARGEST.0), size.height.min(LARGEST.1))
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
        Print(PLAIN),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_of_any_size_has_an_area_that_fits_into_memory() {
        let area = |columns, rows| drawn_area(Size::new(columns, rows));
        assert_eq!(area(80, 24), Rect::new(0, 0, 80, 24));
        assert_eq!(area(u16::MAX, u16::MAX), Rect::new(0, 0, 1000, 500));
        assert_eq!((area(0, 0).area(), area(u16::MAX, 1).area()), (0, 1000));
    }
}
