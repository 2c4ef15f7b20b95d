//! What can die.

use std::time::Duration;

use fastrand::Rng;
use tokio::time::sleep;

use super::{fleet::Fleet, number};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    WorkerKilled,
    RestateKilled,
    BothKilled,
    PostgresRestarted,
    WorkerTerminated,
    WorkerFrozen,
    RestateDataLost,
}

impl Fault {
    const ALL: [Self; 7] = [
        Self::WorkerKilled,
        Self::RestateKilled,
        Self::BothKilled,
        Self::PostgresRestarted,
        Self::WorkerTerminated,
        Self::WorkerFrozen,
        Self::RestateDataLost,
    ];

    pub(crate) fn of_round(round: u64) -> Self {
        let n = number("CLUSTER_FAULT").unwrap_or(round);
        Self::ALL[usize::try_from(n).unwrap() % Self::ALL.len()]
    }

    /// Whether no instance stops: then no attempt is lost.
    pub(crate) fn is_harmless(self) -> bool {
        matches!(
            self,
            Self::RestateKilled | Self::PostgresRestarted | Self::RestateDataLost
        )
    }

    /// Happens at some moment while runs are under way. All is up again when this returns.
    pub(crate) async fn happen(self, fleet: &mut Fleet, random: &mut Rng) -> String {
        let pause = |most: u64, random: &mut Rng| Duration::from_millis(random.u64(0..most));
        sleep(pause(1_500, random)).await;
        let n = fleet.busiest().await;
        match self {
            Self::WorkerKilled => {
                fleet.kill(n).await;
                sleep(pause(2_000, random)).await;
                fleet.start_instance(n).await;
            }
            Self::RestateKilled => {
                fleet.restate.kill();
                sleep(pause(3_000, random)).await;
                fleet.restate.start_again();
            }
            Self::BothKilled => {
                fleet.restate.kill();
                fleet.kill(n).await;
                sleep(pause(2_000, random)).await;
                fleet.restate.start_again();
                fleet.start_instance(n).await;
            }
            Self::PostgresRestarted => fleet.postgres.crash(),
            Self::WorkerTerminated => {
                fleet.terminate(n).await;
                fleet.start_instance(n).await;
            }
            Self::WorkerFrozen => {
                fleet.instance(n).signal("STOP");
                sleep(Duration::from_secs(5)).await;
                fleet.instance(n).signal("CONT");
            }
            Self::RestateDataLost => {
                fleet.restate.lose_data();
                sleep(pause(1_000, random)).await;
                fleet.restate.start_again();
            }
        }
        format!("(instance {n})")
    }
}
