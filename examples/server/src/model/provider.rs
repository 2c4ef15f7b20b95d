//! Providers with the API of OpenAI's chat completions: settings, and the client.

use std::{collections::HashMap, fmt, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};
use workflow_core::price::PriceTable;
use workflow_openai::{OpenAiClient, OpenAiClientBuilder};

use crate::{
    cli::{NodeArgs, duration},
    error::CliError,
    file::read_commented,
    variables::{Variables, in_environment},
};

/// The variables of the settings that have an address. A .env file may set them, too.
const ADDRESSES: [&str; 2] = ["WORKFLOW_PROVIDER", "WORKFLOW_PROVIDER_FILE"];

/// A provider with the sources of its secrets resolved.
pub(crate) struct Provider {
    pub(super) name: String,
    settings: Settings,
    /// The name and the value of the variable with the key.
    key_variable: String,
    key: Option<String>,
    headers: Vec<(String, String)>,
}

/// A provider in the file of `--provider-file`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: String,
    label: Option<String>,
    model: Option<String>,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    max_tokens_field: Option<String>,
    tool_choice: Option<bool>,
    #[serde(default)]
    extra: Map<String, Value>,
    in_flight: Option<usize>,
    per_minute: Option<u32>,
    #[serde(default, deserialize_with = "time")]
    first_byte_time: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    idle_time: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    time: Option<Duration>,
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(D::Error::custom)
}

impl Provider {
    /// The providers of the options and of the file, in this order.
    ///
    /// # Errors
    /// If the file is not readable, a name is not usable or taken, or a header needs a variable that is not set.
    pub(super) fn all(args: &NodeArgs, variables: &Variables) -> Result<Vec<Self>, CliError> {
        let sources = Sources(variables);
        let mut providers = Vec::new();
        for provider in &args.providers {
            let settings = Settings {
                url: provider.url.clone(),
                ..Settings::default()
            };
            providers.push(Self::new(&provider.name, settings, &sources, ADDRESSES[0])?);
        }
        if let Some(path) = &args.provider_file {
            let invalid = |reason: String| CliError::Providers(path.clone(), reason);
            let file = read_commented(path)?;
            let entries = serde_json::from_value::<Map<String, Value>>(file);
            let entries = entries.map_err(|_| {
                invalid("expected an object with a provider for each name".to_owned())
            })?;
            for (name, entry) in entries {
                let settings = serde_json::from_value(entry);
                let settings = settings.map_err(|error| invalid(format!("`{name}`: {error}")))?;
                providers.push(Self::new(&name, settings, &sources, ADDRESSES[1])?);
            }
        }
        let mut by_variable: HashMap<&str, &str> = HashMap::new();
        for provider in &providers {
            let variable = &provider.key_variable;
            if let Some(other) = by_variable.insert(variable, &provider.name) {
                let reason = format!("the provider `{other}` has the same variable, {variable}");
                return Err(CliError::Provider(provider.name.clone(), reason));
            }
        }
        Ok(providers)
    }

    fn new(
        name: &str,
        mut settings: Settings,
        sources: &Sources<'_>,
        address: &'static str,
    ) -> Result<Self, CliError> {
        let refused = |reason: String| CliError::Provider(name.to_owned(), reason);
        let prefix = prefix(name).map_err(|reason| refused(reason.to_owned()))?;
        let key_variable = format!("{prefix}_API_KEY");
        let mut headers = Vec::new();
        for (header, value) in &settings.headers {
            let value = match (value, value["$secret"].as_str()) {
                (Value::String(text), _) => text.clone(),
                (_, Some(variable)) => sources.secret(variable, address).ok_or_else(|| {
                    refused(format!(
                        "the header `{header}` needs the variable {variable}, which is not set"
                    ))
                })?,
                _ => {
                    return Err(refused(format!(
                        "the header `{header}` is neither a text nor {{\"$secret\": \"VARIABLE\"}}"
                    )));
                }
            };
            headers.push((header.clone(), value));
        }
        if let Some(model) = sources.0.get(&format!("{prefix}_MODEL")) {
            settings.model = Some(model);
        }
        Ok(Self {
            name: name.to_owned(),
            settings,
            key: sources.secret(&key_variable, address),
            key_variable,
            headers,
        })
    }

    /// Makes it the default provider, so that `--model` is its model. `GEMINI_MODEL` is not.
    pub(super) fn make_default(&mut self, args: &NodeArgs, variables: &Variables) {
        let model = args.model.clone();
        let model = model.filter(|_| variables.get("GEMINI_MODEL").is_none());
        self.settings.model = model.or_else(|| self.settings.model.take());
    }

    /// The client. What the provider does not set is as for the Gemini API.
    pub(super) fn build(
        &self,
        args: &NodeArgs,
        prices: &PriceTable,
    ) -> Result<OpenAiClient, CliError> {
        let settings = &self.settings;
        let mut builder = OpenAiClient::builder()
            .with_name(self.name.clone())
            .with_base_url(&settings.url)
            .with_model(settings.model.clone().unwrap_or_default())
            .with_models(&settings.models)
            .with_extra(settings.extra.clone())
            .with_prices(prices.clone())
            .with_max_in_flight(settings.in_flight.unwrap_or(args.model_in_flight))
            .with_max_queued(args.model_queued)
            .with_retry_budget(args.model_retry_budget)
            .with_connect_timeout(args.model_connect_time)
            .with_first_byte_timeout(
                settings
                    .first_byte_time
                    .unwrap_or(args.model_first_byte_time),
            )
            .with_idle_timeout(settings.idle_time.unwrap_or(args.model_idle_time));
        let headers = self.headers.iter();
        builder = headers.fold(builder, |builder, (name, value)| {
            builder.with_header(name, value)
        });
        builder = set(builder, self.key.clone(), OpenAiClientBuilder::with_api_key);
        builder = set(
            builder,
            settings.label.clone(),
            OpenAiClientBuilder::with_label,
        );
        builder = set(
            builder,
            settings.max_tokens_field.clone(),
            OpenAiClientBuilder::with_max_tokens_field,
        );
        builder = set(
            builder,
            settings.tool_choice,
            OpenAiClientBuilder::with_tool_choice,
        );
        let per_minute = settings.per_minute.or(args.model_per_minute);
        builder = set(
            builder,
            per_minute,
            OpenAiClientBuilder::with_max_per_minute,
        );
        let total = settings.time.or(args.model_time);
        builder = set(builder, total, OpenAiClientBuilder::with_total_timeout);
        let built = builder.build();
        built.map_err(|error| CliError::Provider(self.name.clone(), error.to_string()))
    }
}

fn set<T>(
    builder: OpenAiClientBuilder,
    value: Option<T>,
    with: impl FnOnce(OpenAiClientBuilder, T) -> OpenAiClientBuilder,
) -> OpenAiClientBuilder {
    match value {
        Some(value) => with(builder, value),
        None => builder,
    }
}

/// The name, the address and the source of the key. An address that has a password was refused before.
impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            settings,
            key_variable,
            ..
        } = self;
        let key = match &self.key {
            Some(_) => format!("key: {key_variable}"),
            None => format!("no key ({key_variable})"),
        };
        write!(f, "{name}: {}, {key}", settings.url)
    }
}

/// What the names of the variables of a provider begin with: the name in capitals, other characters than letters and digits as `_`.
fn prefix(name: &str) -> Result<String, &'static str> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic())
        || name.len() > 60
        || !name.chars().all(is_known)
    {
        return Err("expected a letter, and then letters, digits, `_`, `-` and `.`, at most 60");
    }
    let prefix = name.to_ascii_uppercase().replace(['-', '.'], "_");
    match prefix.as_str() {
        // `WORKFLOW_API_KEY` is the key of this service.
        "WORKFLOW" => Err("WORKFLOW_API_KEY is the key of this service: choose another name"),
        "GEMINI" | "GOOGLE" => {
            Err("this is the provider of GEMINI_API_KEY and GOOGLE_API_KEY: choose another name")
        }
        _ => Ok(prefix),
    }
}

/// The sources of secrets.
struct Sources<'a>(&'a Variables);

impl Sources<'_> {
    /// A secret that is sent to an address from this setting. If the .env file sets the address, it has to have the secret, too:
    /// otherwise such a file could send a key of the environment anywhere.
    fn secret(&self, variable: &str, address: &str) -> Option<String> {
        let is_from_file = self.0.in_file(address).is_some() && in_environment(address).is_none();
        if is_from_file {
            return self.0.in_file(variable);
        }
        self.0.get(variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_the_names_of_its_variables() {
        assert_eq!(prefix("my-router.v2").as_deref(), Ok("MY_ROUTER_V2"));
        for wrong in ["", "1a", "a/b", "a b", "é", "workflow", "Gemini", "google"] {
            assert!(prefix(wrong).is_err(), "{wrong}");
        }
    }
}
