//! `workflow-server validate FILE`.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::Value;
use workflow_core::{Fault, InvalidWorkflow, Library, Registry, Workflow};
use workflow_gemini::GeminiClient;

use crate::{cli::NodeArgs, error::Stopped, file::read_json, registry::registry};

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
    let registry = registry(client, &NodeArgs::default())?;
    match check(&spec, &registry, library)? {
        Ok(workflow) => {
            writeln!(out, "valid: {}", counted(workflow.nodes().len(), "node"))?;
            let warnings = workflow.warnings();
            if !warnings.is_empty() {
                writeln!(out, "{}", counted(warnings.len(), "warning"))?;
            }
            warnings
                .iter()
                .try_for_each(|fault| print(&mut out, fault))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(invalid) => {
            let faults = invalid.faults();
            writeln!(
                out,
                "{}: {}",
                file.display(),
                counted(faults.len(), "fault")
            )?;
            faults.iter().try_for_each(|fault| print(&mut out, fault))?;
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
        let name = workflow.name().unwrap_or_default().to_owned();
        known.insert(name, Arc::new(workflow));
    }
    Ok(Workflow::calling(spec, registry, &known))
}

fn print(out: &mut impl Write, fault: &Fault) -> io::Result<()> {
    let Fault {
        pointer,
        detail,
        code,
        ..
    } = fault;
    writeln!(out, "{pointer}: {detail} [{code}]")?;
    match &fault.hint {
        Some(hint) => writeln!(out, "  hint: {hint}"),
        None => Ok(()),
    }
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
