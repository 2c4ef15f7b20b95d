//! Runs that are in memory.

use super::{admission::Admitted, budget::Held};
use crate::{executor::Clock, machine::Machine, record::RunHead};

/// A run in memory.
pub(super) struct LoadedRun {
    pub(super) machine: Machine,
    pub(super) clock: Clock,
    pub(super) head: RunHead,
}

/// A run in memory that may be driven.
pub(super) struct AdmittedRun<'a> {
    pub(super) run: LoadedRun,
    pub(super) admitted: Admitted<'a>,
    pub(super) memory: Held,
}
