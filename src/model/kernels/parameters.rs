//! Trainable values of a network, or one value for each: gradients have this form.

use super::{
    per_parameter::{self, PerParameter},
    shape::{Shape, ShapeError},
};

/// Linear map `x W + b`.
pub(super) type Linear = per_parameter::Affine<Vec<f32>>;
/// Layer norm over the last dimension.
pub(super) type Norm = per_parameter::Affine<Vec<f32>>;
/// One encoder block, post-norm.
pub(super) type Layer = per_parameter::Layer<Vec<f32>>;

/// All values of a network. Their lengths follow from the shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    shape: Shape,
    pub(super) all: PerParameter<Vec<f32>>,
}

impl Parameters {
    /// Returns a network of zeros.
    ///
    /// # Errors
    /// The sizes contradict each other.
    pub fn zeros(shape: Shape) -> Result<Self, ShapeError> {
        shape.check()?;
        Ok(Self { shape, all: shape.plan().map(|slot| vec![0.0; slot.count()]) })
    }

    /// Returns the network with these values, in the order of [`Shape::plan`].
    ///
    /// # Errors
    /// The sizes contradict each other, or the values do not fit them.
    pub fn new(shape: Shape, values: Vec<Vec<f32>>) -> Result<Self, ShapeError> {
        shape.check()?;
        let plan = shape.plan();
        let wanted = plan.as_ref().into_vec().len();
        if values.len() != wanted {
            return Err(ShapeError::Count { found: values.len(), wanted });
        }
        let mut values = values.into_iter().enumerate();
        let all = plan.try_map(|slot| match values.next().unwrap_or_default() {
            (_, values) if values.len() == slot.count() => Ok(values),
            (at, values) => Err(ShapeError::Length { at, found: values.len(), wanted: slot.count() }),
        })?;
        Ok(Self { shape, all })
    }

    /// Returns the sizes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Takes the layers out. What remains is a network without layers.
    pub(super) fn take_layers(&mut self) -> Vec<Layer> {
        self.shape.layers = 0;
        std::mem::take(&mut self.all.layers)
    }

    /// Returns the values of each parameter, in the order of the plan.
    pub fn values(&self) -> Vec<&[f32]> {
        self.by_parameter().into_vec()
    }

    /// Returns the values of each parameter.
    pub fn by_parameter(&self) -> PerParameter<&[f32]> {
        self.all.as_ref().map(Vec::as_slice)
    }

    /// Returns the values of each parameter for changing.
    pub fn values_mut(&mut self) -> Vec<&mut [f32]> {
        self.all.as_mut().map(Vec::as_mut_slice).into_vec()
    }
}
