//! Readers on engines that do not drive the run.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::json;
use workflow_core::{
    Engine, Runs, Update,
    fleet::{Coordinator, DriveEnd, RunCommand},
    testing::LossMode,
};

use crate::{Fleet, drive, events, pass, reader, support::brief, text_of};

fn talk() -> serde_json::Value {
    json!([
        {"id": "a", "type": "Script", "data": {"millis": 40, "say": ["one ", "🦀 two ", "three ", "four"]}},
        {"id": "b", "type": "Script", "needs": ["a"], "data": {"millis": 30, "say": ["x", "y"]}},
        {"id": "c", "type": "Script", "needs": ["b"]},
    ])
}

#[tokio::test(start_paused = true)]
async fn every_engine_shows_the_events_and_the_text_of_a_run() {
    let fleet = Fleet::new();
    let engines = [
        fleet.engine().await,
        fleet.engine().await,
        fleet.engine().await,
    ];
    let run = fleet.start(&engines[0], talk()).await;
    let mut readers = Vec::new();
    for engine in &engines {
        readers.push(reader(engine, run).await);
        readers.push(reader(engine, run).await);
    }
    assert_eq!(engines[1].drive(run).await, Ok(DriveEnd::Ended));
    let log = fleet.log(run).await;
    for (n, reader) in readers.into_iter().enumerate() {
        let updates = reader.await.unwrap();
        assert_eq!(events(&updates), log, "reader {n}");
        assert_eq!(
            text_of(&updates, "a"),
            "one 🦀 two three four",
            "reader {n}"
        );
        assert_eq!(text_of(&updates, "b"), "xy", "reader {n}");
    }
}

#[tokio::test(start_paused = true)]
async fn text_is_shown_while_its_step_runs_and_never_after_its_end() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, talk()).await;
    let driving = drive(&second, run);
    let mut updates = first.events(run, 0).await.unwrap();
    let (mut running, mut pieces) = (None, 0);
    while let Some(update) = updates.next().await {
        match update {
            Update::Event(event) => {
                running = event
                    .step()
                    .cloned()
                    .filter(|_| event.kind.name() == "node.started");
            }
            Update::Delta(delta) => {
                pieces += 1;
                assert_eq!(
                    Some(&delta.step),
                    running.as_ref(),
                    "the text of a running step"
                );
            }
            _ => {}
        }
    }
    assert!(
        pieces >= 4,
        "text comes in pieces, not at the end: {pieces}"
    );
    driving.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_comes_late_gets_the_text_so_far() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, talk()).await;
    let driving = drive(&second, run);
    pass(100).await;
    let early = reader(&first, run).await;
    pass(10).await;
    let late = reader(&first, run).await;
    let after = first.events(run, 3).await.unwrap();
    for updates in [
        early.await.unwrap(),
        late.await.unwrap(),
        after.collect().await,
    ] {
        assert_eq!(text_of(&updates, "a"), "one 🦀 two three four");
    }
    driving.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn lost_notifications_delay_readers_and_nothing_else() {
    for mode in [LossMode::Silent, LossMode::Reported] {
        for every in 1..6 {
            let (fleet, first, second) = Fleet::pair().await;
            fleet.coordinator.lose_notifications(every, mode);
            let run = fleet.start(&first, talk()).await;
            let reader = reader(&first, run).await;
            let driving = drive(&second, run);
            assert_eq!(driving.await.unwrap(), Ok(DriveEnd::Ended));
            let ended = tokio::time::Instant::now();
            let updates = reader.await.unwrap();
            assert_eq!(
                events(&updates),
                fleet.log(run).await,
                "{mode:?}, each {every}"
            );
            assert!(
                ended.elapsed() <= Duration::from_secs(3),
                "{mode:?}, each {every}: {:?}",
                ended.elapsed()
            );
            // Text may be missing, but is never wrong.
            assert!(
                "one 🦀 two three four".starts_with(&text_of(&updates, "a")),
                "{mode:?}, each {every}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_follows_a_suspended_run_for_hours() {
    let (fleet, first, second) = Fleet::pair().await;
    let nodes = json!([
        {"id": "wait", "type": "DelayNode", "data": {"for": "5h"}},
        {"id": "a", "type": "Script", "needs": ["wait"]},
    ]);
    let run = fleet.start(&first, nodes).await;
    let reader = reader(&first, run).await;
    assert!(matches!(
        second.drive(run).await,
        Ok(DriveEnd::Suspended(Some(_)))
    ));
    pass(5 * 60 * 60 * 1_000 + 1_000).await;
    assert!(!reader.is_finished());
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    assert_eq!(events(&reader.await.unwrap()), fleet.log(run).await);
}

#[tokio::test(start_paused = true)]
async fn a_run_without_readers_is_not_followed_any_more() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, talk()).await;
    let updates = first.events(run, 0).await.unwrap();
    pass(10).await;
    assert_eq!(first.fleet_status().unwrap().following, 1);
    drop(updates);
    pass(5_000).await;
    assert_eq!(first.fleet_status().unwrap().following, 0);
    // A reader that comes then follows it all the same.
    let reader = reader(&first, run).await;
    second.drive(run).await.unwrap();
    assert_eq!(events(&reader.await.unwrap()), fleet.log(run).await);
}

#[tokio::test(start_paused = true)]
async fn a_follower_of_a_deleted_run_ends() {
    let fleet = Fleet::new();
    let first = fleet.engine().await;
    let run = fleet.start(&first, talk()).await;
    let reader = reader(&first, run).await;
    pass(10).await;
    fleet.store.delete_run(run).await.unwrap();
    let updates = tokio::time::timeout(Duration::from_secs(10), reader).await;
    assert_eq!(brief(&events(&updates.unwrap().unwrap())), ["run.created"]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_shuts_down_lets_its_followers_go() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, talk()).await;
    let reader = reader(&first, run).await;
    pass(10).await;
    first.shutdown(Duration::from_secs(1)).await;
    let seen = events(&reader.await.unwrap());
    // With the number of the last event, it continues elsewhere.
    let rest = second.events(run, seen.len() as u64).await.unwrap();
    let driving = drive(&second, run);
    let rest: Vec<Update> = rest.collect().await;
    driving.await.unwrap().unwrap();
    let all: Vec<_> = seen.into_iter().chain(events(&rest)).collect();
    assert_eq!(all, fleet.log(run).await);
    drop(Arc::clone(&second));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_came_during_a_drive_follows_the_run_to_another_engine() {
    let nodes = json!([
        {"id": "a", "type": "Script", "data": {"millis": 1_000}},
        {"id": "wait", "type": "DelayNode", "needs": ["a"], "data": {"for": "1h"}},
        {"id": "b", "type": "Script", "needs": ["wait"]},
    ]);
    // The first engine is fenced off in step `a`, or suspends the run.
    for is_fenced in [true, false] {
        let (fleet, first, second) = Fleet::pair().await;
        let run = fleet.start(&second, nodes.clone()).await;
        let driving = drive(&first, run);
        pass(100).await;
        let reader = reader(&first, run).await;
        if is_fenced {
            second.drive(run).await.unwrap();
        }
        assert_eq!(driving.await.unwrap().is_err(), is_fenced);
        pass(60 * 60 * 1_000 + 1_000).await;
        assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
        let seen = tokio::time::timeout(Duration::from_secs(10), reader).await;
        assert_eq!(
            events(&seen.unwrap().unwrap()),
            fleet.log(run).await,
            "fenced: {is_fenced}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_an_overtaken_drive_sees_the_end() {
    let (fleet, first, second) = Fleet::pair().await;
    let nodes = json!([{"id": "a", "type": "Script", "data": {"millis": 3_600_000}}]);
    let run = fleet.start(&first, nodes).await;
    let driving = drive(&first, run);
    pass(100).await;
    let reader = reader(&first, run).await;
    pass(10).await;
    // Another engine ends the run. The first one does not notice that yet, and a second reader comes to it.
    fleet.coordinator.lose_notifications(1, LossMode::Silent);
    fleet
        .coordinator
        .send(run, &RunCommand::Cancel)
        .await
        .unwrap();
    assert_eq!(second.drive(run).await, Ok(DriveEnd::Ended));
    let late = first.events(run, 0).await.unwrap();
    let late: Vec<Update> = late.collect().await;
    assert!(driving.await.unwrap().is_err());
    let log = fleet.log(run).await;
    assert_eq!(events(&late), log);
    let seen = tokio::time::timeout(Duration::from_secs(10), reader).await;
    assert_eq!(events(&seen.unwrap().unwrap()), log);
}

#[tokio::test(start_paused = true)]
async fn text_of_an_ended_step_is_not_shown_once_more() {
    let (fleet, first, second) = Fleet::pair().await;
    let run = fleet.start(&first, talk()).await;
    let early = reader(&first, run).await;
    let driving = drive(&second, run);
    pass(140).await;
    // The end of the step is not notified, and a reader that comes then finds it in the store.
    fleet.coordinator.lose_notifications(1, LossMode::Silent);
    pass(40).await;
    let late = reader(&first, run).await;
    fleet.coordinator.lose_notifications(0, LossMode::Silent);
    driving.await.unwrap().unwrap();
    for reader in [early, late] {
        let updates = reader.await.unwrap();
        // It asserts that no text is repeated.
        assert!("one 🦀 two three four".starts_with(&text_of(&updates, "a")));
        assert_eq!(events(&updates), fleet.log(run).await);
    }
}
