//! The plan of a network's parameters.
//! What each is, how large, and where in the network.

use super::{
    per_parameter::{Affine, Layer, PerParameter},
    shape::Shape,
};

/// The parameters of a network.
pub type ParameterPlan = PerParameter<Slot>;

/// A parameter as it is held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Kind of the parameter.
    pub kind: Kind,
    /// Rows and columns; a vector is one row.
    pub shape: [usize; 2],
    /// Distance from the input: 0 for the embeddings, then the layers, last the head.
    pub depth: usize,
}

/// Kind of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Embedding table, of which only some rows may be held.
    Table,
    /// Weight of a linear layer, or of this many with the same input, side by side.
    /// `[inputs, outputs]`.
    Matrix {
        /// Number of linear layers.
        parts: usize,
    },
    /// Bias of as many linear layers.
    Bias {
        /// Number of linear layers.
        parts: usize,
    },
    /// Weight or bias of a layer norm.
    Norm,
}

impl Slot {
    /// Number of values.
    pub fn count(self) -> usize {
        self.shape.into_iter().product()
    }

    /// Whether weight decay applies: to everything except biases and layer norms.
    pub fn decays(self) -> bool {
        matches!(self.kind, Kind::Table | Kind::Matrix { .. })
    }

    /// Shape of each of its tensors in a model folder.
    /// Linear weights are `[outputs, inputs]` there, as in PyTorch.
    pub fn stored_shape(self) -> Vec<usize> {
        let [rows, columns] = self.shape;
        match self.kind {
            Kind::Table => vec![rows, columns],
            Kind::Matrix { parts } => vec![columns / parts.max(1), rows],
            Kind::Bias { parts } => vec![columns / parts.max(1)],
            Kind::Norm => vec![columns],
        }
    }
}

impl Shape {
    /// Returns the plan of the parameters of a network of these sizes.
    pub fn plan(&self) -> ParameterPlan {
        let Self { dim, tags, .. } = *self;
        ParameterPlan {
            words: Slot { kind: Kind::Table, shape: [self.word_rows, dim], depth: 0 },
            positions: Slot { kind: Kind::Table, shape: [self.position_rows, dim], depth: 0 },
            norm: norm(dim, 0),
            layers: (1..=self.layers).map(|depth| self.plan_of_layer(depth)).collect(),
            head: linear(dim, tags, 1, self.layers + 1),
        }
    }

    fn plan_of_layer(&self, depth: usize) -> Layer<Slot> {
        let Self { dim, hidden, .. } = *self;
        Layer {
            qkv: linear(dim, 3 * dim, 3, depth),
            out: linear(dim, dim, 1, depth),
            expand: linear(dim, hidden, 1, depth),
            contract: linear(hidden, dim, 1, depth),
            attention_norm: norm(dim, depth),
            output_norm: norm(dim, depth),
        }
    }
}

fn linear(inputs: usize, outputs: usize, parts: usize, depth: usize) -> Affine<Slot> {
    Affine {
        weight: Slot { kind: Kind::Matrix { parts }, shape: [inputs, outputs], depth },
        bias: Slot { kind: Kind::Bias { parts }, shape: [1, outputs], depth },
    }
}

fn norm(dim: usize, depth: usize) -> Affine<Slot> {
    let slot = Slot { kind: Kind::Norm, shape: [1, dim], depth };
    Affine { weight: slot, bias: slot }
}
