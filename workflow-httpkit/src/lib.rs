//! The shared parts of the HTTP clients of this workspace: `workflow-fetch`, `workflow-gemini`, `workflow-client`. The crate
//! implements rules of HTTP and knows no API.
//!
//! - [`BodyReader`] reads a response body up to a limit.
//! - [`Secret`] is a key that can be sent but not shown; a [`Redactor`] removes it from texts of a server,
//!   and [`excerpt`] shortens such texts for error messages.
//! - [`retry_after`] and [`lenient_retry_after`] read the wait that a response asks for.
//!
//! Types of `reqwest` are part of its API, because its users are HTTP clients built on that crate.
#![allow(
    clippy::exhaustive_enums,
    reason = "private to the workspace: a new variant has to break its users"
)]

mod body;
mod excerpt;
mod redact;
mod retry_after;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;

pub use crate::{
    body::{BodyReader, MAX_REFUSAL_BYTES, ReadError},
    excerpt::{excerpt, excerpt_of_refusal, shortened, without_cut_secret},
    redact::Redactor,
    retry_after::{lenient_retry_after, retry_after},
    secret::{Secret, UnusableSecret},
};
