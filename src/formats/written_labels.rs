//! Names of labels in a file of a format that cannot hold every name.

use std::collections::{BTreeMap, HashSet};

use super::{OnLoss, loss_report::LossReport, problem::quoted};
use crate::spans::{Document, LabelId, LabelSet, Span};

/// Reason why a name cannot be written, and the nearest one that can; an empty one if there is none.
pub(super) type NameFault = (&'static str, String);

/// Labels of a file with the names that they have in it.
pub(super) struct WrittenLabels(BTreeMap<LabelId, WrittenLabel>);

struct WrittenLabel {
    /// Its own name.
    name: String,
    /// Reason why that cannot be written.
    fault: Option<&'static str>,
    /// Name that is written in its place; `None` if another label has it.
    instead: Option<String>,
}

impl WrittenLabels {
    /// Chooses the names. No two labels get the same one: the first keeps it.
    pub(super) fn new(labels: &LabelSet, fault_of: impl Fn(&str) -> Option<NameFault>) -> Self {
        let mut taken: HashSet<String> = labels.iter().map(|label| label.name.clone()).collect();
        let mut written = BTreeMap::new();
        for label in labels {
            let fault = fault_of(&label.name);
            let instead = fault.as_ref().map(|(_, fitting)| fitting.clone());
            let instead = instead.filter(|fitting| !fitting.is_empty() && taken.insert(fitting.clone()));
            let fault = fault.map(|(why, _)| why);
            written.insert(label.id, WrittenLabel { name: label.name.clone(), fault, instead });
        }
        Self(written)
    }

    /// The own name of a label, if it is known.
    pub(super) fn own(&self, label: LabelId) -> Option<&str> {
        self.0.get(&label).map(|label| label.name.as_str())
    }

    /// Name that a label has in the file, if it can be written.
    pub(super) fn written(&self, label: LabelId) -> Option<&str> {
        let label = self.0.get(&label)?;
        if label.fault.is_none() { Some(&label.name) } else { label.instead.as_deref() }
    }

    /// Name of a span's label in the file, and whether it differs from its own. `None` after a loss was added: the span is
    /// left out.
    pub(super) fn name(&self, document: &Document, span: &Span, losses: &mut LossReport) -> Option<(&str, bool)> {
        let text = span.range.of(&document.text);
        let Some(WrittenLabel { name, fault, instead }) = self.0.get(&span.label) else {
            let what = format!("the span {} has a label that the label set does not know", quoted(text));
            losses.add_at(&document.id, span.range, &what, "left out", "left out");
            return None;
        };
        let Some(fault) = fault else { return Some((name, false)) };
        let snapped = match instead {
            Some(instead) => format!("written as {}", quoted(instead)),
            None => "left out".to_owned(),
        };
        let what = format!("the label {} of {} {fault}", quoted(name), quoted(text));
        losses.add_at(&document.id, span.range, &what, "left out", &snapped);
        let instead = instead.as_deref().filter(|_| losses.on_loss() == OnLoss::Snap);
        instead.map(|name| (name, true))
    }
}

/// A name with bars in place of the characters that it must not have.
pub(super) fn with_bars(name: &str, is_wrong: impl Fn(char) -> bool) -> String {
    name.split(is_wrong).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_that_would_become_one_stay_apart() {
        let labels = LabelSet::from_names(["A B", "A\tB", "A_C", "A C", "ok"]);
        let fault = |name: &str| {
            name.contains(char::is_whitespace).then(|| ("holds white space", with_bars(name, char::is_whitespace)))
        };
        let written = WrittenLabels::new(&labels, fault);
        let document = Document::from_words("1", ["tacos"]);
        let names: Vec<Option<String>> = labels
            .iter()
            .map(|label| {
                let span = Span {
                    id: crate::spans::SpanId { writer: 0, sequence: 0 },
                    range: crate::text::TextRange::new(0, 5),
                    label: label.id,
                    source: crate::spans::SpanSource::Human,
                };
                let mut losses = LossReport::new(OnLoss::Snap, 50);
                written.name(&document, &span, &mut losses).map(|(name, _)| name.to_owned())
            })
            .collect();
        assert_eq!(names, [Some("A_B"), None, Some("A_C"), None, Some("ok")].map(|name| name.map(str::to_owned)));
    }
}
