//! Brings sentences to the Explore screen: from a file, from the project, from those typed before.

use super::{
    effect::Effect,
    exchange::{SentenceRequest, Sentences},
    overlays::{Overlay, examples::Examples, sentence_file::SentenceFile, sentence_search::SentenceSearch},
    prompts::Prompt,
    state::State,
};

impl State {
    /// Carries out a request for sentences.
    pub(super) fn explore_sentences(&mut self, request: SentenceRequest) -> Vec<Effect> {
        let overlay: Option<Overlay> = match request {
            SentenceRequest::Take(sentences) => return self.explore.take(*sentences, &mut self.session),
            SentenceRequest::AskFile => Some(SentenceFile::ask(&mut self.session).into()),
            SentenceRequest::Search(before) => Some(SentenceSearch::ask(&mut self.session, before).into()),
            SentenceRequest::Examples => Examples::show(&mut self.session).map(Overlay::from),
        };
        overlay.into_iter().for_each(|overlay| self.push(overlay));
        Vec::new()
    }

    /// Takes the sentences of a file, if that is still the one asked for.
    pub(super) fn sentences_read(&mut self, generation: u64, outcome: Result<Box<Sentences>, String>) -> Vec<Effect> {
        let waiting = self.overlays.iter_mut().position(|overlay| match overlay {
            Overlay::SentenceFile(panel) => panel.is_answer(generation),
            _ => false,
        });
        match (waiting, outcome) {
            (None, _) => Vec::new(),
            (Some(at), Ok(sentences)) => {
                self.overlays.remove(at);
                self.session.prompts.forget(&Prompt::SentenceFile);
                self.explore.take(*sentences, &mut self.session)
            }
            (Some(_), Err(why)) => {
                self.session.warn(why);
                Vec::new()
            }
        }
    }
}
