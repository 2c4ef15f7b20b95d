//! The program, with a fake of the API that refuses what the API refuses.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use serde_json::json;
use tokio::process::Command;
use workflow_gemini::testing::{FakeGemini, FakeTurn};

/// What the program prints when the model does this.
async fn printed(turns: [FakeTurn; 3], arguments: &[&str]) -> (FakeGemini, String) {
    let gemini = FakeGemini::start(turns).await;
    let mut program = Command::new(env!("CARGO_BIN_EXE_embed-agent"));
    program
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env_clear()
        .env("GEMINI_API_KEY", "AIzaSy-not-a-real-key-0123456789")
        .env("GOOGLE_GEMINI_BASE_URL", gemini.base_url());
    let run = program.output().await.unwrap();
    let errors = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{errors} {:?}", gemini.refusals());
    assert_eq!(gemini.refusals(), [] as [String; 0]);
    (gemini, String::from_utf8(run.stdout).unwrap())
}

#[tokio::test]
async fn the_model_calls_the_node_and_reads_its_result_or_its_error() {
    let turns = [
        FakeTurn::call("stock", json!({"article": "espresso"})),
        FakeTurn::call("stock", json!({"article": "coffee"})),
        FakeTurn::text("Three pounds are left."),
    ];
    let (gemini, printed) = printed(turns, &["Five pounds of espresso, please."]).await;
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].starts_with("clerk/0/turn: {\"calls\":["),
        "{printed}"
    );
    let unknown = "no espresso in the shop";
    assert_eq!(lines[1], format!("clerk/0/stock-0/count: {unknown}"));
    assert_eq!(lines[2], format!("clerk/0/stock-0: {unknown}"));
    assert!(lines[3].starts_with("clerk/1/turn: "), "{printed}");
    let answer = "\"Three pounds are left.\"";
    assert_eq!(
        lines[4..],
        [
            "clerk/1/stock-0/count: 3".to_owned(),
            "clerk/1/stock-0: 3".to_owned(),
            format!("clerk/2/turn: {{\"output\":{answer}}}"),
            format!("clerk: {answer}"),
        ]
    );

    let requests = gemini.requests();
    assert_eq!(requests[0].functions(), ["stock"]);
    let result = |request: usize| requests[request].responses()[0]["response"].clone();
    let error = format!("unknown_article: {unknown}");
    assert_eq!(result(1), json!({ "error": error }));
    assert_eq!(result(2), json!({"output": 3}));
}
