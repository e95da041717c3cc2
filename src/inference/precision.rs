//! Precision of predictions.

use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::{model::kernels, text::names::unknown_name};

/// Precision of the products with a model's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive, parse_err_ty = String, parse_err_fn = unknown_precision)]
pub enum Precision {
    /// Exact: 32-bit floating point.
    #[default]
    Fp32,
    /// Quick: weights and inputs rounded to 8 bits for each product. On the processor only.
    Int8,
}

fn unknown_precision(name: &str) -> String {
    unknown_name("precision", name, Precision::VARIANTS)
}

impl From<Precision> for kernels::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::Fp32 => Self::Exact,
            Precision::Int8 => Self::Int8,
        }
    }
}
