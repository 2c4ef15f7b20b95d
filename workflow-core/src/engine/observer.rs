//! For metrics and audits: who hears of every event of every run.

use crate::event::StepEvent;

/// Hears of each event of each run of an engine, once it is stored and in its order within the run.
///
/// A run waits for it, so it should be quick. Events that another engine stored are not told.
pub trait Observer: Send + Sync + 'static {
    /// An event was stored. `node_type` is the type of the node it is about; none for events of the run
    /// as a whole.
    fn stored(&self, event: &StepEvent, node_type: Option<&str>);
}

const _: fn(&dyn Observer) = |_| {};
