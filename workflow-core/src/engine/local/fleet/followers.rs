//! Engines that have readers of runs which other engines drive.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::value::{InstanceId, RunId, lock};

/// How long a [`Followed`](crate::fleet::Notification::Followed) counts.
pub(super) const FOLLOWED_FOR: Duration = Duration::from_secs(10);

/// Who follows which run. Every engine knows it, since a run is often followed before it is driven.
#[derive(Default)]
pub(super) struct Followers(Mutex<HashMap<RunId, Vec<Follower>>>);

struct Follower {
    instance: InstanceId,
    until: Instant,
    /// It wants the text of running steps from its start.
    restart: bool,
    /// A task relays text to it.
    relayed: bool,
}

/// Whether an engine still follows a run.
pub(super) enum Interest {
    Gone,
    /// It follows the run at least until this time.
    Until(Instant),
    /// It follows the run, and needs the text of running steps from its start.
    Restart,
}

impl Followers {
    /// Notes that an engine follows a run for the next [`FOLLOWED_FOR`].
    pub(super) fn note(&self, run: RunId, by: InstanceId, restart: bool) {
        let until = Instant::now() + FOLLOWED_FOR;
        let mut runs = lock(&self.0);
        let followers = runs.entry(run).or_default();
        if let Some(known) = followers.iter_mut().find(|it| it.instance == by) {
            known.until = until;
            known.restart |= restart;
        } else {
            followers.push(Follower {
                instance: by,
                until,
                restart: false,
                relayed: false,
            });
        }
    }

    pub(super) fn has_any(&self, run: RunId) -> bool {
        lock(&self.0).contains_key(&run)
    }

    /// The engines that follow a run and to which nothing is relayed yet. The caller relays to them until
    /// [`Interest::Gone`], or calls [`relay_ended`](Self::relay_ended).
    pub(super) fn begin_relays(&self, run: RunId) -> Vec<InstanceId> {
        let mut runs = lock(&self.0);
        let followers = runs.get_mut(&run).into_iter().flatten();
        let new = followers.filter(|it| !it.relayed);
        new.map(|it| {
            it.relayed = true;
            it.instance
        })
        .collect()
    }

    pub(super) fn relay_ended(&self, run: RunId, to: InstanceId) {
        let mut runs = lock(&self.0);
        let followers = runs.get_mut(&run).into_iter().flatten();
        for follower in followers.filter(|it| it.instance == to) {
            follower.relayed = false;
        }
    }

    pub(super) fn interest(&self, run: RunId, of: InstanceId) -> Interest {
        let mut runs = lock(&self.0);
        let followers = runs.get_mut(&run).into_iter().flatten();
        let now = Instant::now();
        match followers.into_iter().find(|it| it.instance == of) {
            Some(it) if it.until > now => {
                if std::mem::take(&mut it.restart) {
                    Interest::Restart
                } else {
                    Interest::Until(it.until)
                }
            }
            _ => Interest::Gone,
        }
    }

    /// Forgets those that have not repeated that they follow a run.
    pub(super) fn forget_expired(&self) {
        let now = Instant::now();
        lock(&self.0).retain(|_, followers| {
            followers.retain(|it| it.until > now);
            !followers.is_empty()
        });
    }
}
