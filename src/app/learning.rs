//! What the screen says about the live model: one line while tagging, and the lines of its overlay.

use crate::{
    runs::{
        live::{Estimate, LiveReport, LiveState},
        live_progress::{Change, STRETCH, Trend, forecast},
    },
    text::number::{ago, grouped, score, signed, with_noun},
};

use super::{
    command::{Command, Context},
    finished::Taken,
    pages::{self, Kind},
    session::Session,
};

/// The line on the Tag screen, from many words to few: the first one that fits is shown.
pub fn status_lines(session: &Session) -> Vec<String> {
    let report = &session.live;
    let Clauses { subject, f1: [f1, f1_short, f1_alone], when } = Clauses::of(session);
    let [long, middle, short, shortest] = taken_clauses(session.taken.last());
    let trouble = trouble(report);
    let alone = trouble.trim_start_matches("; ");
    vec![
        format!("{subject}{f1}{when}{long}{trouble}"),
        format!("{subject}{f1}{when}{middle}{trouble}"),
        format!("{subject}{f1}{when}{short}{trouble}"),
        format!("{subject}{f1_short}{when}{short}{trouble}"),
        format!("{subject}{f1_short}{short}{trouble}"),
        format!("{subject}{f1_short}{shortest}{trouble}"),
        format!("{subject}{f1_short}{when}{trouble}"),
        format!("{subject}{f1_short}{trouble}"),
        format!("{subject}{f1_alone}{trouble}"),
        format!("{subject}{trouble}"),
        if alone.is_empty() { subject } else { alone.to_owned() },
    ]
}

/// Clauses of the line on the Tag screen; each but the first may be empty and may be left out.
struct Clauses {
    /// Which model, and what it learned.
    subject: String,
    /// F1 of the suggestions: with the number of documents, with fewer words, and without that number.
    f1: [String; 3],
    /// When the newest version learned.
    when: String,
}

impl Clauses {
    fn of(session: &Session) -> Self {
        let report = &session.live;
        let learned = format!("learned {}", with_noun(report.learned, "document"));
        let when = since(report.at, session.now);
        let f1 = match &report.recent {
            Some(one) => {
                let over = [with_noun(one.documents, "document"), grouped(one.documents)];
                let [long, short] = over.map(|over| format!(", {}", f1(one, &format!(" over {over}"))));
                [long, short, format!(", {}", f1(one, ""))]
            }
            None => [", F1 not measured yet"; 3].map(str::to_owned),
        };
        match (session.suggesting_version(), report.newest) {
            (Some(suggester), Some(newest)) if newest != suggester => {
                Self { subject: format!("{suggester} suggests"), f1, when: format!("; {newest} {learned}, {when}") }
            }
            (Some(version), _) => Self { subject: format!("{version}: {learned}"), f1, when: format!(", {when}") },
            (None, Some(newest)) => Self {
                subject: format!("{newest}: {learned}, not better yet"),
                f1: [" than what suggests now"; 3].map(str::to_owned),
                when: String::new(),
            },
            (None, None) => Self { subject: first_time(&report.state), f1: Default::default(), when: String::new() },
        }
    }
}

/// What happens where no version has learned anything yet.
fn first_time(state: &LiveState) -> String {
    match state {
        LiveState::Off => String::new(),
        LiveState::Learning => "a model learns in the background, for the first time".to_owned(),
        LiveState::Waiting(0) => "a model learns in the background, from the next finished documents on".to_owned(),
        LiveState::Waiting(more) => {
            format!("a model learns in the background after {}", with_noun(*more, "more document"))
        }
        LiveState::Paused(_) | LiveState::Failed(_) => "no model has learned yet".to_owned(),
    }
}

/// Why it does not learn, for the end of the line; empty while all is well.
fn trouble(report: &LiveReport) -> String {
    match &report.state {
        LiveState::Off => "; learning is off".to_owned(),
        LiveState::Waiting(_) | LiveState::Learning => String::new(),
        LiveState::Paused(why) => format!("; paused: {why}"),
        LiveState::Failed(why) => format!("; cannot learn: {why}"),
    }
}

/// Clauses about the suggestions that were taken, from long to short.
fn taken_clauses(taken: Option<Taken>) -> [String; 4] {
    let Some(taken) = taken else { return Default::default() };
    let documents = match taken.documents {
        1 => "last document's".to_owned(),
        some => format!("last {some} documents'"),
    };
    let percent = taken.percent();
    [
        format!("; of the {documents} suggestions {percent} % were taken as they were"),
        format!("; {percent} % of suggestions taken as they were"),
        format!("; {percent} % taken as they were"),
        format!("; {percent} % taken"),
    ]
}

/// F1 with its interval: `F1 .62 (.58 to .66)`. `over` says over which documents, and begins with a blank.
fn f1(estimate: &Estimate, over: &str) -> String {
    let f1 = score(estimate.f1, 2);
    match estimate.interval {
        Some(interval) => format!("F1 {f1}{over} ({} to {})", score(interval.low, 2), score(interval.high, 2)),
        None => format!("F1 about {f1}{over}"),
    }
}

fn since(at: u64, now: u64) -> String {
    match ago(now.saturating_sub(at)).as_str() {
        "now" => "just now".to_owned(),
        time => format!("{time} ago"),
    }
}

/// A line of the overlay.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Heading or text.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// The estimate that it shows, if it is one of the course.
    pub estimate: Option<Estimate>,
}

/// The lines of the overlay, of at most `width` columns.
pub fn rows(session: &Session, width: usize) -> Vec<Row> {
    let report = &session.live;
    let mut text = vec![versions(session), state(session), String::new()];
    text.push("# How good the suggestions are".to_owned());
    text.extend(scores(session));
    text.push(String::new());
    text.push("# Is it worth going on?".to_owned());
    text.extend(worth(report));
    if !report.course.is_empty() {
        text.push(String::new());
        text.push("# F1 by number of documents learned, newest first".to_owned());
    }
    let lines = pages::lines(text.iter().map(String::as_str), width).into_iter();
    let rows = lines.map(|line| Row { kind: line.kind, text: line.text, estimate: None });
    rows.chain(report.course.iter().rev().map(course_row)).collect()
}

fn course_row(estimate: &Estimate) -> Row {
    let documents = grouped(estimate.learned);
    let text = format!("{documents:>7}   {}", f1(estimate, ""));
    Row { kind: Kind::Text, text, estimate: Some(*estimate) }
}

/// Which versions there are, and which of them suggests.
fn versions(session: &Session) -> String {
    let report = &session.live;
    let learned =
        format!("learned {}, the last time {}", with_noun(report.learned, "document"), since(report.at, session.now));
    match (session.suggesting_version(), report.newest) {
        (Some(suggester), Some(newest)) if newest != suggester => {
            format!("{suggester} makes the suggestions. {newest} {learned}, and was not better so far.")
        }
        (Some(version), _) => format!("{version} makes the suggestions. It {learned}."),
        (None, Some(newest)) => format!("{newest} {learned}. It was not better so far than what suggests now."),
        (None, None) => "No model has learned from your documents yet.".to_owned(),
    }
}

/// What the live model is doing.
fn state(session: &Session) -> String {
    let learn = session.key(Context::Learning, Command::Learn);
    match &session.live.state {
        LiveState::Off => format!("Learning is off; {learn} switches it on."),
        LiveState::Waiting(0) => "It learns again when more documents are finished.".to_owned(),
        LiveState::Waiting(more) => format!("It learns after {}.", with_noun(*more, "more finished document")),
        LiveState::Learning => "It is learning now.".to_owned(),
        LiveState::Paused(why) => format!("It pauses: {why}."),
        LiveState::Failed(why) => format!("It cannot learn: {why}."),
    }
}

/// Scores of the suggestions, as rows of a table and what to know about them.
fn scores(session: &Session) -> Vec<String> {
    let report = &session.live;
    let mut rows = Vec::new();
    if let Some(recent) = &report.recent {
        rows.push(format!("| last {} | {} |", with_noun(recent.documents, "document"), f1(recent, "")));
    }
    if let Some(unaided) = &report.unaided {
        let documents = with_noun(unaided.documents, "document");
        rows.push(format!("| {documents} shown without suggestions | {} |", f1(unaided, "")));
    }
    let share = |taken: Taken| format!("{} % taken as they were, {} of {}", taken.percent(), taken.taken, taken.shown);
    if let Some(last) = session.taken.last() {
        let documents =
            if last.documents == 1 { "document".to_owned() } else { format!("{} documents", last.documents) };
        rows.push(format!("| suggestions in the last {documents} | {} |", share(last)));
    }
    if let Some(before) = session.taken.before() {
        rows.push(format!("| in the {} before them | {} |", before.documents, share(before)));
    }
    if rows.is_empty() {
        return vec!["Nothing is measured yet: it needs finished documents with suggestions.".to_owned()];
    }
    if report.recent.is_some() {
        rows.push("F1 is per word, of predictions made before you finished each document.".to_owned());
    }
    if report.unaided.is_some() {
        rows.push(
            "Suggestions on the screen can pull labels towards the model; F1 on documents shown without them is free \
             of that."
                .to_owned(),
        );
    }
    rows
}

/// What the last documents have brought, and what more would bring.
fn worth(report: &LiveReport) -> Vec<String> {
    let Some(change) = Change::of(&report.course) else {
        let measured: usize = report.course.iter().map(|one| one.documents).sum();
        return vec![format!(
            "Too early to say: F1 on the last {STRETCH} documents is compared with F1 on the {STRETCH} before, and it is \
             measured on {measured} so far."
        )];
    };
    let Change { documents, before, after, low, high } = change;
    let [before, after] = [before, after].map(|f1| score(f1, 2));
    let [rise, low, high] = [change.rise(), low, high].map(|value| signed(value, 2));
    let compared = format!("{after} on them, {before} on the {documents} before, difference {rise} ({low} to {high})");
    let text = match change.trend() {
        Trend::Rising => format!("Yes. The last {documents} documents raised F1: {compared}."),
        Trend::Flat => format!(
            "The last {documents} documents brought nothing measurable: F1 {compared}. A rise of up to {high} is not \
             excluded."
        ),
        Trend::Falling => format!(
            "F1 fell in the last {documents} documents: {compared}. They may be harder, or labelled in another way \
             than those before."
        ),
        Trend::Unknown => format!(
            "Not known yet for the last {documents} documents: F1 {compared}. No rise at all and one of {high} both fit \
             that; more documents narrow it down."
        ),
    };
    // A curve that falls is no learning curve, so that it cannot be continued.
    let forecast = forecast(&report.course, report.learned).filter(|_| change.trend() != Trend::Falling);
    let forecast = forecast.map(|rise| format!("- Forecast from the course so far: {}.", rise.rise_text()));
    std::iter::once(text).chain(forecast).collect()
}
