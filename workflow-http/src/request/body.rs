//! Reads request bodies within limits: size and time of each body, and the size of all bodies together.
//!
//! Memory is reserved before it is used: what a client announces is checked against the limit, and what it
//! sends is counted as it arrives.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    limits::Limits,
    problem::{Kind, Problem},
};

/// The bytes of each body that do not count against the limit of all bodies. So clients that send slowly cannot
/// block small requests of others. Their memory is bounded by the number of connections. With the default of 4,096
/// connections that is 64 MiB, as much as the budget itself.
const FREE_BYTES: usize = 16 * 1024;
/// When a client may retry after 503 `too_many_bodies`: most bodies arrive within a second.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The budget for the bytes of all bodies that are being received.
///
/// A semaphore counts without a lock. It is never waited for: a body for which there is no budget is refused at
/// once, since a client that waits holds a connection.
#[derive(Clone)]
pub(crate) struct Bodies {
    /// One permit is one byte.
    available: Arc<Semaphore>,
    max: usize,
}

impl Bodies {
    /// A budget of this many bytes. More than the semaphore can count is as good as no limit.
    pub(crate) fn at_most(bytes: usize) -> Self {
        let max = bytes.min(Semaphore::MAX_PERMITS);
        Self {
            available: Arc::new(Semaphore::new(max)),
            max,
        }
    }

    /// Reads a body within its limits of size and time.
    ///
    /// After a timeout the rest of the body is still on the way, so the connection is closed.
    ///
    /// # Errors
    /// 408 `body_too_slow`, 413 `body_too_large`, 400 `unreadable_body`, 503 `too_many_bodies`.
    ///
    /// # Cancellation
    /// Dropping the future returns the bytes to the budget.
    pub(crate) async fn read(
        &self,
        request: Request,
        limits: &Limits,
    ) -> Result<ReceivedBody, Problem> {
        let time = limits.body_time;
        let read = timeout(
            time,
            self.read_whole(request.into_body(), limits.body_bytes),
        );
        read.await.unwrap_or_else(|_| {
            let detail = format!("the body did not arrive within {} s", time.as_secs_f32());
            Err(Kind::BodyTooSlow.of(detail).closing())
        })
    }

    /// The size is checked twice: what the client announces, before anything is read, and what it sends, before
    /// each copy. A chunked body announces nothing (its lower bound is 0).
    async fn read_whole(&self, mut body: Body, limit: usize) -> Result<ReceivedBody, Problem> {
        let too_large = || {
            Kind::BodyTooLarge.of(format!(
                "the body has more than {limit} bytes, which is the limit"
            ))
        };
        let announced = body.size_hint().lower();
        if announced > limit as u64 {
            return Err(too_large());
        }
        let announced = usize::try_from(announced).unwrap_or(limit);
        let mut read = ReceivedBody::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                Kind::UnreadableBody.of("the connection failed before the body was complete")
            })?;
            // Trailers (RFC 9110, section 6.5) are skipped.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            // `limit - len` cannot underflow: the length was checked with the frame before.
            if data.len() > limit - read.bytes.len() {
                return Err(too_large());
            }
            // Allocate once if the size is announced: a growing buffer takes up to twice as much. Announced bytes
            // that never arrive cost address space only, since the system provides pages when they are written.
            if read.bytes.len() + data.len() > FREE_BYTES {
                let more = announced.saturating_sub(read.bytes.len());
                read.bytes.reserve_exact(more);
            }
            read.bytes.extend_from_slice(&data);
            self.reserve(&mut read)?;
        }
        Ok(read)
    }

    /// Takes permits for the bytes read since the last call.
    ///
    /// The bytes are in memory already; one frame is at most as large as the read buffer of the connection. So the
    /// sum of all bodies exceeds the budget by that much per connection at most.
    fn reserve(&self, read: &mut ReceivedBody) -> Result<(), Problem> {
        let counted = read.bytes.len().saturating_sub(FREE_BYTES);
        let more = counted
            - read
                .permit
                .as_ref()
                .map_or(0, OwnedSemaphorePermit::num_permits);
        let permit = u32::try_from(more).ok().and_then(|more| {
            let permit = Arc::clone(&self.available).try_acquire_many_owned(more);
            permit.ok()
        });
        let Some(permit) = permit else {
            let detail = format!(
                "request bodies that are being received use all of the {} bytes for them; retry later",
                self.max
            );
            return Err(Kind::TooManyBodies.of(detail).with_retry_after(RETRY_AFTER));
        };
        match &mut read.permit {
            Some(held) => held.merge(permit),
            None => read.permit = Some(permit),
        }
        Ok(())
    }
}

/// A complete body. Its bytes count against the budget until it is dropped, that is, until it is parsed.
#[derive(Default)]
pub(crate) struct ReceivedBody {
    bytes: Vec<u8>,
    permit: Option<OwnedSemaphorePermit>,
}

impl ReceivedBody {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
