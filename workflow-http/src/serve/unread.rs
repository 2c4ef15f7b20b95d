//! Bodies of requests that were answered before they were read.
//!
//! An early refusal (a wrong key, another site, an unknown path) does not look at the body. If the connection closes
//! with unread bytes in it, TCP resets it, and a client that is still sending sees the reset in place of the answer. So
//! what is on its way is read and thrown away, for a moment; and where more is to come, the answer says
//! `connection: close`, and the connection lingers after it.

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

/// The most bytes of an unread body that are read before the answer, so that the connection can be kept.
const MAX_DISCARDED: usize = 1024 * 1024;
/// How long that may take.
const MAX_TIME: Duration = Duration::from_millis(100);

/// The place where the unread rest of a body is put.
type Rest = Arc<Mutex<Option<Incoming>>>;

/// What is left of the body of a request once its handler is done.
pub(crate) struct Unread {
    rest: Rest,
    /// Whether the client waits for `100 Continue`: it has sent nothing of its body, and must not be asked for it.
    expects: bool,
}

impl Unread {
    /// The same request, and what will be left of its body.
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

    /// Discards what is left. Returns `false` if there is more to come.
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

/// What is in the place, which is empty then.
fn take(rest: &Rest) -> Option<Incoming> {
    rest.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A body that gives back its rest when it is dropped.
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
