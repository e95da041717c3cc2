//! The welcome screen and its form, the tutorial step by step, and the next steps.

use crate::{
    app::{
        Effect, Event, Key, Screen, State,
        effect::NewProject,
        event::{Damage, Level, Opened, WelcomeItem},
        exchange::ImportPreview,
        overlays::{Overlay, tutorial::STEPS},
        prompts::Prompt,
        tests::message,
        update,
    },
    runs::{Phase, RunSummary, Status},
    spans::{Document, Entity, Journal, LabelSet, OnDuplicate, Prediction},
    text::{Grid, TextRange},
};

use super::{Row, answer};

fn opened() -> Opened {
    let texts = ["thai soup by the sea", "fish tacos", "green tea"];
    let documents = texts.iter().enumerate().map(|(at, text)| Document::new(format!("d{at}"), *text, Grid::Natural));
    Opened {
        name: "reviews".into(),
        annotator: "ada".into(),
        documents: documents.collect(),
        labels: LabelSet::restaurant(),
        journal: Journal::default(),
        writer: 7,
        ..Opened::default()
    }
}

fn place(name: &str, sample: bool) -> WelcomeItem {
    let path = if sample { format!("sample:{name}") } else { format!("/{name}") };
    WelcomeItem { path, name: name.into(), sample, ..WelcomeItem::default() }
}

fn welcome(recent: &[&str]) -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    let samples = ["restaurants", "menu"].map(|name| place(name, true));
    update(&mut state, Event::Welcome(recent.iter().map(|name| place(name, false)).chain(samples).collect()));
    state
}

fn project() -> State {
    let mut state = welcome(&[]);
    update(&mut state, Event::Opened(Box::new(opened())));
    state
}

fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let names = keys.split_whitespace().map(|name| name.parse::<Key>().unwrap());
    names.flat_map(|key| update(state, Event::Key { key, at: 0 })).collect()
}

fn write(state: &mut State, text: &str) {
    for c in text.chars() {
        update(state, Event::Key { key: Key::char(c), at: 0 });
    }
}

fn saved(effects: &[Effect]) -> Event {
    let ids = effects.iter().flat_map(|effect| match effect {
        Effect::Record { entries, .. } => entries.iter().map(|entry| entry.id).collect(),
        _ => Vec::new(),
    });
    Event::Saved { attempt: 0, ids: ids.collect() }
}

fn run(phase: Phase, has_model: bool) -> Event {
    let status = Status { phase, epoch: 1.5, epochs: 10.0, ..Status::default() };
    let info = RunSummary {
        id: "0001-mini".into(),
        base: "mini".into(),
        status,
        ours: true,
        has_model,
        ..RunSummary::default()
    };
    Event::Runs(vec![info])
}

fn problem(state: &State) -> &str {
    state.welcome.form.as_ref().and_then(|form| form.problem.as_deref()).unwrap_or_default()
}

#[test]
fn the_cursor_begins_where_most_people_want_to_go() {
    assert_eq!(welcome(&[]).welcome.row(), Row::Tutorial);
    let mut state = welcome(&["old", "older"]);
    assert!(matches!(state.welcome.row(), Row::Recent(place) if place.name == "old"));
    press(&mut state, "j");
    // A later list changes what is shown, not where the cursor is.
    let places = ["new", "old", "older"].map(|name| place(name, false));
    update(&mut state, Event::Welcome(places.into()));
    assert!(matches!(state.welcome.row(), Row::Recent(place) if place.name == "older"));
    update(&mut state, Event::Counted { path: "/old".into(), done: 3, documents: 9 });
    assert_eq!(state.welcome.places[1].count, Some((3, 9)));
}

#[test]
fn a_sample_is_opened_or_copied_afresh_and_one_thing_at_a_time() {
    let mut state = welcome(&["old"]);
    assert!(press(&mut state, "c").is_empty(), "there is no sample under the cursor");
    let effects = press(&mut state, "j j c c enter tab");
    assert_eq!(effects, [Effect::CopySample { sample: "restaurants".into(), name: "restaurants".into() }]);
    update(&mut state, Event::OpenFailed("the disk is full".into()));
    assert_eq!((message(&state), &state.welcome.opening), ("the disk is full", &None));
    assert_eq!(press(&mut state, "enter"), [Effect::Open("sample:restaurants".into())]);
}

#[test]
fn the_form_asks_three_things_and_keeps_what_was_typed() {
    let mut state = welcome(&[]);
    press(&mut state, "n enter");
    assert!(problem(&state).contains("~/reviews"));
    write(&mut state, "~/q?");
    assert_eq!(problem(&state), "");
    press(&mut state, "tab");
    write(&mut state, "Dish, Price");
    let effects = press(&mut state, "enter enter");
    let asked = NewProject { dir: "~/q?".into(), labels: "Dish, Price".into(), ..NewProject::default() };
    assert_eq!(effects, [Effect::NewProject(asked.clone())]);
    update(&mut state, Event::OpenFailed("there is no right to do that there".into()));
    assert!(problem(&state).contains("no right") && message(&state).is_empty());
    assert_eq!(press(&mut state, "enter"), [Effect::NewProject(asked)]);
    update(&mut state, Event::Opened(Box::new(opened())));
    assert!(state.welcome.form.is_none() && state.welcome.opening.is_none());
}

#[test]
fn a_folder_with_other_files_is_asked_about_once() {
    let mut state = welcome(&[]);
    press(&mut state, "n");
    write(&mut state, "texts");
    press(&mut state, "enter enter enter");
    // What is typed meanwhile is no answer.
    write(&mut state, "x");
    press(&mut state, "up up y backspace");
    update(&mut state, Event::Paste("z".into()));
    let answers = [Prompt::Folder, Prompt::Texts].map(|prompt| answer(&prompt, &state.session));
    assert_eq!(answers, ["texts", ""]);
    update(&mut state, Event::FolderInUse(12));
    assert!(problem(&state).contains("12 files"), "{}", problem(&state));
    let among = |effects: Vec<Effect>| matches!(effects.as_slice(), [Effect::NewProject(new)] if new.among);
    assert!(among(press(&mut state.clone(), "enter")));
    // Another folder is another question.
    assert!(!among(press(&mut state, "2 enter enter enter")));
    press(&mut state, "esc");
    assert!(state.welcome.form.is_none());
}

#[test]
fn a_project_is_closed_when_all_is_saved() {
    let mut state = project();
    let effects = press(&mut state, "3");
    press(&mut state, ": p r o j e c t s enter");
    assert!(state.session.project.is_some() && message(&state).contains("saved"));
    assert_eq!(update(&mut state, saved(&effects)), [Effect::Close]);
    assert!(state.session.project.is_none());
    // What its threads still say changes nothing.
    assert!(update(&mut state, run(Phase::Training, false)).is_empty() && state.session.runs.list.is_empty());
    assert_eq!(state.screen_context().name(), "welcome");
}

#[test]
fn a_project_that_trains_or_is_not_saved_stays_open() {
    let mut state = project();
    update(&mut state, run(Phase::Training, false));
    assert!(press(&mut state, ": p r o j e c t s enter").is_empty());
    assert!(state.session.project.is_some() && message(&state).contains("training"));
    let mut state = project();
    press(&mut state, "3 : p r o j e c t s enter");
    update(&mut state, Event::SaveFailed { attempt: 0, message: "disk full".into() });
    assert!(state.session.project.is_some() && state.overlays.is_empty());
    press(&mut state, ": p r o j e c t s enter");
    assert!(state.session.project.is_some() && message(&state).contains("ctrl-s"), "{}", message(&state));
}

#[test]
fn what_needs_a_project_is_not_offered_without_one() {
    let state = welcome(&[]);
    let names: Vec<String> =
        state.palette().into_iter().filter(|entry| entry.action.works()).map(|entry| entry.name).collect();
    assert!(names.contains(&"new-project".to_owned()) && names.contains(&"tutorial".to_owned()), "{names:?}");
    for name in ["export", "go-train", "projects", "next-screen"] {
        assert!(!names.contains(&name.to_owned()), "{name}");
    }
}

#[test]
fn every_step_of_the_tutorial_sees_for_itself_that_it_is_done() {
    let mut state = welcome(&[]);
    let effects = press(&mut state, "enter");
    assert_eq!(effects, [Effect::CopySample { sample: "restaurants".into(), name: "tutorial".into() }]);
    update(&mut state, Event::Opened(Box::new(opened())));
    let step = |state: &State| state.lesson().map(|lesson| lesson.done);
    assert_eq!(step(&state), Some(0));
    for (at, keys) in [(1, "l"), (2, "3"), (3, "]"), (4, "u"), (5, "enter")] {
        assert!(step(&state) < Some(at), "before {keys}");
        press(&mut state, keys);
        assert_eq!(step(&state), Some(at), "after {keys}");
    }
    press(&mut state, "T");
    assert_eq!(step(&state), Some(6));
    update(&mut state, run(Phase::Training, false));
    press(&mut state, "f3");
    assert_eq!(step(&state), Some(7));
    // The suggestions wait for the model, and say so; people tag meanwhile.
    assert!(state.lesson().unwrap().what.contains("epoch 2 of 10"), "{:?}", state.lesson());
    press(&mut state, "f1 1 enter");
    assert_eq!(step(&state), Some(7));
    update(&mut state, run(Phase::Done, true));
    let found = vec![Entity { range: TextRange::new(6, 9), label: "Dish".into(), score: 0.9 }];
    update(
        &mut state,
        Event::Suggestions {
            document: "d2".into(),
            run: "0001-mini".into(),
            found,
            uncertainty: None,
            labels: Default::default(),
        },
    );
    press(&mut state, "A");
    assert_eq!(step(&state), Some(8));
    press(&mut state, "f5");
    let mut asked = 0;
    for c in "a b".chars() {
        for effect in update(&mut state, Event::Key { key: Key::char(c), at: 0 }) {
            if let Effect::Predict { generation, .. } = effect {
                asked = generation;
            }
        }
    }
    assert_eq!(step(&state), Some(8));
    update(&mut state, Event::Prediction { generation: asked, prediction: Prediction::default() });
    assert_eq!(step(&state), Some(9));
    update(&mut state, Event::Exported { generation: 0, outcome: Ok("written".into()) });
    assert_eq!(step(&state), Some(STEPS.len()));
    press(&mut state, "ctrl-t");
    assert!(state.tutorial.is_none());
}

#[test]
fn an_old_action_laid_bare_by_undo_is_no_new_one() {
    let mut state = project();
    press(&mut state, "3 l l 4 ctrl-t ctrl-t l u");
    assert_eq!(state.lesson().map(|lesson| lesson.done), Some(1), "undo is not labelling");
}

#[test]
fn the_tutorial_is_put_away_and_taken_up_where_it_was() {
    let mut state = project();
    press(&mut state, "ctrl-t ctrl-t l");
    assert_eq!(state.lesson().map(|lesson| lesson.done), Some(1));
    press(&mut state, "ctrl-t");
    assert_eq!(state.lesson(), None);
    press(&mut state, "3 : t u t o r i a l enter");
    assert_eq!(state.lesson().map(|lesson| lesson.done), Some(2), "what was done meanwhile counts");
}

#[test]
fn the_tutorial_goes_on_where_it_was_left() {
    let mut state = welcome(&[]);
    press(&mut state, "enter");
    let steps = |effects: Vec<Effect>| {
        let step = |effect: &Effect| if let Effect::RememberStep(step) = effect { Some(*step) } else { None };
        effects.iter().filter_map(step).collect::<Vec<_>>()
    };
    assert_eq!(steps(update(&mut state, Event::Opened(Box::new(opened())))), [Some(0)]);
    assert_eq!(steps(press(&mut state, "l")), [Some(1)]);
    // Put away it does not come back by itself, and nor does one that was begun in a project of one's own.
    assert_eq!(steps(press(&mut state, "ctrl-t")), [None]);
    assert_eq!(steps(press(&mut project(), "ctrl-t ctrl-t l ctrl-t")), []);
    // Another day, from the list.
    let left = WelcomeItem { step: Some(1), ..place("tutorial", false) };
    let mut state = welcome(&[]);
    update(&mut state, Event::Welcome(vec![left.clone(), place("restaurants", true)]));
    press(&mut state, "end");
    assert!(state.next_step().unwrap().contains("goes on where you left it"), "{:?}", state.next_step());
    assert_eq!(press(&mut state, "enter"), [Effect::Open(left.path)]);
    update(&mut state, Event::Opened(Box::new(Opened { step: Some(1), ..opened() })));
    assert_eq!(state.lesson().map(|lesson| lesson.done), Some(1));
    // A fresh copy begins at the beginning, whatever was there before.
    let mut state = welcome(&[]);
    press(&mut state, "enter");
    update(&mut state, Event::Opened(Box::new(Opened { step: Some(7), ..opened() })));
    assert_eq!(state.lesson().map(|lesson| lesson.done), Some(0));
}

#[test]
fn a_tutorial_that_was_left_can_be_begun_anew() {
    let mut state = welcome(&[]);
    let left = WelcomeItem { step: Some(4), ..place("tutorial", false) };
    update(&mut state, Event::Welcome(vec![left, place("restaurants", true)]));
    let effects = press(&mut state, "end c");
    assert_eq!(effects, [Effect::CopySample { sample: "restaurants".into(), name: "tutorial".into() }]);
}

#[test]
fn a_file_is_imported_while_nothing_can_be_tagged() {
    let mut state = project();
    press(&mut state, "3 : i m p o r t enter");
    assert!(state.overlays.is_empty() && message(&state).contains("Not everything is saved"), "{}", message(&state));
    let mut state = project();
    press(&mut state, ": i m p o r t enter");
    update(&mut state, Event::Paste(" ~/more.txt".into()));
    let file = || "~/more.txt".to_owned();
    assert_eq!(press(&mut state, "enter"), [Effect::PreviewImport { generation: 1, file: file() }]);
    let preview = ImportPreview { fingerprint: 9, ..ImportPreview::default() };
    update(&mut state, Event::ImportPreviewed { generation: 1, outcome: Ok(Box::new(preview)) });
    assert_eq!(
        press(&mut state, "enter"),
        [Effect::Import { generation: 2, file: file(), fingerprint: 9, on_duplicate: OnDuplicate::Copy }]
    );
    assert!(state.session.project.is_none() && press(&mut state, "3 enter").is_empty());
    update(&mut state, Event::Opened(Box::new(opened())));
    assert!(state.session.project.is_some() && state.welcome.opening.is_none());
}

#[test]
fn what_to_do_next_follows_from_what_is_so() {
    let mut state = project();
    let next = |state: &State| state.next_step().unwrap_or_default();
    assert!(next(&state).starts_with("w goes to a word"), "{}", next(&state));
    press(&mut state, "3 enter");
    assert_eq!(next(&state), "T trains a first model after about 19 documents more; 1 done");
    press(&mut state, "v");
    assert!(next(&state).contains("digit"), "{}", next(&state));
    press(&mut state, "esc");
    update(&mut state, run(Phase::Training, false));
    assert!(next(&state).contains("goes on while you tag"), "{}", next(&state));
    press(&mut state, "f5");
    assert!(next(&state).contains("as soon as the training is over"), "{}", next(&state));
    update(&mut state, run(Phase::Done, true));
    assert!(next(&state).contains("type any sentence"), "{}", next(&state));
    press(&mut state, "f3");
    assert!(next(&state).contains("Explore (f5)"), "{}", next(&state));
    press(&mut state, "f4");
    assert!(next(&state).contains("scores"), "{}", next(&state));
    press(&mut state, "f1 enter enter");
    assert!(next(&state).contains("every document is done; : export writes"), "{}", next(&state));
    press(&mut state, "f2");
    assert!(next(&state).contains("every document is done"), "{}", next(&state));
    press(&mut state, "?");
    assert_eq!(state.next_step(), None, "help is in front");
}

#[test]
fn a_message_that_came_late_does_not_end_the_tutorial() {
    let mut state = welcome(&[]);
    press(&mut state, "enter");
    update(&mut state, Event::Welcome(vec![place("restaurants", true)]));
    update(&mut state, Event::Message(crate::app::event::Message { level: Level::Info, text: "hm".into() }));
    update(&mut state, Event::Opened(Box::new(opened())));
    assert_eq!((state.lesson().map(|lesson| lesson.done), state.session.screen), (Some(0), Screen::Tag));
}

#[test]
fn a_damaged_project_says_so_and_is_repaired_after_a_question() {
    let mut state = welcome(&["food", "other"]);
    assert!(press(&mut state, "r").is_empty() && message(&state).contains("Nothing is known"));
    let steps = vec!["project.json: `Beer` loses its key 3, which `Wine` has".to_owned()];
    let damage = Damage { name: "git conflict", repair: Ok(steps.clone()) };
    update(&mut state, Event::Damaged { path: "/food".into(), damage });
    press(&mut state, "esc");
    assert!(state.next_step().unwrap().contains("git conflict"), "{:?}", state.next_step());
    for key in ["r", "enter"] {
        assert!(press(&mut state, key).is_empty());
        let Some(Overlay::RepairMenu(menu)) = state.overlay() else { panic!("{key}: {:?}", state.overlay()) };
        assert!(menu.lines(80).iter().any(|line| line.text.contains("loses its key 3")));
        assert!(press(&mut state, "esc").is_empty() && state.overlay().is_none());
    }
    let repair = Effect::RepairProject { path: "/food".into(), steps };
    assert_eq!(press(&mut state, "r y"), [repair]);
    // The list is sent again; the project is one like any other then.
    update(&mut state, Event::Welcome(vec![place("food", false)]));
    assert_eq!(press(&mut state, "enter"), [Effect::Open("/food".into())]);
}

#[test]
fn damage_that_only_a_person_can_mend_is_explained() {
    let mut state = welcome(&["food"]);
    let why = "`Wine` and `Beer` have the same id 2; only you can solve that, with an editor";
    let damage = Damage { name: "git conflict", repair: Err(why.into()) };
    update(&mut state, Event::Damaged { path: "/food".into(), damage });
    assert!(state.next_step().unwrap().ends_with("r shows why no key repairs it"), "{:?}", state.next_step());
    assert!(press(&mut state, "enter").is_empty() && state.overlay().is_none());
    assert_eq!(message(&state), why);
}
