//! A parameter of a network with its names in files.

use super::Slot;

/// A parameter with its names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    /// Name in a checkpoint: the name of its tensor.
    /// Query, key and value together are called `qkv`.
    pub(crate) name: String,
    /// Names of the tensors in a model folder that it consists of.
    pub(crate) tensors: Vec<String>,
    /// Kind, size and place of the parameter.
    pub(crate) slot: Slot,
}

impl Parameter {
    pub(crate) fn new(tensors: Vec<String>, slot: Slot) -> Self {
        Self { name: joint_name(&tensors), tensors, slot }
    }
}

/// Returns one name for several tensors beside each other.
/// For `attention.q_lin.weight` and so on it is `attention.qkv.weight`.
fn joint_name(tensors: &[String]) -> String {
    let first = tensors.first().map_or("", String::as_str);
    if tensors.len() < 2 {
        return first.to_owned();
    }
    let (part, kind) = first.rsplit_once('.').unwrap_or((first, ""));
    let (start, _) = part.rsplit_once('.').unwrap_or((part, ""));
    format!("{start}.qkv.{kind}")
}
