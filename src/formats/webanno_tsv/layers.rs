//! Header of a WebAnno TSV file: the layers and their columns.

use crate::formats::{
    Problem,
    problem::{Problems, first_names, quoted},
};

/// First line of a file, before the number of the version.
pub(super) const HEADER: &str = "#FORMAT=WebAnno TSV 3";
/// Begins a line with the text of a sentence.
pub(super) const TEXT: &str = "#Text=";
/// Columns before those of the layers: number, offsets, token.
const FIRST: usize = 3;

/// Layers that say something about words and are no spans to be tagged.
const OF_WORDS: [&str; 8] =
    ["POS", "Lemma", "MorphologicalFeatures", "Stem", "Token", "Sentence", "SurfaceForm", "SegmentQuality"];

/// A layer of spans, with the columns of its features.
#[derive(Debug)]
struct SpanLayer {
    /// Full name, as in `de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity`.
    name: String,
    features: Vec<String>,
    /// Column of the first feature, from 0.
    column: usize,
}

impl SpanLayer {
    fn short_name(&self) -> &str {
        self.name.rsplit(['.', ':']).next().unwrap_or(&self.name)
    }

    /// Column of the feature with the label.
    fn label_column(&self) -> usize {
        let named = self.features.iter().position(|feature| feature == "value");
        let first = self.features.iter().position(|feature| !feature.starts_with("ROLE_"));
        self.column + named.or(first).unwrap_or_default()
    }
}

/// Layers of a file.
#[derive(Debug, Default)]
pub(super) struct Layers {
    spans: Vec<SpanLayer>,
    /// Names of layers of other kinds: relations and chains.
    others: Vec<String>,
    /// Number of columns so far.
    columns: usize,
}

impl Layers {
    /// Reads a line of the header. Returns whether it is one.
    pub(super) fn add(&mut self, line: &str) -> bool {
        let kinds = ["#T_SP=", "#T_RL=", "#T_CH="];
        let Some((kind, rest)) = kinds.iter().find_map(|kind| Some((*kind, line.strip_prefix(kind)?))) else {
            return false;
        };
        let mut items = rest.split('|').map(str::trim).filter(|item| !item.is_empty());
        let name = items.next().unwrap_or_default().to_owned();
        let features: Vec<String> = items.map(str::to_owned).collect();
        let column = FIRST + self.columns;
        self.columns += features.len().max(1);
        if kind == "#T_SP=" {
            self.spans.push(SpanLayer { name, features, column });
        } else {
            self.others.push(name);
        }
        true
    }

    /// Chooses the column with the labels: of named entities, or of the first layer that is not about single words.
    /// `chosen` is the column that the user wants. What is not read is reported.
    pub(super) fn label_column(&self, chosen: Option<usize>, problems: &mut Problems) -> Option<usize> {
        let candidates = self.spans.iter().filter(|layer| !OF_WORDS.contains(&layer.short_name()));
        let entities = candidates.clone().find(|layer| layer.short_name() == "NamedEntity");
        let found = entities.or_else(|| candidates.clone().next());
        if chosen.is_none()
            && let Some(found) = found
        {
            let others = first_names(candidates.filter(|layer| layer.column != found.column).map(described));
            if !others.is_empty() {
                let message = format!("spans are read from the layer {}, not from {others}", described(found));
                problems.push(Problem::note(message).hint("--tag-column N reads the column N"));
            }
        }
        if !self.others.is_empty() {
            let names = first_names(self.others.iter().map(|name| quoted(name)));
            problems.push(Problem::note(format!("layers of relations and chains are not read: {names}")));
        }
        let end = FIRST + self.columns;
        match chosen {
            Some(column) if (FIRST..end).contains(&column) => Some(column),
            Some(column) => {
                let message = format!("column {} is not one of a layer", column + 1);
                problems
                    .push(Problem::error(message).hint(format!("the layers have the columns {} to {end}", FIRST + 1)));
                None
            }
            None => found.map(SpanLayer::label_column),
        }
    }
}

/// Name and column of a layer, for messages.
fn described(layer: &SpanLayer) -> String {
    format!("{} (column {})", quoted(&layer.name), layer.label_column() + 1)
}
