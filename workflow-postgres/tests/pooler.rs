//! A pooler in transaction mode is noticed. The only test of its process, so that no other test logs.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;
mod fleet;
mod proxy;

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use fleet::{DEADLINE, arrives, coordinator};
use proxy::Proxy;
use tokio::time::{Instant, sleep};
use workflow_core::fleet::{Coordinator, InstanceId};

/// The log so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn count(&self, text: &str) -> usize {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        log.lines().filter(|line| line.contains(text)).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_pooler_that_passes_no_notifications_on_is_noticed() {
    const WARNING: &str = "connect directly to Postgres, or accept that events of runs on other machines \
         arrive within 2 seconds";
    let log = Log::default();
    let lines = log.clone();
    let logging = tracing_subscriber::fmt().with_ansi(false);
    let logging = logging.with_writer(move || lines.clone()).finish();
    // The coordinators run on this thread.
    let _logging = tracing::subscriber::set_default(logging);
    let url = common::server().create_database();
    let proxy = Proxy::start(&url).await;
    proxy.drop_notifications(true);
    let (direct, pooled) = (coordinator(&url).await, coordinator(proxy.url()).await);
    assert!(pooled.receives_notifications());
    let mut at_pooled = pooled.subscribe(InstanceId::new());
    let mut at_direct = direct.subscribe(InstanceId::new());
    until("the pooler is not noticed", || {
        !pooled.receives_notifications()
    })
    .await;
    assert_eq!(log.count(WARNING), 1);
    // It sends, and what is durable works.
    arrives(&pooled, &mut at_direct).await;
    let fleet = pooled.register(InstanceId::new(), DEADLINE).await.unwrap();
    assert_eq!(fleet.instances, 1);
    // The next test of it changes nothing.
    sleep(Duration::from_secs(8)).await;
    assert_eq!(log.count(WARNING), 1);
    assert_eq!(log.count("is lost"), 0);

    proxy.drop_notifications(false);
    arrives(&direct, &mut at_pooled).await;
    until("it is not noticed that notifications arrive", || {
        pooled.receives_notifications()
    })
    .await;
    assert!(direct.receives_notifications());
}

async fn until(what: &str, check: impl Fn() -> bool) {
    let started = Instant::now();
    while !check() {
        assert!(started.elapsed() < DEADLINE, "{what}");
        sleep(Duration::from_millis(50)).await;
    }
}
