//! Marks of spans under their words: the user's, and what a model has where it differs.

use super::{Theme, text_pane::Mark};
use crate::{
    app::project::Project,
    spans::{ReviewItem, Span},
    text::TextRange,
};

/// Mark of a span of the user; an empty one without a label of the project.
pub(super) fn span_mark(project: &Project, theme: &Theme, span: Option<&Span>) -> Mark {
    let Some(label) = span.and_then(|span| project.labels.get(span.label)) else { return Mark::default() };
    let style = theme.label(label.color);
    Mark { name: label.name.clone(), tag: label.tag.clone(), key: label.key, style, score: None }
}

/// Bytes on which a difference is marked: the model's span, or the gold span that it has not.
pub(super) fn model_range(item: &ReviewItem) -> TextRange {
    let side = item.model.as_ref().or(item.gold.as_ref());
    side.map(|side| side.range).unwrap_or_default()
}

/// Mark of a difference, as a suggestion with its score; `nothing` where the model has no span.
pub(super) fn model_mark(project: &Project, theme: &Theme, item: &ReviewItem) -> Mark {
    let score = item.span_score.or(item.model_probability);
    let Some(model) = &item.model else {
        return Mark { name: "nothing".to_owned(), tag: "no".to_owned(), key: None, style: theme.warn, score };
    };
    let label = project.labels.named(&model.label);
    let style = label.map_or(theme.text, |label| theme.suggestion(label.color));
    Mark {
        name: model.label.to_string(),
        tag: label.map_or_else(|| model.label.chars().take(3).collect(), |label| label.tag.clone()),
        key: label.and_then(|label| label.key),
        style,
        score,
    }
}
