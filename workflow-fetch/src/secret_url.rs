//! [`SecretUrl`]: a URL that is a secret, such as that of a webhook.

use url::{Position, Url};
use workflow_httpkit::Redactor;

use crate::{
    error::FetchError,
    guard::Guard,
    origin::Origin,
    request::{MAX_URL_BYTES, append},
    secret::Secrets,
};

/// The least bytes of a path that is removed from texts by itself. Shorter ones occur in ordinary text.
const MIN_PATH: usize = 5;

/// A secret URL that the host allows. Its origin is no secret, since the host lists it among those that workflows may call.
pub(crate) struct SecretUrl {
    pub(crate) url: Url,
    pub(crate) origin: Origin,
    pub(crate) redactor: Redactor,
}

impl SecretUrl {
    /// Reads the secret and checks its URL as every other one. The provider is asked for each allowed origin, since it may have bound the
    /// secret to one of them: the value must be a URL of the origin that it is given for.
    ///
    /// # Errors
    /// `unknown_secret`, `invalid_url` and the errors of the guard, none with a part of the URL.
    pub(crate) fn locate(
        guard: &Guard,
        secrets: &dyn Secrets,
        name: &str,
        query: &[(String, String)],
    ) -> Result<Self, FetchError> {
        let mut refused = FetchError::UnknownUrlSecret(name.to_owned());
        for (origin, _) in guard.origins() {
            let value = secrets.get(name, origin.as_str());
            let value = value.unwrap_or_default();
            if value.trim().is_empty() {
                continue;
            }
            let Ok(mut url) = Url::parse(value.trim()) else {
                let reason = format!("it is the secret `{name}`, which is not an absolute URL");
                refused = FetchError::InvalidUrl(reason.into());
                continue;
            };
            if Origin::of(&url) != *origin {
                refused = FetchError::SecretOriginNotAllowed(name.to_owned());
                continue;
            }
            let origin = guard.check(&url)?;
            let redactor = redactor(value.trim(), &url);
            for (name, value) in query {
                append(&mut url, name, value);
            }
            url.set_fragment(None);
            if url.as_str().len() > MAX_URL_BYTES {
                let (what, limit) = ("the URL", MAX_URL_BYTES);
                return Err(FetchError::RequestTooLarge { what, limit });
            }
            return Ok(Self {
                url,
                origin,
                redactor,
            });
        }
        Err(refused)
    }
}

/// Removes the URL from texts: as it is written, as it is sent, and its parts, since a server may repeat only the path or a token in it.
fn redactor(written: &str, url: &Url) -> Redactor {
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let mut parts = vec![written, url.as_str()];
    parts.extend(Some(path).filter(|it| it.len() >= MIN_PATH));
    let segments = url.path_segments().into_iter().flatten();
    parts.extend(segments.filter(|it| is_token(it)));
    let values: Vec<_> = url.query_pairs().map(|(_, value)| value).collect();
    let values = values.iter().map(AsRef::as_ref);
    parts.extend(values.filter(|it: &&str| is_token(it)));
    Redactor::new(parts)
}

/// Whether a part of the URL may be a token by itself, and not a word such as `services`.
fn is_token(part: &str) -> bool {
    let has_other = part
        .bytes()
        .any(|it| it.is_ascii_digit() || it.is_ascii_uppercase());
    part.len() >= 20 || (part.len() >= 8 && has_other)
}
