//! The annotators of a project laid side by side, read from its folder.

use std::path::Path;

use crate::{
    app::event::Annotators,
    project::Project,
    spans::{
        adjudication::{ADJUDICATOR, ComparedDocument},
        agreement::{self, Panel},
    },
};

/// What all annotators of a project but the judge have finished, side by side.
pub(super) fn annotators(root: &Path) -> Result<Annotators, String> {
    let project = Project::open(root).map_err(|error| error.to_string())?;
    let names = project.contributors().into_iter().filter(|name| name.as_str() != ADJUDICATOR);
    let readers = project.annotator_work(names).map_err(|error| error.to_string())?;
    let mut panels = project.panels(&readers);
    // Who has finished nothing that another one has would be a column of blanks.
    let shares = |at: &usize| panels.iter().any(|(_, panel)| panel.annotations.get(*at).is_some_and(Option::is_some));
    let shown: Vec<usize> = (0..readers.len()).filter(shares).collect();
    if shown.is_empty() {
        let text = "No document was marked done by two annotators; another one tags with: tagli DIR --as NAME";
        return Err(text.to_owned());
    }
    for (_, panel) in &mut panels {
        panel.annotations = shown.iter().map(|at| panel.annotations.get(*at).copied().flatten()).collect();
    }
    let documents = panels.iter().filter_map(|(at, panel)| {
        let id = &panel.document.id;
        let changed = readers.iter().filter_map(|reader| reader.last_changed(id)).max().unwrap_or(0);
        Some((id.clone(), ComparedDocument { changed, ..ComparedDocument::new(*at, &panel.annotations)? }))
    });
    let documents = documents.collect();
    let panels: Vec<Panel<'_>> = panels.into_iter().map(|(_, panel)| panel).collect();
    Ok(Annotators {
        names: shown.iter().filter_map(|at| readers.get(*at)).map(|reader| reader.name.to_string()).collect(),
        documents,
        agreement: agreement::agreement_of_all(&panels),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Action, Document, Edit, LabelId, LabelSet, Span, SpanSource, Status, journal::JournalOp},
        text::{Grid, TextRange},
    };

    /// Who labels the first so many bytes of a document, and whether they finish it.
    fn says(project: &Project, name: &str, document: &str, bytes: usize, done: bool) {
        let mut annotator = project.annotator(&name.parse().unwrap(), 0).unwrap();
        let id = annotator.next_span();
        let span = Span { id, range: TextRange::new(0, bytes), label: LabelId(2), source: SpanSource::Human };
        let status = if done { Status::Done } else { Status::Partial };
        let edits = vec![Edit::Add(span), Edit::Status(status)];
        let op = JournalOp::Do(Action { document: document.into(), edits });
        annotator.record(&project.documents, 1, op).unwrap();
    }

    #[test]
    fn who_has_finished_what_another_has_is_compared_and_the_judge_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let mut project = Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let texts = ["fish tacos", "cheap beer", "great pho"];
        let documents =
            texts.iter().enumerate().map(|(at, text)| Document::new(format!("d{at}"), *text, Grid::Natural));
        let items = documents.map(|document| ImportItem { document, spans: Vec::new(), status: Status::Todo });
        project.import(None, 0, items.collect()).unwrap();
        assert!(annotators(&dir).unwrap_err().contains("by two annotators"));
        says(&project, "ada", "d0", 4, true);
        says(&project, "ada", "d1", 5, true);
        says(&project, "ben", "d0", 10, true);
        says(&project, "ben", "d1", 5, false);
        // Has finished what nobody else has.
        says(&project, "cy", "d2", 5, true);
        says(&project, "gold", "d0", 4, true);
        let found = annotators(&dir).unwrap();
        assert_eq!(found.names, ["ada", "ben"]);
        let [(id, compared)] = found.documents.as_slice() else { panic!("{:?}", found.documents) };
        assert_eq!((id.as_str(), compared.places.len(), compared.places[0].range), ("d0", 1, TextRange::new(0, 10)));
        assert_eq!((found.agreement.pairs.len(), compared.changed), (1, 1));
        assert!(annotators(folder.path()).is_err(), "no project");
    }
}
