//! What holds for every log of a run with agents that has ended, wherever its hosts were lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};
use workflow_core::{
    EventKind, StepEvent,
    event::{NodeCompleted, StartReason},
    node::agent::{CallResult, TurnOutput},
};

use crate::{support::brief, world::Did};

/// A law that a run breaks.
pub type Broken = String;

macro_rules! law {
    ($holds:expr, $($said:tt)*) => {
        if !$holds {
            return Err(format!($($said)*));
        }
    };
}

/// How each step ended, by its path.
#[derive(Default)]
struct Log<'a> {
    completed: BTreeMap<&'a str, &'a NodeCompleted>,
    failed: BTreeMap<&'a str, &'a workflow_core::event::NodeFailed>,
    cancelled: BTreeSet<&'a str>,
    changed: BTreeMap<&'a str, Value>,
    started: Vec<&'a str>,
}

impl<'a> Log<'a> {
    fn read(log: &'a [StepEvent]) -> Result<Self, Broken> {
        let mut read = Self::default();
        for (index, event) in log.iter().enumerate() {
            law!(
                event.seq == index as u64 + 1,
                "number {} at {index}",
                event.seq
            );
            let is_last = index + 1 == log.len();
            law!(event.is_terminal() == is_last, "the run ends once");
            if matches!(event.kind, EventKind::RunFailed(_)) {
                continue;
            }
            let Some(step) = event.step() else {
                continue;
            };
            let path = step.path().as_str();
            law!(!read.is_over(path), "{path} continues after its end");
            match &event.kind {
                EventKind::NodeStarted(_) => read.started.push(path),
                EventKind::NodeCompleted(it) => _ = read.completed.insert(path, it),
                EventKind::NodeFailed(it) => _ = read.failed.insert(path, it),
                EventKind::NodeCancelled(_) => _ = read.cancelled.insert(path),
                EventKind::NodeResumed(it) => {
                    let payload = it.payload.as_deref();
                    if let Some(args) = payload.and_then(|it| it.get("args")) {
                        read.changed.insert(path, args.clone());
                    }
                }
                _ => {}
            }
        }
        for path in &read.started {
            law!(read.is_over(path), "{path} never ends");
        }
        Ok(read)
    }

    fn is_over(&self, path: &str) -> bool {
        self.completed.contains_key(path)
            || self.failed.contains_key(path)
            || self.cancelled.contains(path)
    }

    /// The path of call `index` of a turn.
    fn call(&self, calls: &str, index: usize, tool: &str) -> Option<&'a str> {
        let named = format!("{calls}/{tool}-{index}");
        let unknown = format!("{calls}/unknown-{index}");
        let mut started = self.started.iter();
        started
            .find(|path| ***path == *named || ***path == *unknown)
            .copied()
    }

    /// The history that a turn has to be given: one line for each turn before it, out of the log only.
    fn history(&self, turn_path: &str) -> Result<Vec<Value>, Broken> {
        let (agent, turn) = agent_of(turn_path).ok_or("no turn")?;
        let past = (0..turn).map(|turn| {
            let path = format!("{agent}/{turn}/turn");
            let said = self.completed.get(&*path);
            let said = said.ok_or_else(|| format!("{turn_path} begins before {path} ended"))?;
            let state = said.report.as_ref().and_then(|report| report.state.clone());
            let output: TurnOutput = serde_json::from_value(Value::clone(&said.output))
                .map_err(|error| error.to_string())?;
            let results = output.calls.iter().enumerate().map(|(index, call)| {
                let calls = format!("{agent}/{turn}");
                let path = self.call(&calls, index, &call.tool);
                let path = path.ok_or_else(|| format!("call {index} of {calls} is lost"))?;
                self.result(path)
            });
            let results: Vec<Value> = results.collect::<Result<_, _>>()?;
            Ok(json!({"output": said.output, "state": state, "results": results}))
        });
        past.collect()
    }

    fn result(&self, call: &str) -> Result<Value, Broken> {
        let result = match (self.completed.get(call), self.failed.get(call)) {
            (Some(it), _) => Ok(Arc::clone(&it.output)),
            (_, Some(it)) => Err(Arc::clone(&it.error)),
            _ => return Err(format!("{call} is not settled")),
        };
        let mut sent = CallResult::new(result).for_model();
        if let Some(args) = self.changed.get(call) {
            sent["changed_arguments"] = args.clone();
        }
        Ok(sent)
    }
}

/// The path of the agent and the number of a turn, by the path of its step.
fn agent_of(turn: &str) -> Option<(&str, usize)> {
    let (agent, number) = turn.strip_suffix("/turn")?.rsplit_once('/')?;
    Some((agent, number.parse().ok()?))
}

/// Checks a run that has ended. `cut` is the number of its events before its last host, which did this.
pub fn check(log: &[StepEvent], cut: usize, did: &Did) -> Result<(), Broken> {
    let read = Log::read(log)?;
    if let EventKind::RunFailed(failed) = &log[log.len() - 1].kind {
        let code = &*failed.error.code;
        law!(!["stalled", "internal"].contains(&code), "{code}");
    }
    calls_are_those_of_their_turn(&read)?;
    lost_calls_stop(log, &read)?;
    refused_calls_do_nothing(&read)?;
    effects_are_attempts(log, cut, did)?;
    requests_follow_from_the_log(&read, did)
}

/// The calls of a turn are the steps that it asked for, begin in their order, and only of a turn that completed.
fn calls_are_those_of_their_turn(read: &Log<'_>) -> Result<(), Broken> {
    let mut begun: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &read.started {
        let Some((calls, id)) = path.rsplit_once('/') else {
            continue;
        };
        let turn = format!("{calls}/turn");
        if id == "turn" || !read.started.contains(&&*turn) {
            continue;
        }
        let said = read.completed.get(&*turn);
        let said = said.ok_or_else(|| format!("{path} begins before its turn ended"))?;
        let index = begun.entry(calls).or_default();
        let tool = said.output["calls"][*index]["tool"].as_str();
        let tool = tool.ok_or_else(|| format!("{path} was not asked for"))?;
        let expected = [format!("{tool}-{index}"), format!("unknown-{index}")];
        law!(expected.iter().any(|it| it == id), "{path} is call {index}");
        *index += 1;
    }
    Ok(())
}

/// An effect that may have happened within a guarded call does not happen again, and no model is told that it may have.
fn lost_calls_stop(log: &[StepEvent], read: &Log<'_>) -> Result<(), Broken> {
    for event in log {
        if let EventKind::NodeStarted(it) = &event.kind
            && it.reason == Some(StartReason::Recovered)
        {
            let path = it.step.path().as_str();
            let repeats = path.ends_with("/turn") || it.step.node().as_str().starts_with("text");
            law!(repeats || !path.contains("/guarded-"), "{path} runs again");
        }
    }
    for (path, failed) in &read.failed {
        if is_call(path) && failed.error.code == "ambiguous" {
            law!(!failed.handled, "{path} is answered as ambiguous");
            let agent = path.rsplitn(3, '/').nth(2).unwrap_or_default();
            let of_agent = read.failed.get(agent).map(|it| &*it.error.code);
            // A call beside it may have failed the agent first.
            law!(
                of_agent.is_some() || read.cancelled.contains(agent),
                "{agent} continues after {path}"
            );
        }
    }
    Ok(())
}

/// Whether a path is that of a call of a tool that exists: its name says so.
fn is_call(path: &str) -> bool {
    let id = path.rsplit('/').next().unwrap_or_default();
    id.starts_with("guarded-") || id.starts_with("free-")
}

fn refused_calls_do_nothing(read: &Log<'_>) -> Result<(), Broken> {
    let codes = [
        "refused",
        "unknown_tool",
        "invalid_arguments",
        "repeated_call",
    ];
    for (path, failed) in &read.failed {
        if is_call(path) && codes.contains(&&*failed.error.code) {
            let within = format!("{path}/");
            let begun = read.started.iter().find(|it| it.starts_with(&within));
            // A call inside may have failed so, and this one with it.
            let mut inside = read.failed.iter();
            let is_from_inside = inside
                .any(|(path, it)| path.starts_with(&within) && it.error.code == failed.error.code);
            law!(
                begun.is_none() || is_from_inside,
                "{begun:?} in a call that is {}",
                failed.error.code
            );
        }
    }
    Ok(())
}

/// The last host has run as many leaves as it has logged attempts, and none that had completed before.
fn effects_are_attempts(log: &[StepEvent], cut: usize, did: &Did) -> Result<(), Broken> {
    let mut attempts: BTreeMap<&str, u32> = BTreeMap::new();
    for event in &log[cut..] {
        if let EventKind::NodeStarted(it) = &event.kind {
            *attempts.entry(it.step.path().as_str()).or_default() += 1;
        }
    }
    let turns = did.sent.iter();
    let turns = turns.map(|(path, sent)| (path, u32::try_from(sent.len()).unwrap()));
    let effects = did.effects.iter().map(|(path, times)| (path, *times));
    for (path, times) in effects.chain(turns) {
        let most = attempts.get(&**path).copied().unwrap_or_default();
        law!(times <= most, "{path} ran {times} times in {most} attempts");
    }
    Ok(())
}

/// All attempts at a turn send the same, and it is what the log says of the turns before.
fn requests_follow_from_the_log(read: &Log<'_>, did: &Did) -> Result<(), Broken> {
    for (path, texts) in &did.sent {
        for text in texts {
            law!(*text == texts[0], "{path} sends {text}\nand {}", texts[0]);
            law!(
                !text.contains(r#""error":"ambiguous"#),
                "{path} is told: {text}"
            );
        }
        let lines = texts[0].lines().skip(2).filter(|line| !line.is_empty());
        let lines: Vec<Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let expected = read.history(path)?;
        law!(
            lines == expected,
            "{path} sends {lines:#?}\nthe log says {expected:#?}"
        );
    }
    Ok(())
}

/// Whether an attempt was lost that must not be repeated.
pub fn is_ambiguous(log: &[StepEvent]) -> bool {
    let failed = log.iter().any(|event| match &event.kind {
        EventKind::NodeFailed(it) => it.error.code == "ambiguous",
        _ => false,
    });
    failed
        || matches!(&log[log.len() - 1].kind, EventKind::RunFailed(it) if it.error.code == "ambiguous")
}

/// How each step ended and how the run did, without times, usage and the numbers of attempts.
pub fn ends(log: &[StepEvent]) -> BTreeMap<String, Value> {
    let mut ends = BTreeMap::new();
    let names = [
        "node.completed",
        "node.failed",
        "node.skipped",
        "run.completed",
        "run.failed",
    ];
    for event in log.iter().filter(|it| names.contains(&it.kind.name())) {
        let mut end = serde_json::to_value(event).unwrap();
        let dropped = [
            "seq",
            "time",
            "duration_ms",
            "usage",
            "cost",
            "calls",
            "booked",
            "attempt",
        ];
        for field in dropped {
            end.as_object_mut().unwrap().remove(field);
        }
        let path = event
            .step()
            .filter(|_| event.kind.name().starts_with("node."));
        ends.insert(
            path.map(|it| it.path().to_string()).unwrap_or_default(),
            end,
        );
    }
    ends
}

pub fn shown(log: &[StepEvent]) -> String {
    brief(log).join("\n")
}
