//! What the parts of a connection to the fleet share.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::{PgConnectOptions, PgPool};
use tokio::sync::{mpsc, watch};
use workflow_core::fleet::InstanceId;

use super::{channel::Channel, queue::Queue, subscribers::Subscribers};

/// The state of a connection to the fleet.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) pool: PgPool,
    pub(super) queue: Queue,
    pub(super) subscribers: Subscribers,
    /// How many notifications wait for a subscriber.
    pub(super) capacity: usize,
    /// The channel on which this connection notifies itself.
    pub(super) probe: Channel,
    /// The number of the last probe that has arrived.
    pub(super) arrived: watch::Sender<u64>,
    /// The number of the last connection on which anything has arrived.
    pub(super) heard: AtomicU64,
    /// Whether probes arrive.
    pub(super) arrives: watch::Sender<bool>,
    /// The number of the connection that listens, counted from 1.
    pub(super) connection: watch::Sender<u64>,
    requests: mpsc::UnboundedSender<Request>,
}

/// What the task that receives has to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    /// There are other subscribers.
    Subscribers,
    /// Nothing arrives on the connection of this number: open another one.
    Reconnect(u64),
}

impl Shared {
    pub(super) fn new(
        pool: PgPool,
        capacity: usize,
        requests: mpsc::UnboundedSender<Request>,
    ) -> Self {
        Self {
            pool,
            queue: Queue::new(capacity),
            subscribers: Subscribers::default(),
            capacity,
            probe: Channel::Probe(InstanceId::new()),
            arrived: watch::Sender::new(0),
            heard: AtomicU64::new(0),
            arrives: watch::Sender::new(true),
            connection: watch::Sender::new(0),
            requests,
        }
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.pool.connect_options())
    }

    /// Whether anything has arrived on the connection of this number: LISTEN has an effect there.
    pub(super) fn has_heard(&self, number: u64) -> bool {
        self.heard.load(Ordering::Relaxed) == number
    }

    pub(super) fn request(&self, request: Request) {
        // Fails only after the end of the task that receives.
        let _ = self.requests.send(request);
    }
}
