//! Restate drives the runs of a workflow engine on several machines.

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
