//! Writes cells to the terminal in few bytes, and each frame at once.
//!
//! Over a slow connection every byte is felt. ratatui's own backend sets each attribute by a sequence of its own, goes to
//! each run of cells by its place, and resets everything after each frame; that is half of its output.

use std::io::{self, Write};

use ratatui::{
    backend::{Backend, ClearType, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
    style::{Color, Modifier},
};

use crate::text::width::width;

/// Start and end of a synchronized update. Terminals that support it show no partial frame.
const FRAME: [&[u8]; 2] = [b"\x1b[?2026h", b"\x1b[?2026l"];

/// Attributes with the codes that set and reset them.
const ATTRIBUTES: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// Attributes that show on a blank.
const ON_BLANKS: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);

/// Colours and attributes of what is written next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    attributes: Modifier,
}

impl Pen {
    const PLAIN: Self = Self { fg: Color::Reset, bg: Color::Reset, attributes: Modifier::empty() };

    fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, attributes: cell.modifier }
    }

    /// Whether a blank looks the same in both.
    fn same_on_blanks(self, other: Self) -> bool {
        self.bg == other.bg && !(self.attributes | other.attributes).intersects(ON_BLANKS)
    }
}

/// Place of the terminal's cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    x: u16,
    y: u16,
    /// Whether every terminal agrees: the characters before have the same width everywhere.
    certain: bool,
}

/// Backend of ratatui that remembers colours and cursor between frames.
#[derive(Debug)]
pub(super) struct Painter<W> {
    out: W,
    /// Bytes that were not written yet.
    buffer: Vec<u8>,
    /// Whether a frame has begun, which is written when it is complete.
    in_frame: bool,
    /// `None` after other output.
    pen: Option<Pen>,
    /// `None` after other output.
    cursor: Option<Cursor>,
    /// Whether the cursor is hidden; `None` after other output.
    hidden: Option<bool>,
}

impl<W: Write> Painter<W> {
    /// Paints to `out`, whose state is unknown.
    pub(super) fn new(out: W) -> Self {
        Self { out, buffer: Vec::new(), in_frame: false, pen: None, cursor: None, hidden: None }
    }

    /// Forgets the state of the terminal, after other output to it.
    pub(super) fn forget(&mut self) {
        self.pen = None;
        self.cursor = None;
        self.hidden = None;
    }

    /// Begins a frame.
    pub(super) fn begin_frame(&mut self) {
        self.in_frame = true;
        self.buffer.extend_from_slice(FRAME[0]);
    }

    /// Ends a frame, and writes it.
    ///
    /// # Errors
    /// The terminal cannot be written.
    pub(super) fn end_frame(&mut self) -> io::Result<()> {
        self.in_frame = false;
        self.buffer.extend_from_slice(FRAME[1]);
        Backend::flush(self)
    }

    fn put(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// Moves the cursor, by its distance where that is shorter.
    fn go_to(&mut self, x: u16, y: u16) {
        let absolute = format!("\x1b[{};{}H", y.saturating_add(1), x.saturating_add(1));
        match self.cursor {
            Some(cursor) if (cursor.x, cursor.y) == (x, y) => return,
            Some(cursor) if cursor.certain && cursor.y == y && cursor.x < x => match x - cursor.x {
                1 => self.put("\x1b[C"),
                distance => self.put(&format!("\x1b[{distance}C")),
            },
            _ => self.put(&absolute),
        }
        self.cursor = Some(Cursor { x, y, certain: true });
    }

    /// Sets colours and attributes, by their differences where that is shorter.
    fn set_pen(&mut self, to: Pen) {
        if self.pen == Some(to) {
            return;
        }
        // Without codes, everything is reset.
        let mut from_plain = codes(Pen::PLAIN, to);
        if !from_plain.is_empty() {
            from_plain.insert_str(0, "0;");
        }
        let changes = self.pen.map(|from| codes(from, to)).filter(|changes| changes.len() <= from_plain.len());
        self.put(&format!("\x1b[{}m", changes.unwrap_or(from_plain)));
        self.pen = Some(to);
    }

    fn put_cell(&mut self, x: u16, y: u16, cell: &Cell) {
        self.go_to(x, y);
        let (symbol, pen) = (cell.symbol(), Pen::of(cell));
        if symbol != " " || !self.pen.is_some_and(|now| now.same_on_blanks(pen)) {
            self.set_pen(pen);
        }
        self.put(symbol);
        self.cursor = match (self.cursor, width(symbol)) {
            (Some(cursor), 1) => {
                Some(Cursor { x: x.saturating_add(1), y, certain: cursor.certain && is_narrow_everywhere(symbol) })
            }
            _ => None,
        };
    }
}

/// Whether every terminal draws this in one cell.
fn is_narrow_everywhere(symbol: &str) -> bool {
    // Lines and blocks have the width of letters wherever screens are drawn with them.
    let mut chars = symbol.chars();
    matches!((chars.next(), chars.next()), (Some(' '..='~' | '\u{2500}'..='\u{259f}'), None))
}

/// Codes that lead from one pen to another, separated by semicolons.
fn codes(from: Pen, to: Pen) -> String {
    let mut codes: Vec<String> = Vec::new();
    let mut kept = from.attributes;
    for (attribute, _, off) in ATTRIBUTES {
        if kept.contains(attribute) && !to.attributes.contains(attribute) {
            codes.push(off.to_string());
            // The same code may reset another attribute, too.
            ATTRIBUTES.iter().filter(|(.., other)| *other == off).for_each(|(also, ..)| kept.remove(*also));
        }
    }
    let added = ATTRIBUTES.iter().filter(|(attribute, ..)| (to.attributes - kept).contains(*attribute));
    codes.extend(added.map(|(_, on, _)| on.to_string()));
    for (from, to, base) in [(from.fg, to.fg, 30), (from.bg, to.bg, 40)] {
        if from != to {
            codes.push(color(to, base));
        }
    }
    codes.join(";")
}

/// Code of a colour; `base` is 30 for letters and 40 for the ground.
fn color(color: Color, base: u8) -> String {
    let plain = |code: u8| (base + code).to_string();
    match color {
        Color::Reset => plain(9),
        Color::Black => plain(0),
        Color::Red => plain(1),
        Color::Green => plain(2),
        Color::Yellow => plain(3),
        Color::Blue => plain(4),
        Color::Magenta => plain(5),
        Color::Cyan => plain(6),
        Color::Gray => plain(7),
        Color::DarkGray => plain(60),
        Color::LightRed => plain(61),
        Color::LightGreen => plain(62),
        Color::LightYellow => plain(63),
        Color::LightBlue => plain(64),
        Color::LightMagenta => plain(65),
        Color::LightCyan => plain(66),
        Color::White => plain(67),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue}", base + 8),
    }
}

impl<W: Write> Backend for Painter<W> {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        content.for_each(|(x, y, cell)| self.put_cell(x, y, cell));
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.hidden != Some(true) {
            self.put("\x1b[?25l");
            self.hidden = Some(true);
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.hidden != Some(false) {
            self.put("\x1b[?25h");
            self.hidden = Some(false);
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // The terminal is asked nothing: its answer may be late, or missing.
        Err(io::Error::new(io::ErrorKind::Unsupported, "the place of the cursor is not asked for"))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.go_to(x, y);
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        // Terminals fill what they clear with the ground of the pen.
        self.set_pen(Pen::PLAIN);
        self.put(match region {
            ClearType::All => "\x1b[2J",
            ClearType::AfterCursor => "\x1b[J",
            ClearType::BeforeCursor => "\x1b[1J",
            ClearType::CurrentLine => "\x1b[2K",
            ClearType::UntilNewLine => "\x1b[K",
        });
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = crossterm::terminal::size()?;
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let size = crossterm::terminal::window_size()?;
        let columns_rows = Size { width: size.columns, height: size.rows };
        Ok(WindowSize { columns_rows, pixels: Size { width: size.width, height: size.height } })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.in_frame {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.buffer);
        self.out.write_all(&bytes)?;
        self.out.flush()
    }
}

impl<W: Write> Write for Painter<W> {
    /// Takes bytes that move nothing and change no colour.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::{buffer::Buffer, layout::Rect};

    use super::*;

    const AREA: Rect = Rect::new(0, 0, 12, 3);

    /// Paints the differences of each buffer to the one before; returns the bytes of each.
    fn paint(buffers: &[Buffer]) -> Vec<Vec<u8>> {
        let mut painter = Painter::new(Vec::new());
        let mut before = Buffer::empty(AREA);
        let frames = buffers.iter().map(|buffer| {
            painter.begin_frame();
            painter.draw(before.diff(buffer).into_iter()).unwrap();
            painter.hide_cursor().unwrap();
            painter.end_frame().unwrap();
            before = buffer.clone();
            std::mem::take(&mut painter.out)
        });
        frames.collect()
    }

    fn buffer(cells: &[(u16, u16, &str, Pen)]) -> Buffer {
        let mut buffer = Buffer::empty(AREA);
        for (x, y, text, pen) in cells {
            let style = ratatui::style::Style::new().fg(pen.fg).bg(pen.bg).add_modifier(pen.attributes);
            buffer.set_string(*x, *y, text, style);
        }
        buffer
    }

    fn shown(color: Color) -> vt100::Color {
        match color {
            Color::Red => vt100::Color::Idx(1),
            Color::LightBlue => vt100::Color::Idx(12),
            Color::Indexed(index) => vt100::Color::Idx(index),
            Color::Rgb(red, green, blue) => vt100::Color::Rgb(red, green, blue),
            _ => vt100::Color::Default,
        }
    }

    fn pens() -> impl Strategy<Value = Pen> {
        let colors = [Color::Reset, Color::Red, Color::LightBlue, Color::Indexed(200), Color::Rgb(1, 2, 3)];
        let color = proptest::sample::select(colors.to_vec());
        // The emulator knows these.
        let known = Modifier::BOLD | Modifier::DIM | Modifier::ITALIC | Modifier::UNDERLINED | Modifier::REVERSED;
        (color.clone(), color, any::<u16>()).prop_map(move |(fg, bg, bits)| Pen {
            fg,
            bg,
            attributes: Modifier::from_bits_truncate(bits) & known,
        })
    }

    proptest! {
        #[test]
        fn a_terminal_shows_what_is_painted(
            frames in prop::collection::vec(
                prop::collection::vec((0..12_u16, 0..3_u16, "[a-c ─é]{1,5}", pens()), 0..5), 1..5)
        ) {
            let cells = |frame: &Vec<(u16, u16, String, Pen)>| -> Buffer {
                buffer(&frame.iter().map(|(x, y, text, pen)| (*x, *y, text.as_str(), *pen)).collect::<Vec<_>>())
            };
            let frames: Vec<Buffer> = frames.iter().map(cells).collect();
            let mut parser = vt100::Parser::new(AREA.height, AREA.width, 0);
            for (bytes, buffer) in paint(&frames).iter().zip(&frames) {
                parser.process(bytes);
                for (x, y) in (0..AREA.height).flat_map(|y| (0..AREA.width).map(move |x| (x, y))) {
                    let (wanted, found) = (&buffer[(x, y)], parser.screen().cell(y, x).unwrap());
                    if found.is_wide_continuation() {
                        continue;
                    }
                    let text = if found.has_contents() { found.contents() } else { " " };
                    prop_assert_eq!(wanted.symbol(), text, "at {}:{}", x, y);
                    prop_assert_eq!(shown(wanted.bg), found.bgcolor());
                    let visible = wanted.modifier;
                    prop_assert_eq!(visible.contains(Modifier::REVERSED), found.inverse());
                    prop_assert_eq!(visible.contains(Modifier::UNDERLINED), found.underline());
                    if text != " " || visible.intersects(ON_BLANKS) {
                        prop_assert_eq!(shown(wanted.fg), found.fgcolor());
                        // Of bold and dim, the emulator keeps the last.
                        if !visible.contains(Modifier::BOLD | Modifier::DIM) {
                            prop_assert_eq!(visible.contains(Modifier::BOLD), found.bold());
                            prop_assert_eq!(visible.contains(Modifier::DIM), found.dim());
                        }
                        prop_assert_eq!(visible.contains(Modifier::ITALIC), found.italic());
                    }
                }
            }
        }
    }

    #[test]
    fn a_frame_has_no_needless_bytes() {
        let bold = Pen { attributes: Modifier::BOLD, ..Pen::PLAIN };
        let loud = Pen { fg: Color::Red, attributes: Modifier::BOLD | Modifier::REVERSED, ..Pen::PLAIN };
        let frames = [
            buffer(&[(0, 0, "x", bold), (1, 0, " ", Pen::PLAIN), (2, 0, "y", bold), (4, 1, "z", Pen::PLAIN)]),
            buffer(&[(0, 0, "x", bold), (2, 0, "y", bold), (4, 1, "w", loud), (8, 1, "v", loud)]),
            buffer(&[(0, 0, "x", bold), (2, 0, "y", bold), (4, 1, "w", loud), (8, 1, "v", loud)]),
        ];
        let [first, second, third] = paint(&frames).try_into().unwrap();
        assert_eq!(
            first.escape_ascii().to_string(),
            r"\x1b[?2026h\x1b[1;1H\x1b[0;1mx\x1b[Cy\x1b[2;5H\x1b[mz\x1b[?25l\x1b[?2026l"
        );
        assert_eq!(second.escape_ascii().to_string(), r"\x1b[?2026h\x1b[2;5H\x1b[1;7;31mw\x1b[3Cv\x1b[?2026l");
        assert_eq!(third, [FRAME[0], FRAME[1]].concat());
    }

    #[test]
    fn after_letters_of_uncertain_width_the_cursor_is_placed() {
        let [bytes] = paint(&[buffer(&[(0, 0, "\u{4e2d}\u{e9}x y", Pen::PLAIN)])]).try_into().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let moves = "\x1b[1;1H\x1b[m\u{4e2d}\x1b[1;3H\u{e9}x\x1b[1;6Hy";
        assert!(text.contains(moves), "{}", text.escape_debug());
    }

    #[test]
    fn after_other_output_nothing_is_taken_for_granted() {
        let mut painter = Painter::new(Vec::new());
        let cell = Cell::new("x");
        painter.draw([(3, 2, &cell)].into_iter()).unwrap();
        painter.forget();
        painter.draw([(4, 2, &cell)].into_iter()).unwrap();
        Backend::flush(&mut painter).unwrap();
        assert_eq!(painter.out.escape_ascii().to_string(), r"\x1b[3;4H\x1b[mx\x1b[3;5H\x1b[mx");
    }
}
