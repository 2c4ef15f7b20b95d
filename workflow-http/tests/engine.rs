//! Any engine can be served. Its refusals are sent to clients, causes of its failures are not.

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;
use support::{Answer, Api};
use workflow_core::{
    Engine, EngineError, Executor, NewRun, Registry, RunId, RunRecord, Runs, StepEvent, Update,
    WorkflowId, Workflows,
    engine::{Created, EngineLimits, Retry, Validation},
    record::{Page, PageRequest, RunCounts, RunQuery, WorkflowRecord},
    store::StoreError,
    value::{StepPath, WaitId},
    view::Prediction,
};
use workflow_http::Options;

/// An engine that refuses every request for one reason.
struct Refusing<F>(F, Registry);

#[async_trait]
impl<F: Fn() -> EngineError + Send + Sync + 'static> Workflows for Refusing<F> {
    async fn create_workflow(&self, _: Value) -> Result<Created, EngineError> {
        Err(self.0())
    }
    async fn update_workflow(
        &self,
        _: WorkflowId,
        _: Value,
        _: Option<u32>,
    ) -> Result<Created, EngineError> {
        Err(self.0())
    }
    async fn versions(
        &self,
        _: WorkflowId,
        _: PageRequest,
    ) -> Result<Page<WorkflowRecord>, EngineError> {
        Err(self.0())
    }
    async fn workflow(&self, _: WorkflowId, _: Option<u32>) -> Result<WorkflowRecord, EngineError> {
        Err(self.0())
    }
    async fn workflows(&self, _: PageRequest) -> Result<Page<WorkflowRecord>, EngineError> {
        Err(self.0())
    }
    async fn delete_workflow(&self, _: WorkflowId, _: Option<u32>) -> Result<(), EngineError> {
        Err(self.0())
    }
    async fn validate(&self, _: &Value) -> Result<Validation, EngineError> {
        unimplemented!("validation is not part of these tests")
    }
}

#[async_trait]
impl<F: Fn() -> EngineError + Send + Sync + 'static> Runs for Refusing<F> {
    async fn retry(&self, _: Retry) -> Result<RunRecord, EngineError> {
        Err(self.0())
    }
    async fn predict(&self, _: NewRun) -> Result<Prediction, EngineError> {
        Err(self.0())
    }
    async fn predict_retry(&self, _: Retry) -> Result<Prediction, EngineError> {
        Err(self.0())
    }
    async fn count_runs(&self, _: &RunQuery) -> Result<RunCounts, EngineError> {
        Err(self.0())
    }
    async fn delete_run(&self, _: RunId) -> Result<(), EngineError> {
        Err(self.0())
    }
    async fn start(&self, _: NewRun) -> Result<RunRecord, EngineError> {
        Err(self.0())
    }
    async fn evaluate(&self, _: RunId, _: &StepPath, _: &str) -> Result<Value, EngineError> {
        Err(self.0())
    }
    async fn run_record(&self, _: RunId) -> Result<RunRecord, EngineError> {
        Err(self.0())
    }
    async fn runs(&self, _: RunQuery) -> Result<Page<RunRecord>, EngineError> {
        Err(self.0())
    }
    async fn cancel(&self, _: RunId) -> Result<RunRecord, EngineError> {
        Err(self.0())
    }
    async fn answer(&self, _: RunId, _: WaitId, _: Value) -> Result<RunRecord, EngineError> {
        Err(self.0())
    }
    async fn events(&self, _: RunId, _: u64) -> Result<BoxStream<'static, Update>, EngineError> {
        Err(self.0())
    }
    async fn read_events(&self, _: RunId, _: u64, _: usize) -> Result<Vec<StepEvent>, EngineError> {
        Err(self.0())
    }
}

#[async_trait]
impl<F: Fn() -> EngineError + Send + Sync + 'static> Engine for Refusing<F> {
    async fn ready(&self) -> Result<(), EngineError> {
        Err(self.0())
    }
    fn registry(&self) -> &Registry {
        &self.1
    }
    fn limits(&self) -> EngineLimits {
        EngineLimits::of(&Executor::new())
    }
}

fn refusing(reason: impl Fn() -> EngineError + Send + Sync + 'static) -> Api {
    let mut api = Api::new();
    let engine = Arc::new(Refusing(reason, Registry::default()));
    api.router = workflow_http::router(engine, Options::default());
    api
}

async fn start(api: &Api) -> Answer {
    let path = format!("/api/workflows/{}/runs", WorkflowId::new());
    api.post(&path, r#"{"input":1}"#).await
}

#[tokio::test]
async fn a_busy_engine_gives_a_retry_after() {
    let busy = start(&refusing(|| EngineError::Busy {
        limit: "queued_runs",
        most: 10_000,
    }))
    .await;
    assert_eq!(busy.refusal(), (429, "busy".into()));
    assert_eq!(busy.header("retry-after"), "1");
    assert_eq!(
        busy.problem()["detail"],
        "no more runs are accepted now: the limit `queued_runs` of 10000 is reached"
    );

    let closing = start(&refusing(|| EngineError::ShuttingDown)).await;
    assert_eq!(closing.refusal(), (503, "shutting_down".into()));
    assert_eq!(closing.header("retry-after"), "5");
}

#[tokio::test]
async fn causes_of_internal_errors_are_not_sent() {
    let api = refusing(|| {
        EngineError::Store(StoreError::Unavailable(
            "the disk at /secret is full".into(),
        ))
    });
    for answer in [
        start(&api).await,
        api.get("/api/runs").await,
        api.get("/api/workflows").await,
        api.get("/readyz").await,
    ] {
        assert_eq!(answer.refusal(), (503, "store_unavailable".into()));
        assert_eq!(answer.header("retry-after"), "5");
        assert!(!answer.text.contains("secret"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_panic_becomes_a_problem() {
    let api = refusing(|| EngineError::ShuttingDown);
    let answer = api.post("/api/workflows/validate", "{}").await;
    assert_eq!(answer.refusal(), (500, "internal".into()));
    assert_eq!(api.get("/healthz").await.status, 200);
}
