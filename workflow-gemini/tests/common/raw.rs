//! A server that says what it is told to, byte by byte, and then misbehaves.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use super::check;

/// What a server does when it has said its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    Close,
    Reset,
    Stall,
}

/// A server for one connection.
pub(crate) struct Raw {
    pub(crate) base_url: String,
    /// Fires when a request was read and its answer written.
    pub(crate) answered: oneshot::Receiver<()>,
    /// Fires when the client has hung up.
    pub(crate) hung_up: oneshot::Receiver<()>,
}

pub(crate) const OK_SSE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
pub(crate) const OK_JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

/// Says each piece in a write of its own.
pub(crate) async fn saying(pieces: Vec<Vec<u8>>, then: Then) -> Raw {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let (tell_answered, answered) = oneshot::channel();
    let (tell_hung_up, hung_up) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let request = read_request(&mut socket).await;
        assert_eq!(check::faults(&request), [""; 0]);
        say(&mut socket, pieces).await;
        tell_answered.send(()).ok();
        end(socket, then).await;
        tell_hung_up.send(()).ok();
    });
    Raw {
        base_url,
        answered,
        hung_up,
    }
}

/// The body of a request.
async fn read_request(socket: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    while !is_whole(&request) {
        assert_ne!(socket.read_buf(&mut request).await.unwrap(), 0);
    }
    let head = request.windows(4).position(|end| end == b"\r\n\r\n");
    request.split_off(head.unwrap() + 4)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    let length = head.split_once("content-length: ").unwrap().1;
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    body.len() >= length
}

async fn say(socket: &mut TcpStream, pieces: Vec<Vec<u8>>) {
    socket.set_nodelay(true).unwrap();
    for piece in pieces {
        if socket.write_all(&piece).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn end(mut socket: TcpStream, then: Then) {
    match then {
        Then::Close => {}
        Then::Reset => socket.set_zero_linger().unwrap(),
        Then::Stall => while socket.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {},
    }
}
