//! Draws a picture as pixels, in a PNG file.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use tiny_skia::{FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

use super::{
    font::{self, narrowed},
    picture::{Anchor, Color, DASH, OPACITY, Picture, RADIUS, Shape},
};

/// Pixels for each unit of the picture: sharp on screens with many pixels, and in print.
const DENSITY: f64 = 2.0;
/// First bytes of a PNG file.
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// Bits for each of three channels, no palette, and the only methods that there are.
const RGB: [u8; 5] = [8, 2, 0, 0, 0];

/// Draws a picture; `None` if it has no size, or more pixels than memory.
pub fn png(picture: &Picture) -> Option<Vec<u8>> {
    let mut pixmap = Pixmap::new(pixels(picture.width), pixels(picture.height))?;
    pixmap.fill(tiny_skia::Color::WHITE);
    for shape in &picture.shapes {
        draw(&mut pixmap, shape);
    }
    encoded(&pixmap)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn pixels(length: f64) -> u32 {
    (length * DENSITY).ceil() as u32
}

fn draw(pixmap: &mut Pixmap, shape: &Shape) {
    match shape {
        Shape::Line { points, color, width, dashed } => {
            let Some(path) = path(points, false) else { return };
            let dash = dashed.then(|| StrokeDash::new([DASH.0, DASH.1].map(narrowed).to_vec(), 0.0)).flatten();
            let stroke = Stroke { width: narrowed(*width), line_join: LineJoin::Round, dash, ..Stroke::default() };
            pixmap.stroke_path(&path, &paint(*color, 1.0), &stroke, density(), None);
        }
        Shape::Area { points, color } => fill(pixmap, path(points, true), *color, OPACITY),
        Shape::Dot { at: (x, y), color } => {
            fill(pixmap, PathBuilder::from_circle(narrowed(*x), narrowed(*y), narrowed(RADIUS)), *color, 1.0);
        }
        Shape::Text { at: (x, y), text, anchor, color } => {
            let back = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => font::width(text) / 2.0,
                Anchor::End => font::width(text),
            };
            fill(pixmap, font::outline(text, x - back, *y), *color, 1.0);
        }
    }
}

fn fill(pixmap: &mut Pixmap, path: Option<Path>, color: Color, opacity: f64) {
    if let Some(path) = path {
        pixmap.fill_path(&path, &paint(color, opacity), FillRule::Winding, density(), None);
    }
}

fn density() -> Transform {
    Transform::from_scale(narrowed(DENSITY), narrowed(DENSITY))
}

fn paint([red, green, blue]: Color, opacity: f64) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    paint.set_color_rgba8(red, green, blue, (opacity * 255.0).round() as u8);
    paint
}

fn path(points: &[(f64, f64)], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (at, (x, y)) in points.iter().enumerate() {
        match at {
            0 => builder.move_to(narrowed(*x), narrowed(*y)),
            _ => builder.line_to(narrowed(*x), narrowed(*y)),
        }
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

/// Writes the pixels, which are opaque, as a PNG file.
fn encoded(pixmap: &Pixmap) -> Option<Vec<u8>> {
    let row = usize::try_from(pixmap.width()).ok()? * 4;
    let mut data = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in pixmap.data().chunks(row) {
        // Each pixel as the difference from the one to its left: the ground becomes zeros.
        let mut bytes = vec![1];
        let mut before = [0; 3];
        for pixel in row.chunks_exact(4) {
            let now = [pixel[0], pixel[1], pixel[2]];
            bytes.extend([0, 1, 2].map(|channel: usize| now[channel].wrapping_sub(before[channel])));
            before = now;
        }
        data.write_all(&bytes).ok()?;
    }
    let head: Vec<u8> =
        pixmap.width().to_be_bytes().into_iter().chain(pixmap.height().to_be_bytes()).chain(RGB).collect();
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, b"IHDR", &head);
    chunk(&mut file, b"IDAT", &data.finish().ok()?);
    chunk(&mut file, b"IEND", &[]);
    Some(file)
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let mut sum = crc32fast::Hasher::new();
    sum.update(name);
    sum.update(data);
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend(name);
    file.extend(data);
    file.extend(sum.finalize().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Width, and three bytes for each pixel, of a file that [`encoded`] has written.
    fn decoded(file: &[u8]) -> (usize, Vec<[u8; 3]>) {
        assert_eq!(file[..8], SIGNATURE);
        let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let (width, length) = (number(16), number(33));
        assert_eq!(&file[37..41], b"IDAT");
        assert_eq!(number(41 + length), crc32fast::hash(&file[37..41 + length]) as usize);
        let mut bytes = Vec::new();
        flate2::read::ZlibDecoder::new(&file[41..41 + length]).read_to_end(&mut bytes).unwrap();
        let mut pixels = Vec::new();
        for row in bytes.chunks(width * 3 + 1) {
            let mut pixel = [0_u8; 3];
            for change in row[1..].chunks(3) {
                (0..3).for_each(|channel| pixel[channel] = pixel[channel].wrapping_add(change[channel]));
                pixels.push(pixel);
            }
        }
        (width, pixels)
    }

    #[test]
    fn shapes_are_pixels_where_they_should_be() {
        let red = [255, 0, 0];
        let line = |points: Vec<(f64, f64)>| Shape::Line { points, color: red, width: 2.0, dashed: false };
        let shapes = vec![
            line(vec![(0.0, 5.0), (20.0, 5.0)]),
            Shape::Dot { at: (10.0, 15.0), color: [0, 0, 255] },
            Shape::Area { points: vec![(14.0, 10.0), (20.0, 10.0), (20.0, 20.0), (14.0, 20.0)], color: [0, 0, 0] },
            line(vec![]),
            line(vec![(f64::NAN, 1.0), (2.0, 2.0)]),
        ];
        let (width, pixels) =
            decoded(&png(&Picture { width: 20.0, height: 20.0, title: String::new(), shapes }).unwrap());
        let at = |x: usize, y: usize| pixels[y * width + x];
        assert_eq!((width, pixels.len()), (40, 1600));
        assert_eq!([at(20, 9), at(20, 10), at(20, 30), at(3, 30)], [red, red, [0, 0, 255], [255; 3]]);
        assert_eq!(at(36, 30), [191; 3], "a quarter of black");
    }

    #[test]
    fn a_text_is_ink_at_its_place() {
        let text = |anchor| Shape::Text { at: (40.0, 15.0), text: "0.5".to_owned(), anchor, color: [0; 3] };
        let ink = |anchor| {
            let picture = Picture { width: 80.0, height: 20.0, title: String::new(), shapes: vec![text(anchor)] };
            let (width, pixels) = decoded(&png(&picture).unwrap());
            let dark = pixels.iter().enumerate().filter(|(_, pixel)| pixel[0] < 100).map(|(at, _)| at % width);
            (dark.clone().min().unwrap(), dark.max().unwrap())
        };
        let wide = font::width("0.5") * DENSITY;
        let (start, end) = (ink(Anchor::Start), ink(Anchor::End));
        assert!(start.0 >= 80 && (start.1 as f64) < 80.0 + wide, "{start:?}");
        assert!(end.1 < 80 && end.0 as f64 >= 80.0 - wide, "{end:?}");
    }

    #[test]
    fn a_picture_without_size_is_none() {
        let picture = Picture { width: 0.0, height: 9.0, title: String::new(), shapes: Vec::new() };
        assert!(png(&picture).is_none());
    }
}
