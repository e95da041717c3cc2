//! The letters of pictures: widths and outlines.
//!
//! The font is a part of DejaVu Sans (`assets/chart-font-license.txt`): Latin, Greek, Cyrillic, digits and signs. Another
//! letter is drawn as a box. SVG names no font file: there the widths only decide where a text is cut.

use std::sync::LazyLock;

use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::picture::TEXT;
use crate::text::width::clean;

/// The font; `None` if the program was built with a damaged file.
static FACE: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../../assets/chart-font.ttf"), 0).ok());

/// Width of a letter where there is no font, as a share of the text's height.
const USUAL: f64 = 0.6;

/// Units of the picture for one of the font.
fn scale(face: &Face<'_>) -> f64 {
    TEXT / f64::from(face.units_per_em().max(1))
}

/// The letter in the font; the box for an unknown one.
fn glyph(face: &Face<'_>, letter: char) -> GlyphId {
    face.glyph_index(letter).unwrap_or(GlyphId(0))
}

fn advance(letter: char) -> f64 {
    let wide =
        FACE.as_ref().and_then(|face| Some(f64::from(face.glyph_hor_advance(glyph(face, letter))?) * scale(face)));
    wide.unwrap_or(TEXT * USUAL)
}

/// Width of a text, in units of the picture.
pub(super) fn width(text: &str) -> f64 {
    clean(text).chars().map(advance).sum()
}

/// A text cut to a width, with an ellipsis.
pub(super) fn fitted(text: &str, room: f64) -> String {
    let text = clean(text);
    if width(&text) <= room {
        return text.into_owned();
    }
    let room = room - advance('\u{2026}');
    let ends = text.chars().scan(0.0, |used, letter| {
        *used += advance(letter);
        Some(*used)
    });
    let fitting = ends.take_while(|end| *end <= room).count();
    text.chars().take(fitting).chain(['\u{2026}']).collect()
}

/// The outline of a text whose base line begins at a place; `None` if nothing of it is visible.
pub(super) fn outline(text: &str, x: f64, y: f64) -> Option<Path> {
    let face = FACE.as_ref()?;
    let scale = scale(face);
    let mut pen = Pen { builder: PathBuilder::new(), x: 0.0 };
    for letter in clean(text).chars() {
        face.outline_glyph(glyph(face, letter), &mut pen);
        pen.x += narrowed(advance(letter) / scale);
    }
    // The font's vertical axis points up.
    let [scale, x, y] = [scale, x, y].map(narrowed);
    pen.builder.finish()?.transform(Transform::from_row(scale, 0.0, 0.0, -scale, x, y))
}

#[allow(clippy::cast_possible_truncation, reason = "a place in a picture has few digits")]
pub(super) fn narrowed(value: f64) -> f32 {
    value as f32
}

/// Writes outlines of letters one after another.
struct Pen {
    builder: PathBuilder,
    /// Left end of the letter, in units of the font.
    x: f32,
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.builder.move_to(self.x + x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.builder.line_to(self.x + x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.builder.quad_to(self.x + x1, y1, self.x + x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.builder.cubic_to(self.x + x1, y1, self.x + x2, y2, self.x + x, y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_the_letters_of_names_and_a_box_for_others() {
        let face = FACE.as_ref().unwrap();
        assert!("azAZ09 .,-_/:()\u{e9}\u{3b1}\u{416}\u{2026}".chars().all(|letter| face.glyph_index(letter).is_some()));
        assert!(face.glyph_index('\u{4e2d}').is_none());
        let found = |text: &str| outline(text, 10.0, 20.0).unwrap().bounds();
        let box_ = found("\u{4e2d}");
        assert!(box_.width() > 4.0 && box_.bottom() > 15.0 && box_.bottom() < 26.0, "{box_:?}");
        let bar = found("l");
        assert!(bar.left() > 10.0 && bar.right() < 14.0 && bar.top() > 8.0 && bar.bottom() < 20.1, "{bar:?}");
        assert!(outline(" ", 0.0, 0.0).is_none());
    }

    #[test]
    fn a_text_is_cut_where_its_room_ends() {
        assert_eq!(fitted("0001-mini", 200.0), "0001-mini");
        let cut = fitted(&"w".repeat(100), 100.0);
        assert!(cut.ends_with('\u{2026}') && width(&cut) <= 100.0 && cut.len() > 8, "{cut}");
        assert_eq!(fitted("a\nb\u{1b}", 200.0), "a\u{240a}b\u{241b}");
    }
}
