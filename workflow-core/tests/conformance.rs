//! The memory store does what every store must.

use workflow_core::MemoryStore;

async fn empty() -> Box<MemoryStore> {
    Box::default()
}

workflow_core::store_tests!(empty());
