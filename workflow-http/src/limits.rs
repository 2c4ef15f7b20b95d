//! How much of everything a service takes.

use std::time::Duration;

/// The bounds of a service. The code of a problem names the one that was passed.
///
/// ```
/// # use std::time::Duration;
/// # use workflow_http::{Limits, Options};
/// let limits = Limits::default().with_connections(200).with_body_time(Duration::from_secs(10));
/// let options = Options::default().with_limits(limits);
/// ```
///
/// Those of connections hold where [`serve`](crate::serve) accepts them.
#[derive(Clone, Debug)]
pub struct Limits {
    pub(crate) connections: usize,
    pub(crate) head_time: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) head_bytes: usize,
    pub(crate) headers: usize,
    pub(crate) url_bytes: usize,
    pub(crate) body_time: Duration,
    pub(crate) body_bytes: usize,
    pub(crate) bodies_bytes: usize,
    pub(crate) write_time: Duration,
    pub(crate) send_buffer_bytes: usize,
    pub(crate) readers_per_run: usize,
    pub(crate) requests_per_minute: u32,
    pub(crate) wrong_keys_per_minute: u32,
}

impl Limits {
    /// Connections at once; 4,096 by default. The next one is told so: 503 `too_many_connections`.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// How long the first request of a connection may take, up to the end of its head; 30 s by default. Then the
    /// connection is closed.
    #[must_use]
    pub fn with_head_time(mut self, time: Duration) -> Self {
        self.head_time = time;
        self
    }

    /// How long a connection is kept after an answer, up to the end of the head of the next request; 75 s by default.
    /// A proxy in front must give its connections up first: most do after 60 s. With less, a request may meet a
    /// connection that is being closed.
    #[must_use]
    pub fn with_keep_alive(mut self, time: Duration) -> Self {
        self.keep_alive = time;
        self
    }

    /// The bytes of a request's head, URL and headers together; 16 KiB by default, 8 KiB at least:
    /// 431 `head_too_large`. As much of an answer is kept for a client that reads slowly.
    #[must_use]
    pub fn with_head_bytes(mut self, bytes: usize) -> Self {
        self.head_bytes = bytes;
        self
    }

    /// The headers of a request; 100 by default: 431 `head_too_large`.
    #[must_use]
    pub fn with_headers(mut self, headers: usize) -> Self {
        self.headers = headers;
        self
    }

    /// The bytes of a request's path and query; 8 KiB by default: 414 `url_too_long`.
    #[must_use]
    pub fn with_url_bytes(mut self, bytes: usize) -> Self {
        self.url_bytes = bytes;
        self
    }

    /// How long the body of a request may take; 30 s by default: 408 `body_too_slow`.
    #[must_use]
    pub fn with_body_time(mut self, time: Duration) -> Self {
        self.body_time = time;
        self
    }

    /// The bytes of a request's body; 1 MiB by default: 413 `body_too_large`.
    #[must_use]
    pub fn with_body_bytes(mut self, bytes: usize) -> Self {
        self.body_bytes = bytes;
        self
    }

    /// The bytes of all bodies that are being received at once; 64 MiB by default: 503 `too_many_bodies`. The first
    /// 16 KiB of each body do not count, so slow senders of large ones do not keep small ones out.
    #[must_use]
    pub fn with_bodies_bytes(mut self, bytes: usize) -> Self {
        self.bodies_bytes = bytes;
        self
    }

    /// How long a client may read nothing of what is ready for it, or not acknowledge what was sent (on
    /// Linux); 30 s by default. Then its connection is closed.
    #[must_use]
    pub fn with_write_time(mut self, time: Duration) -> Self {
        self.write_time = time;
        self
    }

    /// The bytes that the system keeps of what was sent to a client and not acknowledged; 64 KiB by default. Linux
    /// doubles it for its own bookkeeping. More is faster over long distances, and costs memory for each client that
    /// does not read.
    #[must_use]
    pub fn with_send_buffer_bytes(mut self, bytes: usize) -> Self {
        self.send_buffer_bytes = bytes;
        self
    }

    /// The streams that follow one run; 2,048 by default, half of the connections: 429
    /// `too_many_readers`.
    #[must_use]
    pub fn with_readers_per_run(mut self, readers: usize) -> Self {
        self.readers_per_run = readers;
        self
    }

    /// The requests with one API key in a minute; 6,000 by default: 429 `too_many_requests`.
    #[must_use]
    pub fn with_requests_per_minute(mut self, requests: u32) -> Self {
        self.requests_per_minute = requests;
        self
    }

    /// The wrong API keys from one address in a minute; 20 by default: 429 `too_many_wrong_keys`, also for a right key
    /// that was not used from there before. An IPv6 address counts by its first 64 bits. Needs the address of the
    /// client: from [`serve`](crate::serve), or as axum's `ConnectInfo`. Behind a proxy all clients have its address.
    #[must_use]
    pub fn with_wrong_keys_per_minute(mut self, keys: u32) -> Self {
        self.wrong_keys_per_minute = keys;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            head_time: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            head_bytes: 16 * 1024,
            headers: 100,
            url_bytes: 8 * 1024,
            body_time: Duration::from_secs(30),
            body_bytes: 1024 * 1024,
            bodies_bytes: 64 * 1024 * 1024,
            write_time: Duration::from_secs(30),
            send_buffer_bytes: 64 * 1024,
            readers_per_run: 2048,
            requests_per_minute: 6000,
            wrong_keys_per_minute: 20,
        }
    }
}
