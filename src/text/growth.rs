//! Growth of work with its input, for tests: four times the input may take at most eight times as long.
//!
//! Linear work takes four times as long, quadratic work sixteen times. Only the processor's time counts. The shortest of
//! several measurements is compared, and one good comparison is enough, so that a busy machine fails no test.

use std::{hint::black_box, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// Maximum ratio of the times.
const MOST: u32 = 8;
/// Comparisons before the test fails.
const COMPARISONS: usize = 6;
/// Measurements of which the shortest counts.
const MEASUREMENTS: usize = 3;
/// Shorter times are not compared: they are less than what the machine adds by chance.
const LEAST: Duration = Duration::from_micros(200);

/// Fails if `work` takes eight times as long for an input of size `4 * n` as for one of size `n`.
#[track_caller]
pub(crate) fn assert_linear<I, O>(n: usize, input: impl Fn(usize) -> I, work: impl Fn(&I) -> O) {
    let inputs = [n, 4 * n].map(input);
    let mut times = Vec::new();
    for _ in 0..COMPARISONS {
        let [short, long] = [&inputs[0], &inputs[1]].map(|input| shortest(input, &work));
        if long < MOST * short.max(LEAST) {
            return;
        }
        times.push((short, long));
    }
    panic!("the work grows faster than its input; times for {n} and {}: {times:?}", 4 * n);
}

fn shortest<I, O>(input: &I, work: &impl Fn(&I) -> O) -> Duration {
    let times = (0..MEASUREMENTS).map(|_| {
        processor_time(|| {
            black_box(work(black_box(input)));
        })
    });
    times.min().unwrap_or_default()
}

/// Time that the processor spends on `work` in this thread, whatever else the machine does meanwhile.
pub(crate) fn processor_time(work: impl FnOnce()) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
    let start = now();
    work();
    now().saturating_sub(start)
}

#[test]
#[should_panic(expected = "grows faster")]
fn quadratic_work_is_found() {
    let pairs = |list: &Vec<u32>| list.iter().flat_map(|a| list.iter().map(move |b| black_box(a ^ b))).sum::<u32>();
    assert_linear(600, |n| vec![1; n], pairs);
}
