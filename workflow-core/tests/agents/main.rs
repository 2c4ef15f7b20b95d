//! Agents: turns, calls of tools, approvals, limits, and what follows after a crash.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary has no public API, and may fail by panicking"
)]

mod ambiguous;
mod approvals;
mod calls;
mod cancelled;
mod ends;
mod limits;
mod log;
mod nested;
mod plans;
#[cfg(feature = "testing")]
mod recorded;
#[path = "../support/mod.rs"]
mod support;
