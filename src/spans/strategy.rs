//! Aggregation strategies of Hugging Face's pipeline.

use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::text::names::unknown_name;

/// Rule by which pieces become entities (`aggregation_strategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive, parse_err_ty = String, parse_err_fn = unknown_strategy)]
pub enum Strategy {
    /// One answer for each piece.
    #[default]
    None,
    /// Neighbouring pieces of one type; pieces of a word may disagree.
    Simple,
    /// A word has the tag of its first piece.
    First,
    /// A word has the tag that is best on the average of its pieces.
    Average,
    /// A word has the tag of its most confident piece.
    Max,
}

fn unknown_strategy(name: &str) -> String {
    unknown_name("aggregation", name, Strategy::VARIANTS)
}

impl Strategy {
    /// All of them, in the order of the documentation.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name in Hugging Face's pipeline and on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
