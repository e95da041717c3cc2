//! Adds the sentence of the Explore screen to the project, with the spans that the model found in it.
//!
//! The project is closed meanwhile, as for an import. Then the spans become one action of the journal on the new document, as
//! if its suggestions had been taken: undo takes them back.

use crate::{
    spans::{Edit, Entity, Span, SpanSource},
    text::number::with_noun,
};

use super::{
    conditions, effect::Effect, event::Level, exchange::AddedSentence, screen::Screen, state::State,
    tagging::TagContext,
};

impl State {
    /// Adds a sentence as a document.
    pub(super) fn add_sentence(&mut self, sentence: AddedSentence) -> Vec<Effect> {
        if let Err(why) = conditions::can_extend(&self.session, "add the sentence") {
            self.session.warn(why);
            return Vec::new();
        }
        self.put_aside();
        self.welcome.opening = Some("the project with the sentence".to_owned());
        let generation = self.session.next_generation();
        let text = sentence.text.clone();
        self.adding = Some((generation, sentence));
        vec![Effect::AddDocument { generation, text }]
    }

    /// Takes the outcome: the project is open again, with a document of this id.
    pub(super) fn sentence_added(&mut self, generation: u64, outcome: Result<String, String>) -> Vec<Effect> {
        let Some((_, sentence)) = self.adding.take_if(|(adding, _)| *adding == generation) else { return Vec::new() };
        let project = self.session.project.as_ref();
        let added = outcome.map(|id| (project.and_then(|project| project.position(&id)), id));
        let (document, id) = match added {
            Ok((Some(document), id)) => (document, id),
            Ok((None, id)) => {
                self.session
                    .warn(format!("The sentence was added as {id}, which cannot be found; open the project again"));
                return Vec::new();
            }
            Err(message) => {
                self.session.warn(message);
                return Vec::new();
            }
        };
        let mut effects = self.go(Screen::Tag);
        effects.extend(self.session.open_document(document, Vec::new()));
        effects.extend(self.session.tag(|context| take_spans(context, sentence, &id)));
        effects
    }
}

/// Takes the spans of a sentence on the document in front, as one action.
fn take_spans(context: &mut TagContext<'_>, AddedSentence { run, spans, .. }: AddedSentence, id: &str) {
    let mut edits = Vec::new();
    let mut unknown = 0;
    for Entity { range, label, score } in spans {
        let Some(label) = context.project.labels.find(&label).map(|label| label.id) else {
            unknown += 1;
            continue;
        };
        let source = SpanSource::Model { run: run.clone(), score };
        edits.push(Edit::Add(Span { id: context.project.new_id(), range, label, source }));
    }
    let taken = edits.len();
    if taken > 0 && !context.act(edits) {
        return;
    }
    let left_out = match unknown {
        0 => String::new(),
        unknown => format!(", {} without a label of this project left out", with_noun(unknown, "span")),
    };
    let spans = with_noun(taken, "span");
    let text = format!("Added as {id} with {spans}{left_out}; u takes the spans back, remove-document hides it");
    context.show(Level::Info, text);
}
