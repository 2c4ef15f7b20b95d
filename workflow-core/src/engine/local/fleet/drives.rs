//! Drives that the dispatcher of a fleet has asked for.

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::future::{Either, select};
use tokio::time::sleep;

use super::{
    Fleet,
    active::{ActiveDrive, Entry},
};
use crate::{
    engine::local::drive::{DriveLease, Drives},
    fleet::{DriveEnd, DriveError, FleetStatus},
    value::{RunId, lock},
};

/// How often a run that another engine has claimed is looked at.
const CLAIM_POLL: Duration = Duration::from_millis(300);

/// How long a claim is valid, and how often it is renewed: two renewals may fail.
const CLAIM_FOR: Duration = Duration::from_secs(10);
const RENEW_EVERY: Duration = Duration::from_secs(3);

/// How long a log may be ahead of what the drive has shown.
const AHEAD_CHECK: Duration = Duration::from_secs(1);

impl Drives {
    /// Has a run driven by some engine of the fleet.
    pub(in crate::engine::local) fn dispatch(&self, run: RunId) {
        if let Some(fleet) = self.shared.placement.fleet() {
            fleet.dispatches.request(run);
        }
    }

    pub(in crate::engine::local) fn fleet_status(&self) -> Option<FleetStatus> {
        let fleet = self.shared.placement.fleet()?;
        Some(FleetStatus {
            instance: fleet.instance,
            instances: lock(&fleet.membership).instances,
            driving: fleet.drives.count(),
            following: fleet.follows.count(),
            undispatched: fleet.dispatches.pending(),
            dispatcher_reached_at: fleet.dispatches.last_success(),
            dispatch_failures: fleet.dispatches.failures(),
            notifications_lost: fleet.notifications_lost.load(Ordering::Relaxed),
        })
    }

    /// Drives a run, or waits for the drive that is active here.
    pub(in crate::engine::local) async fn drive_for_dispatcher(
        &self,
        run: RunId,
    ) -> Result<DriveEnd, DriveError> {
        let Some(fleet) = self.shared.placement.fleet() else {
            return Err(DriveError::NoFleet);
        };
        let (mut end, new) = fleet.drives.join(run);
        if let Some(active) = new {
            let (drives, fleet) = (self.clone(), Arc::clone(fleet));
            let entry = Entry {
                drives: fleet.drives.clone(),
                run,
            };
            let drive = async move {
                let result = drives.drive_claimed(run, &fleet, &active).await;
                // Before the end is shown: a call that sees it and drives the run again must not join this drive.
                drop(entry);
                active.end.send_replace(Some(result));
            };
            // A closed engine drops the future, and with it the entry.
            self.spawn(drive).map_err(|_| DriveError::ShuttingDown)?;
        }
        let ended = end.wait_for(Option::is_some).await;
        match ended.as_deref() {
            Ok(Some(result)) => result.clone(),
            // The task was aborted, or it has panicked.
            _ if self.shared.tasks.is_closed() => Err(DriveError::ShuttingDown),
            _ => Err(DriveError::Panicked),
        }
    }

    /// Drives a run after the claims of other engines have ended.
    async fn drive_claimed(
        &self,
        run: RunId,
        fleet: &Fleet,
        active: &ActiveDrive,
    ) -> Result<DriveEnd, DriveError> {
        let is_elsewhere = |claim| matches!(claim, Some(instance) if instance != fleet.instance);
        while is_elsewhere(fleet.coordinator.claimed_by(run).await?) {
            if active.end.is_closed() {
                return Err(DriveError::Fenced);
            }
            if self.shared.tasks.is_closed() {
                return Err(DriveError::ShuttingDown);
            }
            sleep(CLAIM_POLL).await;
        }
        let live = self.shared.runs.live(run);
        let lease = DriveLease::claim(self, &live).ok_or(DriveError::Fenced)?;
        // So that the lease knows whether the run has readers.
        drop(live);
        let _place = self.shared.admission.place_for_resumed();
        let now = self.shared.clock().now();
        let drive = pin!(self.drive(lease, Some(now), None));
        let claim = pin!(self.claim_if_abandoned(run, fleet, active));
        let result = match select(drive, claim).await {
            Either::Left((result, _)) => result,
            // Dropping the drive drops its attempts.
            Either::Right((fenced, _)) => Err(fenced),
        };
        if active.is_claimed.load(Ordering::Relaxed) {
            let released = fleet.coordinator.claim(run, fleet.instance, Duration::ZERO);
            let _ = released.await;
        }
        result
    }

    /// Claims the run while nobody waits for the end of its drive: the dispatcher has died or lost its connection, and will
    /// call another engine. Returns an error if the run has been continued elsewhere, so that a drive that was frozen does
    /// not keep others out.
    async fn claim_if_abandoned(
        &self,
        run: RunId,
        fleet: &Fleet,
        active: &ActiveDrive,
    ) -> DriveError {
        let mut was_ahead = false;
        loop {
            active.end.closed().await;
            let known = self.shared.runs.find_live(run).map(|live| live.last_seq());
            let length = fleet.coordinator.lengths(&[run]).await;
            let length = length.ok().and_then(|lengths| lengths.first().copied());
            let is_ahead = length
                .zip(known)
                .is_some_and(|((_, log), known)| log > known);
            // The first time, it may be an append of this drive that is not shown yet.
            if is_ahead && was_ahead {
                return DriveError::Fenced;
            }
            if is_ahead {
                was_ahead = true;
                sleep(AHEAD_CHECK).await;
                continue;
            }
            was_ahead = false;
            active.is_claimed.store(true, Ordering::Relaxed);
            let claimed = fleet
                .coordinator
                .claim(run, fleet.instance, CLAIM_FOR)
                .await;
            if let Err(error) = claimed {
                tracing::warn!(%run, %error, "a run that is driven here cannot be claimed");
            }
            sleep(RENEW_EVERY).await;
        }
    }
}
