//! Runs that another engine drives and that have readers here.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Fleet, follows::Follow};
use crate::{
    engine::local::{
        drive::Drives,
        journal::{live::LiveRun, logs::READ_BATCH},
        shared::Shared,
    },
    event::StepEvent,
    store::StoreError,
};

/// The shortest time between two requests to send text from its start.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

impl Drives {
    /// Shows a run that is driven elsewhere, as long as it has readers here.
    pub(in crate::engine::local) fn follow(&self, live: &Arc<LiveRun>) {
        let Some(fleet) = self.shared.placement.fleet() else {
            return;
        };
        let run = live.id();
        let Some(follow) = fleet.follows.begin(run) else {
            return;
        };
        let (drives, live, of) = (self.clone(), Arc::clone(live), Arc::clone(fleet));
        let following = async move {
            drives.show(&of, &live, &follow).await;
        };
        if self.spawn(following).is_err() {
            fleet.follows.end(run);
        }
    }

    /// Reads the log on when it has grown, and shows it to the readers. One task, so that ten readers cost one read.
    async fn show(&self, fleet: &Fleet, live: &Arc<LiveRun>, follow: &Follow) {
        let run = live.id();
        fleet.announce(run, true);
        let mut announced_at = Instant::now();
        let mut needs_restart = false;
        let closing = self.shared.tasks.closing();
        while closing
            .run_until_cancelled(follow.changed.notified())
            .await
            .is_some()
        {
            if fleet.follows.try_end(live) {
                return;
            }
            let news = follow.take();
            if news.is_deleted {
                live.close();
                break;
            }
            // What this engine drives itself, its driver shows.
            if live.is_driven() {
                continue;
            }
            if catch_up(&self.shared, live, news.last_seq).await.is_break() {
                break;
            }
            needs_restart |= news.needs_restart;
            for text in news.texts {
                if text.after > live.last_seq()
                    && catch_up(&self.shared, live, text.after).await.is_break()
                {
                    break;
                }
                needs_restart |= !live.publish_remote_text(&text);
            }
            if needs_restart && announced_at.elapsed() >= RESTART_PAUSE {
                fleet.announce(run, true);
                (announced_at, needs_restart) = (Instant::now(), false);
            }
        }
        fleet.follows.end(run);
    }
}

/// Shows the events of the log up to a number. Breaks if the run has ended or is deleted.
async fn catch_up(shared: &Shared, live: &LiveRun, last_seq: u64) -> ControlFlow<()> {
    loop {
        let known = live.last_seq();
        if known >= last_seq || live.is_driven() {
            return ControlFlow::Continue(());
        }
        match shared.store.read(live.id(), known, READ_BATCH).await {
            Ok(events) if events.is_empty() => return ControlFlow::Continue(()),
            Ok(events) => {
                let ended = events.last().is_some_and(StepEvent::is_terminal);
                live.publish_remote(events.into_iter());
                if ended {
                    return ControlFlow::Break(());
                }
            }
            Err(StoreError::NoSuchRun(_)) => {
                live.close();
                return ControlFlow::Break(());
            }
            // The next poll tries again.
            Err(error @ StoreError::Unavailable(_)) => {
                tracing::warn!(run = %live.id(), %error, "a followed run cannot be read");
                return ControlFlow::Continue(());
            }
            // The readers read the store, meet the error, and end with it.
            Err(_) => {
                live.learn_length(last_seq);
                return ControlFlow::Continue(());
            }
        }
    }
}
