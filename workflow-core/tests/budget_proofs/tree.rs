//! Random workflows of paid steps, maps, loops and calls.

use proptest::prelude::*;
use serde_json::{Value, json};

/// The codes of steps that a budget did not admit.
pub const REFUSALS: [&str; 4] = [
    "budget_exceeded",
    "bound_exceeded",
    "unbounded_request",
    "unpriced_model",
];

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub calls: u64,
    pub tokens: u64,
    pub nano: u64,
    pub asks: bool,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub budget: Limits,
    nodes: Vec<Step>,
    /// Counts the questions that are answered with more, before one is answered with a refusal.
    pub generosity: usize,
}

#[derive(Clone, Debug)]
struct Step {
    work: Work,
    starts_at_once: bool,
    is_handled: bool,
}

#[derive(Clone, Debug)]
enum Work {
    Paid(Paid),
    Map {
        items: usize,
        concurrency: usize,
        null_for_failed: bool,
        body: Vec<Step>,
    },
    Loop {
        rounds: usize,
        body: Vec<Step>,
    },
    Call {
        budget: Option<Limits>,
        body: Vec<Step>,
    },
}

#[derive(Clone, Debug)]
struct Paid {
    /// The most that an attempt uses, in each unit; none for a step that uses nothing.
    bound: Option<u64>,
    millis: u64,
    /// Of ten attempts, how many fail.
    failures: u64,
    attempts: u32,
    times_out: bool,
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..30_u64, 1..300_u64, 1..3000_u64, any::<bool>()).prop_map(|(calls, tokens, nano, asks)| {
        Limits {
            calls,
            // Mostly the calls are the narrowest limit, which a person can raise.
            tokens: tokens + 200,
            nano: nano + 2000,
            asks,
        }
    })
}

pub fn cases() -> impl Strategy<Value = Case> {
    (limits(), list(3), 0..4_usize).prop_map(|(budget, nodes, generosity)| Case {
        budget,
        nodes,
        generosity,
    })
}

fn list(depth: u32) -> BoxedStrategy<Vec<Step>> {
    prop::collection::vec(step(depth), 1..5).boxed()
}

fn step(depth: u32) -> BoxedStrategy<Step> {
    let work = if depth == 0 {
        paid().boxed()
    } else {
        let body = || list(depth - 1);
        prop_oneof![
            5 => paid(),
            1 => (1..6_usize, 1..5_usize, any::<bool>(), body()).prop_map(|(items, concurrency, null_for_failed, body)| {
                Work::Map { items, concurrency, null_for_failed, body }
            }),
            1 => (1..4_usize, body()).prop_map(|(rounds, body)| Work::Loop { rounds, body }),
            1 => (prop::option::of(limits()), body()).prop_map(|(budget, body)| Work::Call { budget, body }),
        ]
        .boxed()
    };
    let flags = (any::<bool>(), any::<bool>());
    (work, flags)
        .prop_map(|(work, (starts_at_once, is_handled))| Step {
            work,
            starts_at_once,
            is_handled,
        })
        .boxed()
}

fn paid() -> impl Strategy<Value = Work> {
    let bound = prop_oneof![1 => Just(None), 6 => (0..8_u64).prop_map(Some)];
    (bound, 0..40_u64, 0..6_u64, 1..4_u32, any::<bool>()).prop_map(
        |(bound, millis, failures, attempts, times_out)| {
            Work::Paid(Paid {
                bound,
                millis,
                failures,
                attempts,
                times_out,
            })
        },
    )
}

impl Case {
    /// The same with budgets that nothing exceeds.
    pub fn with_large_budgets(&self) -> Self {
        let mut case = self.clone();
        case.budget = LARGE;
        enlarge(&mut case.nodes);
        case
    }

    /// The specification, and those of the workflows that it calls, with their names. Called ones come before those that call them.
    pub fn specs(&self) -> (Value, Vec<(String, Value, Option<Limits>)>) {
        let mut names = Names::default();
        let nodes = names.nodes(&self.nodes);
        (
            json!({"budget": written(&self.budget), "nodes": nodes}),
            names.called,
        )
    }
}

const LARGE: Limits = Limits {
    calls: 1_000_000,
    tokens: 1_000_000,
    nano: 1_000_000_000,
    asks: true,
};

fn enlarge(steps: &mut [Step]) {
    for step in steps {
        match &mut step.work {
            Work::Paid(_) => {}
            Work::Map { body, .. } | Work::Loop { body, .. } => enlarge(body),
            Work::Call { budget, body } => {
                *budget = budget.map(|_| LARGE);
                enlarge(body);
            }
        }
    }
}

fn written(limits: &Limits) -> Value {
    json!({
        "calls": limits.calls,
        "tokens": limits.tokens,
        "usd": serde_json::to_value(workflow_core::value::Usd::from_nano(limits.nano)).unwrap(),
        "when_exceeded": if limits.asks { "ask" } else { "fail" },
    })
}

#[derive(Default)]
struct Names {
    nodes: usize,
    called: Vec<(String, Value, Option<Limits>)>,
}

impl Names {
    fn nodes(&mut self, steps: &[Step]) -> Vec<Value> {
        steps.iter().map(|step| self.node(step)).collect()
    }

    fn node(&mut self, step: &Step) -> Value {
        self.nodes += 1;
        let id = format!("n{}", self.nodes);
        let mut node = match &step.work {
            Work::Paid(paid) => {
                let data = json!({
                    "bound": paid.bound,
                    "millis": paid.millis,
                    "failures": paid.failures,
                });
                let mut node =
                    json!({"id": id, "type": "Paid", "data": data, "retry": paid.attempts});
                if paid.times_out {
                    node["timeout"] = json!("20ms");
                }
                node
            }
            Work::Map {
                items,
                concurrency,
                null_for_failed,
                body,
            } => {
                let on_item_error = if *null_for_failed { "null" } else { "fail" };
                json!({"id": id, "type": "MapNode", "data": {
                    "over": format!("range({items})"),
                    "concurrency": concurrency,
                    "on_item_error": on_item_error,
                    "nodes": self.nodes(body),
                }})
            }
            Work::Loop { rounds, body } => json!({"id": id, "type": "LoopNode", "data": {
                "until": format!("index >= {}", rounds - 1),
                "max": rounds,
                "nodes": self.nodes(body),
            }}),
            Work::Call { budget, body } => {
                let mut spec = json!({"nodes": self.nodes(body)});
                if let Some(budget) = budget {
                    spec["budget"] = written(budget);
                }
                let name = format!("called-{id}");
                self.called.push((name.clone(), spec, *budget));
                json!({"id": id, "type": "WorkflowNode", "data": {"workflow": name, "input": 1}})
            }
        };
        if step.starts_at_once {
            node["needs"] = json!([]);
        }
        if step.is_handled {
            node["on_error"] = json!("continue");
        }
        node
    }
}
