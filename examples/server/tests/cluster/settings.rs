//! Settings of a cluster that cannot work.

use serde_json::Value;
use workflow_test_services::Postgres;

use super::support::{Server, output, program, text};

#[tokio::test]
async fn settings_that_cannot_work_are_refused_with_the_way_out() {
    let postgres = Postgres::start();
    let database = postgres.create_database();
    let refused = [
        (&["--restate", "http://127.0.0.1:1"][..], "--postgres"),
        (
            &["--postgres", &database, "--restate", "ftp://x"],
            "the URL of the ingress cannot be used",
        ),
        (
            &[
                "--postgres",
                &database,
                "--restate",
                "http://x",
                "--worker-addr",
                "0.0.0.0:0",
                "--worker-url",
                "http://y",
            ],
            "set its identity key",
        ),
        (
            &[
                "--postgres",
                &database,
                "--restate",
                "http://x",
                "--worker-addr",
                "0.0.0.0:0",
            ],
            "set --worker-url",
        ),
        (
            &[
                "--postgres",
                &database,
                "--restate",
                "http://x",
                "--worker-addr",
                "127.0.0.1:0",
                "--restate-identity",
                "x",
            ],
            "the identity key cannot be used",
        ),
        (
            &["--postgres", &database, "--worker-url", "http://x"],
            "--restate",
        ),
    ];
    for (arguments, way_out) in refused {
        let mut program = program();
        let ended = output(
            program
                .args(["--simulate", "--addr", "127.0.0.1:0"])
                .args(arguments),
        )
        .await;
        let stderr = text(ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(way_out), "{arguments:?}: {stderr}");
    }
}

#[tokio::test]
async fn without_restate_an_instance_serves_and_warns() {
    let postgres = Postgres::start();
    let mut program = program();
    program
        .env("WORKFLOW_POSTGRES", postgres.create_database())
        .args([
            "--simulate",
            "--addr",
            "127.0.0.1:0",
            "--worker-addr",
            "127.0.0.1:0",
        ])
        .args(["--restate", "http://127.0.0.1:1", "--instance", "the one"]);
    let server = Server::start_as(&mut program).await;
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.unwrap();
    assert!(
        ready["warnings"][0]
            .as_str()
            .unwrap()
            .contains("not reached"),
        "{ready}"
    );
    let types: Value = server.get("/api/node-types").await.json().await.unwrap();
    assert_eq!(types["instance"], "the one");
    let run = server
        .begin(&super::support::ask_once(), &Value::Null)
        .await;
    assert_eq!(server.report(&run).await["status"], "queued");
    let metrics = server.get("/metrics").await.text().await.unwrap();
    assert!(
        metrics.contains("workflow_undispatched_runs 1"),
        "{metrics}"
    );
}
