//! The memory store does what every store must, and the coordinator in memory what every coordinator must.

use std::{future::ready, sync::Arc};

use workflow_core::{MemoryStore, testing::MemoryCoordinator};

workflow_core::store_tests!(ready(Box::new(MemoryStore::new())));

mod coordinator {
    use super::{Arc, MemoryCoordinator, MemoryStore, ready};

    type Connection = Box<MemoryCoordinator>;

    fn fleet() -> (Arc<MemoryStore>, Connection, Connection) {
        let store = Arc::new(MemoryStore::new());
        let coordinator = Box::new(MemoryCoordinator::new(store.clone()));
        (store, coordinator.clone(), coordinator)
    }

    workflow_core::coordinator_tests!(ready(fleet()));
}
