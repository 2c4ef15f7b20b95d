//! Follows one run: the store for what is past, the live run for what is new.

use std::{collections::VecDeque, sync::Arc};

use futures::stream::{self, BoxStream, StreamExt};

use super::{
    live::{Cursor, LiveRun, Next},
    logs::READ_BATCH,
};
use crate::engine::local::{drive::replay::damaged_event, shared::Shared};
use crate::{event::Update, store::StoreError, value::RunId};

pub(in crate::engine::local) struct Reader {
    run: RunId,
    shared: Arc<Shared>,
    live: Option<Arc<LiveRun>>,
    cursor: Cursor,
    updates: VecDeque<Update>,
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
            updates: VecDeque::new(),
            ended: false,
        }
    }

    pub(in crate::engine::local) fn into_stream(self) -> BoxStream<'static, Update> {
        let batches = stream::unfold(self, async |mut reader| {
            reader.next_batch().await.map(|batch| (batch, reader))
        });
        batches.flat_map(stream::iter).boxed()
    }

    /// What can be had at once; none at the end.
    async fn next_batch(&mut self) -> Option<VecDeque<Update>> {
        while self.updates.is_empty() && !self.ended {
            self.refill().await;
        }
        let last = self.updates.back()?;
        self.ended |= matches!(last, Update::Event(event) if event.is_terminal());
        Some(std::mem::take(&mut self.updates))
    }

    async fn refill(&mut self) {
        let Some(live) = &self.live else {
            return self.read_store().await;
        };
        // Before it is read, so that what comes meanwhile is not missed.
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

    /// Reads on in the log. Where it ends without anything live behind it, the stream ends too.
    async fn read_store(&mut self) {
        let read = self
            .shared
            .store
            .read(self.run, self.cursor.after, READ_BATCH);
        let events = read.await.unwrap_or_else(|error| {
            tracing::warn!(run = %self.run, %error, "a reader is let go: the log cannot be read");
            if let StoreError::Damaged { seq, .. } = error {
                // Whoever comes next is told.
                self.shared.runs.stop(self.run, damaged_event(seq));
            }
            Vec::new()
        });
        self.ended = events.is_empty();
        for event in events {
            self.cursor.take_event(event, &mut self.updates);
        }
    }
}
