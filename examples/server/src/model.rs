//! The model client: Gemini, or a simulation of it.

use std::{fmt, path::Path};

use workflow_core::{price::PriceTable, value::Timestamp};
use workflow_gemini::{GeminiClient, GeminiClientBuilder};

use crate::{
    cli::NodeArgs,
    error::CliError,
    faults::counted,
    file::read,
    simulate::Simulation,
    variables::{Variables, in_environment},
};

const KEYS: [&str; 2] = ["GOOGLE_API_KEY", "GEMINI_API_KEY"];
const BASE_URL: &str = "GOOGLE_GEMINI_BASE_URL";

/// The client, with what the start message reports about it.
pub(crate) struct Model {
    pub(crate) client: GeminiClient,
    /// The sources of key and base URL; `None` for a simulation.
    connection: Option<Connection>,
    /// The simulated API, which serves until it is dropped.
    simulation: Option<Simulation>,
    /// The number of models with a price.
    prices: usize,
}

/// The prices that apply from now on.
fn prices(file: &Path) -> Result<PriceTable, CliError> {
    let table = PriceTable::from_json(&read(file)?);
    let table = table.map_err(|invalid| CliError::Prices(file.to_owned(), invalid))?;
    Ok(table.from_now(Timestamp::now()))
}

impl Model {
    /// A client with these settings. Starts the simulation if it is requested.
    pub(crate) async fn new(args: &NodeArgs, variables: &Variables) -> Result<Self, CliError> {
        let (builder, prices) = builder(args, variables)?;
        if !args.simulate {
            let connection = Connection::of(variables);
            if connection.key.is_none() {
                return Err(CliError::NoKey(connection.ignored_hint()));
            }
            return Ok(Self {
                client: builder.build()?,
                connection: Some(connection),
                simulation: None,
                prices,
            });
        }
        let simulation = Simulation::start(args.simulate_pace).await?;
        Ok(Self {
            client: simulated(builder, simulation.base_url()).build()?,
            connection: None,
            simulation: Some(simulation),
            prices,
        })
    }

    /// A client that plans requests like that of [`new`](Self::new), and sends none. It needs no key.
    pub(crate) fn planning(
        args: &NodeArgs,
        variables: &Variables,
    ) -> Result<GeminiClient, CliError> {
        let (builder, _) = builder(args, variables)?;
        let builder = if args.simulate {
            simulated(builder, "http://simulation.invalid")
        } else {
            builder.with_api_key("none")
        };
        Ok(builder.build()?)
    }

    /// A client for workflows that do not call the model, without a key.
    pub(crate) fn unused() -> Result<Self, CliError> {
        Ok(Self {
            client: GeminiClient::builder().with_api_key("none").build()?,
            connection: None,
            simulation: None,
            prices: 0,
        })
    }

    pub(crate) fn is_simulated(&self) -> bool {
        self.simulation.is_some()
    }

    /// Base URL and source of the key, one line each, if they are not the defaults, and the number of prices.
    pub(crate) fn connection(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| {
            if let Some(connection) = &self.connection {
                write!(f, "{connection}")?;
            }
            match self.prices {
                0 => Ok(()),
                number => writeln!(f, "Prices: {}", counted(number, "model")),
            }
        })
    }
}

/// The settings of the client, and the number of its prices.
fn builder(
    args: &NodeArgs,
    variables: &Variables,
) -> Result<(GeminiClientBuilder, usize), CliError> {
    let table = args.prices.as_deref().map(prices).transpose()?;
    let table = table.unwrap_or_default();
    let number = table.len();
    let mut builder = GeminiClientBuilder::from_env_or(|name| variables.in_file(name))
        .with_max_in_flight(args.model_in_flight)
        .with_max_queued(args.model_queued)
        .with_retry_budget(args.model_retry_budget)
        .with_connect_timeout(args.model_connect_time)
        .with_first_byte_timeout(args.model_first_byte_time)
        .with_idle_timeout(args.model_idle_time)
        .with_prices(table);
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
    Ok((builder, number))
}

/// The settings of a client of the simulation at this address. The port changes with each start. Simulated results are reused
/// among themselves, and never for real ones.
fn simulated(builder: GeminiClientBuilder, base_url: &str) -> GeminiClientBuilder {
    builder
        .with_base_url(base_url)
        .with_endpoint_name("simulated")
        .with_api_version("v1beta")
        .with_api_key("the-simulation-needs-no-key")
}

/// The sources of the API's key and base URL.
struct Connection {
    /// The variable with the key.
    key: Option<&'static str>,
    /// Whether the other variable is also set.
    has_two_keys: bool,
    /// The base URL, if it is not the default.
    base_url: Option<String>,
    /// The file with these variables; `None` if they are from the environment.
    file: Option<String>,
    /// Variables of the file that are ignored, since the environment sets some of the group.
    ignored: Vec<&'static str>,
}

impl Connection {
    /// Follows the rule of [`GeminiClientBuilder::from_env_or`]: all variables of the connection are from one source, so
    /// that a key is never sent to a base URL from another one.
    fn of(variables: &Variables) -> Self {
        let names = GeminiClientBuilder::CONNECTION_VARIABLES;
        let in_file = |name: &&'static str| variables.in_file(name).is_some();
        let is_from_environment = names.iter().any(|name| in_environment(name).is_some());
        let get = |name: &str| {
            if is_from_environment {
                in_environment(name)
            } else {
                variables.in_file(name)
            }
        };
        let mut keys = KEYS.into_iter().filter(|name| get(name).is_some());
        let path = variables.path().map(|path| path.display().to_string());
        Self {
            key: keys.next(),
            has_two_keys: keys.next().is_some(),
            base_url: get(BASE_URL),
            file: path.clone().filter(|_| !is_from_environment),
            ignored: if is_from_environment {
                names.into_iter().filter(in_file).collect()
            } else {
                Vec::new()
            },
        }
    }

    /// A sentence about ignored variables for the error of a missing key; empty if there are none.
    fn ignored_hint(&self) -> String {
        if self.ignored.is_empty() {
            return String::new();
        }
        format!(
            "; the API settings of the .env file are ignored, since the environment sets some of them: set the key in \
             the environment, too, or unset {}",
            GeminiClientBuilder::CONNECTION_VARIABLES
                .into_iter()
                .filter(|name| in_environment(name).is_some())
                .collect::<Vec<_>>()
                .join(" and ")
        )
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref().map(|file| format!(" ({file})"));
        let file = file.unwrap_or_default();
        if let Some(url) = &self.base_url {
            writeln!(f, "Gemini API: {url}{file}")?;
        }
        if let Some(key) = self
            .key
            .filter(|_| self.has_two_keys || self.file.is_some())
        {
            let other = KEYS.into_iter().find(|other| *other != key);
            let other = other.filter(|_| self.has_two_keys);
            let other = other.map(|other| format!("; {other} is also set and is ignored"));
            writeln!(f, "Key: {key}{file}{}", other.unwrap_or_default())?;
        }
        if !self.ignored.is_empty() {
            let names = self.ignored.join(", ");
            writeln!(
                f,
                "Ignored, since the environment sets the key: {names} of the .env file"
            )?;
        }
        Ok(())
    }
}
