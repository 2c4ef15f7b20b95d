//! How a run proceeds: what loops remember, which branch is taken, when a run stops, what follows its failure.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test may fail by panicking, and has no public API"
)]

mod continued;
mod documented;
mod on_failure;
mod prefixes;
mod random;
mod rounds;
mod stops;
#[path = "../support/mod.rs"]
mod support;
mod switch;

use serde_json::Value;
use support::Probe;
use workflow_core::{Fault, InvalidWorkflow, Workflow};

/// `code pointer: detail` of each fault.
fn faults(spec: &Value) -> Vec<String> {
    let checked = Workflow::from_spec(spec, &support::registry(&Probe::default()));
    let found = checked.err().map(InvalidWorkflow::into_faults);
    found.iter().flatten().map(short).collect()
}

fn short(fault: &Fault) -> String {
    format!("{} {}: {}", fault.code, fault.pointer, fault.detail)
}
