//! The promise of budgets on random workflows: as long as no attempt uses more than its bound, a run never uses more than its
//! budget, wherever its host stops; it always ends; and with a large budget nothing is refused.
//!
//! What an attempt uses depends on its path and number only. So what a run has used follows from the attempts in its log, also
//! those that were lost, cancelled or timed out, and reported nothing.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary has no public API, and may fail by panicking"
)]

mod tree;
mod world;

use proptest::{
    prelude::*,
    test_runner::{FileFailurePersistence, TestCaseError},
};
use workflow_core::{EventKind, StepEvent};

use crate::{
    tree::{Case, cases},
    world::{Host, Used, used_in},
};

/// Longer logs are not cut at every event, but at so many places, evenly spread.
const MOST_CUTS: usize = 12;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/budget_proofs/regressions.txt",
        ))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_run_never_uses_more_than_its_budget(case in cases(), slots in 1..6_usize, first in any::<prop::sample::Index>()) {
        let host = Host::new(&case, slots);
        let whole = host.run();
        holds(&case, &whole)?;
        let stride = whole.len().div_ceil(MOST_CUTS).max(1);
        for cut in (1 + first.index(stride)..whole.len()).step_by(stride) {
            let log = host.resume(&through_json(&whole[..cut]));
            holds(&case, &log)?;
        }
    }

    #[test]
    fn with_a_large_budget_nothing_is_refused(case in cases(), slots in 1..6_usize) {
        let log = Host::new(&case.with_large_budgets(), slots).run();
        for event in &log {
            let refused = match &event.kind {
                EventKind::NodeFailed(failed) => tree::REFUSALS.contains(&&*failed.error.code),
                EventKind::NodeWaiting(_) => true,
                _ => false,
            };
            prop_assert!(!refused, "{event:?}");
        }
    }
}

/// Whether the promise holds for a run that has ended.
fn holds(case: &Case, log: &[StepEvent]) -> Result<(), TestCaseError> {
    let last = log.last().unwrap();
    prop_assert!(last.is_terminal(), "{}", shown(log));
    if let EventKind::RunFailed(failed) = &last.kind {
        let is_defect = ["stalled", "internal"].contains(&&*failed.error.code);
        prop_assert!(!is_defect, "{}", shown(log));
    }
    let raised = world::raised_in(log);
    let Used {
        calls,
        tokens,
        nano,
    } = used_in(log, "");
    let more = raised.get("").copied().unwrap_or_default();
    let budget = case.budget;
    prop_assert!(
        calls <= budget.calls + more,
        "{calls} calls\n{}",
        shown(log)
    );
    prop_assert!(tokens <= budget.tokens, "{tokens} tokens\n{}", shown(log));
    prop_assert!(nano <= budget.nano, "{nano} billionths\n{}", shown(log));
    for (call, budget) in world::calls_in(log, case) {
        let used = used_in(log, &call);
        let more = raised.get(&*call).copied().unwrap_or_default();
        prop_assert!(
            used.calls <= budget.calls + more,
            "{call}: {}\n{}",
            used.calls,
            shown(log)
        );
        prop_assert!(used.tokens <= budget.tokens, "{call}\n{}", shown(log));
        prop_assert!(used.nano <= budget.nano, "{call}\n{}", shown(log));
    }
    Ok(())
}

/// As a store gives it back.
fn through_json(events: &[StepEvent]) -> Vec<StepEvent> {
    let text = serde_json::to_string(events).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn shown(log: &[StepEvent]) -> String {
    let lines = log
        .iter()
        .map(|event| serde_json::to_string(event).unwrap());
    lines.collect::<Vec<_>>().join("\n")
}
