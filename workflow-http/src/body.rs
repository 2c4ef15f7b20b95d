//! Reads a body whole, or refuses it so that its sender hears why.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header::EXPECT,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::{
    limits::Limits,
    problem::{Kind, Problem},
};

/// How much of a body that is too large is read and thrown away.
const DISCARDED_BYTES: usize = 16 * 1024 * 1024;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads a body within its limits of size and time.
pub(crate) async fn read(request: Request, limits: &Limits) -> Result<Bytes, Problem> {
    let time = limits.body_time;
    let read = timeout(time, read_whole(request, limits.body_bytes)).await;
    read.unwrap_or_else(|_| {
        let detail = format!("a body may take {} s to arrive", time.as_secs_f32());
        Err(Kind::BodyTooSlow.of(detail).closing())
    })
}

async fn read_whole(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let asks_first = request.headers().contains_key(EXPECT);
    let mut body = request.into_body();
    if body.size_hint().lower() <= limit as u64 {
        match Limited::new(&mut body, limit).collect().await {
            Ok(read) => return Ok(read.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => discard(body).await,
            Err(_) => return Err(Kind::UnreadableBody.of("the body broke off")),
        }
    } else if !asks_first {
        discard(body).await;
    }
    Err(Kind::BodyTooLarge.of(format!("a body may have {limit} bytes at most")))
}

/// Reads on for a while. A client that is still sending when the connection closes often sees only
/// that, and not the answer that was sent before.
async fn discard(body: Body) {
    let mut rest = Limited::new(body, DISCARDED_BYTES);
    let reading = async { while let Some(Ok(_)) = rest.frame().await {} };
    let _ = timeout(PATIENCE, reading).await;
}
