//! The keys that callers show.

use std::env::{self, VarError};

use workflow_http::{ApiKey, InvalidApiKey};

use crate::{cli::ServeArgs, error::Stopped};

const OPTION: &str = "--api-key";
const VARIABLE: &str = "WORKFLOW_API_KEYS";

/// Those of the command line and of the environment.
pub(crate) fn keys(args: &ServeArgs) -> Result<Vec<ApiKey>, Stopped> {
    let refused = |place| move |error: InvalidApiKey| Stopped::ApiKey(place, error);
    let told = args.api_keys.iter().cloned();
    let told = told.map(|key| key.map_err(refused(OPTION)));
    let listed = match env::var(VARIABLE) {
        Ok(listed) => listed,
        Err(VarError::NotPresent) => String::new(),
        Err(VarError::NotUnicode(_)) => return Err(refused(VARIABLE)(InvalidApiKey)),
    };
    let listed = listed
        .split(',')
        .map(str::trim)
        .filter(|key| !key.is_empty());
    let listed = listed.map(|key| key.parse().map_err(refused(VARIABLE)));
    told.chain(listed).collect()
}
