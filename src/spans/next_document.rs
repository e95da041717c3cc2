//! Which document comes next while a person tags.

use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

/// Rule by which the next document is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum NextDocument {
    /// The next one in the order of the list.
    #[default]
    InOrder,
    /// A random one.
    Random,
    /// The one about which the model is least sure.
    LeastSure,
    /// One about which the model is unsure, unlike those that are done.
    Informative,
    /// One whose spans differ from the model's.
    Disagreement,
}

impl NextDocument {
    /// Name in settings.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
