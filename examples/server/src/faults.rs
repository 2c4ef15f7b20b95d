//! Faults as a person reads them.

use std::fmt;

use workflow_core::Fault;

/// A line for each fault, with its way out on a line below it. Begins with a line end.
pub(crate) struct Listed<'a>(pub(crate) &'a [Fault]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in self.0 {
            write!(f, "\n{}: {} [{}]", fault.pointer, fault.detail, fault.code)?;
            if let Some(hint) = &fault.hint {
                write!(f, "\n  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

/// So many of them: `1 node`, `2 nodes`.
pub(crate) fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
