//! A project that cannot be written can be looked at.

use std::process::Command;

use super::{
    TAGGED,
    support::{Answer, Place},
};

#[test]
fn a_project_without_permission_to_write_is_read_and_its_contents_written_elsewhere() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food a.txt --split train --as ada").fine();
    let _ = place.tagli("import food a.txt --split train --as bob").fine();
    place.allow_writing("food", false);
    let bound = |words: &str| {
        let program = [place.bound(), &[env!("CARGO_BIN_EXE_tagli")]].concat();
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(words.split_whitespace()).current_dir(place.path("")).env_clear();
        Answer::of(command.envs(place.environment()).output().unwrap())
    };
    // The test itself: the permissions bind.
    bound("import food a.txt --as eve").fails(3, &["permission denied"]);
    assert_eq!(bound("inspect food --json").fine().json()["documents"], 3);
    let _ = bound("inspect food --record 1").fine();
    assert!(bound("doctor food").fine().out.contains("documents: 3"));
    let _ = bound("agree food").fine();
    let _ = bound("runs list food").fine();
    let _ = bound("export food --format tag-first --out out.txt").fine();
    assert_eq!(place.read("out.txt").trim_end(), TAGGED.trim_end());
    bound("export food --format tag-first").fails(3, &["permission denied", "--out FILE"]);
    bound("train food --base mini --epochs 1").fails(3, &["permission denied", "--out DIR"]);
    place.allow_writing("food", true);
    let _ = bound("export food --format tag-first").fine();
}
