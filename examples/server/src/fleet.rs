//! Several instances on one database. Restate has runs driven by some of them.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workflow_core::{Engine, LocalEngine, engine::LocalEngineBuilder, fleet::Coordinator};
use workflow_postgres::PostgresStore;
use workflow_restate::{
    Registration, RestateDispatcher, RestateWorker, RestateWorkerBuilder, SettingsError,
};

use crate::{
    cli::{FleetArgs, ServeArgs},
    error::CliError,
    listen::listen,
    model::Client,
};

/// How often the shares of the model's limits are adjusted to the number of instances.
const SHARE_EVERY: Duration = Duration::from_secs(1);

/// How much longer than the engine the last calls of Restate may take at shutdown.
const LAST_CALLS: Duration = Duration::from_secs(10);

/// This instance among others.
pub(crate) struct Fleet {
    /// The name of this instance.
    pub(crate) instance: String,
    coordinator: Arc<dyn Coordinator>,
    dispatcher: Arc<RestateDispatcher>,
    registration: Option<Registration>,
    listener: TcpListener,
    worker_url: String,
    identities: Vec<String>,
    shares: Shares,
}

/// The limits of all instances together, for each provider.
#[derive(Clone, Copy)]
struct Shares {
    in_flight: Option<usize>,
    per_minute: Option<u32>,
}

impl Fleet {
    /// Checks the settings before anything is opened.
    ///
    /// # Errors
    /// If one is set without the other that it needs.
    pub(crate) fn check(args: &ServeArgs) -> Result<(), CliError> {
        let fleet = &args.fleet;
        if fleet.restate.is_some() {
            return match args.data.postgres {
                Some(_) => Ok(()),
                None => Err(CliError::Needs("--restate", "--postgres")),
            };
        }
        let set = [
            ("--restate-admin", fleet.restate_admin.is_some()),
            ("--restate-identity", !fleet.restate_identities.is_empty()),
            ("--worker-url", fleet.worker_url.is_some()),
            ("--instance", fleet.instance.is_some()),
            (
                "--fleet-model-in-flight",
                fleet.fleet_model_in_flight.is_some(),
            ),
            (
                "--fleet-model-per-minute",
                fleet.fleet_model_per_minute.is_some(),
            ),
        ];
        match set.into_iter().find(|(_, is_set)| *is_set) {
            Some((option, _)) => Err(CliError::Needs(option, "--restate")),
            None => Ok(()),
        }
    }

    /// Prepares this instance; `None` if it is to be the only one. Binds the address for Restate, and calls nothing yet.
    pub(crate) async fn new(
        args: &FleetArgs,
        store: &PostgresStore,
    ) -> Result<Option<Self>, CliError> {
        let Some(ingress) = &args.restate else {
            return Ok(None);
        };
        let listener = listen(args.worker_addr, "--worker-addr").await?;
        let worker_url = match &args.worker_url {
            Some(url) => url.clone(),
            None if args.worker_addr.ip().is_unspecified() => return Err(CliError::NoWorkerUrl),
            None => format!("http://{}", listener.local_addr()?),
        };
        if args.restate_identities.is_empty() && !args.worker_addr.ip().is_loopback() {
            let refused = SettingsError::UnverifiedCalls(args.worker_addr);
            return Err(CliError::Fleet(refused));
        }
        let dispatcher = RestateDispatcher::builder(ingress.expose()).build()?;
        let registration = match &args.restate_admin {
            None => None,
            Some(admin) => {
                let registration = Registration::builder(admin.expose(), &worker_url);
                Some(registration.with_status(dispatcher.status()).build()?)
            }
        };
        let machine = || gethostname::gethostname().to_string_lossy().into_owned();
        Ok(Some(Self {
            instance: args.instance.clone().unwrap_or_else(machine),
            coordinator: Arc::new(store.coordinator().await.map_err(CliError::Lock)?),
            dispatcher: Arc::new(dispatcher),
            registration,
            listener,
            worker_url,
            identities: args.restate_identities.clone(),
            shares: Shares {
                in_flight: args.fleet_model_in_flight,
                per_minute: args.fleet_model_per_minute,
            },
        }))
    }

    /// Makes an engine part of the fleet.
    pub(crate) fn join(&self, engine: LocalEngineBuilder) -> LocalEngineBuilder {
        let dispatcher = Arc::clone(&self.dispatcher);
        engine.with_fleet(Arc::clone(&self.coordinator), dispatcher)
    }

    /// The lines of the start message.
    pub(crate) fn announce(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "Instance: {}, one of several", self.instance)?;
        writeln!(
            out,
            "Restate: {:?} calls the instances at {}",
            self.dispatcher, self.worker_url
        )?;
        if self.registration.is_none() {
            writeln!(
                out,
                "Restate: register {} yourself, or set --restate-admin",
                self.worker_url
            )?;
        }
        Ok(())
    }

    /// Takes the calls of Restate until `shutdown`, and then those that are left until the engine has ended them.
    pub(crate) async fn serve(
        self,
        engine: Arc<LocalEngine>,
        clients: Vec<Client>,
        drain: Duration,
        shutdown: CancellationToken,
    ) -> Result<(), CliError> {
        let worker = RestateWorker::builder(engine.clone()).with_grace(drain + LAST_CALLS);
        let identities = self.identities.into_iter();
        let worker = identities.fold(worker, RestateWorkerBuilder::with_identity_key);
        let worker = worker.build(self.listener)?;
        let registering = async {
            if let Some(registration) = &self.registration {
                registration.run(shutdown.clone()).await;
            }
        };
        let sharing = shutdown.run_until_cancelled(self.shares.apply(&engine, &clients));
        tokio::join!(worker.serve(shutdown.clone()), registering, sharing);
        Ok(())
    }
}

impl Shares {
    /// Gives this instance its share of the limits, and another one when instances come or go.
    ///
    /// An instance notices such a change within about 5 s, and the death of another one within 15 s. Meanwhile all
    /// instances together may be over the limits (one has come) or below them (one has gone). A share that is not used is
    /// not lent to others.
    async fn apply(self, engine: &LocalEngine, clients: &[Client]) {
        if self.in_flight.is_none() && self.per_minute.is_none() {
            return;
        }
        let mut shared_among = None;
        loop {
            let instances = engine
                .fleet_status()
                .map_or(1, |fleet| fleet.instances.max(1));
            if shared_among != Some(instances) {
                shared_among = Some(instances);
                for client in clients {
                    self.set(client, instances);
                }
            }
            tokio::time::sleep(SHARE_EVERY).await;
        }
    }

    /// Gives a client its share among so many instances.
    fn set(self, client: &Client, instances: usize) {
        let limits = client.limits();
        let in_flight = self.in_flight.map(|all| (all / instances).max(1));
        let divisor = u32::try_from(instances).unwrap_or(u32::MAX);
        let per_minute = self.per_minute.map(|all| (all / divisor).max(1));
        let in_flight = in_flight.unwrap_or(limits.in_flight);
        let per_minute = per_minute.or(limits.per_minute);
        client.set_limits(in_flight, per_minute);
        tracing::info!(
            provider = client.name(),
            instances,
            in_flight,
            per_minute,
            "shared the limits of the model"
        );
    }
}
