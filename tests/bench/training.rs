//! Times a training step on the processor, part by part, on batches of 16 sentences of random lengths; and inference:
//!
//!     cargo bench --bench training [-- THREADS ROUNDS]
//!
//! Forward alone is measured as the logits of the labelled rows, so that backward is what is left of the step. `products` is the
//! share of a step in fp32 that its matrix products alone would take, at the rate that this machine reaches on them.
//! With one thread, times are processor times of that thread: other programs that use the cores change them less.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs, reason = "a bench prints, and a failure ends it")]

use std::{
    ops::Range,
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use gemm::{Parallelism, gemm};
use tagliatelle::model::kernels::{
    Adam, Dropout, Frozen, Gradients, Objective, Parameters, Part, Pieces, Shape, TrainingPrecision, Workspace, logits,
    sweep, train,
};

/// Whether the processor time of the calling thread is measured.
static OF_THREAD: AtomicBool = AtomicBool::new(false);

/// Seconds since the first call, or the processor time of this thread.
fn clock() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    if OF_THREAD.load(Ordering::Relaxed) {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        return time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9;
    }
    START.elapsed().as_secs_f64()
}

/// Seconds that it took.
fn time<R>(body: impl FnOnce() -> R) -> (f64, R) {
    let start = clock();
    let outcome = body();
    (clock() - start, outcome)
}

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

struct Batch {
    words: Vec<u32>,
    positions: Vec<u32>,
    sentences: Vec<Range<usize>>,
    labels: Vec<(usize, usize)>,
}

impl Batch {
    fn new(shape: &Shape, lengths: &[usize], numbers: &mut Numbers) -> Self {
        let mut batch = Self { words: vec![], positions: vec![], sentences: vec![], labels: vec![] };
        for length in lengths {
            let start = batch.words.len();
            for at in 0..*length {
                batch.words.push(numbers.below(shape.word_rows) as u32);
                batch.positions.push(at as u32);
                // Not the first and last, and not every one in between: later pieces of a word carry no label.
                if at > 0 && at + 1 < *length && numbers.below(10) > 0 {
                    batch.labels.push((start + at, numbers.below(shape.tags)));
                }
            }
            batch.sentences.push(start..batch.words.len());
        }
        batch
    }

    fn pieces(&self) -> Pieces<'_> {
        Pieces { words: &self.words, positions: &self.positions, sentences: &self.sentences }
    }
}

fn objective(batch: &Batch, scale: f32, dropout: Option<Dropout>) -> Objective<'_> {
    let (pieces, labels, frozen) = (batch.pieces(), batch.labels.as_slice(), Frozen::default());
    let precision = TrainingPrecision::Fp32;
    Objective { pieces, labels, soft: None, scale, smoothing: 0.0, dropout, frozen, precision }
}

/// Multiplications and additions that this machine does in a second, both of a product of 192 rows with weights of
/// 768 x 3,072, half of the columns a thread.
fn rate(threads: usize) -> f64 {
    const SIZES: [usize; 3] = [192, 768, 3072];
    let [m, k, n] = SIZES;
    let (a, b) = (vec![0.5f32; m * k], vec![0.25f32; k * n]);
    let width = n.div_ceil(threads);
    let product = |from: usize| {
        let columns = width.min(n - from);
        let mut out = vec![0.0f32; m * columns];
        let step = |stride: usize| stride as isize;
        // SAFETY: the strides and sizes are those of the three slices, of which `b` is read from a column on.
        unsafe {
            gemm(
                m,
                columns,
                k,
                out.as_mut_ptr(),
                1,
                step(columns),
                false,
                a.as_ptr(),
                1,
                step(k),
                b.as_ptr().add(from),
                1,
                step(n),
                0.0,
                1.0,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
        out
    };
    let all = || {
        std::thread::scope(|scope| {
            let tasks: Vec<_> = (0..threads)
                .map(|at| scope.spawn(move || (0..20).for_each(|_| _ = std::hint::black_box(product(at * width)))))
                .collect();
            tasks.into_iter().for_each(|task| _ = task.join());
        });
    };
    let best = (0..8).map(|_| time(all).0).fold(f64::MAX, f64::min);
    20.0 * 2.0 * (m * k * n) as f64 / best
}

/// What the matrix products of a step do: forward, and twice as much backward. After the last attention only labelled
/// rows go on.
fn products(shape: &Shape, pieces: usize, labels: usize) -> f64 {
    let Shape { dim, hidden, layers, tags, .. } = *shape;
    let (attention, rest) = (3 * dim * dim, dim * dim + 2 * dim * hidden);
    let rows = layers * pieces * attention + (layers - 1) * pieces * rest + labels * (rest + dim * tags);
    6.0 * rows as f64
}

/// Different batches.
const BATCHES: usize = 4;

fn median(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2] * 1e3, times[0] * 1e3)
}

fn network(name: &str, shape: Shape, rounds: usize, rate: f64) {
    let mut numbers = Numbers(7);
    let mut value = |decays: bool| {
        let noise = (numbers.below(2001) as f32 - 1000.0) * 5e-5;
        if decays { noise } else { 1.0 + noise }
    };
    let values = shape.plan().map(|slot| (0..slot.count()).map(|_| value(slot.decays())).collect());
    let mut parameters = Parameters::new(shape, values.into_vec()).unwrap();
    let mut gradients = Gradients::new(shape).unwrap();
    let zeros = || shape.plan().map(|slot| vec![0.0f32; slot.count()]).into_vec();
    let (mut first, mut second) = (zeros(), zeros());
    let mut workspace = Workspace::new();
    let mut numbers = Numbers(11);
    let batches: Vec<Batch> = (0..BATCHES)
        .map(|_| {
            let lengths: Vec<usize> = (0..16).map(|_| 4 + numbers.below(9) + numbers.below(10)).collect();
            Batch::new(&shape, &lengths, &mut numbers)
        })
        .collect();
    let pieces = batches.iter().map(|batch| batch.words.len()).sum::<usize>() / batches.len();
    let labels = batches.iter().map(|batch| batch.labels.len()).sum::<usize>() / batches.len();
    let mut times = [const { Vec::new() }; 5];
    for round in 0..rounds {
        let batch = &batches[round % batches.len()];
        let rows: Vec<usize> = batch.labels.iter().map(|(piece, _)| *piece).collect();
        let (forward, _) = time(|| logits(&parameters, batch.pieces(), Some(&rows), &mut workspace).unwrap().len());
        let dropout = Some(Dropout::new(0.1, 0.1, 42, round));
        let objective = objective(batch, 1.0 / rows.len() as f32, dropout);
        let in_bf16 = Objective { precision: TrainingPrecision::Bf16, ..objective };
        let (bf16, _) = time(|| train(&parameters, &in_bf16, false, &mut gradients, &mut workspace).unwrap());
        let (both, _) = time(|| train(&parameters, &objective, false, &mut gradients, &mut workspace).unwrap());
        let clip = 1.0 / gradients.squares().sqrt().max(1.0);
        let moments = first.iter_mut().zip(&mut second).zip(shape.plan().into_vec());
        let parts = parameters.values_mut().into_iter().zip(gradients.values()).zip(moments);
        let parts = parts.map(|((values, gradient), ((first, second), slot))| {
            let keep = if slot.decays() { 0.9999 } else { 1.0 };
            Part { values, gradient, first, second, keep, rate: 1e-6 }
        });
        let adam = Adam { clip, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, correction: 0.1 };
        let (swept, ()) = time(|| sweep(parts.collect(), &adam));
        if round > 1 {
            for (times, time) in times.iter_mut().zip([forward, both, swept, both + swept, bf16]) {
                times.push(time);
            }
        }
    }
    // Of each batch the best of its rounds: what a quiet machine would need.
    let best = |times: &Vec<f64>| {
        let of = |batch: usize| times.iter().skip(batch).step_by(BATCHES).copied().fold(f64::MAX, f64::min);
        (0..BATCHES).map(of).sum::<f64>() / BATCHES as f64 * 1e3
    };
    let [forward, both, swept, all, bf16] = times.each_ref().map(best);
    let [forward_median, both_median, swept_median, all_median, bf16_median] = times.map(|times| median(times).0);
    println!("{name}: {pieces} pieces, {labels} labels, ms (best of each batch, averaged | median)");
    println!("  forward {forward:.1} | {forward_median:.1}, forward and backward {both:.1} | {both_median:.1}");
    println!("  forward and backward in bf16 {bf16:.1} | {bf16_median:.1}, ratio {:.2}", both / bf16);
    let share = products(&shape, pieces, labels) / rate * 1e3 / all;
    println!(
        "  sweep {swept:.1} | {swept_median:.1}, step {all:.1} | {all_median:.1}, products {:.0} %",
        share * 100.0
    );
    infer(&parameters, &mut numbers, &mut workspace);
}

fn infer(parameters: &Parameters, numbers: &mut Numbers, workspace: &mut Workspace) {
    for lengths in [1, 16, 64, 170, 340].map(|sentences| vec![12; sentences]) {
        let batch = Batch::new(&parameters.shape(), &lengths, numbers);
        let times = (0..15).map(|_| time(|| logits(parameters, batch.pieces(), None, workspace).unwrap().len()).0);
        let (median, best) = median(times.collect());
        println!("  logits of {} sentences of 12: {best:.2} | {median:.2}", lengths.len());
    }
}

/// A batch of long sentences: here attention weighs more.
fn long(shape: Shape, numbers: &mut Numbers) {
    let parameters = Parameters::zeros(shape).unwrap();
    let mut gradients = Gradients::new(shape).unwrap();
    let mut workspace = Workspace::new();
    let batch = Batch::new(&shape, &[500; 4], numbers);
    let dropout = Some(Dropout::new(0.1, 0.1, 42, 0));
    let objective = objective(&batch, 1e-3, dropout);
    let times = (0..4).map(|_| time(|| train(&parameters, &objective, false, &mut gradients, &mut workspace)).0);
    let (median, best) = median(times.collect());
    println!("  forward and backward of 4 sentences of 500: {best:.0} | {median:.0}");
}

/// Most memory that the process ever had, in MiB (Linux).
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (threads, rounds) = (arguments.next().unwrap_or(2), arguments.next().unwrap_or(34));
    // Two rounds are for warming up, and each batch wants some.
    let rounds: usize = usize::max(rounds, 6 * BATCHES);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let rate = rate(threads);
    println!("{threads} threads, {:.0} GFLOP/s in matrix products", rate / 1e9);
    OF_THREAD.store(threads == 1, Ordering::Relaxed);
    let small = Shape {
        dim: 384,
        heads: 12,
        hidden: 1536,
        layers: 6,
        tags: 17,
        word_rows: 3808,
        position_rows: 512,
        epsilon: 1e-12,
    };
    let mini = Shape { layers: 3, ..small };
    let distil = Shape { dim: 768, heads: 12, hidden: 3072, ..small };
    let start = peak();
    pool.install(|| network("mini (3 layers of MiniLM)", mini, rounds, rate));
    pool.install(|| network("MiniLM (6 layers)", small, rounds, rate));
    println!("  peak memory {:.0} MiB", peak() - start);
    pool.install(|| network("DistilBERT", distil, rounds / 2, rate));
    println!("  peak memory {:.0} MiB", peak() - start);
    pool.install(|| long(small, &mut Numbers(3)));
}
