//! The simulated methods: `generateContent` and `streamGenerateContent`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State, rejection::BytesRejection},
    http::Uri,
    response::Response,
    routing::post,
};

use super::{
    answer::Answer,
    call::{Call, Method},
    frames,
    limits::Limits,
    marker::Marker,
    question::Question,
    refusal::Refusal,
    reply::Reply,
};

/// The largest request body.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

pub(super) fn router(pace: Duration) -> Router {
    let simulated = Simulated {
        pace,
        answers: AtomicU64::new(0),
        limits: Limits::default(),
    };
    Router::new()
        .route("/{version}/models/{*call}", post(generate))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(simulated))
}

struct Simulated {
    pace: Duration,
    /// The number of replies so far, for their ids.
    answers: AtomicU64,
    limits: Limits,
}

async fn unknown(uri: Uri) -> Refusal {
    Refusal::not_found(format!("{} is not simulated.", uri.path()))
}

async fn generate(
    State(simulated): State<Arc<Simulated>>,
    Path((_version, call)): Path<(String, String)>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let call = Call::parse(&call, uri.query())?;
    let question = Question::read(&body?)?;
    let marker = Marker::of(question.prompt());
    simulated.refuse(marker, question.prompt())?;

    let answer = match marker {
        Some(Marker::Safety) => Answer::refused_for_safety(),
        _ => Answer::to(&question),
    };
    let number = simulated.answers.fetch_add(1, Ordering::Relaxed) + 1;
    let reply = Reply::new(&call.model, &question, number);
    let is_cut = marker == Some(Marker::Cut);
    Ok(match call.method {
        Method::Whole => frames::whole(&reply, &answer, simulated.pace, is_cut),
        Method::Streamed => frames::streamed(&reply, &answer, simulated.pace, is_cut),
    })
}

impl Simulated {
    /// Returns the faults that are an error response.
    fn refuse(&self, marker: Option<Marker>, prompt: &str) -> Result<(), Refusal> {
        match marker {
            Some(Marker::BadRequest) => Err(Refusal::invalid("The prompt asked for a 400.")),
            Some(Marker::Internal) => Err(Refusal::internal()),
            Some(Marker::RateLimited) if self.limits.is_over(prompt) => {
                Err(Refusal::rate_limited())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
