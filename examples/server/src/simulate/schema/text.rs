//! Strings that match `format`, `minLength` and `maxLength`.

use serde_json::Value;

/// A string about the subject, or an example of the format. `pattern` is ignored.
pub(super) fn text(schema: &Value, name: &str, subject: &str) -> String {
    if let Some(formatted) = schema["format"].as_str().and_then(formatted) {
        return formatted.to_owned();
    }
    let name = name.replace(['_', '-'], " ");
    let length = |word: &str| schema[word].as_u64().and_then(|n| usize::try_from(n).ok());
    let least = length("minLength").unwrap_or(0).min(MAX_CHARS);
    let most = length("maxLength").unwrap_or(MAX_CHARS);
    let mut text = format!("Simulated {name} about {subject}");
    let missing = least.saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n('.', missing));
    text.chars().take(most).collect()
}

/// The most characters of a string.
const MAX_CHARS: usize = 10_000;

fn formatted(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2026-01-31",
        "date-time" => "2026-01-31T12:00:00Z",
        "time" => "12:00:00Z",
        "duration" => "PT1H",
        "email" => "simulated@example.com",
        "uri" => "https://example.com/simulated",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        _ => return None,
    })
}
