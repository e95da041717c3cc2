//! The text fields of the program, and what is being typed in them.
//!
//! A panel only names the [`Prompt`] that is open; the text is here and nowhere else. So no panel can lose it: it stays
//! when another screen comes, when `esc` leaves the field and when the project is read again, and the field offers it when
//! it is opened the next time. It goes once it was answered: the search was carried out, the command given, the note
//! written. An answer that could not be carried out comes back, unless something else is being typed there by then. A new
//! field is a new variant, which the test in `prompt_tests.rs` then demands steps for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{field::Field, key::Key};
use crate::spans::LabelId;

/// A text field of the program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
// The tests go through all of them: a new one without steps there does not compile.
#[cfg_attr(test, derive(strum::EnumDiscriminants))]
#[cfg_attr(test, strum_discriminants(name(PromptKind), derive(strum::VariantArray)))]
#[cfg_attr(test, strum_discriminants(allow(missing_docs, reason = "see `Prompt`")))]
pub enum Prompt {
    /// The folder of a new project, on the welcome screen.
    Folder,
    /// The labels of a new project.
    Labels,
    /// The file of texts for a new project.
    Texts,
    /// The search of the Documents screen.
    Search,
    /// A setting of the next training, by its name in [`Settings`](crate::runs::Settings).
    Setting(&'static str),
    /// The sentence of the Explore screen.
    Sentence,
    /// The file of sentences for the Explore screen.
    SentenceFile,
    /// The search of the sentences typed before.
    SentenceSearch,
    /// The search of the palette.
    Palette,
    /// The letters of a word to go to.
    Jump,
    /// The note on the document with this id.
    Note(String),
    /// The text of the document with this id.
    Correction(String),
    /// The file to import.
    Import,
    /// The name of a new label.
    NewLabel,
    /// Another name for this label.
    LabelName(LabelId),
    /// The guideline of this label.
    LabelGuide(LabelId),
}

/// How long a text is kept that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lifetime {
    /// As long as the same annotator has the project open.
    Annotator,
    /// As long as the project is open.
    Project,
    /// Until the program ends.
    Program,
}

impl Prompt {
    /// Whether the program reports later whether an answer could be carried out.
    fn has_outcome(&self) -> bool {
        self.is_of_labels() || matches!(self, Self::Correction(_) | Self::Import)
    }

    /// Whether an answer changes the labels.
    pub(super) fn is_of_labels(&self) -> bool {
        matches!(self, Self::NewLabel | Self::LabelName(_) | Self::LabelGuide(_))
    }

    /// Id of the document that its text is about, if it is about one.
    pub(super) fn document(&self) -> Option<&str> {
        match self {
            Self::Note(id) | Self::Correction(id) => Some(id),
            _ => None,
        }
    }

    fn lifetime(&self) -> Lifetime {
        match self {
            Self::Folder | Self::Labels | Self::Texts => Lifetime::Program,
            // What one annotator has begun to write about a text is not offered to another.
            Self::Note(_) | Self::Correction(_) => Lifetime::Annotator,
            Self::Search | Self::Setting(_) | Self::Sentence | Self::Palette | Self::Jump => Lifetime::Project,
            Self::SentenceFile | Self::SentenceSearch => Lifetime::Project,
            Self::Import | Self::NewLabel | Self::LabelName(_) | Self::LabelGuide(_) => Lifetime::Project,
        }
    }

    /// Name of the field, and the id of what it is about, if its text is kept when the project is left and when the program ends
    /// without a question.
    ///
    /// The fields of the welcome screen and of settings are not: a few letters, of no project or easily typed again.
    fn name_to_keep(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Note(document) => Some(("note", document.clone())),
            Self::Correction(document) => Some(("correction", document.clone())),
            Self::Import => Some(("import", String::new())),
            Self::NewLabel => Some(("new label", String::new())),
            Self::LabelName(label) => Some(("name of label", label.0.to_string())),
            Self::LabelGuide(label) => Some(("guideline of label", label.0.to_string())),
            Self::Folder | Self::Labels | Self::Texts | Self::Setting(_) => None,
            Self::Search | Self::Sentence | Self::Palette | Self::Jump => None,
            Self::SentenceFile | Self::SentenceSearch => None,
        }
    }

    /// The field of a text that was kept; `None` for one of another version.
    fn of_kept(draft: &KeptDraft) -> Option<Self> {
        match draft.field.as_str() {
            "note" => Some(Self::Note(draft.of.clone())),
            "correction" => Some(Self::Correction(draft.of.clone())),
            "import" => Some(Self::Import),
            "new label" => Some(Self::NewLabel),
            "name of label" => draft.of.parse().ok().map(|id| Self::LabelName(LabelId(id))),
            "guideline of label" => draft.of.parse().ok().map(|id| Self::LabelGuide(LabelId(id))),
            _ => None,
        }
    }

    /// Whether the first letter that is typed replaces a text with which the field was opened.
    /// So it is where a few letters are typed by habit: they must mean the same whatever was there before.
    fn is_replaced(&self) -> bool {
        matches!(self, Self::Search | Self::SentenceSearch | Self::Palette | Self::Jump | Self::Setting(_))
    }

    /// Whether the program asks before it is left with text in the field.
    /// A search is typed again quickly, and a sentence was already answered.
    fn asks_before_quit(&self) -> bool {
        !matches!(self, Self::Search | Self::SentenceSearch | Self::Palette | Self::Jump | Self::Sentence)
    }
}

/// A text that was not answered, in the form in which it is kept until the project is opened again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDraft {
    /// Name of the field.
    pub field: String,
    /// Id of the document or label that it is about; empty if it is about none.
    pub of: String,
    /// The text with which the field was opened.
    pub given: String,
    /// The text that was typed.
    pub text: String,
}

impl KeptDraft {
    /// Id of the document that the text is about, if it is about one.
    pub fn document(&self) -> Option<String> {
        Prompt::of_kept(self)?.document().map(str::to_owned)
    }
}

/// An annotator at work in a project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Writer {
    /// Path of the project's folder.
    pub(super) folder: String,
    /// Name of the annotator.
    pub(super) annotator: String,
}

impl Writer {
    /// These texts as those of the annotator.
    pub(super) fn with(&self, drafts: Vec<KeptDraft>) -> DraftsOf {
        DraftsOf { folder: self.folder.clone(), annotator: self.annotator.clone(), drafts }
    }
}

/// Texts that an annotator has typed in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftsOf {
    /// Path of the project's folder.
    pub folder: String,
    /// Name of the annotator.
    pub annotator: String,
    /// The texts.
    pub drafts: Vec<KeptDraft>,
}

/// What a field that is opened offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// The text that was typed there before.
    Again,
    /// The same; the next letter replaces it.
    Replaced,
    /// The text that was typed there before, while the text that it was to replace has changed.
    Outdated,
}

impl Offer {
    /// The offer as a message to the user.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Again => "This is what you had typed here before; esc drops it",
            Self::Replaced => "Typed here before: a letter replaces it, esc drops it",
            Self::Outdated => {
                "This is what you had typed here before, and what was there has changed since; esc drops it"
            }
        }
    }
}

/// A text that is being typed, or that was left before it was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Typed {
    field: Field,
    /// The text with which the field was opened.
    given: String,
    /// Whether no key has gone to the field since it was opened with a text.
    is_offered: bool,
}

impl Typed {
    fn is_changed(&self) -> bool {
        self.field.text().trim() != self.given.trim()
    }
}

/// All texts that are being typed, or that were left before they were answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts {
    texts: BTreeMap<Prompt, Typed>,
    /// Answers of which it is not known yet whether they can be carried out, the oldest first.
    answers: Vec<(Prompt, Typed)>,
}

/// The field of a prompt in which nothing was typed.
static EMPTY: Field = Field::empty();

/// Views.
impl Prompts {
    /// The field of a prompt.
    pub fn field(&self, prompt: &Prompt) -> &Field {
        self.texts.get(prompt).map_or(&EMPTY, |typed| &typed.field)
    }

    /// The text of a prompt.
    pub fn text(&self, prompt: &Prompt) -> &str {
        self.field(prompt).text()
    }

    /// Whether the next letter replaces the whole text of a prompt.
    pub fn is_replaced(&self, prompt: &Prompt) -> bool {
        prompt.is_replaced() && self.texts.get(prompt).is_some_and(|typed| typed.is_offered)
    }

    /// Whether something was typed in one of these prompts that is worth a question before the program is left.
    pub(super) fn is_worth_asking(&self, prompts: &[Prompt]) -> bool {
        let mut asking = prompts.iter().filter(|prompt| prompt.asks_before_quit());
        asking.any(|prompt| self.texts.get(prompt).is_some_and(Typed::is_changed))
    }

    /// Texts that were not answered, or whose answers may still fail, to be kept over the end of the program.
    /// `is_open` says whether a text still has a place.
    pub(super) fn to_keep(&self, is_open: impl Fn(&Prompt, &str) -> bool) -> Vec<KeptDraft> {
        let changed = self.texts.iter().filter(|(_, typed)| typed.is_changed());
        let answered = self.answers.iter().map(|(prompt, typed)| (prompt, typed));
        let kept = changed.chain(answered).filter_map(|(prompt, typed)| {
            let (field, of) = prompt.name_to_keep()?;
            let text = typed.field.text().to_owned();
            let draft = KeptDraft { field: field.to_owned(), of, given: typed.given.clone(), text };
            is_open(prompt, &draft.text).then_some(draft)
        });
        kept.collect()
    }

    /// Those that are kept when the project is left.
    pub(super) fn kept(&self) -> Self {
        self.only(|prompt| prompt.name_to_keep().is_some())
    }

    /// Those that are kept for the annotator who typed them, and are offered to no other one.
    pub(super) fn of_annotator(&self) -> Self {
        self.only(|prompt| prompt.lifetime() == Lifetime::Annotator)
    }

    /// Those that belong to a project.
    pub(super) fn of_project(&self) -> Self {
        self.only(|prompt| prompt.lifetime() != Lifetime::Program)
    }

    fn only(&self, is_wanted: impl Fn(&Prompt) -> bool) -> Self {
        let wanted = self.texts.iter().filter(|(prompt, typed)| typed.is_changed() && is_wanted(prompt));
        Self { texts: wanted.map(|(prompt, typed)| (prompt.clone(), typed.clone())).collect(), answers: Vec::new() }
    }

    /// Whether there is neither a text nor an answer.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.answers.is_empty()
    }

    /// Number of texts that leaving the program would lose.
    pub(super) fn drafts(&self) -> usize {
        self.texts.iter().filter(|(prompt, typed)| prompt.asks_before_quit() && typed.is_changed()).count()
    }
}

/// Changes.
impl Prompts {
    /// Drops texts and answers for which `is_gone` holds, given the prompt, the text and the one with which its field was opened.
    /// Returns whether something that was typed is among them.
    pub(super) fn drop_gone(&mut self, is_gone: impl Fn(&Prompt, [&str; 2]) -> bool) -> bool {
        let before = self.texts.values().filter(|typed| typed.is_changed()).count() + self.answers.len();
        self.texts.retain(|prompt, typed| !is_gone(prompt, [typed.field.text(), &typed.given]));
        self.answers.retain(|(prompt, typed)| !is_gone(prompt, [typed.field.text(), &typed.given]));
        self.texts.values().filter(|typed| typed.is_changed()).count() + self.answers.len() < before
    }

    /// Opens a prompt with the text that was left there; else with `given`.
    /// Returns what it offers beside that.
    pub(super) fn open(&mut self, prompt: &Prompt, given: &str) -> Option<Offer> {
        let left =
            self.texts.get_mut(prompt).filter(|typed| typed.is_changed() && typed.field.text().trim() != given.trim());
        let Some(typed) = left else {
            let typed = Typed { field: Field::new(given), given: given.to_owned(), is_offered: !given.is_empty() };
            self.texts.insert(prompt.clone(), typed);
            return None;
        };
        let is_outdated = std::mem::replace(&mut typed.given, given.to_owned()) != given;
        typed.is_offered = true;
        typed.field = Field::new(typed.field.text());
        Some(match prompt.is_replaced() {
            true => Offer::Replaced,
            false if is_outdated => Offer::Outdated,
            false => Offer::Again,
        })
    }

    /// Lets the field of a prompt take a key.
    /// `None` if the key is none of the field's; else whether the text changed.
    pub(super) fn press(&mut self, prompt: &Prompt, key: Key) -> Option<bool> {
        self.touch(prompt, key.typed().is_some()).press(key)
    }

    /// Inserts a text at the cursor.
    pub(super) fn insert(&mut self, prompt: &Prompt, text: &str) {
        self.touch(prompt, true).insert(text);
    }

    /// The field of a prompt, to be changed; `types`: by text that comes in.
    fn touch(&mut self, prompt: &Prompt, types: bool) -> &mut Field {
        let is_replaced = types && self.is_replaced(prompt);
        let typed = self.texts.entry(prompt.clone()).or_default();
        typed.is_offered = false;
        if is_replaced {
            typed.field = Field::default();
        }
        &mut typed.field
    }

    /// Replaces the text of a prompt.
    pub(super) fn set(&mut self, prompt: &Prompt, text: impl Into<String>) {
        self.texts.entry(prompt.clone()).or_default().field = Field::new(text);
    }

    /// Forgets the text of a prompt, because it is no longer wanted.
    pub(super) fn forget(&mut self, prompt: &Prompt) {
        self.texts.remove(prompt);
    }

    /// Takes the text of a prompt as its answer, which is not offered again unless it is given back.
    pub(super) fn answered(&mut self, prompt: &Prompt) {
        let typed = self.texts.remove(prompt).filter(|_| prompt.has_outcome());
        self.answers.extend(typed.map(|typed| (prompt.clone(), typed)));
    }

    /// Gives back the oldest answer to such a prompt, because it could not be carried out.
    /// What is being typed there by now stays.
    pub(super) fn give_back(&mut self, is_such: impl Fn(&Prompt) -> bool) {
        if let Some((prompt, typed)) = self.take_answer(is_such) {
            self.texts.entry(prompt).or_insert(typed);
        }
    }

    /// Forgets the oldest answer to such a prompt, because it was carried out.
    pub(super) fn carried_out(&mut self, is_such: impl Fn(&Prompt) -> bool) {
        drop(self.take_answer(is_such));
    }

    fn take_answer(&mut self, is_such: impl Fn(&Prompt) -> bool) -> Option<(Prompt, Typed)> {
        let at = self.answers.iter().position(|(prompt, _)| is_such(prompt))?;
        Some(self.answers.remove(at))
    }

    /// Keeps the texts of prompts that are left together, if anything was typed in one of them.
    pub(super) fn leave(&mut self, prompts: &[Prompt]) {
        let mut known = prompts.iter().filter_map(|prompt| self.texts.get(prompt));
        if !known.any(Typed::is_changed) {
            prompts.iter().for_each(|prompt| self.forget(prompt));
        }
    }

    /// The same after `esc`: texts that were only offered are dropped.
    pub(super) fn put_down(&mut self, prompts: &[Prompt]) {
        let mut known = prompts.iter().filter_map(|prompt| self.texts.get(prompt)).filter(|typed| typed.is_changed());
        if known.all(|typed| typed.is_offered) {
            prompts.iter().for_each(|prompt| self.forget(prompt));
        }
    }

    /// Forgets what belongs to the project, because it is closed.
    pub(super) fn close_project(&mut self) {
        self.texts.retain(|prompt, _| prompt.lifetime() == Lifetime::Program);
        self.answers.clear();
    }

    /// Takes up texts that were kept on disk, if they still have a place: in place of those of this program, because another window
    /// may have gone on with them. Returns whether there were any others than those of this program.
    pub(super) fn restore(&mut self, drafts: Vec<KeptDraft>, is_open: impl Fn(&Prompt, &str) -> bool) -> bool {
        let mut is_restored = false;
        for draft in drafts {
            let Some(prompt) = Prompt::of_kept(&draft).filter(|prompt| is_open(prompt, &draft.text)) else { continue };
            if self.texts.get(&prompt).is_some_and(|known| known.field.text() == draft.text) {
                continue;
            }
            let typed = Typed { field: Field::new(draft.text), given: draft.given, is_offered: true };
            self.texts.insert(prompt, typed);
            is_restored = true;
        }
        is_restored
    }

    /// Takes up the texts of a project that was opened again; `same`: for the same annotator.
    pub(super) fn take_up(&mut self, left: Self, same: bool) {
        let least = if same { Lifetime::Annotator } else { Lifetime::Project };
        self.texts.extend(left.texts.into_iter().filter(|(prompt, _)| prompt.lifetime() >= least));
        self.answers = left.answers;
        self.answers.retain(|(prompt, _)| prompt.lifetime() >= least);
    }
}
