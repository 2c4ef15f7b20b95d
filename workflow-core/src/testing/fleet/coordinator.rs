//! A coordinator in memory.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};

use crate::{
    error::Problem,
    fleet::{CommandNumber, Coordinator, Membership, Notification, RunCommand},
    store::{Store, StoreError},
    value::{InstanceId, RunId, lock},
};

/// How many notifications wait for a subscriber, unless set.
const DEFAULT_CAPACITY: usize = 1_024;

/// A [`Coordinator`] in memory, for tests of several engines in one process. Clones are connections to the same fleet.
///
/// Its clock is that of tokio, which tests can pause. It can lose notifications: see
/// [`lose_notifications`](Self::lose_notifications). What it holds of a deleted run is invisible, as in a database.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use workflow_core::{
///     MemoryStore, fleet::{Coordinator, InstanceId}, store::StoreError,
///     testing::{MemoryCoordinator, run_in_virtual_time},
/// };
///
/// run_in_virtual_time(async {
///     let coordinator = MemoryCoordinator::new(Arc::new(MemoryStore::new()));
///     let (old, new) = (InstanceId::new(), InstanceId::new());
///     coordinator.register(old, Duration::from_secs(10)).await?;
///     let fleet = coordinator.register(new, Duration::from_secs(60)).await?;
///     assert_eq!((fleet.instances, fleet.is_oldest), (2, false));
///
///     tokio::time::sleep(Duration::from_secs(30)).await;
///     let fleet = coordinator.register(new, Duration::from_secs(60)).await?;
///     assert_eq!((fleet.instances, fleet.is_oldest), (1, true));
///     Ok::<(), StoreError>(())
/// })?;
/// # Ok::<(), StoreError>(())
/// ```
#[derive(Clone)]
pub struct MemoryCoordinator {
    store: Arc<dyn Store>,
    capacity: usize,
    state: Arc<Mutex<State>>,
}

/// What a subscriber sees of notifications that [`MemoryCoordinator::lose_notifications`] loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossMode {
    /// Nothing, as when a server restarts between two polls.
    Silent,
    /// [`Notification::Lagged`] in the place of each lost one.
    Reported,
}

#[derive(Default)]
struct State {
    instances: BTreeMap<InstanceId, Expiry>,
    runs: HashMap<RunId, RunState>,
    last_command: i64,
    subscribers: Vec<Subscriber>,
    loss: Option<(usize, LossMode)>,
    is_closed: bool,
}

#[derive(Default)]
struct RunState {
    /// In the order in which they were sent.
    commands: Vec<(CommandNumber, RunCommand)>,
    claim: Option<(InstanceId, Expiry)>,
    blocked: Option<(u64, Problem)>,
}

impl RunState {
    fn claimed_by(&self) -> Option<InstanceId> {
        let (instance, expiry) = self.claim?;
        expiry.is_ahead().then_some(instance)
    }
}

/// The end of a validity; none if it is later than the clock can express.
#[derive(Clone, Copy)]
struct Expiry(Option<Instant>);

impl Expiry {
    fn after(valid_for: Duration) -> Self {
        Self(Instant::now().checked_add(valid_for))
    }

    fn is_ahead(self) -> bool {
        self.0.is_none_or(|end| Instant::now() < end)
    }
}

struct Subscriber {
    instance: InstanceId,
    sender: broadcast::Sender<Notification>,
    /// Notifications since the last lost one.
    since_lost: usize,
}

impl Subscriber {
    fn wants(&self, notification: &Notification) -> bool {
        !matches!(notification, Notification::Text { to, .. } if *to != self.instance)
    }

    fn send(&mut self, notification: Notification, loss: Option<(usize, LossMode)>) {
        self.since_lost += 1;
        let sent = match loss {
            Some((every, mode)) if self.since_lost >= every => {
                self.since_lost = 0;
                (mode == LossMode::Reported).then_some(Notification::Lagged)
            }
            _ => Some(notification),
        };
        if let Some(sent) = sent {
            // Fails only if the stream is dropped: `publish` removes such subscribers.
            let _ = self.sender.send(sent);
        }
    }
}

impl MemoryCoordinator {
    /// A coordinator without engines, for runs in this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            capacity: DEFAULT_CAPACITY,
            state: Arc::default(),
        }
    }

    /// Sets how many notifications wait for each subscriber of this connection; at least 1, by default 1,024. Beyond
    /// that the oldest are lost, and the subscriber gets [`Notification::Lagged`]. The number is rounded up to a power
    /// of two.
    #[must_use]
    pub fn with_capacity(mut self, notifications: usize) -> Self {
        self.capacity = notifications.clamp(1, 1 << 20);
        self
    }

    /// Loses each `every`-th notification of each subscriber from now on, or all of them with 1. 0 stops it.
    pub fn lose_notifications(&self, every: usize, mode: LossMode) {
        let mut state = lock(&self.state);
        state.loss = (every > 0).then_some((every, mode));
        for subscriber in &mut state.subscribers {
            subscriber.since_lost = 0;
        }
    }

    /// Ends the streams of all subscribers, now and later. The other methods continue to work.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.is_closed = true;
        state.subscribers.clear();
    }

    /// The state of a run. `None` if the store has no such run, and then nothing of it is kept.
    async fn with_run<T>(
        &self,
        run: RunId,
        f: impl FnOnce(&mut RunState, &mut i64) -> T,
    ) -> Result<Option<T>, StoreError> {
        let exists = match self.store.run(run).await {
            Ok(record) => record.is_some(),
            // The run is there, and must be able to be blocked.
            Err(StoreError::DamagedRun { .. }) => true,
            Err(error) => return Err(error),
        };
        let mut state = lock(&self.state);
        let State {
            runs, last_command, ..
        } = &mut *state;
        if !exists {
            runs.remove(&run);
            return Ok(None);
        }
        Ok(Some(f(runs.entry(run).or_default(), last_command)))
    }

    /// As [`with_run`](Self::with_run), for methods that need the run.
    async fn change<T>(
        &self,
        run: RunId,
        f: impl FnOnce(&mut RunState, &mut i64) -> T,
    ) -> Result<T, StoreError> {
        let done = self.with_run(run, f).await?;
        done.ok_or(StoreError::NoSuchRun(run))
    }
}

#[async_trait]
impl Coordinator for MemoryCoordinator {
    async fn register(
        &self,
        instance: InstanceId,
        valid_for: Duration,
    ) -> Result<Membership, StoreError> {
        let mut state = lock(&self.state);
        let instances = &mut state.instances;
        instances.insert(instance, Expiry::after(valid_for));
        instances.retain(|_, expiry| expiry.is_ahead());
        let is_oldest = instances.keys().next() == Some(&instance);
        Ok(Membership::new(instances.len(), is_oldest))
    }

    async fn send(&self, run: RunId, command: &RunCommand) -> Result<(), StoreError> {
        self.change(run, |state, last_command| {
            *last_command += 1;
            let number = CommandNumber(*last_command);
            state.commands.push((number, command.clone()));
        })
        .await
    }

    async fn commands(&self, run: RunId) -> Result<Vec<(CommandNumber, RunCommand)>, StoreError> {
        let commands = self.with_run(run, |state, _| state.commands.clone());
        Ok(commands.await?.unwrap_or_default())
    }

    async fn runs_with_commands(&self, limit: usize) -> Result<Vec<RunId>, StoreError> {
        let with_commands: Vec<RunId> = {
            let state = lock(&self.state);
            let runs = state.runs.iter();
            let runs = runs.filter(|(_, state)| !state.commands.is_empty());
            runs.map(|(run, _)| *run).collect()
        };
        let mut found = Vec::new();
        for run in with_commands {
            if found.len() < limit && self.store.run(run).await?.is_some() {
                found.push(run);
            }
        }
        Ok(found)
    }

    async fn delete_commands(&self, run: RunId, upto: CommandNumber) -> Result<(), StoreError> {
        let deleted = self.with_run(run, |state, _| {
            state.commands.retain(|(number, _)| *number > upto);
        });
        deleted.await.map(|_| ())
    }

    async fn claim(
        &self,
        run: RunId,
        instance: InstanceId,
        valid_for: Duration,
    ) -> Result<(), StoreError> {
        if valid_for.is_zero() {
            let released = self.with_run(run, |state, _| {
                state.claim.take_if(|(holder, _)| *holder == instance);
            });
            return released.await.map(|_| ());
        }
        self.change(run, |state, _| {
            if state.claimed_by().is_none_or(|holder| holder == instance) {
                state.claim = Some((instance, Expiry::after(valid_for)));
            }
        })
        .await
    }

    async fn claimed_by(&self, run: RunId) -> Result<Option<InstanceId>, StoreError> {
        let claimed = self.with_run(run, |state, _| state.claimed_by());
        Ok(claimed.await?.flatten())
    }

    async fn block(&self, run: RunId, at: u64, why: &Problem) -> Result<(), StoreError> {
        self.change(run, |state, _| state.blocked = Some((at, why.clone())))
            .await
    }

    async fn blocked(&self, run: RunId) -> Result<Option<(u64, Problem)>, StoreError> {
        let blocked = self.with_run(run, |state, _| state.blocked.clone());
        Ok(blocked.await?.flatten())
    }

    async fn lengths(&self, runs: &[RunId]) -> Result<Vec<(RunId, u64)>, StoreError> {
        let mut lengths = Vec::new();
        for run in runs {
            match self.store.run(*run).await {
                Ok(Some(record)) => lengths.push((*run, record.head.last_seq)),
                // The length of a damaged record is not known.
                Ok(None) | Err(StoreError::DamagedRun { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(lengths)
    }

    fn publish(&self, notification: Notification) {
        let mut state = lock(&self.state);
        let State {
            subscribers, loss, ..
        } = &mut *state;
        subscribers.retain(|subscriber| subscriber.sender.receiver_count() > 0);
        for subscriber in subscribers {
            if subscriber.wants(&notification) {
                subscriber.send(notification.clone(), *loss);
            }
        }
    }

    fn subscribe(&self, instance: InstanceId) -> BoxStream<'static, Notification> {
        let (sender, receiver) = broadcast::channel(self.capacity);
        let mut state = lock(&self.state);
        if !state.is_closed {
            state.subscribers.push(Subscriber {
                instance,
                sender,
                since_lost: 0,
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
}

impl fmt::Debug for MemoryCoordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("MemoryCoordinator")
            .field("instances", &state.instances.len())
            .field("subscribers", &state.subscribers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::store::MemoryStore;

    fn coordinator() -> MemoryCoordinator {
        MemoryCoordinator::new(Arc::new(MemoryStore::new()))
    }

    fn publish(coordinator: &MemoryCoordinator, seqs: impl Iterator<Item = u64>) {
        let run = RunId::new();
        for last_seq in seqs {
            coordinator.publish(Notification::Appended { run, last_seq });
        }
    }

    /// What waits: the numbers, and 0 for `Lagged`.
    fn waiting(notifications: &mut BoxStream<'static, Notification>) -> Vec<u64> {
        let next = || notifications.next().now_or_never().flatten();
        let all = std::iter::from_fn(next).map(|notification| match notification {
            Notification::Appended { last_seq, .. } => last_seq,
            Notification::Lagged => 0,
            other => panic!("{other:?}"),
        });
        all.collect()
    }

    #[test]
    fn notifications_are_lost_as_the_test_says() {
        let coordinator = coordinator();
        let mut a = coordinator.subscribe(InstanceId::new());
        let mut b = coordinator.subscribe(InstanceId::new());
        for (every, mode, expected) in [
            (3, LossMode::Silent, vec![1, 2, 4, 5, 7]),
            (3, LossMode::Reported, vec![1, 2, 0, 4, 5, 0, 7]),
            (1, LossMode::Silent, vec![]),
            (0, LossMode::Reported, vec![1, 2, 3, 4, 5, 6, 7]),
        ] {
            coordinator.lose_notifications(every, mode);
            publish(&coordinator, 1..=7);
            assert_eq!(waiting(&mut a), expected);
            assert_eq!(waiting(&mut b), expected);
        }
    }

    #[test]
    fn a_slow_subscriber_loses_the_oldest() {
        let coordinator = coordinator().with_capacity(4);
        let mut slow = coordinator.subscribe(InstanceId::new());
        publish(&coordinator, 1..=10);
        assert_eq!(waiting(&mut slow), [0, 7, 8, 9, 10]);
    }

    #[test]
    fn streams_end_when_the_coordinator_is_closed() {
        let coordinator = coordinator();
        let mut before = coordinator.subscribe(InstanceId::new());
        publish(&coordinator, 1..=1);
        coordinator.clone().close();
        let mut after = coordinator.subscribe(InstanceId::new());
        assert_eq!(waiting(&mut before), [1]);
        assert_eq!(before.next().now_or_never(), Some(None));
        assert_eq!(after.next().now_or_never(), Some(None));
    }
}
