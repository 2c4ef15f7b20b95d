//! The command `completions`: completion scripts for shells.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    cli::{Cli, PROGRAM},
    error::CliError,
};

/// Prints the script. It is built in memory first, since clap panics if standard output is closed.
pub(crate) fn completions(shell: Shell) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), PROGRAM, &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
