//! A server for tests that sends these bytes, then closes, resets or stalls.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// The behaviour of a server after its bytes are sent.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// Closes the connection regularly.
    Close,
    /// Resets the connection.
    Reset,
    /// Sends nothing more until the client closes the connection.
    Stall,
}

/// A server for one connection.
#[derive(Debug)]
pub struct RawServer {
    /// `http://` and the address of the server.
    pub base_url: String,
    /// Fires when a request was read and the bytes were sent.
    pub answered: oneshot::Receiver<()>,
    /// Fires when the client has closed the connection.
    pub hung_up: oneshot::Receiver<()>,
}

impl RawServer {
    /// Starts a server that reads one request and sends each piece in its own write. `check` receives the
    /// body of the request; if it panics, nothing is sent.
    ///
    /// # Errors
    /// An [`io::Error`] if no port is free.
    pub async fn start(
        pieces: Vec<Vec<u8>>,
        then: Then,
        check: impl FnOnce(&[u8]) + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let (answered_tx, answered) = oneshot::channel();
        let (hung_up_tx, hung_up) = oneshot::channel();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await?;
            let request = read_request(&mut socket).await?;
            check(&request);
            send(&mut socket, pieces).await?;
            answered_tx.send(()).ok();
            end(socket, then).await?;
            hung_up_tx.send(()).ok();
            io::Result::Ok(())
        });
        Ok(Self {
            base_url,
            answered,
            hung_up,
        })
    }
}

/// The body of a request; empty without `Content-Length`.
async fn read_request(socket: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if let Some(body) = whole_body(&request) {
            return Ok(request.split_off(body));
        }
        if socket.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The start of the body, if the request was received completely.
fn whole_body(request: &[u8]) -> Option<usize> {
    let head = request.windows(4).position(|end| end == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|length| length.trim().parse().ok());
    let body = head + 4;
    (request.len() - body >= length.unwrap_or(0)).then_some(body)
}

/// Sends each piece in its own write, without Nagle's algorithm, so that a client usually reads them one by one.
async fn send(socket: &mut TcpStream, pieces: Vec<Vec<u8>>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    for piece in pieces {
        // Some tests are about a client that closes the connection early.
        if socket.write_all(&piece).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn end(mut socket: TcpStream, then: Then) -> io::Result<()> {
    match then {
        Then::Close => {}
        Then::Reset => socket.set_zero_linger()?,
        Then::Stall => while socket.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {},
    }
    Ok(())
}
