//! The API's JSON: what is sent, what comes. Private, since the API changes it.

mod fault;
mod lenient;
mod question;
mod response;
mod surrogates;

pub(crate) use self::{
    fault::Fault,
    question::Question,
    response::{Candidate, PromptFeedback, Response, Unreadable, responses},
    surrogates::Surrogates,
};
