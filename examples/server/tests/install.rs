//! What is installed with the program: its version, manual pages and completions.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{fs, process};

use support::{in_repository, output, program, text};

/// The commit of this repository; none in an archive of it.
fn commit() -> Option<String> {
    in_repository(".git").exists().then(|| {
        let mut git = process::Command::new("git");
        git.current_dir(in_repository("."));
        let output = git.args(["rev-parse", "--short=10", "HEAD"]).output();
        text(output.unwrap().stdout).trim().to_owned()
    })
}

#[tokio::test]
async fn the_version_names_commit_and_features() {
    let version = env!("CARGO_PKG_VERSION");
    let short = output(program().arg("-V")).await;
    assert_eq!(text(short.stdout), format!("workflow-server {version}\n"));
    let long = text(output(program().arg("--version")).await.stdout);
    let rest = long.strip_prefix(&format!("workflow-server {version} (commit "));
    let (built, features) = rest.unwrap().split_once(", features: ").unwrap();
    match commit() {
        Some(commit) => assert_eq!(built, commit),
        None => assert!(!built.is_empty()),
    }
    for feature in ["jemalloc", "tls", "ui"] {
        assert!(features.contains(feature), "{features}");
    }
}

#[tokio::test]
async fn completions_know_commands_and_options() {
    for shell in ["bash", "zsh", "fish"] {
        let output = output(program().args(["completions", shell])).await;
        assert_eq!(output.status.code(), Some(0));
        let script = text(output.stdout);
        for word in ["workflow-server", "validate", "max-running"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[tokio::test]
async fn each_command_has_a_manual_page() {
    let place = tempfile::tempdir().unwrap();
    let written = output(program().arg("man").arg(place.path())).await;
    assert_eq!(text(written.stderr), "");
    let page = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    assert!(page("workflow-server.1").contains("max\\-running"));
    for command in ["validate", "run", "health", "completions", "man"] {
        page(&format!("workflow-server-{command}.1"));
    }
    let missing = place.path().join("missing");
    let refused = output(program().arg("man").arg(&missing)).await;
    assert_eq!(refused.status.code(), Some(1));
    let message = text(refused.stderr);
    let expected = format!("error: failed to write to {}: ", missing.display());
    assert!(message.starts_with(&expected), "{message}");
}
