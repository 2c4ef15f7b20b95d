//! The command without a name: starts the service, and shuts it down on a signal.
//!
//! Order of start: what can fail for lack of a setting comes first, and recovery of runs after the port is bound,
//! so that a second instance does not touch the runs of the first. Order of shutdown: no new requests, then the
//! runs, then the store.

use std::{
    future,
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_util::sync::CancellationToken;
use workflow_core::{
    Executor, LocalEngine, Registry,
    engine::{LocalEngineBuilder, Recovered},
};
use workflow_http::{ApiKey, Limits, Metrics, Options};
use workflow_postgres::DatabaseLock;

use crate::{
    cli::{LimitArgs, PrivateAddress, ServeArgs},
    data::Data,
    error::CliError,
    fleet::Fleet,
    keys,
    listen::listen,
    log::{self, log},
    model::Model,
    output::Output,
    registry::registry,
    signals::Signals,
    standby,
    variables::Variables,
};

/// Serves until Ctrl-C, SIGTERM or SIGHUP. A second signal ends the program without waiting for runs.
pub(crate) fn serve(args: ServeArgs, variables: Variables) -> Result<ExitCode, CliError> {
    let stderr = log(args.log.clone(), args.log_format)?;
    let served = start(args, variables, &stderr);
    stderr.flush();
    served
}

fn start(args: ServeArgs, variables: Variables, stderr: &Output) -> Result<ExitCode, CliError> {
    let keys = keys::keys(&args, &variables)?;
    if keys.is_empty() && !args.addr.ip().is_loopback() {
        return Err(CliError::Exposed(args.addr));
    }
    Fleet::check(&args)?;
    #[cfg(unix)]
    crate::open_files::raise_limit(&args);
    Runtime::new()?.block_on(run(args, keys, variables, stderr))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(
    args: ServeArgs,
    keys: Vec<ApiKey>,
    variables: Variables,
    stderr: &Output,
) -> Result<(), CliError> {
    let mut signals = Signals::new()?;
    let model = Model::new(&args.nodes, &variables)?;
    let listener = listen(args.addr, "--addr").await?;
    let registry = registry(model.models.clone(), &args.nodes, variables.clone())?;
    let data = Data::open(&args.data).await?;
    let fleet = match &data {
        Data::Database(store) => Fleet::new(&args.fleet, store).await?,
        Data::Memory | Data::File(_) => None,
    };
    let waiting = Turn::wait(&data, fleet.is_some(), listener, &mut signals);
    let Some((listener, turn)) = waiting.await? else {
        data.close().await;
        return Ok(());
    };
    let metrics = Arc::new(Metrics::default());
    let mut engine = engine(registry, &args.limits);
    if let Some(url) = &args.public_url {
        let page = format!("{url}{}/#/runs/", args.base_path);
        engine = engine.with_run_url(move |run| format!("{page}{run}"));
    }
    let engine = start_engine(engine, &data, fleet.as_ref(), &metrics).await?;
    let addr = listener.local_addr()?;
    announce(addr, &model, &data, fleet.as_ref(), &args, &variables)?;

    let drain = args.drain;
    let base_path = args.base_path.clone();
    let shutdown = CancellationToken::new();
    let mut options = options(args, keys, &model, &shutdown).with_metrics(metrics.clone());
    if let Some(fleet) = &fleet {
        options = options.with_instance(&fleet.instance);
    }
    let router = workflow_http::router(engine.clone(), options.clone());
    let router = below(&base_path, router);
    let serving = async { Ok(workflow_http::serve(listener, router, &options).await?) };
    let stopping = async {
        let replaced = tokio::select! {
            () = signals.next() => None,
            database = turn.lost() => Some(database),
        };
        shutdown.cancel();
        if let Some(database) = replaced {
            // The runs are driven by that instance.
            return Err(CliError::Replaced(database));
        }
        tracing::info!("shutting down: waiting up to {drain:?} for runs to end");
        tokio::select! {
            () = engine.shutdown(drain) => {}
            () = signals.next() => tracing::warn!("stopped without waiting: second signal"),
        }
        Ok::<_, CliError>(())
    };
    let driving = async {
        match fleet {
            Some(fleet) => {
                let clients = model.clients.clone();
                let calls = fleet.serve(engine.clone(), clients, drain, shutdown.clone());
                calls.await
            }
            None => Ok(()),
        }
    };
    let served = async { tokio::try_join!(serving, stopping, driving) };
    let served = tokio::select! {
        served = served => served,
        () = log::watch(stderr, &metrics) => unreachable!("the watch never ends"),
    };
    engine.shutdown(Duration::ZERO).await;
    data.close().await;
    served?;
    Ok(())
}

/// Builds the engine, and recovers its runs.
async fn start_engine(
    engine: LocalEngineBuilder,
    data: &Data,
    fleet: Option<&Fleet>,
    metrics: &Arc<Metrics>,
) -> Result<Arc<LocalEngine>, CliError> {
    let mut engine = engine
        .with_store(data.store())
        .with_observer(metrics.clone());
    if let Some(fleet) = fleet {
        engine = fleet.join(engine);
    }
    let engine = Arc::new(engine.build());
    let recovered = engine.recover().await?;
    if recovered != Recovered::default() {
        let Recovered {
            resumed, waiting, ..
        } = recovered;
        tracing::info!(resumed, waiting, "recovered unfinished runs");
    }
    Ok(engine)
}

/// The right to drive the runs of the data. A directory and the memory have it from the start: nobody else opens them. The
/// instances of a fleet have it together.
struct Turn(Option<(DatabaseLock, String)>);

impl Turn {
    /// Waits for it as a standby; none if the program is asked to stop meanwhile.
    async fn wait(
        data: &Data,
        is_shared: bool,
        listener: TcpListener,
        signals: &mut Signals,
    ) -> Result<Option<(TcpListener, Self)>, CliError> {
        let Data::Database(store) = data else {
            return Ok(Some((listener, Self(None))));
        };
        let listener = listener.into_std()?;
        let lock = tokio::select! {
            lock = standby::lock(store, is_shared, &listener) => lock?,
            () = signals.next() => return Ok(None),
        };
        let turn = Self(Some((lock, store.database())));
        Ok(Some((TcpListener::from_std(listener)?, turn)))
    }

    /// Waits until another instance has it. Returns the database.
    async fn lost(&self) -> String {
        match &self.0 {
            Some((lock, database)) => {
                lock.lost().await;
                database.clone()
            }
            None => future::pending().await,
        }
    }
}

/// Writes the addresses and sources of settings to standard output. The service does not wait for a reader.
fn announce(
    addr: SocketAddr,
    model: &Model,
    data: &Data,
    fleet: Option<&Fleet>,
    args: &ServeArgs,
    variables: &Variables,
) -> io::Result<()> {
    let mut out = Vec::new();
    writeln!(out, "Listening on http://{addr}{}", args.base_path)?;
    if let Some(file) = &args.files.config {
        writeln!(out, "Settings read from {}", file.display())?;
    }
    if let Some(file) = variables.path() {
        writeln!(out, "Variables read from {}", file.display())?;
    }
    write!(out, "{}", model.connection())?;
    match data {
        Data::Memory => writeln!(out, "Data: in memory only")?,
        Data::File(_) => writeln!(out, "Data: {}", args.data.data_dir.display())?,
        Data::Database(store) => writeln!(out, "Data: {}", store.database())?,
    }
    if let Some(fleet) = fleet {
        fleet.announce(&mut out)?;
    }
    for private in &args.nodes.allow_private {
        writeln!(
            out,
            "DANGEROUS: HttpNode may reach private addresses: {private}"
        )?;
        let PrivateAddress { origin, addresses } = private;
        tracing::warn!(origin, addresses, "HttpNode may reach private addresses");
    }
    tracing::info!(%addr, "listening");
    if model.is_simulated() {
        writeln!(
            out,
            "Replies are simulated: no model is called, nothing is charged."
        )?;
        tracing::warn!("replies are simulated");
    }
    Output::to(io::stdout())?.push(&out);
    Ok(())
}

fn options(
    args: ServeArgs,
    keys: Vec<ApiKey>,
    model: &Model,
    shutdown: &CancellationToken,
) -> Options {
    let options = Options::default()
        .with_base_path(&args.base_path)
        .with_limits(limits(&args.limits))
        .with_heartbeat(args.limits.heartbeat)
        .with_shutdown(shutdown.clone())
        .with_simulated(model.is_simulated());
    let options = keys.into_iter().fold(options, Options::with_api_key);
    let hosts = args.allowed_hosts.into_iter();
    let options = hosts.fold(options, Options::with_allowed_host);
    let origins = args.cors_origins.into_iter();
    origins.fold(options, Options::with_cors_origin)
}

/// An engine with these limits.
fn engine(registry: Registry, limits: &LimitArgs) -> LocalEngineBuilder {
    let executor = Executor::new()
        .with_concurrent_steps(limits.max_steps)
        .with_max_run_memory(limits.max_run_memory)
        .with_max_open_frames(limits.max_open_frames)
        .with_max_events(limits.max_events)
        .with_max_map_items(limits.max_map_items)
        .with_max_output_bytes(limits.max_output);
    LocalEngine::builder(registry)
        .with_executor(executor)
        .with_max_running(limits.max_running)
        .with_max_queued(limits.max_queued)
        .with_memory_budget(limits.memory_budget)
}

fn limits(limits: &LimitArgs) -> Limits {
    Limits::default()
        .with_connections(limits.max_connections)
        .with_head_time(limits.head_time)
        .with_keep_alive(limits.keep_alive)
        .with_body_time(limits.body_time)
        .with_body_bytes(limits.max_body)
        .with_bodies_bytes(limits.max_bodies)
        .with_write_time(limits.write_time)
        .with_send_buffer_bytes(limits.send_buffer)
        .with_readers_per_run(limits.max_readers)
        .with_requests_per_minute(limits.requests_per_minute)
        .with_wrong_keys_per_minute(limits.wrong_keys_per_minute)
}

/// Serves the router with and without the base path: a proxy in front may remove it from requests or not, and probes
/// need not know it.
fn below(base_path: &str, router: Router) -> Router {
    if base_path.is_empty() {
        return router;
    }
    Router::new()
        .nest_service(base_path, router.clone())
        .fallback_service(router)
}
