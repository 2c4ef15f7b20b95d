//! The floor: a spawned task that sends two events per step through a bounded channel. And below it, a stream without a task.

use std::{pin::pin, sync::Arc};

use futures::{
    StreamExt,
    future::BoxFuture,
    stream::{self, FuturesUnordered},
};
use serde_json::Value;
use tokio::sync::mpsc;

/// An event with the least data that is useful to a reader.
#[derive(Debug)]
pub struct Event {
    /// The number of the event.
    pub seq: u64,
    /// The step.
    pub path: Arc<str>,
    /// The output of the step, after it has completed.
    pub output: Option<Arc<Value>>,
}

const CHANNEL: usize = 64;

fn names(steps: usize) -> Vec<Arc<str>> {
    (0..steps).map(|step| format!("n{step}").into()).collect()
}

fn work(step: usize) -> BoxFuture<'static, (usize, Value)> {
    Box::pin(async move { (step, Value::Null) })
}

async fn drain(mut events: mpsc::Receiver<Event>) {
    while let Some(event) = events.recv().await {
        std::hint::black_box(event);
    }
}

/// A chain of steps that do nothing.
pub async fn chain(steps: usize) {
    let (send, events) = mpsc::channel(CHANNEL);
    tokio::spawn(async move {
        let mut seq = 0;
        for (step, path) in names(steps).into_iter().enumerate() {
            seq += 1;
            let _ = send
                .send(Event {
                    seq,
                    path: Arc::clone(&path),
                    output: None,
                })
                .await;
            let (_, output) = work(step).await;
            seq += 1;
            let _ = send
                .send(Event {
                    seq,
                    path,
                    output: Some(Arc::new(output)),
                })
                .await;
        }
    });
    drain(events).await;
}

/// A chain of steps that do nothing, as a stream that its reader polls: no task, no channel, and no way to run two steps at once.
pub async fn inline_chain(steps: usize) {
    let begun = (names(steps), 0, false);
    let events = stream::unfold(begun, |(names, step, started)| async move {
        let path = Arc::clone(names.get(step)?);
        let seq = 2 * step as u64 + 1 + u64::from(started);
        let mut output = None;
        if started {
            output = Some(Arc::new(work(step).await.1));
        }
        let event = Event { seq, path, output };
        Some((event, (names, step + usize::from(started), !started)))
    });
    let mut events = pin!(events);
    while let Some(event) = events.next().await {
        std::hint::black_box(event);
    }
}

/// One step, then many concurrent steps, then one.
pub async fn fan(width: usize) {
    let (send, events) = mpsc::channel(CHANNEL);
    tokio::spawn(async move {
        let names = names(width + 2);
        let mut seq = 0;
        for stage in [0..=0, 1..=width, width + 1..=width + 1] {
            let mut running = FuturesUnordered::new();
            for step in stage {
                seq += 1;
                let _ = send
                    .send(Event {
                        seq,
                        path: Arc::clone(&names[step]),
                        output: None,
                    })
                    .await;
                running.push(work(step));
            }
            while let Some((step, output)) = running.next().await {
                seq += 1;
                let _ = send
                    .send(Event {
                        seq,
                        path: Arc::clone(&names[step]),
                        output: Some(Arc::new(output)),
                    })
                    .await;
            }
        }
    });
    drain(events).await;
}
