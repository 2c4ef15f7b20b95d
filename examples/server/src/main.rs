//! The workflow runner as a service: REST, Server-Sent Events and a web page.
//!
//! `workflow-server` serves; `workflow-server validate FILE` says every fault of a workflow;
//! `workflow-server run FILE` runs one here and now.

mod cli;
mod data;
mod error;
mod faults;
mod file;
mod keys;
mod library;
mod log;
mod model;
mod narrate;
mod output;
mod registry;
mod run;
mod serve;
mod settings;
mod signals;
mod simulate;
mod standby;
mod validate;
mod variables;

use std::{env, io::Write, process::ExitCode};

use self::{cli::Command, error::Stopped, settings::Settings};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    act().unwrap_or_else(|error| {
        output::say_last(&error.to_string());
        error.exit_code()
    })
}

fn act() -> Result<ExitCode, Stopped> {
    let settings = Settings::read(env::args_os().collect())?;
    match settings.cli.command {
        Some(Command::Validate { file, library }) => validate::validate(&file, &library),
        Some(Command::Run(args)) => run::run(&args, settings.variables),
        None if settings.cli.serve.help_config => {
            std::io::stdout().write_all(settings::template().as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        None => serve::serve(settings.cli.serve, settings.variables),
    }
}
