//! The reference: a workflow of agents walked as the language is written, by plain recursion, without time and without a log.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::{Value, json};
use workflow_core::{
    EventKind, StepEvent,
    error::Problem,
    node::agent::{CallResult, PastTurn, ToolSpec, TurnRequest},
};

use crate::{
    tree::Case,
    world::{done, said, says},
};

/// In how many turns in a row the same call is made.
const MAX_REPEATS: usize = 3;

/// How each step ends, by its path, and the run by "": with an output, or with a code and whether that is handled.
type Ends = BTreeMap<String, Value>;

/// How the steps of a log ended.
pub fn ends(log: &[StepEvent]) -> Ends {
    let end = |event: &StepEvent| {
        let path = event.step().map(|it| it.path().to_string());
        match &event.kind {
            EventKind::NodeCompleted(it) => Some((path?, json!({"output": it.output}))),
            EventKind::NodeFailed(it) => {
                Some((path?, json!({"code": it.error.code, "handled": it.handled})))
            }
            EventKind::RunCompleted(it) => Some((String::new(), json!({"output": it.output}))),
            EventKind::RunFailed(it) => Some((String::new(), json!({"code": it.error.code}))),
            _ => None,
        }
    };
    log.iter().filter_map(end).collect()
}

/// How the steps of a run of this case have to end.
pub fn expected(case: &Case) -> Ends {
    let (spec, called) = case.specs();
    let mut reference = Reference {
        called: called.into_iter().collect(),
        ends: Ends::new(),
    };
    let input = json!({"n": 1});
    let end = match reference.list(&spec["nodes"], "", Some(&input), &input) {
        Ok(output) => json!({ "output": output }),
        Err(code) => json!({ "code": code }),
    };
    reference.ends.insert(String::new(), end);
    reference.ends
}

struct Reference {
    called: HashMap<String, Value>,
    ends: Ends,
}

/// An output, or the code of a failure.
type End = Result<Value, String>;

impl Reference {
    /// Nodes, each of which needs the one before. `implicit` is the implicit input of the first one.
    fn list(
        &mut self,
        nodes: &Value,
        prefix: &str,
        implicit: Option<&Value>,
        input: &Value,
    ) -> End {
        let mut before = implicit.cloned();
        for node in nodes.as_array().unwrap() {
            let path = format!("{prefix}{}", node["id"].as_str().unwrap());
            let end = self.node(node, &path, before.as_ref(), input);
            let is_handled = node["on_error"] == "continue";
            self.settle(&path, &end, is_handled);
            before = match end {
                Ok(output) => Some(output),
                Err(_) if is_handled => None,
                Err(code) => return Err(code),
            };
        }
        Ok(before.unwrap_or_default())
    }

    fn settle(&mut self, path: &str, end: &End, is_handled: bool) {
        let end = match end {
            Ok(output) => json!({ "output": output }),
            Err(code) => json!({"code": code, "handled": is_handled}),
        };
        self.ends.insert(path.to_owned(), end);
    }

    fn node(&mut self, node: &Value, path: &str, implicit: Option<&Value>, input: &Value) -> End {
        let data = &node["data"];
        let number = |value: &Value| value.as_u64().unwrap();
        match node["type"].as_str().unwrap() {
            // It has three attempts.
            "Act" if number(&data["failures"]) > 2 => Err("busy".into()),
            "Act" => implicit.map(done).ok_or("no_implicit_input".into()),
            "PromptNode" => Ok(input.to_string().into()),
            "HumanNode" => Ok("yes".into()),
            "MapNode" => {
                let items = data["over"].as_str().unwrap();
                let items = items.trim_start_matches("range(").trim_end_matches(')');
                let items: u64 = items.parse().unwrap();
                let outputs = (0..items).map(|item| {
                    let within = format!("{path}/{item}/");
                    let output = self.list(&data["nodes"], &within, Some(&item.into()), input);
                    output.unwrap_or_default()
                });
                Ok(outputs.collect::<Vec<_>>().into())
            }
            "LoopNode" => (0..number(&data["max"])).try_fold(Value::Null, |_, round| {
                self.list(&data["nodes"], &format!("{path}/{round}/"), implicit, input)
            }),
            "WorkflowNode" => self.call(&data["workflow"], path, &data["input"]),
            "Agent" => self.agent(data, path, implicit, input),
            other => panic!("{other}"),
        }
    }

    fn call(&mut self, name: &Value, path: &str, input: &Value) -> End {
        let nodes = self.called[name.as_str().unwrap()]["nodes"].clone();
        self.list(&nodes, &format!("{path}/"), Some(input), input)
    }

    fn agent(&mut self, data: &Value, path: &str, implicit: Option<&Value>, input: &Value) -> End {
        let tools = data["tools"].as_array().unwrap();
        let specs = tools.iter().map(|tool| {
            let input = Arc::new(tool["input"].clone());
            ToolSpec::new(tool["name"].as_str().unwrap(), "", input)
        });
        let specs: Arc<[ToolSpec]> = specs.collect();
        let max_turns = usize::try_from(data["max_turns"].as_u64().unwrap()).unwrap();
        let mut history: Vec<Arc<PastTurn>> = Vec::new();
        // In how many turns in a row, up to the latest, each call was asked for.
        let mut streaks: HashMap<(String, String), usize> = HashMap::new();
        for turn in 0..max_turns {
            let at = format!("{path}/{turn}/turn");
            if implicit.is_none() {
                let end = Err("no_implicit_input".to_owned());
                self.settle(&at, &end, false);
                return end;
            }
            let mut request = TurnRequest::new(Arc::clone(&specs), history.clone());
            let is_last = turn + 1 == max_turns;
            if history.last().is_some_and(|past| past.output.needs_finish) {
                request = request.as_finishing();
            }
            if is_last {
                request = request.as_last();
            }
            let said = says(&at, &request);
            let output = serde_json::to_value(&said.output).unwrap();
            self.settle(&at, &Ok(output), false);
            if let Some(output) = said.output.output {
                return Ok(output);
            }
            if is_last && data["on_max_turns"] == "continue" {
                let past = history.iter().rev().map(|past| &*past.output.text);
                let mut texts = std::iter::once(&*said.output.text).chain(past);
                let text = texts.find(|text| !text.is_empty());
                return Ok(text.unwrap_or_default().into());
            }
            if is_last {
                return Err("max_turns".into());
            }
            let mut results = Vec::new();
            let mut now = HashMap::new();
            for (index, call) in said.output.calls.iter().enumerate() {
                let args = if call.args == json!({"n": 5.0}) {
                    json!({"n": 5})
                } else {
                    call.args.clone()
                };
                let key = (call.tool.clone(), args.to_string());
                let streak = streaks.get(&key).map_or(1, |turns| turns + 1);
                now.insert(key, streak);
                let tool = tools.iter().find(|tool| tool["name"] == *call.tool);
                let id = tool.map_or("unknown", |_| &call.tool);
                let at = format!("{path}/{turn}/{id}-{index}");
                let refusal = if tool.is_none() {
                    Some("unknown_tool")
                } else if call.problem.is_some() {
                    Some("invalid_arguments")
                } else if streak > MAX_REPEATS {
                    Some("repeated_call")
                } else {
                    Some("invalid_arguments").filter(|_| !args["n"].is_i64())
                };
                let (end, changed) = match (refusal, tool) {
                    (None, Some(tool)) => self.tool(tool, &at, args, input),
                    (refusal, _) => (Err(refusal.unwrap_or_default().to_owned()), None),
                };
                self.settle(&at, &end, true);
                let result = end.map(Arc::new);
                let result = result.map_err(|code| Arc::new(Problem::new(code, "")));
                let mut result = CallResult::new(result);
                result.changed = changed.map(Arc::new);
                results.push(result);
            }
            streaks = now;
            history.push(Arc::new(PastTurn::new(
                said.output,
                said.state.map(Arc::new),
                results,
            )));
        }
        unreachable!("the last turn ends the agent")
    }

    /// A call that fits. Returns the arguments that a person has put in the place of those of the model, too.
    fn tool(
        &mut self,
        tool: &Value,
        path: &str,
        args: Value,
        input: &Value,
    ) -> (End, Option<Value>) {
        let mut changed = None;
        if tool.get("approve").is_some() {
            let answer = said(path, true);
            if answer["action"] == "refuse" {
                return (Err("refused".into()), None);
            }
            changed = answer.get("args").cloned();
        }
        let args = changed.clone().unwrap_or(args);
        let end = match tool.get("workflow") {
            Some(name) => self.call(name, path, &args),
            None => self.list(&tool["nodes"], &format!("{path}/"), Some(&args), input),
        };
        (end, changed)
    }
}
