//! The promise of reuse on random workflows and edits: a run that continues another one ends as a full run of the new version would,
//! and calls only what that would call in addition. It does what was predicted, and any prefix of its log resumes to the same end.
//!
//! The answer of a `Paid` step depends on its prompt only. So the requests of a full run say what a continued run may call.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary has no public API, and may fail by panicking"
)]

mod flow;
mod host;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{FileFailurePersistence, TestCaseError},
};
use workflow_core::{
    StepEvent,
    event::EventKind,
    view::{PredictedStatus, Prediction},
};

use crate::{
    flow::{Case, Version, cases},
    host::{Ended, Host, Requests, in_virtual_time},
    support::{brief, output_of},
};

/// Longer logs are not cut at every event, but at so many places, evenly spread.
const MOST_CUTS: usize = 6;

/// Fewer cases than for other properties, since each is many runs.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases / 8,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/reuse/regressions.txt",
        ))),
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_continued_run_ends_as_a_full_one_and_calls_only_what_is_new(case in cases(), first_cut in any::<Index>()) {
        in_virtual_time(holds(&case, first_cut))?;
    }
}

/// Runs the first version, then continues with each of the others, and at last with the first one again.
async fn holds(case: &Case, first_cut: Index) -> Result<(), TestCaseError> {
    let versions = case.versions();
    let host = Host::new(&versions[0]).await;
    let mut before = host.run(&versions[0]).await;
    let first = before.requests.clone();
    let mut paid = successful(&first);
    for version in versions.iter().skip(1).chain([&versions[0]]) {
        let full = Host::new(version).await.run(version).await;
        let retry = host.continuing(before.run, version).await;
        let predicted = host.predict(&retry).await;
        let continued = host.retry(retry).await;
        let context = || format!("{version:#}\n{}", shown(&continued.log));

        prop_assert_eq!(
            output_of(&continued.log),
            output_of(&full.log),
            "{}",
            context()
        );
        let expected = without(&full.requests, &paid);
        prop_assert_eq!(&continued.requests, &expected, "{}", context());
        each_result_is_used_once(&continued.log)?;
        agrees(&predicted, &continued)?;
        resumes(version, &continued, first_cut).await?;

        let now = successful(&full.requests);
        for (request, count) in now {
            let known = paid.entry(request).or_insert(0);
            *known = count.max(*known);
        }
        before = continued;
    }
    prop_assert!(
        before.requests.keys().all(|request| !succeeds(request)),
        "back to the first version, nothing is called: {:?}",
        before.requests
    );
    Ok(())
}

fn succeeds(request: &str) -> bool {
    !request.starts_with(flow::FAILS)
}

/// What can be reused: results of failed steps are not.
fn successful(requests: &Requests) -> Requests {
    let requests = requests.iter().filter(|(request, _)| succeeds(request));
    requests
        .map(|(request, count)| (request.clone(), *count))
        .collect()
}

fn without(requests: &Requests, paid: &Requests) -> Requests {
    let rest = requests.iter().map(|(request, count)| {
        let known = paid.get(request).copied().unwrap_or_default();
        (request.clone(), count.saturating_sub(known))
    });
    rest.filter(|(_, count)| *count > 0).collect()
}

/// The entries of the table that were used, by path.
fn reused(log: &[StepEvent]) -> BTreeMap<String, usize> {
    let reused = log.iter().filter_map(|event| {
        let from = event.report()?.reused_from.as_deref()?;
        Some((event.step()?.path().to_string(), from.entry))
    });
    reused.collect()
}

fn each_result_is_used_once(log: &[StepEvent]) -> Result<(), TestCaseError> {
    let entries = reused(log);
    let different: BTreeSet<usize> = entries.values().copied().collect();
    prop_assert_eq!(different.len(), entries.len(), "{}", shown(log));
    Ok(())
}

/// What the prediction says of a step is what became of it.
fn agrees(predicted: &Prediction, ended: &Ended) -> Result<(), TestCaseError> {
    let reused = reused(&ended.log);
    let started = |path: &str| {
        let mut events = ended.log.iter();
        events.any(|event| {
            matches!(&event.kind, EventKind::NodeStarted(it) if it.step.path().as_str() == path)
        })
    };
    let skipped = |path: &str| {
        let mut events = ended.log.iter();
        events.any(|event| {
            matches!(&event.kind, EventKind::NodeSkipped(it) if it.step.path().as_str() == path)
        })
    };
    for step in &predicted.steps {
        let path = step.step.path().as_str();
        let holds = match step.status {
            PredictedStatus::Reused => reused.contains_key(path),
            PredictedStatus::Runs => started(path) && !reused.contains_key(path),
            PredictedStatus::Computed => started(path),
            PredictedStatus::Skipped => skipped(path),
            PredictedStatus::Unknown => true,
            _ => false,
        };
        prop_assert!(
            holds,
            "{path} was predicted as {:?}\n{}",
            step.status,
            shown(&ended.log)
        );
    }
    if predicted.count(PredictedStatus::Runs) == 0 {
        prop_assert_eq!(
            predicted.count(PredictedStatus::Unknown),
            0,
            "if nothing runs, all is known\n{}",
            shown(&ended.log)
        );
        prop_assert!(ended.requests.is_empty(), "{:?}", ended.requests);
        prop_assert_eq!(predicted.count(PredictedStatus::Reused), reused.len());
    }
    Ok(())
}

/// A host that was lost anywhere in the continued run: the next one reuses the same results, each once, and comes to the same end.
async fn resumes(version: &Version, ended: &Ended, first: Index) -> Result<(), TestCaseError> {
    let whole = &ended.log;
    let stride = whole.len().div_ceil(MOST_CUTS).max(1);
    for cut in (1 + first.index(stride)..whole.len()).step_by(stride) {
        let log = host::resume(version, &whole[..cut]).await;
        let context = || format!("cut at {cut}\n{version:#}\n{}", shown(&log.log));
        prop_assert_eq!(output_of(&log.log), output_of(whole), "{}", context());
        each_result_is_used_once(&log.log)?;
        prop_assert_eq!(reused(&log.log).len(), reused(whole).len(), "{}", context());
        for (request, count) in &log.requests {
            let then = ended.requests.get(request).copied().unwrap_or_default();
            prop_assert!(*count <= then, "{count} times {request}, {}", context());
        }
    }
    Ok(())
}

fn shown(log: &[StepEvent]) -> String {
    brief(log).join("\n")
}
