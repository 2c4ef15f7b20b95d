//! Memory of the process after a peak.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{fs, time::Duration};

use serde_json::{Value, json};
use support::{Server, program};
use tokio::time::{Instant, sleep};

const MIB: u64 = 1024 * 1024;

/// How long the release of memory may take. The allocator releases unused pages after 10 s.
const PATIENCE: Duration = Duration::from_mins(1);

/// The resident memory of the program in bytes: current (`VmRSS`) or peak (`VmHWM`).
fn resident(server: &Server, field: &str) -> u64 {
    let process = server.process().unwrap();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.unwrap().trim_matches([':', ' ', '\t', 'k', 'B']);
    kibibytes.parse::<u64>().unwrap() * 1024
}

/// A million bytes of JSON that need fifty times as much memory when parsed.
fn input() -> Value {
    let object = json!({"": {}});
    vec![object; 120_000].into()
}

#[tokio::test]
async fn memory_is_given_back_after_a_peak() {
    let mut program = program();
    program.args(["--simulate", "--log", "error"]);
    let server = Server::start(&mut program).await;
    let spec = json!({"nodes": [{"id": "a", "type": "HumanNode", "data": {"message": "?"}}]});
    let before = resident(&server, "VmRSS");
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(server.begin(&spec, &input()).await);
    }
    let peak = resident(&server, "VmHWM");
    assert!(peak > before + 200 * MIB, "{peak} of {before}");
    for run in &runs {
        let cancelled = server.post(&format!("/api/runs/{run}/cancel"), "").await;
        assert!(cancelled.status().is_success());
        let deleted = server.delete(&format!("/api/runs/{run}")).await;
        assert_eq!(deleted.status(), 204);
    }
    let begun = Instant::now();
    loop {
        let held = resident(&server, "VmRSS");
        if held < before + (peak - before) / 4 {
            return;
        }
        let so_far = begun.elapsed();
        assert!(
            so_far < PATIENCE,
            "{held} bytes of {peak} are held, {before} before"
        );
        sleep(Duration::from_millis(100)).await;
    }
}
