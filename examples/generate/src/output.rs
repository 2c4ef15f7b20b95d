//! The output: text, or one line of JSON.

use std::{
    cell::Cell,
    io::{self, Write},
};

use serde_json::json;
use workflow_gemini::Reply;

use crate::failure::Failure;

pub(crate) struct Output {
    json: bool,
    streams: bool,
    /// Whether the last printed text has no line end.
    open_line: Cell<bool>,
}

impl Output {
    pub(crate) fn new(json: bool, streams: bool) -> Self {
        Self {
            json,
            streams,
            open_line: Cell::new(false),
        }
    }

    /// Prints a piece of a streamed text.
    pub(crate) fn piece(&self, text: &str) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        self.open_line.set(!text.ends_with('\n'));
        print(text)
    }

    /// Prints the answer, except the pieces that were printed before.
    pub(crate) fn reply(&self, reply: &Reply) -> Result<(), Failure> {
        if self.json {
            let line = json!({
                "text": reply.text,
                "thoughts": reply.thoughts,
                "finish_reason": reply.finish_reason.as_str(),
                "usage": reply.usage,
                "model": reply.model_version,
                "response_id": reply.response_id,
            });
            return print(&format!("{line}\n"));
        }
        if !self.streams {
            print(&reply.text)?;
        }
        if !reply.text.ends_with('\n') {
            print("\n")?;
        }
        if reply.is_truncated() {
            warn(&format!("The answer is cut off ({}).", reply.finish_reason));
        }
        Ok(())
    }

    /// Prints an error: as JSON to standard output, or as text to standard error.
    pub(crate) fn error(&self, failure: &Failure) {
        if !self.json {
            // End the line of the streamed text.
            if self.open_line.take() {
                print("\n").ok();
            }
            warn(&failure.message());
            if let Some(hint) = failure.hint() {
                warn(&format!("Hint: {hint}."));
            }
            return;
        }
        let error = json!({
            "code": failure.code(),
            "message": failure.message(),
            "status": failure.status(),
            "retry_after": failure.retry_after(),
            "hint": failure.hint(),
        });
        // If printing fails, there is no reader to report it to.
        print(&format!("{}\n", json!({ "error": error }))).ok();
    }
}

/// Writes a line to standard error, if that is still open.
pub(crate) fn warn(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written
        .and_then(|()| stdout.flush())
        .map_err(Failure::Output)
}
