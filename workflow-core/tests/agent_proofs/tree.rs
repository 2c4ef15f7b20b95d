//! Random workflows of agents whose tools run leaves, maps, loops, persons, called workflows and further agents.

use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Case {
    nodes: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    work: Work,
    is_handled: bool,
}

#[derive(Clone, Debug)]
enum Work {
    Act {
        millis: u64,
        failures: u32,
    },
    /// A pure type: it may repeat, whatever the tool around it says.
    Text,
    Person,
    Map {
        items: usize,
        body: Vec<Step>,
    },
    Loop {
        rounds: usize,
        body: Vec<Step>,
    },
    Call(Vec<Step>),
    Agent(Agent),
}

#[derive(Clone, Debug)]
struct Agent {
    millis: u64,
    max_turns: usize,
    continues: bool,
    concurrency: usize,
    /// The most requests that its turns make.
    budget: Option<u64>,
    tools: Vec<Tool>,
}

#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
struct Tool {
    is_workflow: bool,
    approve: bool,
    fails_agent: bool,
    is_guarded: bool,
    body: Vec<Step>,
}

pub fn cases() -> impl Strategy<Value = Case> {
    let around = prop_oneof![
        3 => agent(2).prop_map(Work::Agent),
        1 => (1..3_usize, agent(1)).prop_map(|(items, agent)| Work::Map { items, body: vec![only(agent)] }),
        1 => (1..3_usize, agent(1)).prop_map(|(rounds, agent)| Work::Loop { rounds, body: vec![only(agent)] }),
        1 => agent(1).prop_map(|agent| Work::Call(vec![only(agent)])),
    ];
    let before = prop::option::of(step(0));
    let after = prop::option::of(step(0));
    (before, handled(around.boxed()), after).prop_map(|(before, agent, after)| Case {
        nodes: before.into_iter().chain([agent]).chain(after).collect(),
    })
}

fn only(agent: Agent) -> Step {
    Step {
        work: Work::Agent(agent),
        is_handled: false,
    }
}

fn handled(work: BoxedStrategy<Work>) -> BoxedStrategy<Step> {
    (work, prop::bool::weighted(0.3))
        .prop_map(|(work, is_handled)| Step { work, is_handled })
        .boxed()
}

fn list(depth: u32) -> BoxedStrategy<Vec<Step>> {
    prop::collection::vec(step(depth), 1..3).boxed()
}

fn step(depth: u32) -> BoxedStrategy<Step> {
    // Of three attempts, up to two fail; more fail the step.
    let act = (0..6_u64, prop_oneof![8 => 0..2_u32, 1 => Just(9)])
        .prop_map(|(millis, failures)| Work::Act { millis, failures });
    if depth == 0 {
        return handled(
            prop_oneof![5 => act, 1 => Just(Work::Text), 1 => Just(Work::Person)].boxed(),
        );
    }
    let body = move || list(depth - 1);
    let work = prop_oneof![
        6 => act,
        1 => Just(Work::Text),
        1 => Just(Work::Person),
        1 => (1..4_usize, body()).prop_map(|(items, body)| Work::Map { items, body }),
        1 => (1..3_usize, body()).prop_map(|(rounds, body)| Work::Loop { rounds, body }),
        1 => body().prop_map(Work::Call),
        1 => agent(depth - 1).prop_map(Work::Agent),
    ];
    handled(work.boxed())
}

fn agent(depth: u32) -> BoxedStrategy<Agent> {
    let limits = (0..4_u64, 2..6_usize, any::<bool>(), 1..4_usize);
    let budget = prop_oneof![12 => Just(None), 1 => (1..6_u64).prop_map(Some)];
    let tools = prop::collection::vec(tool(depth), 1..4);
    (limits, budget, tools)
        .prop_map(
            |((millis, max_turns, continues, concurrency), budget, tools)| Agent {
                millis,
                max_turns,
                continues,
                concurrency,
                budget,
                tools,
            },
        )
        .boxed()
}

fn tool(depth: u32) -> BoxedStrategy<Tool> {
    let often = prop::bool::weighted;
    let flags = (often(0.3), often(0.3), often(0.06), often(0.4));
    (flags, list(depth))
        .prop_map(
            |((is_workflow, approve, fails_agent, is_guarded), body)| Tool {
                is_workflow,
                approve,
                fails_agent,
                is_guarded,
                body,
            },
        )
        .boxed()
}

impl Case {
    /// The specification, and those of the workflows that it calls, with their names. Called ones come before those that call them.
    pub fn specs(&self) -> (Value, Vec<(String, Value)>) {
        let mut names = Names::default();
        let nodes = names.list(&self.nodes);
        (json!({ "nodes": nodes }), names.called)
    }

    /// Whether what a run does is independent of which of two calls is faster, and of lost attempts.
    pub fn is_timeless(&self) -> bool {
        self.nodes.iter().all(Step::is_timeless)
    }
}

impl Step {
    fn is_timeless(&self) -> bool {
        match &self.work {
            Work::Act { .. } | Work::Text | Work::Person => true,
            Work::Map { body, .. } | Work::Loop { body, .. } | Work::Call(body) => {
                body.iter().all(Self::is_timeless)
            }
            Work::Agent(agent) => {
                let tools = &agent.tools;
                agent.budget.is_none()
                    && tools.iter().all(|tool| {
                        // A failure cancels the calls beside it.
                        !tool.fails_agent && tool.body.iter().all(Self::is_timeless)
                    })
            }
        }
    }
}

#[derive(Default)]
struct Names {
    used: usize,
    called: Vec<(String, Value)>,
}

impl Names {
    fn list(&mut self, steps: &[Step]) -> Vec<Value> {
        steps.iter().map(|step| self.node(step)).collect()
    }

    fn next(&mut self, letter: &str) -> String {
        self.used += 1;
        format!("{letter}{}", self.used)
    }

    /// The name of a workflow of these nodes.
    fn workflow(&mut self, body: &[Step], input: Option<Value>) -> String {
        let mut spec = json!({"nodes": self.list(body)});
        if let Some(input) = input {
            spec["input"] = input;
        }
        let name = self.next("called-");
        self.called.push((name.clone(), spec));
        name
    }

    fn node(&mut self, step: &Step) -> Value {
        let mut node = match &step.work {
            Work::Act { millis, failures } => json!({"id": self.next("act"), "type": "Act",
                "retry": {"max_attempts": 3, "delay": "2ms", "jitter": false},
                "data": {"millis": millis, "failures": failures}}),
            Work::Text => {
                json!({"id": self.next("text"), "type": "PromptNode", "data": {"template": "{{ input }}"}})
            }
            Work::Person => {
                json!({"id": self.next("person"), "type": "HumanNode", "data": {"message": "Well?"}})
            }
            Work::Map { items, body } => {
                let nodes = self.list(body);
                json!({"id": self.next("map"), "type": "MapNode", "data": {
                    "over": format!("range({items})"), "on_item_error": "null", "nodes": nodes}})
            }
            Work::Loop { rounds, body } => {
                let nodes = self.list(body);
                json!({"id": self.next("loop"), "type": "LoopNode", "data": {
                    "until": format!("index >= {}", rounds - 1), "max": rounds, "nodes": nodes}})
            }
            Work::Call(body) => {
                let workflow = self.workflow(body, None);
                json!({"id": self.next("call"), "type": "WorkflowNode", "data": {
                    "workflow": workflow, "input": 1}})
            }
            Work::Agent(agent) => self.agent(agent),
        };
        if step.is_handled {
            node["on_error"] = json!("continue");
        }
        node
    }

    fn agent(&mut self, agent: &Agent) -> Value {
        let tools: Vec<Value> = agent.tools.iter().map(|tool| self.tool(tool)).collect();
        let mut data = json!({
            "millis": agent.millis,
            "max_turns": agent.max_turns,
            "on_max_turns": if agent.continues { "continue" } else { "fail" },
            "concurrency": agent.concurrency,
            "tools": tools,
        });
        if let Some(calls) = agent.budget {
            data["budget"] = json!({ "calls": calls });
        }
        json!({"id": self.next("agent"), "type": "Agent", "data": data,
            "retry": {"max_attempts": 3, "delay": "2ms", "jitter": false}})
    }

    fn tool(&mut self, tool: &Tool) -> Value {
        let input =
            json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
        // A guarded tool has a name that says so, as does one that asks.
        let kind = match (tool.is_guarded, tool.approve) {
            (true, true) => "guarded-asks",
            (true, false) => "guarded-does",
            (false, true) => "free-asks",
            (false, false) => "free-does",
        };
        let mut spec = json!({
            "name": self.next(kind),
            "input": input,
            "on_ambiguous": if tool.is_guarded { "fail" } else { "retry" },
            "on_error": if tool.fails_agent { "fail" } else { "answer" },
        });
        if tool.approve {
            spec["approve"] = json!({"message": "{{ args.n }}?"});
        }
        if tool.is_workflow {
            spec["workflow"] = self.workflow(&tool.body, Some(input)).into();
        } else {
            spec["nodes"] = self.list(&tool.body).into();
        }
        spec
    }
}
