//! Everything that a file says is shown, and nothing of it is obeyed: all commands on a hostile project.

use std::collections::BTreeSet;

use super::support::{
    Place,
    hostile::{HOSTILE, Hostile, hostile, steering},
};

/// Command lines that show something of the files. Those whose standard output is the contents of a file, byte for byte,
/// are in `tests/pty.rs`: only a terminal is protected from them.
fn command_lines(files: &Hostile) -> Vec<Vec<String>> {
    let Hostile { project, tagged, texts, model, other } = files;
    let [project, tagged, texts, model, other] = [project, tagged, texts, model, other].map(String::as_str);
    let [new, run, set, id] = [
        format!("new{}", HOSTILE.replace('\r', "")),
        format!("{project}/runs/0001-mini"),
        format!("{HOSTILE}=1"),
        format!("test{HOSTILE}"),
    ];
    let [new, run, set, id] = [&new, &run, &set, &id].map(|text| text.as_str());
    let files = ["train", "--train", tagged, "--valid", tagged];
    let lines: Vec<Vec<&str>> = vec![
        vec![project],
        vec![project, "--as", HOSTILE],
        vec![project, "--theme", HOSTILE],
        vec![HOSTILE],
        vec!["help"],
        vec!["help", "formats"],
        vec!["help", HOSTILE],
        vec!["completions", HOSTILE],
        vec!["man", HOSTILE],
        vec!["new", new],
        vec!["new", "fresh", "--labels", HOSTILE],
        vec!["import", project, tagged, "--dry-run"],
        vec!["import", project, other],
        vec!["import", project, tagged, "--as", HOSTILE],
        vec!["import", new, texts, "--as", "ada"],
        vec!["export", project, "--format", "jsonl", "--annotator", "ada"],
        vec!["export", project, "--format", "tag-first", "--annotator", "bob", "--on-loss", "skip"],
        vec!["export", project, "--format", "tag-first", "--annotator", HOSTILE],
        vec!["convert", tagged, "out.jsonl"],
        vec!["convert", tagged, HOSTILE],
        vec!["convert", other, "out.jsonl", "--config", other],
        vec!["inspect", project, "--annotator", "ada"],
        vec!["inspect", project, "--annotator", "ada", "--record", "1", "--bio", "--pieces"],
        vec!["inspect", project, "--annotator", "ada", "--pieces", "--base", model],
        vec!["inspect", tagged],
        vec!["inspect", tagged, "--record", "1", "--bio"],
        vec!["inspect", other],
        vec!["train", project, "--as", "ada"],
        vec!["train", project, "--as", "ada", "--base", model, "--fetch"],
        [&files[..], &["--test", tagged, "--base", model, "--out", "out", "--epochs", "1"]].concat(),
        [&files[..], &["--set", set]].concat(),
        [&files[..], &["--settings", other]].concat(),
        [&files[..], &["--device", HOSTILE]].concat(),
        vec!["train", "--resume", "--out", run],
        vec!["eval", model, "--data", tagged],
        vec!["eval", "out/model", "--data", tagged],
        vec!["eval", "out", "--data", tagged, "--mistakes", "all", "--counts", "all"],
        vec!["eval", "out", "--data", tagged, "--against", "out/model"],
        vec!["eval", project, HOSTILE],
        vec!["eval", project, "--annotator", HOSTILE],
        vec!["runs", "compare", project, HOSTILE, "out"],
        vec!["score", tagged, tagged],
        vec!["score", tagged, other],
        vec!["agree", project, "--differences"],
        vec!["agree", project, "--annotators", HOSTILE],
        vec!["predict", model, HOSTILE, "--aggregation", "simple"],
        vec!["predict", "out/model", "--file", texts],
        vec!["predict", model, tagged],
        vec!["models", "list"],
        vec!["models", "pull", HOSTILE],
        vec!["models", "push", run, "ada/x", "--dry-run"],
        vec!["models", "push", "out", HOSTILE, "--dry-run"],
        vec!["runs", "list", project],
        vec!["runs", "watch", project],
        vec!["runs", "tell", project, "pause"],
        vec!["runs", "export", project, "--out", "curves.csv"],
        vec!["runs", "export", project, "--format", "svg"],
        vec!["runs", "remove", project, HOSTILE],
        vec!["config", HOSTILE, "--project", project],
        vec!["config", "--project", project],
        vec!["suspects", project],
        vec!["suspects", project, "--keep", HOSTILE],
        vec!["doctor", project],
        vec!["doctor", project, "--repair"],
        vec!["documents", "correct", project, id, "--text", HOSTILE],
        vec!["documents", "correct", project, id, "--undo"],
        vec!["documents", "correct", project, HOSTILE, "--file", other],
        vec!["documents", "remove", project, id],
        vec!["documents", "restore", project, id],
        vec!["documents", "remove", project, id, "--erase", "--yes"],
        vec!["runs", "remove", project, "1"],
    ];
    lines.into_iter().map(|words| words.into_iter().map(str::to_owned).collect()).collect()
}

#[test]
fn no_command_lets_a_file_steer_the_terminal() {
    let place = Place::new();
    let files = hostile(&place);
    let known = place.tagli("help --json").fine().json();
    let known =
        known["commands"].as_array().unwrap().iter().map(|command| command["name"].as_str().unwrap().to_owned());
    let lines = command_lines(&files);
    let walked: BTreeSet<String> = lines.iter().map(|words| words[0].clone()).collect();
    assert!(known.clone().count() > 10 && known.into_iter().all(|name| walked.contains(&name)), "{walked:?}");
    let mut shown = 0;
    for words in &lines {
        for json in [false, true] {
            let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
            words.extend(json.then_some("--json"));
            let answer = place.run(&words);
            assert!((0..=3).contains(&answer.code), "{words:?}: {} {}", answer.code, answer.err);
            assert!(!answer.err.contains("a defect"), "{words:?}: {}", answer.err);
            for said in [&answer.out, &answer.err] {
                assert_eq!(steering(said), None, "{words:?}: {said:?}");
                shown += usize::from(said.contains("\u{241b}") || said.contains("\\u001b"));
            }
        }
    }
    assert!(place.path("out/model").is_dir(), "nothing was trained, so little was shown");
    assert!(shown > lines.len() / 2, "only {shown} outputs showed something hostile");
}
