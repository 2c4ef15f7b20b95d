//! A reader: starts a run, and reads its words to the end.

use std::{cell::Cell, time::Instant};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{WORD, WORDS, floor};

const FRAME: &str = "event: node.delta\n";

/// What all readers of a storm have seen so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// The readers that have a word.
    pub begun: Cell<usize>,
    /// The frames with words.
    pub frames: Cell<usize>,
    /// The readers that have all words.
    pub ended: Cell<usize>,
}

/// What a reader has seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// When it began to connect.
    pub begun: Instant,
    /// When it had the first word.
    pub first: Instant,
    /// When the stream ended.
    pub ended: Instant,
    /// The frames with words. A frame has several words if the reader was behind.
    pub frames: usize,
}

/// Starts a run by a request to this path, and reads it. The service gets a second request for the events; the floor sends
/// them with the first.
///
/// # Panics
/// If the stream does not have all words.
pub async fn read(address: &str, path: &str, progress: &Progress) -> Seen {
    let begun = Instant::now();
    let stream = TcpStream::connect(address).await;
    let mut stream = stream.unwrap_or_else(|error| panic!("{error}"));
    let body = r#"{"input":"Quantum Computing"}"#;
    let length = body.len();
    let close = if path == floor::PATH {
        "close"
    } else {
        "keep-alive"
    };
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: {close}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    write(&mut stream, &request).await;
    if path != floor::PATH {
        let run = started(&mut stream).await;
        let request = format!(
            "GET /api/runs/{run}/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             accept: text/event-stream\r\n\r\n"
        );
        write(&mut stream, &request).await;
    }
    let (mut text, mut first) = (Vec::with_capacity(32 * 1024), None);
    let (mut frames, mut counted) = (0, 0);
    while stream.read_buf(&mut text).await.is_ok_and(|read| read > 0) {
        while let Some(at) = find(&text[counted..], FRAME) {
            counted += at + FRAME.len();
            frames += 1;
            add(&progress.frames);
            if first.is_none() {
                first = Some(Instant::now());
                add(&progress.begun);
            }
        }
    }
    add(&progress.ended);
    let text = String::from_utf8_lossy(&text);
    let words = text.matches(WORD).count();
    assert!(words >= WORDS, "{words} words: {text}");
    Seen {
        begun,
        first: first.unwrap_or(begun),
        ended: Instant::now(),
        frames,
    }
}

async fn write(stream: &mut TcpStream, request: &str) {
    let written = stream.write_all(request.as_bytes()).await;
    written.unwrap_or_else(|error| panic!("{error}"));
}

/// The id of the run in the response to its start.
async fn started(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while stream.read_buf(&mut text).await.is_ok_and(|read| read > 0) {
        let Some(body) = text.windows(4).position(|end| end == b"\r\n\r\n") else {
            continue;
        };
        // The body is JSON: as long as it is not complete, it cannot be parsed.
        if let Ok(Value::Object(run)) = serde_json::from_slice(&text[body + 4..]) {
            let id = run["id"].as_str().map(str::to_owned);
            return id.unwrap_or_else(|| panic!("{run:?}"));
        }
    }
    panic!("{}", String::from_utf8_lossy(&text))
}

fn find(text: &[u8], part: &str) -> Option<usize> {
    text.windows(part.len())
        .position(|it| it == part.as_bytes())
}

fn add(count: &Cell<usize>) {
    count.set(count.get() + 1);
}
