//! The parameters of a model as plain arrays by name, and their safetensors file.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView, View};

use super::ModelError;
#[cfg(test)]
use super::four_bits;
use super::kernels::from_eight_bits;

/// A row-major array.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// Length of each axis, outermost first.
    pub shape: Vec<usize>,
    /// Values; their number is the product of `shape`.
    pub data: Vec<f32>,
}

/// Arrays by the names of the tensors in a model folder.
pub type Weights = BTreeMap<String, Array>;

impl Array {
    /// Length of the innermost axis; 1 for a scalar.
    pub fn width(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }
}

/// The values as they stand in a file: little endian, on nearly every machine the memory itself.
pub(crate) fn little_endian(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        Cow::Borrowed(bytemuck::cast_slice(values))
    } else {
        values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>().into()
    }
}

/// One tensor to be stored.
struct Stored<'a> {
    dtype: Dtype,
    shape: Cow<'a, [usize]>,
    data: Data<'a>,
}

enum Data<'a> {
    Floats(Cow<'a, [f32]>),
    Bytes(Vec<u8>),
}

impl View for Stored<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match &self.data {
            Data::Floats(values) => little_endian(values),
            Data::Bytes(bytes) => bytes.into(),
        }
    }

    fn data_len(&self) -> usize {
        match &self.data {
            Data::Floats(values) => size_of_val(values.as_ref()),
            Data::Bytes(bytes) => bytes.len(),
        }
    }
}

/// Makes a safetensors file in `f32`. The same weights give the same bytes.
///
/// # Errors
/// The data of an array does not fill its shape.
pub fn to_safetensors(weights: &Weights) -> Result<Vec<u8>, SafeTensorError> {
    let stored = weights.iter().map(|(name, array)| {
        let data = Data::Floats(Cow::Borrowed(&array.data));
        (name.as_str(), Stored { dtype: Dtype::F32, shape: Cow::Borrowed(&array.shape), data })
    });
    serialize(stored)
}

/// A tensor from another container, in this machine's byte order.
pub(super) struct Foreign {
    pub(super) name: String,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Vec<u8>,
}

/// Makes a safetensors file of tensors that are bytes already.
///
/// # Errors
/// The bytes of one do not fill its shape.
pub(super) fn to_safetensors_as_is(tensors: Vec<Foreign>) -> Result<Vec<u8>, SafeTensorError> {
    serialize(tensors.into_iter().map(|Foreign { name, dtype, shape, bytes }| {
        (name, Stored { dtype, shape: Cow::Owned(shape), data: Data::Bytes(bytes) })
    }))
}

/// Reads a file that [`to_safetensors`] wrote.
///
/// # Errors
/// Not a safetensors file, or one with other types than `f32`.
pub fn from_safetensors(bytes: &[u8]) -> Result<Weights, SafeTensorError> {
    let file = SafeTensors::deserialize(bytes)?;
    let mut weights = Weights::new();
    for (name, view) in file.tensors() {
        let (dtype, shape) = (view.dtype(), view.shape().to_vec());
        if dtype != Dtype::F32 {
            return Err(SafeTensorError::InvalidTensorView(dtype, shape, view.data().len()));
        }
        weights.insert(name, Array { shape, data: floats(view.data()) });
    }
    Ok(weights)
}

/// Makes a safetensors file in which every matrix is `i8`.
/// Each row has one `f32` factor.
///
/// The factors are in a tensor `NAME.scale`; vectors stay `f32`. [`tensor`] reads it back. The tensor `table` has 4 bits
/// for each weight instead, see [`super::four_bits`].
///
/// # Errors
/// The data of an array does not fill its shape.
#[cfg(test)]
pub(super) fn to_safetensors_rounded(weights: &Weights, table: &str) -> Result<Vec<u8>, SafeTensorError> {
    let stored = weights.iter().flat_map(|(name, array)| {
        let shape = Cow::Borrowed(array.shape.as_slice());
        if array.shape.len() < 2 {
            let data = Data::Floats(Cow::Borrowed(array.data.as_slice()));
            return vec![(name.clone(), Stored { dtype: Dtype::F32, shape, data })];
        }
        let [numbers, factors] = if name == table { rounded_groups(array) } else { rounded_rows(array) };
        vec![(name.clone(), numbers), (scale_name(name), factors)]
    });
    serialize(stored)
}

/// Whole numbers of 8 bits, and the factor of each row.
#[cfg(test)]
fn rounded_rows(array: &Array) -> [Stored<'_>; 2] {
    let (bytes, factors) = quantise(array);
    let (shape, rows) = (Cow::Borrowed(array.shape.as_slice()), Cow::Owned(vec![factors.len()]));
    [
        Stored { dtype: Dtype::I8, shape, data: Data::Bytes(bytes) },
        Stored { dtype: Dtype::F32, shape: rows, data: Data::Floats(factors.into()) },
    ]
}

/// Whole numbers of 4 bits, and the factor of each group.
#[cfg(test)]
fn rounded_groups(array: &Array) -> [Stored<'_>; 2] {
    let (bytes, factors) = four_bits::round(array);
    let groups = Cow::Owned(vec![factors.len(), bytes.len() / factors.len().max(1)]);
    let factors: Vec<u8> = factors.into_iter().flat_map(u16::to_le_bytes).collect();
    let count = Cow::Owned(vec![factors.len() / 2]);
    [
        Stored { dtype: Dtype::U8, shape: groups, data: Data::Bytes(bytes) },
        Stored { dtype: Dtype::F16, shape: count, data: Data::Bytes(factors) },
    ]
}

fn serialize<'a, S: AsRef<str> + Ord + std::fmt::Display>(
    tensors: impl Iterator<Item = (S, Stored<'a>)>,
) -> Result<Vec<u8>, SafeTensorError> {
    // transformers refuses a file that does not state which framework's layout it has.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(tensors, Some(metadata))
}

/// Name of the row factors of an `i8` tensor.
pub(super) fn scale_name(name: &str) -> String {
    format!("{name}.scale")
}

/// Rounds to `i8` values from -127 to 127, with a factor for each row.
///
/// The factor is the largest magnitude of the row / 127.
#[cfg(test)]
fn quantise(array: &Array) -> (Vec<u8>, Vec<f32>) {
    let rows = array.data.chunks_exact(array.width().max(1));
    let scales: Vec<f32> =
        rows.clone().map(|row| row.iter().fold(0.0_f32, |most, x| most.max(x.abs())) / 127.0).collect();
    let bytes = rows.zip(&scales).flat_map(|(row, &scale)| row.iter().flat_map(move |&x| eight_bits(x, scale)));
    (bytes.collect(), scales)
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "rounded and clamped to the range of i8")]
fn eight_bits(x: f32, scale: f32) -> [u8; 1] {
    let steps = if scale > 0.0 { (x / scale).round_ties_even().clamp(-127.0, 127.0) } else { 0.0 };
    (steps as i8).to_ne_bytes()
}

/// Reads one tensor as `f32`. `place` names the file.
/// It is of type `f32`, `f16`, `bf16`, or `i8` with row factors.
///
/// # Errors
/// [`ModelError::WrongShape`] for another shape, [`ModelError::Unsupported`] for another type,
/// [`ModelError::MissingTensor`] if the tensor or its row factors are missing.
pub(super) fn tensor(file: &SafeTensors, name: &str, shape: &[usize], place: &str) -> Result<Array, ModelError> {
    let view = view(file, name, shape, place)?;
    let bytes = view.data();
    let data = match view.dtype() {
        Dtype::F32 => floats(bytes),
        Dtype::F16 => half_floats(bytes),
        Dtype::BF16 => halves(bytes, |bits| f32::from_bits(u32::from(bits) << 16)),
        Dtype::I8 => {
            let rows = shape.first().copied().unwrap_or(1);
            let scales = typed_view(file, &scale_name(name), (Dtype::F32, &[rows]), place)?;
            from_eight_bits(bytes, &floats(scales.data()), bytes.len().checked_div(rows).unwrap_or(0))
        }
        _ => return Err(wrong_type(name, &view, place)),
    };
    Ok(Array { shape: shape.to_vec(), data })
}

fn view<'a>(file: &SafeTensors<'a>, name: &str, shape: &[usize], place: &str) -> Result<TensorView<'a>, ModelError> {
    let Ok(view) = file.tensor(name) else {
        return Err(ModelError::MissingTensor {
            path: place.to_owned(),
            name: name.to_owned(),
            expected: shape.to_vec(),
        });
    };
    if view.shape() == shape {
        return Ok(view);
    }
    Err(ModelError::WrongShape {
        path: place.to_owned(),
        name: name.to_owned(),
        expected: shape.to_vec(),
        found: view.shape().to_vec(),
    })
}

/// Returns the view of a tensor of this type and shape.
///
/// # Errors
/// As [`tensor`].
pub(super) fn typed_view<'a>(
    file: &SafeTensors<'a>,
    name: &str,
    (dtype, shape): (Dtype, &[usize]),
    place: &str,
) -> Result<TensorView<'a>, ModelError> {
    let view = view(file, name, shape, place)?;
    if view.dtype() == dtype { Ok(view) } else { Err(wrong_type(name, &view, place)) }
}

fn wrong_type(name: &str, view: &TensorView, place: &str) -> ModelError {
    let what =
        format!("tensor {name:?} holds {}; F32, F16, BF16, and I8 with F32 row factors can be read", view.dtype());
    ModelError::unsupported(place, what)
}

/// Reads the values of [`little_endian`]; bytes after the last whole value are left out.
fn floats(bytes: &[u8]) -> Vec<f32> {
    let whole = bytes.as_chunks::<4>().0.as_flattened();
    let mut values = vec![0.0; whole.len() / size_of::<f32>()];
    bytemuck::cast_slice_mut::<f32, u8>(&mut values).copy_from_slice(whole);
    if cfg!(target_endian = "big") {
        values.iter_mut().for_each(|value| *value = f32::from_bits(value.to_bits().swap_bytes()));
    }
    values
}

/// Reads numbers of half precision.
pub(super) fn half_floats(bytes: &[u8]) -> Vec<f32> {
    halves(bytes, f16_to_f32)
}

fn halves(bytes: &[u8], convert: impl Fn(u16) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&two| convert(u16::from_le_bytes(two))).collect()
}

/// Converts IEEE 754 half precision exactly.
pub(super) fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1f, u32::from(bits & 0x3ff));
    match exponent {
        // Subnormal: the fraction counts steps of 2^-24.
        0 => f32::from(bits & 0x3ff) * (1.0 / 16_777_216.0) * if sign == 0 { 1.0 } else { -1.0 },
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file with one tensor `x` of these bytes.
    fn file(dtype: Dtype, shape: &[usize], bytes: Vec<u8>) -> Vec<u8> {
        serialize([("x", Stored { dtype, shape: Cow::Borrowed(shape), data: Data::Bytes(bytes) })].into_iter()).unwrap()
    }

    fn read(file: &[u8], shape: &[usize]) -> Result<Array, ModelError> {
        tensor(&SafeTensors::deserialize(file).unwrap(), "x", shape, "f")
    }

    #[test]
    fn every_half_precision_number_is_read_exactly() {
        for bits in 0..=u16::MAX {
            let (sign, exponent, fraction) = (bits >> 15, i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
            let size = match exponent {
                0 => fraction / 1024.0 * 2.0_f64.powi(-14),
                0x1f if fraction == 0.0 => f64::INFINITY,
                0x1f => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15),
            };
            let read = f64::from(f16_to_f32(bits));
            assert!(read.abs() == size || (read.is_nan() && size.is_nan()), "{bits:#x}");
            assert_eq!(read.is_sign_negative(), sign == 1, "{bits:#x}");
        }
    }

    #[test]
    fn both_halves_are_read() {
        // 1.0 and -2.0.
        assert_eq!(read(&file(Dtype::F16, &[2], vec![0x00, 0x3c, 0x00, 0xc0]), &[2]).unwrap().data, [1.0, -2.0]);
        assert_eq!(read(&file(Dtype::BF16, &[2], vec![0x80, 0x3f, 0x00, 0xc0]), &[2]).unwrap().data, [1.0, -2.0]);
    }

    #[test]
    fn other_number_types_and_lone_bytes_are_refused() {
        let error = read(&file(Dtype::I64, &[1], vec![0; 8]), &[1]).unwrap_err().to_string();
        assert!(error.starts_with("f: tensor \"x\" holds I64"), "{error}");
        let error = read(&file(Dtype::I8, &[2, 2], vec![0; 4]), &[2, 2]).unwrap_err().to_string();
        assert!(error.starts_with("f: tensor \"x.scale\" is missing"), "{error}");
    }

    proptest! {
        #[test]
        fn eight_bits_are_off_by_half_a_step_at_most(data in prop::collection::vec(-3.0_f32..3.0, 12)) {
            let array = Array { shape: vec![4, 3], data };
            let stored = to_safetensors_rounded(&Weights::from([("x".to_owned(), array.clone())]), "").unwrap();
            let back = read(&stored, &[4, 3]).unwrap();
            for (row, read) in array.data.chunks(3).zip(back.data.chunks(3)) {
                let step = row.iter().fold(0.0_f32, |most, x| most.max(x.abs())) / 127.0;
                prop_assert!(row.iter().zip(read).all(|(x, y)| (x - y).abs() <= step * 0.5001));
            }
        }

        #[test]
        fn a_damaged_file_is_an_error_or_other_numbers_but_never_a_panic(at in 0usize..400, byte: u8, cut in 0usize..400) {
            let array = Array { shape: vec![4, 3], data: vec![0.5; 12] };
            let mut bytes = to_safetensors_rounded(&Weights::from([("x".to_owned(), array)]), "").unwrap();
            let length = bytes.len();
            bytes[at % length] = byte;
            bytes.truncate(length - cut % 8);
            if let Ok(file) = SafeTensors::deserialize(&bytes) {
                let _ = tensor(&file, "x", &[4, 3], "f");
            }
        }
    }
}
