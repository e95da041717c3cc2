//! Mouse targets by their place on the screen.

use ratatui::layout::{Position, Rect};

use crate::app::{event::Sight, pointer::Target};

/// Mouse targets by area; a later one covers earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HitMap {
    places: Vec<(Rect, Target)>,
    /// Part of a document that the Tag screen shows, with nothing over it.
    pub sight: Option<Sight>,
}

impl HitMap {
    /// Target under a cell.
    pub fn at(&self, column: u16, row: u16) -> Option<Target> {
        let here = Position::new(column, row);
        self.places.iter().rev().find(|(area, _)| area.contains(here)).map(|(_, target)| *target)
    }

    pub(super) fn add(&mut self, area: Rect, target: Target) {
        self.places.push((area, target));
    }

    /// Removes all targets, because something else covers them.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }
}
