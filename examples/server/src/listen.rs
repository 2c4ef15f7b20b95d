//! Binds the addresses of the program.

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

use crate::error::CliError;

/// Listens on an address that the option sets.
pub(crate) async fn listen(
    addr: SocketAddr,
    option: &'static str,
) -> Result<TcpListener, CliError> {
    TcpListener::bind(addr)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => CliError::AddressInUse(addr, option),
            _ => CliError::Listen(addr, error),
        })
}
