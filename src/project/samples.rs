//! Samples embedded in the program, so that the binary alone can open something.
//! Their sources are in `sample-projects/`; opening one writes it to a project of the user.

use std::path::Path;

use super::{AnnotatorName, Manifest, ProjectError, copy::CopySource};

/// A project embedded in the program.
#[derive(Debug)]
pub struct Sample {
    /// Name of the project and of its folder.
    pub name: &'static str,
    /// Description in one sentence, without a full stop.
    pub about: &'static str,
    manifest: &'static str,
    documents: &'static str,
    journal: &'static str,
    guide: &'static str,
}

macro_rules! sample {
    ($name:literal, $about:literal) => {
        Sample {
            name: $name,
            about: $about,
            manifest: include_str!(concat!("../../sample-projects/", $name, "/project.json")),
            documents: include_str!(concat!("../../sample-projects/", $name, "/documents.jsonl")),
            journal: include_str!(concat!("../../sample-projects/", $name, "/annotations/sample.jsonl")),
            guide: include_str!(concat!("../../sample-projects/", $name, "/GUIDE.md")),
        }
    };
}

/// All samples; the one for beginners is first.
pub static SAMPLES: &[Sample] = &[
    sample!("restaurants", "restaurant queries and reviews, most of them tagged"),
    sample!("bilingual-menu", "menus in several scripts, with labels of its own"),
];

impl Sample {
    /// Finds a sample by name.
    pub fn find(name: &str) -> Option<&'static Self> {
        SAMPLES.iter().find(|sample| sample.name == name)
    }

    /// Writes the sample to `target`, which becomes a project.
    /// `owner` gets the annotations.
    ///
    /// # Errors
    /// `target` holds a project or a file of one with other content, or the file system refuses.
    pub fn write_to(&self, target: &Path, owner: &AnnotatorName) -> Result<(), ProjectError> {
        let manifest = Manifest::from_json(self.manifest.as_bytes());
        let source = CopySource {
            manifest: manifest.map_err(|why| ProjectError::Manifest { path: self.name.into(), why })?,
            documents: self.documents.as_bytes().into(),
            journals: vec![(owner, self.journal.as_bytes().into())],
            guide: Some(self.guide.as_bytes().into()),
        };
        source.write_to(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{project::Project, spans::Status};

    #[test]
    fn every_sample_becomes_a_sound_project_with_its_work_and_its_guide() {
        let folder = tempfile::tempdir().unwrap();
        let ada: AnnotatorName = "ada".parse().unwrap();
        for sample in SAMPLES {
            let there = folder.path().join(sample.name);
            sample.write_to(&there, &ada).unwrap();
            let project = Project::open(&there).unwrap();
            assert_eq!((project.manifest.name.as_str(), project.manifest.sample), (sample.name, false));
            let annotator = project.read_annotator(&ada).unwrap();
            assert!(annotator.problems.is_empty(), "{}: {:?}", sample.name, annotator.problems);
            let done = |id: &str| annotator.journal.annotation(id).status == Status::Done;
            let done = project.documents.iter().filter(|document| done(&document.id)).count();
            assert!(done > 0 && done < project.documents.len(), "{}: {done} done", sample.name);
            assert!(there.join("GUIDE.md").is_file());
            let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-projects").join(sample.name);
            assert!(Project::is_sample(&here).unwrap());
            assert!(matches!(sample.write_to(&there, &ada), Err(ProjectError::Exists(_))));
        }
    }

    #[test]
    fn samples_are_found_by_name_and_no_folder_is_none() {
        assert_eq!(Sample::find("restaurants").map(|sample| sample.name), Some("restaurants"));
        assert!(Sample::find("../restaurants").is_none());
    }
}
