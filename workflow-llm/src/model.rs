//! [`Model`]: what a provider implements.

use std::sync::Arc;

use futures::stream::BoxStream;
use serde_json::Value;
use workflow_core::value::{InvalidData, StepKeyBuilder};

use crate::{error::ModelError, provider::ProviderInfo, request::ModelRequest, turn::ModelChunk};

/// An answer as a stream of its chunks: one [`ModelChunk::Done`] or one error ends it.
pub type ModelStream = BoxStream<'static, Result<ModelChunk, ModelError>>;

/// A client of a provider. It sends each request once: the engine retries, as the errors advise.
///
/// One value serves all models of the provider, for all runs at once.
///
/// # Cancellation
/// Dropping the stream of [`ask`](Self::ask) ends the request: it leaves a queue, and closes the connection.
pub trait Model: Send + Sync + 'static {
    /// Sends a request, and returns the answer as it comes. Nothing is sent before the stream is polled.
    ///
    /// A request that the provider cannot express is the error of the stream, before anything is sent:
    /// [`ModelError::invalid_request`], [`ModelError::unsupported_option`].
    fn ask(&self, request: Arc<ModelRequest>) -> ModelStream;

    /// The body of the request as it would be sent, without credentials. For the key of the step, for its record in the log, and for people and
    /// tests. Pure: equal requests give equal bodies.
    ///
    /// It is also called with inline data that was shortened for the log, so it checks no data.
    ///
    /// # Errors
    /// [`ModelError::unsupported_option`] for an option that the provider does not have. Other faults are those of [`ask`](Self::ask).
    fn body(&self, request: &ModelRequest) -> Result<Value, ModelError>;

    /// What is known of the provider.
    fn provider(&self) -> &ProviderInfo;

    /// The name of a model as the provider counts it, so that two names of one model are one. `None` for a name with a `/` whose first
    /// part has to be the name of another provider. Default: without spaces around it, and `None` if it has a `/`.
    fn model_name<'a>(&self, written: &'a str) -> Option<&'a str> {
        let name = written.trim();
        (!name.contains('/')).then_some(name)
    }

    /// Checks settings when a workflow is created: misspelt words, combinations that no model of the provider has. The request has
    /// no messages, and a model only if the workflow names one.
    ///
    /// An option that the provider does not have at all is no fault here: the workflow may run on a host with another provider.
    ///
    /// # Errors
    /// The field of the node's `data`, and its fault.
    fn check(&self, settings: &ModelRequest) -> Result<(), InvalidData> {
        let _ = settings;
        Ok(())
    }

    /// Adds what is sent to the key of a step, without the [terms](ModelRequest::without_terms). Default: the body, under the name `request`.
    /// Override it only to avoid copies of large requests. Keys are stored, so it must not change.
    ///
    /// # Errors
    /// As [`body`](Self::body).
    fn add_to_key(
        &self,
        request: &ModelRequest,
        key: StepKeyBuilder,
    ) -> Result<StepKeyBuilder, ModelError> {
        let body = self.body(&request.clone().without_terms())?;
        Ok(key.json("request", &body))
    }

    /// Whether a retry could be sent now, without waiting for a retry budget of the client. Default: `true`.
    fn grants_retry(&self) -> bool {
        true
    }

    /// Whether the client allows retries at all. Default: `true`.
    fn has_retries(&self) -> bool {
        true
    }
}

const _: fn(&dyn Model) = |_| {};
