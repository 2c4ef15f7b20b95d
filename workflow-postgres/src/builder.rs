//! The options of a store.

use std::{fmt, time::Duration};

use crate::maintenance::Retention;

/// The connections of a store unless set: enough to keep a small server busy, and a tenth of what Postgres accepts.
const CONNECTIONS: u32 = 10;

/// How long a statement waits for a connection unless set.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How many notifications of a fleet wait unless set.
const NOTIFICATIONS_QUEUED: usize = 4_096;

/// A store to connect to, and what is kept in it.
#[derive(Clone)]
pub struct Builder {
    pub(crate) url: String,
    pub(crate) connections: u32,
    pub(crate) connection_timeout: Duration,
    pub(crate) retention: Retention,
    pub(crate) notifications_queued: usize,
}

impl Builder {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            connections: CONNECTIONS,
            connection_timeout: CONNECTION_TIMEOUT,
            retention: Retention::default(),
            notifications_queued: NOTIFICATIONS_QUEUED,
        }
    }

    /// The most connections of this store to the server, at least 1; 10 by default. Statements beyond it wait.
    #[must_use]
    pub fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// How long connecting, and a statement that needs a connection, may wait; 5 seconds by default. A statement
    /// that waited this long fails with [`StoreError::Unavailable`](workflow_core::store::StoreError::Unavailable).
    /// Updating the tables of an older version may take longer.
    #[must_use]
    pub fn with_connection_timeout(mut self, timeout: Duration) -> Self {
        self.connection_timeout = timeout;
        self
    }

    /// The most notifications of a [coordinator](crate::PostgresStore::coordinator) that wait to be sent, and that wait
    /// for each of its subscribers; at least 1, 4,096 by default. Beyond that some are lost, and engines get
    /// [`Notification::Lagged`](workflow_core::fleet::Notification::Lagged). At most 8 MiB of text wait to be sent.
    #[must_use]
    pub fn with_notifications_queued(mut self, notifications: usize) -> Self {
        self.notifications_queued = notifications.clamp(1, 1 << 20);
        self
    }

    /// Deletes runs this many days after they ended. They are kept by default.
    #[must_use]
    pub fn with_days_kept(mut self, days: u32) -> Self {
        self.retention.days = Some(days);
        self
    }

    /// Deletes the runs that ended first once more than this many have ended; for a minute there may be more. All
    /// are kept by default.
    #[must_use]
    pub fn with_ended_runs_kept(mut self, runs: u32) -> Self {
        self.retention.runs = Some(runs);
        self
    }
}

impl fmt::Debug for Builder {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("connections", &self.connections)
            .field("connection_timeout", &self.connection_timeout)
            .field("retention", &self.retention)
            .field("notifications_queued", &self.notifications_queued)
            .finish_non_exhaustive()
    }
}
