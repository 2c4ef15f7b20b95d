//! Durable commands of runs that this engine drives.

use super::{Fleet, active::ActiveDrive};
use crate::{
    engine::local::journal::live::LiveRun, fleet::CommandNumber, store::StoreError, value::RunId,
};

impl Fleet {
    /// Puts the stored commands of a run into its inbox, if it is driven here.
    pub(in crate::engine::local) async fn take_commands(
        &self,
        live: &LiveRun,
    ) -> Result<(), StoreError> {
        let Some(active) = self.drives.find(live.id()) else {
            return Ok(());
        };
        let mut received = active.received.0.lock().await;
        self.read_commands(live, &mut received).await
    }

    /// Deletes the commands that a suspended run has processed, and looks for others. Returns whether there are none.
    pub(in crate::engine::local) async fn settle_commands(
        &self,
        live: &LiveRun,
    ) -> Result<bool, StoreError> {
        let Some(active) = self.drives.find(live.id()) else {
            return Ok(true);
        };
        let mut received = active.received.0.lock().await;
        // What is in the inbox now has come after the last turn of the driver.
        if live.inbox().has_pending_requests() {
            return Ok(false);
        }
        if let Some(upto) = *received {
            self.coordinator.delete_commands(live.id(), upto).await?;
        }
        self.read_commands(live, &mut received).await?;
        Ok(!live.inbox().has_pending_requests())
    }

    /// Deletes the commands of a run that has ended. What cannot be deleted is deleted with the run.
    pub(super) async fn delete_commands(&self, run: RunId, active: &ActiveDrive) {
        if let Some(upto) = *active.received.0.lock().await {
            let _ = self.coordinator.delete_commands(run, upto).await;
        }
    }

    async fn read_commands(
        &self,
        live: &LiveRun,
        received: &mut Option<CommandNumber>,
    ) -> Result<(), StoreError> {
        for (number, command) in self.coordinator.commands(live.id()).await? {
            if received.is_none_or(|last| number > last) {
                live.inbox().send(command);
                *received = Some(number);
            }
        }
        Ok(())
    }
}
