//! Runs on other devices, and the check of the first batch.

#![cfg(test)]

use super::*;
use crate::{
    model::{network::layout::Layout, weights::Weights},
    training::{
        comparison::Computed,
        engine::{Arrays, Counters, Engine, Named, Predictions, State},
    },
};

/// burn-flex, and the backends that cargo features add.
/// Whole runs, with the check before the first step.
#[test]
fn whole_runs_on_other_backends_learn_the_same() {
    let compiled = [("flex", true), ("ndarray", cfg!(feature = "ndarray")), ("wgpu", cfg!(feature = "wgpu"))];
    let on = |device: &str| {
        let sink = Memory::default();
        let change = |s: &mut Settings| {
            (s.epochs, s.evaluations, s.keep_best, s.average) = (40.0, 4, true, 0.2);
            device.clone_into(&mut s.device);
        };
        let report = run_with(job(change), &sink, &[]).unwrap();
        let status = sink.get().statuses.last().unwrap().device.clone();
        let losses = sink.get().points.iter().find_map(|point| match point {
            Point::Step { loss, .. } => Some(*loss),
            Point::Eval { .. } | Point::Stage { .. } => None,
        });
        (status, losses.unwrap(), report.valid.unwrap().word.f1)
    };
    let (_, expected, _) = on("cpu");
    for (device, _) in compiled.into_iter().filter(|(_, is_in)| *is_in) {
        let (status, loss, f1) = on(device);
        assert!(status.starts_with(device), "{status}");
        assert!((loss - expected).abs() <= 1e-4 * expected && f1 == 1.0, "{device}: loss {loss}, {expected}; F1 {f1}");
    }
}

/// An engine whose backward pass has a defect.
struct Wrong {
    engine: Box<dyn Engine>,
    defect: fn(Outcome) -> Outcome,
}

impl Engine for Wrong {
    fn layout(&self) -> &Layout {
        self.engine.layout()
    }

    fn train(&mut self, batches: &[&[&Example]], draws: Option<Draws>, rate: f64) -> Outcome {
        (self.defect)(self.engine.train(batches, draws, rate))
    }

    fn measure(&self, batch: &[&Example]) -> Outcome {
        (self.defect)(self.engine.measure(batch))
    }

    fn predict(&self, examples: &[&Example]) -> Predictions<usize> {
        self.engine.predict(examples)
    }

    fn logits(&self, examples: &[&Example]) -> Predictions<Vec<f32>> {
        self.engine.logits(examples)
    }

    fn save_best(&mut self) {
        self.engine.save_best();
    }

    fn restore_best(&mut self) -> bool {
        self.engine.restore_best()
    }

    fn update_average(&mut self) {
        self.engine.update_average();
    }

    fn swap_average(&mut self) -> bool {
        self.engine.swap_average()
    }

    fn drop_optimizer(&mut self) {
        self.engine.drop_optimizer();
    }

    fn weights(&self) -> Weights {
        self.engine.weights()
    }

    fn arrays(&self, of: Arrays) -> Named {
        self.engine.arrays(of)
    }

    fn counters(&self) -> Counters {
        self.engine.counters()
    }

    fn load_state(&mut self, state: State) -> Result<(), String> {
        self.engine.load_state(state)
    }
}

/// Starts a run on a device whose engine has this defect.
/// Returns what stops it, if anything does.
fn start_with(device: &str, defect: fn(Outcome) -> Outcome) -> Option<TrainError> {
    let (chosen, sink) = (device::choose(device).unwrap(), Memory::default());
    let mut prepared = prepare(job(|_| ()), Learned::default(), &chosen).unwrap();
    prepared.engine = Box::new(Wrong { engine: prepared.engine, defect });
    let (mut memory, mut publish) = (sink.clone(), |_: &Point| ());
    let mut publisher = Publisher::new(&mut memory, &mut publish);
    let (_, controls) = unbounded();
    let pool = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let stopped = start(prepared, &chosen, None, &pool, &mut publisher, &controls).err();
    assert!(sink.get().points.is_empty());
    stopped
}

#[test]
fn wrong_kernels_stop_a_run_before_its_first_step_with_both_numbers() {
    assert!(start_with("cpu", |outcome| outcome).is_none());
    let defects: [fn(Outcome) -> Outcome; 3] = [
        |outcome| Outcome { loss: outcome.loss * 1.01, ..outcome },
        |outcome| Outcome { norm: outcome.norm * 0.99, ..outcome },
        |outcome| Outcome { norm: f64::NAN, ..outcome },
    ];
    for (device, reference) in [("cpu", "flex"), ("flex", "cpu")] {
        for defect in defects {
            let error = start_with(device, defect).unwrap();
            assert!(error.is_environment());
            let text = error.to_string();
            let TrainError::DeviceDisagrees(comparison) = error else { panic!("{text}") };
            let Computed { name, loss, norm } = comparison.device;
            let expected = comparison.reference;
            assert_eq!([name.as_str(), expected.name.as_str()], [device, reference]);
            assert!(text.contains(&format!("loss {loss} and {}", expected.loss)), "{text}");
            assert!(text.contains(&format!("gradient norm {norm} and {}", expected.norm)), "{text}");
            assert!(text.contains(&format!("use --device {reference}")), "{text}");
        }
    }
}
