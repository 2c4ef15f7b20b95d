//! What the HTTP clients of this workspace share. It knows HTTP and no API.
//!
//! - [`BodyReader`] reads a response body within a bound.
//! - [`Secret`] is a key that can be sent and not shown; a [`Redactor`] removes it from what a server
//!   sends back, and [`excerpt`] makes such text fit for an error message.
//! - [`retry_after`] and [`lenient_retry_after`] read how long a response asks to wait.
//!
//! Types of `reqwest` are part of its API: its users are HTTP clients built on that crate.
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
    excerpt::{excerpt, excerpt_of_refusal, shortened},
    redact::Redactor,
    retry_after::{lenient_retry_after, retry_after},
    secret::{Secret, UnusableSecret},
};
