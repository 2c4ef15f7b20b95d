//! The handlers, one file per resource.
//!
//! A handler reads a request through extractors (`request`), calls the engine once or twice, and shapes the
//! response. It decides nothing about runs, and it does not check permissions: `access` has done that. Each
//! handler has a row in the route table (`router`) and a description (`openapi`).
//!
//! Extractors run in the order of the arguments, and only the last one may read the body (axum's `FromRequest`). So
//! a request with a wrong id, header or query is refused before its body is read.

pub(crate) mod catalog;
pub(crate) mod evaluate;
pub(crate) mod plans;
mod run_request;
pub(crate) mod runs;
pub(crate) mod waits;
pub(crate) mod workflows;

pub(crate) use self::{
    catalog::{NodeTypes, Probe},
    evaluate::{EvaluateRequest, Evaluated},
    run_request::{RetryRequest, RunRequest},
    runs::RunPage,
    workflows::{Checked, WorkflowItem},
};
