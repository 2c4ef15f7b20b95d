//! A server that says what it is told to, byte by byte, and then misbehaves.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// What a server does when it has said its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    Close,
    Stall,
}

/// A server for one connection.
pub(crate) struct Raw {
    pub(crate) origin: String,
    /// Fires when a request was read and its answer written.
    pub(crate) answered: oneshot::Receiver<()>,
    /// Fires when the client has hung up.
    pub(crate) hung_up: oneshot::Receiver<()>,
}

/// Reads the head of a request, says these bytes, and then this.
pub(crate) async fn saying(bytes: &'static str, then: Then) -> Raw {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (tell_answered, answered) = oneshot::channel();
    let (tell_hung_up, hung_up) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_head(&mut socket).await;
        socket.write_all(bytes.as_bytes()).await.unwrap();
        tell_answered.send(()).ok();
        if matches!(then, Then::Stall) {
            while socket.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
        }
        tell_hung_up.send(()).ok();
    });
    Raw {
        origin,
        answered,
        hung_up,
    }
}

async fn read_head(socket: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(socket.read_buf(&mut head).await.unwrap(), 0);
    }
}
