//! What the routes of runs do.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde_json::{Value, json};
use workflow_core::{
    RunRecord, StepEvent,
    event::Delta,
    view::{RunDiff, RunReport, StepHistory},
};

use super::examples;
use crate::openapi::{
    answer::Answer,
    body::Body,
    events::line,
    operation::Operation,
    parameter::{
        AFTER, CURSOR, IDEMPOTENCY_KEY, LAST_EVENT_ID, LIMIT, OTHER, Q, RUN, STATUS, STEP, WAIT,
        WORKFLOW, WORKFLOW_ID,
    },
    reference::reference,
    schemas::Schemas,
};
use crate::{
    api::{EvaluateRequest, Evaluated, RetryRequest, RunPage, RunRequest},
    app::Linked,
    problem::Kind,
    sse::{EventPage, Frame},
};

pub(super) const TAG: &str = "runs";

/// The operations that take the id of a run.
const FROM_RUN: [&str; 5] = ["getRun", "followRun", "cancelRun", "retryRun", "deleteRun"];

/// The problems of the engine when it starts a run, by request or by retry.
pub(super) const NOT_STARTED: [Kind; 5] = [
    Kind::KeyReused,
    Kind::InvalidInput,
    Kind::InvalidWorkflow,
    Kind::Busy,
    Kind::ShuttingDown,
];
/// The problems of a command to a run: its driver has not processed it, or cannot.
const NOT_TAKEN: [Kind; 3] = [Kind::RunStopped, Kind::Interrupted, Kind::ShuttingDown];

pub(super) fn run_request(schemas: &mut Schemas) -> Body {
    Body::of::<RunRequest>(schemas, examples::run_request())
}

fn linked<T: JsonSchema>(schemas: &mut Schemas, description: &str, example: Value) -> Answer {
    Answer::json(description, &schemas.sent::<Linked<T>>(), example)
}

/// The schema of the items of an event stream. `StepEvent` and `Delta` must be registered for it: `Update` is built
/// from both when the document is complete, see `events::split`.
fn update(schemas: &mut Schemas) -> Value {
    schemas.sent::<StepEvent>();
    schemas.sent::<Delta>();
    reference("Update")
}

pub(crate) fn start(schemas: &mut Schemas) -> Operation {
    let started = linked::<RunRecord>(
        schemas,
        "The run. It goes on by itself.",
        examples::started_run(),
    );
    let followed = Answer::stream(
        "With `Accept: text/event-stream`: the events of the run, from its start.",
        &update(schemas),
        examples::STREAM,
    );
    Operation::new("startRun", TAG, "Start a run")
        .takes([WORKFLOW, IDEMPOTENCY_KEY])
        .body(run_request(schemas))
        .answers(
            started
                .with_status(StatusCode::ACCEPTED)
                .header("Location")
                .header("X-Run-Id")
                .leads_to(&FROM_RUN),
        )
        .answers(followed.header("Location").header("X-Run-Id"))
        .follows()
        .fails(&NOT_STARTED)
        .fails(&[
            Kind::NotAcceptable,
            Kind::UnknownVersion,
            Kind::TooManyReaders,
            Kind::StoreFailed,
        ])
}

pub(crate) fn run(schemas: &mut Schemas) -> Operation {
    let frames = Answer::stream(
        "One frame for each change of a step, and one at the end.",
        &schemas.sent::<Frame>(),
        examples::FRAMES,
    );
    Operation::new(
        "runWorkflow",
        TAG,
        "Start a run and follow it in simple frames",
    )
    .about("Each frame is `data:` only. Text that a model is writing is left out.")
    .takes([WORKFLOW, IDEMPOTENCY_KEY])
    .body(run_request(schemas))
    .answers(frames.header("Location").header("X-Run-Id"))
    .follows()
    .fails(&NOT_STARTED)
    .fails(&[
        Kind::UnknownVersion,
        Kind::TooManyReaders,
        Kind::StoreFailed,
    ])
}

pub(crate) fn list(schemas: &mut Schemas) -> Operation {
    let page = schemas.sent::<RunPage>();
    Operation::new(
        "listRuns",
        TAG,
        "List runs, newest first, with counts by status",
    )
    .takes([WORKFLOW_ID, STATUS, Q, LIMIT, CURSOR])
    .answers(Answer::json(
        "Some of them; the counts are of all that fit, whatever their status. With `q`, \
         they may be of some thousand of the newest runs that have all parts of it, and have `at_least`.",
        &page,
        examples::runs(),
    ))
    .fails(&[Kind::BadCursor, Kind::StoreFailed])
}

pub(crate) fn get(schemas: &mut Schemas) -> Operation {
    let answer = linked::<RunReport>(schemas, "The run.", examples::run());
    Operation::new(
        "getRun",
        TAG,
        "Read a run, step by step, and whom it waits for",
    )
    .takes([RUN])
    .answers(answer)
    .fails(&[Kind::StoreFailed])
}

pub(crate) fn delete(_: &mut Schemas) -> Operation {
    Operation::new("deleteRun", TAG, "Forget a run that has ended")
        .takes([RUN])
        .answers(Answer::new(StatusCode::NO_CONTENT, "It is gone."))
        .fails(&[Kind::RunNotEnded, Kind::StoreFailed])
}

pub(crate) fn retry(schemas: &mut Schemas) -> Operation {
    let body = Body::of::<RetryRequest>(schemas, examples::retry_request());
    let answer = linked::<RunRecord>(schemas, "The new run.", examples::retried_run());
    Operation::new("retryRun", TAG, "Do a run again, as a new one")
        .about(
            "Without a body, as a whole. With `reuse`, each step that would do what a step of the run did \
             takes over its result. With `from`, results of completed nodes that do not follow from it are \
             taken over. With `only`, one step runs with the results before it. With `overrides`, steps have \
             the outputs that are set, and what may act outside of the run waits for a person.",
        )
        .takes([RUN, IDEMPOTENCY_KEY])
        .body(body.optional())
        .answers(
            answer
                .with_status(StatusCode::CREATED)
                .header("Location")
                .header("X-Run-Id")
                .leads_to(&FROM_RUN),
        )
        .fails(&NOT_STARTED)
        .fails(&[
            Kind::UnknownWorkflow,
            Kind::UnknownVersion,
            Kind::RunNotEnded,
            Kind::RunStopped,
            Kind::StoreFailed,
        ])
}

pub(crate) fn step(schemas: &mut Schemas) -> Operation {
    let history = schemas.sent::<StepHistory>();
    Operation::new("getStep", TAG, "Read one step, attempt by attempt")
        .about("With what its node kept, such as the prompt as it was sent.")
        .takes([RUN, STEP])
        .answers(Answer::json("The step.", &history, examples::step()))
        .fails(&[Kind::UnknownRun, Kind::UnknownStep, Kind::StoreFailed])
}

pub(crate) fn diff(schemas: &mut Schemas) -> Operation {
    let diff = schemas.sent::<RunDiff>();
    Operation::new("diffRuns", TAG, "Compare two runs, step by step")
        .about(
            "`a` is the run before, `b` the one after; differences of outputs are a JSON Patch (RFC 6902) from `a` \
             to `b`. At most 1,000 steps are listed, those that differ first, and patches have at most 16 MiB \
             together: `counts`, `steps_omitted` and `patch_omitted` say what is left out.",
        )
        .takes([RUN, OTHER])
        .answers(Answer::json("The comparison.", &diff, examples::diff()))
        .fails(&[Kind::UnknownRun, Kind::RunStopped, Kind::StoreFailed])
}

pub(crate) fn evaluate(schemas: &mut Schemas) -> Operation {
    let body = Body::of::<EvaluateRequest>(schemas, examples::evaluate_request());
    let answer = schemas.sent::<Evaluated>();
    Operation::new("evaluate", TAG, "Evaluate an expression where a step was decided")
        .about(
            "The expression reads what the step could read: the input, the steps that had settled, and the names \
             of the maps and loops around it. The log is replayed up to there, and nothing is executed. The value \
             has at most 64 KiB.",
        )
        .takes([RUN])
        .body(body)
        .answers(Answer::json("The value.", &answer, examples::evaluated()))
        .fails(&[Kind::RunStopped, Kind::Busy, Kind::StoreFailed])
}

pub(crate) fn events(schemas: &mut Schemas) -> Operation {
    let update = update(schemas);
    let page = schemas.sent::<EventPage>();
    let answer = Answer::json(
        "The events so far, then live; as JSON, a page of those there are; as lines, all of them.",
        &page,
        examples::events(),
    );
    let seen = "The client has seen the last event. An `EventSource` then stops.";
    let seen = Answer::new(StatusCode::NO_CONTENT, seen);
    Operation::new("followRun", TAG, "Follow a run: replay, then live")
        .about(
            "`Accept` chooses between `text/event-stream`, the default, `application/json`, and \
             `application/x-ndjson`. The stream ends with the run. `limit` is for pages. With \
             `application/x-ndjson`, the response is the recording of the run: the log as it is now, one \
             event per line, with what only the log has. If its last line is none of `run.completed`, \
             `run.failed` and `run.cancelled`, the run has not ended, and `after` reads the rest later.",
        )
        .takes([RUN, AFTER, LIMIT, LAST_EVENT_ID])
        .answers(answer.streams(&update, examples::STREAM).records(&line()))
        .answers(seen)
        .fails(&[
            Kind::BeyondEnd,
            Kind::NotAcceptable,
            Kind::RunStopped,
            Kind::TooManyReaders,
            Kind::StoreFailed,
        ])
}

pub(crate) fn cancel(schemas: &mut Schemas) -> Operation {
    let answer = linked::<RunRecord>(
        schemas,
        "The run, which has ended.",
        examples::cancelled_run(),
    );
    Operation::new("cancelRun", TAG, "Cancel a run")
        .about("A run that has ended stays as it is.")
        .takes([RUN])
        .answers(answer)
        .fails(&NOT_TAKEN)
        .fails(&[Kind::StoreFailed])
}

pub(crate) fn answer(schemas: &mut Schemas) -> Operation {
    // Not `true`, which means the same: generators of clients want an object.
    let body = Body::json(json!({}), examples::wait_answer());
    let answer = linked::<RunRecord>(schemas, "The run, which goes on.", examples::answered_run());
    Operation::new("answerWait", TAG, "Answer what a run asks a person")
        .about("Any JSON that fits the `schema` of the wait. The same again changes nothing.")
        .takes([RUN, WAIT])
        .body(body)
        .answers(answer)
        .fails(&NOT_TAKEN)
        .fails(&[
            Kind::UnknownRun,
            Kind::UnknownWait,
            Kind::WaitAnswered,
            Kind::WaitEnded,
            Kind::WaitExpired,
            Kind::InvalidAnswer,
            Kind::StoreFailed,
        ])
}
