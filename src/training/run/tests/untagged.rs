//! Runs with a second stage, which learns the predicted tags of untagged sentences.

#![cfg(test)]

use super::{resumed::unclocked, *};
use crate::runs::UntaggedCounts;

/// Untagged sentences: words that the tagged ones contain, in other sentences, and one that says nothing.
fn untagged() -> Vec<Sentence> {
    let texts =
        ["cheap sushi downtown", "any ramen near me", "italian tacos", "thai place under ten dollars", "food at late"];
    let sentence = |(at, text): (usize, &str)| {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Sentence { id: format!("u{at}"), tags: vec!["O".into(); words.len()], words }
    };
    texts.into_iter().enumerate().map(sentence).collect()
}

fn two_stages(change: impl Fn(&mut Settings)) -> Job {
    let untagged = untagged();
    Job {
        untagged,
        ..job(|s| {
            (s.epochs, s.evaluations, s.keep_best, s.log_every) = (12.0, 3, true, 1);
            (s.untagged, s.untagged_threshold, s.dropout) = (true, 0.2, Some(0.1));
            change(s);
        })
    }
}

fn border(sink: &Memory) -> (usize, UntaggedCounts) {
    let found = sink.get().points.iter().find_map(|point| match point {
        Point::Stage { step, stage: 2, untagged, .. } => Some((*step, *untagged)),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn the_second_stage_learns_what_the_first_predicts() {
    let sink = Memory::default();
    let report = run_with(two_stages(|_| ()), &sink, &[]).unwrap();
    let (step, counts) = border(&sink);
    assert_eq!((step, counts.read), (24, 5));
    assert!(counts.kept >= 1 && counts.kept + counts.unsure + counts.without_span == 5, "{counts:?}");
    assert_eq!((counts.repeats, report.untagged), (1, Some(counts)));
    // Steps and epochs go on.
    let points = unclocked(&sink);
    let steps = points.iter().filter_map(|p| if let Point::Step { step, .. } = p { Some(*step) } else { None });
    assert!(steps.eq(1..=report.steps) && report.steps > step);
    assert!(points.windows(2).all(|pair| pair[0].epoch() <= pair[1].epoch()));
    let written = sink.get();
    let last = written.statuses.last().unwrap();
    assert_eq!((last.phase, last.step, last.steps), (Phase::Done, report.steps, report.steps));
    // It begins from the base again: its first loss is an untrained head's.
    let losses: Vec<f64> =
        points.iter().filter_map(|p| if let Point::Step { loss, .. } = p { Some(*loss) } else { None }).collect();
    assert!(losses[step] > 3.0 * losses[step - 1], "{losses:?}");
    assert_eq!(written.checkpoint, None);
}

#[test]
fn the_better_stage_is_the_model_and_its_scores_are_reported() {
    let mut kept_stages = Vec::new();
    for seed in 1..=6 {
        let sink = Memory::default();
        let mut job = two_stages(|s| (s.epochs, s.untagged_threshold, s.seed) = (7.0, 0.0, seed));
        job.data.test = sentences();
        let report = run_with(job, &sink, &[]).unwrap();
        let (step, _) = border(&sink);
        let best = |is_second: bool| {
            let points = unclocked(&sink).into_iter().filter(move |point| (point.step() > step) == is_second);
            points.filter_map(|point| point.valid_f1()).fold(0.0, f64::max)
        };
        let stage = if best(true) > best(false) { 2 } else { 1 };
        assert_eq!(report.stage, Some(stage));
        kept_stages.push(stage);
        assert_eq!(report.valid.unwrap().word.f1, best(true).max(best(false)));
        let kept = sink.get().statuses.last().unwrap().checkpoint.unwrap();
        assert_eq!(kept > step, stage == 2);
        let test = unclocked(&sink).into_iter().rev().find_map(|point| match point {
            Point::Eval { split, word, step, .. } if split == "test" => Some((step, word)),
            _ => None,
        });
        assert_eq!(test, Some((kept, report.test.unwrap().word)));
    }
    assert!(kept_stages.contains(&1) && kept_stages.contains(&2), "{kept_stages:?}");
}

#[test]
fn a_run_of_two_stages_goes_on_from_every_point_to_the_same_weights() {
    let every_two = || {
        two_stages(|s| {
            (s.checkpoint_every, s.epochs, s.average, s.mask, s.untagged_threshold) = (3, 8.0, 0.5, 0.1, 0.0);
        })
    };
    let whole = Memory::default();
    let report = run_with(every_two(), &whole, &[]).unwrap();
    let (step, _) = border(&whole);
    let points = whole.get().points.len();
    let (mut first, mut second) = (0, 0);
    for killed in 1..points {
        let sink = Memory::default();
        sink.get().full_after = Some(killed);
        assert!(run_with(every_two(), &sink, &[]).is_err());
        let Some(saved) = sink.get().checkpoint.take() else { continue };
        let (data, lines) = checkpoint::data(&saved).unwrap();
        assert_eq!(data, every_two().data, "validation and training data never hold predicted tags");
        sink.get().points.truncate(lines);
        let is_second = sink.get().points.iter().any(|point| matches!(point, Point::Stage { .. }));
        *if is_second { &mut second } else { &mut first } += 1;
        sink.get().full_after = None;
        // The checkpoint has the untagged sentences.
        let again = Job { resume: Some(saved), untagged: Vec::new(), ..every_two() };
        let again = run_with(again, &sink, &[]).unwrap();
        assert_eq!(
            Report { seconds: 0.0, samples_per_second: 0.0, ..again },
            Report { seconds: 0.0, samples_per_second: 0.0, ..report.clone() }
        );
        assert!(sink.get().files == whole.get().files, "killed after {killed} points");
        assert_eq!(unclocked(&sink), unclocked(&whole), "killed after {killed} points");
    }
    assert!(first > 3 && second > 3 && step > 0, "{first} {second}");
}

#[test]
fn a_run_that_is_interrupted_at_the_border_goes_on() {
    let whole = Memory::default();
    let report = run_with(two_stages(|_| ()), &whole, &[]).unwrap();
    let (sink, (say, heard)) = (Memory::default(), unbounded());
    let mut interrupt = |point: &Point| {
        if matches!(point, Point::Stage { .. }) {
            say.send(Control::Interrupt).unwrap();
        }
    };
    let stopped = run(two_stages(|_| ()), &mut sink.clone(), &heard, &mut interrupt).unwrap();
    let (step, _) = border(&sink);
    assert_eq!((stopped.steps, stopped.stage), (step, Some(1)));
    assert!(sink.get().finished && stopped.valid.is_some(), "the model of the first stage");
    assert_eq!(sink.get().statuses.last().unwrap().phase, Phase::Stopped);
    let saved = sink.get().checkpoint.take().unwrap();
    let (_, lines) = checkpoint::data(&saved).unwrap();
    sink.get().points.truncate(lines);
    let again = run_with(Job { resume: Some(saved), ..two_stages(|_| ()) }, &sink, &[]).unwrap();
    assert_eq!((again.steps, again.valid), (report.steps, report.valid));
    assert!(sink.get().files == whole.get().files);
}

/// Whichever stage wins in the end, the model of the first is there until then.
#[test]
fn a_run_that_is_interrupted_in_its_second_stage_keeps_the_first_model_and_goes_on_to_the_same() {
    let mut kept_stages = Vec::new();
    for seed in 1..=6 {
        let job = || two_stages(|s| (s.epochs, s.untagged_threshold, s.seed) = (7.0, 0.0, seed));
        let whole = Memory::default();
        let report = run_with(job(), &whole, &[]).unwrap();
        if kept_stages.contains(&report.stage) {
            continue;
        }
        kept_stages.push(report.stage);
        let (border, _) = border(&whole);
        let interrupted = |at: usize| {
            let (sink, (say, heard)) = (Memory::default(), unbounded());
            let mut interrupt = |point: &Point| {
                if matches!(point, Point::Stage { .. }) && at == border
                    || matches!(point, Point::Step { step, .. } if *step == at && at > border)
                {
                    say.send(Control::Interrupt).unwrap();
                }
            };
            let stopped = run(job(), &mut sink.clone(), &heard, &mut interrupt).unwrap();
            (stopped, sink)
        };
        let (first, sink) = interrupted(border);
        let first_files = sink.get().files.clone();
        for at in (border + 1..report.steps).step_by(2) {
            let (stopped, sink) = interrupted(at);
            assert_eq!((stopped.steps, stopped.stage, stopped.valid), (at, Some(1), first.valid));
            assert!(sink.get().files == first_files, "interrupted after step {at}");
            assert_eq!(sink.get().statuses.last().unwrap().phase, Phase::Stopped);
            let saved = sink.get().checkpoint.take().unwrap();
            sink.get().points.truncate(checkpoint::data(&saved).unwrap().1);
            let again = run_with(Job { resume: Some(saved), ..job() }, &sink, &[]).unwrap();
            assert_eq!(
                Report { seconds: 0.0, samples_per_second: 0.0, ..again },
                Report { seconds: 0.0, samples_per_second: 0.0, ..report.clone() }
            );
            assert!(sink.get().files == whole.get().files, "interrupted after step {at}");
            assert_eq!(unclocked(&sink), unclocked(&whole), "interrupted after step {at}");
        }
    }
    assert!(kept_stages.contains(&Some(1)) && kept_stages.contains(&Some(2)), "{kept_stages:?}");
}

#[test]
fn a_run_that_is_stopped_in_a_stage_ends_there() {
    let stop_at = |wanted: fn(&Point) -> bool| {
        let (sink, (say, heard)) = (Memory::default(), unbounded());
        let mut stop = |point: &Point| {
            if wanted(point) {
                say.send(Control::StopNow).unwrap();
            }
        };
        let report = run(two_stages(|_| ()), &mut sink.clone(), &heard, &mut stop).unwrap();
        assert_eq!(sink.get().checkpoint, None, "the user does not want to go on");
        (report, sink)
    };
    let (report, sink) = stop_at(|point| point.step() == 3);
    assert_eq!((report.steps, report.stage, report.untagged), (3, Some(1), None));
    assert!(!sink.get().points.iter().any(|point| matches!(point, Point::Stage { .. })));
    let (sink, (say, heard)) = (Memory::default(), unbounded());
    let mut stop = |point: &Point| {
        if point.step() == 23 {
            say.send(Control::StopAfterEpoch).unwrap();
        }
    };
    let report = run(two_stages(|_| ()), &mut sink.clone(), &heard, &mut stop).unwrap();
    assert_eq!((report.steps, sink.get().statuses.last().unwrap().phase), (24, Phase::Stopped), "no second stage");
    let (report, sink) = stop_at(|point| matches!(point, Point::Stage { .. }));
    assert_eq!((report.steps, report.stage), (border(&sink).0, Some(1)));
    let (report, sink) = stop_at(|point| matches!(point, Point::Step { step, .. } if *step == 26));
    assert_eq!(report.steps, 26);
    assert!(sink.get().finished && report.untagged.is_some());
}

#[test]
fn without_a_sure_sentence_there_is_no_second_stage_and_the_run_says_so() {
    let sink = Memory::default();
    let report = run_with(two_stages(|s| (s.untagged_threshold, s.epochs) = (0.999_999, 2.0)), &sink, &[]).unwrap();
    let counts = report.untagged.unwrap();
    assert_eq!((counts.kept, counts.read, report.stage, report.steps), (0, 5, Some(1), 4));
    let written = sink.get();
    let last = written.statuses.last().unwrap();
    assert!(last.message.contains("of 5 untagged sentences: "), "{}", last.message);
    assert!(last.message.contains("There is no second stage; of ") && written.finished);
    assert_eq!(last.phase, Phase::Done);
}

#[test]
fn a_second_stage_that_nothing_compares_is_announced() {
    let warning = |keep_best: bool, is_validated: bool| {
        let mut job = two_stages(|s| (s.keep_best, s.epochs) = (keep_best, 7.0));
        if !is_validated {
            job.data.valid.clear();
        }
        let sink = Memory::default();
        let report = run_with(job, &sink, &[]).unwrap();
        border(&sink);
        let written = sink.get();
        let mut said = written.statuses.iter().map(|status| status.message.as_str());
        let found = said.find(|line| line.contains("the stages are not compared")).map(str::to_owned);
        (found, report.stage)
    };
    assert_eq!(warning(true, true).0, None);
    for (keep_best, is_validated, why) in [(true, false, "no validation split"), (false, true, "keep_best is false")] {
        let (said, stage) = warning(keep_best, is_validated);
        assert!(said.is_some_and(|said| said.contains(why)), "{why}");
        assert_eq!(stage, Some(2));
    }
}

#[test]
fn a_checkpoint_by_hand_does_not_replace_the_model_of_the_first_stage() {
    let (sink, (say, heard)) = (Memory::default(), unbounded());
    let mut ask = |point: &Point| {
        if matches!(point, Point::Step { step, .. } if *step == 26) {
            say.send(Control::Checkpoint).unwrap();
        }
    };
    let report = run(two_stages(|_| ()), &mut sink.clone(), &heard, &mut ask).unwrap();
    let models = sink.get().order.iter().filter(|what| *what == "saving").count();
    assert_eq!(models, if report.stage == Some(2) { 2 } else { 1 });
}
