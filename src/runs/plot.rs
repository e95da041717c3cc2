//! Draws the curves of a run as an SVG picture.
//! Loss above, F1 per word below, by step. Output is deterministic.

use std::fmt::Write;

use super::{
    Point,
    series::{Axis, bounds},
};

/// Size of the picture and of its two frames, in units of the picture.
const WIDE: f64 = 720.0;
const HIGH: f64 = 480.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const FRAME: f64 = 176.0;
const TOPS: [f64; 2] = [32.0, 256.0];
/// Maximum number of ticks on an axis.
const TICKS: usize = 6;

/// Curve in a frame.
struct Curve {
    name: &'static str,
    color: &'static str,
    points: Vec<(f64, f64)>,
}

/// Draws the picture.
pub fn svg(points: &[Point]) -> String {
    let last = points.iter().map(Point::step).max().unwrap_or(1).max(1);
    let steps = Axis::covering(0.0, real(last), TICKS);
    let loss = [
        Curve { name: "training loss", color: "#4477aa", points: series(points, training_loss) },
        Curve { name: "validation loss", color: "#cc6677", points: series(points, validation_loss) },
    ];
    let f1 = series(points, Point::valid_f1);
    let scores = [Curve { name: "F1 per word, validation", color: "#228833", points: f1 }];
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDE} {HIGH}\" width=\"{WIDE}\" height=\"{HIGH}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<title>Loss and F1 by step</title>\n\
         <rect width=\"{WIDE}\" height=\"{HIGH}\" fill=\"#ffffff\"/>\n"
    );
    for (curves, top) in [(&loss[..], TOPS[0]), (&scores[..], TOPS[1])] {
        // Writing to a string cannot fail.
        let _ = frame(&mut out, curves, &steps, top);
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">step</text>\n</svg>",
        (LEFT + WIDE - RIGHT) / 2.0,
        HIGH - 6.0
    );
    out
}

/// Finite values of a metric by step.
fn series(points: &[Point], metric: fn(&Point) -> Option<f64>) -> Vec<(f64, f64)> {
    let values = points.iter().filter_map(|point| Some((real(point.step()), metric(point)?)));
    values.filter(|(_, value)| value.is_finite()).collect()
}

fn training_loss(point: &Point) -> Option<f64> {
    match point {
        Point::Step { loss, .. } => Some(*loss),
        Point::Eval { .. } | Point::Stage { .. } => None,
    }
}

fn validation_loss(point: &Point) -> Option<f64> {
    match point {
        Point::Eval { split, loss, .. } if split == "valid" => Some(*loss),
        _ => None,
    }
}

fn frame(out: &mut String, curves: &[Curve], steps: &Axis, top: f64) -> std::fmt::Result {
    let (_, high) =
        bounds(curves.iter().flat_map(|curve| curve.points.iter().map(|(_, value)| *value))).unwrap_or((0.0, 1.0));
    let values = Axis::covering(0.0, if high > 0.0 { high } else { 1.0 }, TICKS);
    for (tick, at) in values.ticks().into_iter().filter_map(|tick| Some((tick, y_of(&values, tick, top)?))) {
        writeln!(out, "<path d=\"M{LEFT} {at:.1}H{}\" stroke=\"#dddddd\"/>", WIDE - RIGHT)?;
        writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            values.label(tick)
        )?;
    }
    for (tick, at) in steps.ticks().into_iter().filter_map(|tick| Some((tick, x_of(steps, tick)?))) {
        writeln!(
            out,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            top + FRAME + 16.0,
            steps.label(tick)
        )?;
    }
    for (number, curve) in curves.iter().enumerate() {
        let positions: Vec<(f64, f64)> = curve
            .points
            .iter()
            .filter_map(|(step, value)| Some((x_of(steps, *step)?, y_of(&values, *value, top)?)))
            .collect();
        let corners: Vec<String> = positions.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>",
            corners.join(" "),
            curve.color
        )?;
        // A single point is invisible as a line.
        if let [(x, y)] = positions.as_slice() {
            writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{}\"/>", curve.color)?;
        }
        let left = LEFT + 200.0 * real(number);
        writeln!(out, "<text x=\"{left}\" y=\"{}\" fill=\"{}\">{}</text>", top - 10.0, curve.color, curve.name)?;
    }
    Ok(())
}

/// Horizontal position of a step.
fn x_of(steps: &Axis, step: f64) -> Option<f64> {
    steps.place(step).map(|share| LEFT + share * (WIDE - LEFT - RIGHT))
}

/// Vertical position of a value in the frame at `top`.
fn y_of(values: &Axis, value: f64, top: f64) -> Option<f64> {
    values.place(value).map(|share| top + FRAME * (1.0 - share))
}

#[allow(clippy::cast_precision_loss, reason = "numbers of steps stay far below 2^52")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Scores;

    fn step(step: usize, loss: f64) -> Point {
        Point::Step { step, epoch: 0.1, loss, lr: 1e-4, grad_norm: 1.0, tokens_per_second: 1.0 }
    }

    fn valid(step: usize, loss: f64, f1: f64) -> Point {
        let word = Scores { f1, ..Scores::default() };
        let (piece, labels, split) = (word, Default::default(), "valid".to_owned());
        Point::Eval { step, epoch: 0.1, split, loss, piece, word, labels, tables: None }
    }

    #[test]
    fn loss_and_f1_lie_where_their_numbers_are() {
        let picture = svg(&[step(0, 2.0), step(100, 1.0), valid(50, 1.5, 0.5)]);
        // From 0 to 100 steps the frame is 640 wide; from 0 to 2 the loss is 176 high.
        assert!(picture.contains("<polyline points=\"64.0,32.0 704.0,120.0\""), "{picture}");
        assert!(picture.contains("<circle cx=\"384.0\" cy=\"76.0\" r=\"3\" fill=\"#cc6677\"/>"), "{picture}");
        assert_eq!(picture, svg(&[step(0, 2.0), step(100, 1.0), valid(50, 1.5, 0.5)]));
    }

    #[test]
    fn what_is_no_number_is_left_out_and_nothing_is_a_picture_too() {
        let picture = svg(&[step(0, f64::NAN), step(1, f64::INFINITY), valid(1, f64::NAN, f64::NAN)]);
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
        let frame = svg(&[]);
        assert!(frame.starts_with("<svg ") && frame.ends_with("</svg>\n") && !frame.contains("<circle"));
        roxmltree::Document::parse(&svg(&[step(3, 0.5), valid(9, 0.25, 1.0)])).unwrap();
    }
}
