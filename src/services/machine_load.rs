//! Whether the machine has time for work that nobody waits for: its load, and whether it runs on battery.
//!
//! Read from `/proc` and `/sys`, so only on Linux. Elsewhere nothing is known, and nothing prevents the work.

use std::{
    fs,
    path::Path,
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

/// The part of the system's load that this program's own work causes.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnLoad {
    threads: f64,
    value: f64,
    at: Instant,
}

impl OwnLoad {
    /// Begins without work. `threads`: number of threads that work at the same time.
    pub(super) fn new(threads: usize, now: Instant) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a machine has few cores")]
        Self { threads: threads as f64, value: 0.0, at: now }
    }

    /// Takes what has happened since the last call: work, or none. The average follows as the system's does.
    pub(super) fn passed(&mut self, has_worked: bool, now: Instant) {
        let stays = (-now.duration_since(self.at).as_secs_f64() / AVERAGED).exp();
        let running = if has_worked { self.threads } else { 0.0 };
        self.value = running + (self.value - running) * stays;
        self.at = now;
    }
}

/// Reason why the machine should not work for the live model now, as shown to the user.
pub(super) fn reason_to_wait(settings: &LiveSettings, own: &mut OwnLoad, has_worked: bool) -> Option<String> {
    own.passed(has_worked, Instant::now());
    if !settings.on_battery && is_on_battery(&power_supplies(Path::new("/sys/class/power_supply"))) {
        return Some("the machine runs on battery (setting learn-on-battery)".to_owned());
    }
    let average = load_average(&text(Path::new("/proc/loadavg")))?;
    too_busy(average - own.value, cores(), settings.max_load)
}

/// Number of cores.
pub(super) fn cores() -> usize {
    available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Says so if the load of each core is too high.
#[allow(clippy::cast_precision_loss, reason = "a machine has few cores")]
fn too_busy(load: f64, cores: usize, most: f64) -> Option<String> {
    let of_each = load.max(0.0) / cores as f64;
    (most > 0.0 && of_each > most)
        .then(|| format!("the machine is busy: load {of_each:.1} of each core (setting learn-below-load)"))
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
    fn the_load_that_it_causes_itself_does_not_count() {
        let begin = Instant::now();
        let mut own = OwnLoad::new(2, begin);
        own.passed(true, begin + Duration::from_secs(60));
        assert!((own.value - 2.0 * (1.0 - (-1.0_f64).exp())).abs() < 1e-9, "{}", own.value);
        own.passed(false, begin + Duration::from_secs(120));
        assert!((own.value - 2.0 * (1.0 - (-1.0_f64).exp()) * (-1.0_f64).exp()).abs() < 1e-9, "{}", own.value);
        own.passed(true, begin + Duration::from_secs(9999));
        assert!((own.value - 2.0).abs() < 1e-9);
    }
}
