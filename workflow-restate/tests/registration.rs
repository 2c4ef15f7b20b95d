//! How Restate comes to know the workers.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use tokio_util::sync::CancellationToken;
use workflow_core::{fleet::Dispatcher, value::RunId};
use workflow_restate::{Registration, RestateDispatcher, RestateError, RestateStatus};
use workflow_test_services::Restate;

use self::common::{Scripted, Worker, admin, registration, until};

const AGE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn registering_again_changes_nothing() {
    let restate = Restate::start();
    let worker = Worker::start(&Scripted::ending_after(Duration::ZERO), AGE).await;
    let registration = registration(&restate, &worker.url());
    assert!(registration.register().await.unwrap());
    let before = admin(&restate, "/deployments").await;
    assert!(!registration.register().await.unwrap());
    // Also while no worker answers.
    worker.die().await;
    assert!(!registration.register().await.unwrap());
    assert_eq!(admin(&restate, "/deployments").await, before);
    let deployments = before["deployments"].as_array().unwrap();
    assert_eq!(deployments.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_worker_is_explained_by_restate() {
    let restate = Restate::start();
    let worker = Worker::start(&Scripted::ending_after(Duration::ZERO), AGE).await;
    let url = worker.url();
    worker.die().await;
    let refused = registration(&restate, &url).register().await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains(&url) && text.contains("Connection refused"),
        "{text}"
    );
}

/// Another service of the same name would not be replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_explained() {
    let restate = Restate::start();
    let other = other_service("SERVICE").await;
    register_http1(&restate, &other).await;
    let worker = Worker::start(&Scripted::ending_after(Duration::ZERO), AGE).await;
    let refused = registration(&restate, &worker.url())
        .register()
        .await
        .unwrap_err();
    let RestateError::Conflict { message } = &refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("service type"), "{message}");
    assert!(
        refused.to_string().contains("a Restate of its own"),
        "{refused}"
    );
}

/// It would take over all runs, unseen.
#[tokio::test(flavor = "multi_thread")]
async fn workers_at_a_second_url_are_noticed() {
    let restate = Restate::start();
    let drive = Scripted::ending_after(Duration::ZERO);
    let (first, second) = (
        Worker::start(&drive, AGE).await,
        Worker::start(&drive, AGE).await,
    );
    let registration_of_first = registration(&restate, &first.url());
    registration_of_first.register().await.unwrap();
    registration(&restate, &second.url())
        .register()
        .await
        .unwrap();
    let refused = registration_of_first.register().await.unwrap_err();
    let RestateError::OtherWorkers { deployment } = &refused else {
        panic!("{refused:?}");
    };
    let service = admin(&restate, "/services/Runs").await;
    assert_eq!(service["deployment_id"], deployment.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restate_that_starts_later_or_loses_its_data_knows_the_workers_soon() {
    let restate = Restate::start();
    restate.kill();
    let drive = Scripted::ending_after(Duration::ZERO);
    let worker = Worker::start(&drive, AGE).await;
    let status = RestateStatus::new();
    // So long that only failures, and dispatches that fail, can be why it registers.
    let registration = Registration::builder(&restate.admin_url(), &worker.url())
        .with_interval(Duration::from_secs(3600))
        .with_status(&status)
        .build()
        .unwrap();
    let shutdown = CancellationToken::new();
    let registering = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { registration.run(shutdown).await }
    });
    let dispatcher = RestateDispatcher::builder(&restate.ingress_url())
        .with_status(&status)
        .build()
        .unwrap();
    assert!(!status.is_reachable());
    restate.start_again();
    until("the workers are registered", || status.is_reachable()).await;

    for _ in 0..2 {
        let run = RunId::new();
        dispatcher.dispatch(run, None).await.unwrap();
        drive.ended(run, 1).await;
        restate.lose_data();
        restate.start_again();
        // As the engine does.
        let run = RunId::new();
        let deadline = std::time::Instant::now() + common::DEADLINE;
        while let Err(error) = dispatcher.dispatch(run, None).await {
            assert!(std::time::Instant::now() < deadline, "{error:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drive.ended(run, 1).await;
    }
    shutdown.cancel();
    registering.await.unwrap();
}

#[tokio::test]
async fn each_change_is_logged_once() {
    let restate = Restate::start();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let worker = Worker::start(&Scripted::ending_after(Duration::ZERO), AGE).await;
    let registration = Registration::builder(&restate.admin_url(), &worker.url())
        .with_interval(Duration::from_millis(100))
        .build()
        .unwrap();
    let shutdown = CancellationToken::new();
    let registering = registration.run(shutdown.clone());
    let watching = async {
        let lines = |level: &'static str| {
            let log = log.clone();
            move |count| log.lines(level).len() == count
        };
        let (infos, warnings) = (lines("INFO"), lines("WARN"));
        until("it is logged that they are registered", || infos(1)).await;
        for round in 1..=2 {
            restate.kill();
            until("it is logged that they are not", || warnings(round)).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            restate.start_again();
            until("it is logged that they are again", || infos(round + 1)).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        shutdown.cancel();
    };
    tokio::join!(registering, watching);
    assert_eq!(
        (log.lines("INFO").len(), log.lines("WARN").len()),
        (3, 2),
        "{log:?}"
    );
    let warning = &log.lines("WARN")[0];
    assert!(warning.contains("Connection refused"), "{warning}");
}

/// What was logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self, level: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains(level));
        lines.map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Another program with a service `Runs` of this type. Returns its URL.
async fn other_service(kind: &str) -> wiremock::MockServer {
    let server = wiremock::MockServer::start().await;
    let manifest = json!({
        "protocolMode": "REQUEST_RESPONSE",
        "minProtocolVersion": 5,
        "maxProtocolVersion": 6,
        "services": [{ "name": "Runs", "ty": kind, "handlers": [{ "name": "drive" }] }],
    });
    let answer = wiremock::ResponseTemplate::new(200).set_body_raw(
        manifest.to_string(),
        "application/vnd.restate.endpointmanifest.v3+json",
    );
    wiremock::Mock::given(wiremock::matchers::path("/discover"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

async fn register_http1(restate: &Restate, service: &wiremock::MockServer) {
    let request = reqwest::Client::new()
        .post(format!("{}/deployments", restate.admin_url()))
        .json(&json!({ "uri": service.uri(), "use_http_11": true }));
    assert_eq!(request.send().await.unwrap().status(), 201);
}
