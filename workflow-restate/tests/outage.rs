//! Restate ends while runs are driven.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::time::{Duration, Instant};

use tokio::time::sleep;
use workflow_core::{
    fleet::{Dispatcher, DriveEnd},
    value::{RunId, Timestamp},
};

use self::common::{Scripted, Service, registration, until};

/// The first drive of a run takes too long for the test.
fn first_is_endless() -> Scripted {
    Scripted::new(|_, number| async move {
        if number == 0 {
            sleep(Duration::from_secs(600)).await;
        }
        Ok(DriveEnd::Ended)
    })
}

/// So what must go on may not live in the future of the handler.
#[tokio::test(flavor = "multi_thread")]
async fn a_drive_is_dropped_when_restate_dies_and_repeated_when_it_is_back() {
    let drive = first_is_endless();
    let service = Service::start(&drive).await;
    let run = RunId::new();
    service.dispatcher.dispatch(run, None).await.unwrap();
    drive.begun(run, 1).await;
    service.restate.kill();
    let died = Instant::now();
    until("the drive is dropped", || drive.of(run)[0].was_dropped).await;
    let noticed = died.elapsed();
    assert!(noticed < Duration::from_secs(5), "{noticed:?}");

    service.restate.start_again();
    drive.ended(run, 1).await;
    service.settled(run).await;
    assert_eq!(drive.of(run).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_times_survive_the_death_of_restate() {
    let at = Timestamp::now().after(Duration::from_secs(3));
    let drive = Scripted::new(move |_, _| async move {
        if Timestamp::now() < at {
            return Ok(DriveEnd::Suspended(Some(at)));
        }
        Ok(DriveEnd::Ended)
    });
    let service = Service::start(&drive).await;
    let (suspended, later) = (RunId::new(), RunId::new());
    service.dispatcher.dispatch(suspended, None).await.unwrap();
    service.dispatcher.dispatch(later, Some(at)).await.unwrap();
    drive.ended(suspended, 1).await;
    // The time is in the journal.
    until_scheduled(&service, 2).await;
    service.restate.kill();
    service.restate.start_again();
    drive.ended(suspended, 2).await;
    drive.ended(later, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restate_without_its_data_drives_what_is_dispatched_again() {
    let drive = first_is_endless();
    let service = Service::start(&drive).await;
    let run = RunId::new();
    service.dispatcher.dispatch(run, None).await.unwrap();
    drive.begun(run, 1).await;
    service.restate.lose_data();
    service.restate.start_again();
    until("the drive is dropped", || drive.of(run)[0].was_dropped).await;
    assert!(service.dispatcher.dispatch(run, None).await.is_err());
    let known = registration(&service.restate, &service.worker.url());
    assert!(known.register().await.unwrap());
    service.dispatcher.dispatch(run, None).await.unwrap();
    drive.ended(run, 1).await;
}

/// Waits until Restate has so many calls for later.
async fn until_scheduled(service: &Service, count: usize) {
    let sql = "SELECT id FROM sys_invocation WHERE status = 'scheduled'";
    let deadline = Instant::now() + common::DEADLINE;
    while common::query(&service.restate, sql).await.len() < count {
        assert!(
            Instant::now() < deadline,
            "in vain: {count} calls are scheduled"
        );
        sleep(Duration::from_millis(50)).await;
    }
}
