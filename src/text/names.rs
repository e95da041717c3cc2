//! Error messages about names that are not in a list.

use std::fmt::Display;

/// Reports an unknown name: "unknown tag scheme `x`; use one of bio, iob1, bioes, bilou".
pub fn unknown_name<T: Display>(kind: &str, name: &str, known: impl IntoIterator<Item = T>) -> String {
    let known: Vec<String> = known.into_iter().map(|name| name.to_string()).collect();
    format!("unknown {kind} `{name}`; use one of {}", known.join(", "))
}
