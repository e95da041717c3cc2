//! Signals that interrupt a training on the command line, as commands to its run.

use std::{io::IsTerminal, thread};

use crossbeam_channel::{Receiver, Sender, unbounded};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level::emulate_default_handler,
};

use super::{error::CliError, output::Output};
use crate::runs::Control;

/// Returns the commands of a run that come from signals.
///
/// The first signal ends the run after its step, with a checkpoint and a model. A second ctrl-c or SIGTERM ends the
/// process. A second SIGHUP does not: when a connection breaks, both the system and the shell send one.
///
/// # Errors
/// The system refuses handlers or a thread.
pub(super) fn controls(output: Output) -> Result<Receiver<Control>, CliError> {
    commands("ending after this step, with a checkpoint; ctrl-c again ends at once", output)
}

/// Returns a command when the first signal asks for the end of a list of trainings.
/// Later ones end the process, as in [`controls`].
///
/// # Errors
/// The system refuses handlers or a thread.
pub(super) fn stops(output: Output) -> Result<Receiver<Control>, CliError> {
    commands("ending after this training; what is finished is kept; ctrl-c again ends at once", output)
}

fn commands(announcement: &'static str, output: Output) -> Result<Receiver<Control>, CliError> {
    let (sender, receiver) = unbounded();
    let handled: Vec<i32> = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal)).collect();
    let signals = Signals::new(handled).map_err(CliError::environment)?;
    let wait = move || forward(signals, &sender, announcement, output);
    thread::Builder::new().name("interrupts".into()).spawn(wait).map_err(CliError::environment)?;
    Ok(receiver)
}

/// Turns signals into commands, until the process ends.
fn forward(mut signals: Signals, sender: &Sender<Control>, announcement: &str, output: Output) {
    let mut requests = 0;
    for (count, signal) in signals.forever().enumerate() {
        if count == 0 {
            let _ = sender.send(Control::Interrupt);
            output.say(announcement);
        }
        requests += usize::from(signal != SIGHUP);
        if requests > 1 {
            let _ = emulate_default_handler(signal);
        }
    }
}

/// Whether the process was started with this signal ignored, as `nohup` does. It then stays ignored.
#[cfg(target_os = "linux")]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_in(&status, signal).unwrap_or_else(|| is_ignored_by_nohup(signal))
}

/// Whether the process was started with this signal ignored, as `nohup` does. It then stays ignored.
#[cfg(not(target_os = "linux"))]
fn is_ignored(signal: i32) -> bool {
    is_ignored_by_nohup(signal)
}

/// Reads from a `/proc/PID/status` whether a signal is ignored.
#[cfg(target_os = "linux")]
fn ignored_in(status: &str, signal: i32) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    Some(mask >> (signal - 1) & 1 == 1)
}

/// Guesses whether `nohup` started the process: it ignores SIGHUP and leaves neither output at a terminal.
fn is_ignored_by_nohup(signal: i32) -> bool {
    signal == SIGHUP && !std::io::stdout().is_terminal() && !std::io::stderr().is_terminal()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_mask() {
        let status = "Name:\ttagli\nSigBlk:\t0000000000000003\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n";
        assert_eq!([SIGHUP, SIGINT].map(|signal| ignored_in(status, signal)), [Some(true), Some(false)]);
        assert_eq!(ignored_in("Name:\ttagli\n", SIGHUP), None);
    }
}
