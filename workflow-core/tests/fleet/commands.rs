//! Answers and cancellation, whichever engine they reach.

use std::time::Duration;

use serde_json::json;
use workflow_core::{
    Engine, EngineError, RunStatus, Runs,
    executor::SignalError,
    fleet::{Coordinator, DriveEnd, InstanceId, RunCommand},
    testing::LossMode,
};

use crate::{Fleet, drive, open_wait, pass, support::brief};

fn question() -> serde_json::Value {
    json!([
        {"id": "ask", "type": "HumanNode", "data": {"message": "Go?"}},
        {"id": "work", "type": "Script", "needs": ["ask"], "data": {"millis": 50, "output": "{{ ask.output }}"}},
    ])
}

#[tokio::test(start_paused = true)]
async fn an_answer_on_another_engine_wakes_a_suspended_run() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, question()).await;
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Suspended(None)));
    fleet.dispatcher.take();
    let wait = open_wait(&fleet.log(run).await);
    let answering = tokio::spawn({
        let first = first.clone();
        async move { first.answer(run, wait, json!("yes")).await }
    });
    let (dispatched, _) = fleet.dispatcher.next().await;
    assert_eq!(dispatched, run);
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    answering.await.unwrap().unwrap();
    assert_eq!(fleet.coordinator.commands(run).await.unwrap(), []);
    // The same answer again changes nothing, another one is refused.
    first.answer(run, wait, json!("yes")).await.unwrap();
    let other = first.answer(run, wait, json!("no")).await;
    assert!(
        matches!(other, Err(EngineError::Signal(SignalError::Answered(_)))),
        "{other:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_reaches_a_run_that_another_engine_drives() {
    for lossy in [false, true] {
        let (fleet, first, second) = Fleet::pair().await;
        let nodes = json!([
            {"id": "ask", "type": "HumanNode", "needs": [], "data": {"message": "Go?"}},
            {"id": "busy", "type": "Script", "needs": [], "data": {"millis": 20_000}},
        ]);
        let run = fleet.start(&first, nodes).await;
        let driving = drive(&second, run);
        pass(100).await;
        if lossy {
            fleet.coordinator.lose_notifications(1, LossMode::Reported);
        }
        let wait = open_wait(&fleet.log(run).await);
        let asked = tokio::time::Instant::now();
        first.answer(run, wait, json!("yes")).await.unwrap();
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "{:?}",
            asked.elapsed()
        );
        assert_eq!(driving.await.unwrap(), Ok(DriveEnd::Ended));
    }
}

#[tokio::test(start_paused = true)]
async fn of_answers_on_two_engines_one_is_taken() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, question()).await;
    second.drive(run).await.unwrap();
    let wait = open_wait(&fleet.log(run).await);
    let answers: Vec<_> = [(&first, "yes"), (&second, "no")]
        .into_iter()
        .map(|(engine, answer)| {
            let engine = engine.clone();
            tokio::spawn(async move { engine.answer(run, wait, json!(answer)).await })
        })
        .collect();
    pass(10).await;
    second.drive(run).await.unwrap();
    let mut taken = 0;
    for answer in answers {
        match answer.await.unwrap() {
            Ok(_) => taken += 1,
            Err(EngineError::Signal(SignalError::Answered(_))) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(taken, 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cancelled_from_any_engine_in_any_state() {
    // Not driven yet, driven elsewhere, suspended.
    for state in ["queued", "driven", "suspended"] {
        let (fleet, first, second) = Fleet::pair().await;
        let nodes = json!([
            {"id": "work", "type": "Script", "data": {"millis": 1_000}},
            {"id": "ask", "type": "HumanNode", "needs": ["work"], "data": {"message": "Go?"}},
        ]);
        let run = fleet.start(&first, nodes).await;
        let driving = (state == "driven").then(|| drive(&second, run));
        if state == "suspended" {
            second.drive(run).await.unwrap();
        }
        pass(10).await;
        fleet.dispatcher.take();
        let cancelling = tokio::spawn({
            let first = first.clone();
            async move { first.cancel(run).await }
        });
        let (dispatched, _) = fleet.dispatcher.next().await;
        assert_eq!(dispatched, run, "{state}");
        assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended), "{state}");
        let record = cancelling.await.unwrap().unwrap();
        assert_eq!(record.head.status, RunStatus::Cancelled, "{state}");
        if let Some(driving) = driving {
            assert_eq!(driving.await.unwrap(), Ok(DriveEnd::Ended));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_comes_as_the_run_is_suspended_is_not_missed() {
    // The command is stored at every moment of a drive that ends in a suspension.
    for steps in 0..60 {
        let (fleet, first, second) = Fleet::pair().await;
        let run = fleet.start(&first, question()).await;
        let sending = tokio::spawn({
            let coordinator = fleet.coordinator.clone();
            async move {
                for _ in 0..steps {
                    tokio::task::yield_now().await;
                }
                coordinator.send(run, &RunCommand::Cancel).await.unwrap();
            }
        });
        let end = second.drive(run).await.unwrap();
        sending.await.unwrap();
        // The sender dispatches after it has stored the command, so there is another drive at the latest then.
        let end = match end {
            DriveEnd::Ended => end,
            DriveEnd::Suspended(_) => second.drive(run).await.unwrap(),
        };
        assert_eq!(end, DriveEnd::Ended, "after {steps} yields");
        let log = brief(&fleet.log(run).await);
        assert_eq!(log.last().unwrap(), "run.cancelled", "after {steps} yields");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_no_engine_processes_says_so_and_stays() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, question()).await;
    second.drive(run).await.unwrap();
    let wait = open_wait(&fleet.log(run).await);
    let answer = first.answer(run, wait, json!("yes")).await;
    assert!(
        matches!(answer, Err(EngineError::Interrupted(_))),
        "{answer:?}"
    );
    assert_eq!(
        second.drive(run).await,
        Ok(DriveEnd::Ended),
        "it was stored all the same"
    );
    first.answer(run, wait, json!("yes")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_dispatch_was_lost_is_found() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, question()).await;
    second.drive(run).await.unwrap();
    fleet.dispatcher.take();
    // Stored by an engine that died before it dispatched the run.
    fleet
        .coordinator
        .send(run, &RunCommand::Cancel)
        .await
        .unwrap();
    pass(40_000).await;
    assert!(fleet.dispatcher.take().contains(&(run, None)));
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    pass(100_000).await;
    assert_eq!(fleet.dispatcher.take(), [], "its commands are deleted");
}

#[tokio::test(start_paused = true)]
async fn without_notifications_a_command_reaches_a_run_that_is_driven() {
    let (fleet, first, second) = Fleet::pair().await;
    let nodes = json!([{"id": "busy", "type": "Script", "data": {"millis": 3_600_000}}]);
    let run = fleet.start(&first, nodes).await;
    let driving = drive(&second, run);
    pass(100).await;
    fleet.coordinator.lose_notifications(1, LossMode::Silent);
    let asked = tokio::time::Instant::now();
    first.cancel(run).await.unwrap();
    assert!(
        asked.elapsed() < Duration::from_secs(6),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(driving.await.unwrap(), Ok(DriveEnd::Ended));
}

#[tokio::test(start_paused = true)]
async fn a_command_is_not_lost_with_the_reader_that_received_it() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, question()).await;
    second.drive(run).await.unwrap();
    let wait = open_wait(&fleet.log(run).await);
    // The second engine waits for the claim of an engine that has died; a reader keeps an inbox for the run meanwhile.
    let dead = InstanceId::new();
    fleet
        .coordinator
        .claim(run, dead, Duration::from_secs(10))
        .await
        .unwrap();
    let reader = second.events(run, 0).await.unwrap();
    let driving = drive(&second, run);
    pass(100).await;
    let answering = tokio::spawn({
        let first = first.clone();
        async move { first.answer(run, wait, json!("yes")).await }
    });
    pass(1_000).await;
    drop(reader);
    assert_eq!(driving.await.unwrap(), Ok(DriveEnd::Ended));
    answering.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_drains_still_takes_commands() {
    let (fleet, first, second) = Fleet::pair().await;
    let nodes = json!([{"id": "busy", "type": "Script", "data": {"millis": 3_600_000}}]);
    let run = fleet.start(&first, nodes).await;
    let driving = drive(&second, run);
    pass(100).await;
    let draining = tokio::spawn({
        let second = second.clone();
        async move { second.shutdown(Duration::from_secs(600)).await }
    });
    pass(60_000).await;
    assert_eq!(first.fleet_status().unwrap().instances, 2, "it is alive");
    assert_eq!(
        first.cancel(run).await.unwrap().head.status,
        RunStatus::Cancelled
    );
    assert_eq!(driving.await.unwrap(), Ok(DriveEnd::Ended));
    draining.await.unwrap();
    // What comes to it is refused before anything is stored.
    let refused = second.cancel(fleet.start(&first, question()).await).await;
    assert!(
        matches!(refused, Err(EngineError::ShuttingDown)),
        "{refused:?}"
    );
}
