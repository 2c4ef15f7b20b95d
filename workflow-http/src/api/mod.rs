//! The handlers, one file per resource.

pub(crate) mod catalog;
mod run_request;
pub(crate) mod runs;
pub(crate) mod waits;
pub(crate) mod workflows;

pub(crate) use self::{
    catalog::{NodeTypes, Probe},
    run_request::{RetryRequest, RunRequest},
    runs::RunPage,
    workflows::{Checked, WorkflowItem},
};
