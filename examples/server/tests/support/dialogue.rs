use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, Command},
    task::JoinHandle,
    time::timeout,
};

use super::{PATIENCE, server::Ended, signal};

/// A program with a person at its terminal: questions on standard error, answers on standard input.
pub(crate) struct Dialogue {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStderr>>,
    stderr: String,
    stdout: JoinHandle<String>,
}

impl Dialogue {
    pub(crate) fn start(program: &mut Command) -> Self {
        let program = program.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let stdout = tokio::spawn(async move {
            let mut all = String::new();
            stdout.read_to_string(&mut all).await.unwrap();
            all
        });
        let stderr = child.stderr.take().unwrap();
        Self {
            input: child.stdin.take(),
            lines: BufReader::new(stderr).lines(),
            stderr: String::new(),
            stdout,
            child,
        }
    }

    /// Waits for a line that contains this text, and returns it.
    pub(crate) async fn wait_for_line(&mut self, text: &str) -> String {
        while let Some(line) = self.line().await {
            if line.contains(text) {
                return line;
            }
        }
        panic!("{text:?} was not printed, but {}", self.stderr);
    }

    /// Sends a line.
    pub(crate) async fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it was not ended");
        input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
    }

    /// Ends the program's standard input.
    pub(crate) fn hang_up(&mut self) {
        self.input = None;
    }

    /// Sends a signal: `INT` or `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    pub(crate) async fn end(mut self) -> Ended {
        while self.line().await.is_some() {}
        let status = timeout(PATIENCE, self.child.wait()).await;
        Ended {
            status: status.expect("the program ends").unwrap(),
            stdout: self.stdout.await.unwrap(),
            stderr: self.stderr,
        }
    }

    async fn line(&mut self) -> Option<String> {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("the program says something").unwrap()?;
        self.stderr.push_str(&line);
        self.stderr.push('\n');
        Some(line)
    }
}
