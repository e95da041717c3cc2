//! Settings are shown with their meanings and sources, and a mistake in a file is found by `doctor`.

use super::{TAGGED, support::Place};

#[cfg(target_os = "linux")]
#[test]
fn settings_are_shown_with_their_sources() {
    let place = Place::new();
    place.settings("theme = \"mono\"\n");
    place.tagli("new food").fine();
    place.file("food/tagli.toml", "ascii = true\n");
    let all = place.tagli("config --project food --json").fine().json();
    let of = |name: &str| all.as_array().unwrap().iter().find(|setting| setting["name"] == name).unwrap();
    assert_eq!(
        (of("ascii")["value"].as_str(), of("ascii")["source"].as_str()),
        (Some("true"), Some("food/tagli.toml"))
    );
    assert_eq!((of("theme")["default"].as_str(), of("grid")["source"].as_str()), (Some("\"ansi\""), None));
    assert!(of("theme")["source"].as_str().unwrap().ends_with("config.toml"));
    let one = place.tagli("config frames_over_ssh").fine().out;
    assert!(one.starts_with("frames-over-ssh = 2  (default)\n    Screen updates"), "{one}");
    assert!(place.tagli("config lr").fine().out.starts_with("learning_rate = "));
    place.tagli("config thme").fails(2, &["unknown setting `thme`", "did you mean `theme`?"]);

    // How a setting is changed: the path of the file and a line for it.
    let text = place.tagli("config").fine().out;
    assert!(text.contains("`theme = \"mono\"` in ") && text.contains("config.toml, or for one project"), "{text}");
    place
        .tagli("config theme=mono")
        .fails(2, &["changes none", "found `theme=mono`", "write `theme = \"mono\"` in ", "config.toml"]);
    place.tagli("config frames_over_ssh=5").fails(2, &["write `frames-over-ssh = 5` in "]);
    place.tagli("config thme=mono").fails(2, &["changes none", "config.toml"]);

    place.file("train.txt", TAGGED);
    place.file("own.json", r#"{"batch": 2}"#);
    let list = "train --train train.txt --valid train.txt --settings own.json --epochs 2 --set seed=7 --set list";
    let text = place.tagli(list).fine().out;
    for part in [
        "epochs = 2.0  (from the command line; default 3.0)\n    Passes over",
        "batch = 2  (from own.json; default 16)",
        "seed = 7  (from the command line; default 42)",
        "weight_decay = 0.01  (from the recipe auto",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(place.tagli(&format!("{list} --json")).fine().json().as_array().unwrap().len() > 30);
}

#[test]
fn doctor_reads_the_settings_of_the_project() {
    let place = Place::new();
    place.tagli("new food").fine();
    place.tagli("doctor food").fine();
    place.file("food/tagli.toml", "\nascii = 7\n");
    place.tagli("doctor food").fails(1, &["food/tagli.toml:2: `ascii` must be true or false, not `7`"]);
}
