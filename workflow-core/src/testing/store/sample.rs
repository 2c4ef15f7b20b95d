//! Workflows, runs and events to store.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Value, json};

use crate::{
    error::Problem,
    event::{
        Continued, EventKind, LOG_FORMAT, NodeAdmitted, NodeCancelled, NodeCompleted, NodeFailed,
        NodeOutline, NodeProgress, NodeQueued, NodeResumed, NodeRetrying, NodeSkipped, NodeStarted,
        NodeWaiting, PinnedWorkflow, Progress, Report, ReusedFrom, ReusedStep, RunCancelled,
        RunCompleted, RunCreated, RunFailed, RunFailing, RunResumed, RunStarted, RunSuspended,
        SkipReason, StartReason, StartedPlan, StepEvent, TableEntry, TakenOutput, TakenResult,
        TakenStep, WaitKind, WaitingCall,
    },
    record::{RunHead, RunKey, RunRecord, WorkflowRecord, WorkflowRef},
    store::{Append, Store, StoreError},
    value::{
        Amount, Budget, Cost, NodeId, RunId, StepKey, StepPath, StepRef, Timestamp, Usage, Usd,
        WaitId, WhenExceeded,
    },
};

/// A workflow of this name.
pub(super) fn workflow(name: &str) -> WorkflowRecord {
    let spec = json!({"name": name, "nodes": [{"id": "a", "type": "PromptNode", "data": {"template": name}}]});
    WorkflowRecord::new(Some(name.to_owned()), Arc::new(spec))
}

/// A workflow of this name that is stored.
pub(super) async fn stored_workflow(store: &dyn Store, name: &str) -> WorkflowRecord {
    let record = workflow(name);
    store.create_workflow(record.clone()).await.unwrap();
    record
}

/// A run as its writer knows it.
pub(in crate::testing) struct SampleRun {
    pub(super) record: RunRecord,
    pub(super) log: Vec<StepEvent>,
}

impl SampleRun {
    /// A run of this workflow with this input, not stored yet.
    pub(super) fn of(workflow: &WorkflowRecord, input: Value) -> Self {
        let created = EventKind::RunCreated(Box::new(created(workflow, input)));
        let first = StepEvent::new(1, RunId::new(), Timestamp::now(), created);
        Self {
            record: RunRecord::new(WorkflowRef::from(workflow), &first),
            log: vec![first],
        }
    }

    /// A run that is stored.
    pub(in crate::testing) async fn stored(store: &dyn Store) -> Self {
        Self::stored_of(store, &workflow("sample"), json!("input")).await
    }

    /// A run of this workflow that is stored.
    pub(super) async fn stored_of(
        store: &dyn Store,
        workflow: &WorkflowRecord,
        input: Value,
    ) -> Self {
        let run = Self::of(workflow, input);
        run.create(store, None).await.unwrap();
        run
    }

    pub(in crate::testing) fn id(&self) -> RunId {
        self.record.id
    }

    pub(super) fn last_seq(&self) -> u64 {
        self.record.head.last_seq
    }

    /// Stores the run with its first event.
    pub(super) async fn create(
        &self,
        store: &dyn Store,
        key: Option<RunKey>,
    ) -> Result<(), StoreError> {
        let first = &self.log[..1];
        store.create_run(self.record.clone(), first, key).await
    }

    /// The events that tell this next, and the head they make.
    pub(super) fn next(
        &self,
        kinds: impl IntoIterator<Item = EventKind>,
    ) -> (Vec<StepEvent>, RunHead) {
        let mut head = self.record.head.clone();
        let events = (self.last_seq() + 1..).zip(kinds).map(|(seq, kind)| {
            let event = StepEvent::new(seq, self.id(), Timestamp::now(), kind);
            head.apply(&event);
            event
        });
        (events.collect(), head)
    }

    /// Stores what happened next.
    pub(in crate::testing) async fn append(
        &mut self,
        store: &dyn Store,
        kinds: impl IntoIterator<Item = EventKind>,
    ) {
        let (events, head) = self.next(kinds);
        let after = self.last_seq();
        store
            .append(self.id(), Append::new(after, &events, &head))
            .await
            .unwrap();
        self.log.extend(events);
        self.record.head = head;
    }

    /// Takes over what the store says of the run.
    pub(super) async fn catch_up(&mut self, store: &dyn Store) {
        self.record = store.run(self.id()).await.unwrap().unwrap();
        self.log = log(store, self.id()).await;
    }

    /// The store has this run, this log, and nothing else of it.
    pub(super) async fn assert_stored(&self, store: &dyn Store) {
        let record = store.run(self.id()).await.unwrap();
        assert!(
            record.as_ref() == Some(&self.record),
            "{record:?} is stored, not {:?}",
            self.record
        );
        let log = log(store, self.id()).await;
        assert_eq!(numbers(&log), numbers(&self.log));
        assert!(log == self.log, "the events are others");
    }
}

/// The whole log of a run, which large events make a store give in parts.
pub(super) async fn log(store: &dyn Store, run: RunId) -> Vec<StepEvent> {
    let mut log: Vec<StepEvent> = Vec::new();
    loop {
        let after = log.last().map_or(0, |last| last.seq);
        let part = store.read(run, after, usize::MAX).await.unwrap();
        if part.is_empty() {
            return log;
        }
        log.extend(part);
    }
}

/// The numbers of events.
pub(super) fn numbers(events: &[StepEvent]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

fn created(workflow: &WorkflowRecord, input: Value) -> RunCreated {
    RunCreated {
        workflow_id: Some(workflow.id),
        version: Some(workflow.version),
        spec_hash: "4f2a".into(),
        input: Arc::new(input),
        metadata: Some(Arc::new(json!({"ticket": 7}))),
        url: Some("https://example.com/#/runs/7".into()),
        nodes: [outline("a")].into(),
        on_failure: [outline("notify")].into(),
        retry_of: None,
        reused: vec![ReusedStep::new(
            node("a"),
            Arc::new(json!("reused")),
            Some(key()),
            Some(&report()),
        )],
        continues: Some(Continued {
            results: 1,
            left_out: 2,
        }),
        table: vec![TableEntry {
            key: key(),
            run: RunId::new(),
            path: StepPath::from("each/1/a"),
            origin: Some(StepPath::from("a")),
            output: Arc::new(json!("earlier")),
            report: Some(Box::new(report())),
        }],
        overrides: [(StepPath::from("a"), Arc::new(json!("set")))].into(),
        from: Some(node("a")),
        only: Some(StepPath::from("a")),
        taken: vec![
            TakenStep {
                path: StepPath::from("b"),
                result: TakenResult::Completed(TakenOutput {
                    output: Arc::new(json!("taken")),
                    report: Some(Box::new(report())),
                }),
            },
            TakenStep {
                path: StepPath::from("c"),
                result: TakenResult::Failed {
                    error: problem(),
                    output: Some(Arc::new(Value::Null)),
                },
            },
            TakenStep {
                path: StepPath::from("d"),
                result: TakenResult::Skipped {
                    reason: SkipReason::WhenFalse,
                },
            },
        ],
        budget: Some(Budget::calls(7).with_when_exceeded(WhenExceeded::Ask)),
        workflow_budget: Some(Budget::tokens(8)),
        log_format: LOG_FORMAT,
        workflows: [PinnedWorkflow {
            workflow: "called".into(),
            workflow_id: Some(workflow.id),
            version: Some(1),
            spec_hash: "77".into(),
            nodes: [outline("b")].into(),
            budget: Some(Budget::usd(Usd::from_nano(9))),
        }]
        .into(),
    }
}

fn key() -> StepKey {
    StepKey::builder("Sample", 1).build()
}

fn outline(id: &str) -> NodeOutline {
    NodeOutline {
        id: node(id),
        kind: "PromptNode".into(),
        name: Some("A step".into()),
        needs: vec![node("before")],
        case: Some("before.refund".into()),
        stops: true,
        workflow: None,
        nodes: Vec::new(),
    }
}

fn node(id: &str) -> NodeId {
    NodeId::parse(id).unwrap()
}

fn step() -> StepRef {
    StepRef::within(&StepPath::from("each/2"), node("a"))
}

fn problem() -> Arc<Problem> {
    Arc::new(Problem::new(
        "model_overloaded",
        "the model answered 503: \"later\"",
    ))
}

fn call() -> WaitingCall {
    WaitingCall {
        tool: "refund".into(),
        args: Arc::new(json!({"number": "7"})),
        input: Arc::new(json!({"type": "object"})),
    }
}

fn report() -> Report {
    Report {
        cost: Some(Cost::at_least(Usd::from_nano(1_250_001))),
        calls: Some(2),
        usage_final: true,
        booked: Some(Amount::calls(2).with_usd(Usd::from_nano(7))),
        bound_exceeded: true,
        request: Some(Arc::new(json!({"prompt": "as sent"}))),
        usage: Usage::new(u64::MAX, 3),
        model: Some("a-model".into()),
        finish_reason: Some("STOP".into()),
        truncated: true,
        metadata: Some(Arc::new(json!({"citations": []}))),
        debug: Some(Arc::new(json!({"request": "as sent"}))),
        queued_ms: Some(5_300),
        first_delta_ms: Some(u64::MAX),
        state: Some(Arc::new(json!({"signature": "as received"}))),
        rounds: Some(3),
        turns: Some(4),
        exhausted: true,
        overridden: false,
        reused_from: Some(Box::new(ReusedFrom {
            run: RunId::new(),
            path: StepPath::from("each/1/a"),
            entry: 3,
            key: key(),
            saved_usage: Usage::new(1, 2),
            saved_cost: Some(Cost::exact(Usd::from_nano(1))),
        })),
        reused: true,
    }
}

/// The run has begun.
pub(super) fn started() -> EventKind {
    EventKind::RunStarted(RunStarted::default())
}

/// The run rests.
pub(super) fn suspended() -> EventKind {
    EventKind::RunSuspended(RunSuspended {
        reason: "waiting".into(),
        wake_at: Some(Timestamp::now()),
        awaiting_answers: 2,
    })
}

/// A step is done.
pub(super) fn completed(output: Value) -> EventKind {
    EventKind::NodeCompleted(NodeCompleted {
        step: step(),
        attempt: 1,
        output: Arc::new(output),
        duration_ms: 12,
        report: None,
    })
}

/// The run is done.
pub(super) fn done(output: Value) -> EventKind {
    EventKind::RunCompleted(Box::new(RunCompleted {
        output: Arc::new(output),
        usage: Usage::new(10, 1),
        cost: Some(Cost::exact(Usd::from_nano(5))),
        duration_ms: 40,
    }))
}

/// The run failed.
pub(super) fn failed() -> EventKind {
    EventKind::RunFailed(Box::new(RunFailed {
        error: problem(),
        step: Some(step()),
        usage: Usage::default(),
        cost: None,
        duration_ms: 41,
        on_failure_error: Some(problem()),
    }))
}

/// The run was cancelled.
pub(super) fn cancelled() -> EventKind {
    EventKind::RunCancelled(Box::new(RunCancelled {
        reason: Cow::Borrowed("user"),
        usage: Usage::default(),
        cost: Some(Cost::at_least(Usd::ZERO)),
        duration_ms: 42,
    }))
}

/// A step is done, so many times.
pub(in crate::testing) fn steps(how_many: usize) -> Vec<EventKind> {
    (0..how_many).map(|n| completed(json!(n))).collect()
}

/// An event of every kind that can follow `run.created`.
pub(super) fn every_kind() -> Vec<EventKind> {
    let first = EventKind::RunStarted(RunStarted {
        deadline: Some(Timestamp::now()),
    });
    std::iter::successors(Some(first), following).collect()
}

/// One kind after the other: there is none that the compiler lets this forget.
fn following(kind: &EventKind) -> Option<EventKind> {
    Some(match kind {
        EventKind::RunCreated(_) => started(),
        EventKind::RunStarted(_) => EventKind::NodeStarted(NodeStarted {
            step: step(),
            attempt: 2,
            max_attempts: u32::MAX,
            reason: Some(StartReason::Recovered),
            deadline: Some(Timestamp::now()),
            plan: Some(Box::new(StartedPlan {
                key: Some(key()),
                reserved: Some(Amount::calls(1).with_tokens(u64::MAX)),
            })),
        }),
        EventKind::NodeStarted(_) => EventKind::NodeQueued(NodeQueued {
            step: step(),
            attempt: 2,
            queue: "a-model".into(),
            position: 12,
        }),
        EventKind::NodeQueued(_) => EventKind::NodeAdmitted(NodeAdmitted {
            step: step(),
            attempt: 2,
            queued_ms: 5_300,
        }),
        EventKind::NodeAdmitted(_) => EventKind::NodeProgress(NodeProgress {
            step: step(),
            progress: Progress::Items {
                items_done: 1,
                items: 10_000,
                item: Some(0),
            },
        }),
        EventKind::NodeProgress(_) => EventKind::NodeRetrying(Box::new(NodeRetrying {
            step: step(),
            attempt: 1,
            max_attempts: 5,
            next_in_ms: 999,
            error: problem(),
            waits_for: Some("retry_budget".into()),
            report: Some(Box::new(report())),
        })),
        EventKind::NodeRetrying(_) => EventKind::NodeWaiting(Box::new(NodeWaiting {
            step: step(),
            wait_id: WaitId::of_event(6),
            kind: Some(WaitKind::Effect),
            request: Some(Arc::new(json!({"url": "https://example.com"}))),
            budget_of: Some(StepPath::from("each/2/call")),
            call: Some(Box::new(call())),
            key: Some(key()),
            message: Some("Well?".into()),
            schema: Some(Arc::new(json!({"type": "string"}))),
            expires_at: Some(Timestamp::now()),
            resumes_at: None,
        })),
        EventKind::NodeWaiting(_) => EventKind::NodeResumed(NodeResumed {
            step: step(),
            wait_id: WaitId::of_event(6),
            payload: Some(Arc::new(Value::Null)),
        }),
        EventKind::NodeResumed(_) => EventKind::NodeCompleted(NodeCompleted {
            step: step(),
            attempt: 3,
            output: Arc::new(Value::Null),
            duration_ms: u64::MAX,
            report: Some(Box::new(report())),
        }),
        EventKind::NodeCompleted(_) => EventKind::NodeFailed(Box::new(NodeFailed {
            step: step(),
            attempt: 0,
            error: problem(),
            handled: true,
            output: Some(Arc::new(Value::Null)),
            duration_ms: 0,
            report: Some(Box::new(report())),
        })),
        EventKind::NodeFailed(_) => EventKind::NodeSkipped(NodeSkipped {
            step: step(),
            reason: SkipReason::WhenFalse,
        }),
        EventKind::NodeSkipped(_) => EventKind::NodeCancelled(NodeCancelled {
            step: step(),
            reason: "run_cancelled".into(),
        }),
        EventKind::NodeCancelled(_) => suspended(),
        EventKind::RunSuspended(_) => EventKind::RunResumed(RunResumed {
            reason: "timer".into(),
        }),
        EventKind::RunResumed(_) => EventKind::RunFailing(Box::new(RunFailing {
            error: problem(),
            step: Some(step()),
            deadline: Timestamp::now(),
        })),
        EventKind::RunFailing(_) => done(json!({"result": [1, 2]})),
        EventKind::RunCompleted(_) => failed(),
        EventKind::RunFailed(_) => cancelled(),
        EventKind::RunCancelled(_) => return None,
    })
}
