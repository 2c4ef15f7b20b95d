//! What is printed: text, or one line of JSON.

use std::{
    cell::Cell,
    io::{self, Write},
};

use serde_json::json;
use workflow_gemini::Reply;

use crate::stopped::Stopped;

pub(crate) struct Output {
    json: bool,
    streams: bool,
    /// Whether what was printed last has not ended its line.
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

    /// A piece of the text, as it comes.
    pub(crate) fn piece(&self, text: &str) -> Result<(), Stopped> {
        if self.json {
            return Ok(());
        }
        self.open_line.set(!text.ends_with('\n'));
        print(text)
    }

    /// The answer, as far as it was not printed yet.
    pub(crate) fn reply(&self, reply: &Reply) -> Result<(), Stopped> {
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
            complain(&format!("The answer is cut off ({}).", reply.finish_reason));
        }
        Ok(())
    }

    pub(crate) fn error(&self, stopped: &Stopped) {
        if !self.json {
            // What was streamed so far is on a line of its own.
            if self.open_line.take() {
                print("\n").ok();
            }
            complain(&stopped.message());
            if let Some(hint) = stopped.hint() {
                complain(&format!("Hint: {hint}."));
            }
            return;
        }
        let error = json!({
            "code": stopped.code(),
            "message": stopped.message(),
            "status": stopped.status(),
            "retry_after": stopped.retry_after(),
            "hint": stopped.hint(),
        });
        // Nobody reads it, should this fail.
        print(&format!("{}\n", json!({ "error": error }))).ok();
    }
}

/// Writes a line to standard error, if that is still open.
pub(crate) fn complain(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

fn print(text: &str) -> Result<(), Stopped> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written
        .and_then(|()| stdout.flush())
        .map_err(Stopped::Output)
}
