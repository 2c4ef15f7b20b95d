//! A server that follows a script for each request, misbehaves, and records the requests.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};

use super::check;

/// The reaction to one request.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    bytes: Vec<u8>,
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Close,
    Reset,
    Stall,
    Flood,
}

/// Sends these bytes and closes the connection.
pub(crate) fn send(bytes: impl Into<Vec<u8>>) -> Act {
    let (bytes, then) = (bytes.into(), Then::Close);
    Act { bytes, then }
}

/// Sends these bytes and resets the connection.
pub(crate) fn reset(bytes: impl Into<Vec<u8>>) -> Act {
    let (bytes, then) = (bytes.into(), Then::Reset);
    Act { bytes, then }
}

/// Sends these bytes, and then nothing for as long as the client waits.
pub(crate) fn stall(bytes: impl Into<Vec<u8>>) -> Act {
    let (bytes, then) = (bytes.into(), Then::Stall);
    Act { bytes, then }
}

/// Sends these bytes, and then the letter `x` for as long as the client reads.
pub(crate) fn flood(bytes: impl Into<Vec<u8>>) -> Act {
    let (bytes, then) = (bytes.into(), Then::Flood);
    Act { bytes, then }
}

/// A complete HTTP response.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Act {
    let length = body.len();
    send(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n{headers}\r\n{body}"
    ))
}

/// One request as the server received it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    /// Request line and headers.
    pub(crate) head: String,
    /// When the client closed the connection, if it did so before the server.
    pub(crate) left: Option<Instant>,
}

pub(crate) struct Server {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    changed: watch::Receiver<usize>,
}

impl Server {
    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The times between the requests.
    pub(crate) fn gaps(&self) -> Vec<Duration> {
        let seen = self.seen();
        seen.windows(2).map(|two| two[1].at - two[0].at).collect()
    }

    /// Waits until the requests meet a condition.
    pub(crate) async fn until(&mut self, condition: impl Fn(&[Seen]) -> bool) {
        while !condition(&self.seen()) {
            self.changed.changed().await.unwrap();
        }
    }
}

/// Follows one act per request, and repeats the last one.
pub(crate) async fn serving(acts: Vec<Act>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (notify, changed) = watch::channel(0);
    let seen_requests = Arc::clone(&seen);
    tokio::spawn(async move {
        let notify = Arc::new(notify);
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let connection = Connection {
                socket,
                seen_requests: Arc::clone(&seen_requests),
                notify: Arc::clone(&notify),
            };
            tokio::spawn(connection.serve(acts.clone()));
        }
    });
    Server {
        base_url,
        seen,
        changed,
    }
}

struct Connection {
    socket: TcpStream,
    seen_requests: Arc<Mutex<Vec<Seen>>>,
    notify: Arc<watch::Sender<usize>>,
}

impl Connection {
    async fn serve(mut self, acts: Vec<Act>) {
        let Some((head, body)) = self.read().await else {
            return;
        };
        let number = {
            let mut seen_requests = self.seen_requests.lock().unwrap();
            let at = Instant::now();
            seen_requests.push(Seen {
                at,
                head,
                left: None,
            });
            seen_requests.len() - 1
        };
        self.notify.send_modify(|changes| *changes += 1);
        let act = match check::refusal(&body) {
            Some(refusal) => answer("400 Bad Request", "", &refusal),
            None => acts[number.min(acts.len() - 1)].clone(),
        };
        let mut left = self.socket.write_all(&act.bytes).await.is_err();
        match act.then {
            Then::Close => {}
            Then::Reset => self.socket.set_zero_linger().unwrap(),
            Then::Stall => {
                left = self
                    .socket
                    .read(&mut [0; 64])
                    .await
                    .is_ok_and(|read| read == 0);
            }
            Then::Flood => {
                while self.socket.write_all(&[b'x'; 16 * 1024]).await.is_ok() {}
                left = true;
            }
        }
        if left {
            self.seen_requests.lock().unwrap()[number].left = Some(Instant::now());
            self.notify.send_modify(|changes| *changes += 1);
        }
    }

    /// Reads the head and the body of the request.
    async fn read(&mut self) -> Option<(String, Vec<u8>)> {
        let mut request = Vec::new();
        loop {
            if self.socket.read_buf(&mut request).await.ok()? == 0 {
                return None;
            }
            let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = head.split_once("content-length: ")?.1;
            let length: usize = length.lines().next()?.parse().ok()?;
            if request.len() >= end + 4 + length {
                return Some((head, request.split_off(end + 4)));
            }
        }
    }
}
