//! The parameters of a network in their order, as flat arrays: from Hugging Face weights and back to them.
//!
//! Linear weights are `[inputs, outputs]`, transposed against PyTorch, because hidden states are multiplied from the
//! left; query, key and value stand side by side as one; of the word and position tables only the rows in use are there.

use std::borrow::Cow;

use super::{
    NetworkError, names,
    table::{Rows, Table},
};
use crate::model::{
    config::ModelConfig,
    weights::{Array, Weights},
};

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    /// Its Hugging Face name; query, key and value together are called `qkv`.
    pub(crate) name: String,
    /// Rows and columns; a vector is one row.
    pub(crate) shape: [usize; 2],
    /// Whether weight decay applies: everything but biases and layer norms.
    pub(crate) decays: bool,
    /// How far from the input it is: 0 for the embeddings, then the layers, last the head.
    pub(crate) depth: usize,
}

/// What the parameters of a network are, and the rows of its tables that are not among them.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) config: ModelConfig,
    pub(crate) words: Table,
    pub(crate) positions: Table,
    parameters: Vec<Parameter>,
}

/// Where the values of a parameter come from and go to.
enum Source {
    Words,
    Positions,
    /// A vector.
    Vector(String),
    /// The weights of linear layers of this many inputs, transposed and side by side.
    Matrices(Vec<String>, usize),
    /// Their biases.
    Biases(Vec<String>),
}

impl Layout {
    /// The layout of a network with its values, in order. Of the word and position tables it has these rows.
    ///
    /// # Errors
    /// Missing or misshaped weights, or a configuration that contradicts itself.
    pub(crate) fn load(
        config: &ModelConfig,
        weights: &Weights,
        words: &Rows,
        positions: &Rows,
    ) -> Result<(Self, Vec<Vec<f32>>), NetworkError> {
        check(config)?;
        let dim = config.dim;
        let table = |name: &str, height: usize| array(weights, names::weight(name), &[height, dim]);
        let all_words = table(names::WORDS, config.vocab_size)?;
        let all_positions = table(names::POSITIONS, config.max_positions)?;
        let words = Table::new(all_words, dim, words);
        let positions = Table::new(all_positions, dim, positions);
        let mut parameters = Vec::new();
        let mut values = Vec::new();
        for (source, mut parameter) in plan(config) {
            values.push(match &source {
                Source::Words => words.gather(all_words),
                Source::Positions => positions.gather(all_positions),
                Source::Vector(name) => array(weights, name.clone(), &[parameter.shape[1]])?.data.clone(),
                Source::Matrices(names, inputs) => side_by_side(weights, names, *inputs, parameter.shape[1])?,
                Source::Biases(names) => biases(weights, names, parameter.shape[1])?,
            });
            match source {
                Source::Words => parameter.shape[0] = words.rows(),
                Source::Positions => parameter.shape[0] = positions.rows(),
                _ => {}
            }
            parameters.push(parameter);
        }
        Ok((Self { config: config.clone(), words, positions, parameters }, values))
    }

    /// The parameters, in order.
    pub(crate) fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The weights by Hugging Face name, rows of the tables that are not among the parameters included. `values` holds
    /// those of each parameter, in order.
    pub(crate) fn weights(&self, values: &[Cow<'_, [f32]>]) -> Weights {
        let mut all = Weights::new();
        for ((source, _), (parameter, values)) in plan(&self.config).into_iter().zip(self.parameters.iter().zip(values))
        {
            match source {
                Source::Words => _ = all.insert(names::weight(names::WORDS), self.words.array(values)),
                Source::Positions => _ = all.insert(names::weight(names::POSITIONS), self.positions.array(values)),
                Source::Vector(name) => {
                    all.insert(name, Array { shape: vec![values.len()], data: values.to_vec() });
                }
                Source::Matrices(names, inputs) => {
                    let (width, outputs) = (parameter.shape[1], parameter.shape[1] / names.len().max(1));
                    for (part, name) in names.into_iter().enumerate() {
                        let columns = part * outputs..(part + 1) * outputs;
                        let column = |column: usize| values.iter().skip(column).step_by(width).copied();
                        all.insert(
                            name,
                            Array { shape: vec![outputs, inputs], data: columns.flat_map(column).collect() },
                        );
                    }
                }
                Source::Biases(names) => {
                    let outputs = parameter.shape[1] / names.len().max(1);
                    for (name, values) in names.into_iter().zip(values.chunks_exact(outputs.max(1))) {
                        all.insert(name, Array { shape: vec![outputs], data: values.to_vec() });
                    }
                }
            }
        }
        all
    }

    /// Notes that the rows which are not among the parameters were multiplied by `factor`: all that weight decay does to
    /// a row without gradient.
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

/// All parameters of such a network, in order; the tables with no rows yet.
fn plan(config: &ModelConfig) -> Vec<(Source, Parameter)> {
    let (dim, hidden, tags) = (config.dim, config.hidden_dim, config.tags.len());
    let mut all = Plan(Vec::new());
    all.put(Source::Words, names::weight(names::WORDS), [0, dim], true, 0);
    all.put(Source::Positions, names::weight(names::POSITIONS), [0, dim], true, 0);
    all.norm(names::EMBEDDING_NORM, dim, 0);
    for at in 0..config.layers {
        let (name, depth) = (|part: &str| names::layer(at, part), at + 1);
        all.linear(&name(names::TOGETHER), names::QKV.map(name).to_vec(), [dim, 3 * dim], depth);
        all.linear(&name(names::OUT), vec![name(names::OUT)], [dim, dim], depth);
        all.linear(&name(names::EXPAND), vec![name(names::EXPAND)], [dim, hidden], depth);
        all.linear(&name(names::CONTRACT), vec![name(names::CONTRACT)], [hidden, dim], depth);
        all.norm(&name(names::ATTENTION_NORM), dim, depth);
        all.norm(&name(names::OUTPUT_NORM), dim, depth);
    }
    all.linear(names::HEAD, vec![names::HEAD.to_owned()], [dim, tags], config.layers + 1);
    all.0
}

struct Plan(Vec<(Source, Parameter)>);

impl Plan {
    fn put(&mut self, source: Source, name: String, shape: [usize; 2], decays: bool, depth: usize) {
        self.0.push((source, Parameter { name, shape, decays, depth }));
    }

    fn norm(&mut self, name: &str, dim: usize, depth: usize) {
        for name in [names::weight(name), names::bias(name)] {
            self.put(Source::Vector(name.clone()), name, [1, dim], false, depth);
        }
    }

    fn linear(&mut self, name: &str, parts: Vec<String>, shape: [usize; 2], depth: usize) {
        let all = |of: fn(&str) -> String| parts.iter().map(|part| of(part)).collect();
        self.put(Source::Matrices(all(names::weight), shape[0]), names::weight(name), shape, true, depth);
        self.put(Source::Biases(all(names::bias)), names::bias(name), [1, shape[1]], false, depth);
    }
}

fn array<'a>(weights: &'a Weights, name: String, wanted: &[usize]) -> Result<&'a Array, NetworkError> {
    let array = weights.get(&name).ok_or_else(|| NetworkError::Missing(name.clone()))?;
    let size: usize = array.shape.iter().product();
    if array.shape != wanted || array.data.len() != size {
        return Err(NetworkError::Shape { name, found: array.shape.clone(), wanted: wanted.to_vec() });
    }
    Ok(array)
}

fn side_by_side(weights: &Weights, names: &[String], inputs: usize, width: usize) -> Result<Vec<f32>, NetworkError> {
    let outputs = width / names.len().max(1);
    let mut together = vec![0.0; inputs * width];
    for (part, name) in names.iter().enumerate() {
        let rows = array(weights, name.clone(), &[outputs, inputs])?;
        for (output, row) in rows.data.chunks_exact(inputs).enumerate() {
            let column = part * outputs + output;
            together.iter_mut().skip(column).step_by(width).zip(row).for_each(|(to, from)| *to = *from);
        }
    }
    Ok(together)
}

fn biases(weights: &Weights, names: &[String], width: usize) -> Result<Vec<f32>, NetworkError> {
    let outputs = width / names.len().max(1);
    let mut together = Vec::with_capacity(width);
    for name in names {
        together.extend_from_slice(&array(weights, name.clone(), &[outputs])?.data);
    }
    Ok(together)
}
