//! Inputs made to keep the program busy, in the sizes that people meet or a stranger may send:
//!
//!     cargo bench --bench hostile [-- PART OF A NAME]
//!
//! For each input its size and its time in milliseconds. Of a key, the time from the key to its frame in a terminal of
//! 120x40, and of several keys the slowest one. A key slower than a frame of 16 ms, or anything else slower than ten
//! seconds, fails.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a bench prints, and a failure ends it"
)]

use std::{
    fs,
    hint::black_box,
    path::PathBuf,
    time::{Duration, Instant},
};

use ratatui::{Terminal, backend::TestBackend};
use tagliatelle::{
    app::{Effect, Event, Key, State, event::Opened, update},
    config::{Layer, keys},
    formats::{self, ReadOptions, WriteOptions, label_config},
    project::{ImportItem, Manifest, MetricsTail, Project, check},
    spans::{
        Action, ActionId, Annotation, Document, Edit, Entry, Gazetteer, Journal, LabelId, LabelSet, Span, SpanId,
        SpanSource, Status, adjudication::ComparedDocument, agreement, journal::JournalOp, phrase::Phrase,
    },
    text::{Grid, TextRange, clusters::cluster_at, search::Needle, width::Glyphs, wrap::TextLayout},
    ui::{Caps, Theme, draw},
};

/// Longest time of a key with its frame.
const KEY: Duration = Duration::from_millis(16);
/// Longest time of anything else.
const WORK: Duration = Duration::from_secs(10);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let mut table = Table { wanted: words.join(" "), slow: Vec::new() };
    println!("{:<58} {:>12} {:>10}", "input", "size", "ms");
    fields(&mut table);
    spans(&mut table);
    characters(&mut table);
    opening(&mut table);
    files(&mut table);
    comparisons(&mut table);
    searches(&mut table);
    assert!(table.slow.is_empty(), "too slow: {}", table.slow.join(", "));
}

/// The lines that are printed.
struct Table {
    /// Part of the names of the inputs that are measured.
    wanted: String,
    slow: Vec<String>,
}

impl Table {
    /// Measures each of `keys` in the state that `start` makes.
    fn keys(&mut self, name: &str, size: usize, keys: &str, start: impl FnOnce() -> State) {
        if !name.contains(&self.wanted) {
            return;
        }
        let (start, theme) = (start(), Theme::named("ansi").unwrap());
        let rounds: Vec<Vec<Duration>> = (0..3).map(|_| key_times(&start, &theme, keys)).collect();
        // The shortest of the rounds for each key, so that a busy machine does not count.
        let shortest = |at: usize| rounds.iter().filter_map(|times| times.get(at)).min().copied().unwrap_or_default();
        let names = keys.split_whitespace().enumerate().map(|(at, key)| (shortest(at), key));
        let (time, key) = names.max().unwrap();
        self.line(&format!("{name}, slowest key: {key}"), size, time, KEY);
    }

    /// Measures `work` on the input that `input` makes.
    fn work<I, O>(&mut self, name: &str, size: usize, input: impl FnOnce() -> I, work: impl Fn(&I) -> O) {
        if name.contains(&self.wanted) {
            let input = input();
            let start = Instant::now();
            black_box(work(black_box(&input)));
            self.line(name, size, start.elapsed(), WORK);
        }
    }

    fn line(&mut self, name: &str, size: usize, time: Duration, most: Duration) {
        println!("{name:<58} {size:>12} {:>10.2}", time.as_secs_f64() * 1e3);
        if time > most {
            self.slow.push(name.to_owned());
        }
    }
}

/// Time of each key with its frame. The first frame was drawn before.
fn key_times(start: &State, theme: &Theme, keys: &str) -> Vec<Duration> {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    let mut frame = |state: &State| {
        terminal.draw(|frame| drop(draw(state, theme, Caps::default(), frame))).unwrap();
    };
    let mut state = start.clone();
    frame(&state);
    let times = keys.split_whitespace().map(|key| {
        let start = Instant::now();
        press(&mut state, key);
        frame(&state);
        start.elapsed()
    });
    times.collect()
}

/// Presses keys; every line is saved at once.
fn press(state: &mut State, keys: &str) {
    for key in keys.split_whitespace() {
        let key: Key = key.parse().unwrap();
        for effect in update(state, Event::Key { key, at: 1_790_000_000 }) {
            if let Effect::Record { attempt, entries } = effect {
                update(state, Event::Saved { attempt, ids: entries.iter().map(|entry| entry.id).collect() });
            }
        }
    }
}

fn opened(text: &str, entries: impl Iterator<Item = Entry>) -> State {
    let opened = Opened {
        name: "hostile".into(),
        annotator: "ada".into(),
        documents: vec![Document::new("d", text, Grid::Natural)].into(),
        labels: LabelSet::restaurant(),
        journal: Journal::replay(entries),
        writer: 7,
        ..Opened::default()
    };
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 120, rows: 40 });
    update(&mut state, Event::Opened(Box::new(opened)));
    state
}

/// The line with this number, which edits the document `d`.
fn entry(sequence: usize, op: JournalOp) -> Entry {
    Entry { id: action_id(sequence), at: 0, op }
}

fn action_id(sequence: usize) -> ActionId {
    ActionId(SpanId { writer: 1, sequence: u32::try_from(sequence).unwrap() })
}

fn span(sequence: usize, start: usize, end: usize, label: u32) -> Span {
    let (id, range) = (action_id(sequence).0, TextRange::new(start, end));
    Span { id, range, label: LabelId(label), source: SpanSource::Human }
}

fn added(sequence: usize, span: Span) -> Entry {
    entry(sequence, JournalOp::Do(Action { document: "d".into(), edits: vec![Edit::Add(span)] }))
}

fn fields(table: &mut Table) {
    for (opening, what) in [("i", "note"), ("f2 /", "search"), (":", "palette"), ("f5", "sentence for the model")] {
        for size in [10_000, 100_000] {
            let field = || {
                let mut state = opened("fish tacos", std::iter::empty());
                press(&mut state, opening);
                update(&mut state, Event::Paste("fish tacos ".repeat(size / 11)));
                state
            };
            table.keys(&format!("field: {what}"), size, "a left backspace home b right delete end ctrl-w", field);
        }
    }
    let flags = || {
        let mut state = opened("fish tacos", std::iter::empty());
        press(&mut state, "i");
        update(&mut state, Event::Paste("\u{1f1ee}".repeat(25_000)));
        state
    };
    table.keys("field: flags", 100_000, "a left left backspace home b end", flags);
    let paste = |state: &State| {
        let mut state = state.clone();
        update(&mut state, Event::Paste("e\u{301}".repeat(33_000)));
        key_times(&state, &Theme::named("ansi").unwrap(), "a").len()
    };
    let note = || {
        let mut state = opened("fish tacos", std::iter::empty());
        press(&mut state, "i");
        state
    };
    table.work("field: paste of accents", 99_000, note, paste);
}

fn spans(table: &mut Table) {
    const SPANS: usize = 60_000;
    const KEYS: &str = "l w 3 u ] [ 2 x g end home enter u H esc i esc";
    let n = SPANS;
    let mut keys = |name: &str, words: usize, ends: &dyn Fn(usize) -> (usize, usize)| {
        let spans = (0..n).map(|at| {
            let (first, last) = ends(at);
            added(at, span(at, first * 5, last * 5 + 4, u32::try_from(at % 8).unwrap()))
        });
        table.keys(&format!("{SPANS} spans: {name}"), words, KEYS, || opened(&"taco ".repeat(words), spans));
    };
    keys("begin at one word", n, &|at| (0, at));
    keys("end at one word", n, &|at| (at, n - 1));
    keys("nested", 2 * n, &|at| (at, 2 * n - 1 - at));
    keys("each over the next ones", n, &|at| (at, (at + 3).min(n - 1)));
    keys("on the same words", 9, &|_| (0, 8));
}

fn characters(table: &mut Table) {
    const POINTS: usize = 1_000_000;
    for (mark, what) in
        [("\u{301}", "accents"), ("\u{200d}\u{1f468}", "joined people"), ("\u{94d}\u{915}", "conjuncts")]
    {
        let text = format!("fish a{} tacos", mark.repeat(POINTS / mark.chars().count()));
        let layout = |text: &String| TextLayout::new(text, 80, Glyphs::Unicode).lines().len();
        table.work(&format!("one character: {what}, lines"), POINTS, || text.clone(), layout);
        let words = |text: &String| Document::new("d", text.as_str(), Grid::Natural).words.len();
        table.work(&format!("one character: {what}, words"), POINTS, || text.clone(), words);
        let keys = || {
            let mut state = opened(&text, std::iter::empty());
            press(&mut state, "l");
            state
        };
        table.keys(&format!("one character: {what}"), POINTS, "l h 3 u l v l 3", keys);
    }
}

fn opening(table: &mut Table) {
    const ACTIONS: usize = 30_000;
    let folder = tempfile::tempdir().unwrap();
    let mut storm = |name: &str, undone: &dyn Fn(usize) -> usize| {
        let make = || {
            let mut project = Project::create(&folder.path().join(name.replace(' ', "-")), manifest()).unwrap();
            let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
            let document = Document::new("d", "taco ".repeat(ACTIONS), Grid::Natural);
            let item = ImportItem { document, spans: Vec::new(), status: Status::Todo };
            project.import(Some(&mut ada), 0, vec![item]).unwrap();
            let does = (0..ACTIONS).map(|at| added(at, span(at, 5 * at, 5 * at + 4, 0)));
            let undoes = (0..ACTIONS).map(|at| entry(ACTIONS + at, JournalOp::Undo(action_id(undone(at)))));
            ada.record_entries(&project.documents, does.chain(undoes).collect()).unwrap();
            project.root.clone()
        };
        let open = |root: &PathBuf| {
            let project = Project::open(root).unwrap();
            let ada = project.read_annotator(&"ada".parse().unwrap()).unwrap();
            ada.journal.annotation("d").spans().len()
        };
        table.work(&format!("opening: {name}"), 2 * ACTIONS, make, open);
    };
    storm("undone from the last", &|at| ACTIONS - 1 - at);
    storm("undone from the first", &|at| at);
    storm("undone in any order", &|at| at * 7_919 % ACTIONS);
    let ids = || (0..100_000).map(|_| Document::new("same", "fish", Grid::Space)).collect::<Vec<_>>();
    let import = |documents: &Vec<Document>| {
        let mut project = Project::create(&folder.path().join("same"), manifest()).unwrap();
        let items = documents.iter().map(|document| ImportItem {
            document: document.clone(),
            spans: Vec::new(),
            status: Status::Todo,
        });
        project.import(None, 0, items.collect()).unwrap();
    };
    table.work("importing: documents with one id", 100_000, ids, import);
    let damaged = || {
        let project = Project::create(&folder.path().join("damaged"), manifest()).unwrap();
        fs::write(project.root.join("documents.jsonl"), "{}\n".repeat(300_000)).unwrap();
        project.root
    };
    table.work("checking: damaged lines", 300_000, damaged, |root| check::check(root).findings.len());
    let metrics = || {
        let path = folder.path().join("metrics.jsonl");
        fs::write(&path, "x".repeat(100_000_000)).unwrap();
        path
    };
    let follow = |path: &PathBuf| {
        let mut tail = MetricsTail::new(path);
        (0..100).map(|_| tail.poll().unwrap().len()).sum::<usize>()
    };
    table.work("following: metrics in one line without end", 100_000_000, metrics, follow);
}

fn manifest() -> Manifest {
    Manifest::new("hostile", LabelSet::restaurant())
}

/// Reads a file of a format by its name.
fn read(format: &str, bytes: &[u8]) -> formats::Read {
    formats::find(format).unwrap().read(bytes, &ReadOptions::default())
}

fn files(table: &mut Table) {
    let size = 1_100_000;
    let tasks = |word: &str, regions: usize| {
        let text = word.repeat(size / word.len());
        let end = text.chars().count();
        let region = |id: usize| {
            let label = ["Dish", "Price"][id % 2];
            format!(
                r#"{{"id":"{id}","from_name":"label","to_name":"text","type":"labels","value":{{"start":0,"end":{end},"labels":["{label}"]}}}}"#
            )
        };
        let regions: Vec<String> = (0..regions).map(region).collect();
        format!(r#"[{{"data":{{"text":"{text}"}},"annotations":[{{"result":[{}]}}]}}]"#, regions.join(","))
    };
    for (word, what) in [("taco ", "words"), ("\u{1f32e}", "wide letters"), (" ", "blanks")] {
        let long = || tasks(word, 20_000);
        let reading = |file: &String| read("label-studio", file.as_bytes()).corpus.documents.len();
        table.work(&format!("Label Studio: 20000 regions over all {what}"), size, long, reading);
    }
    let write = |corpus: &formats::Corpus| {
        formats::find("label-studio").unwrap().write(corpus, &WriteOptions::default()).map(|file| file.bytes.len())
    };
    let corpus = || read("label-studio", tasks("taco ", 20_000).as_bytes()).corpus;
    table.work("Label Studio: 20000 regions, written", size, corpus, write);
    xml(table);
    let spans: Vec<String> =
        (0..60_000).map(|at| format!(r#"{{"start":{},"end":{},"label":"Dish"}}"#, at * 5, at * 5 + 4)).collect();
    let line = format!(r#"{{"text":"{}","spans":[{}]}}"#, "taco ".repeat(60_000), spans.join(","));
    table.work(
        "jsonl: one line",
        line.len(),
        || line.clone(),
        |line| read("jsonl", line.as_bytes()).corpus.span_count(),
    );
    let conll = "tacos B-Dish\n".repeat(300_000);
    table.work(
        "CoNLL: one sentence",
        conll.len(),
        || conll.clone(),
        |file| read("conll2003", file.as_bytes()).corpus.span_count(),
    );
    let keys = || format!("[tag]\n{}", (0..30_000).map(|at| format!("k{at} = 'done'\n")).collect::<String>());
    table.work("keys.toml: keys", 30_000, keys, |text| keys::read(Layer { name: "keys.toml", text }).is_ok());
}

fn xml(table: &mut Table) {
    const MANY: usize = 300_000;
    let config =
        |inside: &str| format!("<View><Labels name='l' toName='t'>{inside}</Labels><Text name='t' value='$t'/></View>");
    let parse = |file: &String| label_config::read(file.as_bytes()).1.len();
    let attributes: String = (0..MANY).map(|at| format!(" a{at}=''")).collect();
    table.work("XML: attributes", MANY, || config(&format!("<Label value='a'{attributes}/>")), parse);
    let spaces: String = (0..MANY).map(|at| format!("<a xmlns:a{at}='b'>")).collect();
    table.work("XML: namespaces", MANY, || config(&spaces), parse);
    let labels: String = (0..MANY).map(|at| format!("<Label value='a{at}'/>\n")).collect();
    table.work("XML: labels", MANY, || config(&labels), parse);
    table.work("XML: nested", MANY, || config(&"<Labels toName='t'>".repeat(MANY)), parse);
}

fn comparisons(table: &mut Table) {
    const SPANS: usize = 20_000;
    let text = "taco ".repeat(SPANS);
    let nested = |label: u32| {
        let spans = (0..SPANS).map(|at| span(at, at, text.len() - at, (label + u32::try_from(at).unwrap()) % 8));
        Annotation::new(spans.collect(), Status::Done)
    };
    let input = || (Document::new("d", text.as_str(), Grid::Natural), nested(0), nested(1));
    table.work("agreement: nested spans", SPANS, input, |(document, a, b)| {
        agreement::agreement([agreement::Pair { document, a, b }]).exact.both
    });
    table.work("adjudication: nested spans", SPANS, input, |(_, a, b)| {
        let compared = ComparedDocument::new(0, &[Some(a), Some(b)]).unwrap();
        let found = compared.places.iter().filter_map(|place| compared.reading_of(place, b.spans()));
        found.count() + compared.missing(a).len()
    });
    table.work("gazetteer: nested spans", SPANS, input, |(document, a, _)| {
        let mut gazetteer = Gazetteer::default();
        gazetteer.learn(document, a);
        gazetteer.find(document).len()
    });
}

fn searches(table: &mut Table) {
    const WORDS: usize = 200_000;
    let same = || Document::new("d", "taco ".repeat(WORDS), Grid::Natural);
    table.work("occurrences: a phrase of half the text", WORDS, same, |document| {
        let half = TextRange::new(0, 5 * WORDS / 2 - 1);
        Phrase::of(document, half).map(|phrase| phrase.find_in(document).len())
    });
    for (repeated, what) in [("\u{301}", "marks"), ("\u{1f1ee}\u{1f1f9}", "flags")] {
        let text = || format!("a{}", repeated.repeat(1_000_000 / repeated.len()));
        let find = |text: &String| (0..text.len()).step_by(1_000).filter_map(|at| cluster_at(text, at)).count();
        table.work(&format!("clusters: a thousand among {what}"), 1_000_000, text, find);
    }
    let term = || ("a".repeat(1_000_000), format!("{}b", "a".repeat(500_000)));
    table.work("search: a term of equal letters", 500_000, term, |(text, term)| Needle::new(term).find_in(text).len());
}
