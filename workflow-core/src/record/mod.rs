//! What is kept of workflows and runs, beside the log: enough to list them and page through them.

mod counts;
mod head;
mod key;
mod page;
mod query;
mod run;
mod spans;
mod status;
mod workflow;

pub use self::{
    counts::RunCounts,
    head::RunHead,
    key::{KeyedRun, RunKey},
    page::{Page, PageRequest},
    query::RunQuery,
    run::RunRecord,
    spans::{Span, SpanState},
    status::RunStatus,
    workflow::{WorkflowRecord, WorkflowRef},
};
