//! Runs in virtual time, polled to their end, and the properties of their logs.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use futures::StreamExt;
use serde_json::Value;
use workflow_core::{
    EventKind, Executor, Run, StepEvent, Update, Workflow,
    executor::SignalError,
    value::{MAX_RESULT_BYTES, StepPath, WaitId},
};

/// Half of the stack of a worker thread of Tokio, as a margin.
const STACK: usize = 1024 * 1024;

/// Longer than any wait that a log or a workflow can ask for.
const AGES: Duration = Duration::from_secs(20_000 * 366 * 86_400);

/// The most events of a run.
pub const MAX_EVENTS: u64 = 600;

/// Calls a function on a small stack. A stack overflow ends the process before libFuzzer can write the input,
/// so the input is written to the file `$KEEP_LAST` before, if that is set.
pub fn on_small_stack(data: &[u8], work: impl FnOnce() + Send) {
    if let Some(file) = std::env::var_os("KEEP_LAST") {
        std::fs::write(file, data).expect("the input is kept");
    }
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        worker
            .expect("there is a thread")
            .join()
            .expect("it does not panic");
    });
}

/// Drives a future in virtual time.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("there is a runtime").block_on(future)
}

/// The executor of all targets.
pub fn executor() -> Executor {
    Executor::new().with_max_events(MAX_EVENTS)
}

/// Runs a workflow, answers its waits, and checks its log.
pub async fn run(workflow: &Arc<Workflow>, input: Value, answers: &[Value]) -> Vec<StepEvent> {
    let new = to_end(executor().run(Arc::clone(workflow), input)).await;
    check(&[], &new);
    answer_waits(workflow, new, answers).await
}

/// Answers the open waits of a run, until there is none or no answer is left.
pub async fn answer_waits(
    workflow: &Arc<Workflow>,
    mut log: Vec<StepEvent>,
    answers: &[Value],
) -> Vec<StepEvent> {
    for answer in answers {
        let Some(wait) = open_wait(&log) else { break };
        match executor().signal(Arc::clone(workflow), &log, wait, answer.clone()) {
            Ok(run) => {
                let new = to_end(run).await;
                check(&log, &new);
                log.extend(new);
            }
            Err(SignalError::Resume(error)) => panic!("its own log is refused: {error:?}"),
            Err(_) => {}
        }
    }
    check_replay(workflow, &log);
    log
}

/// Polls a run to its end.
pub async fn to_end(mut run: Run) -> Vec<StepEvent> {
    let mut events = Vec::new();
    while let Some(update) = tokio::time::timeout(AGES, run.next())
        .await
        .expect("the run makes progress")
    {
        if let Update::Event(event) = update {
            events.push(event);
        }
        // The events that end a run do not count towards the limit.
        assert!(
            events.len() < 4 * MAX_EVENTS as usize,
            "the run does not end"
        );
    }
    events
}

/// Checks that new events continue a log.
pub fn check(before: &[StepEvent], new: &[StepEvent]) {
    let all = || before.iter().chain(new);
    let last = all().last().expect("there is an event");
    let rests = last.is_terminal() || matches!(last.kind, EventKind::RunSuspended(_));
    assert!(rests, "it stops after {last:?}");
    let mut previous = before.last();
    for event in new {
        if let Some(previous) = previous {
            assert_eq!(event.seq, previous.seq + 1, "{event:?}");
            assert_eq!(event.run_id, previous.run_id, "{event:?}");
            assert!(event.time >= previous.time, "{event:?} after {previous:?}");
            assert!(!previous.is_terminal(), "{event:?} after the end");
        }
        check_event(event);
        previous = Some(event);
    }
}

fn check_event(event: &StepEvent) {
    let error = match &event.kind {
        EventKind::NodeFailed(failed) => Some(&failed.error),
        EventKind::NodeRetrying(retrying) => Some(&retrying.error),
        EventKind::RunFailed(failed) => Some(&failed.error),
        EventKind::NodeCompleted(completed) => {
            return assert!(completed.output.to_string().len() <= MAX_RESULT_BYTES + 20_000);
        }
        _ => None,
    };
    if let Some(error) = error {
        let unexpected = ["internal", "panicked"].contains(&&*error.code);
        assert!(!unexpected && !error.code.is_empty(), "{event:?}");
        assert!(
            error.detail.len() < 20_000,
            "an error of {} bytes: {:.2000}",
            error.detail.len(),
            error.detail
        );
    }
}

/// Checks that a log can be deserialized to the same events and replayed.
pub fn check_replay(workflow: &Arc<Workflow>, log: &[StepEvent]) {
    let text = serde_json::to_string(log).expect("a log is JSON");
    let read: Vec<StepEvent> = serde_json::from_str(&text).expect("a log is read back");
    assert_eq!(read, log);
    if let Err(error) = executor().resume(Arc::clone(workflow), log) {
        panic!("its own log is refused: {error:?}");
    }
}

fn open_wait(log: &[StepEvent]) -> Option<WaitId> {
    let mut open: BTreeMap<&StepPath, WaitId> = BTreeMap::new();
    for event in log {
        match &event.kind {
            EventKind::NodeWaiting(it) if it.message.is_some() => {
                _ = open.insert(it.step.path(), it.wait_id)
            }
            EventKind::NodeResumed(_) | EventKind::NodeFailed(_) | EventKind::NodeCancelled(_) => {
                event.step().map(|step| open.remove(step.path()));
            }
            _ => {}
        }
    }
    open.values().next().copied()
}
