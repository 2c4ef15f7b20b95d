//! Restate drives the runs of a workflow engine on several machines.

mod connection;
mod drive;
mod error;
mod object;
mod worker;

pub use self::{
    drive::Drive,
    error::SettingsError,
    worker::{RestateWorker, RestateWorkerBuilder},
};
