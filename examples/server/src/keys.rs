//! The accepted API keys of clients.

use std::env::VarError;

use workflow_http::{ApiKey, InvalidApiKey};

use crate::{cli::ServeArgs, error::CliError, variables::Variables};

const OPTION: &str = "--api-key";
pub(crate) const VARIABLE: &str = "WORKFLOW_API_KEYS";

/// The keys of the command line and of the environment together.
///
/// # Errors
/// If a key is invalid, or the variable is set without a key: then the service would be open although the operator
/// intended to protect it.
pub(crate) fn keys(args: &ServeArgs, variables: &Variables) -> Result<Vec<ApiKey>, CliError> {
    let refused = |place| move |error: InvalidApiKey| CliError::ApiKey(place, error);
    let keys = args.api_keys.iter().cloned();
    let keys = keys.map(|key| key.map_err(refused(OPTION)));
    let mut keys = keys.collect::<Result<Vec<_>, _>>()?;
    match variables.verbatim(VARIABLE) {
        Ok(Some(listed)) => keys.extend(read(&listed)?),
        Ok(None) => {}
        Err(VarError::NotUnicode(_) | VarError::NotPresent) => {
            return Err(refused(VARIABLE)(InvalidApiKey));
        }
    }
    Ok(keys)
}

/// The keys of a comma-separated list.
fn read(listed: &str) -> Result<Vec<ApiKey>, CliError> {
    let keys = listed.split(',').map(str::trim);
    let keys: Vec<&str> = keys.filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return Err(CliError::NoApiKeys);
    }
    // `docker run --env-file` and systemd's `Environment=` keep quotes, which no client sends.
    if keys
        .iter()
        .any(|key| key.starts_with(QUOTES) || key.ends_with(QUOTES))
    {
        return Err(CliError::QuotedApiKeys);
    }
    let keys = keys.into_iter().map(|key| {
        let key = key.parse();
        key.map_err(|error| CliError::ApiKey(VARIABLE, error))
    });
    keys.collect()
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_a_key_is_refused() {
        let key = "0123456789abcdef";
        for none in ["", " ", ",", " , ,", "\t"] {
            assert!(matches!(read(none), Err(CliError::NoApiKeys)), "{none:?}");
        }
        for quoted in [
            "\"\"".to_owned(),
            format!("\"{key}\""),
            format!("'{key}'"),
            format!("\"{key},{key}\""),
        ] {
            assert!(
                matches!(read(&quoted), Err(CliError::QuotedApiKeys)),
                "{quoted:?}"
            );
        }
        assert!(matches!(read("short"), Err(CliError::ApiKey(..))));
        assert_eq!(read(&format!(" {key}, ,{key}x,")).unwrap().len(), 2);
    }
}
