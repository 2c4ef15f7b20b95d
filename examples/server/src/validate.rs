//! `workflow-server validate FILE`.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::Value;
use workflow_core::{InvalidWorkflow, Library, Registry, Workflow};
use workflow_gemini::GeminiClient;

use crate::{
    cli::NodeArgs,
    error::Stopped,
    faults::{Listed, counted},
    file::read_json,
    registry::registry,
    variables::Variables,
};

/// Prints every fault of the workflow in this file, or that it has none.
pub(crate) fn validate(file: &Path, library: &[PathBuf]) -> Result<ExitCode, Stopped> {
    let text = fs::read(file).map_err(|error| Stopped::File(file.to_owned(), error))?;
    let mut out = io::stdout().lock();
    let spec: Value = match serde_json::from_slice(&text) {
        Ok(spec) => spec,
        Err(error) => {
            writeln!(out, "{}: not JSON: {error}", file.display())?;
            return Ok(ExitCode::FAILURE);
        }
    };
    // It is never asked, so any key will do.
    let client = GeminiClient::builder().api_key("none").build()?;
    let registry = registry(client, &NodeArgs::default(), Variables::default())?;
    match check(&spec, &registry, library)? {
        Ok(workflow) => {
            writeln!(out, "valid: {}", counted(workflow.nodes().len(), "node"))?;
            let warnings = workflow.warnings();
            if !warnings.is_empty() {
                let number = counted(warnings.len(), "warning");
                writeln!(out, "{number}{}", Listed(warnings))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(invalid) => {
            let faults = invalid.faults();
            let number = counted(faults.len(), "fault");
            writeln!(out, "{}: {number}{}", file.display(), Listed(faults))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Checks a workflow that may call those in these files, by their names. Of those, each may call the
/// ones before it.
fn check(
    spec: &Value,
    registry: &Registry,
    library: &[PathBuf],
) -> Result<Result<Workflow, InvalidWorkflow>, Stopped> {
    let mut known = Library::new();
    for file in library {
        let workflow = Workflow::calling(&read_json(file)?, registry, &known)
            .map_err(|invalid| Stopped::Refused(file.clone(), invalid.into()))?;
        let name = workflow
            .name()
            .ok_or_else(|| Stopped::NoName(file.clone()))?;
        known.insert(name.to_owned(), Arc::new(workflow));
    }
    Ok(Workflow::calling(spec, registry, &known))
}
