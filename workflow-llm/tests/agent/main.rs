//! `AgentNode` over models that answer from a script.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod plans;
mod runs;
mod scripted;
mod support;
mod turns;
