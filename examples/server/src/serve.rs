//! Serves until the program is asked to stop.

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, runtime::Runtime};
use tokio_util::sync::CancellationToken;
use workflow_core::{LocalEngine, Recovered};
use workflow_http::{ApiKey, Metrics, Options};

use crate::{
    cli::{DataArgs, ServeArgs},
    data::Data,
    error::Stopped,
    keys,
    log::log,
    model::Model,
    registry::registry,
    signals::Signals,
    variables::Variables,
};

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn serve(args: ServeArgs) -> Result<ExitCode, Stopped> {
    log(args.log.clone(), args.log_format);
    let variables = Variables::read(args.files.env_file.as_deref())?;
    let keys = keys::keys(&args, &variables)?;
    if keys.is_empty() && !args.addr.ip().is_loopback() {
        return Err(Stopped::Exposed(args.addr));
    }
    Runtime::new()?.block_on(run(args, keys, variables))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(args: ServeArgs, keys: Vec<ApiKey>, variables: Variables) -> Result<(), Stopped> {
    let mut signals = Signals::new()?;
    let model = Model::new(&args.nodes, &variables).await?;
    let listener = listen(args.addr).await?;
    let registry = registry(model.client.clone(), &args.nodes, variables.clone())?;
    let data = Data::open(&args.data).await?;
    let metrics = Arc::new(Metrics::default());
    let engine = LocalEngine::builder(registry).store(data.store());
    let engine = Arc::new(engine.observer(metrics.clone()).build());
    let recovered = engine.recover().await?;
    if recovered != Recovered::default() {
        let Recovered {
            going_on, waiting, ..
        } = recovered;
        tracing::info!(going_on, waiting, "runs of the last time are taken up");
    }
    announce(listener.local_addr()?, &model, &args.data, &variables)?;

    let drain = args.drain;
    let shutdown = CancellationToken::new();
    let options = options(args, keys, &model, &shutdown).with_metrics(metrics);
    let router = workflow_http::router(engine.clone(), options.clone());
    let serving = workflow_http::serve(listener, router, &options);
    let stopping = async {
        signals.next().await;
        tracing::info!("stopping: runs have {drain:?} to end");
        shutdown.cancel();
        tokio::select! {
            () = engine.shutdown(drain) => {}
            () = signals.next() => tracing::warn!("stopped at once: asked twice"),
        }
        Ok(())
    };
    let served = tokio::try_join!(serving, stopping);
    engine.shutdown(Duration::ZERO).await;
    data.close().await;
    served?;
    Ok(())
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, Stopped> {
    TcpListener::bind(addr)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => Stopped::AddressInUse(addr),
            _ => Stopped::Listen(addr, error),
        })
}

fn announce(
    addr: SocketAddr,
    model: &Model,
    data: &DataArgs,
    variables: &Variables,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Listening on http://{addr}")?;
    if let Some(file) = variables.path() {
        writeln!(out, "Variables read from {}", file.display())?;
    }
    writeln!(out, "Model: {}", model.client.model())?;
    write!(out, "{}", model.connection())?;
    if data.memory {
        writeln!(out, "Data: kept in memory only")?;
    } else {
        writeln!(out, "Data: {}", data.data_dir.display())?;
    }
    if model.is_simulated() {
        writeln!(
            out,
            "Answers are simulated: no model is asked, nothing is charged."
        )?;
        tracing::warn!("answers are simulated");
    }
    out.flush()
}

fn options(
    args: ServeArgs,
    keys: Vec<ApiKey>,
    model: &Model,
    shutdown: &CancellationToken,
) -> Options {
    let options = Options::default()
        .with_shutdown(shutdown.clone())
        .with_simulated(model.is_simulated());
    let options = keys.into_iter().fold(options, Options::with_api_key);
    let hosts = args.allowed_hosts.into_iter();
    let options = hosts.fold(options, Options::with_allowed_host);
    let origins = args.cors_origins.into_iter();
    origins.fold(options, Options::with_cors_origin)
}
