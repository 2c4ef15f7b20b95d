//! The command `man`: manual pages.

use std::{path::Path, process::ExitCode};

use clap::CommandFactory;

use crate::{cli::Cli, error::CliError};

/// Writes a page for the program and one for each command.
pub(crate) fn man(directory: &Path) -> Result<ExitCode, CliError> {
    clap_mangen::generate_to(Cli::command(), directory)
        .map_err(|error| CliError::Write(directory.to_owned(), error))?;
    Ok(ExitCode::SUCCESS)
}
