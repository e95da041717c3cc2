//! Edits that put a suggestion in the place of what is tagged.

use super::{Annotation, Edit, Span, SpanId};

/// Returns the edits that remove the span `given` and every span over the words of `new`, and add `new`.
///
/// With `rejects`, what is removed is also rejected: an adjudicator's annotators may still have it.
pub fn replacement(annotation: &Annotation, given: Option<SpanId>, new: Option<Span>, rejects: bool) -> Vec<Edit> {
    let over: Vec<&Span> = new.iter().flat_map(|new| annotation.over(new.range)).collect();
    let given = given.and_then(|id| annotation.get(id)).filter(|given| over.iter().all(|span| span.id != given.id));
    let mut edits = Vec::new();
    for span in given.into_iter().chain(over) {
        edits.push(Edit::Remove(span.id));
        edits.extend(rejects.then_some(Edit::Reject(span.range, span.label)));
    }
    edits.extend(new.map(Edit::Add));
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spans::{LabelId, SpanSource, Status},
        text::TextRange,
    };

    fn span(sequence: u32, start: usize, end: usize) -> Span {
        let (id, range) = (SpanId { writer: 1, sequence }, TextRange::new(start, end));
        Span { id, range, label: LabelId(sequence), source: SpanSource::Human }
    }

    #[test]
    fn what_the_new_span_covers_and_what_it_stands_for_is_removed() {
        let all = [span(1, 0, 4), span(2, 5, 10), span(3, 11, 15), span(4, 20, 25)];
        let left = |given: Option<usize>, new: Option<Span>| {
            let mut annotation = Annotation::new(all.to_vec(), Status::Done);
            let edits = replacement(&annotation, given.map(|at| all[at].id), new, false);
            annotation.apply_all(&edits);
            annotation.spans().iter().map(|span| span.id.sequence).collect::<Vec<_>>()
        };
        assert_eq!(left(Some(1), Some(span(9, 5, 12))), [1, 9, 4], "a neighbour that it reaches into");
        assert_eq!(left(None, Some(span(9, 16, 19))), [1, 2, 3, 9, 4]);
        assert_eq!(left(Some(0), Some(span(9, 16, 19))), [2, 3, 9, 4], "elsewhere");
        assert_eq!(left(Some(2), None), [1, 2, 4]);
    }

    #[test]
    fn an_adjudicator_rejects_what_is_removed() {
        let annotation = Annotation::new(vec![span(1, 0, 4)], Status::Done);
        let gone = span(1, 0, 4);
        let expected = [Edit::Remove(gone.id), Edit::Reject(gone.range, gone.label), Edit::Add(span(9, 0, 6))];
        assert_eq!(replacement(&annotation, Some(gone.id), Some(span(9, 0, 6)), true), expected);
        assert!(replacement(&annotation, Some(span(7, 0, 4).id), None, true).is_empty(), "it is gone already");
    }
}
