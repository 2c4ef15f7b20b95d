//! [Restate](https://restate.dev) drives the runs of a workflow engine on several machines.
//!
//! Restate is given the id of each run that has something to do, and calls one worker of the fleet to drive it: another
//! one if that dies, and again when a suspended run is due. It knows nothing else of a run. The log in the shared
//! store stays the only truth, so what Restate holds can be lost.
//!
//! ```no_run
//! use std::sync::Arc;
//! use tokio::{join, net::TcpListener};
//! use tokio_util::sync::CancellationToken;
//! use workflow_core::LocalEngine;
//! use workflow_restate::{Registration, RestateDispatcher, RestateStatus, RestateWorker};
//!
//! # async fn serve(engine: impl Fn(RestateDispatcher) -> Arc<LocalEngine>) -> Result<(), Box<dyn std::error::Error>> {
//! let status = RestateStatus::new();
//! let dispatcher = RestateDispatcher::builder("http://restate.example:8080").with_status(&status).build()?;
//! // The engine gets the dispatcher, and a coordinator on its store.
//! let engine = engine(dispatcher);
//! let worker = RestateWorker::builder(engine)
//!     .with_identity_key("publickeyv1_ChjENKeMvCtRnqG2mrBK1HmPKufgFUc98K8B3ononQvp")
//!     .build(TcpListener::bind("0.0.0.0:9080").await?)?;
//! let registration = Registration::builder("http://restate.example:9070", "http://workers.example:9080")
//!     .with_status(&status)
//!     .build()?;
//! let shutdown = CancellationToken::new();
//! join!(worker.serve(shutdown.clone()), registration.run(shutdown));
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//! - [`RestateDispatcher`] is the [`Dispatcher`](workflow_core::fleet::Dispatcher) of an engine: it sends the id of a run
//!   to the ingress of Restate.
//! - [`RestateWorker`] takes the calls of Restate at a listener, and has them [driven](Drive) by an engine.
//! - [`Registration`] makes the workers known to Restate.
//! - [`RestateStatus`] is whether Restate was reached lately, for readiness probes.
//! - [`SettingsError`] is why one of them cannot be built, and [`RestateError`] why a request failed.
//!
//! # In Restate
//! A virtual object `Runs`, whose keys are the ids of runs, with one exclusive handler `drive`: Restate executes one call
//! per run at a time, and queues others. A call has one entry in its journal, the drive; then, if the run is suspended
//! until a time, a delayed call to itself. No result depends on the code of a worker, so that a new version of it needs
//! no new deployment in Restate.
//!
//! Types of `tokio` (`TcpListener`) and `tokio-util` (`CancellationToken`) are part of the API; none of `restate-sdk` is.

mod calls;
mod client;
mod connection;
mod dispatcher;
mod drive;
mod error;
mod object;
mod register;
mod status;
mod worker;

pub use self::{
    dispatcher::{RestateDispatcher, RestateDispatcherBuilder},
    drive::Drive,
    error::{RestateError, SettingsError},
    register::{Registration, RegistrationBuilder},
    status::RestateStatus,
    worker::{RestateWorker, RestateWorkerBuilder},
};
