//! What the program says when it starts, and when it cannot.

mod support;

use std::{env, fs, process};

use support::{Server, ask_once, output, program, simulated, text};

#[tokio::test]
async fn without_a_key_one_sentence_tells_both_ways_out() {
    for key in [None, Some(" ")] {
        let mut program = program();
        program.envs(key.map(|key| ("GEMINI_API_KEY", key)));
        let output = output(&mut program).await;
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(output.stdout), "");
        assert_eq!(
            text(output.stderr),
            "There is no Gemini API key: set GEMINI_API_KEY (in the environment or in a .env \
             file), or start with --simulate to get simulated answers.\n"
        );
    }
}

#[tokio::test]
async fn it_says_where_it_listens_and_that_answers_are_simulated() {
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
             Data: kept in memory only\n\
             Answers are simulated: no model is asked, nothing is charged.\n"
        )
    );
    assert!(
        ended.stderr.contains("answers are simulated"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn an_address_in_use_is_said_to_be_in_use() {
    let first = simulated("0ms").await;
    let mut second = program();
    let output = output(second.args(["--simulate", "--addr", first.address()])).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(output.stderr);
    let expected = format!("Another program listens on {} already", first.address());
    assert!(stderr.starts_with(&expected), "{stderr}");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_a_reason() {
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
async fn without_a_key_it_listens_to_this_machine_only() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let output = output(program().args(["--simulate", "--addr", addr])).await;
        assert_eq!(output.status.code(), Some(2), "{addr}");
        let ways = "can be reached by other machines: let in only who has a key, with --api-key \
                    or WORKFLOW_API_KEYS, or listen on 127.0.0.1.";
        assert_eq!(text(output.stderr), format!("{addr} {ways}\n"));
    }
}

#[tokio::test]
async fn with_a_key_it_listens_to_others_and_lets_in_who_has_it() {
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
async fn a_key_that_is_none_is_refused_and_not_shown() {
    let weak = "s3cr3t";
    let mut told = program();
    told.args(["--simulate", "--api-key", weak]);
    let mut listed = program();
    listed.arg("--simulate").env("WORKFLOW_API_KEYS", weak);
    for (mut program, place) in [(told, "--api-key"), (listed, "WORKFLOW_API_KEYS")] {
        let output = output(&mut program).await;
        assert_eq!(output.status.code(), Some(2));
        let stderr = text(output.stderr);
        let start = format!("{place} cannot be used: an API key is 16 to 256 letters");
        assert!(stderr.starts_with(&start), "{stderr}");
        assert!(!stderr.contains(weak), "{stderr}");
    }
}

#[tokio::test]
async fn the_log_can_be_json_and_tells_which_request_a_line_is_about() {
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
async fn a_dot_env_file_counts_where_the_environment_says_nothing() {
    let place = env::temp_dir().join(format!("workflow-server-{}", process::id()));
    fs::create_dir_all(&place).unwrap();
    let write = |text: &str| fs::write(place.join(".env"), text).unwrap();

    write("GEMINI_API_KEY=from-the-file\nGEMINI_MODEL=gemini-of-the-file\n");
    let known = ("GEMINI_MODEL", "gemini-known");
    let mut programs = [program(), program(), program()];
    programs[1].envs([known]);
    programs[2].envs([known]).args(["--model", "gemini-told"]);
    for (program, model) in programs.iter_mut().zip(["of-the-file", "known", "told"]) {
        let server = Server::start(program.current_dir(&place)).await;
        server.terminate();
        let said = server.end().await.stdout;
        assert!(said.contains(&format!("Model: gemini-{model}\n")), "{said}");
    }

    write("GEMINI_API_KEY: AIza-secret\n");
    let output = output(program().current_dir(&place)).await;
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(output.stderr);
    assert_eq!(
        stderr,
        "The .env file could not be read: a line of it is not NAME=value.\n"
    );
    fs::remove_dir_all(&place).unwrap();
}

#[tokio::test]
async fn a_key_and_a_base_url_are_not_used_when_answers_are_simulated() {
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
