//! What becomes of a dispatched run.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::try_join_all;
use serde_json::json;
use tokio::time::sleep;
use workflow_core::{
    fleet::{Dispatcher, DriveEnd, DriveError},
    value::{RunId, Timestamp},
};

use self::common::{Scripted, Service, admin, query};

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatched_run_is_driven_once() {
    let drive = Scripted::ending_after(Duration::ZERO);
    let service = Service::start(&drive).await;
    let run = RunId::new();
    service.dispatcher.dispatch(run, None).await.unwrap();
    drive.ended(run, 1).await;
    service.settled(run).await;
    assert_eq!(drive.all().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_while_a_run_is_driven_lead_to_another_drive_afterwards() {
    let drive = Scripted::ending_after(Duration::from_millis(500));
    let service = Service::start(&drive).await;
    let run = RunId::new();
    service.dispatcher.dispatch(run, None).await.unwrap();
    drive.begun(run, 1).await;
    for _ in 0..2 {
        service.dispatcher.dispatch(run, None).await.unwrap();
    }
    service.settled(run).await;
    let drives = drive.of(run);
    assert_eq!(drives.len(), 3, "{drives:?}");
    for pair in drives.windows(2) {
        assert!(pair[0].ended.unwrap() <= pair[1].began, "{drives:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_runs_are_driven_at_once() {
    let drive = Scripted::ending_after(Duration::from_secs(6));
    let service = Service::start(&drive).await;
    let runs: Vec<RunId> = (0..100).map(|_| RunId::new()).collect();
    let dispatching = runs
        .iter()
        .map(|run| service.dispatcher.dispatch(*run, None));
    try_join_all(dispatching).await.unwrap();
    for run in &runs {
        drive.ended(*run, 1).await;
    }
    // With a bound on the calls of a connection some wait until others end.
    let drives = drive.all();
    let first_end = drives.iter().filter_map(|drive| drive.ended).min().unwrap();
    let last_begin = drives.iter().map(|drive| drive.began).max().unwrap();
    assert!(last_begin < first_end);
    assert_eq!(drives.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_run_is_driven_again_at_its_time() {
    let at = Timestamp::now().after(Duration::from_millis(1500));
    let early = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&early);
    let drive = Scripted::new(move |_, _| {
        let counter = Arc::clone(&counter);
        async move {
            if Timestamp::now() < at {
                counter.fetch_add(1, Ordering::Relaxed);
                return Ok(DriveEnd::Suspended(Some(at)));
            }
            Ok(DriveEnd::Suspended(None))
        }
    });
    let service = Service::start(&drive).await;
    let run = RunId::new();
    service.dispatcher.dispatch(run, None).await.unwrap();
    drive.ended(run, 2).await;
    let late = Timestamp::now().since(at);
    assert!(late < Duration::from_secs(1), "{late:?}");
    service.settled(run).await;
    // Once before its time, and once then.
    assert_eq!(drive.of(run).len(), 2);
    assert_eq!(early.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_driven_at_the_time_of_the_request() {
    let drive = Scripted::ending_after(Duration::ZERO);
    let service = Service::start(&drive).await;
    let (past, later, never) = (RunId::new(), RunId::new(), RunId::new());
    let soon = Timestamp::now().after(Duration::from_millis(1200));
    let ages = Timestamp::now().after(Duration::from_secs(100_000 * 365 * 24 * 3600));
    service
        .dispatcher
        .dispatch(never, Some(ages))
        .await
        .unwrap();
    service
        .dispatcher
        .dispatch(later, Some(soon))
        .await
        .unwrap();
    let past_time = serde_json::from_value(json!("2020-01-01T00:00:00Z")).unwrap();
    service
        .dispatcher
        .dispatch(past, Some(past_time))
        .await
        .unwrap();
    drive.ended(past, 1).await;
    assert!(Timestamp::now() < soon);
    assert!(drive.of(later).is_empty());
    drive.ended(later, 1).await;
    assert!(Timestamp::now() >= soon);
    assert!(drive.of(never).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_retried_after_its_wait() {
    let drive = Scripted::new(|_, number| async move {
        match number {
            0 => Err(DriveError::Fenced),
            1 => Err(DriveError::ShuttingDown),
            2 => Err(DriveError::Store("down".into())),
            _ => Ok(DriveEnd::Ended),
        }
    });
    let service = Service::start(&drive).await;
    let run = RunId::new();
    service.dispatcher.dispatch(run, None).await.unwrap();
    service.settled(run).await;
    let drives = drive.of(run);
    assert_eq!(drives.len(), 4, "{drives:?}");
    let waits: Vec<Duration> = drives
        .windows(2)
        .map(|pair| pair[1].began - pair[0].ended.unwrap())
        .collect();
    let least = [200, 0, 1000].map(Duration::from_millis);
    for (wait, least) in waits.iter().zip(least) {
        assert!(*wait >= least, "{waits:?}");
    }
}

/// The limits of the server would end it: the service has its own.
#[tokio::test(flavor = "multi_thread")]
async fn neither_many_errors_nor_a_long_silence_end_a_drive() {
    const FAILURES: usize = 8;
    let drive = Scripted::new(|_, number| async move {
        if number < FAILURES {
            return Err(DriveError::ShuttingDown);
        }
        sleep(Duration::from_secs(4)).await;
        Ok(DriveEnd::Ended)
    });
    let service = Service::start_with(
        &drive,
        [
            ("RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS", "3"),
            ("RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT", "500ms"),
            ("RESTATE_WORKER__INVOKER__ABORT_TIMEOUT", "500ms"),
        ],
    );
    let service = service.await;
    let run = RunId::new();
    service.dispatcher.dispatch(run, None).await.unwrap();
    drive.ended(run, FAILURES + 1).await;
    service.settled(run).await;
    assert_eq!(drive.of(run).len(), FAILURES + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_options_of_the_service_are_taken_over() {
    let service = Service::start(&Scripted::ending_after(Duration::ZERO)).await;
    let found = admin(&service.restate, "/deployments").await;
    assert_eq!(found["deployments"][0]["protocol_type"], "BidiStream");
    let found = admin(&service.restate, "/services/Runs").await;
    assert_eq!(found["handlers"][0]["name"], "drive");
    assert_eq!(found["handlers"][0]["ty"], "Exclusive");
    assert_eq!(found["public"], true);
    assert_eq!(found["journal_retention"], "1h");
    assert_eq!(found["inactivity_timeout"], "365d");
    assert_eq!(found["abort_timeout"], "365d");
    let policy = json!({
        "initial_interval": "50ms",
        "exponentiation_factor": 2.0,
        "max_interval": "5s",
        "max_attempts": 1_000_000_000,
        "on_max_attempts": "Pause",
    });
    assert_eq!(found["retry_policy"], policy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_the_id_of_a_run_fails_for_good() {
    let drive = Scripted::ending_after(Duration::ZERO);
    let service = Service::start(&drive).await;
    let upper = RunId::new().to_string().to_uppercase();
    for key in ["1", &upper, &format!("{{{}}}", RunId::new())] {
        let mut url = reqwest::Url::parse(&service.restate.ingress_url()).unwrap();
        url.path_segments_mut()
            .unwrap()
            .extend(["Runs", key, "drive"]);
        let answer = reqwest::Client::new().post(url).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{key}");
        let text = answer.text().await.unwrap();
        assert!(text.contains("the key is not the id of a run"), "{text}");
    }
    assert!(drive.all().is_empty());
    let failed = "SELECT id FROM sys_invocation WHERE completion_result = 'failure'";
    assert_eq!(query(&service.restate, failed).await.len(), 3);
}
