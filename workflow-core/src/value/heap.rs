//! How much memory JSON values and events hold. The text of a value says little about it: `{"":{}}` has
//! 7 bytes as text and about 400 in memory.

use std::{mem::size_of, sync::Arc};

use serde_json::Value;

use crate::{
    error::Problem,
    event::{EventKind, Report, RunCreated, StepEvent},
};

/// What an allocator adds to each allocation: its header, and rounding up.
const PER_ALLOCATION: usize = 16;

/// One member of an object: its hash, its name and its value. `serde_json` keeps the order of members in
/// an `IndexMap`, whose entries stand in a vector.
const MEMBER: usize = size_of::<u64>() + size_of::<String>() + size_of::<Value>();

/// How many bytes of memory a JSON value holds, beside those of [`Value`] itself. An estimate that is not
/// below what is allocated, and not far above it.
///
/// ```
/// let value: serde_json::Value = serde_json::from_str(r#"{"":{}}"#)?;
/// assert!(workflow_core::value::heap_bytes(&value) > 50 * value.to_string().len());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[inline]
pub fn heap_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        _ => inside(value),
    }
}

fn inside(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => allocation(text.capacity()),
        Value::Array(items) => {
            let inside: usize = items.iter().map(heap_bytes).sum();
            allocation(items.capacity() * size_of::<Value>()) + inside
        }
        Value::Object(members) => {
            let inside =
                |(name, value): (&String, &Value)| allocation(name.capacity()) + heap_bytes(value);
            of_table(members.len()) + members.iter().map(inside).sum::<usize>()
        }
    }
}

/// What a shared value holds in all.
#[inline]
pub(crate) fn of_shared(value: &Arc<Value>) -> usize {
    allocation(2 * size_of::<usize>() + size_of::<Value>()) + heap_bytes(value)
}

/// What an event holds, as if it shared nothing.
#[inline]
pub(crate) fn of_event(event: &StepEvent) -> usize {
    let values = match &event.kind {
        // The most frequent event. It holds no value, and events are measured several times for each step.
        EventKind::NodeStarted(_) => 0,
        kind => of_values(kind),
    };
    size_of::<StepEvent>() + values
}

fn of_values(kind: &EventKind) -> usize {
    match kind {
        EventKind::RunCreated(created) => {
            let reused = created.reused.iter().map(|step| of_shared(&step.output));
            let metadata = created.metadata.as_ref().map_or(0, of_shared);
            of_shared(&created.input) + metadata + reused.sum::<usize>()
        }
        EventKind::RunCompleted(completed) => of_shared(&completed.output),
        EventKind::RunFailed(failed) => of_problem(&failed.error),
        EventKind::NodeRetrying(it) => of_problem(&it.error) + of_report(it.report.as_deref()),
        EventKind::NodeWaiting(it) => {
            let schema = it.schema.as_ref().map_or(0, of_shared);
            it.message.as_ref().map_or(0, |text| allocation(text.len())) + schema
        }
        EventKind::NodeResumed(it) => it.payload.as_ref().map_or(0, of_shared),
        EventKind::NodeCompleted(it) => of_shared(&it.output) + of_report(it.report.as_deref()),
        EventKind::NodeFailed(it) => {
            let output = it.output.as_ref().map_or(0, of_shared);
            of_problem(&it.error) + output + of_report(it.report.as_deref())
        }
        _ => 0,
    }
}

impl RunCreated {
    /// How much memory a run that begins like this holds, about: each value twice, since templates read
    /// a copy of it.
    pub(crate) fn memory(&self) -> usize {
        let reused = self.reused.iter().map(|step| of_shared(&step.output));
        2 * (of_shared(&self.input) + reused.sum::<usize>())
            + self.metadata.as_ref().map_or(0, of_shared)
    }
}

fn of_report(report: Option<&Report>) -> usize {
    let of_values = |report: &Report| {
        let values = report.metadata.iter().chain(&report.debug);
        size_of::<Report>() + values.map(of_shared).sum::<usize>()
    };
    report.map_or(0, of_values)
}

fn of_problem(problem: &Problem) -> usize {
    let faults = problem.errors.iter().map(|fault| {
        let hint = fault.hint.as_ref().map_or(0, String::len);
        size_of_val(fault) + fault.detail.len() + fault.pointer.len() + hint
    });
    let hint = problem.hint.as_ref().map_or(0, String::len);
    size_of::<Problem>() + problem.detail.len() + hint + faults.sum::<usize>()
}

/// What an allocation of so many bytes costs.
#[inline]
fn allocation(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        bytes => bytes.next_multiple_of(PER_ALLOCATION) + PER_ALLOCATION,
    }
}

/// The vector of members of an object, and the table of their positions, both as large as a hash table of
/// so many members grows: a power of two of slots, of which seven eighths are used.
fn of_table(members: usize) -> usize {
    let slots = match members {
        0 => return 0,
        1..4 => 4,
        4..8 => 8,
        _ => (members * 8 / 7).next_power_of_two(),
    };
    let used = if slots <= 8 { slots - 1 } else { slots / 8 * 7 };
    // One position and one control byte a slot, and a group of control bytes more.
    let positions = slots * (size_of::<usize>() + 1) + 16;
    allocation(used * MEMBER) + allocation(positions)
}
