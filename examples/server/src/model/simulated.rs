//! A provider whose replies are simulated.

use std::sync::Arc;

use serde_json::Value;
use workflow_core::value::{InvalidData, StepKeyBuilder};
use workflow_gemini::GeminiClient;
use workflow_llm::{Model, ModelError, ModelRequest, ModelStream, ProviderInfo};
use workflow_openai::OpenAiClient;

/// The address of the simulation in the keys of steps.
pub(super) const SIMULATED: &str = "simulated";

/// Names, models and prices are those of the provider. Requests go to the simulation of the Gemini API, which stands for all.
pub(super) struct Simulated {
    simulation: GeminiClient,
    provider: OpenAiClient,
    info: ProviderInfo,
}

impl Simulated {
    pub(super) fn new(simulation: GeminiClient, provider: OpenAiClient) -> Self {
        let real = provider.provider();
        let info = ProviderInfo::new(real.name().to_owned(), SIMULATED, real.default_model())
            .with_models(real.models())
            .with_prices(real.prices().clone());
        Self {
            simulation,
            provider,
            info,
        }
    }
}

impl Model for Simulated {
    fn ask(&self, request: Arc<ModelRequest>) -> ModelStream {
        self.simulation.ask(request)
    }

    fn body(&self, request: &ModelRequest) -> Result<Value, ModelError> {
        self.simulation.body(request)
    }

    fn provider(&self) -> &ProviderInfo {
        &self.info
    }

    fn model_name<'a>(&self, written: &'a str) -> Option<&'a str> {
        self.provider.model_name(written)
    }

    fn check(&self, settings: &ModelRequest) -> Result<(), InvalidData> {
        self.simulation.check(settings)
    }

    fn add_to_key(
        &self,
        request: &ModelRequest,
        key: StepKeyBuilder,
    ) -> Result<StepKeyBuilder, ModelError> {
        self.simulation.add_to_key(request, key)
    }

    fn grants_retry(&self) -> bool {
        Model::grants_retry(&self.simulation)
    }

    fn has_retries(&self) -> bool {
        Model::has_retries(&self.simulation)
    }
}
