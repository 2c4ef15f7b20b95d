//! A node type whose attempts follow a script.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::error::NodeError;
use crate::node::{Node, NodeContext, NodeType, Registry};

/// One attempt of a [`Script`]: how long it works, the text it streams, and how it ends.
///
/// ```
/// use std::time::Duration;
/// use workflow_core::{NodeError, testing::ScriptedAttempt};
///
/// let busy = ScriptedAttempt::error(|| NodeError::new("busy", "the service is busy").with_retry());
/// let answer = ScriptedAttempt::output("Good morning")
///     .with_text("Good ")
///     .with_text("morning")
///     .with_work(Duration::from_secs(2));
/// ```
#[derive(Clone)]
pub struct ScriptedAttempt {
    work: Duration,
    text: Vec<String>,
    end: End,
}

#[derive(Clone)]
enum End {
    Output(Value),
    Error(Arc<dyn Fn() -> NodeError + Send + Sync>),
    Never,
}

impl ScriptedAttempt {
    /// An attempt that succeeds with this output.
    pub fn output(output: impl Into<Value>) -> Self {
        Self::ending(End::Output(output.into()))
    }

    /// An attempt that fails. A [`NodeError`] belongs to one attempt, so the script makes a new one for each.
    pub fn error(error: impl Fn() -> NodeError + Send + Sync + 'static) -> Self {
        Self::ending(End::Error(Arc::new(error)))
    }

    /// An attempt that never ends by itself: it is cancelled, or runs into its time-out.
    pub fn pending() -> Self {
        Self::ending(End::Never)
    }

    fn ending(end: End) -> Self {
        Self {
            work: Duration::ZERO,
            text: Vec::new(),
            end,
        }
    }

    /// Sets how long the attempt works before it ends. Default: no time.
    #[must_use]
    pub fn with_work(mut self, work: Duration) -> Self {
        self.work = work;
        self
    }

    /// Adds a piece of text that the attempt streams before it works.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text.push(text.into());
        self
    }
}

impl fmt::Debug for ScriptedAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedAttempt")
            .field("work", &self.work)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

/// A stand-in for a node type: every step of the type takes the attempts of the script in order, and repeats
/// the last one. An attempt that is lost in a crash is taken again after the recovery.
///
/// Nodes of the type accept any object as `data` and do not read it, so that a workflow can be tested as it
/// is, without the services it calls.
///
/// ```
/// use serde_json::json;
/// use workflow_core::{
///     EngineError, NodeError, Registry, RetryPolicy,
///     testing::{Script, ScriptedAttempt, TestEngine, run_in_virtual_time},
/// };
///
/// let engine = TestEngine::new(|| {
///     let mut registry = Registry::default();
///     Script::new([
///         ScriptedAttempt::error(|| NodeError::new("busy", "the model is busy").with_retry()),
///         ScriptedAttempt::output("Good morning"),
///     ])
///     .register(&mut registry, "LLMNode")
///     .with_retry(RetryPolicy::attempts(2));
///     registry
/// });
/// run_in_virtual_time(async {
///     let spec = json!({"nodes": [{"id": "greet", "type": "LLMNode", "data": {"prompt": "Greet me"}}]});
///     let events = engine.run(&spec, json!(null)).await?;
///     assert!(events.iter().any(|event| event.kind.name() == "node.retrying"));
///     Ok::<(), EngineError>(())
/// })?;
/// # Ok::<(), EngineError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Script {
    attempts: Arc<[ScriptedAttempt]>,
}

impl Script {
    /// A script of these attempts. Without any, every attempt succeeds with `null`.
    pub fn new(attempts: impl IntoIterator<Item = ScriptedAttempt>) -> Self {
        Self {
            attempts: attempts.into_iter().collect(),
        }
    }

    /// Registers the script as a node type.
    ///
    /// # Panics
    /// As [`Registry::register_with`].
    pub fn register(
        self,
        registry: &mut Registry,
        name: impl Into<Cow<'static, str>>,
    ) -> &mut NodeType {
        registry.register_with(name, move |_: AnyData| self.clone())
    }
}

/// Any object.
#[derive(Deserialize, JsonSchema)]
struct AnyData {}

#[async_trait]
impl Node for Script {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        // By failures, not by attempts: an attempt that was lost with its host did not fail.
        let failures = usize::try_from(cx.failures()).unwrap_or(usize::MAX);
        let Some(attempt) = self.attempts.get(failures).or(self.attempts.last()) else {
            return Ok(Value::Null);
        };
        for text in &attempt.text {
            cx.delta(text)?;
        }
        if !attempt.work.is_zero() {
            tokio::time::sleep(attempt.work).await;
        }
        match &attempt.end {
            End::Output(output) => Ok(output.clone()),
            End::Error(error) => Err(error()),
            End::Never => std::future::pending().await,
        }
    }
}
