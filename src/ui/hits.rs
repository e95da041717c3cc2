//! What lies where on the screen, for the mouse.

use ratatui::layout::{Position, Rect};

use crate::app::pointer::Target;

/// What lies where; what was drawn later lies on top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HitMap {
    places: Vec<(Rect, Target)>,
}

impl HitMap {
    /// What lies under a cell.
    pub fn at(&self, column: u16, row: u16) -> Option<Target> {
        let here = Position::new(column, row);
        self.places.iter().rev().find(|(area, _)| area.contains(here)).map(|(_, target)| *target)
    }

    pub(super) fn add(&mut self, area: Rect, target: Target) {
        self.places.push((area, target));
    }

    /// Forgets everything: something else lies over it.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }
}
