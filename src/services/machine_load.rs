//! Whether the machine has time for work that nobody waits for: its load, and whether it runs on battery.
//!
//! Read from `/proc` and `/sys`, so only on Linux. Elsewhere nothing is known, and nothing prevents the work.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::available_parallelism,
    time::{Duration, Instant},
};

use crate::{
    config::LiveSettings,
    guard::{self, Links},
};

/// Longest of these files that is read.
const MOST_BYTES: u64 = 64 << 10;
/// Minute over which the system averages its load.
const AVERAGED: f64 = 60.0;

/// A source of power: what the files `type`, `online`, `status` and `scope` of the system say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PowerSupply {
    pub(super) kind: String,
    pub(super) online: String,
    pub(super) status: String,
    /// `Device` for the battery of a mouse or a phone.
    pub(super) scope: String,
}

/// What the system says about the machine, and the part of its load that this program causes.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    power_supplies: PathBuf,
    load: PathBuf,
    /// A folder with a folder for each thread of this program.
    tasks: PathBuf,
    own: OwnLoad,
}

impl Machine {
    /// This machine, before any work. `threads`: number of threads that will work at the same time.
    pub(super) fn new(threads: usize) -> Self {
        let [power_supplies, load, tasks] =
            ["/sys/class/power_supply", "/proc/loadavg", "/proc/self/task"].map(PathBuf::from);
        Self { power_supplies, load, tasks, own: OwnLoad::new(threads, Instant::now()) }
    }

    /// A machine that says what is in the files `power`, `loadavg` and `task` of a folder.
    #[cfg(test)]
    pub(super) fn of_files(folder: &Path) -> Self {
        let [power_supplies, load, tasks] = ["power", "loadavg", "task"].map(|name| folder.join(name));
        Self { power_supplies, load, tasks, ..Self::new(1) }
    }

    /// Takes what this program has done since the last call: work, or none.
    pub(super) fn passed(&mut self, has_worked: bool) {
        self.own.passed(runnable_seconds(&self.tasks), has_worked, Instant::now());
    }

    /// Reason why it should not work for the live model now, as shown to the user.
    pub(super) fn reason_to_wait(&mut self, settings: &LiveSettings, has_worked: bool) -> Option<String> {
        self.passed(has_worked);
        if !settings.on_battery && is_on_battery(&power_supplies(&self.power_supplies)) {
            return Some("on battery (setting learn-on-battery)".to_owned());
        }
        let average = load_average(&text(&self.load))?;
        too_busy(average - self.own.value, cores(), settings.max_load)
    }
}

/// The part of the system's load that this program's own work causes.
#[derive(Clone, Copy, Debug)]
struct OwnLoad {
    threads: f64,
    value: f64,
    at: Instant,
    /// Seconds for which the threads of this program have run or waited for a core, at that time.
    runnable: Option<f64>,
}

impl OwnLoad {
    fn new(threads: usize, now: Instant) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a machine has few cores")]
        Self { threads: threads as f64, value: 0.0, at: now, runnable: None }
    }

    /// Takes what has happened since the last call, and what the system says about the threads of this program. Where it
    /// says nothing, all threads are taken to have worked, or none. The average follows as the system's does.
    fn passed(&mut self, runnable: Option<f64>, has_worked: bool, now: Instant) {
        let elapsed = now.duration_since(self.at).as_secs_f64();
        let measured = runnable.zip(self.runnable).filter(|_| elapsed > 0.0);
        let running = match measured {
            // A thread that has ended takes its time with it.
            Some((after, before)) => ((after - before) / elapsed).max(0.0),
            None if has_worked => self.threads,
            None => 0.0,
        };
        self.value = running + (self.value - running) * (-elapsed / AVERAGED).exp();
        self.at = now;
        self.runnable = runnable;
    }
}

/// Seconds for which the threads of a process have run or waited for a core: what the system's load is the mean of.
/// `None` if the system does not say. `tasks`: folder with a folder for each thread.
fn runnable_seconds(tasks: &Path) -> Option<f64> {
    let threads = fs::read_dir(tasks).ok()?.flatten();
    let all: f64 = threads.filter_map(|thread| runnable_of(&text(&thread.path().join("schedstat")))).sum();
    (all > 0.0).then_some(all)
}

/// The same of one thread: the first two numbers of its `schedstat`, which are nanoseconds.
fn runnable_of(text: &str) -> Option<f64> {
    let mut numbers = text.split_whitespace().map_while(|number| number.parse::<f64>().ok());
    Some((numbers.next()? + numbers.next()?) * 1e-9)
}

/// Number of cores.
pub(super) fn cores() -> usize {
    available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Says so if the load of each core is too high.
#[allow(clippy::cast_precision_loss, reason = "a machine has few cores")]
fn too_busy(load: f64, cores: usize, most: f64) -> Option<String> {
    let of_each = load.max(0.0) / cores as f64;
    (most > 0.0 && of_each > most).then(|| format!("load {of_each:.1} of each core (setting learn-below-load)"))
}

/// Average of the last minute from the text of `/proc/loadavg`.
fn load_average(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok().filter(|load: &f64| load.is_finite())
}

/// Whether a battery of the machine is being discharged and nothing else gives power.
fn is_on_battery(supplies: &[PowerSupply]) -> bool {
    let of_machine = supplies.iter().filter(|supply| supply.scope != "Device");
    let has_cable = of_machine.clone().any(|supply| supply.kind != "Battery" && supply.online == "1");
    !has_cable && of_machine.clone().any(|supply| supply.kind == "Battery" && supply.status == "Discharging")
}

fn power_supplies(folder: &Path) -> Vec<PowerSupply> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let supplies = entries.map(|entry| {
        let [kind, online, status, scope] =
            ["type", "online", "status", "scope"].map(|name| text(&entry.path().join(name)));
        PowerSupply { kind, online, status, scope }
    });
    supplies.collect()
}

/// Text of a file of the system without white space around it; empty if it cannot be read.
fn text(path: &Path) -> String {
    let bytes = guard::read(path, Links::Follow, MOST_BYTES).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// Time after which a reason to wait is looked at again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(kind: &str, online: &str, status: &str, scope: &str) -> PowerSupply {
        let [kind, online, status, scope] = [kind, online, status, scope].map(str::to_owned);
        PowerSupply { kind, online, status, scope }
    }

    #[test]
    fn a_machine_is_on_battery_if_nothing_else_gives_power() {
        let battery = |status| supply("Battery", "", status, "");
        let mains = |online| supply("Mains", online, "", "");
        for (supplies, expected) in [
            (vec![], false),
            (vec![battery("Discharging")], true),
            (vec![battery("Charging")], false),
            (vec![battery("Full"), mains("1")], false),
            (vec![mains("0"), battery("Discharging")], true),
            (vec![battery("Discharging"), supply("USB", "1", "", "")], false),
            (vec![mains("1"), supply("Battery", "", "Discharging", "Device")], false),
            (vec![supply("Battery", "", "Discharging", "Device")], false),
        ] {
            assert_eq!(is_on_battery(&supplies), expected, "{supplies:?}");
        }
    }

    #[test]
    fn supplies_are_read_from_the_folder_of_the_system() {
        let dir = tempfile::tempdir().unwrap();
        let battery = dir.path().join("BAT0");
        fs::create_dir(&battery).unwrap();
        fs::write(battery.join("type"), "Battery\n").unwrap();
        fs::write(battery.join("status"), "Discharging\n").unwrap();
        assert_eq!(power_supplies(dir.path()), [supply("Battery", "", "Discharging", "")]);
        assert!(power_supplies(&dir.path().join("none")).is_empty());
    }

    #[test]
    fn a_load_above_the_setting_is_a_reason_to_wait() {
        assert_eq!(load_average("3.20 1.00 0.50 2/345 6789"), Some(3.2));
        for text in ["", "x", "nan 1 1"] {
            assert_eq!(load_average(text), None, "{text}");
        }
        assert_eq!(too_busy(2.0, 2, 1.0), None);
        assert!(too_busy(2.2, 2, 1.0).unwrap().contains("load 1.1 of each core"));
        assert_eq!(too_busy(99.0, 2, 0.0), None, "no limit");
        assert_eq!(too_busy(-1.0, 2, 0.5), None);
    }

    #[test]
    fn a_machine_on_battery_or_with_other_work_waits() {
        let dir = tempfile::tempdir().unwrap();
        let mut machine = Machine::of_files(dir.path());
        let settings = LiveSettings { max_load: 1.0, on_battery: false, ..LiveSettings::default() };
        assert_eq!(machine.reason_to_wait(&settings, false), None, "nothing is known");
        fs::write(dir.path().join("loadavg"), format!("{} 0 0 1/2 3", 3 * cores())).unwrap();
        let busy = machine.reason_to_wait(&settings, false).unwrap();
        assert_eq!(busy, "load 3.0 of each core (setting learn-below-load)");
        assert_eq!(machine.reason_to_wait(&LiveSettings { max_load: 4.0, ..settings }, false), None);
        let battery = dir.path().join("power").join("BAT0");
        fs::create_dir_all(&battery).unwrap();
        fs::write(battery.join("type"), "Battery").unwrap();
        fs::write(battery.join("status"), "Discharging").unwrap();
        assert_eq!(machine.reason_to_wait(&settings, false).unwrap(), "on battery (setting learn-on-battery)");
    }

    #[test]
    fn the_load_that_it_causes_itself_does_not_count() {
        let begin = Instant::now();
        let minute = |n: u64| begin + Duration::from_secs(60 * n);
        let rest = (-1.0_f64).exp();
        let mut own = OwnLoad::new(2, begin);
        own.passed(None, true, minute(1));
        assert!((own.value - 2.0 * (1.0 - rest)).abs() < 1e-9, "{}", own.value);
        own.passed(None, false, minute(2));
        assert!((own.value - 2.0 * (1.0 - rest) * rest).abs() < 1e-9, "{}", own.value);
        own.passed(None, true, minute(99));
        assert!((own.value - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_load_that_it_causes_is_measured_where_the_system_says_how_long_its_threads_ran() {
        let begin = Instant::now();
        let after = |seconds: u64| begin + Duration::from_secs(seconds);
        let mut own = OwnLoad::new(8, begin);
        own.passed(Some(5.0), false, begin);
        own.passed(Some(5.0 + 9_000.0), true, after(6_000));
        assert!((own.value - 1.5).abs() < 1e-9, "one and a half threads, not eight: {}", own.value);
        own.passed(Some(1.0), true, after(12_000));
        assert!(own.value.abs() < 1e-9, "threads have ended: {}", own.value);
        assert_eq!(runnable_of("1500000000 500000000 12\n"), Some(2.0));
        for text in ["", "7", "a b"] {
            assert_eq!(runnable_of(text), None, "{text}");
        }
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(runnable_seconds(dir.path()), None);
        for (thread, times) in [("7", "1000000000 0 1"), ("8", "0 2000000000 1"), ("9", "")] {
            fs::create_dir(dir.path().join(thread)).unwrap();
            fs::write(dir.path().join(thread).join("schedstat"), times).unwrap();
        }
        assert_eq!(runnable_seconds(dir.path()), Some(3.0));
    }
}
