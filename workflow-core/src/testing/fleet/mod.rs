//! A fleet in one process: a coordinator in memory, and dispatchers that a test controls.

mod coordinator;
mod in_process;
mod manual;

pub use self::{
    coordinator::{LossMode, MemoryCoordinator},
    in_process::InProcessDispatcher,
    manual::ManualDispatcher,
};
