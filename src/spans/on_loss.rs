//! Treatment of content that the format of a file cannot hold.

use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

/// Treatment of spans, words and texts that the format cannot hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum OnLoss {
    /// Write nothing and list every loss.
    #[default]
    Fail,
    /// Leave it out and report it.
    Skip,
    /// Change it so that it fits, and report it.
    /// A half word becomes the whole word, a word with a blank becomes two words. Spans that cannot be made to fit are
    /// left out.
    Snap,
}

impl OnLoss {
    /// Name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Meaning, as shown to the user.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Fail => "what it cannot hold is listed, and nothing is written",
            Self::Skip => "what it cannot hold is left out",
            Self::Snap => "what it cannot hold is changed to fit, or left out",
        }
    }
}
