//! What answers the steps that ask a model: Gemini, or a simulation of it.

use workflow_gemini::{GeminiClient, GeminiClientBuilder};

use crate::{cli::NodeArgs, error::Stopped, simulate::Simulation};

pub(crate) struct Model {
    pub(crate) client: GeminiClient,
    /// Answers as long as it is kept.
    simulation: Option<Simulation>,
}

impl Model {
    /// What the command line and the environment ask for.
    pub(crate) async fn new(args: &NodeArgs) -> Result<Self, Stopped> {
        let mut builder = GeminiClientBuilder::from_env();
        if let Some(model) = &args.model {
            builder = builder.model(model);
        }
        if !args.simulate {
            return Ok(Self {
                client: builder.build()?,
                simulation: None,
            });
        }
        let simulation = Simulation::start(args.simulate_pace).await?;
        let builder = builder.base_url(simulation.base_url());
        Ok(Self {
            client: builder
                .api_version("v1beta")
                .api_key("a-simulation-asks-for-no-key")
                .build()?,
            simulation: Some(simulation),
        })
    }

    pub(crate) fn is_simulated(&self) -> bool {
        self.simulation.is_some()
    }
}
