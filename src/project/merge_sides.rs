//! The two sides of a file in which git left conflict markers.

use super::manifest::without_mark;

/// Side of an unfinished merge to which a line belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Side {
    /// The line is outside a conflict.
    #[default]
    Both,
    /// The first version of a conflict.
    Ours,
    /// The version from which both grew, which git shows only if it is asked to.
    Base,
    /// The second version.
    Theirs,
}

/// Markers of git are not in the order in which git writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfOrder;

/// Reader of the lines of such a file, one after the other.
#[derive(Debug, Default)]
pub(super) struct SideReader(Side);

impl SideReader {
    /// Returns the side of the next line; `None` if it is a marker.
    ///
    /// # Errors
    /// It is a marker that cannot come here.
    pub(super) fn side_of(&mut self, line: &[u8]) -> Result<Option<Side>, OutOfOrder> {
        let (from, to) = match line.get(..7) {
            Some(b"<<<<<<<") => (Side::Both, Side::Ours),
            Some(b"|||||||") => (Side::Ours, Side::Base),
            Some(b"=======") if self.0 == Side::Base => (Side::Base, Side::Theirs),
            Some(b"=======") => (Side::Ours, Side::Theirs),
            Some(b">>>>>>>") => (Side::Theirs, Side::Both),
            _ => return Ok(Some(self.0)),
        };
        if self.0 != from {
            return Err(OutOfOrder);
        }
        self.0 = to;
        Ok(None)
    }

    /// Whether the file may end here.
    pub(super) fn is_complete(&self) -> bool {
        self.0 == Side::Both
    }
}

/// The two versions of a file. `None` if the markers are out of order.
pub(super) fn sides(bytes: &[u8]) -> Option<[Vec<u8>; 2]> {
    let mut reader = SideReader::default();
    let [mut ours, mut theirs] = [Vec::new(), Vec::new()];
    for line in without_mark(bytes).split_inclusive(|byte| *byte == b'\n') {
        let side = reader.side_of(line).ok()?;
        if matches!(side, Some(Side::Both | Side::Ours)) {
            ours.extend_from_slice(line);
        }
        if matches!(side, Some(Side::Both | Side::Theirs)) {
            theirs.extend_from_slice(line);
        }
    }
    reader.is_complete().then_some([ours, theirs])
}
