//! A reader of one run: reads past events from the store, and new ones from the live run.

use std::{mem, sync::Arc};

use futures::stream::{self, BoxStream, StreamExt};

use super::live::{Cursor, LiveRun, Next};
use crate::engine::local::{drive::replay::damaged_event, shared::Shared};
use crate::{event::Update, store::StoreError, value::RunId};

/// Events per read of the store. There may be many readers, and each holds what it has read until its client has taken it.
const BATCH: usize = 128;

/// A subscriber of a run's updates, with its position. It pulls; the run never waits for it.
pub(in crate::engine::local) struct Reader {
    run: RunId,
    shared: Arc<Shared>,
    /// `None` if nothing will be published: the reader ends at the end of the log.
    live: Option<Arc<LiveRun>>,
    cursor: Cursor,
    /// What was read and is not passed on yet.
    updates: Vec<Update>,
    ended: bool,
}

impl Reader {
    pub(in crate::engine::local) fn new(
        run: RunId,
        after: u64,
        live: Option<Arc<LiveRun>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            run,
            shared,
            live,
            cursor: Cursor::at(after),
            updates: Vec::new(),
            ended: false,
        }
    }

    pub(in crate::engine::local) fn into_stream(self) -> BoxStream<'static, Update> {
        // By batches: to move the reader for each update would cost more than to read it.
        let batches = stream::unfold(self, async |mut reader| {
            reader.next().await.map(|batch| (batch, reader))
        });
        batches.map(stream::iter).flatten().boxed()
    }

    /// The next updates, at least one; `None` at the end. The last event of a run is the last of its batch: no step is open then, so no
    /// text follows.
    async fn next(&mut self) -> Option<Vec<Update>> {
        while self.updates.is_empty() && !self.ended {
            self.refill().await;
        }
        let last = self.updates.last()?;
        self.ended |= matches!(last, Update::Event(event) if event.is_terminal());
        Some(mem::take(&mut self.updates))
    }

    async fn refill(&mut self) {
        let Some(live) = &self.live else {
            return self.read_store().await;
        };
        // Before the read, so that a change between the read and the wait is not missed.
        let changed = live.changed();
        let next = live.read(&mut self.cursor, &mut self.updates);
        if next == Next::Wait {
            return changed.await;
        }
        drop(changed);
        match next {
            Next::More | Next::Wait => {}
            Next::ReadStore => self.read_store().await,
            Next::End => self.ended = true,
        }
    }

    /// Reads the next batch of the log. If there is none, the stream ends.
    async fn read_store(&mut self) {
        let read = self.shared.store.read(self.run, self.cursor.after, BATCH);
        let events = read.await.unwrap_or_else(|error| {
            tracing::warn!(run = %self.run, %error, "a reader ends: the log cannot be read");
            if let StoreError::Damaged { seq, .. } = error {
                // A stream cannot carry an error, but the next call fails with it.
                self.shared.runs.stop(self.run, damaged_event(seq));
            }
            Vec::new()
        });
        self.ended = events.is_empty();
        self.updates.reserve(events.len());
        for event in events {
            self.cursor.take_event(event, &mut self.updates);
        }
    }
}
