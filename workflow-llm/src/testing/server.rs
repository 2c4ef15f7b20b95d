//! A server that answers every request with the same bytes, and sees when the client leaves.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// An answer: its head, and the pieces of its body.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    head: String,
    pieces: Vec<Vec<u8>>,
    stalls: bool,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let head = format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n");
        Self {
            head,
            pieces: vec![body.into()],
            stalls: false,
        }
    }

    /// A stream of server-sent events.
    pub(super) fn stream(body: impl Into<Vec<u8>>) -> Self {
        Self {
            head: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n".to_owned(),
            ..Self::new(200, body)
        }
    }

    pub(super) fn with_header(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// Sends the body in pieces of this size.
    pub(super) fn in_pieces(mut self, size: usize) -> Self {
        let body = self.pieces.concat();
        self.pieces = body.chunks(size).map(<[u8]>::to_vec).collect();
        self
    }

    /// Sends nothing after the body, and keeps the connection open.
    pub(super) fn stalling(mut self) -> Self {
        self.stalls = true;
        self
    }
}

/// Runs until it is dropped.
pub(super) struct Server {
    pub(super) base_url: String,
    bodies: Arc<Mutex<Vec<Value>>>,
    hung_up: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let (left, hung_up) = watch::channel(false);
        let received = Arc::clone(&bodies);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let has_left = serve(socket, &reply, &received).await.is_none();
                left.send_modify(|it| *it |= has_left);
            }
        });
        Self {
            base_url,
            bodies,
            hung_up,
            task,
        }
    }

    /// The bodies of the requests so far.
    pub(super) fn bodies(&self) -> Vec<Value> {
        let bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.clone()
    }

    /// Waits until a client has closed the connection before its answer was complete.
    pub(super) async fn hung_up(&mut self) {
        self.hung_up.wait_for(|left| *left).await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request. `None` if the client leaves first.
async fn serve(mut socket: TcpStream, reply: &Reply, bodies: &Mutex<Vec<Value>>) -> Option<()> {
    socket.set_nodelay(true).ok()?;
    let body = read(&mut socket).await?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let all = bodies.lock();
    all.unwrap_or_else(PoisonError::into_inner).push(body);
    // Without a length, the body ends with the connection.
    let head = format!("{}connection: close\r\n\r\n", reply.head);
    socket.write_all(head.as_bytes()).await.ok()?;
    for piece in &reply.pieces {
        socket.write_all(piece).await.ok()?;
        // The client may read between two pieces.
        tokio::task::yield_now().await;
    }
    if reply.stalls && socket.read(&mut [0; 64]).await.is_ok_and(|read| read == 0) {
        return None;
    }
    socket.shutdown().await.ok()
}

/// Reads the head and the body of a request, and returns the body.
async fn read(socket: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if socket.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let length = head.split_once("content-length: ")?.1;
        let length: usize = length.lines().next()?.parse().ok()?;
        if request.len() >= end + 4 + length {
            return Some(request.split_off(end + 4));
        }
    }
}
