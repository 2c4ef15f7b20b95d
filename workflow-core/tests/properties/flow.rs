//! A workflow as the properties see it: a tree that is written as JSON for the engine, and walked
//! as it is by the reference.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::forms::{Condition, Shape, Term};

#[derive(Clone, PartialEq)]
pub struct Flow {
    pub nodes: Vec<Step>,
    pub output: Option<Shape>,
    /// `defaults.retry`, in attempts.
    pub default_attempts: Option<u32>,
    pub input: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub id: String,
    pub needs: Needs,
    pub when: Option<Condition>,
    pub on_error: OnError,
    pub work: Work,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Needs {
    /// Not written: the node just above.
    Above,
    /// By position in the list.
    Listed(Vec<usize>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum OnError {
    Absent,
    Fail,
    Continue,
    Output(Value),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    Script(Script),
    Transform(Shape),
    Prompt(Vec<Term>),
    Map(MapWork),
    Loop(LoopWork),
}

/// What the scripted test node does.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub pace: Pace,
    pub fate: Fate,
    /// `retry`, in attempts.
    pub attempts: Option<u32>,
    /// Whether it reads the implicit input, and gives it on.
    pub pipes: bool,
    pub value: Shape,
}

/// How long one attempt works, in virtual time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    Instant,
    /// The same for all, so that many end at the same moment.
    Even,
    /// Its own, so that no two end at the same moment.
    Own,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    Succeeds,
    /// So many attempts fail, each worth another.
    FailsFirst(u32),
    /// Fails with this code, and would again.
    Breaks(&'static str),
    Panics,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapWork {
    pub over: Over,
    /// `as`, where it is not `item`.
    pub named: Option<String>,
    pub concurrency: Option<usize>,
    pub null_for_failed: bool,
    pub body: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    Literal(Vec<Value>),
    /// An empty list when the value is null.
    Term(Term),
}

#[derive(Clone, Debug, PartialEq)]
pub struct LoopWork {
    pub until: Condition,
    pub max: usize,
    pub output: Option<Shape>,
    pub body: Vec<Step>,
}

/// The wait before the second attempt; it doubles, and has no jitter.
pub const FIRST_WAIT_MS: u64 = 2_000;

impl Flow {
    pub fn json(&self) -> Value {
        let mut spec = json!({"nodes": list(&self.nodes)});
        if let Some(output) = &self.output {
            spec["output"] = output.json();
        }
        if let Some(attempts) = self.default_attempts {
            spec["defaults"] = json!({"retry": retry(attempts)});
        }
        spec
    }
}

/// As JSON, to be read, and to be kept as an example when a property fails.
impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input {}, workflow {:#}", self.input, self.json())
    }
}

impl Step {
    /// The positions of the nodes it needs, by rule 1.
    pub fn needed(&self, position: usize) -> Vec<usize> {
        match &self.needs {
            Needs::Above => position.checked_sub(1).into_iter().collect(),
            Needs::Listed(positions) => positions.clone(),
        }
    }

    pub fn body(&self) -> Option<&[Step]> {
        match &self.work {
            Work::Map(map) => Some(&map.body),
            Work::Loop(repeated) => Some(&repeated.body),
            Work::Script(_) | Work::Transform(_) | Work::Prompt(_) => None,
        }
    }

    fn json(&self, siblings: &[Step]) -> Value {
        let (kind, data) = self.work.json();
        let mut node = json!({"id": self.id, "type": kind});
        if let Needs::Listed(positions) = &self.needs {
            node["needs"] = positions
                .iter()
                .map(|position| siblings[*position].id.as_str())
                .collect();
        }
        if let Some(when) = &self.when {
            node["when"] = when.text().into();
        }
        match &self.on_error {
            OnError::Absent => {}
            OnError::Fail => node["on_error"] = "fail".into(),
            OnError::Continue => node["on_error"] = "continue".into(),
            OnError::Output(output) => node["on_error"] = json!({ "output": output }),
        }
        if let Work::Script(Script {
            attempts: Some(attempts),
            ..
        }) = self.work
        {
            node["retry"] = retry(attempts);
        }
        node["data"] = data;
        node
    }
}

fn list(nodes: &[Step]) -> Vec<Value> {
    nodes.iter().map(|node| node.json(nodes)).collect()
}

fn retry(attempts: u32) -> Value {
    json!({"max_attempts": attempts, "delay": format!("{FIRST_WAIT_MS}ms"), "jitter": false})
}

impl Work {
    fn json(&self) -> (&'static str, Value) {
        match self {
            Work::Script(script) => ("Script", script.json()),
            Work::Transform(value) => ("TransformNode", json!({"value": value.json()})),
            Work::Prompt(terms) => (
                "PromptNode",
                json!({"template": Shape::Text(terms.clone()).json()}),
            ),
            Work::Map(map) => ("MapNode", map.json()),
            Work::Loop(repeated) => ("LoopNode", repeated.json()),
        }
    }
}

impl Script {
    fn json(&self) -> Value {
        let pace = match self.pace {
            Pace::Instant => "instant",
            Pace::Even => "even",
            Pace::Own => "own",
        };
        let mut data = Map::from_iter([
            ("pace".to_owned(), pace.into()),
            ("value".to_owned(), self.value.json()),
        ]);
        let mut say = |key: &str, value: Value| data.insert(key.to_owned(), value);
        match self.fate {
            Fate::Succeeds => {}
            Fate::FailsFirst(failures) => drop(say("fails_first", failures.into())),
            Fate::Breaks(code) => drop(say("breaks", code.into())),
            Fate::Panics => drop(say("panics", true.into())),
        }
        if self.pipes {
            say("pipes", true.into());
        }
        Value::Object(data)
    }
}

impl MapWork {
    pub fn item_name(&self) -> &str {
        self.named.as_deref().unwrap_or("item")
    }

    fn json(&self) -> Value {
        let over = match &self.over {
            Over::Literal(items) => Value::from(items.clone()).to_string(),
            Over::Term(term) => format!("{} or []", term.text()),
        };
        let mut data = json!({"over": over, "nodes": list(&self.body)});
        if let Some(name) = &self.named {
            data["as"] = name.as_str().into();
        }
        if let Some(concurrency) = self.concurrency {
            data["concurrency"] = concurrency.into();
        }
        if self.null_for_failed {
            data["on_item_error"] = "null".into();
        }
        data
    }
}

impl LoopWork {
    fn json(&self) -> Value {
        let mut data =
            json!({"until": self.until.text(), "max": self.max, "nodes": list(&self.body)});
        if let Some(output) = &self.output {
            data["output"] = output.json();
        }
        data
    }
}
