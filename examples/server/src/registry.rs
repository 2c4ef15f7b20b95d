//! The node types of this program.

use workflow_core::Registry;
use workflow_fetch::{FromEnv, HttpClient, HttpClientBuilder};
use workflow_gemini::GeminiClient;

use crate::{cli::NodeArgs, error::CliError, variables::Variables};

/// The built-in types, `LLMNode` with this client, and `HttpNode` for the allowed origins.
pub(crate) fn registry(
    client: GeminiClient,
    args: &NodeArgs,
    variables: Variables,
) -> Result<Registry, CliError> {
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client);
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
