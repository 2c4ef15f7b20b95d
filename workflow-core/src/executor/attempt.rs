//! One attempt at one step: time-out, panic and oversized output become errors of the step.

use std::{any::Any, io, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use serde_json::Value;

use crate::{error::NodeError, machine::Input, node::NodeContext, workflow::Workflow};

/// The most bytes a node's output may have as JSON.
pub const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

pub(super) async fn run(workflow: Arc<Workflow>, cx: NodeContext, step: usize) -> Input {
    let planned = &workflow.steps()[step];
    let work = AssertUnwindSafe(planned.node.run(&cx)).catch_unwind();
    let outcome = match planned.timeout {
        None => Ok(work.await),
        Some(limit) => tokio::time::timeout(limit, work)
            .await
            .map_err(|_| timed_out(limit)),
    };
    let result = match outcome {
        Ok(Ok(result)) => result.and_then(check_size),
        Ok(Err(panic)) => Err(panicked(&*panic)),
        Err(timed_out) => Err(timed_out),
    };
    let draw = if result.is_err() {
        fastrand::f64()
    } else {
        0.0
    };
    Input::Done {
        step,
        result,
        report: cx.take_report(),
        draw,
    }
}

fn timed_out(limit: Duration) -> NodeError {
    NodeError::new("timeout", format!("the attempt took longer than {limit:?}")).retryable()
}

fn panicked(panic: &(dyn Any + Send)) -> NodeError {
    let said = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref().cloned());
    NodeError::new(
        "panicked",
        format!(
            "the node panicked: {}",
            said.as_deref().unwrap_or("no message")
        ),
    )
}

fn check_size(output: Value) -> Result<Value, NodeError> {
    let mut size = Size(0);
    if !matches!(output, Value::Null | Value::Bool(_) | Value::Number(_))
        && serde_json::to_writer(&mut size, &output).is_err()
    {
        let detail = format!("the output has more than {MAX_OUTPUT_BYTES} bytes");
        return Err(NodeError::new("output_too_large", detail));
    }
    Ok(output)
}

/// Counts bytes, up to the most that are allowed.
struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        if self.0 > MAX_OUTPUT_BYTES {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            Ok(bytes.len())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
