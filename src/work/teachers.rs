//! Teachers of a training: trained models whose probabilities another model learns.

use std::path::{Path, PathBuf};

use crate::{
    model::{self, ModelError},
    project::{
        Project,
        run_folder::{is_run, model_path, read_status},
        storage::shown_path,
    },
    runs::Phase,
    spans::{dataset::tag_names, scheme::Tag},
    training::Teacher,
};

/// A teacher cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    /// There is no such run or folder.
    #[error("there is no teacher `{0}`: name a run of the project, the folder of a run, or the folder of a model")]
    Missing(String),
    /// Its run has not ended.
    #[error("the teacher {name} is not finished: its run is {state}")]
    Unfinished {
        /// Its name.
        name: String,
        /// Phase of its run.
        state: &'static str,
    },
    /// Its run has no model.
    #[error("the teacher {name} has no model in {}", shown_path(.model))]
    NoModel {
        /// Its name.
        name: String,
        /// Where the model should be.
        model: PathBuf,
    },
    /// Its model cannot be read.
    #[error("the teacher {name} cannot be read: {source}")]
    Damaged {
        /// Its name.
        name: String,
        /// The reason.
        source: ModelError,
    },
    /// It has other labels than the training.
    #[error("the teacher {name} has other labels: it knows {theirs}, the training data have {ours}")]
    Labels {
        /// Its name.
        name: String,
        /// Its labels.
        theirs: String,
        /// Labels of the training data.
        ours: String,
    },
    /// It has the labels of the training, but not `B-` and `I-` of each.
    #[error("the teacher {name} has other tags: it knows {0}, and `O` with `B-` and `I-` of each label are needed", .theirs.join(", "))]
    Tags {
        /// Its name.
        name: String,
        /// Its tags.
        theirs: Vec<String>,
    },
}

/// Opens the teachers of these names for a training with these labels, which are sorted.
///
/// A name is the id or number of a run of the project, or the folder of a run or of a model.
///
/// # Errors
/// One of them is missing, unfinished or damaged, or has other labels.
pub fn open<S: AsRef<str>>(
    project: Option<&Project>,
    names: &[S],
    labels: &[String],
) -> Result<Vec<Teacher>, TeacherError> {
    names.iter().map(|name| open_one(project, name.as_ref(), labels)).collect()
}

fn open_one(project: Option<&Project>, name: &str, labels: &[String]) -> Result<Teacher, TeacherError> {
    let folder = find(project, name)?;
    let model = model::open(&folder.to_string_lossy())
        .map_err(|source| TeacherError::Damaged { name: name.to_owned(), source })?;
    let mut theirs: Vec<&str> = model.config.tags.iter().filter_map(|tag| Tag::read(tag).label()).collect();
    theirs.sort_unstable();
    theirs.dedup();
    if theirs != labels {
        let theirs = theirs.join(", ");
        let theirs = if theirs.is_empty() { "none, because it was never trained".to_owned() } else { theirs };
        return Err(TeacherError::Labels { name: name.to_owned(), theirs, ours: labels.join(", ") });
    }
    let (mut needed, mut tags) = (tag_names(labels), model.config.tags.clone());
    needed.sort_unstable();
    tags.sort_unstable();
    if needed != tags {
        return Err(TeacherError::Tags { name: name.to_owned(), theirs: model.config.tags });
    }
    Ok(Teacher { name: name.to_owned(), model })
}

/// Finds the model folder of a teacher.
fn find(project: Option<&Project>, name: &str) -> Result<PathBuf, TeacherError> {
    let own = project.and_then(|project| project.runs().get(name).ok()).map(|run| run.path);
    // A base is not opened by its name: a folder may be called like one.
    let folder = own.unwrap_or_else(|| Path::new(".").join(name));
    if !folder.is_dir() {
        return Err(TeacherError::Missing(name.to_owned()));
    }
    if !is_run(&folder) {
        return Ok(folder);
    }
    // A run that was stopped has a model like one that came to its end.
    let phase = read_status(&folder).map_or(Phase::Starting, |status| status.phase);
    if !matches!(phase, Phase::Done | Phase::Stopped) {
        return Err(TeacherError::Unfinished { name: name.to_owned(), state: phase.name() });
    }
    let model = model_path(&folder);
    if !model.is_dir() {
        return Err(TeacherError::NoModel { name: name.to_owned(), model });
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use crate::{project::storage::LARGE, training::MOST_ANSWER_BYTES};

    #[test]
    fn a_checkpoint_gives_back_the_answers_of_the_largest_allowed_size() {
        // The header of a safetensors file with one array is far smaller than this.
        const { assert!(MOST_ANSWER_BYTES + 100_000 < LARGE) };
    }
}
