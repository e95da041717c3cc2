//! Ways in which entities are counted.

use strum::{IntoStaticStr, VariantArray};

use super::score::Mode;

/// Way in which entities are counted: per word or per word piece, lenient or strict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Counting {
    /// Per word, lenient: the usual way, and what a reader of the text would count.
    #[default]
    Word,
    /// Per word, strict: a span must begin with its `B-` tag.
    WordStrict,
    /// Per word piece, lenient.
    Piece,
    /// Per word piece, strict.
    PieceStrict,
}

impl Counting {
    /// All ways, in the order in which they are shown.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name on the command line and in files, such as `word-strict`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What is counted: `word` or `piece`.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Word | Self::WordStrict => "word",
            Self::Piece | Self::PieceStrict => "piece",
        }
    }

    /// Rules by which tags become entities.
    pub fn mode(self) -> Mode {
        match self {
            Self::Word | Self::Piece => Mode::Default,
            Self::WordStrict | Self::PieceStrict => Mode::Strict,
        }
    }

    /// Name of the rules: `lenient` or `strict`.
    pub fn rules(self) -> &'static str {
        if self.mode() == Mode::Strict { "strict" } else { "lenient" }
    }
}
