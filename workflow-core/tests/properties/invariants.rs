//! What holds of every log, whatever the workflow does and whenever things happen.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    flow::{Flow, Work},
    log::{Log, Place, ends_attempt, kind, path},
};

/// Fails the check with a message, unless something holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use ensure;

/// What was expected and is not so.
pub type Checked = Result<(), String>;

pub fn hold(log: &Log, flow: &Flow, slots: usize) -> Checked {
    numbered_with_one_end(log)?;
    each_attempt_ends_once(log)?;
    needs_come_first(log, flow)?;
    bodies_are_inside(log)?;
    nothing_starts_in_a_failed_list(log)?;
    let most = most_at_work(log, flow);
    ensure!(
        most <= slots,
        "{most} leaf steps at work at once, {slots} may be"
    );
    // An item whose first step waits for a slot says nothing yet; a new host has a new clock.
    items_keep_their_places(log, flow, most < slots && log.cut.is_none())
}

fn numbered_with_one_end(log: &Log) -> Checked {
    for (index, event) in log.events.iter().enumerate() {
        let expected = index as u64 + 1;
        ensure!(
            event["seq"] == expected,
            "event {expected} is numbered {}",
            event["seq"]
        );
        let terminal = matches!(
            kind(event),
            "run.completed" | "run.failed" | "run.cancelled"
        );
        let last = index + 1 == log.events.len();
        ensure!(
            terminal == last,
            "{} is event {expected} of {}",
            kind(event),
            log.events.len()
        );
    }
    let begin: Vec<_> = log.events.iter().take(2).map(kind).collect();
    ensure!(
        begin == ["run.created", "run.started"],
        "the log begins with {begin:?}"
    );
    Ok(())
}

/// A step starts again only after a retry or a recovery; each start has one end; what is settled
/// says nothing more.
fn each_attempt_ends_once(log: &Log) -> Checked {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        Working(u64),
        BackingOff(u64),
        Settled,
    }
    let mut states: BTreeMap<&str, State> = BTreeMap::new();
    for (index, event) in log.events.iter().enumerate() {
        let (kind, path, state) = (kind(event), path(event), states.get(path(event)).copied());
        let attempt = event["attempt"].as_u64();
        let next = match (kind, state) {
            ("node.started", None) => {
                ensure!(attempt == Some(1), "{path} begins with attempt {attempt:?}");
                State::Working(1)
            }
            ("node.started", Some(State::BackingOff(last))) => {
                ensure!(
                    attempt == Some(last + 1),
                    "{path}: attempt {attempt:?} after {last}"
                );
                State::Working(last + 1)
            }
            ("node.started", Some(State::Working(last))) => {
                let recovered =
                    event["reason"] == "recovered" && log.cut.is_some_and(|cut| index >= cut);
                ensure!(recovered, "{path} starts while it is at work");
                ensure!(
                    attempt == Some(last + 1),
                    "{path}: attempt {attempt:?} after {last}"
                );
                State::Working(last + 1)
            }
            ("node.retrying", Some(State::Working(last))) => {
                ensure!(
                    attempt == Some(last),
                    "{path} retries attempt {attempt:?} in {last}"
                );
                State::BackingOff(last)
            }
            ("node.completed", Some(State::Working(last))) => {
                ensure!(
                    attempt == Some(last),
                    "{path} completes attempt {attempt:?} in {last}"
                );
                State::Settled
            }
            // A step may fail without a start: its `when`, its `over`.
            ("node.failed", None | Some(State::Working(_)))
            | ("node.skipped", None)
            | ("node.cancelled", Some(State::Working(_) | State::BackingOff(_))) => State::Settled,
            ("node.progress", Some(state @ State::Working(_))) => state,
            _ if path.is_empty() => continue,
            (kind, _) => {
                return Err(format!(
                    "event {}: {kind} of {path} cannot follow",
                    index + 1
                ));
            }
        };
        states.insert(path, next);
    }
    let left: Vec<_> = states
        .iter()
        .filter(|(_, state)| **state != State::Settled)
        .collect();
    let left: Vec<_> = left.into_iter().map(|(path, _)| path).collect();
    ensure!(left.is_empty(), "the run ends, and these do not: {left:?}");
    Ok(())
}

/// A step starts, or is skipped, only when all it needs is settled.
fn needs_come_first(log: &Log, flow: &Flow) -> Checked {
    let mut settled = BTreeSet::new();
    for event in &log.events {
        let path = path(event);
        match kind(event) {
            "node.started" | "node.skipped" => {
                let Some(place) = Place::of(flow, path) else {
                    return Err(format!("the workflow has no step {path}"));
                };
                for need in place.step().needed(place.position) {
                    let need = format!("{}{}", place.prefix, place.list[need].id);
                    ensure!(
                        settled.contains(&need),
                        "{path} goes before {need} is settled"
                    );
                }
            }
            _ => {}
        }
        if matches!(
            kind(event),
            "node.completed" | "node.failed" | "node.skipped"
        ) {
            settled.insert(path.to_owned());
        }
    }
    Ok(())
}

/// The steps of a body have their events between the start and the end of its node. Only the order in
/// which a node and what is inside it are cancelled is nobody's promise.
fn bodies_are_inside(log: &Log) -> Checked {
    let mut open = BTreeSet::new();
    for event in &log.events {
        let path = path(event);
        if let Some(outer) = container(path)
            && kind(event) != "node.cancelled"
        {
            ensure!(
                open.contains(outer),
                "{} of {path} while {outer} is not open",
                kind(event)
            );
        }
        if kind(event) == "node.started" {
            open.insert(path);
        } else if ends_attempt(kind(event)) {
            open.remove(path);
        }
    }
    Ok(())
}

/// `each/2/sum` is in `each`.
fn container(path: &str) -> Option<&str> {
    let mut words = path.rsplitn(3, '/');
    words.nth(2)
}

/// `each/2/` of `each/2/sum`; nothing for a step of the run's own list.
fn list_prefix(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

fn nothing_starts_in_a_failed_list(log: &Log) -> Checked {
    let mut failed: Vec<&str> = Vec::new();
    for event in &log.events {
        let path = path(event);
        if kind(event) == "node.started" {
            let over = failed.iter().find(|prefix| path.starts_with(**prefix));
            ensure!(over.is_none(), "{path} starts although {over:?} has failed");
        }
        if kind(event) == "node.failed" && event["handled"] == false {
            failed.push(list_prefix(path));
        }
    }
    Ok(())
}

/// How many leaf steps are at work at once, at most.
fn most_at_work(log: &Log, flow: &Flow) -> usize {
    let (mut working, mut most) = (BTreeSet::new(), 0);
    for (index, event) in log.events.iter().enumerate() {
        if log.cut == Some(index) {
            working.clear(); // What was at work was lost.
        }
        let path = path(event);
        let is_leaf = || Place::of(flow, path).is_some_and(|place| place.is_leaf());
        if kind(event) == "node.started" && is_leaf() {
            working.insert(path);
        } else if ends_attempt(kind(event)) {
            working.remove(path);
        }
        most = most.max(working.len());
    }
    most
}

/// Never more items of a map at work than it allows: an item is at work from the first event in it
/// to the last.
fn items_keep_their_places(log: &Log, flow: &Flow, in_order: bool) -> Checked {
    let mut maps: BTreeMap<&str, BTreeMap<&str, (usize, usize)>> = BTreeMap::new();
    for (index, event) in log.events.iter().enumerate() {
        for (slash, _) in path(event).match_indices('/').skip(1).step_by(2) {
            let (map, item) = path(event)[..slash].rsplit_once('/').unwrap_or_default();
            let spans = maps.entry(map).or_default();
            spans.entry(item).or_insert((index, index)).1 = index;
        }
    }
    for (path, spans) in maps {
        let Some(place) = Place::of(flow, path) else {
            return Err(format!("the workflow has no step {path}"));
        };
        let at_once = match &place.step().work {
            Work::Map(map) => map.concurrency.unwrap_or(4),
            _ => 1, // The rounds of a loop.
        };
        for (begin, _) in spans.values() {
            let working = spans
                .values()
                .filter(|(first, last)| first <= begin && begin <= last);
            let working = working.count();
            ensure!(
                working <= at_once,
                "{working} items of {path} at work, {at_once} may be"
            );
        }
        if in_order {
            begin_in_order(log, path, &spans)?;
        }
    }
    Ok(())
}

/// No item or round begins earlier than one before it. Within a moment there is no order: a step
/// that is skipped says so before others start.
fn begin_in_order(log: &Log, path: &str, spans: &BTreeMap<&str, (usize, usize)>) -> Checked {
    let mut begins = BTreeMap::new();
    for (item, (begin, _)) in spans {
        let index: usize = item
            .parse()
            .map_err(|_| format!("{path}/{item} has no number"))?;
        begins.insert(index, log.time(*begin));
    }
    let order: Vec<_> = begins.values().collect();
    ensure!(order.is_sorted(), "{path} begins its items at {begins:?}");
    Ok(())
}
