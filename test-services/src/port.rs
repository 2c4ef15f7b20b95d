//! Ports that are free now, for servers that cannot choose one by themselves.

use std::net::TcpListener;

/// Distinct ports of 127.0.0.1. They are free when this returns; another process may take one before its server does.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    // All are open at a time, so that none is chosen twice.
    let sockets = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("a socket"));
    sockets.map(|socket| socket.local_addr().expect("its address").port())
}
