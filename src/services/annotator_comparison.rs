//! Comparison of the annotators of a project, read from its folder.

use std::path::Path;

use crate::{
    app::event::Annotators,
    project::Project,
    spans::{
        adjudication::{ADJUDICATOR, ComparedDocument},
        agreement::{self, Panel},
    },
};

/// Compares the finished documents of all annotators except the adjudicator.
///
/// # Errors
/// The project cannot be read, or no document was finished by two annotators.
pub(super) fn annotators(root: &Path) -> Result<Annotators, String> {
    let project = Project::open(root).map_err(|error| error.to_string())?;
    let names = project.contributors().into_iter().filter(|name| name.as_str() != ADJUDICATOR);
    let all = project.annotator_work(names).map_err(|error| error.to_string())?;
    let mut panels = project.panels(&all);
    // An annotator who has finished no document of another one would be an empty column.
    let shown: Vec<usize> = (0..all.len()).filter(|at| has_common_document(&panels, *at)).collect();
    if shown.is_empty() {
        let text = "No document was marked done by two annotators; another one tags with: tagli DIR --as NAME";
        return Err(text.to_owned());
    }
    for (_, panel) in &mut panels {
        panel.annotations = shown.iter().map(|at| panel.annotations.get(*at).copied().flatten()).collect();
    }
    let documents = panels.iter().filter_map(|(at, panel)| {
        let id = &panel.document.id;
        let changed = all.iter().filter_map(|work| work.last_changed(id)).max().unwrap_or(0);
        Some((id.clone(), ComparedDocument { changed, ..ComparedDocument::new(*at, &panel.annotations)? }))
    });
    let documents = documents.collect();
    let panels: Vec<Panel<'_>> = panels.into_iter().map(|(_, panel)| panel).collect();
    Ok(Annotators {
        names: shown.iter().filter_map(|at| all.get(*at)).map(|work| work.name.to_string()).collect(),
        documents,
        agreement: agreement::agreement_of_all(&panels),
    })
}

/// Whether an annotator has finished a document of the panels.
/// Two or more annotators have finished each of them.
fn has_common_document(panels: &[(usize, Panel<'_>)], annotator: usize) -> bool {
    panels.iter().any(|(_, panel)| panel.annotations.get(annotator).is_some_and(Option::is_some))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Action, Document, Edit, LabelId, LabelSet, Span, SpanSource, Status, journal::JournalOp},
        text::{Grid, TextRange},
    };

    /// Labels the first bytes of a document for an annotator.
    /// The document is marked done or partial.
    fn label(project: &Project, name: &str, document: &str, bytes: usize, done: bool) {
        let mut annotator = project.annotator(&name.parse().unwrap(), 0).unwrap();
        let id = annotator.next_span();
        let span = Span { id, range: TextRange::new(0, bytes), label: LabelId(2), source: SpanSource::Human };
        let status = if done { Status::Done } else { Status::Partial };
        let edits = vec![Edit::Add(span), Edit::Status(status)];
        let op = JournalOp::Do(Action { document: document.into(), edits });
        annotator.record(&project.documents, 1, op).unwrap();
    }

    #[test]
    fn annotators_with_common_documents_are_compared_and_the_adjudicator_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let mut project = Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let texts = ["fish tacos", "cheap beer", "great pho"];
        let documents =
            texts.iter().enumerate().map(|(at, text)| Document::new(format!("d{at}"), *text, Grid::Natural));
        let items = documents.map(|document| ImportItem { document, spans: Vec::new(), status: Status::Todo });
        project.import(None, 0, items.collect()).unwrap();
        assert!(annotators(&dir).unwrap_err().contains("by two annotators"));
        label(&project, "ada", "d0", 4, true);
        label(&project, "ada", "d1", 5, true);
        label(&project, "ben", "d0", 10, true);
        label(&project, "ben", "d1", 5, false);
        // No other annotator has finished this document.
        label(&project, "cy", "d2", 5, true);
        label(&project, "gold", "d0", 4, true);
        let found = annotators(&dir).unwrap();
        assert_eq!(found.names, ["ada", "ben"]);
        let [(id, compared)] = found.documents.as_slice() else { panic!("{:?}", found.documents) };
        assert_eq!((id.as_str(), compared.places.len(), compared.places[0].range), ("d0", 1, TextRange::new(0, 10)));
        assert_eq!((found.agreement.pairs.len(), compared.changed), (1, 1));
        assert!(annotators(folder.path()).is_err(), "no project");
    }
}
