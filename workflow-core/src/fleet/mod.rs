//! Several engines on one store: what they need besides it.
//!
//! A run is driven by one engine at a time. A [`Dispatcher`] chooses which one: it is given the id of a run, and calls
//! [`LocalEngine::drive`](crate::LocalEngine::drive) of some engine, again if that engine dies. A [`Coordinator`] carries
//! what engines have to exchange: [commands](RunCommand) for the engine that drives a run, and
//! [notifications](Notification) for engines whose readers follow it.
//! [`LocalEngineBuilder::with_fleet`](crate::engine::LocalEngineBuilder::with_fleet) gives both to an engine.
//!
//! Neither is needed for safety. The store refuses the append of an engine that does not know the end of the log, so two
//! engines that drive one run cannot both continue it. What the dispatcher holds can be lost: one engine of the fleet
//! looks at the store every minute and dispatches the runs that nobody drives.

mod coordinator;
mod dispatcher;
mod notification;
mod status;

pub use self::{
    coordinator::{CommandNumber, Coordinator, Membership, RunCommand},
    dispatcher::{DispatchError, Dispatcher, DriveEnd, DriveError},
    notification::{Notification, RemoteText},
    status::FleetStatus,
};
pub use crate::value::InstanceId;
