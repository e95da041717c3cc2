//! `cas-json`: documents of UIMA as JSON (version 0.4), as INCEpTION exports them, one file for each.
//!
//! A document whose layers are more than named entities, words and sentences keeps all of them in `foreign`; an export
//! changes only the entities.

mod read;
mod write;

use super::format::{Format, Sample};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "cas-json",
    about: "UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file",
    extensions: &["json", "zip"],
    cannot_hold: "statuses, splits, further fields",
    keeps_text: true,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Keys and names of the format.
mod key {
    pub(super) const TYPES: &str = "%TYPES";
    pub(super) const STRUCTURES: &str = "%FEATURE_STRUCTURES";
    pub(super) const VIEWS: &str = "%VIEWS";
    pub(super) const MEMBERS: &str = "%MEMBERS";
    pub(super) const ELEMENTS: &str = "%ELEMENTS";
    pub(super) const TYPE: &str = "%TYPE";
    pub(super) const ID: &str = "%ID";
    pub(super) const SOFA: &str = "uima.cas.Sofa";
    pub(super) const TEXT: &str = "sofaString";
    pub(super) const ENTITY: &str = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity";
    pub(super) const TOKEN: &str = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token";
    pub(super) const SENTENCE: &str = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence";
    pub(super) const DOCUMENT: &str = "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData";
}

/// Packages of DKPro and UIMA, whose layers are no spans of a user, except the one of entities.
const PACKAGES: [&str; 2] = ["uima.", "de.tudarmstadt.ukp.dkpro.core.api."];
const ENTITIES: &str = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.";

/// Accepts an object that begins with the keys of the format.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let start = sample.text.trim_start();
    let is_cas = start.starts_with('{') && (start.contains("\"%TYPES\"") || start.contains("\"%FEATURE_STRUCTURES\""));
    is_cas.then(|| (96, "a CAS of UIMA".to_owned()))
}

#[cfg(test)]
mod tests;
