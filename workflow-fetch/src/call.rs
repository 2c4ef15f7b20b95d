//! One request of a call, and the request that follows a redirect. Pure.

use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{
        AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE,
        HeaderMap, HeaderName, LOCATION,
    },
};
use url::Url;

use crate::{error::FetchError, origin::Origin};

/// The header of draft-ietf-httpapi-idempotency-key-header. Its value is the same for all attempts of a
/// step, so that a server can recognise a repeated change.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Headers with credentials. Like secrets, they are sent to one origin only.
const CREDENTIALS: [HeaderName; 2] = [AUTHORIZATION, COOKIE];
/// Headers that describe a body or a change. They are removed with the body.
const BODY_HEADERS: [HeaderName; 5] = [
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LOCATION,
    CONTENT_TYPE,
    IDEMPOTENCY_KEY,
];

/// One request with its secrets.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Secrets are marked as sensitive: redirects find them by this mark, and `Debug` hides them.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

impl Call {
    /// The target of a redirect. `None` if the response is not a redirect, or has no `Location`.
    ///
    /// # Errors
    /// [`FetchError::InvalidUrl`].
    pub(crate) fn target(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Url>, FetchError> {
        let redirects = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let Some(location) = headers.get(LOCATION).filter(|_| redirects) else {
            return Ok(None);
        };
        let location = String::from_utf8_lossy(location.as_bytes());
        let target = self.url.join(&location);
        let mut target = target.map_err(FetchError::invalid_url)?;
        target.set_fragment(None);
        Ok(Some(target))
    }

    /// The request that follows a redirect. As in browsers (Fetch standard, HTTP-redirect fetch), a
    /// change becomes a `GET` with some statuses. A request to another origin loses its credentials.
    pub(crate) fn redirected(mut self, status: StatusCode, target: Url) -> Self {
        if becomes_get(status, &self.method) {
            self.method = Method::GET;
            self.body = None;
            for name in &BODY_HEADERS {
                self.headers.remove(name);
            }
        }
        if Origin::of(&self.url) != Origin::of(&target) {
            self.remove_credentials();
        }
        self.url = target;
        self
    }

    /// Removes secrets, wherever the workflow put them, and the headers that carry credentials by
    /// convention. A redirect back to the first origin does not restore them.
    fn remove_credentials(&mut self) {
        let secret = self
            .headers
            .iter()
            .filter(|(_, value)| value.is_sensitive());
        let secret = secret.map(|(name, _)| name.clone());
        let personal: Vec<HeaderName> = secret.chain(CREDENTIALS).collect();
        for name in personal {
            self.headers.remove(name);
        }
    }
}

/// RFC 9110, section 15.4: 303 means `GET`; 301 and 302 change `POST` for historical reasons; 307 and
/// 308 keep the method.
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status {
        StatusCode::SEE_OTHER => *method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn call(method: Method) -> Call {
        let mut secret = HeaderValue::from_static("s3cret");
        secret.set_sensitive(true);
        let headers = [
            (HeaderName::from_static("x-key"), secret),
            (AUTHORIZATION, HeaderValue::from_static("Bearer x")),
            (COOKIE, HeaderValue::from_static("a=b")),
            (CONTENT_TYPE, HeaderValue::from_static("text/plain")),
            (IDEMPOTENCY_KEY, HeaderValue::from_static("run/a")),
            (
                HeaderName::from_static("x-other"),
                HeaderValue::from_static("o"),
            ),
        ];
        Call {
            method,
            url: Url::parse("https://a.example.com/one?q=1").unwrap(),
            headers: headers.into_iter().collect(),
            body: Some(Bytes::from_static(b"body")),
        }
    }

    fn followed(method: Method, status: u16) -> (Method, bool) {
        let target = Url::parse("https://a.example.com/two").unwrap();
        let call = call(method).redirected(StatusCode::from_u16(status).unwrap(), target);
        assert_eq!(call.body.is_some(), call.headers.contains_key(CONTENT_TYPE));
        assert!(call.headers.contains_key("x-key"), "the origin is the same");
        (call.method, call.body.is_some())
    }

    #[test]
    fn the_status_decides_whether_method_and_body_are_kept() {
        for status in [301, 302, 303] {
            assert_eq!(followed(Method::POST, status), (Method::GET, false));
        }
        for status in [301, 302, 307, 308] {
            assert_eq!(followed(Method::PUT, status), (Method::PUT, true));
        }
        assert_eq!(followed(Method::PUT, 303), (Method::GET, false));
        assert_eq!(followed(Method::POST, 307), (Method::POST, true));
        assert_eq!(followed(Method::POST, 308), (Method::POST, true));
        assert_eq!(followed(Method::HEAD, 303).0, Method::HEAD);
        assert_eq!(followed(Method::GET, 302).0, Method::GET);
    }

    #[test]
    fn another_origin_receives_no_credentials() {
        for target in [
            "https://b.example.com/",
            "http://a.example.com/",
            "https://a.example.com:8443/",
        ] {
            let target = Url::parse(target).unwrap();
            let call = call(Method::POST).redirected(StatusCode::TEMPORARY_REDIRECT, target);
            let names: Vec<&str> = call.headers.keys().map(HeaderName::as_str).collect();
            assert_eq!(names.len(), 3, "{names:?}");
            for name in ["x-key", "authorization", "cookie"] {
                assert!(!names.contains(&name), "{names:?}");
            }
        }
    }

    #[test]
    fn a_redirect_has_a_status_and_a_location() {
        let target = |status, location| {
            let headers = [(LOCATION, HeaderValue::from_static(location))];
            let status = StatusCode::from_u16(status).unwrap();
            call(Method::GET).target(status, &headers.into_iter().collect())
        };
        let found = |status, location| target(status, location).ok().flatten().map(String::from);
        let two = Some("https://a.example.com/two".to_owned());
        assert_eq!(found(302, "/two#part"), two);
        assert_eq!(found(308, "two"), two);
        assert_eq!(
            found(301, "//b.example.com").as_deref(),
            Some("https://b.example.com/")
        );
        for status in [200, 201, 300, 304, 305, 306] {
            assert_eq!(found(status, "/two"), None, "{status}");
        }
        assert!(target(302, "http://[").is_err());
        assert!(
            call(Method::GET)
                .target(StatusCode::FOUND, &HeaderMap::new())
                .is_ok_and(|it| it.is_none())
        );
    }
}
