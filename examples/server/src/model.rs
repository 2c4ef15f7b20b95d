//! The model client: Gemini, or a simulation of it.

use std::fmt;

use workflow_gemini::{GeminiClient, GeminiClientBuilder};

use crate::{
    cli::NodeArgs,
    error::Stopped,
    simulate::Simulation,
    variables::{Variables, in_environment},
};

const KEYS: [&str; 2] = ["GOOGLE_API_KEY", "GEMINI_API_KEY"];
const BASE_URL: &str = "GOOGLE_GEMINI_BASE_URL";

pub(crate) struct Model {
    pub(crate) client: GeminiClient,
    /// Where the key and the address are from; none when answers are simulated.
    connection: Option<Connection>,
    /// The simulated API; it answers until it is dropped.
    simulation: Option<Simulation>,
}

impl Model {
    /// The client that the command line and the variables describe.
    pub(crate) async fn new(args: &NodeArgs, variables: &Variables) -> Result<Self, Stopped> {
        let mut builder = GeminiClientBuilder::from_env_or(|name| variables.in_file(name));
        builder = builder
            .with_max_in_flight(args.model_in_flight)
            .with_max_queued(args.model_queued)
            .with_retry_budget(args.model_retry_budget)
            .with_connect_timeout(args.model_connect_time)
            .with_first_byte_timeout(args.model_first_byte_time)
            .with_idle_timeout(args.model_idle_time);
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
        if !args.simulate {
            let connection = Connection::of(variables);
            if connection.key.is_none() {
                return Err(Stopped::NoKey(connection.ignored()));
            }
            return Ok(Self {
                client: builder.build()?,
                connection: Some(connection),
                simulation: None,
            });
        }
        let simulation = Simulation::start(args.simulate_pace).await?;
        let builder = builder.with_base_url(simulation.base_url());
        Ok(Self {
            client: builder
                .with_api_version("v1beta")
                .with_api_key("a-simulation-asks-for-no-key")
                .build()?,
            connection: None,
            simulation: Some(simulation),
        })
    }

    /// A model that nothing calls, and that needs no key.
    pub(crate) fn uncalled() -> Result<Self, Stopped> {
        Ok(Self {
            client: GeminiClient::builder().with_api_key("none").build()?,
            connection: None,
            simulation: None,
        })
    }

    pub(crate) fn is_simulated(&self) -> bool {
        self.simulation.is_some()
    }

    /// Where requests are sent to and with which key, as far as it is not obvious: a line each.
    pub(crate) fn connection(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| match &self.connection {
            Some(connection) => write!(f, "{connection}"),
            None => Ok(()),
        })
    }
}

/// Where the key and the address of the API are from.
struct Connection {
    /// The variable of the key that is used.
    key: Option<&'static str>,
    /// Whether the other one is set, too.
    has_two_keys: bool,
    /// The address, if it is not the default.
    base_url: Option<String>,
    /// The file that all of this is from; none if it is from the environment.
    file: Option<String>,
    /// Variables of the file that are not used, since the environment sets some of them.
    not_used: Vec<&'static str>,
}

impl Connection {
    /// As [`GeminiClientBuilder::from_env_or`] decides.
    fn of(variables: &Variables) -> Self {
        let names = GeminiClientBuilder::CONNECTION_VARIABLES;
        let in_file = |name: &&'static str| variables.in_file(name).is_some();
        let is_of_environment = names.iter().any(|name| in_environment(name).is_some());
        let get = |name: &str| {
            if is_of_environment {
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
            file: path.clone().filter(|_| !is_of_environment),
            not_used: if is_of_environment {
                names.into_iter().filter(in_file).collect()
            } else {
                Vec::new()
            },
        }
    }

    /// Why a key in the file is not used, if there is one.
    fn ignored(&self) -> String {
        if self.not_used.is_empty() {
            return String::new();
        }
        format!(
            " What the .env file says of the API is not used, since the environment sets a part of it: set the key \
             in the environment, too, or unset {}.",
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
            let other = other.map(|other| format!("; {other} is set, too, and not used"));
            writeln!(f, "Key: {key}{file}{}", other.unwrap_or_default())?;
        }
        if !self.not_used.is_empty() {
            let names = self.not_used.join(", ");
            writeln!(
                f,
                "Not used, since the environment sets the key: {names} of the .env file"
            )?;
        }
        Ok(())
    }
}
