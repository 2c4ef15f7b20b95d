//! Response bodies: at once or as Server-Sent Events, slowed down to the configured pace.

use std::{io, iter, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};

use super::{answer::Answer, reply::Reply};

/// One JSON object, after the time that a stream of the same text would take.
pub(super) fn whole(reply: &Reply, answer: &Answer, pace: Duration, is_cut: bool) -> Response {
    let json = reply.whole(answer).to_string();
    let words = u32::try_from(answer.pieces.len()).unwrap_or(u32::MAX);
    let words = words.saturating_add(answer.first_piece);
    let pieces = vec![Bytes::from(json)];
    let pieces = if is_cut {
        first_half(pieces)
    } else {
        complete(pieces)
    };
    let body = paced(pieces, pace.saturating_mul(words), Duration::ZERO);
    ([(CONTENT_TYPE, "application/json; charset=UTF-8")], body).into_response()
}

/// Server-Sent Events, one per word. The API ends lines with CR LF, so this does, too.
pub(super) fn streamed(reply: &Reply, answer: &Answer, pace: Duration, is_cut: bool) -> Response {
    let events = reply.events(answer).into_iter();
    let pieces: Vec<Bytes> = events
        .map(|event| Bytes::from(format!("data: {event}\r\n\r\n")))
        .collect();
    let pieces = if is_cut {
        first_half(pieces)
    } else {
        complete(pieces)
    };
    let body = paced(pieces, pace.saturating_mul(answer.first_piece), pace);
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}

type Pieces = Vec<io::Result<Bytes>>;

fn complete(pieces: Vec<Bytes>) -> Pieces {
    pieces.into_iter().map(Ok).collect()
}

/// The first half, then an error, which makes the server close the connection.
fn first_half(mut pieces: Vec<Bytes>) -> Pieces {
    match pieces.as_mut_slice() {
        [only] => only.truncate(only.len() / 2),
        several => {
            let half = several.len() / 2;
            pieces.truncate(half);
        }
    }
    let mut pieces = complete(pieces);
    pieces.push(Err(io::Error::other("the prompt asked for a cut")));
    pieces
}

/// Sends the first piece after one time, and each of the others after the other.
fn paced(pieces: Pieces, first: Duration, other: Duration) -> Body {
    let times = iter::once(first).chain(iter::repeat(other));
    let pieces = stream::iter(times.zip(pieces));
    Body::from_stream(pieces.then(move |(time, piece)| async move {
        // Even a pace of 0 yields here, so that the previous piece is sent by itself.
        tokio::time::sleep(time).await;
        piece
    }))
}
