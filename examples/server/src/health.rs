//! The command `health`: one request to the service. A container image from scratch has no `curl` for it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use tokio::runtime;

use crate::{cli::HealthArgs, error::CliError};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Succeeds if the service answers.
pub(crate) fn health(args: &HealthArgs) -> Result<ExitCode, CliError> {
    let addr = reachable(args.addr);
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let checked = runtime.block_on(check(addr));
    checked.map_err(|error| CliError::NotHealthy(addr, error.without_url()))?;
    Ok(ExitCode::SUCCESS)
}

async fn check(addr: SocketAddr) -> reqwest::Result<()> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    let url = format!("http://{addr}/healthz");
    client.build()?.get(url).send().await?.error_for_status()?;
    Ok(())
}

/// The address to connect to: a service that listens on all addresses is reached on loopback.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, addr.port())
}
