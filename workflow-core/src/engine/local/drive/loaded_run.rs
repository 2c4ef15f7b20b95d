//! Runs that are loaded into memory, before a driver takes them over.

use crate::engine::local::{
    admission::{Admitted, budget::Reservation},
    journal::creation::Creation,
};
use crate::{event::StepEvent, executor::Clock, machine::Machine, record::RunHead};

/// A run in memory: its state machine at the end of its log, or after `run.created` if it is not stored yet.
pub(in crate::engine::local) struct LoadedRun {
    pub(in crate::engine::local) machine: Machine,
    /// Not behind the last event of the log.
    pub(in crate::engine::local) clock: Clock,
    pub(in crate::engine::local) head: RunHead,
}

/// A run in memory that is admitted for execution, with its slot and its memory reservation.
pub(in crate::engine::local) struct AdmittedRun<'a> {
    pub(in crate::engine::local) run: LoadedRun,
    pub(in crate::engine::local) admitted: Admitted<'a>,
    pub(in crate::engine::local) memory: Reservation,
    pub(in crate::engine::local) unstored: Option<Unstored>,
}

/// What is to be stored of a new run.
pub(in crate::engine::local) struct Unstored {
    pub(in crate::engine::local) first: StepEvent,
    pub(in crate::engine::local) creation: Box<Creation>,
}
