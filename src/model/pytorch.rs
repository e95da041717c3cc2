//! `pytorch_model.bin`: PyTorch's own container.
//! It is a pickle with the arrays beside it.
//!
//! The reader knows the few kinds of objects in a table of tensors and treats everything else as data: nothing in the
//! file is executed.

use std::{fs, path::Path};

use pytorch_reader::{DType, PytorchError, PytorchReader, Tensor};
use safetensors::Dtype;

use super::{
    ModelError,
    weights::{self, Foreign},
};
use crate::text::number::bytes;

/// Largest ratio of the bytes of all tensors to the bytes of the file.
///
/// It exceeds 1 because some tensors share their bytes, such as a word table and the head that is tied to it.
const MOST_CLAIMED: u64 = 4;

/// Converts the file to a safetensors file in memory, with the same names.
///
/// 64-bit numbers become `f32`; integers, which are buffers and not parameters, are kept.
///
/// # Errors
/// The file cannot be read or is not in PyTorch's format.
pub(super) fn to_safetensors(path: &Path, place: &str) -> Result<Vec<u8>, ModelError> {
    let reader = PytorchReader::new(path).map_err(|error| refused(place, error))?;
    let mut tensors: Vec<Tensor> = reader.into_tensors().into_values().collect();
    // A view may declare far more numbers than the file contains.
    let held = fs::metadata(path).map_err(|source| ModelError::Read { path: place.to_owned(), source })?.len();
    let claimed = tensors.iter().map(|tensor| tensor.byte_len() as u64).fold(0, u64::saturating_add);
    if claimed > held.saturating_mul(MOST_CLAIMED) {
        let why = format!("its tensors claim to have {}, and the file has {}", bytes(claimed), bytes(held));
        return Err(ModelError::broken(place, why));
    }
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let foreign = tensors.into_iter().map(|tensor| {
        let read = tensor.read().map_err(|source| ModelError::Read { path: place.to_owned(), source })?;
        let (dtype, bytes) = kind(tensor.dtype(), read);
        Ok(Foreign { name: tensor.name.clone(), dtype, shape: tensor.shape().to_vec(), bytes })
    });
    let foreign = foreign.collect::<Result<Vec<_>, ModelError>>()?;
    weights::to_safetensors_as_is(foreign).map_err(|error| ModelError::broken(place, error.to_string()))
}

/// Returns the type in a safetensors file, and the bytes for it.
fn kind(dtype: DType, bytes: Vec<u8>) -> (Dtype, Vec<u8>) {
    let dtype = match dtype {
        DType::F64 => {
            // The nearest `f32`, which is the precision of the network.
            let narrow = |eight: &[u8; 8]| (f64::from_ne_bytes(*eight) as f32).to_le_bytes();
            return (Dtype::F32, bytes.as_chunks().0.iter().flat_map(narrow).collect());
        }
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::BOOL,
    };
    (dtype, bytes)
}

fn refused(place: &str, error: PytorchError) -> ModelError {
    match error {
        PytorchError::Io(source) => ModelError::Read { path: place.to_owned(), source },
        other => ModelError::broken(place, format!("not a table of tensors in PyTorch's format ({other})")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;
    use safetensors::SafeTensors;

    use super::*;

    /// Made by `tests/reference/pytorch_bin.py`.
    fn reference(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
    }

    fn read(name: &str) -> Result<Vec<u8>, ModelError> {
        to_safetensors(&reference(name), name)
    }

    #[test]
    fn both_of_pytorchs_containers_hold_the_same_weights() {
        let expected =
            weights::from_safetensors(include_bytes!("../../tests/reference/training_tiny.safetensors")).unwrap();
        for name in ["pytorch_bin_zip.bin", "pytorch_bin_legacy.bin"] {
            let bytes = read(name).unwrap();
            let file = SafeTensors::deserialize(&bytes).unwrap();
            assert_eq!(file.len(), expected.len() + 2, "{name}");
            for (tensor, array) in &expected {
                assert_eq!(&weights::tensor(&file, tensor, &array.shape, name).unwrap(), array, "{name}: {tensor}");
            }
            assert_eq!(weights::tensor(&file, "half", &[2], name).unwrap().data, [1.0, -2.0]);
            assert_eq!(file.tensor("distilbert.embeddings.position_ids").unwrap().dtype(), Dtype::I64);
        }
    }

    #[test]
    fn nothing_in_a_file_is_executed() {
        let executed = Path::new("EXECUTED");
        assert!(!executed.exists());
        // The call is kept as a value that is no tensor: there is none left.
        let bytes = read("pytorch_bin_hostile.bin").unwrap();
        assert!(!executed.exists());
        assert!(SafeTensors::deserialize(&bytes).unwrap().is_empty());
        let error = read("pytorch_bin_huge.bin").unwrap_err().to_string();
        assert!(error.contains("its tensors claim to have 4.0 GB"), "{error}");
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pytorch_model.bin");
        assert!(read("none.bin").unwrap_err().to_string().starts_with("cannot read none.bin: "));
        for bytes in [&b""[..], b"version https://git-lfs.github.com/spec/v1\n", b"PK\x03\x04", b"\x80\x02}q\x00."] {
            fs::write(&path, bytes).unwrap();
            let outcome = to_safetensors(&path, "f");
            assert!(outcome.is_err() || bytes.starts_with(b"\x80"), "{bytes:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_damaged_file_is_an_error_or_other_numbers_but_never_a_panic(at: prop::sample::Index, byte: u8, cut: prop::sample::Index, legacy: bool) {
            let whole = fs::read(reference(if legacy { "pytorch_bin_legacy.bin" } else { "pytorch_bin_zip.bin" })).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("damaged.bin");
            let mut bytes = whole.clone();
            // The pickle is in front; there a byte changes most.
            bytes[at.index(whole.len().min(4096))] = byte;
            fs::write(&path, &bytes).unwrap();
            let _ = to_safetensors(&path, "f");
            fs::write(&path, &whole[..cut.index(whole.len())]).unwrap();
            prop_assert!(to_safetensors(&path, "f").is_err());
        }
    }
}
