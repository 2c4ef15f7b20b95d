//! Random workflows, and random edits of them.

use std::fmt;

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

/// The name of the workflow that the other one calls.
pub const INNER: &str = "inner";

/// The first word of prompts whose steps always fail, which is handled.
pub const FAILS: &str = "broken";

/// The first words of prompts. So few that many requests are the same.
const WORDS: [&str; 5] = ["ask", "sum", "tell", "busy", FAILS];

/// The inputs of runs.
const INPUTS: [&str; 3] = ["x", "y", "z"];

#[derive(Clone, Debug)]
struct Step {
    /// Unique in a case. An edit keeps it.
    number: u32,
    /// Earlier nodes of the same list that it needs and reads.
    reads: Vec<Index>,
    when: When,
    work: Work,
}

#[derive(Clone, Copy, Debug)]
enum When {
    Always,
    Never,
    ForInput(usize),
}

#[derive(Clone, Debug)]
enum Work {
    Paid {
        word: usize,
        reads_input: bool,
    },
    Prompt,
    Transform,
    Switch {
        first: usize,
        second: usize,
        chosen: usize,
    },
    Map {
        items: usize,
        of_input: bool,
        body: Vec<Step>,
    },
    Loop {
        rounds: usize,
        body: Vec<Step>,
    },
    Call,
}

#[derive(Clone, Debug)]
enum Change {
    Word(usize),
    Remove,
    Insert(Step),
    SwapWithNext,
    Condition(When),
    /// Other items or rounds.
    Size(usize),
}

#[derive(Clone, Debug)]
struct Edit {
    in_inner: bool,
    at: Index,
    change: Change,
}

/// A workflow, one that it calls, and what is edited between its runs.
#[derive(Clone, Debug)]
pub struct Case {
    outer: Vec<Step>,
    inner: Vec<Step>,
    input: usize,
    edits: Vec<(Vec<Edit>, usize)>,
}

/// What a run runs.
#[derive(Clone, Debug)]
pub struct Version {
    pub outer: Value,
    pub inner: Value,
    pub input: Value,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\ninner: {}\ninput: {}",
            self.outer, self.inner, self.input
        )
    }
}

pub fn cases() -> impl Strategy<Value = Case> {
    let edits = prop::collection::vec((prop::collection::vec(edit(), 0..4), 0..INPUTS.len()), 1..4);
    (list(2, true), list(1, false), 0..INPUTS.len(), edits).prop_map(
        |(mut outer, mut inner, input, mut edits)| {
            let mut next = 0;
            number(&mut outer, &mut next);
            number(&mut inner, &mut next);
            for edit in edits.iter_mut().flat_map(|(edits, _)| edits) {
                if let Change::Insert(step) = &mut edit.change {
                    number(std::slice::from_mut(step), &mut next);
                }
            }
            Case {
                outer,
                inner,
                input,
                edits,
            }
        },
    )
}

fn list(depth: u32, calls: bool) -> BoxedStrategy<Vec<Step>> {
    prop::collection::vec(step(depth, calls), 1..5).boxed()
}

fn step(depth: u32, calls: bool) -> BoxedStrategy<Step> {
    let work = if depth == 0 {
        leaf().boxed()
    } else {
        let body = || list(depth - 1, calls);
        prop_oneof![
            6 => leaf(),
            1 => (0..4_usize, any::<bool>(), body())
                .prop_map(|(items, of_input, body)| Work::Map { items, of_input, body }),
            1 => (1..4_usize, body()).prop_map(|(rounds, body)| Work::Loop { rounds, body }),
            1 => Just(if calls { Work::Call } else { Work::Prompt }),
        ]
        .boxed()
    };
    (prop::collection::vec(any::<Index>(), 0..3), when(), work)
        .prop_map(|(reads, when, work)| Step {
            number: 0,
            reads,
            when,
            work,
        })
        .boxed()
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        6 => Just(When::Always),
        1 => Just(When::Never),
        1 => (0..INPUTS.len()).prop_map(When::ForInput),
    ]
}

fn leaf() -> impl Strategy<Value = Work> {
    let word = || 0..WORDS.len();
    prop_oneof![
        6 => (word(), any::<bool>()).prop_map(|(word, reads_input)| Work::Paid { word, reads_input }),
        1 => Just(Work::Prompt),
        1 => Just(Work::Transform),
        1 => (word(), word(), 0..INPUTS.len())
            .prop_map(|(first, second, chosen)| Work::Switch { first, second, chosen }),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let change = prop_oneof![
        3 => (0..WORDS.len()).prop_map(Change::Word),
        1 => Just(Change::Remove),
        2 => step(0, false).prop_map(Change::Insert),
        1 => Just(Change::SwapWithNext),
        1 => when().prop_map(Change::Condition),
        1 => (0..4_usize).prop_map(Change::Size),
    ];
    (prop::bool::weighted(0.25), any::<Index>(), change).prop_map(|(in_inner, at, change)| Edit {
        in_inner,
        at,
        change,
    })
}

fn number(steps: &mut [Step], next: &mut u32) {
    for step in steps {
        step.number = *next;
        *next += 1;
        if let Work::Map { body, .. } | Work::Loop { body, .. } = &mut step.work {
            number(body, next);
        }
    }
}

impl Case {
    /// The first version, and what it becomes by each group of edits.
    pub fn versions(&self) -> Vec<Version> {
        let (mut outer, mut inner) = (self.outer.clone(), self.inner.clone());
        let mut versions = vec![version(&outer, &inner, self.input)];
        for (edits, input) in &self.edits {
            for edit in edits {
                let list = if edit.in_inner {
                    &mut inner
                } else {
                    &mut outer
                };
                let mut steps_before = edit.at.index(count(list));
                apply(list, &mut steps_before, &edit.change);
            }
            versions.push(version(&outer, &inner, *input));
        }
        versions
    }
}

fn count(steps: &[Step]) -> usize {
    let counts = steps.iter().map(|step| match &step.work {
        Work::Map { body, .. } | Work::Loop { body, .. } => 1 + count(body),
        _ => 1,
    });
    counts.sum()
}

/// Changes the step that comes after so many others, counted from the outside.
fn apply(list: &mut Vec<Step>, before: &mut usize, change: &Change) -> bool {
    for at in 0..list.len() {
        if *before == 0 {
            change.apply(list, at);
            return true;
        }
        *before -= 1;
        if let Work::Map { body, .. } | Work::Loop { body, .. } = &mut list[at].work
            && apply(body, before, change)
        {
            return true;
        }
    }
    false
}

impl Change {
    fn apply(&self, list: &mut Vec<Step>, at: usize) {
        match self {
            Self::Word(new) => match &mut list[at].work {
                Work::Paid { word, .. } | Work::Switch { first: word, .. } => *word = *new,
                _ => {}
            },
            Self::Remove if list.len() > 1 => _ = list.remove(at),
            Self::Remove => {}
            Self::Insert(step) => list.insert(at, step.clone()),
            Self::SwapWithNext => {
                let next = (at + 1) % list.len();
                list.swap(at, next);
            }
            Self::Condition(when) => list[at].when = *when,
            Self::Size(size) => match &mut list[at].work {
                Work::Map { items, .. } => *items = *size,
                Work::Loop { rounds, .. } => *rounds = (*size).max(1),
                _ => {}
            },
        }
    }
}

fn version(outer: &[Step], inner: &[Step], input: usize) -> Version {
    Version {
        outer: json!({"name": "outer", "nodes": written(outer, &[])}),
        inner: json!({"name": INNER, "nodes": written(inner, &[])}),
        input: json!(INPUTS[input]),
    }
}

/// The nodes of a list, in which templates can read these names.
fn written(steps: &[Step], names: &[String]) -> Vec<Value> {
    let mut nodes = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let mut needs: Vec<String> = Vec::new();
        for read in step.reads.iter().filter(|_| at > 0) {
            let id = id_of(&steps[read.index(at)]);
            if !needs.contains(&id) {
                needs.push(id);
            }
        }
        write(step, &needs, names, &mut nodes);
    }
    nodes
}

/// The node of a step that others read.
fn id_of(step: &Step) -> String {
    match step.work {
        Work::Switch { .. } => format!("n{}a", step.number),
        _ => format!("n{}", step.number),
    }
}

fn paid(word: usize, rest: &str) -> Value {
    let failures = match WORDS[word] {
        "busy" => 1,
        FAILS => 99,
        _ => 0,
    };
    json!({
        "type": "Paid",
        "retry": {"max_attempts": 2, "delay": "1s"},
        "on_error": {"output": "none"},
        "data": {"prompt": format!("{} {rest}", WORDS[word]), "failures": failures},
    })
}

fn write(step: &Step, needs: &[String], names: &[String], nodes: &mut Vec<Value>) {
    let terms: Vec<String> = needs
        .iter()
        .map(|id| format!("{{{{ {id}.output | default({id}.status) }}}}"))
        .chain(names.iter().map(|name| format!("{{{{ {name} }}}}")))
        .collect();
    let text = terms.join(" ");
    let id = format!("n{}", step.number);
    let mut node = match &step.work {
        Work::Paid { word, reads_input } => {
            let of_input = if *reads_input { " {{ input }}" } else { "" };
            paid(*word, &format!("{text}{of_input}"))
        }
        Work::Prompt => {
            json!({"type": "PromptNode", "data": {"template": format!("p {text} {{{{ input }}}}")}})
        }
        Work::Transform => json!({"type": "TransformNode", "data": {"value": {"t": text}}}),
        Work::Switch { chosen, .. } => {
            json!({"type": "SwitchNode", "data": {"default": "b", "cases": [
            {"name": "a", "when": format!("input == '{}'", INPUTS[*chosen])}]}})
        }
        Work::Map {
            items,
            of_input,
            body,
        } => {
            let item = format!("item{}", step.number);
            let first = if *of_input { "input" } else { "'i'" };
            let over: Vec<&str> = [first, "'i'", "'j'"].into_iter().take(*items).collect();
            let names = [names, std::slice::from_ref(&item)].concat();
            json!({"type": "MapNode", "data": {
                "over": format!("[{}]", over.join(", ")), "as": item, "nodes": written(body, &names)}})
        }
        Work::Loop { rounds, body } => {
            let names = [names, &["index".to_owned()]].concat();
            json!({"type": "LoopNode", "data": {
                "until": format!("index >= {}", rounds - 1), "max": 5, "nodes": written(body, &names)}})
        }
        Work::Call => json!({"type": "WorkflowNode", "data": {"workflow": INNER, "input": text}}),
    };
    node["id"] = json!(id);
    node["needs"] = json!(needs);
    match step.when {
        When::Always => {}
        When::Never => node["when"] = json!("false"),
        When::ForInput(input) => node["when"] = json!(format!("input == '{}'", INPUTS[input])),
    }
    nodes.push(node);
    if let Work::Switch { first, second, .. } = step.work {
        for (case, word) in [("a", first), ("b", second)] {
            let mut branch = paid(word, "branch");
            branch["id"] = json!(format!("{id}{case}"));
            branch["case"] = json!(format!("{id}.{case}"));
            nodes.push(branch);
        }
    }
}
