//! Who drives the runs of an engine.

use std::sync::Arc;

use super::timers::Timers;
use crate::engine::local::fleet::Fleet;

/// Where the runs of an engine are driven. An engine without a fleet has no part of one, and the other way round.
pub(in crate::engine::local) enum Placement {
    /// All of them here. The engine wakes suspended runs itself.
    Here(Timers),
    /// Each where the dispatcher of the fleet decides.
    Fleet(Arc<Fleet>),
}

impl Placement {
    pub(in crate::engine::local) fn fleet(&self) -> Option<&Arc<Fleet>> {
        match self {
            Self::Here(_) => None,
            Self::Fleet(fleet) => Some(fleet),
        }
    }

    pub(in crate::engine::local) fn timers(&self) -> Option<&Timers> {
        match self {
            Self::Here(timers) => Some(timers),
            Self::Fleet(_) => None,
        }
    }
}
