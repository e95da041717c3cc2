//! A screen as an SVG picture for the documentation. The same cells give the same bytes.

use std::fmt::Write;

use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use tagliatelle::{
    app::State,
    text::width,
    ui::{Caps, Theme, draw},
};

/// A cell in units of the picture.
const CELL: (f32, f32) = (8.0, 18.0);
/// The margin round the cells.
const MARGIN: f32 = 12.0;
/// The share of a line above its base line.
const BASE: f32 = 0.74;
const FONT_SIZE: f32 = 13.3;
/// What is dim is drawn with this share of its strength.
const DIM: f32 = 0.62;

/// The paper, the ink and the sixteen colours of a terminal.
struct Palette {
    paper: &'static str,
    ink: &'static str,
    colors: [&'static str; 16],
}

/// Quiet colours on a dark ground, far enough from it and from each other.
const DARK: Palette = Palette {
    paper: "#1b1d21",
    ink: "#d8dade",
    colors: [
        "#2b2e34", "#d9635c", "#8fbf6f", "#d8ae4a", "#6f9fe0", "#c08ad6", "#5fbfbf", "#c8cace", "#7a7f88", "#f2918c",
        "#b4dc94", "#f0cf78", "#9cc0f6", "#dcb0ee", "#8fdede", "#f4f5f7",
    ],
};

/// The screen of `state` as an SVG picture; `title` is what a reader hears who cannot see it.
pub(super) fn svg(state: &State, theme: &Theme, caps: Caps, title: &str) -> String {
    of_buffer(&cells(state, theme, caps), &DARK, title)
}

/// The cells that the program draws for `state`.
pub(super) fn cells(state: &State, theme: &Theme, caps: Caps) -> Buffer {
    let backend = TestBackend::new(state.session.size.columns, state.session.size.rows);
    // This backend keeps cells in memory and has no errors.
    let Ok(mut terminal) = Terminal::new(backend);
    let Ok(_) = terminal.draw(|frame| drop(draw(state, theme, caps, frame)));
    terminal.backend().buffer().clone()
}

fn of_buffer(buffer: &Buffer, palette: &Palette, title: &str) -> String {
    let mut out = head(buffer.area.width, buffer.area.height, palette, title, "");
    (0..buffer.area.height).for_each(|y| out.push_str(&row(buffer, y, palette)));
    out.push_str("</g>\n</svg>\n");
    out
}

/// The beginning of a picture with this number of columns and rows, up to the group of the cells.
fn head(columns: u16, rows: u16, palette: &Palette, title: &str, style: &str) -> String {
    let wide = f32::from(columns) * CELL.0 + 2.0 * MARGIN;
    let high = f32::from(rows) * CELL.1 + 2.0 * MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" \
         role=\"img\">\n<title>{}</title>\n{style}<rect width=\"{wide}\" height=\"{high}\" rx=\"8\" fill=\"{}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{FONT_SIZE}\" \
         fill=\"{}\">\n",
        escaped(title),
        palette.paper,
        palette.ink,
    )
}

/// The cells of a row.
fn row(buffer: &Buffer, y: u16, palette: &Palette) -> String {
    let mut out = String::new();
    for stretch in stretches(buffer, y) {
        stretch.draw(&mut out, y, palette);
    }
    out
}

/// A moment of a film: the cells, and for how many seconds they are shown.
pub(super) struct Frame {
    pub(super) cells: Buffer,
    pub(super) seconds: f32,
}

impl Frame {
    /// A frame with a caption below the cells.
    pub(super) fn new(screen: &Buffer, caption: &str, seconds: f32) -> Self {
        let Rect { width, height, .. } = screen.area;
        let mut cells = Buffer::empty(Rect::new(0, 0, width, height + 2));
        cells.merge(screen);
        cells.set_string(1, height + 1, caption, Style::new().add_modifier(Modifier::BOLD));
        Self { cells, seconds }
    }
}

/// Frames of one size as an animated SVG picture that begins again after the last one.
///
/// A row is drawn once for all frames in which it stays the same. For readers who have turned motion off it is the frame
/// `still`.
pub(super) fn film(frames: &[Frame], still: usize, title: &str) -> String {
    let area = frames.first().map_or_else(Default::default, |frame| frame.cells.area);
    let length: f32 = frames.iter().map(|frame| frame.seconds).sum();
    let begins: Vec<f32> = (0..=frames.len())
        .map(|at| frames.iter().take(at).fold(0.0, |sum, frame| sum + frame.seconds) / length * 100.0)
        .collect();
    let mut times: Vec<(usize, usize)> = Vec::new();
    let mut body = String::new();
    for y in 0..area.height {
        let rows: Vec<String> = frames.iter().map(|frame| row(&frame.cells, y, &DARK)).collect();
        let mut from = 0;
        while from < rows.len() {
            let to = from + rows[from..].iter().take_while(|row| **row == rows[from]).count();
            if !rows[from].is_empty() && to - from == rows.len() {
                body.push_str(&rows[from]);
            } else if !rows[from].is_empty() {
                let time = times.iter().position(|time| *time == (from, to)).unwrap_or(times.len());
                if time == times.len() {
                    times.push((from, to));
                }
                let is_still = if (from..to).contains(&still) { " s" } else { "" };
                // A string takes whatever is written into it.
                let _ = write!(body, "<g class=\"f t{time}{is_still}\">\n{}</g>\n", rows[from]);
            }
            from = to;
        }
    }
    let mut style = format!("<style>\n.f {{ visibility: hidden; animation: {length:.1}s step-end infinite; }}\n");
    for (time, (from, to)) in times.iter().enumerate() {
        let [from, to] = [from, to].map(|at| begins[*at]);
        let _ = writeln!(
            style,
            "@keyframes k{time} {{ 0% {{ visibility: hidden; }} {from:.2}% {{ visibility: visible; }} \
             {to:.2}% {{ visibility: hidden; }} }}\n.t{time} {{ animation-name: k{time}; }}"
        );
    }
    style +=
        "@media (prefers-reduced-motion: reduce) { .f { animation: none; } .s { visibility: visible; } }\n</style>\n";
    head(area.width, area.height, &DARK, title, &style) + &body + "</g>\n</svg>\n"
}

/// Cells of one style, side by side.
struct Stretch {
    from: u16,
    cells: u16,
    text: String,
    style: Style,
}

fn stretches(buffer: &Buffer, y: u16) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    let mut x = 0;
    while x < buffer.area.width {
        let cell = &buffer[(x, y)];
        let cells = u16::try_from(width::width(cell.symbol())).unwrap_or(1).max(1);
        let style = cell.style();
        match all.last_mut() {
            // A wide character stands alone, so that what follows keeps its column in every font.
            Some(last) if last.style == style && cells == 1 && usize::from(last.cells) == last.text.chars().count() => {
                last.text.push_str(cell.symbol());
                last.cells += 1;
            }
            _ => all.push(Stretch { from: x, cells, text: cell.symbol().to_owned(), style }),
        }
        x += cells;
    }
    all
}

impl Stretch {
    fn draw(&self, out: &mut String, y: u16, palette: &Palette) {
        let has = |modifier| self.style.add_modifier.contains(modifier);
        let ink = color(self.style.fg, palette).unwrap_or_else(|| palette.ink.to_owned());
        let paper = color(self.style.bg, palette);
        let (ink, paper) = match has(Modifier::REVERSED) {
            true => (paper.unwrap_or_else(|| palette.paper.to_owned()), Some(ink)),
            false => (ink, paper),
        };
        let (left, top) = (MARGIN + f32::from(self.from) * CELL.0, MARGIN + f32::from(y) * CELL.1);
        let length = f32::from(self.cells) * CELL.0;
        // A string takes whatever is written into it.
        if let Some(paper) = paper {
            let _ = writeln!(
                out,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{length}\" height=\"{}\" fill=\"{paper}\"/>",
                CELL.1
            );
        }
        let mut look = String::new();
        for (modifier, attribute) in [
            (Modifier::BOLD, "font-weight=\"bold\""),
            (Modifier::ITALIC, "font-style=\"italic\""),
            (Modifier::UNDERLINED, "text-decoration=\"underline\""),
        ] {
            if has(modifier) {
                let _ = write!(look, " {attribute}");
            }
        }
        if has(Modifier::DIM) {
            let _ = write!(look, " opacity=\"{DIM}\"");
        }
        let fill = if ink == palette.ink { String::new() } else { format!(" fill=\"{ink}\"") };
        let y = top + CELL.1 * BASE;
        let dots = dots(&self.text, left, top);
        if !dots.is_empty() {
            let _ = writeln!(out, "<path fill=\"{ink}\"{look} d=\"{dots}\"/>");
        }
        // Few fonts have the dots of charts: they are drawn, and leave blanks in the text.
        let text: String = self.text.chars().map(|c| if pattern(c).is_some() { ' ' } else { c }).collect();
        for (before, text) in pieces(&text) {
            let x = left + f32::from(before) * CELL.0;
            let length = f32::from(u16::try_from(width::width(text)).unwrap_or(1)) * CELL.0;
            let text = escaped(text);
            let _ = writeln!(out, "<text x=\"{x}\" y=\"{y:.2}\" textLength=\"{length}\"{fill}{look}>{text}</text>");
        }
    }
}

/// The eight dots of a Braille pattern as bits, in the order of Unicode.
fn pattern(c: char) -> Option<u32> {
    u32::from(c).checked_sub(0x2800).filter(|bits| *bits < 256)
}

/// The dots of a text's Braille patterns as one path.
fn dots(text: &str, left: f32, top: f32) -> String {
    // Column and row of each bit.
    const PLACES: [(f32, f32); 8] =
        [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
    const DOT: f32 = 2.0;
    let mut path = String::new();
    let mut x = left;
    for c in text.chars() {
        for (bit, (column, row)) in PLACES.iter().enumerate() {
            if pattern(c).is_some_and(|bits| bits >> bit & 1 == 1) {
                let (x, y) =
                    (x + (0.25 + column * 0.5) * CELL.0 - DOT / 2.0, top + (0.125 + row * 0.25) * CELL.1 - DOT / 2.0);
                let _ = write!(path, "M{x} {y}h{DOT}v{DOT}h-{DOT}z");
            }
        }
        x += CELL.0;
    }
    path
}

/// The stretch cut where blanks stand side by side, so that no reader of SVG can join them: columns before, and text.
fn pieces(text: &str) -> Vec<(u16, &str)> {
    let mut all = Vec::new();
    let (mut before, mut rest) = (0, text);
    loop {
        let trimmed = rest.trim_start_matches(' ');
        before += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return all;
        }
        let end = trimmed.find("  ").unwrap_or(trimmed.len());
        let (piece, more) = trimmed.split_at_checked(end).unwrap_or((trimmed, ""));
        all.push((u16::try_from(before).unwrap_or(u16::MAX), piece.trim_end_matches(' ')));
        before += width::width(piece);
        rest = more;
    }
}

/// The colour as SVG names it; `None` for the terminal's own.
fn color(color: Option<Color>, palette: &Palette) -> Option<String> {
    let at = match color? {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => return Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Indexed(index) => usize::from(index),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    palette.colors.get(at).map(|color| (*color).to_owned())
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

mod tests {
    use super::*;

    fn picture(draw: impl Fn(&mut Buffer)) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        draw(&mut buffer);
        of_buffer(&buffer, &DARK, "a < b")
    }

    #[test]
    fn text_is_escaped_and_stands_in_its_column() {
        let svg = picture(|buffer| buffer.set_string(2, 0, "<&>", Style::new().fg(Color::Red)));
        assert!(svg.contains("<title>a &lt; b</title>"));
        assert!(
            svg.contains("<text x=\"28\" y=\"25.32\" textLength=\"24\" fill=\"#d9635c\">&lt;&amp;&gt;</text>"),
            "{svg}"
        );
    }

    #[test]
    fn what_follows_a_wide_character_keeps_its_column() {
        let svg = picture(|buffer| buffer.set_string(0, 0, "麺x", Style::new()));
        assert!(svg.contains(">麺</text>") && svg.contains("<text x=\"28\""), "{svg}");
    }

    #[test]
    fn the_dots_of_charts_need_no_font() {
        let svg = picture(|buffer| buffer.set_string(1, 0, "a\u{2881}b", Style::new()));
        assert!(svg.contains("d=\"M29 13.25h2v2h-2zM33 26.75h2v2h-2z\"") && svg.contains(">a b</text>"), "{svg}");
    }

    #[test]
    fn a_row_of_a_film_is_drawn_once_while_it_stays_the_same() {
        let frames = ["one", "one", "two"].map(|text| {
            let mut cells = Buffer::empty(Rect::new(0, 0, 8, 2));
            cells.set_string(0, 0, "head", Style::new());
            cells.set_string(0, 1, text, Style::new());
            Frame { cells, seconds: 2.0 }
        });
        let svg = film(&frames, 2, "tour");
        assert_eq!(["head", "one", "two"].map(|text| svg.matches(&format!(">{text}</text>")).count()), [1, 1, 1]);
        assert!(svg.contains("animation: 6.0s step-end infinite"), "{svg}");
        assert!(svg.contains("66.67% { visibility: visible; } 100.00% { visibility: hidden; }"), "{svg}");
        assert!(
            svg.contains("<g class=\"f t0\">") && svg.contains("<g class=\"f t1 s\">"),
            "the last frame is the still one"
        );
    }

    #[test]
    fn reversed_cells_have_ink_for_paper() {
        let svg = picture(|buffer| buffer.set_string(0, 0, "a", Style::new().add_modifier(Modifier::REVERSED)));
        assert!(svg.contains("<rect x=\"12\" y=\"12\" width=\"8\" height=\"18\" fill=\"#d8dade\"/>"), "{svg}");
        assert!(svg.contains("fill=\"#1b1d21\">a</text>"), "{svg}");
    }
}
