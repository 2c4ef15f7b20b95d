//! [`HttpNode`]: a step that makes one HTTP call.

use async_trait::async_trait;
use serde_json::Value;
use workflow_core::{
    Node, NodeContext, NodeError, Plan, PlanContext, Registry,
    node::{DisplayHints, Effects, OutputShape},
};

use crate::{client::HttpClient, data::HttpData, plan, reply::OUTPUT, request::Request};

/// The name of the node type in workflows.
const TYPE: &str = "HttpNode";

/// Registers the node type `HttpNode`, whose nodes use this client.
///
/// A node has one attempt unless its workflow sets `retry`, because not every call may be repeated.
///
/// ```
/// use workflow_core::Registry;
/// use workflow_fetch::HttpClient;
///
/// let client = HttpClient::builder().with_origin("https://cms.example.com").build()?;
/// let mut registry = Registry::default();
/// workflow_fetch::register(&mut registry, client);
/// assert_eq!(registry.get("HttpNode").unwrap().display().summary(), Some("url"));
/// # Ok::<(), workflow_fetch::ConfigError>(())
/// ```
pub fn register(registry: &mut Registry, client: HttpClient) {
    registry
        .register_with(TYPE, move |data: HttpData| {
            HttpNode::new(client.clone(), data)
        })
        .with_activity("Calling a web service")
        .with_display(
            DisplayHints::new()
                .with_label("HTTP")
                .with_icon("http")
                .with_summary("url"),
        );
}

/// A node that makes one HTTP call per attempt. Its output is `{"status", "headers", "body"}`.
///
/// A status that the workflow does not expect is an error. Errors are marked as retryable if a later
/// attempt may succeed; the engine retries.
///
/// ```
/// use workflow_core::Registry;
/// use workflow_fetch::{HttpClient, HttpData, HttpNode};
///
/// // A second node type, for calls within the network of the service.
/// let client = HttpClient::builder().with_origin("https://intranet.example.com").build()?;
/// let mut registry = Registry::default();
/// registry.register_with("IntranetNode", move |data: HttpData| HttpNode::new(client.clone(), data));
/// # Ok::<(), workflow_fetch::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct HttpNode {
    client: HttpClient,
    data: HttpData,
}

impl HttpNode {
    /// Creates a node with this client and data.
    pub fn new(client: HttpClient, data: HttpData) -> Self {
        Self { client, data }
    }
}

#[async_trait]
impl Node for HttpNode {
    /// # Errors
    /// A [`NodeError`] with one of the codes in the crate's README.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let mut request: Request = match cx.prepared() {
            Some(request) => request,
            None => Request::render(&self.data, &cx.planning())?,
        };
        cx.record_request(plan::shown(&request));
        request.add_idempotency_key(&cx.idempotency_key())?;
        self.client.fetch(request).await
    }

    /// The rendered call, its key, and whether it acts.
    ///
    /// # Errors
    /// `template_error`, `invalid_url`, `invalid_header` or `request_too_large`.
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        let request = Request::render(&self.data, cx)?;
        Ok(plan::plan(self.data.fields(), request, cx))
    }

    /// As its data says it, or else its method.
    fn effects(&self) -> Option<Effects> {
        Some(plan::effects(self.data.fields()))
    }

    /// References to other fields than these three are refused when a workflow is created.
    fn output_shape(&self) -> OutputShape<'_> {
        OutputShape::Schema(&OUTPUT)
    }
}
