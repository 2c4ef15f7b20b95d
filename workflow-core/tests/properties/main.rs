//! Random workflows against the language as it is written: what a run does is compared with a small
//! reference interpreter, and what every log promises is checked on each of them.
//!
//! 256 workflows a property, or as many as `PROPTEST_CASES` says. A workflow that fails is printed
//! as JSON, and its seed is kept in `regressions.txt`, to be committed with the mend.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary has no public API, and may fail by panicking"
)]

mod compare;
mod echo;
mod examples;
mod flow;
mod forecast;
mod forms;
mod generate;
mod invariants;
mod log;
mod reference;
mod run;
mod scope;
mod scripted;

use proptest::{
    prelude::*,
    test_runner::{FileFailurePersistence, TestCaseError},
};
use workflow_core::StepEvent;

use crate::{
    flow::Flow, forecast::Forecast, generate::flows, invariants::Checked, log::Log,
    reference::forecast, run::Host, scripted::World,
};

/// Longer logs are not cut at every event, but at so many places, evenly spread.
const MOST_CUTS: usize = 8;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/properties/regressions.txt",
        ))),
        ..ProptestConfig::default()
    }
}

/// The slots of a run: as many as there are unless it is set, or so few that steps have to wait.
fn slots() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(workflow_core::executor::DEFAULT_CONCURRENT_STEPS), 1 => 1..4_usize]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_run_does_what_the_language_says(flow in flows(), slots in slots()) {
        let (host, forecast) = (Host::new(&flow, slots), forecast(&flow));
        let log = Log::of(&host.run());
        with_log(&log, does_what_it_says(&log, &flow, &forecast, slots))?;
        with_log(&log, compare::cancelled_work_stops(&log, &forecast, slots, &host.world))?;
    }

    #[test]
    fn a_run_that_was_lost_anywhere_ends_the_same(
        flow in flows(),
        slots in slots(),
        first in any::<prop::sample::Index>(),
    ) {
        let (host, forecast) = (Host::new(&flow, slots), forecast(&flow));
        let whole = host.run();
        for cut in cuts(whole.len(), first) {
            let prefix = through_json(&whole[..cut]);
            let rest = host.resume(&prefix);
            let log = Log::resumed(&prefix, &rest);
            with_log(&log, does_what_it_says(&log, &flow, &forecast, slots))?;
            with_log(&log, nothing_done_is_done_again(&Log::of(&prefix), &host.world))?;
        }
    }
}

fn does_what_it_says(log: &Log, flow: &Flow, forecast: &Forecast, slots: usize) -> Checked {
    invariants::hold(log, flow, slots)?;
    compare::agrees(log, forecast, slots)
}

fn nothing_done_is_done_again(before: &Log, world: &World) -> Checked {
    for path in before.count("node.completed").keys() {
        let calls = world.calls(path);
        invariants::ensure!(
            calls == 0,
            "{path} was done, and is called {calls} times more"
        );
    }
    Ok(())
}

fn with_log(log: &Log, checked: Checked) -> Result<(), TestCaseError> {
    checked.map_err(|why| TestCaseError::fail(format!("{why}\n{log:?}")))
}

/// Where a log is cut: everywhere, or at a sample of places.
fn cuts(length: usize, first: prop::sample::Index) -> impl Iterator<Item = usize> {
    let stride = length.div_ceil(MOST_CUTS).max(1);
    (1 + first.index(stride)..=length).step_by(stride)
}

/// As a store gives it back.
fn through_json(events: &[StepEvent]) -> Vec<StepEvent> {
    let text = serde_json::to_string(events).expect("events can be written");
    serde_json::from_str(&text).expect("and read")
}
