//! Settings: from options, variables, `.env` and a configuration file, in this order.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{env, fs, path::Path};

use serde_json::{Value, json};
use support::{Server, explain, in_repository, output, program, text};
use tempfile::TempDir;
use tokio::process::Command;

/// A directory with these files in it.
fn place(files: &[(&str, &str)]) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(place.path().join(name), content).unwrap();
    }
    place
}

/// The program in a directory, with its configuration file.
fn configured(place: &Path) -> Command {
    let mut program = program();
    program
        .current_dir(place)
        .args(["--simulate", "--config", "workflow.toml"]);
    program
}

async fn limit(server: &Server, name: &str) -> Value {
    let types: Value = server.get("/api/node-types").await.json().await.unwrap();
    types["limits"][name].clone()
}

#[tokio::test]
async fn options_override_variables_override_dot_env_overrides_the_file() {
    let place = place(&[
        ("workflow.toml", "max_body = \"1KiB\"\nmax_steps = 3\n"),
        (".env", "WORKFLOW_MAX_BODY=2KiB\n"),
    ]);
    let bare = self::place(&[("workflow.toml", "max_body = 1_024\n")]);
    let cases: [(&Path, Option<&str>, Option<&str>, u64); 5] = [
        (bare.path(), None, None, 1024),
        (place.path(), None, None, 2048),
        (place.path(), Some("3KiB"), None, 3072),
        (place.path(), Some(" "), None, 2048),
        (place.path(), Some("3KiB"), Some("4KiB"), 4096),
    ];
    for (place, variable, option, expected) in cases {
        let mut program = configured(place);
        program.envs(variable.map(|value| ("WORKFLOW_MAX_BODY", value)));
        program.args(option.map(|value| format!("--max-body={value}")));
        let server = Server::start(&mut program).await;
        assert_eq!(
            limit(&server, "body_bytes").await,
            expected,
            "{variable:?} {option:?}"
        );
        server.terminate();
        let said = server.end().await.stdout;
        assert!(
            said.contains("Settings read from workflow.toml\n"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn every_limit_of_the_engine_and_of_bodies_can_be_set() {
    let place = place(&[(
        "workflow.toml",
        "max_body = 5000\nmax_steps = 3\nmax_events = 500\nmax_map_items = 7\nmax_output = \"2KiB\"\n\
         max_running = 2\nmax_queued = 5\nmemory_budget = \"64MiB\"\nkeep_alive = \"80s\"\nheartbeat = \"2s\"\nallowed_host = [\"a.example\", \"b.example\"]\n",
    )]);
    let server = Server::start(&mut configured(place.path())).await;
    for (name, value) in [
        ("body_bytes", 5000),
        ("concurrent_steps", 3),
        ("events", 500),
        ("map_items", 7),
        ("output_bytes", 2048),
        ("queued_runs", 5),
        ("memory_budget_bytes", 64 * 1024 * 1024),
    ] {
        assert_eq!(limit(&server, name).await, value, "{name}");
    }
    let refused = server.post("/api/workflows", "x".repeat(5001)).await;
    assert_eq!(refused.status(), 413);
}

#[tokio::test]
async fn unknown_settings_and_invalid_values_are_refused_with_their_place() {
    for (file, place, reason) in [
        (
            "max_bdoy = 1\n",
            "line 1, column 1",
            "`max_bdoy` is not a setting; did you mean `max_body`?",
        ),
        (
            "\n\n  max-body = 1\n",
            "line 3, column 3",
            "did you mean `max_body`?",
        ),
        (
            "nonsense_at_all = 1\n",
            "line 1, column 1",
            "`workflow-server --help-config` lists them",
        ),
        (
            "[limits]\nmax_body = 1\n",
            "line 1, column 2",
            "`limits` is not a setting",
        ),
        (
            "config = \"x\"\n",
            "line 1, column 1",
            "`config` is not a setting",
        ),
        (
            "addr = \"127.0.0.1:0\"\nmax_body = \"1MB\"\n",
            "line 2, column 1",
            "such as 65536, 64KiB or 1MiB",
        ),
        (
            "max_running = \"many\"\n",
            "line 1, column 1",
            "invalid value 'many'",
        ),
        (
            "max_running = 1.5\n",
            "line 1, column 1",
            "`max_running` cannot be of type float",
        ),
        (
            "max_running = [1]\n",
            "line 1, column 1",
            "`max_running` is not a list; set one value",
        ),
        (
            "log_format = \"xml\"\n",
            "line 1, column 1",
            "[possible values: text, json]",
        ),
        (
            "memory = \"yes\"\n",
            "line 1, column 1",
            "expected true or false",
        ),
        (
            "api_key = [\"s3cr3t\"]\n",
            "",
            "invalid key in --api-key: an API key has 16 to 256",
        ),
        ("max_body = \n", "line 1, column 1", ""),
        ("a = 1\na = 2\n", "line 2, column 1", "duplicate key"),
    ] {
        let at = self::place(&[("workflow.toml", file)]);
        let mut program = configured(at.path());
        let output = output(program.args(["--addr", "127.0.0.1:0"])).await;
        let stderr = text(output.stderr);
        assert_eq!(output.status.code(), Some(2), "{file:?}: {stderr}");
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("error: workflow.toml, {place}")
        };
        assert!(
            stderr.starts_with(place.trim_end_matches(|c: char| c.is_ascii_digit())),
            "{file:?}: {stderr}"
        );
        assert!(stderr.contains(reason), "{file:?}: {stderr}");
        assert!(!stderr.contains("s3cr3t"), "{stderr}");
    }
    let mut missing = program();
    let output = output(missing.args(["--config", "missing.toml"])).await;
    assert!(text(output.stderr).starts_with("error: failed to read missing.toml"));
}

#[tokio::test]
async fn an_invalid_variable_is_named() {
    let place = place(&[
        ("workflow.toml", ""),
        (".env", "WORKFLOW_KEEP_ALIVE=soon\n"),
    ]);
    let mut program = configured(place.path());
    let refused = output(&mut program).await;
    assert_eq!(refused.status.code(), Some(2));
    let stderr = text(refused.stderr);
    assert!(
        stderr.starts_with("error: WORKFLOW_KEEP_ALIVE (.env): invalid value 'soon'"),
        "{stderr}"
    );
    let refused = output(program.env("WORKFLOW_MEMORY", "maybe")).await;
    let stderr = text(refused.stderr);
    assert_eq!(
        stderr,
        "error: WORKFLOW_MEMORY (the environment): expected true or false\n"
    );
}

#[tokio::test]
async fn an_option_overrides_conflicting_settings_too() {
    let place = place(&[("workflow.toml", "data_dir = \"elsewhere\"\nkeep_days = 3\n")]);
    let server = Server::start(&mut configured(place.path())).await;
    server.terminate();
    let said = server.end().await.stdout;
    assert!(said.contains("Data: in memory only"), "{said}");
    assert!(!place.path().join("elsewhere").exists());

    let both = self::place(&[("workflow.toml", "data_dir = \"elsewhere\"\nmemory = true\n")]);
    let refused = output(configured(both.path()).args(["--addr", "127.0.0.1:0"])).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(refused.stderr).contains("cannot be used with"));
}

#[tokio::test]
async fn run_uses_its_settings_and_ignores_others() {
    let spec = json!({"nodes": [{"id": "ask", "type": "LLMNode", "retry": 1, "data": {}}]});
    let place = place(&[
        (
            "workflow.toml",
            "addr = \"127.0.0.1:0\"\nsimulate = true\nsimulate_pace = \"0ms\"\nmax_running = 3\n",
        ),
        ("ask.json", &spec.to_string()),
        ("wrong.toml", "simulat = true\n"),
    ]);
    let run = async |file: &str| {
        let mut program = program();
        program.current_dir(place.path());
        output(program.args(["run", "ask.json", "--input", "Why?", "--config", file])).await
    };
    let ran = run("workflow.toml").await;
    assert!(ran.status.success(), "{}", text(ran.stderr));
    assert!(text(ran.stdout).contains("(Simulated.)"));
    let refused = run("wrong.toml").await;
    assert!(text(refused.stderr).contains("did you mean `simulate`?"));
}

/// All settings, as `--help-config` prints them.
async fn template() -> String {
    let printed = output(program().arg("--help-config")).await;
    assert!(printed.status.success());
    text(printed.stdout)
}

#[tokio::test]
async fn the_printed_file_has_every_setting_with_a_valid_default() {
    let template = template().await;
    for key in [
        "addr",
        "base_path",
        "max_queued",
        "model_per_minute",
        "keep_alive",
        "allow_private",
        "keep_days",
    ] {
        assert!(
            template.contains(&format!("\n#{key} = ")),
            "{key}: {template}"
        );
    }
    assert!(
        template.lines().all(|line| line.chars().count() <= 120),
        "{template}"
    );
    let is_set =
        |line: &&str| line.starts_with('#') && line.chars().nth(1).is_some_and(char::is_alphabetic);
    let lines = template.lines().filter(is_set).map(|line| &line[1..]);
    let lines = lines.filter(|line| {
        !line.contains("(not set)") && !line.starts_with("memory ") && !line.starts_with("addr ")
    });
    let lines: Vec<&str> = lines.collect();
    assert!(lines.len() > 30, "{lines:?}");
    let place = place(&[("workflow.toml", &lines.join("\n"))]);
    let mut program = configured(place.path());
    let server = Server::keeping(&mut program, &place.path().join("data")).await;
    assert_eq!(limit(&server, "body_bytes").await, 1024 * 1024);
    assert_eq!(limit(&server, "concurrent_steps").await, 16);
    assert_eq!(limit(&server, "events").await, 1_000_000);
    assert_eq!(limit(&server, "map_items").await, 10_000);
    assert_eq!(limit(&server, "output_bytes").await, 1024 * 1024);
}

#[tokio::test]
async fn the_documentation_contains_the_printed_file() {
    let path = in_repository("docs/SETTINGS.md");
    let printed = template().await;
    let expected = format!(
        "# Settings\n\n`workflow-server --help-config` prints this file.\n\n```toml\n{printed}```\n"
    );
    if env::var("UPDATE_GOLDEN").is_ok_and(|update| update == "1") {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "run with UPDATE_GOLDEN=1 to update it");
}

#[tokio::test]
async fn all_links_and_the_page_begin_with_the_base_path() {
    let mut program = program();
    program.args([
        "--simulate",
        "--simulate-pace",
        "0ms",
        "--base-path",
        "/tools/flows/",
        "--public-url",
        "https://intranet.example.com",
    ]);
    let server = Server::start(&mut program).await;
    let (address, base) = server.address().split_once('/').unwrap();
    assert_eq!(base, "tools/flows");
    let root = format!("http://{address}");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        let answer = http.get(format!("{root}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    // With the path, and without it, as a proxy that removes it sends requests.
    for prefix in ["/tools/flows", ""] {
        assert_eq!(get(&format!("{prefix}/healthz")).await.0, 200);
        let (status, page) = get(&format!("{prefix}/")).await;
        assert_eq!(status, 200);
        assert!(page.contains("<base href=\"/tools/flows/\" />"), "{page}");
        assert_eq!(get(&format!("{prefix}/assets/app.js")).await.0, 200);
        assert_eq!(get(&format!("{prefix}/nowhere")).await.0, 404);
    }
    let created = server.post("/api/workflows", explain().to_string()).await;
    assert_eq!(created.status(), 201);
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        location.starts_with("/tools/flows/api/workflows/"),
        "{location}"
    );
    let started = http
        .post(format!("{root}{location}/runs"))
        .body(r#"{"input":"Why?"}"#);
    let started: Value = started.send().await.unwrap().json().await.unwrap();
    for (name, link) in started["links"].as_object().unwrap() {
        assert!(
            link.as_str().unwrap().starts_with("/tools/flows/api/"),
            "{name}: {link}"
        );
    }
    // Templates read the public address of the run.
    let id = started["id"].as_str().unwrap();
    let (_, events) = get(&format!("/tools/flows/api/runs/{id}/events")).await;
    let url = format!("\"url\":\"https://intranet.example.com/tools/flows/#/runs/{id}\"");
    assert!(events.contains(&url), "{events}");
    let (status, events) = get(started["links"]["events"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    assert!(events.contains("event: run.completed"), "{events}");
}

#[tokio::test]
async fn private_addresses_are_allowed_only_with_a_warning() {
    let inner = wiremock::MockServer::start().await;
    let answer = wiremock::ResponseTemplate::new(200).set_body_string("inside");
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(answer)
        .mount(&inner)
        .await;
    let spec = json!({"nodes": [{"id": "call", "type": "HttpNode", "data": {"url": inner.uri()}}]});
    let opened = format!("{}=127.0.0.1", inner.uri());
    for (private, status) in [(None, "failed"), (Some(&opened), "completed")] {
        let mut program = program();
        program.args(["--simulate", "--allow-origin", &inner.uri()]);
        program.envs(private.map(|address| ("WORKFLOW_ALLOW_PRIVATE", address)));
        let server = Server::start(&mut program).await;
        let outcome = server.outcome(&spec, Value::Null).await;
        assert_eq!(outcome["status"], status, "{outcome}");
        server.terminate();
        let said = server.end().await;
        let warning = format!(
            "DANGEROUS: HttpNode may reach private addresses: 127.0.0.1 for {}",
            inner.uri()
        );
        let warns = said.stdout.contains(&warning);
        assert_eq!(warns, private.is_some(), "{}", said.stdout);
        assert_eq!(
            said.stderr.contains("may reach private addresses"),
            private.is_some()
        );
    }
    for (wrong, reason) in [
        (
            "here",
            "expected an origin and its private addresses, such as",
        ),
        (
            "10.0.0.0/8",
            "expected an origin and its private addresses, such as",
        ),
        (
            "https://b.example=10.0.0.1",
            "which is not an allowed origin",
        ),
        (
            "https://a.example=10.0.0.1/8",
            "write `10.0.0.0/8` for the range, `10.0.0.1` for the address",
        ),
        ("https://a.example=0.0.0.0/0", "allows every address"),
        (
            "https://a.example=here",
            "is neither an address nor a range",
        ),
        ("=10.0.0.1", "it is not an absolute URL"),
    ] {
        let options = ["--simulate", "--allow-origin", "https://a.example"];
        let refused = output(program().args(options).args(["--allow-private", wrong])).await;
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
        let said = text(refused.stderr);
        assert!(said.contains(reason), "{wrong}: {said}");
    }
}
