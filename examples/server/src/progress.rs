//! Events of a run as lines for a terminal.

use std::io::{self, Write};

use serde_json::Value;
use workflow_core::{
    EventKind, StepEvent,
    error::Problem,
    event::{NodeCompleted, NodeWaiting, Progress},
    node::agent::TurnOutput,
    view::RunOutline,
};

/// The most characters of an output in a line.
const MAX_CHARS: usize = 100;

/// The types of the steps of an agent.
const TURN: &str = "AgentTurn";
const CALL: &str = "ToolCall";

/// Writes the lines of the events of a run.
#[derive(Default)]
pub(crate) struct ProgressLines {
    outline: RunOutline,
}

impl ProgressLines {
    /// Writes the line of an event. Some events have none.
    pub(crate) fn write(&mut self, out: &mut impl Write, event: &StepEvent) -> io::Result<()> {
        if let EventKind::RunCreated(created) = &event.kind {
            self.outline = RunOutline::of(created);
        }
        let path = event.step().map(workflow_core::value::StepRef::path);
        let kind = path.and_then(|path| self.outline.kind_of(path));
        let Some(text) = text(&event.kind, kind.map(|kind| &**kind)) else {
            return Ok(());
        };
        let text = printable(&text);
        match path {
            Some(path) => writeln!(out, "{:<24} {text}", path.as_str()),
            None => writeln!(out, "{text}"),
        }
    }
}

/// Replaces control characters: a text of a model could contain escape sequences for the terminal.
pub(crate) fn printable(text: &str) -> String {
    let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.replace(is_control, "\u{fffd}")
}

/// The text of an event of a step of this type; `None` if it needs no line.
fn text(kind: &EventKind, step_kind: Option<&str>) -> Option<String> {
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
            Progress::Turn { turn, max_turns } => {
                format!("turn {} of at most {max_turns}", turn + 1)
            }
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
            (Some(message), _) => question(message, it),
            (None, Some(time)) => format!("waiting until {time}"),
            (None, None) => "waiting".to_owned(),
        },
        EventKind::NodeCompleted(it) => completed(it, step_kind),
        EventKind::NodeFailed(it) if it.handled && step_kind == Some(CALL) => with_hint(
            format!("failed, and the model gets the error: {}", it.error.detail),
            &it.error,
        ),
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

/// What a step returned. Of a turn of an agent, its text and its calls.
fn completed(it: &NodeCompleted, step_kind: Option<&str>) -> String {
    let mut text = format!("completed in {} ms", it.duration_ms);
    if let Some(report) = &it.report {
        let turns = report.turns.map(|turns| format!(" in {turns} turns"));
        text.push_str(&turns.unwrap_or_default());
        if report.truncated {
            text.push_str(", truncated at the token limit");
        }
        if report.turns.is_some() && report.exhausted {
            text.push_str(", the most that it may take");
        }
    }
    let turn = (step_kind == Some(TURN))
        .then(|| serde_json::from_value::<TurnOutput>(Value::clone(&it.output)).ok());
    let Some(Some(turn)) = turn else {
        return format!("{text}: {}", preview(&it.output));
    };
    let said = turn.output.unwrap_or(Value::String(turn.text));
    if said != "" {
        text = format!("{text}: {}", preview(&said));
    }
    let calls = turn.calls.iter();
    let calls = calls.map(|call| format!("\n  calls {} with {}", call.tool, preview(&call.args)));
    calls.fold(text, |text, call| text + &call)
}

/// A question, and the expected form of the answer.
fn question(message: &str, waiting: &NodeWaiting) -> String {
    if let Some(call) = &waiting.call {
        // A person decides on all of the arguments, so they are not shortened.
        return format!(
            "asks: {message}\n  calls {} with {}\nAnswer with a line: yes, no, no and a reason, or other arguments as JSON that \
             matches {}",
            call.tool, call.args, call.input
        );
    }
    match &waiting.schema {
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
