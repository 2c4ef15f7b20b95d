//! Bodies of requests whose response was ready before they were read.
//!
//! An early refusal (a wrong key, another site, an unknown path) does not read the body. If the connection closed
//! with unread bytes, TCP would reset it, and a client that is still sending would see the reset instead of the
//! response. So the rest of the body is discarded for a short time. If there is still more, the response has
//! `connection: close`, and `connection` continues to discard after it has sent the response.
//!
//! How it works: the body of each request is wrapped. When the handler, or the layer that refuses the request,
//! drops the body, the wrapper hands the unread rest to [`Unread`], which `connection` holds.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{Request, header::EXPECT},
};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::timeout;

/// The most bytes that are discarded before the response, so that the connection can be reused. It is the default
/// limit of a body.
const MAX_DISCARDED: usize = 1024 * 1024;
/// How long discarding may take: it delays the response.
const MAX_TIME: Duration = Duration::from_millis(100);

/// Receives the unread rest of a body when the handler drops it.
type Rest = Arc<Mutex<Option<Incoming>>>;

/// The unread rest of a request's body, once its handler has returned.
pub(crate) struct Unread {
    rest: Rest,
    /// Whether the client waits for `100 Continue`. Then it has sent nothing of the body, and reading would make hyper
    /// request it (RFC 9110, section 10.1.1).
    expects: bool,
}

impl Unread {
    /// The request with a watched body, and a handle to its rest.
    ///
    /// A request without a body is not wrapped: it has nothing that could be left unread.
    pub(crate) fn of(request: Request<Incoming>) -> (Request<Body>, Self) {
        let rest = Rest::default();
        let expects = request.headers().contains_key(EXPECT);
        let request = request.map(|body| {
            if body.is_end_stream() {
                return Body::empty();
            }
            let body = Some(body);
            let rest = Arc::clone(&rest);
            Body::new(Watched { body, rest })
        });
        (request, Self { rest, expects })
    }

    /// Discards the rest. Returns `false` if the body is not complete after that.
    ///
    /// `true` also if the body was read to its end, or if the body is still held elsewhere. `Limited` fails with
    /// more than [`MAX_DISCARDED`] bytes, which ends the loop as a failure of the client does.
    pub(crate) async fn discard(self) -> bool {
        let Some(body) = take(&self.rest) else {
            return true;
        };
        if self.expects || body.size_hint().lower() > MAX_DISCARDED as u64 {
            return false;
        }
        let mut body = Limited::new(body, MAX_DISCARDED);
        let discarding = async {
            loop {
                match body.frame().await {
                    None => return true,
                    Some(Ok(_)) => {}
                    Some(Err(_)) => return false,
                }
            }
        };
        timeout(MAX_TIME, discarding).await.unwrap_or(false)
    }
}

/// Takes the rest, if there is one.
fn take(rest: &Rest) -> Option<Incoming> {
    rest.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A body that hands over its rest when it is dropped.
struct Watched {
    body: Option<Incoming>,
    rest: Rest,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.as_ref().map(HttpBody::size_hint);
        hint.unwrap_or_default()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }
}
