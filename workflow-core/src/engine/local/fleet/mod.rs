//! An engine among several on one store.
//!
//! - `dispatches` hands runs to the dispatcher, again until it takes them.
//! - `drives` drives a run when the dispatcher calls, and processes its commands.
//! - `follow` shows runs that other engines drive, `relay` sends them text of those that this one drives.
//! - `active`, `followers` and `follows` are the state of these: tables by run.
//! - `background` receives notifications, polls what may have been missed, and looks for runs that nobody drives.

mod active;
mod background;
mod commands;
mod dispatches;
mod drives;
mod follow;
mod followers;
mod follows;
mod relay;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use self::{active::ActiveDrives, dispatches::Dispatches, followers::Followers, follows::Follows};
use crate::{
    fleet::{Coordinator, Dispatcher, Membership, Notification},
    store::StoreError,
    value::{InstanceId, RunId, lock},
};

/// How long an engine counts as alive after it has registered.
const ALIVE_FOR: Duration = Duration::from_secs(15);

/// How long a leaving engine waits for the coordinator.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// What an engine knows of its fleet, and what it does for it.
pub(in crate::engine::local) struct Fleet {
    instance: InstanceId,
    coordinator: Arc<dyn Coordinator>,
    dispatches: Dispatches,
    /// Runs that are driven here.
    drives: ActiveDrives,
    /// Runs that are driven elsewhere and have readers here.
    follows: Follows,
    /// Engines that have readers of runs, which may be driven here.
    followers: Followers,
    membership: Mutex<Membership>,
    /// The number of queued runs in the store, when it was counted last.
    queued: AtomicUsize,
    /// A run was started since then.
    is_queue_used: AtomicBool,
    notifications_lost: AtomicU64,
    /// Has followed runs looked at now.
    poll_now: Notify,
    /// Runs that are driven here and have commands.
    commanded: Mutex<BTreeSet<RunId>>,
    commanded_added: Notify,
}

impl Fleet {
    pub(super) fn new(coordinator: Arc<dyn Coordinator>, dispatcher: Arc<dyn Dispatcher>) -> Self {
        Self {
            instance: InstanceId::new(),
            coordinator,
            dispatches: Dispatches::new(dispatcher),
            drives: ActiveDrives::default(),
            follows: Follows::default(),
            followers: Followers::default(),
            membership: Mutex::new(Membership::new(1, false)),
            queued: AtomicUsize::new(0),
            is_queue_used: AtomicBool::new(false),
            notifications_lost: AtomicU64::new(0),
            poll_now: Notify::new(),
            commanded: Mutex::default(),
            commanded_added: Notify::new(),
        }
    }

    pub(super) fn coordinator(&self) -> &Arc<dyn Coordinator> {
        &self.coordinator
    }

    /// Registers this engine as alive.
    pub(super) async fn register(&self) -> Result<Membership, StoreError> {
        let registered = self.coordinator.register(self.instance, ALIVE_FOR).await;
        if let Ok(membership) = registered {
            *lock(&self.membership) = membership;
        }
        registered
    }

    /// Removes this engine from the fleet. If that fails, its registration expires.
    pub(super) async fn leave(&self) {
        let left = self.coordinator.register(self.instance, Duration::ZERO);
        let _ = timeout(LEAVE_TIMEOUT, left).await;
    }

    /// How many runs of the store are queued, as counted a few seconds ago. They are counted only while runs are started
    /// here, since that reads an entry per run of the store.
    pub(super) fn queued(&self) -> usize {
        self.is_queue_used.store(true, Ordering::Relaxed);
        self.queued.load(Ordering::Relaxed)
    }

    /// Notifies the other engines that this one follows a run.
    fn announce(&self, run: RunId, restart: bool) {
        self.coordinator.publish(Notification::Followed {
            run,
            by: self.instance,
            restart,
        });
    }

    /// Has the commands of a run read soon, if it is driven here.
    fn note_command(&self, run: RunId) {
        if self.drives.contains(run) {
            lock(&self.commanded).insert(run);
            self.commanded_added.notify_one();
        }
    }

    fn next_commanded(&self) -> Option<RunId> {
        lock(&self.commanded).pop_first()
    }

    /// Notifies the engines that follow a run of its new length. Without followers, nobody is interested.
    pub(super) fn appended(&self, run: RunId, last_seq: u64) {
        if self.followers.has_any(run) {
            let appended = Notification::Appended { run, last_seq };
            self.coordinator.publish(appended);
        }
    }
}
