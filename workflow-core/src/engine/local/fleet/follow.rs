//! Runs that another engine drives and that have readers here.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use tokio::sync::Notify;

use crate::{
    engine::local::{
        drive::Drives,
        journal::{live::LiveRun, logs::READ_BATCH},
        shared::Shared,
    },
    fleet::{Notification, RemoteText},
    store::StoreError,
    value::{RunId, lock},
};

/// The most bytes of text of a run that wait to be shown. What does not fit is sent again by the driving engine.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// The runs that are followed, each by one task for all its readers.
#[derive(Default)]
pub(super) struct Follows(Mutex<HashMap<RunId, Arc<Follow>>>);

/// What is known of a followed run and not shown yet.
#[derive(Default)]
struct Follow {
    news: Mutex<News>,
    changed: Notify,
}

#[derive(Default)]
struct News {
    /// The log has events up to this number.
    last_seq: u64,
    texts: VecDeque<RemoteText>,
    text_bytes: usize,
    /// Text was lost.
    needs_restart: bool,
    /// To look whether there are still readers.
    is_tick: bool,
}

impl Follows {
    pub(super) fn count(&self) -> usize {
        lock(&self.0).len()
    }

    pub(super) fn runs(&self) -> Vec<RunId> {
        lock(&self.0).keys().copied().collect()
    }

    /// Notes that the log of a run has events up to this number.
    pub(super) fn note_length(&self, run: RunId, last_seq: u64) {
        self.note(run, |news| news.last_seq = news.last_seq.max(last_seq));
    }

    /// Notes text of a running step.
    pub(super) fn note_text(&self, text: RemoteText) {
        self.note(text.delta.run_id, |news| {
            news.text_bytes += text.delta.text.len();
            if news.text_bytes > MAX_TEXT_BYTES {
                news.texts.clear();
                news.text_bytes = 0;
                news.needs_restart = true;
            } else {
                news.texts.push_back(text);
            }
        });
    }

    /// Lets the tasks of runs without readers end.
    pub(super) fn tick(&self) {
        for run in self.runs() {
            self.note(run, |news| news.is_tick = true);
        }
    }

    fn note(&self, run: RunId, change: impl FnOnce(&mut News)) {
        let Some(follow) = lock(&self.0).get(&run).map(Arc::clone) else {
            return;
        };
        change(&mut lock(&follow.news));
        follow.changed.notify_one();
    }

    /// The news of a run, if no task follows it yet. The caller follows it then.
    fn begin(&self, run: RunId) -> Option<Arc<Follow>> {
        let mut follows = lock(&self.0);
        if follows.contains_key(&run) {
            return None;
        }
        let follow = Arc::<Follow>::default();
        follows.insert(run, Arc::clone(&follow));
        Some(follow)
    }

    /// Ends following a run that only the caller references. A reader that comes later begins anew.
    fn try_end(&self, live: &Arc<LiveRun>) -> bool {
        let mut follows = lock(&self.0);
        let is_unread = Arc::strong_count(live) == 1;
        if is_unread {
            follows.remove(&live.id());
        }
        is_unread
    }

    fn end(&self, run: RunId) {
        lock(&self.0).remove(&run);
    }
}

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
        let (drives, live) = (self.clone(), Arc::clone(live));
        let following = async move {
            drives.show(&live, &follow).await;
        };
        if self.spawn(following).is_err() {
            fleet.follows.end(run);
        }
    }

    /// Reads the log on when it has grown, and shows it to the readers. One task, so that ten readers cost one read.
    async fn show(&self, live: &Arc<LiveRun>, follow: &Follow) {
        let Some(fleet) = self.shared.placement.fleet() else {
            return;
        };
        let run = live.id();
        self.announce(run, true);
        let closing = self.shared.tasks.closing();
        while closing
            .run_until_cancelled(follow.changed.notified())
            .await
            .is_some()
        {
            if fleet.follows.try_end(live) {
                return;
            }
            let news = std::mem::take(&mut *lock(&follow.news));
            // What this engine drives itself, its driver shows.
            if live.is_driven() {
                continue;
            }
            if catch_up(&self.shared, live, news.last_seq).await.is_break() {
                break;
            }
            let mut is_complete = !news.needs_restart;
            for text in news.texts {
                if text.after > live.last_seq()
                    && catch_up(&self.shared, live, text.after).await.is_break()
                {
                    break;
                }
                is_complete &= live.publish_remote_text(&text);
            }
            if !is_complete {
                self.announce(run, true);
            }
        }
        fleet.follows.end(run);
    }

    /// Tells the other engines that this one follows a run.
    pub(super) fn announce(&self, run: RunId, restart: bool) {
        if let Some(fleet) = self.shared.placement.fleet() {
            fleet.coordinator.publish(Notification::Followed {
                run,
                by: fleet.instance,
                restart,
            });
        }
    }
}

/// Shows the events of the log up to a number. Breaks if the run has ended or is deleted.
async fn catch_up(shared: &Shared, live: &LiveRun, last_seq: u64) -> std::ops::ControlFlow<()> {
    loop {
        let known = live.last_seq();
        if known >= last_seq || live.is_driven() {
            return std::ops::ControlFlow::Continue(());
        }
        match shared.store.read(live.id(), known, READ_BATCH).await {
            Ok(events) if events.is_empty() => return std::ops::ControlFlow::Continue(()),
            Ok(events) => {
                let ended = events.last().is_some_and(|last| last.is_terminal());
                live.publish_remote(events.into_iter());
                if ended {
                    return std::ops::ControlFlow::Break(());
                }
            }
            Err(StoreError::NoSuchRun(_)) => {
                live.close();
                return std::ops::ControlFlow::Break(());
            }
            // The next poll tries again.
            Err(error) => {
                tracing::warn!(run = %live.id(), %error, "a followed run cannot be read");
                return std::ops::ControlFlow::Continue(());
            }
        }
    }
}
