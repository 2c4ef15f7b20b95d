//! Runs of the workflows in `examples/workflows` that need no person. Test names begin with the name of the workflow.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::collections::HashSet;

use serde_json::{Value, json};
use support::{Server, example, simulated, statuses, step, times, word};

fn assert_begins(text: &Value, beginning: &str) {
    assert!(word(text).starts_with(beginning), "{text}");
}

/// The first example of a workflow's input.
fn first_input(name: &str) -> Value {
    example(name)["input"]["examples"][0].clone()
}

/// The report of a run, which must be completed.
async fn completed(server: &Server, name: &str, input: Value) -> Value {
    let report = server.outcome(&example(name), input).await;
    assert_eq!(report["status"], "completed", "{report}");
    report
}

#[tokio::test]
async fn explain_explains() {
    let server = simulated("0ms").await;
    let report = server.outcome(&example("explain"), "Tides".into()).await;
    let prompt = "Explain this concept in one simple sentence: Tides";
    assert_eq!(step(&report, "prompt_step")["output"], prompt);
    assert_begins(&report["output"], "Tides ");
}

#[tokio::test]
async fn support_triage_takes_one_of_two_ways_to_its_answer() {
    let server = simulated("0ms").await;
    let triage = example("support-triage");
    let report = server.outcome(&triage, first_input("support-triage")).await;
    let taken = [
        "classify completed",
        "refund completed",
        "general skipped",
        "answer completed",
    ];
    assert_eq!(statuses(&report), taken);
    assert_eq!(report["output"]["kind"], "refund");
    let reply = word(&report["output"]["reply"]);
    assert!(reply.contains("I was charged twice"), "{reply}");
}

#[tokio::test]
async fn support_triage_has_examples_of_several_kinds() {
    let server = simulated("0ms").await;
    let triage = example("support-triage");
    let mut kinds = Vec::new();
    for input in triage["input"]["examples"].as_array().unwrap() {
        let report = server.outcome(&triage, input.clone()).await;
        kinds.push(word(&report["output"]["kind"]).to_owned());
    }
    assert_eq!(kinds[..2], ["refund", "bug"]);
}

#[tokio::test]
async fn support_triage_goes_the_other_way_when_the_model_fails() {
    let server = simulated("0ms").await;
    let triage = example("support-triage");
    let report = server.outcome(&triage, json!({"text": "[[400]]"})).await;
    assert_eq!(
        statuses(&report)[..3],
        ["classify failed", "refund skipped", "general completed"]
    );
    assert_eq!(
        step(&report, "classify")["output"],
        json!({"kind": "other"})
    );
    let prompt = "Answer this other ticket: [[400]]";
    assert_eq!(step(&report, "general")["output"], prompt);
    assert_eq!(
        report["error"]["code"],
        step(&report, "answer")["error"]["code"]
    );
}

#[tokio::test]
async fn product_brief_asks_for_both_sides_at_once_and_then_weighs_them() {
    let server = simulated("1ms").await;
    let run = server
        .begin(&example("product-brief"), &"a folding bicycle".into())
        .await;
    let events = server.events(&run).await;
    let names: Vec<String> = events
        .iter()
        .filter(|event| event["type"] == "node.started" || event["type"] == "node.completed")
        .map(|event| format!("{} {}", word(&event["node"]), word(&event["type"])))
        .collect();
    assert_eq!(names[..2], ["pros node.started", "cons node.started"]);
    assert_eq!(names[4..], ["brief node.started", "brief node.completed"]);

    let report = server.report(&run).await;
    let (pros, cons) = (
        &step(&report, "pros")["output"],
        &step(&report, "cons")["output"],
    );
    assert_begins(pros, "On a folding bicycle:\n1. ");
    assert_ne!(pros, cons);
    let brief = word(&report["output"]);
    assert!(brief.contains("folding bicycle"), "{brief}");
}

#[tokio::test]
async fn summarise_many_leaves_out_what_fails_and_stops_when_it_is_good() {
    let server = simulated("0ms").await;
    let input = json!({"docs": ["On tides", "[[400]]", "On the moon"]});
    let report = completed(&server, "summarise-many", input).await;
    let summaries = &step(&report, "each")["output"];
    assert_begins(&summaries[0], "In short: On tides.");
    assert_eq!(summaries[1], Value::Null);
    assert_begins(&summaries[2], "In short: On the moon.");
    assert_eq!(summaries.as_array().unwrap().len(), 3);

    assert_eq!(times(&report, "draft"), 2, "the second score is good");
    let scores = [0, 1].map(|round| {
        let judged = step(&report, &format!("refine/{round}/judge"));
        judged["output"]["score"].as_f64().unwrap()
    });
    assert!(scores[0] < 0.8 && scores[1] >= 0.8, "{scores:?}");
    assert_begins(&report["output"], "In short: On tides.");
    assert_eq!(report["output"], step(&report, "refine/1/draft")["output"]);
}

#[tokio::test]
async fn summarise_many_takes_an_empty_list() {
    let server = simulated("0ms").await;
    let report = completed(&server, "summarise-many", json!({"docs": []})).await;
    assert_eq!(step(&report, "each")["output"], json!([]));
    assert!(report["output"].is_string(), "{report}");
}

#[tokio::test]
async fn translate_and_check_tries_again_with_what_the_check_found() {
    let server = simulated("0ms").await;
    let input = json!({"text": "Hi", "language": "German"});
    let run = server.begin(&example("translate-and-check"), &input).await;
    let events = server.events(&run).await;
    let is_end = |event: &&Value| event["path"] == "attempts" && event["type"] == "node.completed";
    let end = events.iter().find(is_end).unwrap();
    assert_eq!(end["exhausted"], Value::Null, "the second is good: {end}");

    let report = server.report(&run).await;
    assert_eq!(times(&report, "translate"), 2);
    assert_begins(
        &step(&report, "attempts/0/translate")["output"],
        "[German] Hi ",
    );
    let checked = &step(&report, "attempts/0/check")["output"];
    assert_eq!(checked["score"], 3);
    assert_eq!(checked["mistakes"].as_array().map(Vec::len), Some(2));
    let last = &step(&report, "attempts/1/translate")["output"];
    let output = json!({"translation": last, "score": 4, "needs_a_look": false});
    assert_eq!(report["output"], output);
}

#[tokio::test]
async fn answer_from_documents_numbers_the_sources_it_could_read() {
    let server = simulated("0ms").await;
    let input = json!({"question": "Is the bridge safe?", "documents": [
        {"title": "A", "text": "[[400]]"},
        {"title": "B", "text": "It rains on the bridge. It is wet."},
        {"title": "C", "text": "The bridge is new."},
        {"title": "D", "text": "Nothing."},
    ]});
    let report = completed(&server, "answer-from-documents", input).await;
    assert_eq!(step(&report, "search/0/quote")["status"], "failed");
    // The second and third document keep their numbers.
    let prompt = "Question: Is the bridge safe?\n\nSources:\n\
        [2] B\n\
        > It rains on the bridge.\n\
        > It is wet.\n\
        [3] C\n\
        > The bridge is new.\n";
    assert_eq!(step(&report, "prompt")["output"], prompt);
    let answer = "The sources say: It rains on the bridge. [2]";
    assert_begins(&report["output"]["answer"], answer);
    assert_eq!(report["output"]["sources"], json!(["A", "B", "C", "D"]));
    assert_eq!(report["output"]["unread"], 1);
}

#[tokio::test]
async fn research_angles_joins_what_was_found_from_each_side() {
    let server = simulated("0ms").await;
    let input = "Should we move?".into();
    let report = completed(&server, "research-angles", input).await;
    assert_eq!(statuses(&report).len(), 3);
    let findings = step(&report, "research")["output"].as_array().unwrap();
    assert!((3..=5).contains(&findings.len()), "{findings:?}");
    assert_eq!(times(&report, "look"), findings.len());
    let angles = report["output"]["angles"].as_array().unwrap();
    let different: HashSet<&Value> = angles.iter().collect();
    assert_eq!(different.len(), findings.len(), "{angles:?}");
    let text = word(&report["output"]["report"]);
    assert!(text.contains("Should we move?"), "{text}");
}

#[tokio::test]
async fn extract_data_makes_a_record_and_does_the_sum_again() {
    let server = simulated("0ms").await;
    let mut record = json!({
        "reference": "Bright Lamps Ltd / 4711",
        "due": "2026-12-01",
        "total": {"amount": 115.0, "currency": "EUR"},
        "lines": 2,
        "needs_review": false,
    });
    let input = first_input("extract-data");
    let report = completed(&server, "extract-data", input.clone()).await;
    assert_eq!(report["output"], json!({"invoice": record}));

    let wrong = word(&input).replace("Total: 115.00", "Total: 116.00");
    let report = completed(&server, "extract-data", wrong.into()).await;
    record["total"]["amount"] = 116.0.into();
    record["needs_review"] = true.into();
    assert_eq!(report["output"], json!({"invoice": record}));
}

#[tokio::test]
async fn extract_data_asks_for_a_review_when_the_model_fails() {
    let server = simulated("0ms").await;
    let report = completed(&server, "extract-data", "[[safety]]".into()).await;
    assert_eq!(statuses(&report), ["read failed", "record completed"]);
    let record = json!({
        "reference": "unknown / unknown",
        "due": null,
        "total": {"amount": null, "currency": null},
        "lines": 0,
        "needs_review": true,
    });
    assert_eq!(report["output"], json!({"invoice": record}));
}

/// The paths of steps of this type, in the order of the report.
fn paths<'a>(report: &'a Value, kind: &str) -> Vec<&'a str> {
    let steps = report["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["type"] == kind)
        .map(|step| word(&step["path"]))
        .collect()
}

#[tokio::test]
async fn research_agent_searches_in_parallel_and_reports_what_it_found() {
    let server = simulated("0ms").await;
    let research = example("research-agent");
    let run = server
        .begin(&research, &first_input("research-agent"))
        .await;
    let events = server.events(&run).await;
    let at = |kind: &str, path: &str| {
        let is = |it: &Value| it["type"] == kind && it["path"] == path;
        events.iter().position(is).unwrap()
    };
    let calls = ["research/0/search-0", "research/0/find_objections-1"];
    for call in calls {
        for other in calls {
            assert!(
                at("node.started", call) < at("node.completed", other),
                "{call}, {other}"
            );
        }
    }

    let report = server.report(&run).await;
    assert_eq!(report["status"], "completed", "{report}");
    assert_eq!(paths(&report, "ToolCall"), calls);
    assert_eq!(report["output"]["is_complete"], true);
    let said = word(&report["output"]["report"]);
    for call in ["search found ", "find_objections found "] {
        assert!(said.contains(call), "{said}");
    }
}

#[tokio::test]
async fn clean_data_tries_again_until_the_check_finds_no_fault() {
    let server = simulated("0ms").await;
    let input = first_input("clean-data");
    let report = completed(&server, "clean-data", input.clone()).await;
    let rounds = times(&report, "check");
    assert!((2..=4).contains(&rounds), "{report}");
    for round in 0..rounds {
        let faults = step(&report, &format!("rounds/{round}/check"))["output"].clone();
        let is_last = round + 1 == rounds;
        assert_eq!(faults == json!([]), is_last, "{round}: {faults}");
        // Each round looks up the country and the customer.
        let found = |tool: &str| {
            let call = format!("rounds/{round}/clean/0/{tool}");
            step(&report, &call)["output"].clone()
        };
        assert_eq!(found("country_of_phone-0"), "GB");
        assert_eq!(found("is_known-1"), false);
    }
    let output = &report["output"];
    assert_eq!(output["is_clean"], true);
    assert_eq!(output["record"]["name"], "Ada Lovelace");
    assert_eq!(output["record"]["country"], "GB");
    assert_eq!(output["record"]["is_new"], true);
}
