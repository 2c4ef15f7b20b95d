//! The shared parts of the HTTP clients of this workspace: `workflow-fetch`, `workflow-gemini`, `workflow-openai`, `workflow-client`. The crate
//! implements rules of HTTP and knows no API.
//!
//! - [`BodyReader`] reads a response body up to a limit.
//! - [`Secret`] is a key that can be sent but not shown; a [`Redactor`] removes it from texts of a server,
//!   and [`excerpt`] shortens such texts for error messages.
//! - [`Clock`] applies the timeouts of a request, and [`Peer`] names the host that it is sent to.
//! - [`Documents`] finds the JSON objects of a streamed answer.
//! - [`retry_after`] and [`lenient_retry_after`] read the wait that a response asks for.
//!
//! Types of `reqwest` are part of its API, because its users are HTTP clients built on that crate.
#![allow(
    clippy::exhaustive_enums,
    reason = "private to the workspace: a new variant has to break its users"
)]

mod body;
mod clock;
mod excerpt;
mod peer;
mod redact;
mod retry_after;
mod secret;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;

pub use crate::{
    body::{BodyReader, MAX_REFUSAL_BYTES, ReadError},
    clock::{Clock, Phase, TimedOut, Timeouts},
    excerpt::{excerpt, excerpt_of_refusal, shortened, without_cut_secret},
    peer::{Peer, is_loopback},
    redact::Redactor,
    retry_after::{lenient_retry_after, retry_after},
    secret::{Secret, UnusableSecret},
    stream::{Documents, Surrogates},
};
