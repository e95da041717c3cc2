//! Which document comes next while a person tags.

use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

/// Rule by which the next document is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum NextDocument {
    /// The next one in the order of the list.
    #[default]
    #[strum(message = "in order")]
    InOrder,
    /// A random one.
    #[strum(message = "random")]
    Random,
    /// The one about which the model is least sure.
    #[strum(message = "least sure")]
    LeastSure,
    /// One about which the model is unsure, unlike those that are done.
    #[strum(message = "informative")]
    Informative,
    /// One in which the model differs from the spans, or from what is remembered of other documents.
    #[strum(message = "model disagrees")]
    Disagreement,
}

impl NextDocument {
    /// Name in settings.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Name shown to the user.
    pub fn title(self) -> &'static str {
        self.get_message().unwrap_or_default()
    }

    /// Whether a model is asked about the documents among which it chooses.
    pub fn wants_model(self) -> bool {
        matches!(self, Self::LeastSure | Self::Informative | Self::Disagreement)
    }

    /// The rule after this one; after the last, the first.
    pub fn following(self) -> Self {
        Self::VARIANTS.iter().copied().cycle().skip_while(|rule| *rule != self).nth(1).unwrap_or_default()
    }
}
