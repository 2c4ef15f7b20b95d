//! The limits of the service. Each has a default, and a problem code or a closed connection when it is exceeded.

use std::time::Duration;

/// The limits of a service. The code of a problem names the limit that a request exceeded.
///
/// ```
/// # use std::time::Duration;
/// # use workflow_http::{Limits, Options};
/// let limits = Limits::default().with_connections(200).with_body_time(Duration::from_secs(10));
/// let options = Options::default().with_limits(limits);
/// ```
///
/// The limits of connections, of the head of a request and of its URL apply only where [`serve`](fn@crate::serve)
/// accepts the connections; another server has its own.
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
    /// Sets the number of open connections; 4,096 by default. The next one gets 503 `too_many_connections`. As many more, at least
    /// 128, may wait in the kernel until they are accepted.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Sets how long the head of a connection's first request may take to arrive; 30 s by default. Then the
    /// connection is closed.
    #[must_use]
    pub fn with_head_time(mut self, time: Duration) -> Self {
        self.head_time = time;
        self
    }

    /// Sets how long a connection stays open after a response, until the head of the next request is complete;
    /// 75 s by default.
    ///
    /// A proxy in front must close its idle connections earlier: most do after 60 s. Otherwise it may send a
    /// request on a connection that the service is closing.
    #[must_use]
    pub fn with_keep_alive(mut self, time: Duration) -> Self {
        self.keep_alive = time;
        self
    }

    /// Sets the bytes of a request's head, that is, URL and headers together; 16 KiB by default, at least 8 KiB.
    /// Longer heads get 431 `head_too_large`.
    ///
    /// The same number of bytes of a response is buffered for a client that reads slowly.
    #[must_use]
    pub fn with_head_bytes(mut self, bytes: usize) -> Self {
        self.head_bytes = bytes;
        self
    }

    /// Sets the number of headers of a request; 100 by default. With more: 431 `head_too_large`.
    #[must_use]
    pub fn with_headers(mut self, headers: usize) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the bytes of a request's path and query together; 8 KiB by default. With more: 414 `url_too_long`.
    #[must_use]
    pub fn with_url_bytes(mut self, bytes: usize) -> Self {
        self.url_bytes = bytes;
        self
    }

    /// Sets how long a request body may take to arrive; 30 s by default. Then: 408 `body_too_slow`.
    #[must_use]
    pub fn with_body_time(mut self, time: Duration) -> Self {
        self.body_time = time;
        self
    }

    /// Sets the bytes of a request body; 1 MiB by default. With more: 413 `body_too_large`.
    #[must_use]
    pub fn with_body_bytes(mut self, bytes: usize) -> Self {
        self.body_bytes = bytes;
        self
    }

    /// Sets the bytes of all request bodies that are being received; 64 MiB by default. With more: 503
    /// `too_many_bodies`.
    ///
    /// The first 16 KiB of each body do not count, so that slow senders of large bodies cannot block small
    /// requests.
    #[must_use]
    pub fn with_bodies_bytes(mut self, bytes: usize) -> Self {
        self.bodies_bytes = bytes;
        self
    }

    /// Sets how long a client may read nothing while data is ready for it, or (on Linux) leave sent data
    /// unacknowledged; 30 s by default. Then its connection is closed.
    #[must_use]
    pub fn with_write_time(mut self, time: Duration) -> Self {
        self.write_time = time;
        self
    }

    /// Sets the size of the kernel's send buffer of a connection (`SO_SNDBUF`), in bytes; 64 KiB by default.
    ///
    /// Linux doubles it for its own bookkeeping. A larger buffer is faster over long distances, and costs memory
    /// for each client that does not read.
    #[must_use]
    pub fn with_send_buffer_bytes(mut self, bytes: usize) -> Self {
        self.send_buffer_bytes = bytes;
        self
    }

    /// Sets the number of event streams of one run; 2,048 by default, half of the connections. With more: 429
    /// `too_many_readers`.
    #[must_use]
    pub fn with_readers_per_run(mut self, readers: usize) -> Self {
        self.readers_per_run = readers;
        self
    }

    /// Sets the number of requests with one API key in a minute; 6,000 by default, at least 1. With more: 429
    /// `too_many_requests`.
    ///
    /// The limit is a token bucket: all requests of a minute may arrive at once, then it refills evenly.
    #[must_use]
    pub fn with_requests_per_minute(mut self, requests: u32) -> Self {
        self.requests_per_minute = requests;
        self
    }

    /// Sets the number of wrong API keys from one address in a minute; 20 by default. With more: 429
    /// `too_many_wrong_keys`, also for an accepted key that this address has not used before.
    ///
    /// An IPv6 address counts by its first 64 bits. The limit needs the address of the client: from
    /// [`serve`](fn@crate::serve), or from axum's `ConnectInfo`. Behind a proxy, all clients have the address of the
    /// proxy.
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
            // Twice the URL, so that a URL of the permitted length leaves as much for the headers.
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
