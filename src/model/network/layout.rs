//! The parameters of a network as flat arrays in memory.
//! Made from the tensors of a model folder, and turned back.
//!
//! Linear weights are `[inputs, outputs]`, transposed against PyTorch, because hidden states are multiplied from the
//! left. Query, key and value are one matrix. Of the word and position tables only the rows in use are parameters.

use super::{
    NetworkError,
    table::{Rows, Table},
};
use crate::model::{
    arch::{Kind, Parameter, PerParameter},
    config::ModelConfig,
    weights::{Array, Weights},
};

/// The parameters of a network, and the rows of its tables that are not among them.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) config: ModelConfig,
    pub(crate) words: Table,
    pub(crate) positions: Table,
    parameters: PerParameter<Parameter>,
}

impl Layout {
    /// Returns the layout of a network, and its values.
    /// Of the word and position tables it has these rows.
    ///
    /// Each tensor is freed as soon as its values are read, so that there are never two copies of the network.
    ///
    /// # Errors
    /// Missing or misshaped weights, or a configuration that contradicts itself.
    pub(crate) fn load(
        config: &ModelConfig,
        mut weights: Weights,
        words: &Rows,
        positions: &Rows,
    ) -> Result<(Self, PerParameter<Vec<f32>>), NetworkError> {
        check(config)?;
        let whole = config.parameters();
        let (words, word_rows) = Table::new(take_table(&mut weights, &whole.words)?, config.dim, words);
        let (positions, position_rows) = Table::new(take_table(&mut weights, &whole.positions)?, config.dim, positions);
        let mut values = whole.as_ref().try_map(|parameter| take_values(&mut weights, parameter))?;
        values.words = word_rows;
        values.positions = position_rows;
        let parameters = config.arch.parameters(&config.shape(words.rows(), positions.rows()));
        Ok((Self { config: config.clone(), words, positions, parameters }, values))
    }

    /// Returns the parameters in order.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.by_parameter().into_vec().into_iter()
    }

    /// Returns the parameters.
    pub(crate) fn by_parameter(&self) -> PerParameter<&Parameter> {
        self.parameters.as_ref()
    }

    /// Returns the tensors of a model folder.
    /// They include the rows of the tables that are not parameters.
    pub(crate) fn weights(&self, values: PerParameter<&[f32]>) -> Weights {
        let mut all = Weights::new();
        all.insert(self.parameters.words.name.clone(), self.words.array(values.words));
        all.insert(self.parameters.positions.name.clone(), self.positions.array(values.positions));
        for (parameter, values) in self.by_parameter().zip(values).into_vec() {
            write(&mut all, parameter, values);
        }
        all
    }

    /// Notes that the rows which are not parameters were multiplied by `factor`.
    /// All that weight decay does to a row without gradient.
    pub(crate) fn decay_absent_rows(&mut self, factor: f64) {
        self.words.absent_factor *= factor;
        self.positions.absent_factor *= factor;
    }
}

fn check(config: &ModelConfig) -> Result<(), NetworkError> {
    let keys = &config.arch.config;
    if config.heads == 0 || config.dim == 0 || !config.dim.is_multiple_of(config.heads) {
        let [dim, heads] = [keys.dim, keys.heads].map(|size| size.key);
        let why = format!("{dim} {} is no multiple of {heads} {}", config.dim, config.heads);
        return Err(NetworkError::Config(why));
    }
    if config.vocab_size == 0 || config.max_positions == 0 || config.hidden_dim == 0 {
        let [words, positions, hidden] = [keys.vocab_size, keys.max_positions, keys.hidden_dim].map(|size| size.key);
        return Err(NetworkError::Config(format!("{words}, {positions} and {hidden} must not be 0")));
    }
    if config.tags.is_empty() {
        return Err(NetworkError::Config("there are no tags to distinguish (id2label)".into()));
    }
    Ok(())
}

/// Takes the tensors of a parameter out of the weights.
/// Returns the values of the parameter, none for a table.
fn take_values(weights: &mut Weights, parameter: &Parameter) -> Result<Vec<f32>, NetworkError> {
    let shape = parameter.slot.stored_shape();
    let tensors = parameter.tensors.iter().map(|name| take_tensor(weights, name, &shape));
    match parameter.slot.kind {
        Kind::Table => Ok(Vec::new()),
        Kind::Matrix { .. } => Ok(transposed(&tensors.collect::<Result<Vec<_>, _>>()?, parameter.slot.shape)),
        Kind::Bias { .. } | Kind::Norm => {
            let mut values = Vec::with_capacity(parameter.slot.count());
            for array in tensors {
                values.extend_from_slice(&array?.data);
            }
            Ok(values)
        }
    }
}

/// Adds the tensors of a parameter to the weights, none for a table.
fn write(weights: &mut Weights, parameter: &Parameter, values: &[f32]) {
    let shape = parameter.slot.stored_shape();
    let [inputs, width] = parameter.slot.shape;
    match parameter.slot.kind {
        Kind::Table => {}
        Kind::Matrix { parts } => {
            let outputs = width / parts.max(1);
            for (part, name) in parameter.tensors.iter().enumerate() {
                let mut data = Vec::with_capacity(inputs * outputs);
                for column in part * outputs..(part + 1) * outputs {
                    data.extend(values.iter().skip(column).step_by(width).copied());
                }
                weights.insert(name.clone(), Array { shape: shape.clone(), data });
            }
        }
        Kind::Bias { .. } | Kind::Norm => {
            let length = width / parameter.tensors.len().max(1);
            for (name, values) in parameter.tensors.iter().zip(values.chunks_exact(length.max(1))) {
                weights.insert(name.clone(), Array { shape: shape.clone(), data: values.to_vec() });
            }
        }
    }
}

fn take_table(weights: &mut Weights, parameter: &Parameter) -> Result<Array, NetworkError> {
    take_tensor(weights, &parameter.name, &parameter.slot.stored_shape())
}

fn take_tensor(weights: &mut Weights, name: &str, wanted: &[usize]) -> Result<Array, NetworkError> {
    let array = weights.remove(name).ok_or_else(|| NetworkError::Missing(name.to_owned()))?;
    let size: usize = array.shape.iter().product();
    if array.shape != wanted || array.data.len() != size {
        return Err(NetworkError::Shape { name: name.to_owned(), found: array.shape, wanted: wanted.to_vec() });
    }
    Ok(array)
}

/// Returns the transposed matrices side by side: `[inputs, width]`.
fn transposed(parts: &[Array], [inputs, width]: [usize; 2]) -> Vec<f32> {
    let outputs = width / parts.len().max(1);
    let mut together = vec![0.0; inputs * width];
    for (part, array) in parts.iter().enumerate() {
        for (output, row) in array.data.chunks_exact(inputs.max(1)).enumerate() {
            let column = part * outputs + output;
            together.iter_mut().skip(column).step_by(width).zip(row).for_each(|(to, from)| *to = *from);
        }
    }
    together
}
