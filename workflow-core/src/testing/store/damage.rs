//! Changes rows of a store behind its back.

use std::future::Future;

use crate::{
    store::Store,
    value::{RunId, WorkflowId},
};

/// A store whose rows a test can change behind its back, for [`damage_tests!`](crate::damage_tests).
pub trait ChangeRow {
    /// The store.
    fn store(&self) -> &dyn Store;

    /// Changes a stored row as a faulty disk would: no checksum follows it. What the store answers after that is read
    /// from there, and not from a cache.
    fn change(&mut self, row: Row, change: Change) -> impl Future<Output = ()>;
}

/// A stored row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Row {
    /// An event of a run, by its number.
    Event(RunId, u64),
    /// The part of a run's record that never changes.
    Run(RunId),
    /// The part of a run's record that events change. The row of [`Run`](Self::Run) in a store that has one for both.
    Head(RunId),
    /// A version of a workflow.
    Version(WorkflowId, u32),
}

/// What happens to the value in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// One bit changes: the lowest of the byte at this place, counted from the first again after the last. A digit
    /// stays a digit.
    Bit(usize),
    /// The second half is gone.
    Cut,
    /// The whole row is gone.
    Remove,
}

impl Change {
    /// What a value becomes; none when its row is gone.
    #[must_use]
    pub fn apply(self, mut value: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Bit(at) => {
                let at = at.checked_rem(value.len())?;
                value[at] ^= 1;
            }
            Self::Cut => value.truncate(value.len() / 2),
            Self::Remove => return None,
        }
        Some(value)
    }
}
