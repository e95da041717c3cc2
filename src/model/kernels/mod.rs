//! The network on the processor: `f32` slices and a handwritten backward pass.
//! DistilBERT with a token classification head. Results equal those of the network composed of tensor operations, up to
//! rounding.
//!
//! - Sentences are packed: the pieces of all of them are the rows of row-major `[pieces, width]` matrices.
//! - After the last attention only the requested rows (in training: those with a label) are computed.
//! - Everything runs on the rayon pool of the caller. Work is cut into blocks whose size does not depend on the number
//!   of threads, and every sum has a fixed order: the same bits on one thread and on eight.
//! - All buffers are in a [`Workspace`] and are reused from call to call.
//! - Loops are compiled for several instruction sets, of which the best is chosen at run time (`simd`).
//!
//! A package of its own, which is optimised in every build. It knows the sizes of a network and the plan of its parameters
//! (`shape`, `plan`), and nothing else of tagliatelle.
//!
//! Predictions have a form of their own, `prepared`, with weights packed once, exact (`float`) or in 8 bits (`int8`), and with the inner
//! loops of their products (`tile`; `float_tile`, `int8_tile`) in the instructions of each processor.
//!
//! The products of a training step with weights are those of the crate `gemm`, or are computed in bfloat16 (`bf16`, `bf16_tile`);
//! `linear` chooses.
//!
//! From the bottom up: `simd`, `math`, `buffer`, `dropout`, `view`, `product`, `transpose`, `sums`, `small`; `norm`, `attention`,
//! `embedding`, `loss`; `layer` is one encoder block, `network` the whole; `sweep` the optimiser's pass.
//! `rounded` turns stored weights into `f32`.

mod attention;
mod batch;
mod bf16;
mod bf16_tile;
mod buffer;
mod dropout;
mod embedding;
mod float;
mod float_tile;
mod gradients;
mod int8;
mod int8_tile;
mod layer;
mod linear;
mod loss;
mod math;
mod network;
mod norm;
mod parameters;
mod per_parameter;
mod plan;
mod prepared;
mod product;
mod rounded;
mod shape;
mod simd;
mod small;
mod sums;
mod sweep;
mod tile;
mod transpose;
mod view;
mod workspace;

#[cfg(test)]
mod tests;

pub use batch::{InputError, Pieces};
pub use dropout::{Dropout, Mask, Site};
pub use gradients::Gradients;
pub use linear::{TrainingPrecision, bf16_is_fast};
pub use loss::SoftTargets;
pub use network::{Frozen, Objective, logits, train};
pub use parameters::Parameters;
pub use per_parameter::{Affine, Layer, PerParameter};
pub use plan::{Kind, ParameterPlan, Slot};
pub use prepared::{Precision, PreparedNetwork};
pub use rounded::{GROUP, from_eight_bits, from_four_bits};
pub use shape::{Shape, ShapeError};
pub use simd::instruction_set;
pub use sweep::{Adam, Part, sweep};
pub use workspace::Workspace;
