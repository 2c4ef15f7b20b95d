//! Notifications that are not sent yet.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use workflow_core::{RunId, fleet::Notification};

use super::channel::Channel;

/// The most bytes of text that wait.
const TEXT_BYTES: usize = 8 * 1024 * 1024;

/// The most notifications that are taken at once.
const AT_ONCE: usize = 1_000;

/// A queue that never makes its writers wait. Notifications beyond its capacity are lost, which
/// [`Notification::Lagged`] reports.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    /// By the order in which they were published.
    notifications: BTreeMap<u64, Notification>,
    last: u64,
    /// The number of the waiting `Appended` of each run.
    appended: HashMap<RunId, u64>,
    text_bytes: usize,
    /// Channels on which a notification was lost.
    lost: BTreeSet<Channel>,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Notify::new(),
            capacity,
        }
    }

    pub(super) fn push(&self, notification: Notification) {
        self.waiting().push(notification, self.capacity);
        self.changed.notify_one();
    }

    /// Notifications on these channels were taken, and were not sent.
    pub(super) fn report_lost(&self, channels: impl IntoIterator<Item = Channel>) {
        self.waiting().lost.extend(channels);
        self.changed.notify_one();
    }

    /// Waits for notifications, and takes some of them, oldest first.
    ///
    /// # Cancellation
    /// None is taken if the future is dropped.
    pub(super) async fn take(&self) -> Vec<(Channel, Notification)> {
        loop {
            let taken = self.waiting().take();
            if !taken.is_empty() {
                return taken;
            }
            self.changed.notified().await;
        }
    }

    /// No panic can leave it half changed.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn push(&mut self, notification: Notification, capacity: usize) {
        let notification = self.merged(notification);
        let text = text_bytes(&notification);
        if self.notifications.len() >= capacity || self.text_bytes + text > TEXT_BYTES {
            self.lost.insert(Channel::of(&notification));
            return;
        }
        self.last += 1;
        self.text_bytes += text;
        if let Notification::Appended { run, .. } = notification {
            self.appended.insert(run, self.last);
        }
        self.notifications.insert(self.last, notification);
    }

    /// Removes the `Appended` of the same run that waits. A log only grows: the greater number is the newer one.
    fn merged(&mut self, mut notification: Notification) -> Notification {
        if let Notification::Appended { run, last_seq } = &mut notification
            && let Some(number) = self.appended.remove(run)
            && let Some(earlier) = self.notifications.remove(&number)
            && let Notification::Appended { last_seq: seq, .. } = earlier
        {
            *last_seq = seq.max(*last_seq);
        }
        notification
    }

    fn take(&mut self) -> Vec<(Channel, Notification)> {
        let mut taken = Vec::new();
        while taken.len() < AT_ONCE
            && let Some((_, notification)) = self.notifications.pop_first()
        {
            self.text_bytes -= text_bytes(&notification);
            if let Notification::Appended { run, .. } = &notification {
                self.appended.remove(run);
            }
            taken.push((Channel::of(&notification), notification));
        }
        let lost = std::mem::take(&mut self.lost).into_iter();
        taken.extend(lost.map(|channel| (channel, Notification::Lagged)));
        taken
    }
}

fn text_bytes(notification: &Notification) -> usize {
    match notification {
        Notification::Text { text, .. } => text.delta.text.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use workflow_core::fleet::InstanceId;

    use super::*;

    fn appended(run: RunId, last_seq: u64) -> Notification {
        Notification::Appended { run, last_seq }
    }

    #[tokio::test]
    async fn the_newest_number_of_a_run_replaces_earlier_ones() {
        let queue = Queue::new(3);
        let (a, b) = (RunId::new(), RunId::new());
        for seq in 1..=1_000 {
            queue.push(appended(a, seq));
            queue.push(appended(b, 2 * seq));
        }
        queue.push(appended(b, 7));
        let expected = [appended(a, 1_000), appended(b, 2_000)];
        let taken = queue.take().await;
        assert_eq!(taken, expected.map(|it| (Channel::All, it)));
        queue.push(appended(a, 1_001));
        let taken = queue.take().await;
        assert_eq!(taken, [(Channel::All, appended(a, 1_001))]);
    }

    #[tokio::test]
    async fn what_has_no_space_is_reported_as_lost() {
        let queue = Queue::new(2);
        for _ in 0..5 {
            queue.push(appended(RunId::new(), 1));
        }
        let taken = queue.take().await;
        assert_eq!(taken.len(), 3);
        assert_eq!(taken[2], (Channel::All, Notification::Lagged));
        let engine = Channel::Engine(InstanceId::new());
        queue.report_lost([engine, engine]);
        assert_eq!(queue.take().await, [(engine, Notification::Lagged)]);
    }
}
