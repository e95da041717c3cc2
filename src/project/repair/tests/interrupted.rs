//! A repair that a power cut or a disk interrupts.

use super::*;

#[test]
fn a_repair_that_a_power_cut_interrupts_is_completed_by_the_next_one() {
    let dir = folder_in_memory();
    broken(dir.path());
    let files = [DOCUMENTS, MANIFEST, JOURNAL];
    let before = files.map(|name| fs::read(dir.path().join(name)).unwrap());
    let recorder = Recorder::start(dir.path());
    Repair::of(dir.path()).unwrap().carry_out(0).unwrap();
    assert_repaired(dir.path(), "without a power cut");
    let mut states = 0;
    for moment in recorder.moments() {
        recorder.states_at(moment, 3, |dir, state| {
            let at = format!("moment {moment}, {state}");
            // A file that was changed has a copy with its old bytes.
            for (name, before) in files.iter().zip(&before) {
                let copies = [format!("{name}.before-repair"), format!("{name}.before-repair-2")];
                let is_copied = copies.iter().any(|copy| fs::read(dir.join(copy)).is_ok_and(|bytes| bytes == *before));
                assert!(is_copied || fs::read(dir.join(name)).unwrap() == *before, "{at}: {name}");
            }
            Repair::of(dir).unwrap().carry_out(0).unwrap_or_else(|error| panic!("{at}: {error}"));
            assert_repaired(dir, &at);
            states += 1;
        });
    }
    let moments = recorder.moments().count();
    assert!(moments > 30 && states > 100, "{moments} moments, {states} states");
}

#[test]
fn a_repair_that_the_disk_refuses_is_completed_by_the_next_one() {
    let mut at = 0;
    loop {
        let dir = folder_in_memory();
        broken(dir.path());
        let planned = Repair::of(dir.path()).unwrap();
        let fault = Fault::after(at, 1);
        let outcome = planned.carry_out(0);
        let is_over = fault.is_over();
        drop(fault);
        if let Err(error) = &outcome {
            assert!(error.to_string().contains("the disk is full"), "{error}");
            Repair::of(dir.path()).unwrap().carry_out(0).unwrap();
        }
        assert_repaired(dir.path(), &format!("after {at} successes"));
        if !is_over {
            break;
        }
        at += 1;
    }
    assert!(at > 20, "the repair makes more changes than {at}");
}
