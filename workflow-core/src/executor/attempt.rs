//! One attempt of a leaf node. Time-outs, panics and oversized outputs become errors of the attempt.
//!
//! An attempt has three ways to end: its node returns, its time is up, or it is dropped by the driver. In the last
//! case there is no input for the machine: the run ended, or the machine itself has stopped the step.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::FutureExt;
use serde_json::Value;
use tokio::time::Sleep;

use super::turn;
use crate::{
    error::{NodeError, panic_message},
    machine::{Assignment, FrameBody, Input, Machine, StepId},
    node::{AttemptRef, NodeContext, Plan, RunContext, agent::TurnRequest},
    value::{Amount, size},
    workflow::NodeKind,
};

/// The attempt of a step that the machine has decided. `None` if the step has gone since. The context is built here, since it
/// needs parts of both the machine and the host of the run.
pub(super) fn of(
    machine: &Machine,
    context: &Arc<RunContext>,
    step: StepId,
    attempt: u32,
    mut plan: Plan,
    reserved: Option<Amount>,
) -> Option<impl Future<Output = Option<Input>> + Send + use<>> {
    let Assignment {
        body,
        node,
        step: name,
        scope,
        input,
        failures,
        turn,
    } = machine.assignment(step)?;
    let attempt = AttemptRef {
        step: name,
        key: step.to_key(),
        attempt,
        failures,
    };
    let cx = NodeContext::new(Arc::clone(context), scope, attempt, input)
        .with_plan(plan.take_prepared(), reserved)
        .with_deltas(!body.steps[node].instant);
    let output_bytes = machine.limits().output_bytes;
    Some(run(body, node, turn, cx, step, output_bytes))
}

/// Executes an attempt of a node in a body. `output_bytes` is the maximum size of its output as JSON.
///
/// `None` never results from here; the type is that of all tasks of a driver. The report is taken in each case, so
/// that the tokens of a failed attempt count.
#[expect(
    clippy::manual_async_fn,
    reason = "the future of an async function would hold each argument twice"
)]
fn run(
    body: Arc<FrameBody>,
    node: usize,
    turn: Option<Box<TurnRequest>>,
    cx: NodeContext,
    step: StepId,
    output_bytes: usize,
) -> impl Future<Output = Option<Input>> + Send {
    async move {
        let planned = &body.steps[node];
        let (timeout, cx_ref) = (planned.timeout, &cx);
        let (result, jitter_sample) = match (&planned.kind, &turn) {
            (NodeKind::Leaf(node), _) => {
                // In an async block, so that a panic of `run` itself, before it returns its future, is caught too.
                let work = async {
                    let output = node.run(cx_ref).await?;
                    size::check(&output, output_bytes).map(|()| output)
                };
                attempt(work, timeout, &cx).await
            }
            // Boxed, so that the future of other attempts is not larger because of it.
            (NodeKind::Turn(agent), Some(request)) => {
                let work = turn::make(&**agent, request, output_bytes, &cx);
                attempt(Box::pin(work), timeout, &cx).await
            }
            _ => (
                Err(NodeError::new("internal", "this node is not attempted")),
                0.0,
            ),
        };
        Some(Input::Done {
            step,
            result,
            report: cx.into_report(),
            jitter_sample,
        })
    }
}

/// A panic is caught, so that it fails its step and not the whole run. What the attempt shares with others after
/// that is its report and its notices, whose locks ignore poisoning.
///
/// The second value is a random number for the jitter of a retry. It is drawn here, since the machine has no random
/// numbers.
async fn attempt(
    work: impl Future<Output = Result<Value, NodeError>>,
    timeout: Option<Duration>,
    cx: &NodeContext,
) -> (Result<Value, NodeError>, f64) {
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let mut timer = None;
    // The work is polled before the timer, so that a result counts even if the time is up in the same poll. The timer is created at
    // the first poll that is pending: most attempts of short nodes need none.
    let outcome = poll_fn(|task| {
        if let Poll::Ready(done) = work.as_mut().poll(task) {
            return Poll::Ready(Ok(done));
        }
        cx.clock().start();
        match timeout {
            Some(limit) => poll_timeout(limit, cx, &mut timer, task).map(Err),
            None => Poll::Pending,
        }
    })
    .await;
    let result = match outcome {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(panicked(&*panic)),
        Err(timed_out) => Err(timed_out),
    };
    let jitter_sample = if result.is_err() {
        fastrand::f64()
    } else {
        0.0
    };
    (result, jitter_sample)
}

/// Ready with an error once the time of an attempt is up. Its time is stopped while it waits for admission.
///
/// `Poll::Pending` without a timer is correct while the attempt waits for admission: whatever ends the wait wakes
/// the task.
fn poll_timeout(
    limit: Duration,
    cx: &NodeContext,
    timer: &mut Option<Pin<Box<Sleep>>>,
    task: &mut Context<'_>,
) -> Poll<NodeError> {
    // The deadline moves only while the attempt is polled, since the guard of a wait borrows its context. So it is
    // enough to read it after each poll.
    let Some(deadline) = cx.clock().deadline(limit) else {
        return Poll::Pending;
    };
    let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
    if timer.deadline() != deadline {
        timer.as_mut().reset(deadline);
    }
    timer.as_mut().poll(task).map(|()| timed_out(limit))
}

/// Retryable: another attempt may be faster. `limit` is the working time, without waits for admission.
fn timed_out(limit: Duration) -> NodeError {
    NodeError::new("timeout", format!("the attempt took longer than {limit:?}")).with_retry()
}

/// Not retryable: the same input would most likely panic again.
fn panicked(panic: &(dyn Any + Send)) -> NodeError {
    let detail = format!("the node panicked: {}", panic_message(panic));
    NodeError::new("panicked", detail)
}
