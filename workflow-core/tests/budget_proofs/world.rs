//! The world of a run: nodes that use a part of their bound, and a person who answers questions.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_core::{
    EventKind, Executor, Node, NodeContext, NodeError, Plan, PlanContext, Registry, Run, StepEvent,
    Update, Workflow,
    value::{Amount, Cost, Usage, Usd},
    workflow::Library,
};

use crate::tree::{Case, Limits};

/// What the attempts of a log have used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    pub calls: u64,
    pub tokens: u64,
    pub nano: u64,
}

/// Draws a number below `below` that depends on the attempt only.
fn draw(path: &str, attempt: u32, what: &str, below: u64) -> u64 {
    let mut hash = DefaultHasher::new();
    (path, attempt, what).hash(&mut hash);
    hash.finish() % below
}

/// What an attempt uses of its bound.
fn used(path: &str, attempt: u32, bound: u64) -> Used {
    let part = |what, most: u64| match draw(path, attempt, "all", 3) {
        0 => most,
        _ => draw(path, attempt, what, most + 1),
    };
    Used {
        calls: part("calls", bound),
        tokens: part("tokens", bound * 10),
        nano: part("nano", bound * 100),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Paid {
    bound: Option<u64>,
    millis: u64,
    failures: u64,
}

#[async_trait]
impl Node for Paid {
    fn plan(&self, _: &PlanContext<'_>) -> Result<Plan, NodeError> {
        let plan = Plan::opaque();
        Ok(match self.bound {
            Some(bound) => plan.with_bound(amount(bound, bound * 10, bound * 100)),
            None => plan,
        })
    }

    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let (path, attempt) = (cx.step().path().as_str().to_owned(), cx.attempt());
        let draw = |what, below| draw(&path, attempt, what, below);
        tokio::time::sleep(Duration::from_millis(draw("millis", self.millis + 1))).await;
        let Used {
            calls,
            tokens,
            nano,
        } = used(&path, attempt, self.bound.unwrap_or_default());
        // Some report nothing, some a part, and some say that they have reported all.
        match draw("reports", 4) {
            0 => {}
            1 => cx.record_calls(calls),
            _ => {
                cx.record_calls(calls);
                cx.record_usage(Usage::new(tokens / 2, tokens - tokens / 2));
                cx.record_cost(Cost::exact(Usd::from_nano(nano)));
                if draw("final", 2) == 0 {
                    cx.record_usage_final();
                }
            }
        }
        if draw("fails", 10) < self.failures {
            return Err(NodeError::new("busy", "the service is busy").with_retry());
        }
        Ok(json!(path))
    }
}

fn amount(calls: u64, tokens: u64, nano: u64) -> Amount {
    Amount::calls(calls)
        .with_tokens(tokens)
        .with_usd(Usd::from_nano(nano))
}

/// A workflow that is built once, and run again and again.
pub struct Host {
    workflow: Arc<Workflow>,
    executor: Executor,
    generosity: usize,
}

impl Host {
    pub fn new(case: &Case, slots: usize) -> Self {
        let mut registry = Registry::default();
        registry.register::<Paid>("Paid");
        let (spec, called) = case.specs();
        let mut library = Library::new();
        for (name, spec, _) in called {
            let workflow = Workflow::with_library(&spec, &registry, &library);
            let workflow = workflow.unwrap_or_else(|invalid| panic!("{invalid}\n{spec}"));
            library.insert(&name, Arc::new(workflow));
        }
        let workflow = Workflow::with_library(&spec, &registry, &library);
        Self {
            workflow: Arc::new(workflow.unwrap_or_else(|invalid| panic!("{invalid}\n{spec}"))),
            executor: Executor::new().with_concurrent_steps(slots),
            generosity: case.generosity,
        }
    }

    pub fn run(&self) -> Vec<StepEvent> {
        let workflow = Arc::clone(&self.workflow);
        let log = to_rest(|| self.executor.run(workflow, json!(null)));
        self.answered(log)
    }

    /// The whole log of a run whose host was lost after `prefix`.
    pub fn resume(&self, prefix: &[StepEvent]) -> Vec<StepEvent> {
        let rest = to_rest(|| {
            let resumed = self.executor.resume(Arc::clone(&self.workflow), prefix);
            resumed.unwrap_or_else(|refused| panic!("a prefix is refused: {refused:?}"))
        });
        self.answered([prefix, &rest].concat())
    }

    /// Answers the questions of a run until it has ended.
    fn answered(&self, mut log: Vec<StepEvent>) -> Vec<StepEvent> {
        for _ in 0..200 {
            let Some(wait) = open_wait(&log) else {
                return log;
            };
            let asked = log
                .iter()
                .filter(|it| it.kind.name() == "node.waiting")
                .count();
            let answer = if asked <= self.generosity {
                json!({"action": "raise", "by": {"calls": 1 + asked as u64}})
            } else {
                json!({"action": "stop"})
            };
            let rest = to_rest(|| {
                let run = self
                    .executor
                    .signal(Arc::clone(&self.workflow), &log, wait, answer);
                run.unwrap_or_else(|refused| panic!("the answer is refused: {refused:?}"))
            });
            log.extend(rest);
        }
        log
    }
}

fn open_wait(log: &[StepEvent]) -> Option<workflow_core::value::WaitId> {
    let mut open = BTreeMap::new();
    for event in log {
        let path = event.step().map(|step| step.path().as_str());
        match &event.kind {
            EventKind::NodeWaiting(waiting) => _ = open.insert(path, waiting.wait_id),
            EventKind::NodeResumed(_) | EventKind::NodeFailed(_) | EventKind::NodeCancelled(_) => {
                open.remove(&path);
            }
            _ => {}
        }
    }
    let last = log.last().is_some_and(StepEvent::is_terminal);
    open.into_values().next().filter(|_| !last)
}

/// Much longer than any run takes. In virtual time, a run that stands still gets there at once.
const STANDS_STILL: Duration = Duration::from_secs(30_000_000);

fn to_rest(run: impl FnOnce() -> Run) -> Vec<StepEvent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut events = Vec::new();
    let ended = runtime.block_on(async {
        let mut run = run();
        tokio::time::timeout(STANDS_STILL, async {
            while let Some(update) = run.next().await {
                if let Update::Event(event) = update {
                    events.push(event);
                }
            }
        })
        .await
    });
    assert!(
        ended.is_ok(),
        "the run stands still:\n{}",
        crate::shown(&events)
    );
    events
}

/// What the attempts within a step have used; within the whole run for "".
pub fn used_in(log: &[StepEvent], within: &str) -> Used {
    let mut sum = Used::default();
    for event in log {
        let EventKind::NodeStarted(started) = &event.kind else {
            continue;
        };
        let path = started.step.path().as_str();
        let is_within = within.is_empty() || path.starts_with(&format!("{within}/"));
        let reserved = started.plan.as_ref().and_then(|plan| plan.reserved);
        if let Some(reserved) = reserved.filter(|_| is_within) {
            let used = used(path, started.attempt, reserved.calls);
            sum.calls += used.calls;
            sum.tokens += used.tokens;
            sum.nano += used.nano;
        }
    }
    sum
}

/// By how many calls persons have raised each budget, by the path of the calling step.
pub fn raised_in(log: &[StepEvent]) -> HashMap<String, u64> {
    let mut asked = HashMap::new();
    let mut raised = HashMap::new();
    for event in log {
        match &event.kind {
            EventKind::NodeWaiting(waiting) => {
                let of = waiting
                    .budget_of
                    .as_ref()
                    .map(|path| path.as_str().to_owned());
                asked.insert(waiting.wait_id, of.unwrap_or_default());
            }
            EventKind::NodeResumed(resumed) => {
                let by = resumed
                    .payload
                    .as_ref()
                    .and_then(|it| it["by"]["calls"].as_u64());
                *raised.entry(asked[&resumed.wait_id].clone()).or_insert(0) += by.unwrap_or(0);
            }
            _ => {}
        }
    }
    raised
}

/// The calls of workflows with a budget, by their paths.
pub fn calls_in(log: &[StepEvent], case: &Case) -> Vec<(String, Limits)> {
    let (_, called) = case.specs();
    let budgets: HashMap<String, Limits> = (called.into_iter())
        .filter_map(|(name, _, budget)| Some((name.strip_prefix("called-")?.to_owned(), budget?)))
        .collect();
    let started = log.iter().filter_map(|event| match &event.kind {
        EventKind::NodeStarted(started) => {
            let budget = budgets.get(started.step.node().as_str())?;
            Some((started.step.path().as_str().to_owned(), *budget))
        }
        _ => None,
    });
    started.collect()
}
