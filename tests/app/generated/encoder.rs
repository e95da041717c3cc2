//! The embedded base model, made from a folder of all-MiniLM-L6-v2.

use std::{collections::BTreeMap, env, fs, path::Path};

use tagliatelle::model::encoder;

use super::asset;

/// Makes `assets/encoder/` from the model folder in `ENCODER_SOURCE`. The same input gives the same bytes.
#[test]
#[ignore = "writes files; `just encoder FOLDER` runs it"]
fn write_encoder() {
    let folder = env::var_os("ENCODER_SOURCE").expect("ENCODER_SOURCE must name a folder of all-MiniLM-L6-v2");
    let read = |name: &str| {
        let path = Path::new(&folder).join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let source: BTreeMap<String, Vec<u8>> =
        encoder::SOURCES.into_iter().map(|name| (name.to_owned(), read(name))).collect();
    for (name, bytes) in encoder::make(&source).unwrap() {
        fs::write(asset("assets/encoder").join(name), bytes).unwrap();
    }
}
