//! Reading an answer: bytes to JSON objects to a reply ([`ReplyBuilder`]).
//!
//! Everything except [`ResponseBody`] is pure. The module must not buffer without a bound: `ResponseBody` stops at the
//! limit before it hands out the bytes.

mod reply_builder;
mod reply_reader;
mod response_body;

pub(crate) use self::{
    reply_builder::ReplyBuilder, reply_reader::ReplyReader, response_body::ResponseBody,
};

#[cfg(test)]
mod tests;
