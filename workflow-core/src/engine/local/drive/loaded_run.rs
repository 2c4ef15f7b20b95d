//! Runs that are in memory.

use crate::engine::local::admission::{Admitted, budget::Held};
use crate::{executor::Clock, machine::Machine, record::RunHead};

/// A run in memory.
pub(in crate::engine::local) struct LoadedRun {
    pub(in crate::engine::local) machine: Machine,
    pub(in crate::engine::local) clock: Clock,
    pub(in crate::engine::local) head: RunHead,
}

/// A run in memory that may be driven.
pub(in crate::engine::local) struct AdmittedRun<'a> {
    pub(in crate::engine::local) run: LoadedRun,
    pub(in crate::engine::local) admitted: Admitted<'a>,
    pub(in crate::engine::local) memory: Held,
}
