//! Each workflow in `examples/workflows`, edited and continued: what was predicted is what happens, only what changed is asked of the
//! model again, and continuing with the first version asks nothing.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::{Value, json};
use support::{Server, example, in_repository, simulated, word};

/// Requests to the model, each with how often it was sent.
type Requests = BTreeMap<String, usize>;

/// What can be edited between two runs.
#[derive(Clone, Copy, Debug)]
enum Edit {
    /// Another text in the last request to a model or question to a person.
    Prompt,
    Input,
    /// A step after all others.
    NewNode,
}

/// An ended run.
struct Ended {
    id: String,
    report: Value,
    recording: Vec<Value>,
}

impl Ended {
    fn requests(&self) -> Requests {
        let mut counts = Requests::new();
        for event in &self.recording {
            let request = &event["request"];
            if event["reused"] != true && request["model"].is_string() {
                *counts
                    .entry(event["request"]["body"].to_string())
                    .or_default() += 1;
            }
        }
        counts
    }

    /// The paths of events that fit.
    fn paths(&self, fits: impl Fn(&Value) -> bool) -> BTreeSet<&str> {
        let events = self.recording.iter().filter(|event| fits(event));
        events.filter_map(|event| event["path"].as_str()).collect()
    }

    fn started(&self) -> BTreeSet<&str> {
        self.paths(|event| event["type"] == "node.started")
    }

    /// The steps with a plan that were started: they ask a model or a person, or act.
    fn attempted(&self) -> BTreeSet<&str> {
        self.paths(|event| event["type"] == "node.started" && event["plan"].is_object())
    }

    fn reused(&self) -> BTreeSet<&str> {
        self.paths(|event| event["reused"] == true)
    }
}

/// Waits for the end of a run, and gives the first answer that fits to all questions.
async fn ended(server: &Server, id: String) -> Ended {
    let report = loop {
        let report = server.report(&id).await;
        if report["ended_at"].is_string() {
            break report;
        }
        for wait in report["waits"].as_array().into_iter().flatten() {
            let is_approval = wait["kind"] == "approval";
            let answer = if is_approval {
                json!({"action": "approve"})
            } else {
                json!({"ok": true})
            };
            server.answer(&id, wait, &answer).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!(report["status"], "completed", "{report}");
    let recording = server.recording(&id).await;
    Ended {
        id,
        report,
        recording,
    }
}

/// A workflow on a server, with its versions.
struct Stored<'a> {
    server: &'a Server,
    workflow: String,
}

impl Stored<'_> {
    async fn run(&self, input: &Value) -> Ended {
        let path = format!("/api/workflows/{}/runs", self.workflow);
        let body = json!({"input": input}).to_string();
        let run: Value = self.server.post(&path, body).await.json().await.unwrap();
        ended(self.server, word(&run["id"]).to_owned()).await
    }

    /// Continues a run with a version and an input. Returns the prediction as well.
    async fn continued(&self, run: &Ended, version: u32, input: &Value) -> (Value, Ended) {
        let body = json!({"reuse": "unchanged", "version": version, "input": input}).to_string();
        let post = async |what| {
            let path = format!("/api/runs/{}/{what}", run.id);
            let answer = self.server.post(&path, body.clone()).await;
            assert!(answer.status().is_success(), "{}", answer.status());
            answer.json::<Value>().await.unwrap()
        };
        let predicted = post("plan").await;
        let begun = post("retry").await;
        let id = word(&begun["id"]).to_owned();
        (predicted, ended(self.server, id).await)
    }
}

fn edited(spec: &Value, input: &Value, edit: Edit) -> (Value, Value) {
    let (mut spec, mut input) = (spec.clone(), input.clone());
    match edit {
        Edit::Prompt => {
            let last = last_text(&mut spec["nodes"]).unwrap();
            *last = json!(format!("{} Be brief.", word(last)));
        }
        Edit::Input => {
            let text = first_text(&mut input).unwrap();
            *text = json!(format!("{} By the way, it is late.", word(text)));
        }
        Edit::NewNode => {
            let nodes = spec["nodes"].as_array_mut().unwrap();
            let needs = json!([nodes.last().unwrap()["id"]]);
            nodes.push(json!({"id": "added", "type": "LLMNode", "needs": needs,
                "data": {"prompt": "Say it in one line: {{ input | tojson }}"}}));
        }
    }
    (spec, input)
}

/// The last text for a model or a person in a list of nodes.
fn last_text(nodes: &mut Value) -> Option<&mut Value> {
    let nodes = nodes.as_array_mut()?;
    for node in nodes.iter_mut().rev() {
        let data = node["data"].as_object_mut()?;
        if data.contains_key("prompt") {
            return data.get_mut("prompt");
        }
        if data.contains_key("message") {
            return data.get_mut("message");
        }
        if data.contains_key("nodes") {
            return last_text(&mut data["nodes"]);
        }
        // Of a model that takes the text of the node before.
        if data.contains_key("template") {
            return data.get_mut("template");
        }
    }
    None
}

fn first_text(value: &mut Value) -> Option<&mut Value> {
    match value {
        Value::String(_) => Some(value),
        Value::Array(items) => items.iter_mut().find_map(first_text),
        Value::Object(fields) => fields.values_mut().find_map(first_text),
        _ => None,
    }
}

/// What a full run asks beyond what was asked before.
fn beyond(full: &Requests, before: &Requests) -> Requests {
    let rest = full.iter().map(|(request, count)| {
        let known = before.get(request).copied().unwrap_or_default();
        (request.clone(), count.saturating_sub(known))
    });
    rest.filter(|(_, count)| *count > 0).collect()
}

/// The leaf steps with this status in a prediction.
fn predicted<'a>(prediction: &'a Value, status: &str) -> BTreeSet<&'a str> {
    let containers = [
        "AgentNode",
        "LoopNode",
        "MapNode",
        "ToolCall",
        "WorkflowNode",
    ];
    let steps = prediction["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["status"] == status && !containers.contains(&word(&step["type"])))
        .map(|step| word(&step["path"]))
        .collect()
}

/// What was said of a run is what it did.
fn assert_agrees(prediction: &Value, run: &Ended, context: &str) {
    let context = || format!("{context}: {prediction}");
    let (started, reused) = (run.started(), run.reused());
    let runs = predicted(prediction, "runs");
    let asks = predicted(prediction, "asks");
    let computed = predicted(prediction, "computed");
    assert!(
        predicted(prediction, "reused").is_subset(&reused),
        "{}",
        context()
    );
    for expected in [&runs, &asks, &computed] {
        assert!(expected.is_subset(&started), "{}", context());
        assert!(expected.is_disjoint(&reused), "{}", context());
    }
    if prediction["counts"]["unknown"].is_null() {
        assert_eq!(predicted(prediction, "reused"), reused, "{}", context());
        let known: BTreeSet<&str> = [runs, asks, computed].into_iter().flatten().collect();
        let leaves = run.attempted();
        assert!(leaves.is_subset(&known), "{leaves:?}, {}", context());
    }
}

/// The steps that failed: they are never reused.
fn failed(run: &Ended) -> BTreeSet<&str> {
    run.paths(|event| event["type"] == "node.failed")
}

async fn edit_and_continue(name: &str) {
    let server = simulated("0ms").await;
    if name != "product-brief" {
        server.create(&example("product-brief")).await;
    }
    let spec = example(name);
    let input = spec["input"]["examples"][0].clone();
    let input = if input.is_null() {
        json!("Tides")
    } else {
        input
    };
    for edit in [Edit::Prompt, Edit::Input, Edit::NewNode] {
        let context = format!("{name}, {edit:?}");
        let stored = Stored {
            server: &server,
            workflow: server.create(&spec).await,
        };
        let first = stored.run(&input).await;
        let (new_spec, new_input) = edited(&spec, &input, edit);
        assert_eq!(server.update(&stored.workflow, &new_spec).await, 2);
        let full = Stored {
            server: &server,
            workflow: server.create(&new_spec).await,
        };
        let full = full.run(&new_input).await;

        let (prediction, second) = stored.continued(&first, 2, &new_input).await;
        assert_agrees(&prediction, &second, &context);
        assert_eq!(second.report["output"], full.report["output"], "{context}");
        let new = beyond(&full.requests(), &first.requests());
        assert_eq!(second.requests(), new, "{context}");
        assert!(!second.attempted().is_empty(), "{context}");
        if let Edit::NewNode = edit {
            assert!(!second.reused().is_empty(), "{context}");
        }

        let (prediction, third) = stored.continued(&second, 1, &input).await;
        assert_agrees(&prediction, &third, &context);
        assert_eq!(third.report["output"], first.report["output"], "{context}");
        assert_eq!(third.requests(), Requests::new(), "{context}");
        let again = third.attempted();
        assert!(again.is_subset(&failed(&first)), "{context}: {again:?}");
    }
}

macro_rules! examples {
    ($($test:ident: $name:literal,)*) => {
        $(#[tokio::test]
        async fn $test() {
            edit_and_continue($name).await;
        })*

        /// The names of the examples that are edited here.
        const EDITED: &[&str] = &[$($name),*];
    };
}

examples! {
    answer_from_documents: "answer-from-documents",
    clean_data: "clean-data",
    explain: "explain",
    extract_data: "extract-data",
    product_brief: "product-brief",
    publish_article: "publish-article",
    research_agent: "research-agent",
    research_angles: "research-angles",
    review_with_person: "review-with-person",
    summarise_many: "summarise-many",
    support_desk: "support-desk",
    support_triage: "support-triage",
    translate_and_check: "translate-and-check",
}

#[test]
fn all_examples_are_edited() {
    let files = fs::read_dir(in_repository("examples/workflows")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<String> = names
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .collect();
    let edited = EDITED.iter().map(|name| (*name).to_owned());
    assert_eq!(names, edited.collect());
}
