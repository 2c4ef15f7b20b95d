//! The API keys of callers.

use std::env::VarError;

use workflow_http::{ApiKey, InvalidApiKey};

use crate::{cli::ServeArgs, error::Stopped, variables::Variables};

const OPTION: &str = "--api-key";
pub(crate) const VARIABLE: &str = "WORKFLOW_API_KEYS";

/// The keys of the command line and of the environment.
///
/// # Errors
/// One of them is not a key; or the variable is set and has none, which would open the service to everybody where
/// the operator meant to close it.
pub(crate) fn keys(args: &ServeArgs, variables: &Variables) -> Result<Vec<ApiKey>, Stopped> {
    let refused = |place| move |error: InvalidApiKey| Stopped::ApiKey(place, error);
    let given = args.api_keys.iter().cloned();
    let given = given.map(|key| key.map_err(refused(OPTION)));
    let mut keys = given.collect::<Result<Vec<_>, _>>()?;
    match variables.as_written(VARIABLE) {
        Ok(Some(listed)) => keys.extend(read(&listed)?),
        Ok(None) => {}
        Err(VarError::NotUnicode(_) | VarError::NotPresent) => {
            return Err(refused(VARIABLE)(InvalidApiKey));
        }
    }
    Ok(keys)
}

/// The keys of a list with commas.
fn read(listed: &str) -> Result<Vec<ApiKey>, Stopped> {
    let keys = listed.split(',').map(str::trim);
    let keys: Vec<&str> = keys.filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return Err(Stopped::NoApiKeys);
    }
    // `docker run --env-file` and systemd's `Environment=` keep quotes, which no caller sends.
    if keys
        .iter()
        .any(|key| key.starts_with(QUOTES) || key.ends_with(QUOTES))
    {
        return Err(Stopped::QuotedApiKeys);
    }
    let keys = keys.into_iter().map(|key| {
        let key = key.parse();
        key.map_err(|error| Stopped::ApiKey(VARIABLE, error))
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
            assert!(matches!(read(none), Err(Stopped::NoApiKeys)), "{none:?}");
        }
        for quoted in [
            "\"\"".to_owned(),
            format!("\"{key}\""),
            format!("'{key}'"),
            format!("\"{key},{key}\""),
        ] {
            assert!(
                matches!(read(&quoted), Err(Stopped::QuotedApiKeys)),
                "{quoted:?}"
            );
        }
        assert!(matches!(read("short"), Err(Stopped::ApiKey(..))));
        assert_eq!(read(&format!(" {key}, ,{key}x,")).unwrap().len(), 2);
    }
}
