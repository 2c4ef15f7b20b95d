//! Faults as text.

use std::fmt;

use workflow_core::{Fault, error::FaultCode};

/// How the commands find called workflows.
const CALLED: &str =
    "give its file with --with FILE, or save it as NAME.json beside the file that calls it";

/// A list of faults: a line per fault, with its hint on the next line. Begins with a line break.
pub(crate) struct FaultList<'a>(pub(crate) &'a [Fault]);

impl fmt::Display for FaultList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in self.0 {
            write!(f, "\n{}: {} [{}]", fault.pointer, fault.detail, fault.code)?;
            if let Some(hint) = &fault.hint {
                write!(f, "\n  hint: {hint}")?;
            }
            if fault.code == FaultCode::UnknownWorkflow {
                write!(f, "\n  hint: {CALLED}")?;
            }
        }
        Ok(())
    }
}

/// A number with its noun: `1 node`, `2 nodes`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
