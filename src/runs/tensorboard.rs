//! Writes the curves of a run as an event file of TensorBoard.
//!
//! The file is a row of TFRecords (length, masked CRC-32C of the length, bytes, masked CRC-32C of the bytes), each an `Event`
//! in the encoding of Protocol Buffers. `tests/reference/tensorboard_events.py` reads such a file with TensorBoard itself. Pure.

use super::Point;

/// First event of each file.
const FILE_VERSION: &str = "brain.Event:2";
/// Number of the fields of `Event`, `Summary` and `Summary.Value`, and their kinds.
const WALL_TIME: u64 = 1;
const STEP: u64 = 2;
const VERSION: u64 = 3;
const SUMMARY: u64 = 5;
const VALUE: u64 = 1;
const TAG: u64 = 1;
const SIMPLE_VALUE: u64 = 2;
const VARINT: u64 = 0;
const DOUBLE: u64 = 1;
const BYTES: u64 = 2;
const FLOAT: u64 = 5;

/// Writes an event file.
///
/// `started` is the start of the run in seconds since 1970, UTC: wall times are that plus the time of training, which does
/// not contain pauses. A point without a time has the one before it.
pub fn event_file(points: &[Point], started: u64) -> Vec<u8> {
    #[allow(clippy::cast_precision_loss, reason = "a time of this age is far below 2^52")]
    let started = started as f64;
    let mut file = Vec::new();
    let mut head = Vec::new();
    double(&mut head, WALL_TIME, started);
    bytes(&mut head, VERSION, FILE_VERSION.as_bytes());
    record(&mut file, &head);
    let mut wall_time = started;
    for point in points {
        if let Point::Step { seconds: Some(seconds), .. } = point {
            wall_time = started + seconds;
        }
        let scalars = scalars(point);
        if !scalars.is_empty() {
            record(&mut file, &event(wall_time, point.step(), &scalars));
        }
    }
    file
}

/// Names and numbers of a point.
fn scalars(point: &Point) -> Vec<(String, f64)> {
    match point {
        Point::Step { loss, lr, grad_norm, .. } => {
            let named = [("train/loss", loss), ("train/learning_rate", lr), ("train/grad_norm", grad_norm)];
            named.map(|(name, value)| (name.to_owned(), *value)).into()
        }
        Point::Eval { split, loss, word, labels, .. } => {
            // The names that the Trainer of Hugging Face uses.
            let group = if split == "valid" { "eval" } else { split };
            let all = [(format!("{group}/loss"), *loss), (format!("{group}/f1"), word.f1)];
            let labels = labels.iter().map(|(name, scores)| (format!("{group}/label/{name}/f1"), scores.f1));
            all.into_iter().chain(labels).collect()
        }
        Point::Stage { .. } => Vec::new(),
    }
}

/// An `Event` with scalars.
fn event(wall_time: f64, step: usize, scalars: &[(String, f64)]) -> Vec<u8> {
    let mut summary = Vec::new();
    for (name, number) in scalars {
        let mut value = Vec::new();
        bytes(&mut value, TAG, name.as_bytes());
        #[allow(clippy::cast_possible_truncation, reason = "the format has single precision")]
        let number = *number as f32;
        varint(&mut value, SIMPLE_VALUE << 3 | FLOAT);
        value.extend(number.to_le_bytes());
        bytes(&mut summary, VALUE, &value);
    }
    let mut event = Vec::new();
    double(&mut event, WALL_TIME, wall_time);
    varint(&mut event, STEP << 3 | VARINT);
    varint(&mut event, step as u64);
    bytes(&mut event, SUMMARY, &summary);
    event
}

fn double(out: &mut Vec<u8>, field: u64, number: f64) {
    varint(out, field << 3 | DOUBLE);
    out.extend(number.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | BYTES);
    varint(out, value.len() as u64);
    out.extend(value);
}

/// Writes seven bits to a byte, the lowest first.
fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes a TFRecord.
fn record(out: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    out.extend(length);
    out.extend(masked(crc32c(&length)).to_le_bytes());
    out.extend(data);
    out.extend(masked(crc32c(data)).to_le_bytes());
}

/// CRC-32C, Castagnoli's polynomial, reflected.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    !crc
}

/// The checksum as the format stores it.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::runs::{LabelScores, Scores};

    /// Points whose file `tests/reference/tensorboard_events.py` has read with TensorBoard.
    fn points() -> Vec<Point> {
        let step = |step: usize, loss, seconds| {
            let (epoch, lr) = (step as f64 / 100.0, 5e-4 / step as f64);
            Point::Step { step, epoch, loss, lr, grad_norm: 1.5, tokens_per_second: 900.0, seconds }
        };
        let eval = |step: usize, split: &str, f1: f64| {
            let word = Scores { f1, ..Scores::default() };
            let labels = [("Dish", f1 + 0.125), ("Hours of opening", f1 - 0.25)];
            let labels = labels.map(|(name, f1)| (name.to_owned(), LabelScores { f1, ..LabelScores::default() }));
            let (epoch, split, piece) = (step as f64 / 100.0, split.to_owned(), word);
            Point::Eval { step, epoch, split, loss: 0.75, piece, word, labels: labels.into(), tables: None }
        };
        let all = [(50, 1.5, Some(12.25)), (100, 0.875, Some(24.5)), (150, 0.0625, Some(300.0))];
        let mut points: Vec<Point> = all.map(|(at, loss, seconds)| step(at, loss, seconds)).into();
        points.insert(2, eval(100, "valid", 0.5));
        points.push(eval(150, "valid", 0.75));
        points.push(eval(150, "test", 0.625));
        points
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4.
        assert_eq!(
            [crc32c(&[0; 32]), crc32c(&[0xff; 32]), crc32c(b"123456789")],
            [0x8a91_36aa, 0x62a8_ab43, 0xe306_9283]
        );
    }

    #[test]
    fn the_file_is_the_one_that_tensorboard_has_read() {
        let written = event_file(&points(), 1_790_000_000);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/tensorboard.tfevents");
        if std::env::var_os("WRITE_GENERATED").is_some() {
            std::fs::write(&path, &written).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == written, "see tests/reference/tensorboard_events.py");
    }

    #[test]
    fn numbers_that_are_not_finite_and_hostile_names_stay_in_their_records() {
        let scores = LabelScores::default();
        let labels = [("a\u{1b}\n/../b".to_owned(), scores), (String::new(), scores)].into();
        let (split, word) = ("valid".to_owned(), Scores::default());
        let points = [Point::Eval {
            step: usize::MAX,
            epoch: 0.0,
            split,
            loss: f64::NAN,
            piece: word,
            word,
            labels,
            tables: None,
        }];
        let file = event_file(&points, u64::MAX);
        let mut rest = file.as_slice();
        let mut records = 0;
        while !rest.is_empty() {
            let length = usize::try_from(u64::from_le_bytes(rest[..8].try_into().unwrap())).unwrap();
            rest = &rest[length + 16..];
            records += 1;
        }
        assert_eq!(records, 2);
    }
}
