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
mod registry;
mod run;
mod serve;
mod signals;
mod simulate;
mod validate;
mod variables;

use std::process::ExitCode;

use clap::Parser;

use self::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Validate { file, library }) => validate::validate(&file, &library),
        Some(Command::Run(args)) => run::run(&args),
        None => serve::serve(cli.serve),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        error.exit_code()
    })
}
