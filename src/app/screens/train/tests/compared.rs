//! Runs side by side.

use super::*;

#[test]
fn two_runs_are_laid_side_by_side() {
    let mut state = start();
    let all = ["0003-mini", "0002-mini", "0001-mini"].map(|id| run(id, Phase::Done, 9));
    runs(&mut state, all.to_vec());
    press(&mut state, "f3 v m");
    assert_eq!((state.train.page, state.train.run_row), (Page::Runs, 1));
    assert!(message(&state).contains("beside 0003-mini"));
    press(&mut state, "up m");
    assert!(message(&state).contains("on another run"), "a run is not compared with itself");
    let effects = press(&mut state, "end m");
    let [Effect::Compare { generation, run }, Effect::CompareScores { generation: scoring, runs: both }] =
        effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!((run.as_str(), state.train.page), ("0001-mini", Page::Compare));
    assert_eq!(both[1], "0001-mini");
    update(&mut state, Event::ScoresCompared { generation: scoring - 1, found: Err("late".into()) });
    assert!(state.train.others[0].comparison.is_none(), "a late answer");
    update(&mut state, Event::ScoresCompared { generation: *scoring, found: Err("no file".into()) });
    assert_eq!(state.train.others[0].comparison, Some(Err("no file".to_owned())));
    update(&mut state, Event::Compared { generation: generation - 1, points: Ok(Vec::new()) });
    assert!(!state.train.others[0].view.is_read, "a late answer");
    update(&mut state, Event::Compared { generation: *generation, points: Ok(vec![eval(3, 0.5)]) });
    let view = &state.train.others[0].view;
    assert!(view.is_read && view.points.len() == 1 && !view.curves.is_empty());
    // The run beside goes: so does the comparison.
    let fewer = ["0003-mini", "0002-mini"].map(|id| super::run(id, Phase::Done, 9));
    runs(&mut state, fewer.to_vec());
    assert_eq!((state.train.page, state.train.others.len()), (Page::Runs, 0));
}

#[test]
fn more_runs_are_laid_beside_and_taken_away_with_the_same_key() {
    let mut state = start();
    let all: Vec<RunSummary> = (1..=9).rev().map(|n| run(&format!("000{n}-mini"), Phase::Done, 9)).collect();
    runs(&mut state, all);
    press(&mut state, "f3 v m");
    for beside in 1..=5 {
        assert_eq!(state.train.run_row, beside, "the next that is free");
        assert!(matches!(press(&mut state, "m").as_slice(), [Effect::Compare { .. }, Effect::CompareScores { .. }]));
        assert_eq!((state.train.page, state.train.others.len()), (Page::Compare, beside));
        press(&mut state, "m");
    }
    assert!(press(&mut state, "m").is_empty() && message(&state).contains("Six runs"), "{}", message(&state));
    press(&mut state, "home down m");
    assert!(message(&state).contains("0008-mini is no longer beside 0009-mini"), "{}", message(&state));
    let beside: Vec<&str> = state.train.others.iter().map(|other| other.view.id.as_str()).collect();
    assert_eq!(beside, ["0007-mini", "0006-mini", "0005-mini", "0004-mini"]);
}
