//! Tensors with 4 bits for each weight, such as the word table of the embedded bases.
//!
//! The weights, row by row, are cut into groups of 32 ([`GROUP`]); the last group is filled up with zeros. Each weight is a
//! whole number from -8 to 7 times the factor of its group. The tensor `NAME`, `U8` of shape `[groups, 16]`, holds the
//! whole numbers plus 8: byte `i` of a group has weight `i` in its low half and weight `i + 16` in its high half. The
//! tensor `NAME.scale`, `F16` of shape `[groups]`, holds the factors.
//!
//! Against 8 bits with one factor for each row this halves the table. A model of three layers trained from such a table scored .618,
//! one from the table in `f32` .626 (F1 per word, MIT Restaurant, 320 sentences, mean of two seeds).

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::ModelError;
use super::kernels::{GROUP, from_four_bits};
#[cfg(test)]
use super::weights::f16_to_f32;
use super::weights::{self, Array, scale_name, typed_view};

/// Reads a tensor of this shape as `f32`, in 4 bits or in any form that [`weights::tensor`] reads.
/// `place` names the file.
///
/// # Errors
/// As [`weights::tensor`].
pub(super) fn any_tensor(file: &SafeTensors, name: &str, shape: &[usize], place: &str) -> Result<Array, ModelError> {
    let has_type = |name: &str, dtype| file.tensor(name).is_ok_and(|view| view.dtype() == dtype);
    match has_type(name, Dtype::U8) && has_type(&scale_name(name), Dtype::F16) {
        true => tensor(file, name, shape, place),
        false => weights::tensor(file, name, shape, place),
    }
}

/// Reads a tensor of 4 bits.
///
/// # Errors
/// [`ModelError::MissingTensor`] if the tensor or its factors are missing, [`ModelError::WrongShape`] for another number
/// of groups, [`ModelError::Unsupported`] for another type.
fn tensor(file: &SafeTensors, name: &str, shape: &[usize], place: &str) -> Result<Array, ModelError> {
    let count: usize = shape.iter().product();
    let groups = count.div_ceil(GROUP);
    let bytes = typed_view(file, name, (Dtype::U8, &[groups, GROUP / 2]), place)?;
    let factors = typed_view(file, &scale_name(name), (Dtype::F16, &[groups]), place)?;
    let mut data = from_four_bits(bytes.data(), &weights::half_floats(factors.data()));
    data.truncate(count);
    Ok(Array { shape: shape.to_vec(), data })
}

/// Rounds an array to 4 bits: the bytes of its groups, and their factors as `f16`.
#[cfg(test)]
pub(super) fn round(array: &Array) -> (Vec<u8>, Vec<u16>) {
    let mut bytes = Vec::with_capacity(array.data.len() / 2);
    let mut factors = Vec::with_capacity(array.data.len() / GROUP);
    for weights in array.data.chunks(GROUP) {
        let mut group = [0.0; GROUP];
        group.iter_mut().zip(weights).for_each(|(to, from)| *to = *from);
        let factor = best_factor(&group);
        let stored = group.map(|weight| stored_number(whole_number(weight, f16_to_f32(factor))));
        let (first, second) = stored.split_at(GROUP / 2);
        bytes.extend(first.iter().zip(second).map(|(low, high)| low | high << 4));
        factors.push(factor);
    }
    (bytes, factors)
}

/// Returns the factor with the least squared error, as `f16`.
///
/// Tried are those that give the weight of the largest magnitude a number from -6 to -10: some of them cut it off at -8,
/// which pays if the others are far smaller. Of equal ones the first is taken.
#[cfg(test)]
fn best_factor(group: &[f32; GROUP]) -> u16 {
    let extreme = group.iter().fold(0.0_f32, |most, x| if x.abs() > most.abs() { *x } else { most });
    let tried = (48_u16..=80).map(|eighths| f32_to_f16(extreme / (f32::from(eighths) / -8.0)));
    let mut best = (0, f64::INFINITY);
    for factor in tried {
        let error = squared_error(group, f16_to_f32(factor));
        if error < best.1 {
            best = (factor, error);
        }
    }
    best.0
}

#[cfg(test)]
fn squared_error(group: &[f32; GROUP], factor: f32) -> f64 {
    // In a fixed order, so that other programs can compute the same sum.
    group.iter().fold(0.0, |sum, &weight| {
        let off = f64::from(weight) - f64::from(whole_number(weight, factor)) * f64::from(factor);
        sum + off * off
    })
}

/// Returns the whole number from -8 to 7 that stands for a weight.
#[cfg(test)]
fn whole_number(weight: f32, factor: f32) -> f32 {
    if factor == 0.0 { 0.0 } else { (weight / factor).round_ties_even().clamp(-8.0, 7.0) }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 15")]
fn stored_number(number: f32) -> u8 {
    (number + 8.0) as u8
}

/// Rounds to half precision, to the nearest number and to the even one of two.
#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the upper bits are zero")]
fn f32_to_f16(x: f32) -> u16 {
    let (bits, sign) = (x.abs().to_bits(), u16::from(x.is_sign_negative()) << 15);
    if x.abs() < f32::from_bits(113 << 23) {
        // Below 2^-14 numbers are multiples of 2^-24.
        return sign | (x.abs() * 16_777_216.0).round_ties_even() as u16;
    }
    let rounded = bits - (112 << 23) + 0xfff + (bits >> 13 & 1);
    sign | (rounded >> 13) as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Weights;
    use crate::model::weights::to_safetensors_rounded;

    fn file(array: &Array) -> Vec<u8> {
        to_safetensors_rounded(&Weights::from([("x".to_owned(), array.clone())]), "x").unwrap()
    }

    fn read(file: &[u8], shape: &[usize]) -> Result<Array, ModelError> {
        tensor(&SafeTensors::deserialize(file).unwrap(), "x", shape, "f")
    }

    fn tensor_named(name: &str, file: &[u8]) -> Result<Array, ModelError> {
        tensor(&SafeTensors::deserialize(file).unwrap(), name, &[4, 16], "f")
    }

    #[test]
    fn every_half_precision_number_is_rounded_to_itself() {
        for bits in (0..0x7c00).chain(0x8000..0xfc00) {
            assert_eq!(f32_to_f16(f16_to_f32(bits)), bits);
        }
        // Halfway between two, and a little more.
        assert_eq!(f32_to_f16(1.0 + 1.0 / 2048.0), 0x3c00);
        assert_eq!(f32_to_f16(1.0 + 3.0 / 2048.0), 0x3c02);
        assert_eq!(f32_to_f16(1.0 + 1.1 / 2048.0), 0x3c01);
        assert_eq!(f32_to_f16(-2.0_f32.powi(-25)), 0x8000);
        assert_eq!(f32_to_f16(1.5 * 2.0_f32.powi(-24)), 2);
    }

    #[test]
    fn a_group_of_zeros_stays_zero_and_a_lonely_weight_is_kept() {
        let mut data = vec![0.0; 64];
        data[40] = 0.75;
        let array = Array { shape: vec![4, 16], data };
        assert_eq!(read(&file(&array), &[4, 16]).unwrap(), array);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let file = file(&Array { shape: vec![4, 16], data: vec![0.5; 64] });
        assert!(matches!(read(&file, &[9, 16]).unwrap_err(), ModelError::WrongShape { .. }));
        let floats = Array { shape: vec![2, 16], data: vec![0.5; 32] };
        let floats = weights::to_safetensors(&Weights::from([("x".to_owned(), floats)])).unwrap();
        assert!(matches!(read(&floats, &[4, 16]).unwrap_err(), ModelError::Unsupported { .. }));
        let found = any_tensor(&SafeTensors::deserialize(&floats).unwrap(), "x", &[2, 16], "f").unwrap();
        assert_eq!(found.data, [0.5; 32]);
        assert!(matches!(tensor_named("y", &file).unwrap_err(), ModelError::MissingTensor { .. }));
    }

    proptest! {
        #[test]
        fn weights_are_off_by_half_a_step_unless_they_are_cut_off(data in prop::collection::vec(-3.0_f32..3.0, 1..100)) {
            let shape = [1, data.len()];
            let array = Array { shape: shape.to_vec(), data };
            let back = read(&file(&array), &shape).unwrap();
            prop_assert_eq!(&back.shape, &array.shape);
            for (group, read) in array.data.chunks(GROUP).zip(back.data.chunks(GROUP)) {
                let most = group.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
                // At worst the whole numbers end at 7 and the largest weight is 10 steps.
                prop_assert!(group.iter().zip(read).all(|(x, y)| (x - y).abs() <= most * 0.31), "{group:?} {read:?}");
            }
        }

        #[test]
        fn a_damaged_file_is_an_error_or_other_numbers_but_never_a_panic(at in 0usize..400, byte: u8, cut in 0usize..400) {
            let mut bytes = file(&Array { shape: vec![4, 16], data: vec![0.5; 64] });
            let length = bytes.len();
            bytes[at % length] = byte;
            bytes.truncate(length - cut % 8);
            if let Ok(file) = SafeTensors::deserialize(&bytes) {
                let _ = tensor(&file, "x", &[4, 16], "f");
            }
        }
    }
}
