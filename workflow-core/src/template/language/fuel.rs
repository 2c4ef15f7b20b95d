//! Fuel: the work that one rendering may still do. Filters of ours pay for it before they allocate.
//!
//! The engine counts instructions (fuel), and the bytes of what filters and output produce, once they exist. That
//! is too late for a filter that makes much from little. So our filters check first what they would make, and pay
//! for work that leaves no result.

use minijinja::{Error, ErrorKind, State};

/// The most steps of one rendering. A step also pays for [`BYTES_PER_STEP`] bytes of output.
pub(in crate::template) const MAX_STEPS: u64 = 100_000;

/// The bytes that one step pays for. The same price as in the engine.
pub(in crate::template) const BYTES_PER_STEP: u64 = 64;

/// The cost of an item in a list, in bytes. The same price as in the engine.
const BYTES_PER_ITEM: usize = 32;

/// How many bytes may still be made.
///
/// Without fuel levels, the whole budget is assumed; our environment always sets them.
pub(super) fn bytes_left(state: &State) -> usize {
    let (_, left) = state.fuel_levels().unwrap_or((0, MAX_STEPS));
    usize::try_from(left.saturating_mul(BYTES_PER_STEP)).unwrap_or(usize::MAX)
}

/// Refuses to make more bytes than are left. It takes nothing: the engine charges for the result when it exists. So
/// the same bytes are not paid for twice.
pub(super) fn ensure_bytes(state: &State, bytes: usize) -> Result<(), Error> {
    if bytes < bytes_left(state) {
        return Ok(());
    }
    Err(ErrorKind::OutOfFuel.into())
}

/// Refuses to make a list with more items than are left.
pub(super) fn ensure_items(state: &State, items: usize) -> Result<(), Error> {
    ensure_bytes(state, items.saturating_mul(BYTES_PER_ITEM))
}

/// Pays for work on so many bytes whose result is not kept, such as a comparison.
pub(super) fn pay_bytes(state: &State, bytes: usize) -> Result<(), Error> {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    state.consume_fuel(bytes / BYTES_PER_STEP)
}

/// Pays for so many items of a value that is not charged by the engine, such as those of inner lists.
pub(super) fn pay_items(state: &State, items: usize) -> Result<(), Error> {
    pay_bytes(state, items.saturating_mul(BYTES_PER_ITEM))
}
