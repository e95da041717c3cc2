//! The commands of the screen.

use super::Explore;
use crate::app::{
    command::{Command, Context},
    conditions::{always, documents, not_only_runs},
    list,
    panel::{Commands, NoPanel, Outcome, Request, Row},
};

impl Commands for Explore {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::Type,
            name: "type",
            hint: "type",
            doc: "Go into the text field",
            keys: &[(Context::Explore, "i enter")],
            when: always,
            run: |screen, _| {
                screen.typing = true;
                screen.goal = None;
                Outcome::none()
            },
        },
        Row {
            command: Command::Model,
            name: "model",
            hint: "model",
            doc: "Ask the model of another run",
            keys: &[(Context::Explore, "m ctrl-o"), (Context::Typing, "ctrl-o")],
            when: always,
            run: Self::next_model,
        },
        Row {
            command: Command::AddSentence,
            name: "add-sentence",
            hint: "add",
            doc: "Add the sentence with its spans to the project",
            keys: &[(Context::Explore, "s"), (Context::Typing, "")],
            when: not_only_runs,
            run: |screen, session| screen.add(session),
        },
        Row {
            command: Command::Explain,
            name: "explain",
            hint: "why",
            doc: "Show how the span's score changes without each word",
            keys: &[(Context::Explore, "e")],
            when: always,
            run: Self::explain,
        },
        Row {
            command: Command::Aggregation,
            name: "aggregation",
            hint: "strategy",
            doc: "Show what the next pipeline strategy finds, and pieces",
            keys: &[(Context::Explore, "t"), (Context::Typing, "ctrl-y")],
            when: always,
            run: Self::next_strategy,
        },
        Row {
            command: Command::Beside,
            name: "beside",
            hint: "two models",
            doc: "Show the spans of a second model beside the first",
            keys: &[(Context::Explore, "c"), (Context::Typing, "")],
            when: always,
            run: Self::next_beside,
        },
        Row {
            command: Command::RaiseBar,
            name: "raise-bar",
            hint: "surer, more",
            doc: "Show only spans that are surer by .1",
            keys: &[(Context::Explore, ">")],
            when: always,
            run: |screen, session| screen.move_bar(true, session),
        },
        Row {
            command: Command::LowerBar,
            name: "lower-bar",
            hint: "surer, more",
            doc: "Show spans that are less sure by .1, too",
            keys: &[(Context::Explore, "<")],
            when: always,
            run: |screen, session| screen.move_bar(false, session),
        },
        Row {
            command: Command::Earlier,
            name: "earlier-sentence",
            hint: "earlier",
            doc: "Bring back the sentence typed before",
            keys: &[(Context::Explore, "p"), (Context::Typing, "up")],
            when: always,
            run: |screen, session| screen.recall(true, session),
        },
        Row {
            command: Command::Later,
            name: "later-sentence",
            hint: "",
            doc: "Bring back the sentence typed after it",
            keys: &[(Context::Explore, "n"), (Context::Typing, "down")],
            when: always,
            run: |screen, session| screen.recall(false, session),
        },
        Row {
            command: Command::SearchSentences,
            name: "search-sentences",
            hint: "history",
            doc: "Search the sentences typed before",
            keys: &[(Context::Explore, "/"), (Context::Typing, "ctrl-r")],
            when: always,
            run: Self::search,
        },
        Row {
            command: Command::SentenceFile,
            name: "sentence-file",
            hint: "file",
            doc: "Take sentences from a file, one after the other",
            keys: &[(Context::Explore, "o"), (Context::Typing, "ctrl-f")],
            when: always,
            run: |_, _| Request::AskSentenceFile.into(),
        },
        Row {
            command: Command::Examples,
            name: "examples",
            hint: "examples",
            doc: "Choose among sentences of the project with a label",
            keys: &[(Context::Explore, "x"), (Context::Typing, "ctrl-x")],
            when: |_, session| documents(&NoPanel, session),
            run: |_, _| Request::ShowExamples.into(),
        },
        Row {
            command: Command::Left,
            name: "left",
            hint: "",
            doc: "Go left by a word",
            keys: &[(Context::Explore, "left h")],
            when: always,
            run: |screen, _| screen.go_to_word(screen.word.saturating_sub(1)),
        },
        Row {
            command: Command::Right,
            name: "right",
            hint: "",
            doc: "Go right by a word",
            keys: &[(Context::Explore, "right l")],
            when: always,
            run: |screen, _| screen.go_to_word(screen.word.saturating_add(1)),
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Explore, list::KEYS)];
}
