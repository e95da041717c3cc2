//! The import: asks for files, shows what they contain, and imports them if that is confirmed.

use std::sync::Arc;

use crate::{
    app::{
        command::{Command, Context},
        conditions::{self, check},
        effect::Effect,
        exchange::ImportPreview,
        list::{ListCursor, PAGED},
        pages,
        panel::{Check, Commands, Opener, Opening, Opens, Outcome, Panel, Request, Row, own_rows},
        prompts::Prompt,
        session::Session,
    },
    spans::OnDuplicate,
    text::{
        number::with_noun,
        width::{Glyphs, clean},
        wrap::TextLayout,
    },
};

const HERE: Context = Context::ImportPreview;
/// Problems that are shown before the documents; the others follow the documents.
const FIRST_PROBLEMS: usize = 3;

/// The import.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    /// The files as typed, and what is in them, once that is known.
    pub preview: Option<(String, ImportPreview)>,
    /// The first line shown of it.
    pub top: usize,
    /// Which of the plans is shown and carried out.
    pub plan: usize,
    /// The request for it that is not answered yet, with the files as typed.
    asked: Option<(u64, String)>,
    /// The lines of the preview as they were last laid out: there may be thousands of problems.
    laid_out: Option<LaidOut>,
}

/// Lines of the preview, and what they depend on.
#[derive(Clone, Debug, PartialEq)]
struct LaidOut {
    width: usize,
    glyphs: Glyphs,
    plan: usize,
    lines: Arc<[PreviewLine]>,
}

/// A line of the preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewLine {
    /// Running text.
    Text(String),
    /// A problem of the file.
    Problem(String),
    /// Id of a document, whose text follows.
    Id(String),
    /// The line of a text that begins at this byte, with its mark row.
    Document {
        /// Index among [`ImportPreview::first`].
        document: usize,
        /// First byte of the line.
        start: usize,
    },
}

impl PreviewLine {
    /// Rows that it takes.
    pub fn rows(&self) -> usize {
        if matches!(self, Self::Document { .. }) { 2 } else { 1 }
    }
}

impl Opens for Import {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Import,
        name: "import",
        hint: "",
        doc: "Bring texts from files into the project",
        keys: &[(Context::Everywhere, "")],
        when: conditions::project,
        open,
    }];
}

/// Asks for files, if the project can be closed and opened again now.
fn open(session: &mut Session) -> Opening<Import> {
    match conditions::can_extend(session, "import") {
        Ok(()) => {
            session.ask(&Prompt::Import, "");
            Import::default().into()
        }
        Err(why) => {
            session.warn(why);
            None.into()
        }
    }
}

impl Commands for Import {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::ImportFile,
            name: "import-file",
            hint: "import it",
            doc: "Import what is shown",
            keys: &[(HERE, "enter")],
            when: Self::can_import,
            run: Self::confirm,
        },
        Row {
            command: Command::OnDuplicate,
            name: "on-duplicate",
            hint: "ids in use",
            doc: "Skip, update or copy documents whose ids are in use",
            keys: &[(HERE, "d")],
            when: Self::has_duplicates,
            run: Self::next_plan,
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(HERE, PAGED)];
}

impl Panel for Import {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        if self.preview.is_some() { HERE } else { Context::Typing }
    }

    fn prompt(&self) -> Option<Prompt> {
        self.preview.is_none().then_some(Prompt::Import)
    }

    /// The file is answered only when it is imported.
    fn prompts(&self) -> Vec<Prompt> {
        vec![Prompt::Import]
    }

    fn is_answered(&self) -> bool {
        self.asked.is_some()
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        if self.is_reading() {
            return Outcome::none();
        }
        match session.prompts.text(&Prompt::Import).trim() {
            "" => Outcome::close(),
            file => {
                let file = file.to_owned();
                let generation = session.next_generation();
                self.asked = Some((generation, file.clone()));
                Effect::PreviewImport { generation, file }.into()
            }
        }
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let (_, rows) = pages::room(session.size);
        let lines = self.lay_out(session);
        let mut used = 0;
        let fitting = lines.iter().rev().take_while(|line| {
            used += line.rows();
            used <= rows
        });
        let last = lines.len().saturating_sub(fitting.count().max(1));
        self.top = self.top.min(last);
        Some(ListCursor { row: &mut self.top, rows: last + 1, page: rows.div_ceil(2) })
    }

    fn click(&self) -> Option<Command> {
        None
    }

    fn holds(&self, _: &Session) -> bool {
        self.preview.is_some() || self.is_reading()
    }

    /// Goes back to the text field.
    fn back(&mut self, session: &mut Session) -> bool {
        let holds = self.holds(session);
        self.preview = None;
        self.laid_out = None;
        self.asked = None;
        holds
    }
}

impl Import {
    /// Whether a file is being read for a preview.
    pub fn is_reading(&self) -> bool {
        self.asked.is_some()
    }

    fn can_import(&self, _: &Session) -> Check {
        let refused = self.preview.as_ref().is_some_and(|(_, preview)| preview.is_refused);
        check(!refused, "This cannot be imported; the problems are listed")
    }

    fn has_duplicates(&self, _: &Session) -> Check {
        let plans = self.preview.as_ref().map_or(0, |(_, preview)| preview.plans.len());
        check(plans > 1, "No id of the file is in use")
    }

    /// Treats documents whose ids are in use in the next way.
    fn next_plan(&mut self, session: &mut Session) -> Outcome {
        let plans = self.preview.as_ref().map_or(0, |(_, preview)| preview.plans.len());
        self.plan = (self.plan + 1) % plans.max(1);
        self.top = 0;
        self.lay_out(session);
        Outcome::none()
    }

    fn confirm(&mut self, _: &mut Session) -> Outcome {
        let plan = self.plan;
        let Some((file, preview)) = self.preview.take() else { return Outcome::none() };
        let on_duplicate = preview.plans.get(plan).map(|plan| plan.on_duplicate).unwrap_or_default();
        Outcome::close().and(Request::Import { file, fingerprint: preview.fingerprint, on_duplicate })
    }

    /// Takes the preview of a file, if that is still the one asked for.
    pub(in crate::app) fn previewed(
        &mut self,
        session: &mut Session,
        generation: u64,
        outcome: Result<ImportPreview, String>,
    ) {
        let Some((_, file)) = self.asked.take_if(|(asked, _)| *asked == generation) else { return };
        match outcome {
            Ok(preview) => {
                self.preview = Some((file, preview));
                self.laid_out = None;
                self.plan = 0;
                self.top = 0;
                self.lay_out(session);
            }
            Err(why) => session.warn(why),
        }
    }

    /// The preview in lines of at most `width` columns.
    pub fn lines(&self, width: usize, glyphs: Glyphs) -> Arc<[PreviewLine]> {
        let laid_out = self.laid_out.as_ref();
        match laid_out.filter(|laid| (laid.width, laid.glyphs, laid.plan) == (width, glyphs, self.plan)) {
            Some(laid) => Arc::clone(&laid.lines),
            None => self.new_lines(width, glyphs).into(),
        }
    }

    /// Keeps the lines for the size of the screen, so that neither a key nor a redraw makes them again.
    fn lay_out(&mut self, session: &Session) -> Arc<[PreviewLine]> {
        let (width, _) = pages::room(session.size);
        let lines = self.lines(width, session.glyphs);
        self.laid_out = Some(LaidOut { width, glyphs: session.glyphs, plan: self.plan, lines: Arc::clone(&lines) });
        lines
    }

    fn new_lines(&self, width: usize, glyphs: Glyphs) -> Vec<PreviewLine> {
        let Some((_, preview)) = &self.preview else { return Vec::new() };
        let mut lines = Vec::new();
        for fact in facts(preview, self.plan) {
            lines.extend(wrap(&fact, width, glyphs).map(PreviewLine::Text));
        }
        let (first, others) = preview.problems.split_at(preview.problems.len().min(FIRST_PROBLEMS));
        for problem in first {
            lines.extend(wrap(problem, width, glyphs).map(PreviewLine::Problem));
        }
        for (document, shown) in preview.first.iter().enumerate() {
            let more = if shown.is_cut { ", the beginning of it" } else { "" };
            lines.push(PreviewLine::Id(format!("document {}{more}", clean(&shown.id))));
            let layout = TextLayout::new(&shown.text, width, glyphs);
            let starts = layout.lines().iter().map(|line| line.range.start);
            lines.extend(starts.map(|start| PreviewLine::Document { document, start }));
        }
        if !others.is_empty() {
            lines.push(PreviewLine::Id(with_noun(others.len(), "more problem")));
        }
        for problem in others {
            lines.extend(wrap(problem, width, glyphs).map(PreviewLine::Problem));
        }
        lines
    }
}

/// What is in the file, one sentence each.
fn facts(preview: &ImportPreview, plan: usize) -> Vec<String> {
    let [documents, words, spans] = preview.counts;
    let counts = [(documents, "document"), (words, "word"), (spans, "span")].map(|(n, noun)| with_noun(n, noun));
    let mut facts = vec![format!("format {}: {}", preview.format, preview.why), counts.join(", ")];
    if !preview.labels.is_empty() {
        facts.push(format!("labels: {}", preview.labels.join(", ")));
    }
    let Some(plan) = preview.plans.get(plan) else { return cleaned(facts) };
    if !plan.new_labels.is_empty() {
        facts.push(format!("labels that the project gets: {}", plan.new_labels.join(", ")));
    }
    if preview.plans.len() > 1 {
        facts.push(format!("documents with an id that is in use: {}", meaning(plan.on_duplicate)));
    }
    if plan.added != [documents, spans] {
        let [documents, spans] = plan.added;
        facts.push(format!("adds {}, {}", with_noun(documents, "document"), with_noun(spans, "span")));
    }
    facts.extend(plan.remarks.iter().cloned());
    let (number, ids) = &plan.renamed;
    if !ids.is_empty() {
        let more = if *number > ids.len() { ", ..." } else { "" };
        let ids: Vec<String> = ids.iter().map(|(id, new)| format!("{id} as {new}")).collect();
        facts.push(format!("ids in use: {}{more}", ids.join(", ")));
    }
    cleaned(facts)
}

fn cleaned(facts: Vec<String>) -> Vec<String> {
    facts.iter().map(|fact| clean(fact).into_owned()).collect()
}

fn meaning(on_duplicate: OnDuplicate) -> &'static str {
    match on_duplicate {
        OnDuplicate::Skip => "skip them",
        OnDuplicate::Update => "update those of the project",
        OnDuplicate::Copy => "copy them under other ids",
    }
}

/// A text in lines of at most `width` columns.
fn wrap(text: &str, width: usize, glyphs: Glyphs) -> impl Iterator<Item = String> {
    let layout = TextLayout::new(text, width, glyphs);
    let lines: Vec<String> = layout.lines().iter().map(|line| line.range.of(text).trim_end().to_owned()).collect();
    lines.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{
            Event, State,
            event::{Level, Message},
            exchange::{ImportPlan, PreviewedDocument},
            overlays::Overlay,
            tests::{message, opened, press, start},
            update,
        },
        text::TextRange,
    };

    fn asked(file: &str) -> (State, u64) {
        let mut state = start();
        press(&mut state, ": i m p o r t enter");
        update(&mut state, Event::Paste(file.into()));
        let effects = press(&mut state, "enter");
        let [Effect::PreviewImport { generation, .. }] = effects[..] else { panic!("{effects:?}") };
        (state, generation)
    }

    fn preview() -> ImportPreview {
        let document = |n: usize| PreviewedDocument {
            id: format!("d{n}"),
            text: "fish tacos ".repeat(40),
            spans: vec![(TextRange::new(0, 10), "Dish".into())],
            is_cut: n == 2,
        };
        ImportPreview {
            fingerprint: 5,
            format: "jsonl".into(),
            why: "JSON lines".into(),
            counts: [3, 240, 3],
            problems: (1..=5).map(|n| format!("line {n}: odd")).collect(),
            plans: vec![ImportPlan { added: [3, 3], new_labels: vec!["Dish".into()], ..ImportPlan::default() }],
            first: (0..3).map(document).collect(),
            ..ImportPreview::default()
        }
    }

    fn previewed(state: &mut State, generation: u64, preview: ImportPreview) {
        update(state, Event::ImportPreviewed { generation, outcome: Ok(Box::new(preview)) });
    }

    fn panel(state: &mut State) -> &mut Import {
        let Some(Overlay::Import(import)) = state.overlays.last_mut() else { panic!() };
        import
    }

    #[test]
    fn a_file_is_shown_and_imported_only_when_that_is_confirmed() {
        let (mut state, generation) = asked("a.jsonl");
        // While it is read, keys change nothing.
        assert_eq!(press(&mut state, "x enter"), []);
        previewed(&mut state, generation + 1, preview());
        assert!(panel(&mut state).preview.is_none(), "of another request");
        previewed(&mut state, generation, preview());
        assert_eq!(state.context(), HERE);
        let mut back = state.clone();
        assert_eq!(press(&mut back, "esc"), []);
        assert_eq!(back.field().map(|field| field.text()), Some("a.jsonl"));
        assert_eq!(press(&mut back, "esc"), []);
        assert!(back.overlay().is_none() && back.session.project.is_some());
        let effects = press(&mut state, "enter");
        assert!(
            matches!(&effects[..], [Effect::Import { file, fingerprint: 5, on_duplicate: OnDuplicate::Copy, .. }]
                if file == "a.jsonl"),
            "{effects:?}"
        );
    }

    #[test]
    fn documents_whose_ids_are_in_use_are_treated_as_the_user_chooses() {
        let (mut state, generation) = asked("a.jsonl");
        previewed(&mut state, generation, preview());
        press(&mut state, "d");
        assert_eq!(message(&state), "No id of the file is in use");
        let plan = |on_duplicate| ImportPlan { on_duplicate, added: [2, 2], ..ImportPlan::default() };
        let plans: Vec<_> = OnDuplicate::ALL.iter().copied().map(plan).collect();
        for (keys, chosen) in [
            ("", OnDuplicate::Skip),
            ("d", OnDuplicate::Update),
            ("d d", OnDuplicate::Copy),
            ("d d d", OnDuplicate::Skip),
        ] {
            let (mut state, generation) = asked("a.jsonl");
            previewed(&mut state, generation, ImportPreview { plans: plans.clone(), ..preview() });
            press(&mut state, keys);
            let lines = panel(&mut state).lines(80, Glyphs::Unicode);
            let shown = PreviewLine::Text(format!("documents with an id that is in use: {}", meaning(chosen)));
            assert!(lines.contains(&shown), "{lines:?}");
            let effects = press(&mut state, "enter");
            assert!(
                matches!(effects[..], [Effect::Import { on_duplicate, .. }] if on_duplicate == chosen),
                "{effects:?}"
            );
        }
    }

    #[test]
    fn lines_are_laid_out_once_for_a_size_and_a_plan() {
        let (mut state, generation) = asked("a.jsonl");
        let plan = |on_duplicate| ImportPlan { on_duplicate, added: [2, 2], ..ImportPlan::default() };
        let plans: Vec<_> = OnDuplicate::ALL.iter().copied().map(plan).collect();
        previewed(&mut state, generation, ImportPreview { plans, ..preview() });
        let (width, _) = pages::room(state.session.size);
        let lines = |state: &mut State| {
            let glyphs = state.session.glyphs;
            panel(state).lines(width, glyphs)
        };
        let first = lines(&mut state);
        press(&mut state, "j j k");
        assert!(Arc::ptr_eq(&first, &lines(&mut state)));
        press(&mut state, "d");
        let second = lines(&mut state);
        assert!(second != first && Arc::ptr_eq(&second, &lines(&mut state)));
        let other = panel(&mut state).lines(width / 2, Glyphs::Unicode);
        assert!(other.len() > second.len(), "another width");
        press(&mut state, "esc");
        assert!(panel(&mut state).lines(width, Glyphs::Unicode).is_empty());
    }

    #[test]
    fn the_last_import_is_taken_back_and_the_project_opened_again() {
        let mut state = start();
        let effects = press(&mut state, ": u n d o - i m p o r t enter");
        let [Effect::UndoImport { generation }] = effects[..] else { panic!("{effects:?}") };
        assert!(state.session.project.is_none());
        update(&mut state, Event::Opened(Box::new(opened())));
        let outcome = Message { level: Level::Info, text: "Taken back: the import of a.jsonl".into() };
        update(&mut state, Event::Imported { generation, outcome });
        assert!(state.session.project.is_some() && message(&state).contains("a.jsonl"), "{}", message(&state));
    }

    #[test]
    fn what_cannot_be_imported_says_why() {
        let (mut state, generation) = asked("a.jsonl");
        previewed(&mut state, generation, ImportPreview { is_refused: true, ..preview() });
        assert_eq!(press(&mut state, "enter"), []);
        assert!(message(&state).contains("cannot be imported"), "{}", message(&state));
        let (mut state, generation) = asked("gone.txt");
        update(&mut state, Event::ImportPreviewed { generation, outcome: Err("there is no gone.txt".into()) });
        assert_eq!(
            (message(&state), state.field().map(|field| field.text())),
            ("there is no gone.txt", Some("gone.txt"))
        );
        // A file that is being read is given up.
        let (mut state, generation) = asked("slow.txt");
        press(&mut state, "esc");
        previewed(&mut state, generation, preview());
        assert!(state.field().is_some());
    }

    #[test]
    fn the_preview_scrolls_to_its_last_line() {
        let (mut state, generation) = asked("a.jsonl");
        update(&mut state, Event::Resize { columns: 60, rows: 16 });
        previewed(&mut state, generation, preview());
        let lines = panel(&mut state).lines(56, Glyphs::Unicode);
        let at = |wanted: &dyn Fn(&PreviewLine) -> bool| lines.iter().position(wanted).unwrap();
        let documents = at(&|line| matches!(line, PreviewLine::Document { .. }));
        let [third, fourth] =
            ["line 3: odd", "line 4: odd"].map(|text| at(&|line| *line == PreviewLine::Problem(text.into())));
        assert!(third < documents && documents < fourth, "{lines:?}");
        press(&mut state, "G");
        let top = panel(&mut state).top;
        let rows = |from: usize| lines.iter().skip(from).map(PreviewLine::rows).sum::<usize>();
        assert!(rows(top) <= 11 && rows(top - 1) > 11, "{top} of {}", lines.len());
    }
}
