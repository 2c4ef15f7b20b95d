//! Unread standard output and standard error do not block the service.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{
    net::TcpListener,
    process::Stdio,
    time::{Duration, Instant},
};

use support::{Server, ask_once, program};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
    time::timeout,
};

/// The timeout of each action of the program.
const PATIENCE: Duration = Duration::from_secs(20);

/// The capacity of a pipe in Linux.
const PIPE: usize = 65_536;

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The program, started by a shell that first runs this script.
fn after(script: &str, port: u16) -> Command {
    let mut shell = Command::new("sh");
    let binary = program().as_std().get_program().to_owned();
    shell.args(["-c", &format!("{script}; exec \"$@\""), "sh"]);
    shell.arg(binary);
    shell.args(["--simulate", "--simulate-pace", "0ms", "--memory", "--addr"]);
    shell.arg(format!("127.0.0.1:{port}")).kill_on_drop(true);
    shell.stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

/// Checks that the service responds, runs a workflow, and stops on a signal.
async fn assert_works(server: Server) {
    let outcome = server.outcome(&ask_once(), "Why?".into()).await;
    assert_eq!(outcome["status"], "completed", "{outcome}");
    server.terminate();
    let begun = Instant::now();
    assert_eq!(server.end().await.status.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(8));
}

async fn dropped_lines(server: &Server) -> u64 {
    let metrics = server.get("/metrics").await.text().await.unwrap();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("workflow_log_lines_dropped_total "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_unread_log_is_dropped_and_counted() {
    let port = free_port();
    let child = after(":", port).spawn().unwrap();
    let mut server = Server::unread(child, port).await;
    // Each request is logged with its path. These lines exceed the capacity of pipe and queue.
    let path = format!("/{}", "x".repeat(4_000));
    for _ in 0..400 {
        assert_eq!(server.get(&path).await.status(), 404);
    }
    assert_eq!(server.get("/healthz").await.status(), 200);
    let counted = async {
        while dropped_lines(&server).await == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, counted).await.unwrap();

    // Once the log is read, it reports the number of dropped lines.
    let mut lines = BufReader::new(server.stderr().unwrap()).lines();
    let found = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if line.contains("log lines were dropped") {
                return line;
            }
        }
    };
    let line = timeout(PATIENCE, found).await.unwrap();
    let (_, number) = line.split_once("lines=").unwrap();
    assert!(number.parse::<u64>().unwrap() > 0, "{line}");
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    assert_works(server).await;
}

#[tokio::test]
async fn full_pipes_do_not_stop_the_service() {
    for (full, script) in [
        ("stdout", format!("head -c {PIPE} /dev/zero")),
        ("stderr", format!("head -c {PIPE} /dev/zero >&2")),
        (
            "both",
            format!("head -c {PIPE} /dev/zero; head -c {PIPE} /dev/zero >&2"),
        ),
    ] {
        let port = free_port();
        let child = after(&script, port).spawn().unwrap();
        println!("{full}");
        assert_works(Server::unread(child, port).await).await;
    }
}

#[tokio::test]
async fn closed_pipes_do_not_stop_the_service() {
    for (closed, script) in [("closed", "exec >&- 2>&-"), ("broken", ":")] {
        let port = free_port();
        let mut child = after(script, port).spawn().unwrap();
        // The reader of the pipes has exited.
        drop((child.stdout.take(), child.stderr.take()));
        println!("{closed}");
        assert_works(Server::unread(child, port).await).await;
    }
}

#[tokio::test]
async fn a_failed_start_ends_even_if_its_output_is_not_read() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for script in [
        format!("head -c {PIPE} /dev/zero >&2"),
        "exec 2>&-".to_owned(),
    ] {
        let mut child = after(&script, port).spawn().unwrap();
        let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(1), "{script}");
    }
    let mut child = after("exec 2>&1", port).spawn().unwrap();
    let mut said = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut said).await.unwrap();
    assert!(said.contains("listens on"), "{said}");
}
