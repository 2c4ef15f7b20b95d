//! The simple stream of `POST /api/workflows/{id}/run`: one frame per status change of a step, one at the end.
//!
//! Its frames have data only, without names and ids, and texts that a client shows as they are. It cannot be
//! resumed; the stream in [`events`](super::events) can. Its texts are part of the format: existing clients match
//! on the shape of the frames, so a change here is a change of the API.
//!
//! ```text
//! data: {"timestamp":"…","nodeId":"draft","status":"running","message":"Calling Gemini API (Attempt 1/5)...",…}
//!
//! data: {"timestamp":"…","nodeId":"draft","status":"success","message":"Completed in 1.25 s.","output":"…",…}
//!
//! data: {"type":"workflowStatus","status":"completed","message":"Workflow completed successfully."}
//! ```

mod frame;

use std::sync::Arc;

use axum::response::Response;
use workflow_core::{
    Engine, EventKind, RunId, StepEvent, Update,
    event::{
        NodeCancelled, NodeFailed, NodeQueued, NodeRetrying, NodeStarted, NodeWaiting, SkipReason,
        TOOL_CALL,
    },
    view::RunOutline,
};

pub(crate) use self::frame::Frame;
use self::frame::{EndFrame, EndStatus, StepFrame, StepStatus};
use crate::{
    app::App,
    problem::Problem,
    sse::{self, write_data},
};

/// The frames of a run, from its start.
///
/// There are no deltas, so a client sees the text of a step when it completes. The stream ends after the frame of
/// the end; if the run is suspended, it stays open until the run ends.
pub(crate) async fn follow(app: &App, run: RunId) -> Result<Response, Problem> {
    let permit = app.readers.permit(run)?;
    let updates = app.engine.events(run, 0).await?;
    let mut builder = FrameBuilder::new(Arc::clone(&app.engine));
    let write = move |update: &Update, chunk: &mut Vec<u8>| {
        let frame = builder.frame(update);
        frame.map_or(Ok(()), |frame| write_data(chunk, &frame))
    };
    let updates = permit.hold_during(updates);
    Ok(sse::response("", updates, write, &app.options))
}

/// Builds frames from events. The outline gives the type of each node; it comes with the first event.
struct FrameBuilder {
    engine: Arc<dyn Engine>,
    outline: RunOutline,
}

impl FrameBuilder {
    fn new(engine: Arc<dyn Engine>) -> Self {
        Self {
            engine,
            outline: RunOutline::default(),
        }
    }

    /// The frame of an update; `None` for deltas and for events that change no status. The log begins with
    /// `run.created`, so the outline is there before the first step.
    fn frame(&mut self, update: &Update) -> Option<Frame> {
        let Update::Event(event) = update else {
            return None;
        };
        if let EventKind::RunCreated(created) = &event.kind {
            self.outline = RunOutline::of(created);
        }
        let step = self.step_frame(event).map(Frame::Step);
        step.or_else(|| end_frame(&event.kind).map(Frame::End))
    }

    /// `NodeAdmitted`, `NodeProgress` and `NodeResumed` have no frame: the format has no status for them.
    fn step_frame(&self, event: &StepEvent) -> Option<StepFrame> {
        let step = event.step()?;
        let frame = |status, message| StepFrame::new(event.time, step, status, message);
        Some(match &event.kind {
            EventKind::NodeStarted(started) => frame(StepStatus::Running, self.started(started)),
            EventKind::NodeRetrying(it) => {
                frame(StepStatus::Retrying, retrying(it)).error(&it.error)
            }
            EventKind::NodeCompleted(it) => {
                frame(StepStatus::Success, completed(it.duration_ms)).output(&it.output)
            }
            EventKind::NodeQueued(it) => frame(StepStatus::Info, queued(it)),
            EventKind::NodeWaiting(it) => frame(StepStatus::Info, waiting(it)),
            EventKind::NodeFailed(it) => frame(StepStatus::Failure, failed(it)).error(&it.error),
            EventKind::NodeSkipped(it) => frame(StepStatus::Info, skipped(it.reason)),
            EventKind::NodeCancelled(it) => frame(StepStatus::Info, stopped(it)),
            _ => return None,
        })
    }

    /// "Calling Gemini API (Attempt 1/5)..."
    fn started(&self, started: &NodeStarted) -> String {
        let kind = self.outline.activity_of(started.step.path());
        let node_type = kind.and_then(|kind| self.engine.registry().get(kind));
        let activity = match (node_type, kind) {
            (Some(node_type), _) => node_type.activity(),
            (None, Some(kind)) if **kind == *TOOL_CALL => "Calling the tool",
            (None, _) => WORKING,
        };
        match (started.attempt, started.max_attempts) {
            (_, 1) => format!("{activity}..."),
            (attempt, attempts) => format!("{activity} (Attempt {attempt}/{attempts})..."),
        }
    }
}

/// The activity of a node whose type has no text for it, or is not registered any more.
const WORKING: &str = "Working";

fn completed(duration_ms: u64) -> String {
    format!("Completed in {}.", seconds(duration_ms))
}

/// The details of other systems often end with a full stop, which would be doubled.
fn retrying(it: &NodeRetrying) -> String {
    let (attempt, attempts, wait) = (it.attempt, it.max_attempts, seconds(it.next_in_ms));
    let why = it.error.detail.trim_end_matches('.');
    format!("Attempt {attempt}/{attempts} failed: {why}. Retrying in {wait}...")
}

fn queued(it: &NodeQueued) -> String {
    format!(
        "Waiting in line for {}, at position {}...",
        it.queue, it.position
    )
}

fn waiting(it: &NodeWaiting) -> String {
    match (&it.message, it.resumes_at) {
        (Some(message), _) => format!("Waiting for a person: {message}"),
        (None, Some(time)) => format!("Waiting until {time}."),
        (None, None) => "Waiting.".to_owned(),
    }
}

/// The number is left out after a single attempt. It is 0 if the condition of the step could not be evaluated.
fn failed(it: &NodeFailed) -> String {
    match it.attempt {
        0 | 1 => format!("Failed: {}", it.error.detail),
        attempts => format!("Failed after {attempts} attempts: {}", it.error.detail),
    }
}

fn skipped(reason: SkipReason) -> String {
    match reason {
        SkipReason::WhenFalse => "Skipped: its condition is false.",
        SkipReason::CaseNotChosen => "Skipped: the switch chose another case.",
        SkipReason::NeedsSkipped => "Skipped: all steps that it needs were skipped.",
        SkipReason::NotSelected => "Skipped: the run is limited to another step.",
        _ => "Skipped.",
    }
    .to_owned()
}

/// The reason is an identifier, such as `run_failed`.
fn stopped(it: &NodeCancelled) -> String {
    format!("Stopped: {}.", it.reason.replace('_', " "))
}

/// The last frame. The format has no status for a cancelled run; it counts as failed.
fn end_frame(kind: &EventKind) -> Option<EndFrame> {
    let failed = |message| Some(EndFrame::new(EndStatus::Failed, message));
    match kind {
        EventKind::RunCompleted(_) => Some(EndFrame::new(
            EndStatus::Completed,
            "Workflow completed successfully.",
        )),
        EventKind::RunFailed(it) => failed(format!("Workflow failed: {}", it.error.detail)),
        EventKind::RunCancelled(_) => failed("Workflow cancelled.".to_owned()),
        _ => None,
    }
}

/// Milliseconds as `1.25 s`, without rounding errors of floats.
fn seconds(millis: u64) -> String {
    format!("{}.{:02} s", millis / 1000, millis % 1000 / 10)
}
