//! `workflow-server validate FILE`: prints the faults of a workflow.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use tokio::runtime::Runtime;
use workflow_core::{LocalEngine, Workflows, engine::Validation, value::JsonError};

use crate::{
    cli::NodeArgs,
    error::CliError,
    faults::{FaultList, counted},
    file::{named, read},
    jsonc::read_jsonc,
    library::Library,
    model::Model,
    registry::registry,
    variables::Variables,
};

/// Prints all faults of the workflow in this file. Exits with 1 if there are any.
pub(crate) fn validate(file: &Path, library: &[PathBuf]) -> Result<ExitCode, CliError> {
    let found = match read_jsonc(&read(file)?) {
        Ok(spec) => {
            // Validation calls no model.
            let models = Model::unused()?.models;
            let registry = registry(models, &NodeArgs::default(), Variables::default())?;
            Runtime::new()?.block_on(async {
                let engine = LocalEngine::builder(registry).build();
                Library::read(library, file, &spec)?.store(&engine).await?;
                Ok::<_, CliError>(engine.validate(&spec).await?)
            })?
        }
        Err(JsonError::Faults(faults)) => Validation::of_faults(faults),
        Err(error) => {
            writeln!(io::stdout().lock(), "{}: {error}", named(file))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    print(file, &found)
}

fn print(file: &Path, found: &Validation) -> Result<ExitCode, CliError> {
    let mut out = io::stdout().lock();
    let Some(nodes) = &found.nodes else {
        let number = counted(found.faults.len(), "fault");
        writeln!(out, "{}: {number}{}", named(file), FaultList(&found.faults))?;
        return Ok(ExitCode::FAILURE);
    };
    writeln!(out, "valid: {}", counted(nodes.len(), "node"))?;
    if !found.warnings.is_empty() {
        let number = counted(found.warnings.len(), "warning");
        writeln!(out, "{number}{}", FaultList(&found.warnings))?;
    }
    Ok(ExitCode::SUCCESS)
}
