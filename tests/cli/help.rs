//! `tagli help`: the pages, the list of them, and how each command is called.

use super::support::Place;

const PAGES: [&str; 9] = ["tag", "bio", "metrics", "recipe", "formats", "ssh", "hub", "read", "learning"];

#[test]
fn every_page_is_printed_as_plain_text() {
    let place = Place::new();
    for page in PAGES {
        let text = place.tagli(&format!("help {page}")).fine().out;
        assert!(text.lines().count() > 60 && text.is_ascii(), "{text}");
        assert!(text.lines().all(|line| line.len() <= 76 && !line.starts_with('#')), "{text}");
        let json = place.tagli(&format!("help {page} --json")).fine().json();
        assert_eq!((json["topic"].as_str(), json["text"].as_str()), (Some(page), Some(text.as_str())));
        assert_eq!(json["title"].as_str(), text.lines().next());
    }
}

#[test]
fn the_list_contains_pages_and_commands() {
    let place = Place::new();
    let text = place.tagli("help").fine().out;
    let json = place.tagli("help --json").fine().json();
    let names = |key: &str, name: &str| -> Vec<String> {
        let rows = json[key].as_array().unwrap().iter();
        rows.map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("topics", "topic"), PAGES);
    let commands = names("commands", "name");
    assert!(commands.contains(&"train".to_owned()) && commands.contains(&"man".to_owned()), "{commands:?}");
    for name in PAGES.into_iter().chain(commands.iter().map(String::as_str)) {
        assert!(text.contains(&format!("\n  {name} ")), "{name}: {text}");
    }
}

#[test]
fn help_of_a_command_equals_its_help_flag() {
    let place = Place::new();
    for command in ["train", "runs", "runs watch", "completions", "help"] {
        let text = place.tagli(&format!("help {command}")).fine().out;
        assert_eq!(text, place.tagli(&format!("{command} --help")).fine().out);
        assert!(text.contains(&format!("Usage: tagli {command}")), "{text}");
        let json = place.tagli(&format!("help {command} --json")).fine().json();
        assert_eq!(json["command"].as_str(), Some(command));
    }
}

#[test]
fn an_unknown_name_is_a_usage_error_that_names_the_nearest() {
    let place = Place::new();
    let answer = place.tagli("help metric").fails(2, &["the nearest is `metrics`", "tagli help"]);
    assert_eq!(answer.out, "");
    let error = place.tagli("help runs wach --json").fails(2, &["`watch`"]).json();
    assert_eq!(error["error"]["kind"], "usage");
}
