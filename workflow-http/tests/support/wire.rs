//! A client on the level of bytes: one connection, one request, chunks as they were sent.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Answer, Api};

/// Serves an API on a free port of 127.0.0.1.
pub async fn serve(api: &Api) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (router, options) = (api.router.clone(), api.options.clone());
    let serving =
        tokio::spawn(async move { workflow_http::serve(listener, router, &options).await });
    (address, serving)
}

pub struct Wire(BufReader<TcpStream>);

impl Wire {
    pub async fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// Sends a request verbatim, with a line break after each line.
    pub async fn send(address: SocketAddr, head: &[&str], body: &str) -> Self {
        let mut wire = Self::connect(address).await;
        let head = head.join("\r\n");
        let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        wire.write(&request).await;
        wire
    }

    /// Sends these bytes, or as many as the server accepts.
    pub async fn write(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.ok();
    }

    /// Sends what `curl` sends by default.
    pub async fn get(address: SocketAddr, path: &str, more: &[&str]) -> Self {
        let line = format!("GET {path} HTTP/1.1");
        let host = format!("Host: {address}");
        let head = [&[line.as_str(), host.as_str()], more].concat();
        Self::send(address, &head, "").await
    }

    /// Sends what `curl -d` sends by default.
    pub async fn post(address: SocketAddr, path: &str, body: &str) -> Self {
        let line = format!("POST {path} HTTP/1.1");
        let host = format!("Host: {address}");
        let form = "Content-Type: application/x-www-form-urlencoded";
        Self::send(address, &[&line, &host, form], body).await
    }

    /// The lines of the response's head, in lower case.
    pub async fn head(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            if line.is_empty() {
                return lines;
            }
            lines.push(line.to_ascii_lowercase());
        }
    }

    /// The whole response, whose length is announced.
    pub async fn answer(&mut self) -> Answer {
        let head = self.head().await;
        let status = StatusCode::from_bytes(&head[0].as_bytes()[9..12]).unwrap();
        let headers: HeaderMap = head[1..]
            .iter()
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap();
                let name: HeaderName = name.parse().unwrap();
                (name, HeaderValue::from_str(value).unwrap())
            })
            .collect();
        let bytes = headers["content-length"].to_str().unwrap().parse().unwrap();
        let mut text = vec![0; bytes];
        self.0.read_exact(&mut text).await.unwrap();
        Answer {
            status,
            headers,
            text: String::from_utf8(text).unwrap(),
        }
    }

    /// Closes the connection with a reset, like a client that crashes.
    pub fn reset(self) {
        self.0.into_inner().set_zero_linger().unwrap();
    }

    pub async fn status(&mut self) -> String {
        self.head().await.swap_remove(0)
    }

    /// The next chunk of a chunked body; `None` after the last.
    pub async fn chunk(&mut self) -> Option<String> {
        let size = usize::from_str_radix(&self.line().await, 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.0.read_exact(&mut chunk).await.unwrap();
        chunk.truncate(size);
        (size > 0).then(|| String::from_utf8(chunk).unwrap())
    }

    /// The frames of an event stream. How they are distributed over chunks depends on time, but no frame is cut.
    pub async fn frames(mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(chunk) = self.chunk().await {
            assert!(chunk.ends_with("\n\n"), "a frame is cut: {chunk:?}");
            frames.extend(chunk.split_inclusive("\n\n").map(str::to_owned));
        }
        frames
    }

    /// Everything until the server closes the connection.
    pub async fn all(mut self) -> String {
        let mut text = String::new();
        self.0.read_to_string(&mut text).await.unwrap();
        text
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }
}
