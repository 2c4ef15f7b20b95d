//! The models: those of the Gemini API, of further providers, or a simulation of them.

mod connection;
mod provider;
mod simulated;

use std::{fmt, path::Path};

use workflow_core::{price::PriceTable, value::Timestamp};
use workflow_gemini::{GeminiClient, GeminiClientBuilder};
use workflow_llm::{Model as _, Models, gate::RequestLimits};
use workflow_openai::OpenAiClient;

use self::{
    connection::Connection,
    provider::Provider,
    simulated::{SIMULATED, Simulated},
};
use crate::{
    cli::NodeArgs, error::CliError, faults::counted, file::read, simulate::Simulation,
    variables::Variables,
};

/// The models, with what the start message reports about them.
pub(crate) struct Model {
    pub(crate) models: Models,
    /// The clients whose limits several instances share.
    pub(crate) clients: Vec<Client>,
    /// The sources of key and base URL of the Gemini API; `None` for a simulation.
    connection: Option<Connection>,
    providers: Vec<Provider>,
    /// The simulated API, which serves until it is dropped.
    simulation: Option<Simulation>,
    /// The number of models with a price.
    prices: usize,
}

/// A client of one provider.
#[derive(Clone)]
pub(crate) enum Client {
    Gemini(GeminiClient),
    OpenAi(OpenAiClient),
}

/// The prices that apply from now on; none without a file.
fn prices(file: Option<&Path>) -> Result<PriceTable, CliError> {
    let Some(file) = file else {
        return Ok(PriceTable::default());
    };
    let table = PriceTable::from_json(&read(file)?);
    let table = table.map_err(|invalid| CliError::Prices(file.to_owned(), invalid))?;
    Ok(table.from_now(Timestamp::now()))
}

impl Model {
    /// The models by these settings. Starts the simulation if it is requested.
    ///
    /// The Gemini API is the default provider if there is a key for it, otherwise the first of the other providers.
    pub(crate) fn new(args: &NodeArgs, variables: &Variables) -> Result<Self, CliError> {
        let prices = prices(args.prices.as_deref())?;
        let mut providers = Provider::all(args, variables)?;
        let gemini = builder(args, variables, &prices);
        if args.simulate {
            let simulation = Simulation::start(args.simulate_pace)?;
            let client = simulated(gemini, simulation.base_url()).build()?;
            return Ok(Self {
                models: simulated_models(&client, &providers, args, &prices)?,
                clients: vec![Client::Gemini(client)],
                connection: None,
                providers,
                simulation: Some(simulation),
                prices: prices.len(),
            });
        }
        let connection = Connection::of(variables);
        let gemini = connection.key.map(|_| gemini.build()).transpose()?;
        if gemini.is_none() {
            let Some(first) = providers.first_mut() else {
                return Err(CliError::NoKey(connection.ignored_hint()));
            };
            first.make_default(args, variables);
        }
        let clients = clients(gemini, &providers, args, &prices)?;
        Ok(Self {
            models: models(&clients)?,
            clients,
            connection: Some(connection),
            providers,
            simulation: None,
            prices: prices.len(),
        })
    }

    /// Models that plan requests like those of [`new`](Self::new), and send none. They need no key.
    pub(crate) fn planning(args: &NodeArgs, variables: &Variables) -> Result<Models, CliError> {
        let prices = prices(args.prices.as_deref())?;
        let mut providers = Provider::all(args, variables)?;
        let gemini = builder(args, variables, &prices);
        if args.simulate {
            let client = simulated(gemini, "http://simulation.invalid").build()?;
            return simulated_models(&client, &providers, args, &prices);
        }
        let has_key = Connection::of(variables).key.is_some();
        let gemini = match providers.first_mut().filter(|_| !has_key) {
            Some(first) => {
                first.make_default(args, variables);
                None
            }
            None => Some(gemini.with_api_key("none").build()?),
        };
        models(&clients(gemini, &providers, args, &prices)?)
    }

    /// Models for workflows that call none, without a key.
    pub(crate) fn unused() -> Result<Self, CliError> {
        let client = GeminiClient::builder().with_api_key("none").build()?;
        Ok(Self {
            models: client.into(),
            clients: Vec::new(),
            connection: None,
            providers: Vec::new(),
            simulation: None,
            prices: 0,
        })
    }

    pub(crate) fn is_simulated(&self) -> bool {
        self.simulation.is_some()
    }

    /// The model of steps that name none; empty if each has to name one.
    fn default_model(&self) -> String {
        let (name, client) = self.models.default_provider();
        let model = client.provider().default_model();
        match self.clients.first() {
            Some(Client::OpenAi(_)) if !model.is_empty() => format!("{name}/{model}"),
            Some(Client::OpenAi(_)) => format!("none, each step names one of {name}"),
            _ => model.to_owned(),
        }
    }

    /// The default model; base URL and source of the key of the Gemini API, if they are not the defaults; further providers; and the
    /// number of prices. One line each.
    pub(crate) fn connection(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| {
            writeln!(f, "Model: {}", self.default_model())?;
            if let Some(connection) = &self.connection {
                write!(f, "{connection}")?;
            }
            for provider in &self.providers {
                writeln!(f, "Provider {provider}")?;
            }
            match self.prices {
                0 => Ok(()),
                number => writeln!(f, "Prices: {}", counted(number, "model")),
            }
        })
    }
}

impl Client {
    pub(crate) fn limits(&self) -> RequestLimits {
        match self {
            Self::Gemini(client) => client.limits(),
            Self::OpenAi(client) => client.limits(),
        }
    }

    pub(crate) fn set_limits(&self, in_flight: usize, per_minute: Option<u32>) {
        match self {
            Self::Gemini(client) => client.set_limits(in_flight, per_minute),
            Self::OpenAi(client) => client.set_limits(in_flight, per_minute),
        }
    }

    /// The name of the provider.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Gemini(client) => client.provider().name(),
            Self::OpenAi(client) => client.provider().name(),
        }
    }
}

/// The client of the Gemini API, if it is used, and those of the providers.
fn clients(
    gemini: Option<GeminiClient>,
    providers: &[Provider],
    args: &NodeArgs,
    prices: &PriceTable,
) -> Result<Vec<Client>, CliError> {
    let others = providers.iter().map(|provider| {
        let client = provider.build(args, prices)?;
        Ok(Client::OpenAi(client))
    });
    let gemini = gemini.map(|client| Ok(Client::Gemini(client)));
    gemini.into_iter().chain(others).collect()
}

/// The models of these clients. The first client is the default.
fn models(clients: &[Client]) -> Result<Models, CliError> {
    let (first, others) = clients
        .split_first()
        .ok_or(CliError::NoKey(String::new()))?;
    let models = match first.clone() {
        Client::Gemini(client) => Models::new(client),
        Client::OpenAi(client) => Models::new(client),
    };
    others.iter().try_fold(models, |models, client| {
        let name = client.name().to_owned();
        Ok(match client.clone() {
            Client::Gemini(client) => models.with_provider(name, client)?,
            Client::OpenAi(client) => models.with_provider(name, client)?,
        })
    })
}

/// The models of a simulation: those of the Gemini API and of the providers.
fn simulated_models(
    client: &GeminiClient,
    providers: &[Provider],
    args: &NodeArgs,
    prices: &PriceTable,
) -> Result<Models, CliError> {
    let models = Models::new(client.clone());
    providers.iter().try_fold(models, |models, provider| {
        let simulated = Simulated::new(client.clone(), provider.build(args, prices)?);
        Ok(models.with_provider(&*provider.name, simulated)?)
    })
}

/// The settings of the client of the Gemini API.
fn builder(args: &NodeArgs, variables: &Variables, prices: &PriceTable) -> GeminiClientBuilder {
    let mut builder = GeminiClientBuilder::from_env_or(|name| variables.in_file(name))
        .with_max_in_flight(args.model_in_flight)
        .with_max_queued(args.model_queued)
        .with_retry_budget(args.model_retry_budget)
        .with_connect_timeout(args.model_connect_time)
        .with_first_byte_timeout(args.model_first_byte_time)
        .with_idle_timeout(args.model_idle_time)
        .with_prices(prices.clone());
    if let Some(model) = &args.model {
        builder = builder.with_model(model);
    }
    if let Some(requests) = args.model_per_minute {
        builder = builder.with_max_per_minute(requests);
    }
    if let Some(store) = args.model_store {
        builder = builder.with_store(store);
    }
    if let Some(tier) = args.model_service_tier {
        builder = builder.with_service_tier(tier.into());
    }
    if let Some(time) = args.model_time {
        builder = builder.with_total_timeout(time);
    }
    builder
}

/// The settings of a client of the simulation at this address. The port changes with each start. Simulated results are reused
/// among themselves, and never for real ones.
fn simulated(builder: GeminiClientBuilder, base_url: &str) -> GeminiClientBuilder {
    builder
        .with_base_url(base_url)
        .with_endpoint_name(SIMULATED)
        .with_api_version("v1beta")
        .with_api_key("the-simulation-needs-no-key")
}
