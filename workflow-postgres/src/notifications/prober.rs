//! Finding out whether notifications arrive.
//!
//! A pooler in transaction mode accepts LISTEN without effect, and a connection whose other end is gone is silent as one
//! without notifications. So each connection to the fleet notifies itself.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    payload::Messages,
    publisher::send,
    shared::{Request, Shared},
};

/// How long a notification may take. An idle server needs a few milliseconds.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(2);

/// The time between two probes of a connection.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// After how many probes without effect a connection on which nothing has ever arrived is opened again. A pooler will have
/// no effect on that, but its other end may be gone.
const FAILURES: u32 = 6;

/// Probes each connection when it is new, and again and again.
pub(super) async fn run(shared: &Shared) {
    let mut connection = shared.connection.subscribe();
    let mut has_warned = false;
    let mut failures = 0;
    for probe in 1_u64.. {
        let number = *connection.borrow_and_update();
        // A probe that was not sent proves nothing: the pool, too, has lost its connections.
        let outcome = if number > 0 {
            arrives(shared, probe).await
        } else {
            None
        };
        match outcome {
            Some(true) => {
                failures = 0;
                if std::mem::take(&mut has_warned) {
                    tracing::info!("notifications of other engines arrive");
                }
                shared.arrives.send_replace(true);
                // Channels of subscribers that are gone are left.
                shared.request(Request::Subscribers);
            }
            Some(false) if shared.has_heard(number) => shared.request(Request::Reconnect(number)),
            Some(false) => {
                failures += 1;
                if failures % FAILURES == 0 {
                    shared.request(Request::Reconnect(number));
                }
                shared.arrives.send_replace(false);
                if !std::mem::replace(&mut has_warned, true) {
                    tracing::warn!(
                        "notifications of other engines do not arrive, most likely because of a pooler in transaction \
                         mode, where LISTEN has no effect: connect directly to Postgres, or accept that events of runs \
                         on other machines arrive within 2 seconds"
                    );
                }
            }
            None => {}
        }
        // It is an error that the connections have ended, which they do with this task.
        let _ = timeout(PROBE_EVERY, connection.changed()).await;
    }
}

/// Whether a notification to this connection itself arrives; none if it cannot be sent. It is sent on another connection:
/// a pooler may pass on those that a client sends to itself.
async fn arrives(shared: &Shared, probe: u64) -> Option<bool> {
    let mut arrived = shared.arrived.subscribe();
    let mut message = Messages::default();
    message.push(shared.probe, probe.to_string());
    send(&shared.pool, message).await.ok()?;
    let arrival = arrived.wait_for(|arrived| *arrived == probe);
    Some(timeout(ARRIVAL_TIMEOUT, arrival).await.is_ok())
}
