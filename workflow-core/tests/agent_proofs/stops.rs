//! Random runs of agents that are cancelled, and whose hosts are shut down, at every millisecond.

use std::{cell::Cell, sync::Arc, time::Duration};

use proptest::test_runner::TestCaseError;
use serde_json::json;
use workflow_core::{
    LocalEngine, MemoryStore, NewRun, RunId, RunStatus, Runs, StepEvent, Store, WorkflowId,
    Workflows,
};

use crate::{
    add, laws, number, run_in_virtual_time, runner,
    support::agents::Sent,
    tree::{Case, cases},
    world::{Did, Effects, registry, said},
};

/// The longest time that is tried, in milliseconds.
const LONGEST: u64 = 40;

/// An engine on a store, and what it does.
struct Host {
    engine: LocalEngine,
    effects: Effects,
    sent: Sent,
}

impl Host {
    fn on(store: &Arc<MemoryStore>) -> Self {
        let (effects, sent) = (Effects::default(), Sent::default());
        let store: Arc<dyn Store> = store.clone();
        let engine = LocalEngine::builder(registry(&effects, &sent)).with_store(store);
        Self {
            engine: engine.build(),
            effects,
            sent,
        }
    }

    async fn start(&self, case: &Case) -> RunId {
        let (spec, called) = case.specs();
        for (name, mut spec) in called {
            spec["name"] = name.into();
            self.engine.create_workflow(spec).await.unwrap();
        }
        let workflow: WorkflowId = self.engine.create_workflow(spec).await.unwrap().record.id;
        let run = NewRun::new(workflow, json!({"n": 1}));
        self.engine.start(run).await.unwrap().id
    }

    /// Answers questions until the run has ended. Returns how many milliseconds it took.
    async fn answer(&self, run: RunId) -> u64 {
        for millis in 0..10_000 {
            let report = self.engine.run_report(run).await.unwrap();
            if report.record.head.status.has_ended() {
                return millis;
            }
            for wait in report.waits {
                let answer = said(wait.step.path().as_str(), wait.call.is_some());
                // The run may have ended meanwhile.
                _ = self.engine.answer(run, wait.wait_id, answer).await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("it never ends");
    }

    /// Lets the run work, and answers its questions, for so long.
    async fn work(&self, run: RunId, millis: u64) {
        let time = Duration::from_millis(millis);
        _ = tokio::time::timeout(time, self.answer(run)).await;
    }

    async fn log(&self, run: RunId) -> Vec<StepEvent> {
        self.engine.read_events(run, 0, 10_000).await.unwrap()
    }

    fn did(&self) -> Did {
        Did {
            effects: self.effects.taken(),
            sent: self.sent.taken(),
        }
    }
}

fn checked(log: &[StepEvent], cut: usize, did: &Did, what: &str) -> Result<(), TestCaseError> {
    laws::check(log, cut, did)
        .map_err(|broken| TestCaseError::fail(format!("{what}: {broken}\n{}", laws::shown(log))))
}

#[test]
fn runs_of_agents_end_soundly_when_they_are_cancelled_or_shut_down_at_any_millisecond() {
    let (runs, cancelled, resumed) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let cases_tried = number("AGENT_CASES").map_or(4, |cases| cases / 4);
    let outcome = runner(cases_tried).run(&cases(), |case| {
        run_in_virtual_time(async {
            let host = Host::on(&Arc::default());
            let run = host.start(&case).await;
            let whole = host.answer(run).await;
            checked(&host.log(run).await, 0, &host.did(), "whole")?;
            for millis in 0..=whole.min(LONGEST) {
                add(&runs, 2);
                let host = Host::on(&Arc::default());
                let run = host.start(&case).await;
                host.work(run, millis).await;
                if let Ok(record) = host.engine.cancel(run).await {
                    add(
                        &cancelled,
                        usize::from(record.head.status == RunStatus::Cancelled),
                    );
                }
                let what = format!("cancelled after {millis} ms");
                checked(&host.log(run).await, 0, &host.did(), &what)?;

                let store = Arc::default();
                let host = Host::on(&store);
                let run = host.start(&case).await;
                host.work(run, millis).await;
                host.engine.shutdown(Duration::ZERO).await;
                let before = host.did();
                let cut = store_len(&store, run).await;
                let next = Host::on(&store);
                next.engine.recover().await.unwrap();
                next.answer(run).await;
                let log = next.log(run).await;
                add(&resumed, usize::from(log.len() > cut));
                let what = format!("shut down after {millis} ms, with {cut} events");
                let did = next.did();
                checked(&log, cut, &did, &what)?;
                for (path, texts) in &did.sent {
                    let earlier = before.sent.get(path).and_then(|texts| texts.first());
                    if earlier.is_some_and(|text| *text != texts[0]) {
                        return Err(TestCaseError::fail(format!(
                            "{what}: {path} sends {texts:?}"
                        )));
                    }
                }
            }
            Ok(())
        })
    });
    println!(
        "{} runs, {} cancelled, {} continued after a shutdown",
        runs.get(),
        cancelled.get(),
        resumed.get()
    );
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(cancelled.get() > 0 && resumed.get() > 0);
}

async fn store_len(store: &MemoryStore, run: RunId) -> usize {
    use workflow_core::store::RunLog;
    store.read(run, 0, 10_000).await.unwrap().len()
}
