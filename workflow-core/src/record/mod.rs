//! What a store keeps of workflows and runs beside the logs, and the queries for it.
//!
//! - A [`RunRecord`] is one run in a list. Its [`RunHead`] is the part that changes: folded from the events, and written
//!   together with them. A [`WorkflowRecord`] is one version of a workflow.
//! - A [`RunQuery`] and a [`PageRequest`] ask for a [`Page`] of records, newest first, with a cursor to the next page.
//! - A [`RunKey`] is the idempotency key that a run was started with.
//!
//! A store writes a head in the same transaction as its events. So lists need not read logs, and a record never disagrees
//! with its log.

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
