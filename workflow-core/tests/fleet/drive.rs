//! Driving on request.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use workflow_core::{
    Engine, EngineError, EventKind, LocalEngine, Registry, RunId, RunStatus, Runs, StepEvent,
    engine::Observer,
    event::LOG_FORMAT,
    fleet::{Coordinator, DriveEnd, DriveError, InstanceId},
};

use crate::{Fleet, drive, pass, support::brief};

#[tokio::test(start_paused = true)]
async fn a_run_is_dispatched_and_not_driven_where_it_was_started() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet
        .start(&first, json!([{"id": "a", "type": "Script"}]))
        .await;
    pass(1_000).await;
    assert_eq!(brief(&fleet.log(run).await), ["run.created"]);
    assert_eq!(fleet.dispatcher.take(), [(run, None)]);
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    assert_eq!(
        first.run_record(run).await.unwrap().head.status,
        RunStatus::Completed
    );
    assert_eq!(
        first.drive(run).await,
        Ok(DriveEnd::Ended),
        "there is nothing more to do"
    );
    assert_eq!(
        first.drive(RunId::new()).await,
        Ok(DriveEnd::Ended),
        "nor for an unknown run"
    );
    assert_eq!(fleet.probe.count("start a"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_dispatched_until_the_dispatcher_takes_it() {
    let fleet = Fleet::new();
    fleet.dispatcher.set_failing(true);
    let engine = fleet.engine().await;
    let run = fleet
        .start(&engine, json!([{"id": "a", "type": "Script"}]))
        .await;
    pass(60_000).await;
    let status = engine.fleet_status().unwrap();
    assert_eq!(status.undispatched, 1);
    assert!(status.dispatch_failures > 5, "{status:?}");
    assert!(
        status.dispatch_failures < 30,
        "with a growing back-off: {status:?}"
    );
    fleet.dispatcher.set_failing(false);
    pass(10_000).await;
    assert_eq!(fleet.dispatcher.take(), [(run, None)]);
    let status = engine.fleet_status().unwrap();
    assert_eq!(status.undispatched, 0);
    assert!(status.dispatcher_reached_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_suspended_run_names_its_time_and_is_driven_on_elsewhere() {
    let (fleet, first, second) = Fleet::pair().await;
    let delay = json!([
        {"id": "wait", "type": "DelayNode", "data": {"for": "2h"}},
        {"id": "a", "type": "Script", "needs": ["wait"]},
    ]);
    let run = fleet.start(&first, delay).await;
    let Ok(DriveEnd::Suspended(Some(at))) = first.drive(run).await else {
        panic!("the run waits for a time");
    };
    // Too early: it waits for the same time.
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Suspended(Some(at))));
    // The clocks of engines differ.
    pass(2 * 60 * 60 * 1_000 + 1_000).await;
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    assert_eq!(fleet.probe.count("end a"), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_for_one_run_share_its_drive() {
    let fleet = Fleet::new();
    let engine = fleet.engine().await;
    let run = fleet
        .start(
            &engine,
            json!([{"id": "a", "type": "Script", "data": {"millis": 500}}]),
        )
        .await;
    let calls: Vec<_> = (0..5).map(|_| drive(&engine, run)).collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(DriveEnd::Ended));
    }
    assert_eq!(fleet.probe.count("start a"), 1);
}

#[tokio::test(start_paused = true)]
async fn of_two_engines_that_drive_a_run_one_is_fenced() {
    let (fleet, first, second) = Fleet::pair().await;
    let nodes = json!([
        {"id": "a", "type": "Script", "data": {"millis": 500}},
        {"id": "b", "type": "Script", "needs": ["a"], "data": {"millis": 500}},
    ]);
    let run = fleet.start(&first, nodes).await;
    let driving = drive(&first, run);
    pass(100).await;
    // A dispatcher that breaks its promise. The second engine recovers the attempt in flight.
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    assert_eq!(driving.await.unwrap(), Err(DriveError::Fenced));
    let log = fleet.log(run).await;
    let numbers: Vec<u64> = log.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=log.len() as u64).collect::<Vec<_>>());
    assert_eq!(
        fleet.probe.count("start a"),
        2,
        "the attempt in flight is repeated"
    );
    assert_eq!(fleet.probe.count("start b"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_drive_that_nobody_waits_for_continues_and_keeps_others_out() {
    let (fleet, first, second) = Fleet::pair().await;
    let nodes = json!([{"id": "a", "type": "Script", "data": {"millis": 60_000}}]);
    let run = fleet.start(&first, nodes).await;
    let call = drive(&first, run);
    pass(100).await;
    call.abort();
    pass(100).await;
    let claimed = fleet.coordinator.claimed_by(run).await.unwrap();
    assert_eq!(claimed, Some(first.fleet_status().unwrap().instance));
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    assert_eq!(fleet.probe.count("start a"), 1);
    assert_eq!(fleet.coordinator.claimed_by(run).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn the_claim_of_an_engine_that_died_expires() {
    let fleet = Fleet::new();
    let second = fleet.engine().await;
    let run = fleet
        .start(&second, json!([{"id": "a", "type": "Script"}]))
        .await;
    let dead = InstanceId::new();
    fleet
        .coordinator
        .claim(run, dead, Duration::from_secs(10))
        .await
        .unwrap();
    let called = tokio::time::Instant::now();
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    let waited = called.elapsed();
    assert!(
        (Duration::from_secs(10)..Duration::from_secs(11)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_shuts_down_hands_its_runs_over() {
    let (fleet, first, second) = Fleet::pair().await;
    let nodes = json!([{"id": "a", "type": "Script", "data": {"millis": 60_000}}]);
    let run = fleet.start(&first, nodes).await;
    let driving = drive(&first, run);
    pass(100).await;
    first.shutdown(Duration::from_secs(1)).await;
    let error = driving.await.unwrap().unwrap_err();
    assert_eq!(error, DriveError::ShuttingDown);
    assert_eq!(error.retry_after(), Duration::ZERO);
    assert_eq!(first.drive(run).await, Err(DriveError::ShuttingDown));
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    let log = brief(&fleet.log(run).await);
    assert!(log.contains(&"run.suspended".to_owned()), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_continue_is_stopped_for_all_engines() {
    let fleet = Fleet::new();
    let first = fleet.engine().await;
    let run = fleet
        .start(&first, json!([{"id": "a", "type": "Script"}]))
        .await;
    // An engine of another program, which lacks the node type.
    let other = LocalEngine::builder(Registry::default())
        .with_store(Arc::clone(&fleet.store))
        .with_fleet(
            Arc::new(fleet.coordinator.clone()),
            Arc::new(fleet.dispatcher.clone()),
        )
        .build();
    assert_eq!(other.drive(run).await, Ok(DriveEnd::Ended));
    for engine in [&*first, &other] {
        let blocked = engine.run_report(run).await.unwrap().blocked.unwrap();
        assert_eq!(blocked.code, "unusable_workflow");
    }
    assert!(matches!(
        first.events(run, 0).await,
        Err(EngineError::Stopped { .. })
    ));
    // It counts until the log grows: an engine that can drive it is not held up.
    assert_eq!(first.drive(run).await, Ok(DriveEnd::Ended));
    for engine in [&*first, &other] {
        assert!(engine.run_report(run).await.unwrap().blocked.is_none());
    }
    assert_eq!(fleet.probe.count("end a"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_of_a_newer_version_is_handed_back_and_not_stopped() {
    let fleet = Fleet::new();
    let engine = fleet.engine().await;
    let old = fleet
        .start(&engine, json!([{"id": "a", "type": "Script"}]))
        .await;
    // The same run, as a newer version would store it.
    let run = RunId::new();
    let mut record = engine.run_record(old).await.unwrap();
    record.id = run;
    let mut first = serde_json::to_value(&fleet.log(old).await[0]).unwrap();
    first["run_id"] = json!(run);
    first["log_format"] = json!(LOG_FORMAT + 1);
    let first: StepEvent = serde_json::from_value(first).unwrap();
    fleet
        .store
        .create_run(record, &[first], None)
        .await
        .unwrap();

    let error = engine.drive(run).await.unwrap_err();
    assert_eq!(
        (&error, error.retry_after()),
        (&DriveError::NewerLog, Duration::from_secs(5))
    );
    assert_eq!(fleet.coordinator.blocked(run).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_engine_without_a_fleet_is_not_driven() {
    let engine = LocalEngine::builder(Registry::default()).build();
    assert_eq!(engine.drive(RunId::new()).await, Err(DriveError::NoFleet));
    assert!(engine.fleet_status().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_oldest_engine_dispatches_what_nobody_drives() {
    let fleet = Fleet::new();
    let first = fleet.engine().await;
    fleet.dispatcher.set_failing(true);
    let run = fleet
        .start(&first, json!([{"id": "a", "type": "Script"}]))
        .await;
    pass(10).await;
    // It dies before the dispatcher takes the run.
    drop(first);
    fleet.dispatcher.set_failing(false);
    let (second, third) = (fleet.engine().await, fleet.engine().await);
    let recovered = second.recover().await.unwrap();
    third.recover().await.unwrap();
    assert_eq!(recovered.resumed, 1);
    pass(100_000).await;
    let requests = fleet.dispatcher.take();
    assert!(requests.contains(&(run, None)), "{requests:?}");
    assert_eq!(second.fleet_status().unwrap().instances, 2);
    // What is driven is not dispatched.
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    pass(200_000).await;
    assert_eq!(fleet.dispatcher.take(), []);
}

#[tokio::test(start_paused = true)]
async fn a_due_run_whose_timer_was_lost_is_dispatched() {
    let fleet = Fleet::new();
    let engine = fleet.engine().await;
    let run = fleet
        .start(
            &engine,
            json!([{"id": "wait", "type": "DelayNode", "data": {"for": "2h"}}]),
        )
        .await;
    engine.recover().await.unwrap();
    assert!(matches!(
        engine.drive(run).await,
        Ok(DriveEnd::Suspended(Some(_)))
    ));
    pass(60 * 60 * 1_000).await;
    fleet.dispatcher.take();
    pass(60 * 60 * 1_000 + 90_000).await;
    assert!(fleet.dispatcher.take().contains(&(run, None)));
}

/// Freezes its engine once, at the start of a step, as a stopped process is frozen.
struct FreezeOnce {
    armed: AtomicBool,
    frozen: std::sync::mpsc::SyncSender<()>,
    thaw: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
}

impl Observer for FreezeOnce {
    fn stored(&self, event: &workflow_core::StepEvent, _: Option<&str>) {
        if matches!(event.kind, EventKind::NodeStarted(_))
            && self.armed.swap(false, Ordering::SeqCst)
        {
            self.frozen.send(()).unwrap();
            self.thaw.lock().unwrap().recv().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_engine_that_was_frozen_begins_nothing_that_another_one_has_continued() {
    let fleet = Fleet::new();
    let (frozen, is_frozen) = std::sync::mpsc::sync_channel(1);
    let (thaw, thawed) = std::sync::mpsc::sync_channel(1);
    let observer = FreezeOnce {
        armed: AtomicBool::new(true),
        frozen,
        thaw: std::sync::Mutex::new(thawed),
    };
    let first = LocalEngine::builder(crate::support::registry(&fleet.probe))
        .with_store(Arc::clone(&fleet.store))
        .with_fleet(
            Arc::new(fleet.coordinator.clone()),
            Arc::new(fleet.dispatcher.clone()),
        )
        .with_observer(Arc::new(observer))
        .build();
    let (first, second) = (Arc::new(first), fleet.engine().await);
    let run = fleet
        .start(&second, json!([{"id": "a", "type": "Script"}]))
        .await;
    let driving = drive(&first, run);
    tokio::task::spawn_blocking(move || is_frozen.recv().unwrap())
        .await
        .unwrap();
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    // Longer than ownership is valid without being confirmed.
    pass(2_100).await;
    thaw.send(()).unwrap();
    assert_eq!(driving.await.unwrap(), Err(DriveError::Fenced));
    assert_eq!(
        fleet.probe.count("start a"),
        1,
        "only the second engine has begun the step"
    );
}

#[tokio::test(start_paused = true)]
async fn many_runs_are_dispatched_soon_after_the_dispatcher_is_back() {
    let fleet = Fleet::new();
    fleet.dispatcher.set_failing(true);
    let engine = fleet.engine().await;
    let workflow = json!([{"id": "a", "type": "Script"}]);
    for _ in 0..100 {
        fleet.start(&engine, workflow.clone()).await;
    }
    pass(120_000).await;
    assert_eq!(engine.fleet_status().unwrap().undispatched, 100);
    fleet.dispatcher.set_failing(false);
    pass(6_000).await;
    assert_eq!(engine.fleet_status().unwrap().undispatched, 0);
    assert!(fleet.dispatcher.take().len() >= 100);
}

#[tokio::test(start_paused = true)]
async fn a_drive_that_was_overtaken_unnoticed_does_not_keep_others_out() {
    let (fleet, first, second) = Fleet::pair().await;
    let nodes = json!([
        {"id": "a", "type": "Script", "data": {"millis": 3_600_000}},
        {"id": "b", "type": "Script", "needs": [], "data": {"millis": 50}},
    ]);
    let run = fleet.start(&first, nodes).await;
    let call = drive(&first, run);
    pass(1_000).await;
    // As after a freeze: another engine has continued the run, then the connection of the first breaks.
    let other = drive(&second, run);
    pass(1_000).await;
    call.abort();
    pass(3_000).await;
    assert_eq!(fleet.coordinator.claimed_by(run).await.unwrap(), None);
    assert_eq!(first.fleet_status().unwrap().driving, 0);
    other.abort();
}

#[tokio::test(start_paused = true)]
async fn a_claim_ends_with_its_drive_even_if_the_dispatcher_came_back() {
    let fleet = Fleet::new();
    let first = fleet.engine().await;
    let nodes = json!([{"id": "a", "type": "Script", "data": {"millis": 30_000}}]);
    let run = fleet.start(&first, nodes).await;
    let call = drive(&first, run);
    pass(100).await;
    call.abort();
    pass(100).await;
    assert!(fleet.coordinator.claimed_by(run).await.unwrap().is_some());
    assert_eq!(first.drive(run).await, Ok(DriveEnd::Ended));
    assert_eq!(fleet.coordinator.claimed_by(run).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_long_step_is_not_dispatched_at_every_sweep() {
    let fleet = Fleet::new();
    let engine = fleet.engine().await;
    let nodes = json!([{"id": "a", "type": "Script", "data": {"millis": 7_200_000}}]);
    let run = fleet.start(&engine, nodes).await;
    let driving = drive(&engine, run);
    pass(1_000).await;
    fleet.dispatcher.take();
    pass(7_000_000).await;
    let times = fleet.dispatcher.take().len();
    assert!((1..=8).contains(&times), "at 1, 2, 4 … minutes: {times}");
    assert_eq!(driving.await.unwrap(), Ok(DriveEnd::Ended));
}
