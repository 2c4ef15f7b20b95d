//! Tells the events of a run to a person, a line each.

use std::io::{self, Write};

use serde_json::Value;
use workflow_core::{EventKind, StepEvent, error::Problem, event::Progress};

/// The most characters of an output that a line shows.
const SHOWN: usize = 100;

/// Writes what happened, if it is worth a line.
pub(crate) fn narrate(out: &mut impl Write, event: &StepEvent) -> io::Result<()> {
    let Some(what) = told(&event.kind) else {
        return Ok(());
    };
    let what = printable(&what);
    match event.step() {
        Some(step) => writeln!(out, "{:<24} {what}", step.path().as_str()),
        None => writeln!(out, "{what}"),
    }
}

/// A text without characters that would command a terminal: it may come from a model.
pub(crate) fn printable(text: &str) -> String {
    let commands = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.replace(commands, "\u{fffd}")
}

fn told(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::NodeStarted(it) if it.attempt > 1 => format!("attempt {}", it.attempt),
        EventKind::NodeStarted(_) => "begins".to_owned(),
        EventKind::NodeQueued(it) => {
            format!(
                "waits in line for {}, at position {}",
                it.queue, it.position
            )
        }
        EventKind::NodeAdmitted(it) => format!("is admitted after {} ms", it.queued_ms),
        EventKind::NodeProgress(it) => match it.progress {
            Progress::Items {
                items_done, items, ..
            } => format!("{items_done} of {items} items"),
            Progress::Round { round } => format!("round {}", round + 1),
        },
        EventKind::NodeRetrying(it) => {
            let wait = format!("{}; retried in {} ms", it.error.detail, it.next_in_ms);
            match &it.waits_for {
                Some(awaited) => {
                    format!("{wait}, once the {} allows it", awaited.replace('_', " "))
                }
                None => wait,
            }
        }
        EventKind::NodeWaiting(it) => match (&it.message, it.resumes_at) {
            (Some(message), _) => asked(message, it.schema.as_deref()),
            (None, Some(time)) => format!("waits until {time}"),
            (None, None) => "waits".to_owned(),
        },
        EventKind::NodeCompleted(it) => {
            let is_cut = it.report.as_ref().is_some_and(|report| report.truncated);
            let cut = if is_cut {
                ", cut off at the token limit"
            } else {
                ""
            };
            format!("done in {} ms{cut}: {}", it.duration_ms, shown(&it.output))
        }
        EventKind::NodeFailed(it) if it.handled => with_hint(
            format!("failed, and the workflow continues: {}", it.error.detail),
            &it.error,
        ),
        EventKind::NodeFailed(it) => with_hint(format!("failed: {}", it.error.detail), &it.error),
        EventKind::NodeSkipped(_) => "is skipped".to_owned(),
        EventKind::NodeCancelled(_) => "is stopped".to_owned(),
        EventKind::RunFailed(it) => with_hint(
            format!("The run failed: {} [{}]", it.error.detail, it.error.code),
            &it.error,
        ),
        EventKind::RunCancelled(_) => "The run was cancelled.".to_owned(),
        _ => return None,
    })
}

/// What happened, the single faults, and what can be done about it.
fn with_hint(what: String, error: &Problem) -> String {
    let faults = error.errors.iter().map(|fault| format!("  {fault}"));
    let hint = error.hint.iter().map(|hint| format!("Hint: {hint}"));
    let lines: Vec<String> = std::iter::once(what).chain(faults).chain(hint).collect();
    lines.join("\n")
}

/// What a person is asked, and how to answer.
fn asked(message: &str, schema: Option<&Value>) -> String {
    match schema {
        Some(schema) => {
            format!("asks: {message}\nAnswer with a line of JSON that fits {schema}")
        }
        None => format!("asks: {message}\nAnswer with a line: JSON, or else a text"),
    }
}

fn shown(output: &Value) -> String {
    let text = match output.as_str() {
        Some(text) => text.replace('\n', " "),
        None => output.to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
