//! A server that sends these bytes, then misbehaves.

pub(crate) use workflow_httpkit::testing::{RawServer, Then};

use super::check;

pub(crate) const OK_SSE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
pub(crate) const OK_JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

/// Sends each piece in its own write. Fails if the API would refuse the request.
pub(crate) async fn saying(pieces: Vec<Vec<u8>>, then: Then) -> RawServer {
    let check = |request: &[u8]| assert_eq!(check::faults(request), [""; 0]);
    RawServer::start(pieces, then, check).await.unwrap()
}
