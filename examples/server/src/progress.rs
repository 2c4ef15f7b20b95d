//! Events of a run as lines for a terminal.

use std::io::{self, Write};

use serde_json::Value;
use workflow_core::{EventKind, StepEvent, error::Problem, event::Progress};

/// The most characters of an output in a line.
const MAX_CHARS: usize = 100;

/// Writes the line of an event. Some events have none.
pub(crate) fn write_progress(out: &mut impl Write, event: &StepEvent) -> io::Result<()> {
    let Some(text) = text(&event.kind) else {
        return Ok(());
    };
    let text = printable(&text);
    match event.step() {
        Some(step) => writeln!(out, "{:<24} {text}", step.path().as_str()),
        None => writeln!(out, "{text}"),
    }
}

/// Replaces control characters: a text of a model could contain escape sequences for the terminal.
pub(crate) fn printable(text: &str) -> String {
    let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.replace(is_control, "\u{fffd}")
}

/// The text of an event; `None` if it needs no line.
fn text(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::NodeStarted(it) if it.attempt > 1 => format!("attempt {}", it.attempt),
        EventKind::NodeStarted(_) => "started".to_owned(),
        EventKind::NodeQueued(it) => {
            format!("queued for {}, at position {}", it.queue, it.position)
        }
        EventKind::NodeAdmitted(it) => format!("admitted after {} ms", it.queued_ms),
        EventKind::NodeProgress(it) => match it.progress {
            Progress::Items {
                items_done, items, ..
            } => format!("{items_done} of {items} items"),
            Progress::Round { round } => format!("round {}", round + 1),
            _ => return None,
        },
        EventKind::NodeRetrying(it) => {
            let wait = format!("{}; retrying in {} ms", it.error.detail, it.next_in_ms);
            match &it.waits_for {
                Some(limit) => {
                    format!("{wait}, once the {} allows it", limit.replace('_', " "))
                }
                None => wait,
            }
        }
        EventKind::NodeWaiting(it) => match (&it.message, it.resumes_at) {
            (Some(message), _) => question(message, it.schema.as_deref()),
            (None, Some(time)) => format!("waiting until {time}"),
            (None, None) => "waiting".to_owned(),
        },
        EventKind::NodeCompleted(it) => {
            let is_truncated = it.report.as_ref().is_some_and(|report| report.truncated);
            let cut = if is_truncated {
                ", truncated at the token limit"
            } else {
                ""
            };
            format!(
                "completed in {} ms{cut}: {}",
                it.duration_ms,
                preview(&it.output)
            )
        }
        EventKind::NodeFailed(it) if it.handled => with_hint(
            format!("failed, and the workflow continues: {}", it.error.detail),
            &it.error,
        ),
        EventKind::NodeFailed(it) => with_hint(format!("failed: {}", it.error.detail), &it.error),
        EventKind::NodeSkipped(_) => "skipped".to_owned(),
        EventKind::NodeCancelled(_) => "cancelled".to_owned(),
        EventKind::RunFailing(it) => {
            format!(
                "The run fails, and its `on_failure` runs: {}",
                it.error.detail
            )
        }
        EventKind::RunCompleted(it) => format!("The run cost {}.", it.cost?),
        EventKind::RunFailed(it) => {
            let cost = it.cost.map(|cost| format!(", after {cost}"));
            let cost = cost.unwrap_or_default();
            let Problem { detail, code, .. } = &*it.error;
            let failed = format!("The run failed{cost}: {detail} [{code}]");
            let noted = it.on_failure_error.as_deref();
            let note = noted.map_or_else(String::new, |error| {
                format!(
                    "\nIts `on_failure` did not complete: {} [{}]",
                    error.detail, error.code
                )
            });
            with_hint(failed + &note, &it.error)
        }
        EventKind::RunCancelled(it) => match it.cost {
            Some(cost) => format!("The run was cancelled, after {cost}."),
            None => "The run was cancelled.".to_owned(),
        },
        _ => return None,
    })
}

/// A text with the faults of the error, one per line, and its hint.
fn with_hint(text: String, error: &Problem) -> String {
    let faults = error.errors.iter().map(|fault| format!("  {fault}"));
    let hint = error.hint.iter().map(|hint| format!("Hint: {hint}"));
    let lines: Vec<String> = std::iter::once(text).chain(faults).chain(hint).collect();
    lines.join("\n")
}

/// A question, and the expected form of the answer.
fn question(message: &str, schema: Option<&Value>) -> String {
    match schema {
        Some(schema) => {
            format!("asks: {message}\nAnswer with a line of JSON that matches {schema}")
        }
        None => format!("asks: {message}\nAnswer with a line: JSON, or else a string"),
    }
}

/// The beginning of a value, in one line.
pub(crate) fn preview(output: &Value) -> String {
    let text = match output.as_str() {
        Some(text) => text.replace('\n', " "),
        None => output.to_string(),
    };
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
