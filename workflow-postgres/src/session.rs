//! Connections that are open as long as the process, outside the pool.

use std::time::Duration;

/// How the server notices within 15 seconds that the machine of the client is gone: its defaults take two hours. It must
/// not close a connection that is idle.
pub(crate) const KEEP_ALIVE: &str = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; \
     SET tcp_keepalives_count = 2; SET idle_session_timeout = 0";

/// How long the server may take to answer. Without an answer the connection counts as lost.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
