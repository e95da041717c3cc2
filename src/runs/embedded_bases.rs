//! Names of the base models inside the program.
//!
//! Both are made from one encoder: `mini` has its first three layers, `small` all six. `model/embedded.rs` opens them.

/// The quicker one, with three layers.
pub const MINI: &str = "mini";

/// The better one, with six layers.
pub const SMALL: &str = "small";

/// All of them, the quickest first.
pub const ALL: [&str; 2] = [MINI, SMALL];

/// Base of a new project, and wherever no base is named.
///
/// A training that a person starts is worth the double time: with 100 sentences of MIT Restaurant F1 is .05 higher, with 320 .03
/// (`training/RECIPES.md`).
pub const DEFAULT: &str = SMALL;

/// Edition of the encoder that they are made from.
///
/// A run continues only from the weights with which it began, so its files keep this number. It rises whenever
/// `assets/encoder/` changes. Edition 1, the `mini` of earlier versions, had a vocabulary and files of its own.
pub const EDITION: u32 = 2;

/// Whether this is the name of a base inside the program.
pub fn is_embedded(base: &str) -> bool {
    ALL.contains(&base)
}
