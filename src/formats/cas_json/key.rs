//! Keys and names of a CAS in JSON.

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

/// Packages of DKPro and UIMA, whose layers are no spans of a user, except the one of entities.
pub(super) const PACKAGES: [&str; 2] = ["uima.", "de.tudarmstadt.ukp.dkpro.core.api."];
/// Package of the entities.
pub(super) const ENTITIES: &str = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.";
