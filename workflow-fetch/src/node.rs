//! `HttpNode`: a step that makes one HTTP call.

use async_trait::async_trait;
use serde_json::Value;
use workflow_core::{Node, NodeContext, NodeError, Registry, node::DisplayHints};

use crate::{client::HttpClient, data::HttpData, request::Request};

/// The name workflows use.
const TYPE: &str = "HttpNode";

/// Registers `HttpNode`, calling through this client.
///
/// Nodes of the type are tried once unless their workflow says otherwise: not every call may be
/// made twice.
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

/// Makes one HTTP call. Its output is `{"status", "headers", "body"}`.
///
/// A status that the workflow does not expect is an error. It calls once per attempt: to try again
/// is the engine's business, and its errors say whether that makes sense.
#[derive(Debug)]
pub struct HttpNode {
    client: HttpClient,
    data: HttpData,
}

impl HttpNode {
    /// A node that does through this client what its data says.
    pub fn new(client: HttpClient, data: HttpData) -> Self {
        Self { client, data }
    }
}

#[async_trait]
impl Node for HttpNode {
    /// # Cancellation
    /// Dropping the future closes the connection.
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let request = Request::render(&self.data, cx)?;
        self.client.fetch(request).await
    }
}
