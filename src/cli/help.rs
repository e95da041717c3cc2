//! `tagli help`: shows a page, or the arguments of a command.
//! Without a name it lists pages and commands.

use std::io;

use clap::{CommandFactory, Parser};
use serde_json::json;

use super::{
    args::{self, Cli},
    error::CliError,
    output::Output,
};
use crate::app::pages::Topic;

/// Shows the page or the arguments.
///
/// # Errors
/// There is no page or command of this name.
pub(super) fn run(args: &args::Help, output: Output) -> Result<(), CliError> {
    let Some(first) = args.words.first() else { return list(output) };
    match (Topic::find(first), args.words.len()) {
        (None, _) => command(&args.words, output),
        (Some(topic), 1) => page(topic, output),
        (Some(_), _) => Err(CliError::usage("one page at a time").hint(format!("tagli help {first}"))),
    }
}

fn page(topic: Topic, output: Output) -> Result<(), CliError> {
    let text = topic.text();
    output.result(&json!({ "topic": topic.name(), "title": topic.title(), "text": text }), &text)
}

/// Lists the pages and the commands.
fn list(output: Output) -> Result<(), CliError> {
    let cli = Cli::command();
    let topics: Vec<(String, String)> =
        Topic::ALL.iter().map(|topic| (topic.name().to_owned(), topic.title().to_owned())).collect();
    let commands: Vec<(String, String)> = visible(&cli)
        .map(|command| {
            (command.get_name().to_owned(), command.get_about().map(ToString::to_string).unwrap_or_default())
        })
        .collect();
    let mut text = "pages to read (tagli help PAGE; on the screen: ? and a digit)\n".to_owned();
    text += &rows(&topics);
    text += "\ncommands (tagli help COMMAND)\n";
    text += &rows(&commands);
    text += "\ntagli DIR opens a project on the screen; tagli --help says more\n";
    let value = json!({
        "topics": topics.iter().map(|(name, title)| json!({ "topic": name, "title": title })).collect::<Vec<_>>(),
        "commands": commands.iter().map(|(name, about)| json!({ "name": name, "about": about })).collect::<Vec<_>>(),
    });
    output.result(&value, &text)
}

/// Formats names and their descriptions as two columns.
fn rows(rows: &[(String, String)]) -> String {
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().map(|(name, about)| format!("  {name:widest$}  {about}\n")).collect()
}

/// Subcommands that are not hidden.
fn visible(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set())
}

/// Shows the text of `--help` for a command.
fn command(words: &[String], output: Output) -> Result<(), CliError> {
    let cli = Cli::command();
    let mut here = &cli;
    for (at, word) in words.iter().enumerate() {
        let before = words.get(..at).unwrap_or_default();
        here = here.find_subcommand(word).ok_or_else(|| unknown(word, before, here))?;
    }
    let line = std::iter::once("tagli").chain(words.iter().map(String::as_str)).chain(["--help"]);
    // Only `--help` itself has the whole usage line, and prints it in clap's colours.
    let Err(help) = Cli::try_parse_from(line) else { return list(output) };
    if output.json {
        return output.json_line(&json!({ "command": words.join(" "), "text": help.render().to_string() }));
    }
    match help.print() {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::reader_gone()),
        Err(error) => Err(CliError::environment(format!("standard output: {error}"))),
    }
}

/// The error for an unknown page or subcommand; it names the nearest one.
/// `before`: the words before it.
fn unknown(word: &str, before: &[String], command: &clap::Command) -> CliError {
    let pages = Topic::ALL.iter().map(|topic| topic.name()).filter(|_| before.is_empty());
    let commands = visible(command).map(clap::Command::get_name);
    let nearest = pages.chain(commands).min_by_key(|name| strsim::osa_distance(word, name));
    let what = match before {
        [] => format!("unknown page or command `{word}`"),
        _ => format!("`{}` has no command `{word}`", before.join(" ")),
    };
    let near = nearest.map(|name| format!("; the nearest is `{name}`")).unwrap_or_default();
    CliError::usage(format!("{what}{near}")).hint("tagli help lists the pages and the commands")
}

/// Tests that compare the pages with the program.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        formats::FORMATS,
        model::{align, embedded},
        runs::{LabelMode, Recipe, Settings},
        spans::{
            Scheme,
            scheme::decode,
            score::{Mode, score},
        },
        training,
    };

    /// Text of a page as one line.
    fn flat(topic: Topic) -> String {
        topic.text().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Cells of the example whose first row is `head`.
    fn example(topic: Topic, head: &str) -> Vec<Vec<String>> {
        let text = topic.text();
        let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let below = text.lines().skip_while(|line| cells(line).join(" ") != head).skip(1);
        let rows: Vec<_> = below.take_while(|line| line.starts_with("    ")).map(cells).collect();
        assert!(!rows.is_empty(), "{}: {head}", topic.name());
        rows
    }

    fn column(rows: &[Vec<String>], at: usize) -> Vec<String> {
        rows.iter().map(|row| row[at].clone()).collect()
    }

    #[test]
    fn the_formats_page_lists_the_formats() {
        let (text, flat) = (Topic::Formats.text(), flat(Topic::Formats));
        let list = text.split("\nThe formats\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
        let items = list.lines().filter_map(|line| line.strip_prefix("- ")?.split(':').next());
        assert_eq!(items.collect::<Vec<_>>(), FORMATS.iter().map(|format| format.name).collect::<Vec<_>>());
        for format in FORMATS {
            let losses = format.cannot_hold;
            assert!(flat.contains(&format!("Cannot hold: {losses}.")), "{}: {losses}", format.name);
        }
    }

    #[test]
    fn the_schemes_are_written_as_the_page_shows() {
        let rows = example(Topic::Bio, "word BIO IOB1 BIOES BILOU");
        let spans = decode(&column(&rows, 1));
        for (scheme, at) in Scheme::ALL.iter().zip(1..) {
            assert_eq!(scheme.encode(&spans, rows.len()), column(&rows, at), "{scheme}");
        }
    }

    #[test]
    fn the_pieces_are_those_of_the_embedded_base() {
        let rows = example(Topic::Bio, "piece word first all-b all-i");
        let mut words = column(&rows, 1);
        words.dedup();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let pieces = embedded::tokenizer().words(&words).unwrap();
        assert_eq!(pieces.tokens, column(&rows, 0));
        let names = ["O", "B-Dish", "I-Dish"];
        let tags = [1, 2, 0, 1];
        let inside = |tag: usize| if tag == 1 { 2 } else { tag };
        for (mode, at) in [LabelMode::First, LabelMode::AllB, LabelMode::AllI].into_iter().zip(2..) {
            let ids = align::piece_tags(&pieces, &tags, mode, &inside);
            let shown = ids.iter().map(|id| names.get(*id as usize).map_or(id.to_string(), |name| (*name).to_owned()));
            assert_eq!(shown.collect::<Vec<_>>(), column(&rows, at), "{mode:?}");
        }
        let size = embedded::tokenizer().vocab_size().to_string();
        assert!(flat(Topic::Bio).replace(',', "").contains(&format!("({size} in `mini`)")), "{size}");
    }

    #[test]
    fn wrong_tags_are_counted_as_the_page_says() {
        let tags = vec![column(&example(Topic::Bio, "word tag lenient strict"), 1)];
        let count = |mode| score(&tags, &tags, mode).unwrap().overall.support();
        let said = format!(
            "makes {} spans. Strict: only B- begins one. That makes {}.",
            count(Mode::Default),
            count(Mode::Strict)
        );
        assert!(flat(Topic::Bio).contains(&said), "{said}");
    }

    #[test]
    fn the_worked_example_is_right() {
        let rows = example(Topic::Metrics, "word right found");
        let report = score(&[column(&rows, 1)], &[column(&rows, 2)], Mode::Default).unwrap();
        let (counts, rates) = (report.overall, report.micro());
        let short = |rate: f64| format!("{rate:.3}").trim_start_matches('0').to_owned();
        let [p, r, f1] = [rates.precision, rates.recall, rates.f1].map(short);
        let labels = report.labels.values().map(|counts| counts.rates().f1);
        let macro_f1 = labels.sum::<f64>() / report.labels.len() as f64;
        let [tp, found, there] = [counts.true_positives, counts.predicted(), counts.support()];
        let page = flat(Topic::Metrics);
        for said in [
            format!("You have {there} spans, the model has {found}."),
            format!("precision = TP / (TP + FP) = {tp} / {found} = {p}"),
            format!("recall = TP / (TP + FN) = {tp} / {there} = {r}"),
            format!("F1 = 2 x {p} x {r} / ({p} + {r}) = {f1}"),
            format!("here {} of {}, {}.", report.right_tags, report.tags, short(report.accuracy())),
            format!("(macro average) would be {}, while `all` is {f1}.", short(macro_f1)),
        ] {
            assert!(page.contains(&said), "{said}");
        }
    }

    #[test]
    fn the_recipes_are_as_the_page_says() {
        let lesson = Settings::lesson("mini");
        let page = flat(Topic::Recipe);
        let numbers = (lesson.learning_rate, lesson.epochs, lesson.batch, lesson.weight_decay, lesson.warmup);
        assert_eq!((numbers, lesson.label_mode), ((2e-5, 3.0, 16, 0.01, 0.0), LabelMode::AllB));
        assert!(page.contains("learning rate 2e-5 weight decay 0.01 epochs 3 warm-up none batch 16 label mode all-b"));
        assert!(lesson.evaluations == 0 && !lesson.keep_best);
        let auto = |sentences| training::recipe(Recipe::Auto, sentences, "mini");
        let (few, many) = (auto(100), auto(5000));
        assert!(few.epochs > many.epochs && few.learning_rate > many.learning_rate);
        for settings in [few, many] {
            assert!(settings.warmup > 0.0 && settings.evaluations > 2 && settings.keep_best, "{settings:?}");
        }
    }

    #[test]
    fn the_ssh_page_knows_the_settings() {
        assert_eq!(Config::layered(&[]).unwrap().frames_over_ssh, 2);
        assert!(flat(Topic::Ssh).contains("drawn twice a second over SSH"));
    }

    #[test]
    fn the_error_for_an_unknown_name_has_the_nearest_one() {
        let said = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            run(&args::Help { words }, Output { json: false }).unwrap_err()
        };
        assert!(said(&["metric"]).message.ends_with("the nearest is `metrics`"));
        assert!(said(&["tra1n"]).message.ends_with("the nearest is `train`"));
        assert_eq!(said(&["runs", "wach"]).message, "`runs` has no command `wach`; the nearest is `watch`");
        assert_eq!(said(&["doctor", "x"]).message, "`doctor` has no command `x`");
        assert_eq!(said(&["bio", "ssh"]).kind.code(), 2);
    }

    #[test]
    fn the_description_of_help_names_every_page() {
        let about = Cli::command().find_subcommand("help").unwrap().get_about().unwrap().to_string();
        assert!(about.contains(&Topic::ALL.iter().map(|topic| topic.name()).collect::<Vec<_>>().join(", ")), "{about}");
    }
}
