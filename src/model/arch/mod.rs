//! The architectures that can be opened: one file for each, and the table of them.
//!
//! To add one, write a file beside `bert.rs` that holds an [`Architecture`], and add a row to the table below. Reading,
//! training, writing and the model card follow from it.
//!
//! [`ParameterPlan`] lists the parameters of a network. [`PerParameter`] defines their order; no other list of them
//! exists.

mod architecture;
mod bert;
mod distilbert;
#[cfg(test)]
pub(crate) mod fake;
mod names;
mod parameter;

pub use architecture::{Architecture, SpecialPieces};
pub(crate) use architecture::{ConfigKeys, Constant, Only, Size};
pub use distilbert::DISTILBERT;
pub(crate) use names::Names;
pub(crate) use parameter::Parameter;

pub use super::kernels::{Affine, Kind, Layer, ParameterPlan, PerParameter, Shape, ShapeError, Slot};

/// Every architecture.
const ALL: &[&Architecture] = &[
    &DISTILBERT,
    &bert::BERT,
    #[cfg(test)]
    &fake::FAKE,
];

impl Architecture {
    /// Returns the architecture with this `model_type`, if it can be opened.
    pub fn find(model_type: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|architecture| architecture.model_type == model_type)
    }
}

/// Lists the model types that can be opened, for messages.
/// "`distilbert` and `bert`".
pub(crate) fn names() -> String {
    let quoted: Vec<String> = ALL.iter().map(|architecture| format!("`{}`", architecture.model_type)).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
