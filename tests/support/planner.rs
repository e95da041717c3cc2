//! Finds the shortest keys by which a person who knows the spans makes them, through the program's own `update`: A* over
//! the states that keys lead to. What it finds was therefore done, not reckoned.
//!
//! It works as people do, from left to right: a key that changes something is pressed only on the first thing that is not
//! yet as it should be. Moves are free. `v` and arming are left out, which can only make plans longer.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
};

use tagliatelle::{
    app::{Event, Key, State, event::Opened, update},
    config::LiveSettings,
    spans::{Document, Entity, Gazetteer, LabelId, LabelSet, Status},
    text::TextRange,
};

/// What is to be tagged, and what helps.
pub(crate) struct Task<'a> {
    pub(crate) document: &'a Document,
    pub(crate) labels: &'a LabelSet,
    /// The spans that are right, in order.
    pub(crate) gold: &'a [(TextRange, LabelId)],
    /// What a model suggests, if one is asked.
    pub(crate) found: Option<Vec<Entity>>,
    pub(crate) gazetteer: &'a Gazetteer,
}

/// Where the document stands.
const HERE: usize = 1;
/// States looked at for one document before it is given up.
const LIMIT: usize = 20_000;
const MOVES: [&str; 10] = ["w", "b", "l", "h", "r", "R", "home", "end", "j", "k"];
const EDGES: [&str; 5] = ["]", "[", "}", "{", "e"];

/// What tells one state from another.
type Mark = (usize, Option<TextRange>, Vec<(TextRange, LabelId)>, Vec<TextRange>);

/// The keys, the last of them `enter` or `space`; `None` if none were found within the limit.
pub(crate) fn plan(task: &Task<'_>) -> Option<Vec<&'static str>> {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    let [before, after] = ["before", "after"].map(|id| Document::new(id, id, tagliatelle::text::Grid::Natural));
    let opened = Opened {
        documents: vec![before, task.document.clone(), after].into(),
        labels: task.labels.clone(),
        gazetteer: task.gazetteer.clone(),
        // Each document is planned with its suggestions.
        live: LiveSettings { held_back: 0, ..LiveSettings::default() },
        writer: 1,
        ..Opened::default()
    };
    update(&mut state, Event::Opened(Box::new(opened)));
    if let Some(found) = task.found.clone() {
        let document = task.document.id.clone();
        update(
            &mut state,
            Event::Suggestions { document, run: "1".into(), found, uncertainty: None, labels: Default::default() },
        );
    }
    // One comes from the document before; suggestions were asked for ahead.
    press(&mut state, "n");
    // Where the shortest keys are too far, good ones are found by looking first where little is left to do.
    search(task, &state, 1).or_else(|| search(task, &state, 3))
}

fn search(task: &Task<'_>, start: &State, greed: usize) -> Option<Vec<&'static str>> {
    let mut seen: HashSet<Mark> = HashSet::new();
    let mut states: Vec<(State, Option<usize>, &'static str)> = vec![(start.clone(), None, "")];
    // Fewest keys to the end first, of these the deepest; then the oldest, so that the result is always the same.
    let mut queue = BinaryHeap::from([(Reverse(0), 0, Reverse(0))]);
    while let Some((_, depth, Reverse(at))) = queue.pop() {
        let (state, _, _) = &states[at];
        if is_over(state) {
            return Some(keys(&states, at));
        }
        if !seen.insert(mark(state)) || states.len() > LIMIT {
            continue;
        }
        let here = state.clone();
        for key in choices(task, &here) {
            let mut next = here.clone();
            press(&mut next, key);
            let Some(left) = left(task, &next) else { continue };
            states.push((next, Some(at), key));
            queue.push((Reverse(depth + 1 + greed * left), depth + 1, Reverse(states.len() - 1)));
        }
    }
    None
}

fn keys(states: &[(State, Option<usize>, &'static str)], mut at: usize) -> Vec<&'static str> {
    let mut keys = Vec::new();
    while let (_, Some(before), key) = &states[at] {
        keys.push(*key);
        at = *before;
    }
    keys.reverse();
    keys
}

fn press(state: &mut State, key: &str) {
    let key: Key = key.parse().unwrap();
    update(state, Event::Key { key, at: 1_790_000_000 });
}

fn is_over(state: &State) -> bool {
    state.session.project.as_ref().unwrap().annotation(HERE).status == Status::Done
}

fn spans(state: &State) -> Vec<(TextRange, LabelId)> {
    let annotation = state.session.project.as_ref().unwrap().annotation(HERE);
    annotation.spans().iter().map(|span| (span.range, span.label)).collect()
}

fn open(state: &State) -> Vec<(TextRange, LabelId)> {
    let open = state.session.project.as_ref().unwrap().suggestions(HERE).iter();
    open.map(|one| (one.range, one.label)).collect()
}

fn mark(state: &State) -> Mark {
    let project = state.session.project.as_ref().unwrap();
    let last = state.session.tagging.made(project).map(|span| span.range);
    (state.session.tagging.word, last, spans(state), open(state).into_iter().map(|(range, _)| range).collect())
}

/// The keys still needed at least; `None` where the document ended wrong.
fn left(task: &Task<'_>, state: &State) -> Option<usize> {
    let (made, open) = (spans(state), open(state));
    if is_over(state) {
        return (made == task.gold).then_some(0);
    }
    if state.session.tagging.document != HERE {
        return None;
    }
    let missing = task.gold.iter().filter(|gold| !made.contains(gold) && !open.contains(gold));
    let missing: Vec<TextRange> = missing.map(|(range, _)| *range).collect();
    let apart = |range: &TextRange| missing.iter().all(|gold| !gold.overlaps(*range));
    let wrong =
        |all: &[(TextRange, LabelId)]| all.iter().filter(|one| !task.gold.contains(one) && apart(&one.0)).count();
    // Wrong suggestions are turned down, or the right ones are taken and the rest left.
    let right = open.iter().filter(|one| task.gold.contains(one)).count();
    Some(missing.len() + wrong(&made) + wrong(&open).min(right) + 1)
}

/// The keys that make sense: moves, and what changes the first thing that is not as it should be.
fn choices(task: &Task<'_>, state: &State) -> Vec<&'static str> {
    const DIGITS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let project = state.session.project.as_ref().unwrap();
    let (made, open) = (spans(state), open(state));
    let mut keys: Vec<&'static str> = MOVES.to_vec();
    keys.extend(["enter", "space"]);
    let missing = |gold: &&(TextRange, LabelId)| !made.contains(gold) && !open.contains(gold);
    let next = task.gold.iter().find(missing);
    let word = task.document.words.get(state.session.tagging.word).copied().unwrap_or_default();
    let (on_span, on_open) =
        (state.session.tagging.span(project).map(|span| span.range), state.session.tagging.suggestion(project));
    let under = on_span.or(on_open.map(|one| one.range)).unwrap_or(word);
    if let Some((gold, label)) = next.filter(|(gold, _)| gold.overlaps(under)) {
        let digit = project.labels.get(*label).and_then(|label| label.key).and_then(|key| key.to_digit(10));
        keys.extend(digit.and_then(|digit| DIGITS.get(digit as usize - 1)));
        let _ = gold;
    }
    let edge = state.session.tagging.edge(project).map(|span| span.range).or(on_open.map(|one| one.range));
    if edge.is_some_and(|range| next.is_some_and(|(gold, _)| gold.overlaps(range))) {
        keys.extend(EDGES);
    }
    let wrong = |range: TextRange| !task.gold.iter().any(|(gold, _)| *gold == range);
    if (on_span.is_some() || on_open.is_some()) && wrong(under) {
        keys.push("x");
    }
    if on_open.is_some_and(|one| task.gold.contains(&(one.range, one.label))) {
        keys.push("a");
    }
    keys
}
