//! The workflow runner as a service: REST, Server-Sent Events and a web page.
//!
//! `workflow-server` serves; `workflow-server validate FILE` says every fault of a workflow.

mod cli;
mod error;
mod model;
mod registry;
mod serve;
mod signals;
mod simulate;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use self::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Validate { file }) => validate::validate(&file),
        None => serve::serve(cli.serve),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        error.exit_code()
    })
}
