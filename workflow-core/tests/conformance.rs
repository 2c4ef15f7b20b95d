//! The memory store does what every store must.

use std::future::ready;

use workflow_core::MemoryStore;

workflow_core::store_tests!(ready(Box::new(MemoryStore::new())));
