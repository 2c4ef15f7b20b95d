//! How much memory JSON values hold. The text of a value says little about it: `{"":{}}` has
//! 7 bytes as text and about 400 in memory.

use std::{mem::size_of, sync::Arc};

use serde_json::Value;

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

/// What an allocation of so many bytes costs.
#[inline]
pub(crate) fn allocation(bytes: usize) -> usize {
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
