//! Treatment of imported documents whose ids are in use.

use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

/// Treatment of an imported document whose id the project has already, for another text; with [`Self::Update`] also for other
/// spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum OnDuplicate {
    /// Leave it out.
    Skip,
    /// Give the document of the project its text, and its spans in place of the annotator's.
    Update,
    /// Add it under another id, with `-2` at its end.
    #[default]
    Copy,
}

impl OnDuplicate {
    /// All treatments; the one that changes nothing comes first.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
