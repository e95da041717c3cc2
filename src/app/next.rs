//! What to do next, as one line: on every screen, from what is so, and nothing where nothing is certain.

use crate::{
    runs::Phase,
    spans::Status,
    text::number::{grouped, with_noun},
};

use super::{
    command::{Command, Context},
    project::Project,
    state::{Screen, State},
    tutorial,
    welcome::Row,
};

/// With fewer documents than this a first model finds next to nothing.
const FIRST: usize = 20;

/// What to do next on the screen in front. `None` where the tutorial says it, where something lies over the screen, and
/// where nothing needs to be said.
pub fn next_step(state: &State) -> Option<String> {
    if state.overlay.is_some() || tutorial::lesson(state).is_some() {
        return None;
    }
    let Some(project) = &state.project else { return welcome(state) };
    if project.documents.is_empty() && project.read_only.is_none() {
        let key = state.key(state.screen.context(), Command::Import);
        return Some(format!("there is no text here yet: {key} brings some in from a file"));
    }
    match state.screen {
        Screen::Tag => tag(state, project),
        Screen::Documents => documents(state, project),
        Screen::Train => train(state),
        Screen::Evaluate => evaluate(state),
        Screen::Explore => explore(state),
    }
}

impl State {
    /// The first key that gives `command` in `context`, as it is told to people; without one the palette and its name.
    pub(super) fn key(&self, context: Context, command: Command) -> String {
        let mut keys = self.keymap.keys(context, command);
        keys.next().map(|binding| binding.key.to_string()).unwrap_or_else(|| {
            let palette = self.keymap.keys(context, Command::Palette).next().map(|binding| binding.key.to_string());
            format!("{} {}", palette.unwrap_or_default(), command.info().map_or("", |row| row.name)).trim().to_owned()
        })
    }
}

fn welcome(state: &State) -> Option<String> {
    let welcome = &state.welcome;
    if welcome.opening.is_some() {
        return None;
    }
    let key = |command| state.key(Context::Welcome, command);
    if welcome.form.is_some() {
        return Some("enter goes on, and makes the project after the last line; esc leaves".to_owned());
    }
    let enter = key(Command::Open);
    Some(match welcome.row() {
        Row::Recent(_) => format!("{enter} opens it where you left off"),
        Row::New => format!("{enter} asks for a folder, labels and texts"),
        Row::Sample(_) => {
            format!("{enter} opens a copy of it that is yours; {} makes a fresh one", key(Command::FreshCopy))
        }
        Row::Tutorial if welcome.left_tutorial().is_some() => {
            format!("{enter} goes on where you left it; {} begins anew", key(Command::FreshCopy))
        }
        Row::Tutorial => format!("{enter} begins: two minutes round the loop, on a copy of a sample"),
    })
}

/// Documents that are done, and that have neither been done nor left out.
fn progress(project: &Project) -> (usize, usize) {
    let of = |wanted: &[Status]| -> usize {
        let counts = Status::ALL.iter().zip(project.counts());
        counts.filter(|(status, _)| wanted.contains(status)).map(|(_, n)| n).sum()
    };
    (of(&[Status::Done]), of(&[Status::Todo, Status::Partial, Status::Flagged]))
}

fn has_model(state: &State) -> bool {
    state.train.runs.iter().any(|run| run.has_model)
}

fn tag(state: &State, project: &Project) -> Option<String> {
    let key = |command| state.key(Context::Tag, command);
    if project.read_only.is_some() {
        return None;
    }
    let ((done, open), train) = (progress(project), key(Command::TrainNow));
    if open == 0 && done > 0 {
        let first = if has_model(state) { String::new() } else { format!("{train} trains a model on them; ") };
        return Some(format!("every document is done; {first}{} writes them out", key(Command::Export)));
    }
    if state.tag.anchor.is_some() {
        return Some("move to the last word of the span, then press the digit of its label".to_owned());
    }
    if state.train.is_busy() {
        return Some("the training goes on while you tag; its model will make the suggestions".to_owned());
    }
    if has_model(state) && state.tests_here() {
        return Some("this text tests models, so none suggests anything here".to_owned());
    }
    if has_model(state) {
        if project.suggestions(state.tag.document).is_empty() {
            return None;
        }
        let (take, all) = (key(Command::Take), key(Command::AcceptDone));
        return Some(format!("dotted spans are the model's: {take} takes one, {all} takes all and is done"));
    }
    Some(match done {
        0 => {
            let (next, done) = (key(Command::NextWord), key(Command::Done));
            format!("{next} goes to a word, its label's digit labels it; {done} when the text is done")
        }
        done if done < FIRST => {
            let more = grouped(FIRST - done);
            format!("{} done; after about {more} more, {train} trains a first model", with_noun(done, "document"))
        }
        done => format!("{train} trains a first model on the {} that are done", with_noun(done, "document")),
    })
}

fn documents(state: &State, project: &Project) -> Option<String> {
    let (done, open) = progress(project);
    let key = |command| state.key(Context::Documents, command);
    if state.documents.typing || project.documents.is_empty() {
        return None;
    }
    if open == 0 && done > 0 {
        return Some(format!("every document is done; {} writes them out", key(Command::Export)));
    }
    (!state.documents.shown().is_empty()).then(|| {
        let (enter, filter) = (key(Command::Open), key(Command::Filter));
        format!("{enter} opens the document under the cursor; {filter} shows one status only")
    })
}

fn train(state: &State) -> Option<String> {
    let train = &state.train;
    let key = |command| state.key(Context::Train, command);
    let tag = key(Command::Go(Screen::Tag));
    if train.field.is_some() {
        return None;
    }
    if let Some(run) = train.running() {
        return Some(match run.status.phase {
            Phase::Paused => format!("{} lets the training go on", key(Command::Pause)),
            _ => format!("you can go on tagging meanwhile: {tag}; {} ends it early", key(Command::StopMenu)),
        });
    }
    if train.is_busy() {
        return None;
    }
    let newest = train.runs.first();
    if newest.is_some_and(|run| run.has_model) {
        let [evaluate, explore] = [Screen::Evaluate, Screen::Explore].map(|screen| key(Command::Go(screen)));
        return Some(format!(
            "the model suggests in Tag ({tag}), answers in Explore ({explore}); {evaluate} scores it"
        ));
    }
    match train.summary.as_ref()?.train {
        0 => Some(format!("no document of the training part is done yet: tag some first ({tag})")),
        n => Some(format!("{} starts a training on {}", key(Command::Start), with_noun(n, "document"))),
    }
}

fn evaluate(state: &State) -> Option<String> {
    let key = |command| state.key(Context::Evaluate, command);
    if state.train.evaluation().is_none() {
        let train = key(Command::Go(Screen::Train));
        return Some(match state.train.is_busy() {
            true => "the first scores come while the training goes on".to_owned(),
            false => format!("there are scores here once a model was trained: {train}"),
        });
    }
    // Of the table that is shown: its numbers must be found there.
    let counted = state.shown_evaluation()?.evaluation.counted(state.evaluate.count)?;
    let scored = counted.labels?.iter().filter(|(_, scores)| scores.support > 0);
    let (name, scores) = scored.min_by(|(_, a), (_, b)| a.f1.total_cmp(&b.f1))?;
    let n = grouped(scores.support);
    Some(format!("weakest: {name}, F1 {:.3} on {n}; look at its texts, and tag more of that kind", scores.f1))
}

fn explore(state: &State) -> Option<String> {
    let key = |command| state.key(Context::Explore, command);
    if !has_model(state) {
        return Some(match state.train.is_busy() {
            true => "the model answers here as soon as the training is over".to_owned(),
            false => {
                format!("there is no model yet: tag some documents, then train ({})", key(Command::Go(Screen::Train)))
            }
        });
    }
    if state.explore.field.text().trim().is_empty() {
        return Some("type any sentence: the model marks what it finds while you type".to_owned());
    }
    let (back, left, right) = (key(Command::Back), key(Command::Left), key(Command::Right));
    Some(match state.explore.typing {
        true => format!("{back} then {left} or {right}: what else it thought of a word"),
        false => format!("{left} and {right} look at the other words; {} types on", key(Command::Type)),
    })
}
