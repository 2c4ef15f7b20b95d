//! Reads the bodies of requests, within bounds of size and time for each, and of size for all together.

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

/// The bytes of a body that do not count against the bound for all: clients that send slowly cannot keep small requests
/// of others out. What they can hold is bounded by the number of connections.
const FREE_BYTES: usize = 16 * 1024;
/// How soon a client may try again when too much is being received.
const BUSY: Duration = Duration::from_secs(1);

/// The bytes of bodies that are being received.
#[derive(Clone)]
pub(crate) struct Bodies {
    /// Permits are bytes.
    left: Arc<Semaphore>,
    most: usize,
}

impl Bodies {
    pub(crate) fn at_most(bytes: usize) -> Self {
        let most = bytes.min(Semaphore::MAX_PERMITS);
        Self {
            left: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    /// Reads a body within its limits of size and time.
    pub(crate) async fn read(&self, request: Request, limits: &Limits) -> Result<Read, Problem> {
        let time = limits.body_time;
        let read = timeout(
            time,
            self.read_whole(request.into_body(), limits.body_bytes),
        );
        read.await.unwrap_or_else(|_| {
            let detail = format!("a body may take {} s to arrive", time.as_secs_f32());
            Err(Kind::BodyTooSlow.of(detail).closing())
        })
    }

    async fn read_whole(&self, mut body: Body, limit: usize) -> Result<Read, Problem> {
        let too_large = || Kind::BodyTooLarge.of(format!("a body may have {limit} bytes at most"));
        let announced = body.size_hint().lower();
        if announced > limit as u64 {
            return Err(too_large());
        }
        let announced = usize::try_from(announced).unwrap_or(limit);
        let mut read = Read::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Kind::UnreadableBody.of("the body broke off"))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if data.len() > limit - read.bytes.len() {
                return Err(too_large());
            }
            // In one piece where the size is known: a buffer that grows takes up to twice as much. The system provides
            // what is written to.
            if read.bytes.len() + data.len() > FREE_BYTES {
                let more = announced.saturating_sub(read.bytes.len());
                read.bytes.reserve_exact(more);
            }
            read.bytes.extend_from_slice(&data);
            self.reserve(&mut read)?;
        }
        Ok(read)
    }

    /// Counts what was read of a body.
    fn reserve(&self, read: &mut Read) -> Result<(), Problem> {
        let counted = read.bytes.len().saturating_sub(FREE_BYTES);
        let more = counted
            - read
                .permit
                .as_ref()
                .map_or(0, OwnedSemaphorePermit::num_permits);
        let permit = u32::try_from(more).ok().and_then(|more| {
            let permit = Arc::clone(&self.left).try_acquire_many_owned(more);
            permit.ok()
        });
        let Some(permit) = permit else {
            let detail = format!(
                "the bodies that are being received have {} bytes together, which is the most; try again",
                self.most
            );
            return Err(Kind::TooManyBodies.of(detail).with_retry_after(BUSY));
        };
        match &mut read.permit {
            Some(held) => held.merge(permit),
            None => read.permit = Some(permit),
        }
        Ok(())
    }
}

/// A body. It counts as being received until this is dropped.
#[derive(Default)]
pub(crate) struct Read {
    bytes: Vec<u8>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Read {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
