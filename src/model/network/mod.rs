//! DistilBERT with a token classification head, composed of plain burn operations, on packed sentences: the pieces of
//! all sentences of a batch stand below each other in `[pieces, width]` matrices, nothing is padded. Only attention
//! goes through a padded arrangement and back. The same numbers as Hugging Face's
//! `DistilBertForTokenClassification`, whose parameter names are used.

mod dropout;
mod forward;
mod names;
mod pack;
mod table;

use burn::tensor::{Device, Tensor, TensorData};
use thiserror::Error;

use super::{
    config::ModelConfig,
    weights::{Array, Weights},
};

pub use dropout::Dropout;
#[cfg(test)]
pub(crate) use dropout::mix;
pub use pack::Packed;
pub(crate) use table::Rows;
use table::Table;

/// Added to the variance in every layer norm, as in the reference.
const NORM_EPSILON: f64 = 1e-12;

/// What is wrong with the weights.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NetworkError {
    /// A parameter is not there.
    #[error("the model has no weights named `{0}`; is it a DistilBERT folder, and complete?")]
    Missing(String),
    /// A parameter has the wrong shape.
    #[error("the weights `{name}` have shape {found:?}, config.json asks for {wanted:?}")]
    Shape {
        /// Parameter.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape by the configuration.
        wanted: Vec<usize>,
    },
    /// The configuration contradicts itself.
    #[error("config.json cannot be: {0}")]
    Config(String),
}

/// One trainable tensor. Vectors are held as `[1, n]`.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// Whether weight decay applies: everything but biases and layer norms.
    pub(crate) decays: bool,
    /// The values.
    pub(crate) value: Tensor<2>,
}

/// `x W + b`; the weight is `[inputs, outputs]`, transposed against PyTorch.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    weight: Parameter,
    bias: Parameter,
}

/// Layer norm over the last dimension.
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    weight: Parameter,
    bias: Parameter,
}

/// One encoder block, post-norm.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// Query, key and value side by side: `[dim, 3 dim]`.
    qkv: Linear,
    out: Linear,
    attention_norm: Norm,
    expand: Linear,
    contract: Linear,
    output_norm: Norm,
}

/// The network with its weights on a device. A clone shares the weights until one of the two is trained.
#[derive(Clone, Debug)]
pub struct Network {
    config: ModelConfig,
    device: Device,
    words: Table,
    positions: Table,
    norm: Norm,
    layers: Vec<Layer>,
    head: Linear,
}

impl Network {
    /// The network for inference: all rows of both tables. `config.tags` says how many outputs there are; the
    /// classifier must be among the weights.
    ///
    /// # Errors
    /// Missing or misshaped weights, or a configuration that contradicts itself.
    pub fn new(config: &ModelConfig, weights: &Weights, device: &Device) -> Result<Self, NetworkError> {
        Self::build(config, weights, device, &Rows::All, &Rows::All)
    }

    /// The network for training: of the word and position tables only these rows are on the device.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub(crate) fn build(
        config: &ModelConfig,
        weights: &Weights,
        device: &Device,
        words: &Rows,
        positions: &Rows,
    ) -> Result<Self, NetworkError> {
        check(config)?;
        let dim = config.dim;
        let source = Source { weights, device };
        let layers = (0..config.layers).map(|layer| source.layer(config, layer)).collect::<Result<_, _>>()?;
        Ok(Self {
            words: source.table(names::WORDS, config.vocab_size, dim, words)?,
            positions: source.table(names::POSITIONS, config.max_positions, dim, positions)?,
            norm: source.norm(names::EMBEDDING_NORM, dim)?,
            layers,
            head: source.linear(&[names::HEAD], dim, config.tags.len())?,
            config: config.clone(),
            device: device.clone(),
        })
    }

    /// The configuration.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The device, without autodiff.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The weights by Hugging Face name, rows that were not on the device included.
    pub fn weights(&self) -> Weights {
        let mut all = Weights::new();
        all.insert(names::weight(names::WORDS), self.words.array());
        all.insert(names::weight(names::POSITIONS), self.positions.array());
        put_norm(&mut all, names::EMBEDDING_NORM, &self.norm);
        for (at, layer) in self.layers.iter().enumerate() {
            let name = |part: &str| names::layer(at, part);
            put_linear(&mut all, &names::QKV.map(&name), &layer.qkv);
            put_linear(&mut all, &[name(names::OUT)], &layer.out);
            put_norm(&mut all, &name(names::ATTENTION_NORM), &layer.attention_norm);
            put_linear(&mut all, &[name(names::EXPAND)], &layer.expand);
            put_linear(&mut all, &[name(names::CONTRACT)], &layer.contract);
            put_norm(&mut all, &name(names::OUTPUT_NORM), &layer.output_norm);
        }
        put_linear(&mut all, &[names::HEAD.to_owned()], &self.head);
        all
    }

    /// All trainable tensors, always in the same order.
    pub(crate) fn parameters(&self) -> Vec<&Parameter> {
        let mut all = vec![&self.words.rows, &self.positions.rows, &self.norm.weight, &self.norm.bias];
        for layer in &self.layers {
            for linear in [&layer.qkv, &layer.out, &layer.expand, &layer.contract] {
                all.extend([&linear.weight, &linear.bias]);
            }
            for norm in [&layer.attention_norm, &layer.output_norm] {
                all.extend([&norm.weight, &norm.bias]);
            }
        }
        all.extend([&self.head.weight, &self.head.bias]);
        all
    }

    /// As [`Network::parameters`], to be changed.
    pub(crate) fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let mut all = vec![&mut self.words.rows, &mut self.positions.rows, &mut self.norm.weight, &mut self.norm.bias];
        for layer in &mut self.layers {
            for linear in [&mut layer.qkv, &mut layer.out, &mut layer.expand, &mut layer.contract] {
                all.extend([&mut linear.weight, &mut linear.bias]);
            }
            for norm in [&mut layer.attention_norm, &mut layer.output_norm] {
                all.extend([&mut norm.weight, &mut norm.bias]);
            }
        }
        all.extend([&mut self.head.weight, &mut self.head.bias]);
        all
    }

    /// A copy on the autodiff graph, every parameter a leaf that gathers its gradient.
    pub(crate) fn tracked(&self) -> Self {
        let mut copy = self.clone();
        for parameter in copy.parameters_mut() {
            parameter.value = parameter.value.clone().autodiff().require_grad();
        }
        copy
    }

    /// Notes that the rows which are not on the device were multiplied by `factor`: all that weight decay does to a
    /// row without gradient.
    pub(crate) fn decay_absent_rows(&mut self, factor: f64) {
        self.words.absent_factor *= factor;
        self.positions.absent_factor *= factor;
    }
}

fn check(config: &ModelConfig) -> Result<(), NetworkError> {
    let wrong = |what: String| Err(NetworkError::Config(what));
    if config.heads == 0 || config.dim == 0 || !config.dim.is_multiple_of(config.heads) {
        return wrong(format!("dim {} is no multiple of n_heads {}", config.dim, config.heads));
    }
    if config.vocab_size == 0 || config.max_positions == 0 || config.hidden_dim == 0 {
        return wrong("vocab_size, max_position_embeddings and hidden_dim must not be 0".into());
    }
    if config.tags.is_empty() {
        return wrong("there are no tags to tell apart (id2label)".into());
    }
    Ok(())
}

/// Reads parameters from arrays.
struct Source<'a> {
    weights: &'a Weights,
    device: &'a Device,
}

impl Source<'_> {
    fn array(&self, name: String, wanted: &[usize]) -> Result<&Array, NetworkError> {
        let array = self.weights.get(&name).ok_or_else(|| NetworkError::Missing(name.clone()))?;
        let size: usize = array.shape.iter().product();
        if array.shape != wanted || array.data.len() != size {
            return Err(NetworkError::Shape { name, found: array.shape.clone(), wanted: wanted.to_vec() });
        }
        Ok(array)
    }

    fn parameter(&self, data: Vec<f32>, shape: [usize; 2], decays: bool) -> Parameter {
        Parameter { decays, value: Tensor::from_data(TensorData::new(data, shape), self.device) }
    }

    /// A linear layer, several with the same input side by side.
    fn linear<S: AsRef<str>>(&self, names: &[S], inputs: usize, outputs: usize) -> Result<Linear, NetworkError> {
        let width = outputs * names.len();
        let (mut weight, mut bias) = (vec![0.0; inputs * width], Vec::with_capacity(width));
        for (part, name) in names.iter().enumerate() {
            let rows = self.array(names::weight(name.as_ref()), &[outputs, inputs])?;
            for (output, row) in rows.data.chunks_exact(inputs).enumerate() {
                let column = part * outputs + output;
                weight.iter_mut().skip(column).step_by(width).zip(row).for_each(|(to, from)| *to = *from);
            }
            bias.extend_from_slice(&self.array(names::bias(name.as_ref()), &[outputs])?.data);
        }
        Ok(Linear {
            weight: self.parameter(weight, [inputs, width], true),
            bias: self.parameter(bias, [1, width], false),
        })
    }

    fn norm(&self, name: &str, dim: usize) -> Result<Norm, NetworkError> {
        let part = |name: String| Ok(self.parameter(self.array(name, &[dim])?.data.clone(), [1, dim], false));
        Ok(Norm { weight: part(names::weight(name))?, bias: part(names::bias(name))? })
    }

    fn table(&self, name: &str, rows: usize, dim: usize, keep: &Rows) -> Result<Table, NetworkError> {
        Ok(Table::new(self.array(names::weight(name), &[rows, dim])?, dim, keep, self.device))
    }

    fn layer(&self, config: &ModelConfig, at: usize) -> Result<Layer, NetworkError> {
        let (dim, hidden) = (config.dim, config.hidden_dim);
        let name = |part: &str| names::layer(at, part);
        Ok(Layer {
            qkv: self.linear(&names::QKV.map(name), dim, dim)?,
            out: self.linear(&[name(names::OUT)], dim, dim)?,
            attention_norm: self.norm(&name(names::ATTENTION_NORM), dim)?,
            expand: self.linear(&[name(names::EXPAND)], dim, hidden)?,
            contract: self.linear(&[name(names::CONTRACT)], hidden, dim)?,
            output_norm: self.norm(&name(names::OUTPUT_NORM), dim)?,
        })
    }
}

/// The values of a tensor, row-major.
fn values(tensor: &Tensor<2>) -> Vec<f32> {
    let data = tensor.to_data();
    data.as_slice::<f32>().map(<[f32]>::to_vec).unwrap_or_else(|_| data.iter::<f32>().collect())
}

fn put_norm(all: &mut Weights, name: &str, norm: &Norm) {
    for (name, parameter) in [(names::weight(name), &norm.weight), (names::bias(name), &norm.bias)] {
        let data = values(&parameter.value);
        all.insert(name, Array { shape: vec![data.len()], data });
    }
}

fn put_linear(all: &mut Weights, names: &[String], linear: &Linear) {
    let [inputs, width] = linear.weight.value.dims();
    let outputs = width / names.len().max(1);
    let (weight, bias) = (values(&linear.weight.value), values(&linear.bias.value));
    for (part, name) in names.iter().enumerate() {
        let columns = part * outputs..(part + 1) * outputs;
        let data = columns.clone().flat_map(|column| weight.iter().skip(column).step_by(width).copied()).collect();
        all.insert(names::weight(name), Array { shape: vec![outputs, inputs], data });
        let data = bias.get(columns).unwrap_or_default().to_vec();
        all.insert(names::bias(name), Array { shape: vec![outputs], data });
    }
}
