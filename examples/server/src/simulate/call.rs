//! The model and method of a request's URL.

use super::refusal::Refusal;

pub(super) struct Call {
    pub(super) model: String,
    pub(super) method: Method,
}

pub(super) enum Method {
    Whole,
    Streamed,
}

impl Call {
    /// From the path's last segment, `gemini-x:generateContent`, and the query.
    pub(super) fn parse(call: &str, query: Option<&str>) -> Result<Self, Refusal> {
        let (model, method) = call.rsplit_once(':').unwrap_or((call, ""));
        let method = match method {
            "generateContent" => Method::Whole,
            "streamGenerateContent" if query == Some("alt=sse") => Method::Streamed,
            "streamGenerateContent" => {
                return Err(Refusal::invalid("Only alt=sse is simulated."));
            }
            other => {
                return Err(Refusal::not_found(format!(
                    "The method {other:?} is not simulated."
                )));
            }
        };
        let model = model.to_owned();
        Ok(Self { model, method })
    }
}
