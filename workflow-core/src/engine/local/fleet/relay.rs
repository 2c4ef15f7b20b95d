//! Sends the text of running steps to engines that follow the run.

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout_at};

use super::{Fleet, followers::Interest};
use crate::{
    engine::local::{
        drive::Drives,
        journal::live::{Cursor, LiveRun, Next},
    },
    event::Update,
    fleet::{Notification, RemoteText},
    value::InstanceId,
};

/// Between two notifications of one relay. Text that arrives in the meantime is sent as one piece.
const PAUSE: Duration = Duration::from_millis(5);

impl Drives {
    /// Spawns a relay for each engine that follows a run and has none.
    pub(in crate::engine::local) fn relay_to_followers(&self, live: &Arc<LiveRun>) {
        let Some(fleet) = self.shared.placement.fleet() else {
            return;
        };
        for to in fleet.followers.begin_relays(live.id()) {
            let (fleet, live) = (Arc::clone(fleet), Arc::clone(live));
            // A closed engine spawns nothing, and has nothing to relay.
            let _ = self.spawn(async move {
                fleet.relay(&live, to).await;
                fleet.followers.relay_ended(live.id(), to);
            });
        }
    }
}

impl Fleet {
    /// Relays text until the run is no longer driven here, or not followed any more. It reads the run as any other reader,
    /// so that it never delays the run.
    async fn relay(&self, live: &LiveRun, to: InstanceId) {
        let run = live.id();
        let mut cursor = Cursor::at(live.last_seq());
        let mut updates = Vec::new();
        while live.is_driven() {
            let until = match self.followers.interest(run, to) {
                Interest::Gone => return,
                Interest::Until(until) => until,
                Interest::Restart => {
                    cursor = Cursor::at(live.last_seq());
                    continue;
                }
            };
            let changed = live.changed();
            match live.read(&mut cursor, &mut updates) {
                Next::More => {}
                Next::ReadStore => cursor.skip_to(live.last_seq()),
                Next::Wait => _ = timeout_at(until, changed).await,
                Next::End => return,
            }
            let mut has_text = false;
            for update in updates.drain(..) {
                if let Update::Delta(delta) = update {
                    has_text = true;
                    let text = RemoteText::new(cursor.after, delta);
                    self.coordinator.publish(Notification::Text { to, text });
                }
            }
            if has_text {
                sleep(PAUSE).await;
            }
        }
    }
}
