//! Runs that have readers here and that another engine drives.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use tokio::sync::Notify;

use crate::{
    engine::local::journal::live::LiveRun,
    fleet::RemoteText,
    value::{RunId, lock},
};

/// The most bytes of text of a run that wait to be shown. What does not fit is sent again by the driving engine.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// The runs that are followed, each by one task for all its readers.
#[derive(Default)]
pub(super) struct Follows(Mutex<HashMap<RunId, Arc<Follow>>>);

/// What is known of a followed run and not shown yet.
#[derive(Default)]
pub(super) struct Follow {
    news: Mutex<News>,
    pub(super) changed: Notify,
}

#[derive(Default)]
pub(super) struct News {
    /// The log has events up to this number.
    pub(super) last_seq: u64,
    pub(super) texts: VecDeque<RemoteText>,
    text_bytes: usize,
    /// Text was lost.
    pub(super) needs_restart: bool,
    pub(super) is_deleted: bool,
}

impl Follow {
    /// Takes the news.
    pub(super) fn take(&self) -> News {
        std::mem::take(&mut *lock(&self.news))
    }
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

    /// Notes that the store has no such run.
    pub(super) fn note_deleted(&self, run: RunId) {
        self.note(run, |news| news.is_deleted = true);
    }

    /// Lets the tasks of runs without readers end.
    pub(super) fn tick(&self) {
        for run in self.runs() {
            self.note(run, |_| {});
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
    pub(super) fn begin(&self, run: RunId) -> Option<Arc<Follow>> {
        let mut follows = lock(&self.0);
        if follows.contains_key(&run) {
            return None;
        }
        let follow = Arc::<Follow>::default();
        follows.insert(run, Arc::clone(&follow));
        Some(follow)
    }

    /// Ends following a run that only the caller references. A reader that comes later begins anew.
    pub(super) fn try_end(&self, live: &Arc<LiveRun>) -> bool {
        let mut follows = lock(&self.0);
        let is_unread = Arc::strong_count(live) == 1;
        if is_unread {
            follows.remove(&live.id());
        }
        is_unread
    }

    pub(super) fn end(&self, run: RunId) {
        lock(&self.0).remove(&run);
    }
}
