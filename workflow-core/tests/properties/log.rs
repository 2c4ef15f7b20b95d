//! The log of a run, read as JSON: as every reader outside the engine sees it.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde_json::Value;
use workflow_core::StepEvent;

use crate::flow::{Flow, Step};

/// Events in order, and where the run was lost and resumed, if it was.
pub struct Log {
    pub events: Vec<Value>,
    pub cut: Option<usize>,
}

/// What the log says of a step in the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'l> {
    Started,
    Completed(&'l Value),
    Failed(&'l Value),
    Skipped(&'l Value),
    Cancelled(&'l Value),
}

impl Log {
    pub fn of(events: &[StepEvent]) -> Self {
        let events = events.iter().map(serde_json::to_value);
        Self {
            events: events
                .collect::<Result<_, _>>()
                .expect("an event can be written as JSON"),
            cut: None,
        }
    }

    pub fn resumed(prefix: &[StepEvent], rest: &[StepEvent]) -> Self {
        let whole: Vec<_> = prefix.iter().chain(rest).cloned().collect();
        Self {
            cut: Some(prefix.len()),
            ..Self::of(&whole)
        }
    }

    /// The last word on each step.
    pub fn steps(&self) -> BTreeMap<&str, Seen<'_>> {
        let mut steps = BTreeMap::new();
        for event in &self.events {
            let seen = match kind(event) {
                "node.started" => Seen::Started,
                "node.completed" => Seen::Completed(event),
                "node.failed" => Seen::Failed(event),
                "node.skipped" => Seen::Skipped(event),
                "node.cancelled" => Seen::Cancelled(event),
                _ => continue,
            };
            steps.insert(path(event), seen);
        }
        steps
    }

    /// When an event happened, by the clock of its host.
    pub fn time(&self, index: usize) -> Option<Timestamp> {
        self.events[index]["time"].as_str()?.parse().ok()
    }

    /// How often steps have an event of this kind.
    pub fn count(&self, of_kind: &str) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for event in self.events.iter().filter(|event| kind(event) == of_kind) {
            *counts.entry(path(event).to_owned()).or_default() += 1;
        }
        counts
    }
}

/// In short, one line an event.
impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, event) in self.events.iter().enumerate() {
            if self.cut == Some(index) {
                writeln!(f, "---- resumed")?;
            }
            write!(f, "{} {} {}", event["seq"], kind(event), path(event))?;
            for key in [
                "attempt",
                "reason",
                "output",
                "error",
                "handled",
                "item",
                "items_done",
                "items",
                "round",
                "rounds",
                "exhausted",
            ] {
                match &event[key] {
                    Value::Null => {}
                    error @ Value::Object(_) if key == "error" => {
                        write!(f, " error={}", error["code"])?;
                    }
                    value => write!(f, " {key}={value}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Its name, `node.started`.
pub fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

/// The path of its step; empty for events of the run as a whole.
pub fn path(event: &Value) -> &str {
    if kind(event).starts_with("node.") {
        event["path"].as_str().unwrap_or_default()
    } else {
        ""
    }
}

/// Whether the event ends an attempt at a step.
pub fn ends_attempt(kind: &str) -> bool {
    matches!(
        kind,
        "node.completed" | "node.failed" | "node.cancelled" | "node.retrying"
    )
}

/// A path taken apart: `each/2/sum` is `sum`, in the list whose steps begin with `each/2/`.
pub struct Place<'f> {
    pub list: &'f [Step],
    pub position: usize,
    pub prefix: String,
}

impl<'f> Place<'f> {
    /// None when the workflow has no such step.
    pub fn of(flow: &'f Flow, path: &str) -> Option<Self> {
        let mut list = flow.nodes.as_slice();
        let mut prefix = String::new();
        let mut words = path.split('/');
        loop {
            let id = words.next()?;
            let position = list.iter().position(|node| node.id == id)?;
            let Some(index) = words.next() else {
                return Some(Self {
                    list,
                    position,
                    prefix,
                });
            };
            index.parse::<usize>().ok()?;
            list = list[position].body()?;
            prefix = format!("{prefix}{id}/{index}/");
        }
    }

    pub fn step(&self) -> &'f Step {
        &self.list[self.position]
    }

    pub fn is_leaf(&self) -> bool {
        self.step().body().is_none()
    }
}
