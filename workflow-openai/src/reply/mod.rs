//! Answers: JSON objects of the API to a [`Message`]. Pure.
//!
//! A streamed answer is many chunks with a `delta` each, a whole one has one `message`. Both are read by one [`Assembly`], and
//! all fields are read leniently, because each compatible server deviates somewhere.

mod assembly;
mod calls;
mod usage;

pub(crate) use self::{
    assembly::{Assembly, Message, Piece},
    calls::{FinishedCall, arguments},
};
