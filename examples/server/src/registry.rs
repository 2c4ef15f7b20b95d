//! The node types of this program.

use workflow_core::Registry;
use workflow_fetch::{FromEnv, HttpClient, HttpClientBuilder};
use workflow_llm::Models;

use crate::{cli::NodeArgs, error::CliError, variables::Variables};

/// The built-in types, `LLMNode` and `AgentNode` with these models, and `HttpNode` for the allowed origins.
pub(crate) fn registry(
    models: Models,
    args: &NodeArgs,
    variables: Variables,
) -> Result<Registry, CliError> {
    let mut registry = Registry::default();
    workflow_llm::register(&mut registry, models);
    workflow_fetch::register(&mut registry, http_client(args, variables)?);
    Ok(registry)
}

fn http_client(args: &NodeArgs, variables: Variables) -> Result<HttpClient, CliError> {
    let mut secrets = FromEnv::default().with_reader(move |name| variables.get(name));
    for secret in &args.secrets {
        secrets = match secret.split_once('=') {
            Some((name, origin)) => secrets.with_name_for(name, origin)?,
            None => secrets.with_name(secret),
        };
    }
    let builder = HttpClient::builder()
        .with_secrets(secrets)
        .with_connect_timeout(args.http_connect_time)
        .with_timeout(args.http_time);
    let origins = args.allow_origins.iter();
    let builder = origins.fold(builder, HttpClientBuilder::with_origin);
    let private = args.allow_private.iter();
    let builder = private.fold(builder, |builder, it| {
        builder.with_private_addresses(&it.origin, &it.addresses)
    });
    Ok(builder.build()?)
}
