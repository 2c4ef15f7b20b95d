//! A process of this program that serves the model or one of the sides, and what it uses.

use std::{env, fs, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A further process of this program. It ends when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// The lines that it has written at its start: its address, and further ones as its role needs them.
    pub lines: Vec<String>,
}

impl Process {
    /// Starts this program with arguments, and reads the lines that it writes first.
    ///
    /// # Panics
    /// If it cannot be started, or ends before that.
    pub async fn start(arguments: &[&str], lines: usize) -> Self {
        let program = env::current_exe().unwrap_or_else(|error| panic!("{error}"));
        let mut command = Command::new(program);
        let command = command.args(arguments).kill_on_drop(true);
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{error}"));
        let output = child.stdout.take().map(BufReader::new);
        let mut output = output.unwrap_or_else(|| panic!("no output")).lines();
        let mut read = Vec::new();
        for _ in 0..lines {
            match output.next_line().await {
                Ok(Some(line)) => read.push(line),
                ended => panic!("{arguments:?} did not start: {ended:?}"),
            }
        }
        Self { child, lines: read }
    }

    /// The processor time of all its threads so far, that of the kernel included.
    ///
    /// # Panics
    /// If the system does not have `/proc` as Linux has it.
    pub fn processor_time(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id()));
        let threads = threads.unwrap_or_else(|error| panic!("{error}"));
        let nanos = threads.flatten().map(|thread| {
            let stat = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            let running = stat.split(' ').next().unwrap_or_default();
            running.parse::<u64>().unwrap_or_default()
        });
        Duration::from_nanos(nanos.sum())
    }

    /// Its resident memory in KiB.
    ///
    /// # Panics
    /// As [`processor_time`](Self::processor_time).
    pub fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()));
        let status = status.unwrap_or_else(|error| panic!("{error}"));
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.unwrap_or_default().trim().trim_end_matches(" kB");
        number.parse().unwrap_or_else(|_| panic!("{status}"))
    }

    fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }
}
