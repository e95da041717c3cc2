//! Runs that go on after an interruption, and the checkpoints that they need.

#![cfg(test)]

use super::*;

#[test]
fn an_interrupted_run_goes_on_to_the_same_weights_bit_for_bit() {
    let whole = Memory::default();
    let report = run_with(long_job(), &whole, &[]).unwrap();
    assert_eq!(report.steps, 10);
    assert_eq!(whole.get().checkpoint, None, "who has come to the end needs none");
    // Killed at every point that a run can publish after its first checkpoint.
    let points = whole.get().points.len();
    let mut resumed = 0;
    for killed in 1..points {
        let sink = Memory::default();
        sink.get().full_after = Some(killed);
        assert!(run_with(long_job(), &sink, &[]).is_err());
        let Some(saved) = sink.get().checkpoint.take() else { continue };
        let (data, lines) = checkpoint::data(&saved).unwrap();
        assert!(lines <= killed && data == long_job().data);
        sink.get().points.truncate(lines);
        sink.get().full_after = None;
        let again = run_with(Job { resume: Some(saved), ..long_job() }, &sink, &[]).unwrap();
        assert_eq!((again.steps, again.valid, again.test), (report.steps, report.valid, report.test));
        assert_eq!(sink.get().files, whole.get().files, "killed after {killed} points");
        assert_eq!(unclocked(&sink), unclocked(&whole), "killed after {killed} points");
        resumed += 1;
    }
    assert!(resumed > 5, "{resumed}");
}

/// The points of a run without the times that they contain.
pub(super) fn unclocked(sink: &Memory) -> Vec<Point> {
    let clock = |point: &Point| match point.clone() {
        Point::Step { step, epoch, loss, lr, grad_norm, .. } => {
            Point::Step { step, epoch, loss, lr, grad_norm, tokens_per_second: 0.0, seconds: None }
        }
        other => other,
    };
    sink.get().points.iter().map(clock).collect()
}

#[test]
fn an_interrupted_run_keeps_a_model_and_a_checkpoint_of_its_last_step() {
    let job = || {
        let mut job = long_job();
        job.settings.checkpoint_every = 0;
        job
    };
    let whole = Memory::default();
    let report = run_with(job(), &whole, &[]).unwrap();
    for at in [0, 1, 6] {
        let (sink, (say, heard)) = (Memory::default(), unbounded());
        let mut interrupt = |point: &Point| {
            if matches!(point, Point::Step { step, .. } if *step == at) {
                say.send(Control::Interrupt).unwrap();
            }
        };
        if at == 0 {
            say.send(Control::Interrupt).unwrap();
        }
        assert_eq!(run(job(), &mut sink.clone(), &heard, &mut interrupt).unwrap().steps, at);
        assert_eq!(sink.get().statuses.last().unwrap().phase, Phase::Stopped);
        assert_eq!(sink.get().finished, at > 0, "an untrained classifier is no model");
        let saved = sink.get().checkpoint.take().unwrap();
        let (_, lines) = checkpoint::data(&saved).unwrap();
        sink.get().points.truncate(lines);
        let again = run_with(Job { resume: Some(saved), ..job() }, &sink, &[]).unwrap();
        assert_eq!((again.steps, again.valid, again.test), (report.steps, report.valid, report.test));
        assert_eq!(sink.get().files, whole.get().files, "interrupted after {at} steps");
        assert_eq!(sink.get().points.len(), whole.get().points.len());
        assert_eq!(sink.get().checkpoint, None);
    }
}

#[test]
fn a_run_goes_on_with_its_own_data_and_settings_only() {
    let sink = Memory::default();
    sink.get().full_after = Some(6);
    run_with(long_job(), &sink, &[]).unwrap_err();
    let saved = sink.get().checkpoint.take().unwrap();
    let fails = |change: &dyn Fn(&mut Job)| {
        let mut job = Job { resume: Some(saved.clone()), ..long_job() };
        change(&mut job);
        run_with(job, &Memory::default(), &[]).unwrap_err().to_string()
    };
    assert!(fails(&|job| job.settings.seed = 1).contains("settings"));
    assert!(fails(&|job| job.data.train[0].words[0] = "dear".into()).contains("its data"));
    let without = |name: &'static str| move |job: &mut Job| _ = job.resume.as_mut().unwrap().remove(name);
    assert!(fails(&without("progress.json")).contains("has no progress.json"));
    assert!(fails(&without("second.safetensors")).contains("has no"));
    let torn = |job: &mut Job| job.resume.as_mut().unwrap().get_mut("values.safetensors").unwrap().truncate(99);
    assert!(fails(&torn).contains("values.safetensors of the checkpoint cannot be read"));
}

#[test]
fn a_checkpoint_that_finds_no_room_ends_nothing_and_the_one_before_stays() {
    for broken in ["checkpoint", "checkpoint-file"] {
        let sink = Memory { broken: Some(broken), ..Memory::default() };
        sink.get().checkpoint = Some(BTreeMap::new());
        let report = run_with(long_job(), &sink, &[]).unwrap();
        let message = sink.get().statuses.last().unwrap().message.clone();
        assert!(report.steps == 10 && message.contains("no checkpoint at step 2: "), "{message}");
    }
}
