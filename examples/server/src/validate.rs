//! `workflow-server validate FILE`.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use serde_json::Value;
use workflow_core::{Fault, Workflow};
use workflow_gemini::GeminiClient;

use crate::{error::Stopped, registry::registry};

/// Prints every fault of the workflow in this file, or that it has none.
pub(crate) fn validate(file: &Path) -> Result<ExitCode, Stopped> {
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
    match Workflow::new(&spec, &registry(client)) {
        Ok(workflow) => {
            writeln!(out, "valid: {}", counted(workflow.nodes().len(), "node"))?;
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
