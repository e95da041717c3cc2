//! A picture of lines, dots and texts, as SVG or as pixels.
//!
//! Text comes from files and users: it is cleaned and escaped. Output is deterministic. Pure.

use std::fmt::Write;

use crate::text::width::clean;

/// Colour: red, green, blue.
pub type Color = [u8; 3];

/// Height of text, in units of the picture.
pub const TEXT: f64 = 12.0;

/// Which place of a text its position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// Something that is drawn. Later shapes cover earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Connected points.
    Line {
        /// Corners.
        points: Vec<(f64, f64)>,
        /// Colour.
        color: Color,
        /// Width.
        width: f64,
        /// Whether it has gaps.
        dashed: bool,
    },
    /// A filled area that shows what is under it.
    Area {
        /// Corners.
        points: Vec<(f64, f64)>,
        /// Colour.
        color: Color,
    },
    /// A filled circle.
    Dot {
        /// Centre.
        at: (f64, f64),
        /// Colour.
        color: Color,
    },
    /// A line of text.
    Text {
        /// Position on its base line.
        at: (f64, f64),
        /// The text.
        text: String,
        /// Which place of the text the position is.
        anchor: Anchor,
        /// Colour.
        color: Color,
    },
}

/// Width of a line of a curve.
pub const STROKE: f64 = 1.5;
/// Radius of a dot.
pub const RADIUS: f64 = 3.0;
/// Lengths of dashes and gaps.
pub const DASH: (f64, f64) = (6.0, 4.0);
/// Opacity of an area.
pub const OPACITY: f64 = 0.25;

/// A picture on a white ground.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Width in units.
    pub width: f64,
    /// Height in units.
    pub height: f64,
    /// Description for readers who do not see it.
    pub title: String,
    /// What is drawn.
    pub shapes: Vec<Shape>,
}

impl Picture {
    /// Writes the picture as SVG.
    pub fn svg(&self) -> String {
        let Self { width, height, title, .. } = self;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" font-family=\"sans-serif\" font-size=\"{TEXT}\">\n<title>{}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
            escaped(title)
        );
        for shape in &self.shapes {
            // Writing to a string cannot fail.
            let _ = shape.svg(&mut out);
        }
        out.push_str("</svg>\n");
        out
    }
}

impl Shape {
    fn svg(&self, out: &mut String) -> std::fmt::Result {
        match self {
            Self::Line { points, color, width, dashed } => {
                let dashes =
                    if *dashed { format!(" stroke-dasharray=\"{} {}\"", DASH.0, DASH.1) } else { String::new() };
                let points = corners(points);
                let color = hex(*color);
                writeln!(
                    out,
                    "<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dashes}/>"
                )
            }
            Self::Area { points, color } => {
                let points = corners(points);
                let color = hex(*color);
                writeln!(out, "<polygon points=\"{points}\" fill=\"{color}\" fill-opacity=\"{OPACITY}\"/>")
            }
            Self::Dot { at: (x, y), color } => {
                writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{RADIUS}\" fill=\"{}\"/>", hex(*color))
            }
            Self::Text { at: (x, y), text, anchor, color } => {
                let anchor = match anchor {
                    Anchor::Start => "",
                    Anchor::Middle => " text-anchor=\"middle\"",
                    Anchor::End => " text-anchor=\"end\"",
                };
                let text = escaped(text);
                let color = hex(*color);
                writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\"{anchor} fill=\"{color}\">{text}</text>")
            }
        }
    }
}

fn corners(points: &[(f64, f64)]) -> String {
    let corners: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    corners.join(" ")
}

fn hex([red, green, blue]: Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Escapes text for XML; characters that XML cannot hold become replacement characters.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            c if c.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_one_text_of_the_picture(text in any::<String>(), mark in "[<>&\"'\u{0}\u{1b}\u{fffe}\u{202e}]{0,4}") {
            let text = format!("{text}{mark}</text><script>");
            let shape = Shape::Text { at: (1.0, 2.0), text: text.clone(), anchor: Anchor::End, color: [0; 3] };
            let picture = Picture { width: 9.0, height: 9.0, title: text, shapes: vec![shape] }.svg();
            let read = roxmltree::Document::parse(&picture).unwrap();
            let names: Vec<&str> = read.root_element().children().filter(|node| node.is_element()).map(|node| node.tag_name().name()).collect();
            prop_assert_eq!(names, ["title", "rect", "text"]);
        }
    }
}
