//! Durable commands of runs that this engine drives.

use super::Fleet;
use crate::{engine::local::journal::live::LiveRun, fleet::CommandNumber, store::StoreError};

impl Fleet {
    /// Puts the stored commands of a run into its inbox.
    pub(in crate::engine::local) async fn take_commands(
        &self,
        live: &LiveRun,
    ) -> Result<(), StoreError> {
        let mut received = live.received().lock().await;
        self.read_commands(live, &mut received).await
    }

    /// Deletes the commands that a suspended run has processed, and looks for others. Returns whether there are none.
    pub(in crate::engine::local) async fn settle_commands(
        &self,
        live: &LiveRun,
    ) -> Result<bool, StoreError> {
        let mut received = live.received().lock().await;
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
    pub(in crate::engine::local) async fn delete_commands(&self, live: &LiveRun) {
        if let Some(upto) = *live.received().lock().await {
            let _ = self.coordinator.delete_commands(live.id(), upto).await;
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
