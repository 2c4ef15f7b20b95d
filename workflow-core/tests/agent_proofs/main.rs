//! The promise of agents on random workflows: wherever hosts are lost, and however often, no completed turn or call is repeated, a call
//! that must not be repeated is started once, the requests of a turn are the same bytes, and the run ends as it would have.
//!
//! Each log is cut after every event, and what comes of that once more. `AGENT_CASES` sets the number of workflows, and `AGENT_STRIDE`
//! every how many events the second cut is made.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary has no public API, and may fail by panicking"
)]
#![allow(clippy::print_stdout, reason = "the figures of the proof")]

mod laws;
mod reference;
mod stops;
#[path = "../support/mod.rs"]
mod support;
mod tree;
mod world;

use std::cell::Cell;

use proptest::{
    prelude::*,
    test_runner::{FileFailurePersistence, TestCaseError, TestRunner},
};
use workflow_core::StepEvent;

use crate::{
    tree::{Case, cases},
    world::{Did, Host},
};

fn number(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases: number("AGENT_CASES").unwrap_or(cases),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/agent_proofs/regressions.txt",
        ))),
        ..ProptestConfig::default()
    })
}

/// In virtual time.
fn run_in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(work)
}

/// What the proof has seen.
#[derive(Debug, Default)]
struct Seen {
    workflows: Cell<usize>,
    /// Workflows whose every step ended as the reference interpreter says.
    as_the_reference: Cell<usize>,
    turns: Cell<usize>,
    calls: Cell<usize>,
    approvals: Cell<usize>,
    cuts: Cell<usize>,
    second_cuts: Cell<usize>,
    ambiguous: Cell<usize>,
    /// Continued runs whose every step and request was compared with those of the run without a crash.
    the_same: Cell<usize>,
}

fn add(counter: &Cell<usize>, more: usize) {
    counter.set(counter.get() + more);
}

#[test]
fn runs_of_agents_end_as_they_would_have_wherever_two_hosts_are_lost() {
    let seen = Seen::default();
    let stride = number("AGENT_STRIDE").unwrap_or(11).max(1) as usize;
    let outcome = runner(16).run(&cases(), |case| {
        run_in_virtual_time(prove(&case, stride, &seen))
    });
    println!("{seen:?}");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(seen.turns.get() > 0 && seen.calls.get() > 0 && seen.second_cuts.get() > 0);
}

async fn prove(case: &Case, stride: usize, seen: &Seen) -> Result<(), TestCaseError> {
    let host = Host::new(case);
    let (whole, did) = host.run().await;
    let reference = Reference::new(case, whole, did);
    reference.check(&reference.log, 0, &reference.did, seen)?;
    if reference.is_timeless {
        let (is, expected) = (reference::ends(&reference.log), reference::expected(case));
        for path in is.keys().chain(expected.keys()) {
            let (is, expected) = (is.get(path), expected.get(path));
            let log = laws::shown(&reference.log);
            prop_assert_eq!(is, expected, "{}\n{}", path, log);
        }
        add(&seen.as_the_reference, 1);
    }
    add(&seen.workflows, 1);
    reference.count(seen);
    if seen.workflows.get().is_multiple_of(10) {
        println!("{seen:?}");
    }
    // Very long logs are cut at some 100 places, unless all cuts are wanted.
    let step = if stride == 1 {
        1
    } else {
        (reference.log.len() / 100).max(1)
    };
    for cut in (1..reference.log.len()).step_by(step) {
        let (once, did) = host.resume(&reference.log[..cut]).await;
        reference.check(&once, cut, &did, seen)?;
        add(&seen.cuts, 1);
        // Another offset for each first cut, so that all distances occur.
        for second in (cut + 1 + cut % stride..once.len()).step_by(stride) {
            let (twice, did) = host.resume(&once[..second]).await;
            reference.check(&twice, second, &did, seen)?;
            add(&seen.second_cuts, 1);
        }
    }
    Ok(())
}

/// The run whose host was never lost.
struct Reference {
    log: Vec<StepEvent>,
    did: Did,
    is_timeless: bool,
}

impl Reference {
    fn new(case: &Case, log: Vec<StepEvent>, did: Did) -> Self {
        Self {
            log,
            did,
            is_timeless: case.is_timeless(),
        }
    }

    fn count(&self, seen: &Seen) {
        let completed = laws::ends(&self.log);
        let turns = completed.iter().filter(|(path, _)| path.ends_with("/turn"));
        let calls = turns
            .clone()
            .map(|(_, end)| end["output"]["calls"].as_array().map_or(0, Vec::len));
        add(&seen.calls, calls.sum());
        add(&seen.turns, turns.count());
        let asked = self
            .log
            .iter()
            .filter(|it| it.kind.name() == "node.waiting");
        add(&seen.approvals, asked.count());
    }

    /// Checks a run that has ended, whose last host was given the first `cut` events.
    fn check(
        &self,
        log: &[StepEvent],
        cut: usize,
        did: &Did,
        seen: &Seen,
    ) -> Result<(), TestCaseError> {
        let said = |broken: String| {
            let (cut, log) = (laws::shown(&log[..cut]), laws::shown(&log[cut..]));
            TestCaseError::fail(format!("{broken}\n{cut}\n--- lost\n{log}"))
        };
        laws::check(log, cut, did).map_err(said)?;
        if laws::is_ambiguous(log) {
            add(&seen.ambiguous, 1);
            return Ok(());
        }
        if !self.is_timeless {
            return Ok(());
        }
        add(&seen.the_same, 1);
        let (ends, expected) = (laws::ends(log), laws::ends(&self.log));
        for path in ends.keys().chain(expected.keys()) {
            let (is, was) = (ends.get(path), expected.get(path));
            if is != was {
                return Err(said(format!("{path} ends with {is:?} instead of {was:?}")));
            }
        }
        for (path, texts) in &did.sent {
            let expected = self.did.sent.get(path).and_then(|texts| texts.first());
            if texts.first() != expected {
                return Err(said(format!(
                    "{path} sends {texts:?} instead of {expected:?}"
                )));
            }
        }
        Ok(())
    }
}
