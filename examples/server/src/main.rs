//! The workflow runner as a service: REST, Server-Sent Events and a web page.
//!
//! - `workflow-server` starts the service.
//! - `workflow-server validate FILE` prints the faults of a workflow.
//! - `workflow-server run FILE` runs a workflow in this process, without a service; with `--server`, on a server.
//! - `workflow-server check FILE` prints what a run would do and cost.
//! - `workflow-server test DIR` runs workflows with the answers of recorded runs.
//! - `workflow-server health` checks that the service answers.
//! - `workflow-server completions SHELL` and `workflow-server man DIRECTORY` write what a package installs with the program.
//!
//! This program only combines the crates: it reads settings, builds clients, store and engine from them, and
//! serves. What it does can be done by any program that embeds the crates.

mod approval;
mod check;
mod cli;
mod completions;
mod data;
mod error;
mod faults;
mod file;
mod fleet;
mod health;
mod host;
mod jsonc;
mod keys;
mod library;
mod listen;
mod log;
mod man;
mod model;
#[cfg(unix)]
mod open_files;
mod output;
mod progress;
mod recording;
mod registry;
mod remote;
mod run;
mod serve;
mod settings;
mod signals;
mod simulate;
mod standby;
mod test_runs;
mod validate;
mod variables;

use std::{env, io::Write, process::ExitCode};

use self::{cli::Command, error::CliError, settings::Settings};

// Runs allocate and free many values of all sizes from many threads; glibc's allocator fragments under that load.
#[cfg(all(feature = "jemalloc", target_os = "linux"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    execute().unwrap_or_else(|error| {
        output::write_last(&format!("error: {error}"));
        error.exit_code()
    })
}

fn execute() -> Result<ExitCode, CliError> {
    let settings = Settings::read(env::args_os().collect())?;
    match settings.cli.command {
        Some(Command::Validate { file, library }) => validate::validate(&file, &library),
        Some(Command::Run(args)) => run::run(&args, settings.variables),
        Some(Command::Check(args)) => check::check(&args, &settings.variables),
        Some(Command::Test(args)) => test_runs::test(&args, &settings.variables),
        Some(Command::Health(args)) => health::health(&args),
        Some(Command::Completions { shell }) => completions::completions(shell),
        Some(Command::Man { directory }) => man::man(&directory),
        None if settings.cli.serve.help_config => {
            std::io::stdout().write_all(settings::template().as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        None => serve::serve(settings.cli.serve, settings.variables),
    }
}
