use super::*;

fn from(variables: &[(&str, &str)]) -> GeminiClientBuilder {
    GeminiClientBuilder::from_vars(|name| {
        let found = variables.iter().find(|(known, _)| *known == name)?;
        Some(found.1.to_owned())
    })
}

#[test]
fn the_used_and_the_ignored_key_variable_are_named() {
    let (google, gemini) = ("GOOGLE_API_KEY", "GEMINI_API_KEY");
    for (variables, key, used, ignored) in [
        (
            &[(google, "a"), (gemini, "b")][..],
            Some("a"),
            Some(google),
            Some(gemini),
        ),
        (
            &[(google, "a"), (gemini, "a\n")],
            Some("a"),
            Some(google),
            None,
        ),
        (
            &[(google, " "), (gemini, "b\n")],
            Some("b"),
            Some(gemini),
            None,
        ),
        (&[(google, "a")], Some("a"), Some(google), None),
        (&[(google, ""), (gemini, "")], None, None, None),
    ] {
        let builder = from(variables);
        assert_eq!(builder.api_key.key.as_deref(), key, "{variables:?}");
        assert_eq!(builder.key_variable(), used, "{variables:?}");
        assert_eq!(builder.ignored_key_variable(), ignored, "{variables:?}");
        let set = builder.with_api_key("c");
        assert_eq!(
            (set.key_variable(), set.ignored_key_variable()),
            (None, None)
        );
    }
    assert!(matches!(from(&[]).build(), Err(ConfigError::MissingKey)));
}

#[test]
fn whether_requests_are_stored_is_read_and_nonsense_is_refused() {
    for (value, store) in [
        ("false", Some(false)),
        ("0", Some(false)),
        ("No", Some(false)),
        ("TRUE", Some(true)),
        ("", None),
    ] {
        let builder = from(&[("GEMINI_API_KEY", "k"), ("GEMINI_STORE", value)]);
        assert_eq!(builder.store, store, "{value}");
        assert!(builder.build().is_ok(), "{value}");
    }
    let error = from(&[("GEMINI_API_KEY", "k"), ("GEMINI_STORE", "off")]).build();
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "GEMINI_STORE must be `true` or `false`");
}

#[test]
fn a_limit_of_zero_is_refused_by_name() {
    let builder = || from(&[("GEMINI_API_KEY", "k")]);
    for (builder, limit) in [
        (builder().with_max_in_flight(0), "max_in_flight"),
        (builder().with_max_per_minute(0), "max_per_minute"),
    ] {
        let error = builder.build().unwrap_err().to_string();
        let expected = format!("{limit} is 0, so no request could be sent: set at least 1");
        assert_eq!(error, expected);
    }
}

#[test]
fn the_environment_sets_address_version_and_model() {
    let builder = from(&[
        ("GEMINI_API_KEY", "k"),
        (
            "GOOGLE_GEMINI_BASE_URL",
            "https://proxy.example.com/gemini/",
        ),
        ("GOOGLE_GENAI_API_VERSION", "v1"),
        ("GEMINI_MODEL", "gemini-4-neon"),
    ]);
    assert_eq!(builder.model, "gemini-4-neon");
    let url = address(&builder.base_url, &builder.api_version, "").unwrap();
    assert_eq!(url.as_str(), "https://proxy.example.com/gemini/v1");
    let unset = from(&[("GOOGLE_GEMINI_BASE_URL", ""), ("GEMINI_MODEL", "")]);
    assert_eq!(unset.model, DEFAULT_MODEL);
    assert_eq!(unset.base_url, DEFAULT_BASE_URL);
}

#[test]
fn vertex_sets_host_version_and_path() {
    for (location, host) in [
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
    ] {
        let builder = GeminiClientBuilder::default().with_vertex("p", location);
        let url = address(
            &builder.base_url,
            &builder.api_version,
            &builder.path_prefix,
        );
        let path = format!("/v1/projects/p/locations/{location}/publishers/google");
        let url = url.unwrap();
        assert_eq!((url.host_str(), url.path()), (Some(host), path.as_str()));
    }
}

#[test]
fn debug_shows_no_key() {
    let builder = GeminiClientBuilder::default().with_api_key("AIza-secret");
    assert!(!format!("{builder:?}").contains("secret"));
}
