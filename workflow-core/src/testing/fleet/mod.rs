//! A fleet in one process: a coordinator in memory, and dispatchers that a test controls.

mod coordinator;
mod manual;

pub use self::{
    coordinator::{LossMode, MemoryCoordinator},
    manual::ManualDispatcher,
};
