//! Two engines as instances of a fleet: Postgres stores their runs, Restate has them driven.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures::future::join_all;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workflow_core::{
    LocalEngine, RunId,
    fleet::{DispatchError, Dispatcher, DriveEnd, DriveError},
    value::Timestamp,
};
use workflow_postgres::PostgresStore;
use workflow_restate::{Drive, Registration, RestateDispatcher, RestateWorker};
use workflow_test_services::{Balancer, Restate};

use crate::node;

/// The number of engines.
pub const ENGINES: usize = 2;

/// Engines in one process that share nothing but a database and Restate.
#[derive(Debug)]
pub struct Fleet {
    engines: Vec<Arc<LocalEngine>>,
    handovers: Handovers,
    shutdown: CancellationToken,
    /// Restate reaches the engines through it.
    _balancer: Balancer,
}

/// The way of a run to the engine that drives it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handover {
    /// When the dispatcher was called.
    pub requested: Option<Timestamp>,
    /// When Restate had stored the request.
    pub accepted: Option<Timestamp>,
    /// When Restate called an engine, and which one.
    pub called: Option<(Timestamp, usize)>,
}

/// The handovers of all runs, by run.
#[derive(Clone, Debug, Default)]
struct Handovers(Arc<Mutex<HashMap<RunId, Handover>>>);

impl Fleet {
    /// Starts the engines on a database, and registers them with Restate.
    ///
    /// # Panics
    /// If a service cannot be used.
    pub async fn start(database: &str, restate: &Restate) -> Self {
        let handovers = Handovers::default();
        let shutdown = CancellationToken::new();
        let mut engines = Vec::new();
        let mut workers = Vec::new();
        for index in 0..ENGINES {
            let engine = Arc::new(engine(database, restate, &handovers).await);
            let drive = RecordedDrive {
                engine: Arc::clone(&engine),
                index,
                handovers: handovers.clone(),
            };
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let worker = RestateWorker::builder(Arc::new(drive)).build(listener);
            let worker = worker.unwrap_or_else(|error| panic!("{error}"));
            workers.push(worker.local_addr());
            tokio::spawn(worker.serve(shutdown.clone()));
            engines.push(engine);
        }
        let balancer = Balancer::start(workers).await;
        let registration = Registration::builder(&restate.admin_url(), &balancer.url()).build();
        let registration = registration.unwrap_or_else(|error| panic!("{error}"));
        let registered = registration.register().await;
        registered.unwrap_or_else(|error| panic!("{error}"));
        Self {
            engines,
            handovers,
            shutdown,
            _balancer: balancer,
        }
    }

    /// An engine by its number.
    pub fn engine(&self, index: usize) -> &Arc<LocalEngine> {
        &self.engines[index]
    }

    /// The handover of a run that was started.
    pub fn handover(&self, run: RunId) -> Handover {
        self.handovers.all().get(&run).copied().unwrap_or_default()
    }

    /// Ends the engines, then the calls of Restate.
    pub async fn shut_down(self) {
        let engines = self.engines.iter();
        join_all(engines.map(|engine| engine.shutdown(std::time::Duration::ZERO))).await;
        self.shutdown.cancel();
    }
}

async fn engine(database: &str, restate: &Restate, handovers: &Handovers) -> LocalEngine {
    let store = PostgresStore::connect(database).await;
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    let coordinator = store.coordinator().await;
    let coordinator = coordinator.unwrap_or_else(|error| panic!("{error}"));
    let dispatcher = RestateDispatcher::builder(&restate.ingress_url()).build();
    let dispatcher = RecordedDispatcher {
        dispatcher: dispatcher.unwrap_or_else(|error| panic!("{error}")),
        handovers: handovers.clone(),
    };
    let engine = LocalEngine::builder(node::registry())
        .with_store(Arc::new(store))
        .with_fleet(Arc::new(coordinator), Arc::new(dispatcher))
        .build();
    let recovered = engine.recover().await;
    recovered.unwrap_or_else(|error| panic!("{error}"));
    engine
}

impl Handovers {
    fn all(&self) -> MutexGuard<'_, HashMap<RunId, Handover>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, run: RunId, note: impl FnOnce(&mut Handover, Timestamp)) {
        note(self.all().entry(run).or_default(), Timestamp::now());
    }
}

/// Restate's dispatcher, with a record of its calls.
struct RecordedDispatcher {
    dispatcher: RestateDispatcher,
    handovers: Handovers,
}

#[async_trait]
impl Dispatcher for RecordedDispatcher {
    async fn dispatch(&self, run: RunId, at: Option<Timestamp>) -> Result<(), DispatchError> {
        let handovers = &self.handovers;
        handovers.note(run, |it, now| _ = it.requested.get_or_insert(now));
        self.dispatcher.dispatch(run, at).await?;
        handovers.note(run, |it, now| _ = it.accepted.get_or_insert(now));
        Ok(())
    }

    async fn ping(&self) -> Result<(), DispatchError> {
        Dispatcher::ping(&self.dispatcher).await
    }
}

/// An engine, with a record of Restate's calls.
struct RecordedDrive {
    engine: Arc<LocalEngine>,
    index: usize,
    handovers: Handovers,
}

#[async_trait]
impl Drive for RecordedDrive {
    async fn drive(&self, run: RunId) -> Result<DriveEnd, DriveError> {
        self.handovers.note(run, |it, now| {
            it.called.get_or_insert((now, self.index));
        });
        self.engine.drive(run).await
    }
}
