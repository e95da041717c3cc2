//! The work of one annotator as a corpus for the formats.

use super::Project;
use crate::{
    formats::{Corpus, Provenance},
    spans::{Journal, Split, Status},
};

impl Project {
    /// Documents of one split (or of all) with their annotations.
    /// Those that are done, or with `all` every one.
    pub fn corpus(&self, journal: &Journal, split: Option<Split>, all: bool) -> Corpus {
        let origin = &self.manifest.provenance;
        let provenance = (!origin.is_empty()).then(|| Provenance {
            source: origin.source.clone(),
            citation: origin.citation.clone(),
            licence: origin.licence.clone(),
        });
        let mut corpus = Corpus { labels: self.manifest.labels.clone(), provenance, ..Corpus::default() };
        for document in &self.documents {
            let annotation = journal.annotation(&document.id);
            let wanted = split.is_none_or(|split| document.split == Some(split));
            if wanted && (all || annotation.status == Status::Done) {
                corpus.documents.push(document.clone());
                corpus.annotations.push(annotation.clone());
            }
        }
        corpus
    }
}
