//! Recorded runs as tests: a workflow runs with the answers of a recording, so nothing is called and nothing is paid.

mod agent;
mod difference;
mod expected;
mod missing;
mod node;
mod recording;
mod tape;
mod tested;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use futures::StreamExt;
use serde_json::Value;

use self::{agent::RecordedAgent, node::RecordedNode, tape::Tape};
pub use self::{
    expected::{Expected, TestFault},
    missing::NotRecorded,
    recording::{Recording, RecordingError},
    tested::TestedRun,
};
use crate::{
    engine::{EngineError, LocalEngine, Retry, Runs, Workflows},
    error::{Fault, FaultCode},
    event::{EventKind, NodeWaiting, RunCancelled, StepEvent, Update},
    node::Registry,
    record::{RunRecord, WorkflowRecord, WorkflowRef},
    store::{MemoryStore, RunLog},
    value::{RunId, StepKey, StepPath, lock},
};

/// Runs a workflow with the answers of a recording.
///
/// The input is that of the recorded run, unless [`with_input`](Self::with_input) sets another. A step is answered if it does what a recorded
/// step did: both have the same [key](crate::value::StepKey), and each recorded step answers once, preferably the step of the same path. All its
/// attempts are given, with failures, so that retries and `on_error` are tested, too; time is that of the recording, so run it
/// [in virtual time](super::run_in_virtual_time). Answers of persons are given again.
///
/// Steps without a key run if their type [has no side effects](crate::node::NodeType::with_no_side_effects); others are answered by path. Every
/// step that is not recorded fails with `not_recorded`, and is listed in [`TestedRun::not_recorded`] with the difference between the recorded and
/// the rendered request. Nothing is ever called.
///
/// ```
/// use serde_json::json;
/// use workflow_core::{
///     EngineError, Registry,
///     testing::{
///         Expected, RecordedTest, Recording, Script, ScriptedAttempt, TestEngine, run_in_virtual_time,
///     },
/// };
///
/// // A type that calls a paid service; here it is scripted.
/// fn registry() -> Registry {
///     let mut registry = Registry::default();
///     Script::new([ScriptedAttempt::output("Good morning")]).register(&mut registry, "LLMNode");
///     registry
/// }
///
/// let workflow = json!({"nodes": [
///     {"id": "greet", "type": "LLMNode", "data": {}},
///     {"id": "shout", "type": "TransformNode", "data": {"value": "{{ greet.output | upper }}"}},
/// ]});
/// run_in_virtual_time(async {
///     let events = TestEngine::new(registry).run(&workflow, json!("Ada")).await?;
///     let recording = Recording::of_events(events)?;
///
///     let mut expected = Expected::default();
///     expected.output = Some(json!("GOOD MORNING"));
///     let run = RecordedTest::new(registry(), workflow, recording).run().await?;
///     assert_eq!(expected.faults(&run), []);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct RecordedTest {
    registry: Registry,
    spec: Value,
    called: Vec<Value>,
    recording: Recording,
    input: Option<Value>,
    overrides: BTreeMap<StepPath, Value>,
}

impl RecordedTest {
    /// A test of a workflow. The node types of the registry are not called, except those without side effects and without a key.
    pub fn new(registry: Registry, spec: Value, recording: Recording) -> Self {
        let overrides = recording.created().overrides.iter();
        let overrides = overrides.map(|(path, output)| (path.clone(), Value::clone(output)));
        Self {
            overrides: overrides.collect(),
            registry,
            spec,
            called: Vec::new(),
            recording,
            input: None,
        }
    }

    /// Adds a workflow that is called by its name. Each may call those that were added before.
    pub fn with_called(mut self, spec: Value) -> Self {
        self.called.push(spec);
        self
    }

    /// Sets another input than that of the recorded run.
    pub fn with_input(mut self, input: Value) -> Self {
        self.input = Some(input);
        self
    }

    /// Sets the output of a step, which then does not run. Those of the recorded run are set, too, unless they are replaced here.
    pub fn with_override(mut self, path: impl Into<StepPath>, output: Value) -> Self {
        self.overrides.insert(path.into(), output);
        self
    }

    /// Runs the workflow to its end. A run that fails is not an error.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if a workflow has faults; [`EngineError::InvalidInput`]; [`EngineError::InvalidRetry`] if an override does not fit,
    /// or the recording is of another workflow (no node of it is in the workflow).
    pub async fn run(self) -> Result<TestedRun, EngineError> {
        self.check_workflow()?;
        let tape = Arc::new(Mutex::new(Tape::of(self.recording.events())));
        let store = Arc::new(MemoryStore::new());
        let [of_nodes, of_agents] = [Arc::clone(&tape), Arc::clone(&tape)];
        let registry = self.registry.wrapped(
            move |node, _, is_pure| {
                let tape = Arc::clone(&of_nodes);
                Box::new(RecordedNode {
                    node,
                    is_pure,
                    tape,
                })
            },
            move |agent| {
                let tape = Arc::clone(&of_agents);
                Arc::new(RecordedAgent { agent, tape })
            },
        );
        let engine = LocalEngine::builder(registry)
            .with_store(Arc::<MemoryStore>::clone(&store))
            .build();
        for spec in self.called {
            engine.create_workflow(spec).await?;
        }
        let workflow = engine.create_workflow(self.spec).await?.record;
        put(&store, &workflow, &self.recording).await?;
        let mut retry = Retry::whole(self.recording.run());
        retry.input = self.input;
        retry.overrides = self.overrides;
        retry.only.clone_from(&self.recording.created().only);
        let run = engine.retry(retry).await?.id;
        let log = follow(&engine, run, &tape).await?;
        let not_recorded = lock(&tape).take_missing();
        Ok(TestedRun {
            report: engine.run_report(run).await?,
            cost: tested::cost(&log),
            log,
            not_recorded,
            is_cut: self.recording.is_cut(),
        })
    }

    /// Refuses a recording that has no node with the workflow in common: then it is probably the wrong file.
    fn check_workflow(&self) -> Result<(), EngineError> {
        let nodes = self.spec["nodes"].as_array();
        let has = |id: &str, kind: &str| {
            let mut nodes = nodes.into_iter().flatten();
            nodes.any(|node| node["id"] == id && node["type"] == kind)
        };
        let mut recorded = self.recording.created().nodes.iter();
        if recorded.any(|node| has(node.id.as_str(), &node.kind)) {
            return Ok(());
        }
        let detail =
            "the recording is of another workflow: they have no node with the same id and type";
        let fault = Fault::new(FaultCode::NotApplicable, "#/run", detail);
        Err(EngineError::InvalidRetry(vec![fault]))
    }
}

impl fmt::Debug for RecordedTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedTest")
            .field("run", &self.recording.run())
            .finish_non_exhaustive()
    }
}

/// Stores the recorded run as an ended one of this workflow, so that the test is a re-run of it.
async fn put(
    store: &MemoryStore,
    workflow: &WorkflowRecord,
    recording: &Recording,
) -> Result<(), EngineError> {
    let mut events = recording.events().to_vec();
    if let Some(last) = events.last().filter(|last| !last.is_terminal()) {
        let end = EventKind::RunCancelled(Box::new(RunCancelled {
            reason: "the recording ends here".into(),
            usage: crate::value::Usage::default(),
            cost: None,
            duration_ms: 0,
        }));
        events.push(StepEvent::new(last.seq + 1, last.run_id, last.time, end));
    }
    let Some((first, rest)) = events.split_first() else {
        return Ok(());
    };
    let mut record = RunRecord::new(WorkflowRef::from(workflow), first);
    for event in rest {
        record.head.apply(event);
    }
    Ok(store.create_run(record, &events, None).await?)
}

/// Follows the run to its end, and answers for persons. A step whose answer was not recorded cancels the run, which would wait for ever.
async fn follow(
    engine: &LocalEngine,
    run: RunId,
    tape: &Mutex<Tape>,
) -> Result<Vec<StepEvent>, EngineError> {
    let mut log: Vec<StepEvent> = Vec::new();
    let mut keys: BTreeMap<StepPath, StepKey> = BTreeMap::new();
    let mut updates = engine.events(run, 0).await?;
    while let Some(update) = updates.next().await {
        let Update::Event(event) = update else {
            continue;
        };
        if let EventKind::NodeStarted(started) = &event.kind
            && let Some(key) = started.plan.as_ref().and_then(|plan| plan.key)
        {
            keys.insert(started.step.path().clone(), key);
        }
        if let EventKind::NodeWaiting(waiting) = &event.kind
            && waiting.message.is_some()
        {
            let key = waiting.key.or(keys.get(waiting.step.path()).copied());
            answer(engine, run, waiting, key, tape).await?;
        }
        log.push(event);
    }
    Ok(log)
}

async fn answer(
    engine: &LocalEngine,
    run: RunId,
    waiting: &NodeWaiting,
    key: Option<StepKey>,
    tape: &Mutex<Tape>,
) -> Result<(), EngineError> {
    let message = waiting.message.as_deref().map(Value::from);
    let recorded = lock(tape).answer(&waiting.step, key, message.as_ref());
    match recorded {
        Ok(Some(payload)) => {
            let payload = Value::clone(&payload);
            engine.answer(run, waiting.wait_id, payload).await?;
        }
        // It expires, as it did then.
        Ok(None) => {}
        Err(_) => _ = engine.cancel(run).await?,
    }
    Ok(())
}
