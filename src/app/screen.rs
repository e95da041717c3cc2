//! The five screens, and the sizes of terminal that each is laid out for.

use strum::VariantArray;

use super::context::Context;

/// Screens, in the order of `tab`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, VariantArray, strum::IntoStaticStr)]
pub enum Screen {
    /// Labels one document.
    #[default]
    Tag,
    /// Lists the documents.
    Documents,
    /// Settings, the run that is followed, all runs.
    Train,
    /// Scores of the run that is followed.
    Evaluate,
    /// Predictions for a typed sentence.
    Explore,
}

impl Screen {
    /// All screens, in the order of `tab`.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Name shown to the user.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The screen after this one; after the last, the first.
    pub fn next(self) -> Self {
        self.moved(1)
    }

    /// The screen before this one; before the first, the last.
    pub fn previous(self) -> Self {
        self.moved(Self::ALL.len() - 1)
    }

    /// Whether it shows nothing without documents.
    pub(super) fn needs_documents(self) -> bool {
        matches!(self, Self::Tag | Self::Documents)
    }

    fn moved(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|screen| *screen == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }

    /// The context of its keys, outside its text field.
    pub fn context(self) -> Context {
        match self {
            Self::Tag => Context::Tag,
            Self::Documents => Context::Documents,
            Self::Train => Context::Train,
            Self::Evaluate => Context::Evaluate,
            Self::Explore => Context::Explore,
        }
    }
}

/// A terminal's size in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width.
    pub columns: u16,
    /// Height.
    pub rows: u16,
}

/// Classes of terminal size; each has its own layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SizeClass {
    /// Below 60x16: one polite line.
    Tiny,
    /// From 60x16: one pane.
    Compact,
    /// From 80x24: complete.
    Standard,
    /// From 120x40: with side panes.
    Full,
}

impl Size {
    /// The class of this size.
    pub fn class(self) -> SizeClass {
        match (self.columns, self.rows) {
            (120.., 40..) => SizeClass::Full,
            (80.., 24..) => SizeClass::Standard,
            (60.., 16..) => SizeClass::Compact,
            _ => SizeClass::Tiny,
        }
    }

    /// Columns of the side pane and the rule before it; 0 where there is none.
    pub fn side_columns(self) -> usize {
        if self.class() == SizeClass::Full { 42 } else { 0 }
    }

    /// Columns of the text on the Tag screen, between its margins.
    pub fn text_columns(self) -> usize {
        usize::from(self.columns).saturating_sub(self.side_columns() + 4).clamp(1, 100)
    }

    /// Lines of text on the Tag screen, each with its mark row, at least.
    /// `taken` is the number of rows that something else takes from the text.
    pub fn text_lines(self, taken: usize) -> usize {
        (usize::from(self.rows).saturating_sub(7 + taken) / 2).max(1)
    }
}
