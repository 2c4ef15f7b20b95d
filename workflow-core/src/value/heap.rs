//! Estimates of the memory that JSON values use.
//!
//! The length of the text says little: `{"":{}}` has 7 bytes as text and about 400 in memory. The machine adds
//! these estimates up and compares the sum with `max_run_memory`, so an estimate must not be lower than what is
//! allocated. `tests/memory.rs` compares them with a counting allocator.

use std::{mem::size_of, sync::Arc};

use serde_json::Value;

/// What an allocator adds to each allocation, in bytes: its header, and rounding up.
const PER_ALLOCATION: usize = 16;

/// The bytes of one member of an object: its hash, name and value. `serde_json` preserves the order of members with an
/// `IndexMap`, which stores its entries in a vector.
const MEMBER: usize = size_of::<u64>() + size_of::<String>() + size_of::<Value>();

/// An estimate of the heap memory of a JSON value in bytes, without the bytes of [`Value`] itself. It is not lower
/// than what is allocated, and at most a little higher.
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

/// The recursive part, apart so that scalars are answered inline. The recursion is bounded by the depth that
/// [`size::check`](super::size::check) allows.
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

/// The bytes of a shared value: its allocation with both reference counts, and its contents.
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

/// The bytes of the two allocations of an object: the vector of members and the hash table of their positions.
///
/// Both grow like a `hashbrown` table: a power of two of slots, of which seven eighths are used. The shape of the
/// table is an internal of `hashbrown`: if a version changes it, the test with the counting allocator fails.
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
