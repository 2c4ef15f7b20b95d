//! What the routes of predictions do.

use workflow_core::view::Prediction;

use super::{
    examples,
    runs::{NOT_STARTED, TAG, run_request},
};
use crate::openapi::{
    answer::Answer,
    body::Body,
    operation::Operation,
    parameter::{RUN, WORKFLOW},
    schemas::Schemas,
};
use crate::{api::RetryRequest, problem::Kind};

fn prediction(schemas: &mut Schemas) -> Answer {
    let prediction = schemas.sent::<Prediction>();
    let about = "What each step would do, and what the run would cost. Nothing is started.";
    Answer::json(about, &prediction, examples::prediction())
}

/// The problems of a request that starts a run, without those that need a run.
const NOT_PREDICTED: [Kind; 3] = [NOT_STARTED[1], NOT_STARTED[2], NOT_STARTED[3]];

pub(crate) fn of_workflow(schemas: &mut Schemas) -> Operation {
    let body = run_request(schemas);
    Operation::new("planRun", TAG, "Predict a run")
        .about(
            "Steps that only compute are executed. What depends on a model, a person or a request is unknown.",
        )
        .takes([WORKFLOW])
        .body(body)
        .answers(prediction(schemas))
        .fails(&NOT_PREDICTED)
        .fails(&[Kind::UnknownVersion, Kind::StoreFailed])
}

pub(crate) fn of_run(schemas: &mut Schemas) -> Operation {
    let body = Body::of::<RetryRequest>(schemas, examples::retry_request());
    Operation::new("planRetry", TAG, "Predict a retry of a run")
        .about("What would be reused, what would run, and what that cost in the earlier run. With `spec`, it is predicted for \
             a workflow that is not stored yet, such as one that is being edited.")
        .takes([RUN])
        .body(body.optional())
        .answers(prediction(schemas))
        .fails(&NOT_PREDICTED)
        .fails(&[
            Kind::UnknownWorkflow,
            Kind::UnknownVersion,
            Kind::RunNotEnded,
            Kind::RunStopped,
            Kind::StoreFailed,
        ])
}
