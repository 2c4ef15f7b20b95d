//! The engines of this process that are notified.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::{self, error::RecvError};
use workflow_core::fleet::{InstanceId, Notification};

use super::channel::Channel;

/// The subscribers of one connection to the fleet.
#[derive(Debug, Default)]
pub(super) struct Subscribers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    all: Vec<Subscriber>,
    is_closed: bool,
}

#[derive(Debug)]
struct Subscriber {
    instance: InstanceId,
    sender: broadcast::Sender<Notification>,
    /// Whether its channel is listened to.
    is_listening: bool,
}

impl Subscribers {
    /// Adds a subscriber, for whom this many notifications wait before the oldest are lost.
    pub(super) fn add(
        &self,
        instance: InstanceId,
        capacity: usize,
    ) -> BoxStream<'static, Notification> {
        let (sender, receiver) = broadcast::channel(capacity);
        let mut state = self.state();
        if !state.is_closed {
            state.all.push(Subscriber {
                instance,
                sender,
                is_listening: false,
            });
        }
        let notifications =
            stream::unfold(receiver, async |mut receiver| match receiver.recv().await {
                Ok(notification) => Some((notification, receiver)),
                Err(RecvError::Lagged(_)) => Some((Notification::Lagged, receiver)),
                Err(RecvError::Closed) => None,
            });
        notifications.fuse().boxed()
    }

    /// Ends all streams, also those of later subscribers.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.all.clear();
    }

    /// The channels of the subscribers. Those whose stream is dropped are removed.
    pub(super) fn channels(&self) -> BTreeSet<Channel> {
        let mut state = self.state();
        state.all.retain(|it| it.sender.receiver_count() > 0);
        let channels = state.all.iter().map(|it| Channel::Engine(it.instance));
        channels.collect()
    }

    /// These channels are listened to. What their subscribers missed before is reported to them.
    pub(super) fn set_listening(&self, channels: &BTreeSet<Channel>) {
        for subscriber in &mut self.state().all {
            if !subscriber.is_listening && channels.contains(&Channel::Engine(subscriber.instance))
            {
                subscriber.is_listening = true;
                subscriber.send(Notification::Lagged);
            }
        }
    }

    /// No channel is listened to.
    pub(super) fn set_deaf(&self) {
        for subscriber in &mut self.state().all {
            subscriber.is_listening = false;
        }
    }

    /// Passes a notification on to the subscribers of a channel.
    pub(super) fn deliver(&self, channel: Channel, notification: &Notification) {
        for subscriber in &self.state().all {
            if channel == Channel::All || channel == Channel::Engine(subscriber.instance) {
                subscriber.send(notification.clone());
            }
        }
    }

    /// No panic can leave them half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber {
    fn send(&self, notification: Notification) {
        // Fails only if the stream is dropped.
        let _ = self.sender.send(notification);
    }
}
