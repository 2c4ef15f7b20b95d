//! Runs of the workflows in `examples/workflows` that need no person. Test names begin with the name of the workflow.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use serde_json::{Value, json};
use support::{Server, example, simulated, statuses, step, times, word};

/// The beginning of a simulated reply.
fn about(subject: &str) -> String {
    format!("This is a simulated answer about {subject}")
}

fn assert_begins(text: &Value, beginning: &str) {
    assert!(word(text).starts_with(beginning), "{text}");
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
    assert_begins(&report["output"], &about("Tides. "));
}

#[tokio::test]
async fn support_triage_takes_one_of_two_ways_to_its_answer() {
    let server = simulated("0ms").await;
    let triage = example("support-triage");
    let input = json!({"text": "I was charged twice"});
    let report = server.outcome(&triage, input).await;
    let taken = [
        "classify completed",
        "refund completed",
        "general skipped",
        "answer completed",
    ];
    assert_eq!(statuses(&report), taken);
    assert_eq!(report["output"]["kind"], "refund");
    assert_begins(&report["output"]["reply"], &about("I was charged twice. "));
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
    let strengths = about("“Three strengths of a folding bicycle”. ");
    assert_begins(&step(&report, "pros")["output"], &strengths);
    let weaknesses = about("“Three weaknesses of a folding bicycle”. ");
    assert_begins(&step(&report, "cons")["output"], &weaknesses);
    // What follows the colon of `Strengths:`.
    assert_begins(&report["output"], &about(&about("“Three strengths")));
}

#[tokio::test]
async fn summarise_many_leaves_out_what_fails_and_stops_when_it_is_good() {
    let server = simulated("0ms").await;
    let input = json!({"docs": ["On tides", "[[400]]", "On the moon"]});
    let report = completed(&server, "summarise-many", input).await;
    let summaries = &step(&report, "each")["output"];
    assert_begins(&summaries[0], &about("On tides. "));
    assert_eq!(summaries[1], Value::Null);
    assert_begins(&summaries[2], &about("On the moon. "));
    assert_eq!(summaries.as_array().unwrap().len(), 3);

    assert_eq!(times(&report, "draft"), 1, "the first score is 1.0");
    let merged = about("[\"This is a simulated answer about On tides. ");
    assert_begins(&report["output"], &merged);
    assert_eq!(report["output"], step(&report, "refine/0/draft")["output"]);
}

#[tokio::test]
async fn summarise_many_takes_an_empty_list() {
    let server = simulated("0ms").await;
    let report = completed(&server, "summarise-many", json!({"docs": []})).await;
    assert_eq!(step(&report, "each")["output"], json!([]));
    assert_begins(&report["output"], &about("[]. "));
}

#[tokio::test]
async fn translate_and_check_tries_again_with_what_the_check_found() {
    let server = simulated("0ms").await;
    let input = json!({"text": "Hi", "language": "German"});
    let run = server.begin(&example("translate-and-check"), &input).await;
    let events = server.events(&run).await;
    let is_end = |event: &&Value| event["path"] == "attempts" && event["type"] == "node.completed";
    let end = events.iter().find(is_end).unwrap();
    assert_eq!(end["exhausted"], true, "a simulated score is 3: {end}");

    let report = server.report(&run).await;
    assert_eq!(times(&report, "translate"), 3);
    let first = &step(&report, "attempts/0/translate")["output"];
    assert_begins(first, &about("Hi. "));
    for round in 1..3 {
        let again = &step(&report, &format!("attempts/{round}/translate"))["output"];
        assert_begins(again, &about("Hi Your earlier translation: This is a"));
    }
    let last = &step(&report, "attempts/2/translate")["output"];
    let output = json!({"translation": last, "score": 3, "needs_a_look": true});
    assert_eq!(report["output"], output);
}

#[tokio::test]
async fn answer_from_documents_numbers_the_sources_it_could_read() {
    let server = simulated("0ms").await;
    let input = json!({"question": "Why?", "documents": [
        {"title": "A", "text": "[[400]]"},
        {"title": "B", "text": "b"},
        {"title": "C", "text": "c"},
    ]});
    let report = completed(&server, "answer-from-documents", input).await;
    assert_eq!(step(&report, "search/0/quote")["status"], "failed");
    // The second and third document keep their numbers.
    let prompt = "Question: Why?\n\nSources:\n\
        [2] B\n\
        > Simulated quotes about Why? Document “B”: b\n\
        > Simulated quotes about Why? Document “B”: b\n\
        [3] C\n\
        > Simulated quotes about Why? Document “C”: c\n\
        > Simulated quotes about Why? Document “C”: c\n";
    assert_eq!(step(&report, "prompt")["output"], prompt);
    assert_begins(
        &report["output"]["answer"],
        &about("Why? Sources: [2] B > "),
    );
    assert_eq!(report["output"]["sources"], json!(["A", "B", "C"]));
    assert_eq!(report["output"]["unread"], 1);
}

#[tokio::test]
async fn research_angles_joins_what_was_found_from_each_side() {
    let server = simulated("0ms").await;
    let input = "Should we move?".into();
    let report = completed(&server, "research-angles", input).await;
    assert_eq!(statuses(&report).len(), 3);
    assert_eq!(times(&report, "look"), 3);
    for finding in step(&report, "research")["output"].as_array().unwrap() {
        let question = "Simulated question about Should we move?. ";
        assert_begins(finding, &about(question));
    }
    let title = "Simulated title about Should we move?";
    assert_eq!(report["output"]["angles"], json!([title, title, title]));
    let asked = "Should we move? ## Findings 1 This is a simulated answer abo";
    assert_begins(&report["output"]["report"], &about(asked));
}

#[tokio::test]
async fn extract_data_makes_a_record_and_does_the_sum_again() {
    let server = simulated("0ms").await;
    let report = completed(&server, "extract-data", "No. 7".into()).await;
    // Two lines of 1.0, and a total of 1.0.
    let record = json!({
        "reference": "Simulated seller about No. 7 / Simulated number about No. 7",
        "due": "2026-01-31",
        "total": {"amount": 1.0, "currency": "EUR"},
        "lines": 2,
        "needs_review": true,
    });
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
