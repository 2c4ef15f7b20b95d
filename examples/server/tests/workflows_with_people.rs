//! Runs of the workflows in `examples/workflows` that ask a person. Test names begin with the name of the workflow.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use serde_json::{Value, json};
use support::{Server, example, simulated, statuses, step, times, word};

/// Runs `publish-article` and gives this answer to its question.
async fn publish(server: &Server, answer: Value) -> Value {
    server.create(&example("product-brief")).await;
    let input = json!({"topic": "bicycles"});
    let run = server.begin(&example("publish-article"), &input).await;
    let wait = server.asked(&run, "approve").await;
    let report = server.report(&run).await;
    assert_eq!(step(&report, "approve")["status"], "waiting");
    let written = word(&step(&report, "write")["output"]);
    assert_eq!(wait["message"], format!("Publish this?\n\n{written}"));
    assert!(wait["expires_at"].is_string(), "{wait}");

    let answered = server.answer(&run, &wait, &answer).await;
    assert_eq!(answered.status(), 200);
    server.events(&run).await;
    server.report(&run).await
}

#[tokio::test]
async fn publish_article_reports_that_it_could_not_publish() {
    let server = simulated("0ms").await;
    let report = publish(&server, json!({"ok": true, "edited": "Bicycles are fine."})).await;
    assert_eq!(report["output"], json!({"published": "failed"}));
    assert_eq!(
        statuses(&report),
        [
            "write completed",
            "approve completed",
            "publish failed",
            "report_failure completed",
        ]
    );
    let publish = step(&report, "publish");
    assert_eq!(publish["error"]["code"], "origin_not_allowed");
    assert_eq!(publish["attempt"], 1, "no other attempt would be allowed");
    assert_eq!(
        step(&report, "report_failure")["output"]["alert"],
        publish["error"]["detail"]
    );
    for inner in ["write/pros", "write/cons", "write/brief"] {
        assert_eq!(step(&report, inner)["status"], "completed");
    }
}

#[tokio::test]
async fn publish_article_publishes_nothing_against_a_persons_will() {
    let server = simulated("0ms").await;
    let report = publish(&server, json!({"ok": false})).await;
    assert_eq!(report["output"], json!({"published": "skipped"}));
    assert_eq!(
        statuses(&report)[2..],
        ["publish skipped", "report_failure skipped"]
    );
}

#[tokio::test]
async fn publish_article_needs_the_workflow_it_calls() {
    let server = simulated("0ms").await;
    let spec = example("publish-article").to_string();
    let refused = server.post("/api/workflows", spec).await;
    assert_eq!(refused.status(), 422);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(
        problem["errors"][0]["code"], "unknown_workflow",
        "{problem}"
    );
}

/// Runs `review-with-person` and gives these answers in order.
async fn review(server: &Server, answers: &[Value]) -> Value {
    let review = example("review-with-person");
    let run = server.begin(&review, &"a greeting".into()).await;
    for (round, answer) in answers.iter().enumerate() {
        let wait = server.asked(&run, &format!("rounds/{round}/review")).await;
        let message = word(&wait["message"]);
        let beginning = format!("Round {} of 3. ", round + 1);
        assert!(message.starts_with(&beginning), "{message}");
        let answered = server.answer(&run, &wait, answer).await;
        assert_eq!(answered.status(), 200);
    }
    server.events(&run).await;
    server.report(&run).await
}

#[tokio::test]
async fn review_with_person_revises_as_the_person_says() {
    let server = simulated("0ms").await;
    let answers = [
        json!({"ok": false, "comment": "warmer"}),
        json!({"ok": true}),
    ];
    let report = review(&server, &answers).await;
    assert_eq!(times(&report, "draft"), 2);
    let first = word(&step(&report, "rounds/0/draft")["output"]);
    assert!(first.contains("greeting"), "{first}");
    let second = word(&step(&report, "rounds/1/draft")["output"]);
    let draft = first.strip_suffix(" (Simulated.)").unwrap();
    assert!(
        second.starts_with(draft) && second.len() > first.len() + 20,
        "{second}"
    );
    assert!(second.ends_with(" (Simulated, version 2.)"), "{second}");
    assert_eq!(report["output"], json!({"text": second, "accepted": true}));
}

#[tokio::test]
async fn review_with_person_ends_after_three_rounds() {
    let server = simulated("0ms").await;
    let no = json!({"ok": false});
    let report = review(&server, &[no.clone(), no.clone(), no]).await;
    assert_eq!(report["status"], "completed");
    assert_eq!(times(&report, "draft"), 3);
    assert_eq!(report["output"]["accepted"], false);
    let last = word(&step(&report, "rounds/2/draft")["output"]);
    assert!(last.ends_with(" (Simulated, version 3.)"), "{last}");
}

#[tokio::test]
async fn review_with_person_takes_no_answer_that_does_not_fit() {
    let server = simulated("0ms").await;
    let review = example("review-with-person");
    let run = server.begin(&review, &"a greeting".into()).await;
    let wait = server.asked(&run, "rounds/0/review").await;
    let refused = server.answer(&run, &wait, &json!({"ok": "yes"})).await;
    assert_eq!(refused.status(), 422);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "#/ok", "{problem}");
    let again = server.asked(&run, "rounds/0/review").await;
    assert_eq!(again["wait_id"], wait["wait_id"]);
}

/// Runs `support-desk` and gives this answer to the question before its refund.
async fn support(server: &Server, answer: Value) -> Value {
    let desk = example("support-desk");
    let run = server.begin(&desk, &desk["input"]["examples"][0]).await;
    let wait = server.asked(&run, "support/0/refund-2").await;
    assert_eq!(wait["kind"], "approval");
    assert_eq!(wait["call"]["tool"], "refund");
    let message = word(&wait["message"]);
    assert!(message.starts_with("Pay back order A-17?\n\n"), "{message}");
    // What needs nobody is done meanwhile.
    let report = server.report(&run).await;
    let order = step(&report, "support/0/find_order-0");
    assert_eq!(order["output"]["item"], "Desk lamp", "{report}");
    assert_eq!(
        step(&report, "support/0/read_rule-1")["status"],
        "completed"
    );

    let answered = server.answer(&run, &wait, &answer).await;
    assert_eq!(answered.status(), 200);
    server.events(&run).await;
    let report = server.report(&run).await;
    assert_eq!(report["status"], "completed", "{report}");
    report
}

#[tokio::test]
async fn support_desk_pays_back_what_a_person_approves() {
    let server = simulated("0ms").await;
    let report = support(&server, json!({"action": "approve"})).await;
    let paid = json!({"order": "A-17", "paid_back": 60});
    assert_eq!(step(&report, "support/0/refund-2")["output"], paid);
    let reply = word(&report["output"]["reply"]);
    assert!(
        reply.contains("refund found {\"order\":\"A-17\""),
        "{reply}"
    );
}

#[tokio::test]
async fn support_desk_pays_back_with_the_arguments_of_the_person() {
    let server = simulated("0ms").await;
    let other = json!({"number": "B-4", "reason": "It was this one."});
    let answer = json!({"action": "approve", "args": other});
    let report = support(&server, answer).await;
    let paid = json!({"order": "B-4", "paid_back": 55});
    assert_eq!(step(&report, "support/0/refund-2")["output"], paid);
}

#[tokio::test]
async fn support_desk_pays_nothing_back_against_a_persons_will() {
    let server = simulated("0ms").await;
    let answer = json!({"action": "refuse", "reason": "It was used."});
    let report = support(&server, answer).await;
    assert_eq!(times(&report, "pay"), 0, "{report}");
    let refund = step(&report, "support/0/refund-2");
    assert_eq!(refund["error"]["code"], "refused");
    let reply = word(&report["output"]["reply"]);
    assert!(
        reply.contains("a person refused the call: It was used"),
        "{reply}"
    );
}
