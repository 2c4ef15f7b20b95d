//! Random chains of nodes that branch, stop, repeat and fail: what a run does is compared with the few rules that decide it,
//! and each run is resumed from every prefix of its log.
//!
//! The nodes run one after the other, so nothing depends on which of two steps is faster.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::prefixes::{end_the_same, settled};

/// A part of a chain.
#[derive(Clone, Debug)]
enum Part {
    Completes,
    Fails {
        handled: bool,
    },
    Skipped,
    Stops(bool),
    /// A switch with a branch for each of two cases and none for its default, and a node that joins them.
    Branches(u8),
    /// A loop that is good enough after so many rounds, or reaches its `max` of 2 and fails.
    Repeats(usize),
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => Just(Part::Completes),
        2 => any::<bool>().prop_map(|handled| Part::Fails { handled }),
        1 => Just(Part::Skipped),
        2 => any::<bool>().prop_map(Part::Stops),
        3 => (0..3_u8).prop_map(Part::Branches),
        2 => (1..4_usize).prop_map(Part::Repeats),
    ]
}

/// A list of nodes as it is written, and what has to become of it.
#[derive(Default)]
struct Chain {
    prefix: &'static str,
    nodes: Vec<Value>,
    settled: BTreeSet<(&'static str, String)>,
    /// Whether the last node was not skipped.
    live: bool,
    /// The output of the node that ended the list.
    stopped: Option<String>,
    /// The step that ended it.
    failed: Option<String>,
}

impl Chain {
    fn of(parts: &[Part], prefix: &'static str) -> Self {
        let live = true;
        let mut chain = Self {
            prefix,
            live,
            ..Self::default()
        };
        for (index, part) in parts.iter().enumerate() {
            // Ids differ between the two lists.
            let id = format!("{}{index}", if prefix.is_empty() { "n" } else { "f" });
            chain.add(part, &id);
        }
        chain
    }

    fn ended(&self) -> bool {
        self.stopped.is_some() || self.failed.is_some()
    }

    fn settle(&mut self, what: &'static str, id: &str) {
        if !self.ended() {
            self.settled.insert((what, format!("{}{id}", self.prefix)));
        }
    }

    /// A node that runs, unless what it needs was skipped.
    fn run(&mut self, what: &'static str, id: &str) {
        let what = if self.live { what } else { "node.skipped" };
        self.settle(what, id);
    }

    fn fail(&mut self, path: &str) {
        if self.live && !self.ended() {
            self.failed = Some(format!("{}{path}", self.prefix));
        }
    }

    fn add(&mut self, part: &Part, id: &str) {
        let script = |id: &str, data: Value| json!({"id": id, "type": "Script", "data": data});
        match part {
            Part::Completes => {
                self.nodes.push(script(id, json!({"millis": 1})));
                self.run("node.completed", id);
            }
            Part::Fails { handled } => {
                let mut node = script(id, json!({"failures": 99}));
                if *handled {
                    node["on_error"] = json!({"output": "handled"});
                }
                self.nodes.push(node);
                self.run("node.failed", id);
                if !handled {
                    self.fail(id);
                }
            }
            Part::Skipped => {
                let mut node = script(id, json!({}));
                node["when"] = json!("false");
                self.nodes.push(node);
                self.settle("node.skipped", id);
                self.live = false;
            }
            Part::Stops(stops) => {
                let mut node = script(id, json!({}));
                // A list of `on_failure` has no stops.
                if self.prefix.is_empty() {
                    node["stop_when"] =
                        json!(format!("{id}.output == '{}'", if *stops { id } else { "" }));
                }
                self.nodes.push(node);
                self.run("node.completed", id);
                if *stops && self.live && self.prefix.is_empty() && !self.ended() {
                    self.stopped = Some(id.to_owned());
                }
            }
            Part::Branches(chosen) => self.branch(*chosen, id),
            Part::Repeats(rounds) => self.repeat(*rounds, id),
        }
    }

    fn branch(&mut self, chosen: u8, id: &str) {
        let (a, b, join) = (format!("{id}a"), format!("{id}b"), format!("{id}j"));
        let when = |case: u8| if chosen == case { "true" } else { "false" };
        self.nodes.extend([
            json!({"id": id, "type": "SwitchNode", "data": {"default": "other", "cases": [
                {"name": "a", "when": when(0)}, {"name": "b", "when": when(1)}]}}),
            json!({"id": a, "type": "Script", "case": format!("{id}.a")}),
            json!({"id": b, "type": "Script", "case": format!("{id}.b")}),
            json!({"id": join, "type": "Script", "needs": [a, b]}),
        ]);
        self.run("node.completed", id);
        for (case, branch) in [(0, &a), (1, &b)] {
            let what = if chosen == case {
                "node.completed"
            } else {
                "node.skipped"
            };
            self.run(what, branch);
        }
        self.live &= chosen < 2;
        self.run("node.completed", &join);
    }

    fn repeat(&mut self, rounds: usize, id: &str) {
        let inner = format!("{id}r");
        self.nodes.push(json!({"id": id, "type": "LoopNode", "data": {
            "max": 2, "on_max": "fail", "until": format!("history | length == {}", rounds - 1),
            "nodes": [{"id": inner, "type": "Script", "data": {"output": "{{ history | length }}"}}]}}));
        if self.live {
            for round in 0..rounds.min(2) {
                self.settle("node.completed", &format!("{id}/{round}/{inner}"));
            }
        }
        self.run(
            if rounds <= 2 {
                "node.completed"
            } else {
                "node.failed"
            },
            id,
        );
        if rounds > 2 {
            self.fail(id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_ends_as_its_nodes_say_from_every_prefix(
        parts in proptest::collection::vec(part(), 1..6),
        on_failure in proptest::option::of(proptest::collection::vec(part(), 1..4)),
    ) {
        let chain = Chain::of(&parts, "");
        let mut spec = json!({"nodes": chain.nodes, "output": "whole"});
        let mut expected = chain.settled;
        let mut note = None;
        if let Some(parts) = &on_failure {
            let after = Chain::of(parts, "on_failure/");
            spec["on_failure"] = json!(after.nodes);
            if chain.failed.is_some() {
                expected.extend(after.settled);
                note = after.failed;
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let events = runtime.block_on(end_the_same(&spec, json!(null)));
        prop_assert_eq!(settled(&events), expected, "{}", spec);
        let end = serde_json::to_value(events.last().unwrap()).unwrap();
        let (kind, output) = match (&chain.failed, &chain.stopped) {
            (Some(_), _) => ("run.failed", Value::Null),
            (None, Some(id)) => ("run.completed", json!(id)),
            (None, None) => ("run.completed", json!("whole")),
        };
        prop_assert_eq!(&end["type"], kind, "{}", spec);
        prop_assert_eq!(&end["output"], &output, "{}", spec);
        prop_assert_eq!(end["path"].as_str(), chain.failed.as_deref(), "{}", spec);
        prop_assert_eq!(end.get("on_failure_error").is_some(), note.is_some(), "{}", spec);
    }
}
