//! Notifications between engines, by NOTIFY and LISTEN.
//!
//! - `channel` and `payload`: what is sent, and where. `shared`: what the parts share.
//! - `queue` and `publisher`: sending, apart from every other statement.
//! - `listener`, `subscribers` and `prober`: receiving, on a connection of its own that is watched.

mod channel;
mod listener;
mod payload;
mod prober;
mod publisher;
mod queue;
mod shared;
mod subscribers;

use std::sync::Arc;

use futures::{future, stream::BoxStream};
use sqlx::postgres::PgPool;
use tokio::{sync::mpsc, task::JoinHandle};
use workflow_core::fleet::{InstanceId, Notification};

use self::{
    listener::Listener,
    shared::{Request, Shared},
};

/// The notifications of one connection to the fleet. They end when this is dropped, or the pool closed.
#[derive(Debug)]
pub(crate) struct Notifications {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Notifications {
    /// Opens a connection that listens. `capacity` is how many notifications wait to be sent, and for each subscriber.
    pub(crate) async fn start(pool: PgPool, capacity: usize) -> sqlx::Result<Self> {
        let (requests, requested) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(pool, capacity, requests));
        let listener = Listener::connect(shared.options(), shared.probe).await?;
        let task = tokio::spawn(run(Arc::clone(&shared), listener, requested));
        Ok(Self { shared, task })
    }

    pub(crate) fn publish(&self, notification: Notification) {
        self.shared.queue.push(notification);
    }

    pub(crate) fn subscribe(&self, instance: InstanceId) -> BoxStream<'static, Notification> {
        let shared = &self.shared;
        let notifications = shared.subscribers.add(instance, shared.capacity);
        shared.request(Request::Subscribers);
        notifications
    }

    pub(crate) fn arrive(&self) -> bool {
        *self.shared.arrives.borrow()
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        self.task.abort();
        self.shared.subscribers.close();
    }
}

async fn run(shared: Arc<Shared>, listener: Listener, requests: mpsc::UnboundedReceiver<Request>) {
    let mut closed = shared.pool.close_event();
    let parts = future::join3(
        publisher::run(&shared),
        listener::run(&shared, listener, requests),
        prober::run(&shared),
    );
    // Either the pool is closed, or this never ends.
    let _ = closed.do_until(Box::pin(parts)).await;
    shared.subscribers.close();
}
