//! Tests of an embedder's own parts: node types, workflows and stores.
//!
//! - [`run_in_virtual_time`] runs a test on a paused clock, so that waits of minutes take no time.
//! - [`TestEngine`] runs workflows, and crashes after any event of the log: the run is recovered by a
//!   second engine on the same store, as after a restart.
//! - [`Script`] stands in for a node type, such as one that calls a paid service: each attempt takes the next
//!   [`ScriptedAttempt`].
//! - [`TestAttempt`] is one attempt at a node without a workflow: what it plans, does and reports.
//! - [`RecordedTest`] runs a workflow again with the answers of a [`Recording`], so that a run that was paid for once is a test.
//! - [`Probe`] records the attempts of the nodes it watches, and which of them were dropped.
//! - [`CrashAfter`] is the store of a process that crashes, for tests that build their own engine.
//! - [`MemoryCoordinator`] and [`InProcessDispatcher`] make a fleet of engines in one process, and with
//!   [`ManualDispatcher`] the test decides which engine drives a run.
//! - [`store`] is the contract of [`Store`](crate::Store), as tests that every store can run, and [`coordinator`] that of
//!   [`Coordinator`](crate::fleet::Coordinator).
//!
//! Needs the feature `testing`, in the `dev-dependencies` of the crate under test.
//!
//! # A node type of one's own
//! The node charges a card. It must charge once, whatever happens: it hands the service an idempotency
//! key, and asks for a retry when the service is busy.
//!
//! ```
//! use std::{collections::HashMap, sync::{Arc, Mutex}, time::Duration};
//! use async_trait::async_trait;
//! use serde_json::{Value, json};
//! use workflow_core::{
//!     EventKind, Json, Node, NodeContext, NodeError, Registry, RetryPolicy,
//!     testing::{TestEngine, run_in_virtual_time},
//! };
//!
//! /// A payment service that is busy at first. Charges are known by their idempotency key.
//! #[derive(Clone, Default)]
//! struct Bank {
//!     requests: Arc<Mutex<u32>>,
//!     charges: Arc<Mutex<HashMap<String, Value>>>,
//! }
//!
//! impl Bank {
//!     /// Returns how long to wait when the service is busy.
//!     fn charge(&self, key: String, amount: Value) -> Result<(), Duration> {
//!         let mut requests = self.requests.lock().unwrap();
//!         *requests += 1;
//!         if *requests == 1 {
//!             return Err(Duration::from_secs(30));
//!         }
//!         self.charges.lock().unwrap().insert(key, amount);
//!         Ok(())
//!     }
//! }
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct ChargeData {
//!     amount: Json,
//! }
//!
//! struct ChargeNode {
//!     bank: Bank,
//!     data: ChargeData,
//! }
//!
//! #[async_trait]
//! impl Node for ChargeNode {
//!     async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
//!         let amount = cx.render_json(&self.data.amount)?;
//!         match self.bank.charge(cx.idempotency_key(), amount.clone()) {
//!             Ok(()) => Ok(json!({ "charged": amount })),
//!             Err(wait) => {
//!                 Err(NodeError::new("bank_busy", "the bank is busy").with_retry_after(wait))
//!             }
//!         }
//!     }
//! }
//!
//! /// An engine whose workflows can use `ChargeNode`. Each start of the engine builds its own registry.
//! fn engine(bank: &Bank) -> TestEngine {
//!     let bank = bank.clone();
//!     TestEngine::new(move || {
//!         let mut registry = Registry::default();
//!         let bank = bank.clone();
//!         registry
//!             .register_with("ChargeNode", move |data| ChargeNode { bank: bank.clone(), data })
//!             .with_retry(RetryPolicy::attempts(3));
//!         registry
//!     })
//! }
//!
//! run_in_virtual_time(async {
//!     let spec = json!({"nodes": [
//!         {"id": "charge", "type": "ChargeNode", "data": {"amount": "{{ input.amount }}"}},
//!     ]});
//!     let input = json!({"amount": 5});
//!
//!     // Its retries: the wait that the bank asks for passes in virtual time.
//!     let events = engine(&Bank::default()).run(&spec, input.clone()).await?;
//!     let names: Vec<&str> = events.iter().map(|event| event.kind.name()).collect();
//!     assert_eq!(names, [
//!         "run.created", "run.started", "node.started", "node.retrying",
//!         "node.started", "node.completed", "run.completed",
//!     ]);
//!     assert!(events[4].time.since(events[3].time) >= Duration::from_secs(30));
//!
//!     // Its crashes: wherever the process dies, the card is charged once, also when it dies after the
//!     // charge and before the result is in the log.
//!     for crash in 1..=events.len() as u64 {
//!         let bank = Bank::default();
//!         let events = engine(&bank).run_with_crash_after(crash, &spec, input.clone()).await?;
//!         let last = &events.last().unwrap().kind;
//!         assert!(matches!(last, EventKind::RunCompleted(_)), "crash after event {crash}");
//!         assert_eq!(bank.charges.lock().unwrap().len(), 1, "crash after event {crash}");
//!     }
//!     Ok::<(), workflow_core::EngineError>(())
//! })?;
//! # Ok::<(), workflow_core::EngineError>(())
//! ```

mod attempt;
pub mod coordinator;
mod crash;
mod engine;
mod fleet;
mod probe;
mod recorded;
mod script;
pub mod store;
mod time;

pub use self::{
    attempt::TestAttempt,
    crash::CrashAfter,
    engine::TestEngine,
    fleet::{InProcessDispatcher, LossMode, ManualDispatcher, MemoryCoordinator},
    probe::{AttemptEnd, Probe, Probed, ProbedAttempt},
    recorded::{
        Expected, NotRecorded, RecordedTest, Recording, RecordingError, TestFault, TestedRun,
    },
    script::{Script, ScriptedAttempt},
    time::run_in_virtual_time,
};
