//! What a rendering may still do.

use minijinja::{Error, ErrorKind, State};

/// Steps a rendering may take; each also pays for [`BYTES_PER_STEP`] bytes that it makes.
pub(in crate::template) const MAX_STEPS: u64 = 100_000;

/// The engine's own price.
pub(in crate::template) const BYTES_PER_STEP: u64 = 64;

/// What an item costs that a list keeps, in bytes: the engine's own price.
const BYTES_PER_ITEM: usize = 32;

/// How many bytes may still be made.
pub(super) fn bytes_left(state: &State) -> usize {
    let (_, left) = state.fuel_levels().unwrap_or((0, MAX_STEPS));
    usize::try_from(left.saturating_mul(BYTES_PER_STEP)).unwrap_or(usize::MAX)
}

/// Refuses to make so many bytes, before they are made. They are paid for once they are there.
pub(super) fn ensure_bytes(state: &State, bytes: usize) -> Result<(), Error> {
    if bytes < bytes_left(state) {
        return Ok(());
    }
    Err(ErrorKind::OutOfFuel.into())
}

/// Refuses to keep so many items, before they are kept.
pub(super) fn ensure_items(state: &State, items: usize) -> Result<(), Error> {
    ensure_bytes(state, items.saturating_mul(BYTES_PER_ITEM))
}

/// Pays for work on so many bytes, of which nothing is kept.
pub(super) fn pay_bytes(state: &State, bytes: usize) -> Result<(), Error> {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    state.consume_fuel(bytes / BYTES_PER_STEP)
}
