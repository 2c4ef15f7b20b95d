//! Messages of the start, and its errors.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{env, fs, process};

use support::{Server, ask_once, output, program, simulated, text};

#[tokio::test]
async fn a_missing_key_is_reported_with_all_solutions() {
    for key in [None, Some(" ")] {
        let mut program = program();
        program.envs(key.map(|key| ("GEMINI_API_KEY", key)));
        let output = output(&mut program).await;
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(output.stdout), "");
        assert_eq!(
            text(output.stderr),
            "error: no Gemini API key: set GEMINI_API_KEY (in the environment or in ./.env), name \
             another provider with --provider, or start with --simulate to get simulated replies\n"
        );
    }
}

#[tokio::test]
async fn the_start_message_has_the_address_and_the_simulation() {
    let server = simulated("0ms").await;
    let address = server.address().to_owned();
    let types: serde_json::Value = server.get("/api/node-types").await.json().await.unwrap();
    assert_eq!(types["simulated"], true);
    let page = server.get("/").await.text().await.unwrap();
    assert!(page.starts_with("<!doctype html>"), "{page}");
    server.terminate();
    let ended = server.end().await;
    assert_eq!(
        ended.stdout,
        format!(
            "Listening on http://{address}\n\
             Model: gemini-3.8-flash\n\
             Data: in memory only\n\
             Replies are simulated: no model is called, nothing is charged.\n"
        )
    );
    assert!(
        ended.stderr.contains("replies are simulated"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn an_address_in_use_is_reported() {
    let first = simulated("0ms").await;
    let mut second = program();
    let output = output(second.args(["--simulate", "--addr", first.address()])).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(output.stderr);
    let expected = format!("error: address {} is in use", first.address());
    assert!(stderr.starts_with(&expected), "{stderr}");
}

#[tokio::test]
async fn invalid_options_are_refused_with_a_reason() {
    for (arguments, reason) in [
        (["--addr", "here"], "such as 127.0.0.1:8000"),
        (
            ["--allowed-host", "https://flows"],
            "for example flows.example.com",
        ),
        (["--log-format", "xml"], "text, json"),
        (
            ["--cors-origin", "localhost:3000"],
            "for example http://localhost:3000",
        ),
        (["--log", "everything=loud"], "invalid"),
        (["--simulate-pace", "40ms"], "--simulate"),
    ] {
        let output = output(program().args(arguments)).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let stderr = text(output.stderr);
        assert!(stderr.contains(reason), "{stderr}");
    }
}

#[tokio::test]
async fn without_a_key_it_listens_on_loopback_only() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let output = output(program().args(["--simulate", "--addr", addr])).await;
        assert_eq!(output.status.code(), Some(2), "{addr}");
        let expected = format!(
            "error: other machines can reach {addr}: require an API key, with --api-key or \
             WORKFLOW_API_KEYS, or listen on 127.0.0.1\n"
        );
        assert_eq!(text(output.stderr), expected);
    }
}

#[tokio::test]
async fn with_a_key_it_listens_on_other_addresses_and_requires_the_key() {
    const KEYS: [&str; 3] = [
        "key-of-the-option",
        "first-of-the-list",
        "second-of-the-list",
    ];
    let mut program = program();
    program.env("WORKFLOW_API_KEYS", format!(" {}, {},", KEYS[1], KEYS[2]));
    program.args(["--memory", "--simulate", "--api-key", KEYS[0]]);
    program.args(["--addr", "0.0.0.0:0"]);
    let server = Server::start_as(&mut program).await;
    let url = format!("http://127.0.0.1:{}/api/runs", server.port());
    let ask = async |key: &str| {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = http.get(&url).bearer_auth(key).send().await;
        asked.unwrap().status().as_u16()
    };
    for key in KEYS {
        assert_eq!(ask(key).await, 200, "{key}");
    }
    assert_eq!(ask("another-one-than-these").await, 401);
}

#[tokio::test]
async fn an_invalid_key_is_refused_and_not_shown() {
    let weak = "s3cr3t";
    let mut by_option = program();
    by_option.args(["--simulate", "--api-key", weak]);
    let mut listed = program();
    listed.arg("--simulate").env("WORKFLOW_API_KEYS", weak);
    for (mut program, place) in [(by_option, "--api-key"), (listed, "WORKFLOW_API_KEYS")] {
        let output = output(&mut program).await;
        assert_eq!(output.status.code(), Some(2));
        let stderr = text(output.stderr);
        let start = format!("error: invalid key in {place}: an API key has 16 to 256 ");
        assert!(stderr.starts_with(&start), "{stderr}");
        assert!(!stderr.contains(weak), "{stderr}");
    }
}

#[tokio::test]
async fn the_json_log_has_the_id_of_the_request() {
    let mut program = program();
    program.args(["--simulate", "--log-format", "json"]);
    let server = Server::start(&mut program).await;
    let answer = server.get("/healthz").await;
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    server.terminate();
    let said = server.end().await.stderr;
    let lines: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let line = lines.iter().find(|line| line["message"] == "answered");
    let line = line.unwrap_or_else(|| panic!("{said}"));
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["status"], 200);
    assert_eq!(line["span"]["path"], "/healthz");
    assert_eq!(line["span"]["request_id"], id);
}

#[tokio::test]
async fn a_dot_env_file_sets_variables_that_the_environment_does_not_set() {
    let place = env::temp_dir().join(format!("workflow-server-{}", process::id()));
    fs::create_dir_all(&place).unwrap();
    let write = |text: &str| fs::write(place.join(".env"), text).unwrap();

    write("GEMINI_API_KEY=from-the-file\nGEMINI_MODEL=gemini-of-the-file\n");
    let known = ("GEMINI_MODEL", "gemini-known");
    let mut programs = [program(), program(), program()];
    programs[1].envs([known]);
    programs[2].envs([known]).args(["--model", "gemini-option"]);
    for (program, model) in programs.iter_mut().zip(["of-the-file", "known", "option"]) {
        let server = Server::start(program.current_dir(&place)).await;
        server.terminate();
        let said = server.end().await.stdout;
        assert!(said.contains(&format!("Model: gemini-{model}\n")), "{said}");
    }

    write("# a comment\nGEMINI_API_KEY: AIza-secret\n");
    let wrong = output(program().current_dir(&place)).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(
        text(wrong.stderr),
        "error: .env, line 2: expected NAME=value\n"
    );

    let named = place.join("elsewhere.env");
    fs::write(&named, "A=1\n\nB 2\n").unwrap();
    let wrong = output(program().arg("--env-file").arg(&named)).await;
    let stderr = text(wrong.stderr);
    assert_eq!(
        stderr,
        format!("error: {}, line 3: expected NAME=value\n", named.display())
    );
    let missing = output(program().args(["--env-file", "missing.env"])).await;
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(missing.stderr).starts_with("error: failed to read missing.env"));
    fs::remove_dir_all(&place).unwrap();
}

#[tokio::test]
async fn a_dot_env_file_of_a_parent_directory_is_not_read() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join(".env"), "GEMINI_API_KEY=from-a-parent\n").unwrap();
    let inner = place.path().join("project");
    fs::create_dir(&inner).unwrap();
    for arguments in [vec![], vec!["run", "any.json"]] {
        fs::write(inner.join("any.json"), ask_once().to_string()).unwrap();
        let output = output(program().args(&arguments).current_dir(&inner)).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let stderr = text(output.stderr);
        assert!(stderr.starts_with("error: no Gemini API key"), "{stderr}");
    }
}

/// Standard output of a start with these variables and this `.env` file.
async fn said(environment: &[(&str, &str)], file: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join(".env"), file).unwrap();
    let mut program = program();
    program
        .envs(environment.iter().copied())
        .current_dir(&place);
    let server = Server::start(&mut program).await;
    server.terminate();
    server.end().await.stdout
}

#[tokio::test]
async fn a_base_url_of_a_file_never_gets_a_key_of_the_environment() {
    let file = "GOOGLE_API_KEY=foreign\nGOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9\n";
    let line = "Gemini API: http://127.0.0.1:9";
    let all_of_file = said(&[], file).await;
    for expected in [
        "Variables read from .env\n",
        &format!("{line} (.env)\n"),
        "Key: GOOGLE_API_KEY (.env)\n",
    ] {
        assert!(all_of_file.contains(expected), "{expected}: {all_of_file}");
    }

    let shell = said(&[("GEMINI_API_KEY", "of-the-shell")], file).await;
    assert!(!shell.contains(line), "{shell}");
    assert!(!shell.contains("Key: "), "{shell}");
    let ignored = "environment sets the key: GOOGLE_API_KEY, GOOGLE_GEMINI_BASE_URL of the .env";
    assert!(shell.contains(ignored), "{shell}");

    let url = ("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:8");
    let both = [("GEMINI_API_KEY", "a"), ("GOOGLE_API_KEY", "b"), url];
    let both = said(&both, "OTHER=1\n").await;
    assert!(both.contains("Gemini API: http://127.0.0.1:8\n"), "{both}");
    assert!(
        both.contains("Key: GOOGLE_API_KEY; GEMINI_API_KEY is also set and is ignored\n"),
        "{both}"
    );

    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join(".env"), file).unwrap();
    let mut program = program();
    let output = output(program.envs([url]).current_dir(&place)).await;
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(output.stderr);
    assert!(
        stderr.contains("or unset GOOGLE_GEMINI_BASE_URL"),
        "{stderr}"
    );
}

#[tokio::test]
async fn a_list_of_keys_without_a_key_is_refused() {
    for (listed, reason) in [
        ("", "contains no key"),
        (" , ,", "contains no key"),
        ("\"\"", "has quotes around a key"),
        ("\"0123456789abcdef\"", "has quotes around a key"),
    ] {
        let mut program = program();
        program.arg("--simulate").env("WORKFLOW_API_KEYS", listed);
        let output = output(&mut program).await;
        assert_eq!(output.status.code(), Some(2), "{listed:?}");
        let stderr = text(output.stderr);
        assert!(
            stderr.starts_with("error: WORKFLOW_API_KEYS ") && stderr.contains(reason),
            "{stderr}"
        );
    }
}

#[tokio::test]
async fn key_and_base_url_are_not_used_in_a_simulation() {
    let mut program = program();
    program.envs([
        ("GEMINI_API_KEY", "real"),
        ("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9"),
        ("GOOGLE_GENAI_API_VERSION", "v1/elsewhere"),
    ]);
    let server = Server::start(program.args(["--simulate", "--simulate-pace", "0ms"])).await;
    let outcome = server.outcome(&ask_once(), "Why?".into()).await;
    assert_eq!(outcome["status"], "completed", "{outcome}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_limit_of_open_files_is_raised_and_a_warning_says_if_it_is_too_low() {
    for (highest, warns) in [("16384", false), ("512", true)] {
        let mut limited = tokio::process::Command::new("prlimit");
        limited.arg(format!("--nofile=256:{highest}"));
        limited.args([env!("CARGO_BIN_EXE_workflow-server"), "--simulate"]);
        let server = Server::start(limited.kill_on_drop(true)).await;
        let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let files = limits
            .lines()
            .find(|line| line.starts_with("Max open files"));
        let numbers: Vec<&str> = files.unwrap().split_whitespace().skip(3).take(2).collect();
        assert_eq!(numbers, [highest, highest]);
        server.terminate();
        let stderr = server.end().await.stderr;
        let warning = "this process may open 512 files, and needs at least 5248 for --max-connections and --model-in-flight";
        assert_eq!(stderr.contains(warning), warns, "{stderr}");
    }
}
