//! Changes of the labels that were made, with their time and who made them.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize};

use super::label::{LabelId, LabelSet};

/// A change of the labels that was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LabelRecord {
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// Annotator who made it.
    pub by: String,
    /// What was done.
    #[serde(flatten)]
    pub step: LabelStep,
}

/// What was done to a label. Keys, colours, places and guidelines change no meaning, and are left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelStep {
    /// It was added, or brought back.
    Added {
        /// The label.
        id: LabelId,
        /// Its name.
        name: String,
    },
    /// It got another name.
    Renamed {
        /// The label.
        id: LabelId,
        /// Its name before.
        from: String,
        /// Its name after.
        to: String,
    },
    /// It was merged into another one.
    Merged {
        /// The label.
        id: LabelId,
        /// Its name.
        name: String,
        /// Name of the other one.
        into: String,
    },
    /// It was removed.
    Removed {
        /// The label.
        id: LabelId,
        /// Its name.
        name: String,
    },
}

impl LabelStep {
    /// The steps from one label set to another one, in the order of the labels.
    pub fn between(before: &LabelSet, after: &LabelSet) -> Vec<Self> {
        let names: HashMap<LabelId, &str> = after.iter().map(|label| (label.id, label.name.as_str())).collect();
        let mut known: HashMap<LabelId, &str> = HashMap::new();
        let mut steps = Vec::new();
        for label in before.iter() {
            let id = label.id;
            let name = label.name.clone();
            known.insert(id, &label.name);
            match (names.get(&id), after.get(id)) {
                (Some(now), _) if **now == *name => {}
                (Some(now), _) => steps.push(Self::Renamed { id, from: name, to: (*now).to_owned() }),
                (None, Some(other)) => steps.push(Self::Merged { id, name, into: other.name.clone() }),
                (None, None) => steps.push(Self::Removed { id, name }),
            }
        }
        let added = after.iter().filter(|label| !known.contains_key(&label.id));
        steps.extend(added.map(|label| Self::Added { id: label.id, name: label.name.clone() }));
        steps
    }
}

impl fmt::Display for LabelStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { name, .. } => write!(f, "+ label {name}"),
            Self::Renamed { from, to, .. } => write!(f, "label {from} renamed to {to}"),
            Self::Merged { name, into, .. } => write!(f, "label {name} merged into {into}"),
            Self::Removed { name, .. } => write!(f, "- label {name}"),
        }
    }
}

impl fmt::Display for LabelRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, by {}", self.step, self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::LabelChange;

    #[test]
    fn what_changes_the_meaning_of_labels_is_told_in_words() {
        let mut set = LabelSet::from_names(["Dish", "Price", "Hours"]);
        let mut told = Vec::new();
        let changes = [
            LabelChange::Add("Sauce".into()),
            LabelChange::Rename(LabelId(0), "Meal".into()),
            LabelChange::Key(LabelId(0), 'x'),
            LabelChange::Recolor(LabelId(0)),
            LabelChange::Guide(LabelId(0), "raw, too".into()),
            LabelChange::Move(LabelId(0), false),
            LabelChange::Merge(LabelId(1), LabelId(2)),
            LabelChange::Remove(LabelId(2)),
            LabelChange::Add("Hours".into()),
        ];
        for change in changes {
            let before = set.clone();
            set.change(&change, || 7).unwrap();
            told.extend(LabelStep::between(&before, &set).iter().map(ToString::to_string));
        }
        let expected = [
            "+ label Sauce",
            "label Dish renamed to Meal",
            "label Price merged into Hours",
            "- label Hours",
            "+ label Hours",
        ];
        assert_eq!(told, expected);
        assert_eq!(LabelStep::between(&set, &set), []);
    }
}
