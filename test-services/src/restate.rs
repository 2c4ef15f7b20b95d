//! A Restate server.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::port::free_ports;

/// How long the server may take to start, also on a machine that does much else.
const START_TIMEOUT: Duration = Duration::from_secs(60);

const MISSING: &str = "Restate is missing: run `npm ci` in test-services/restate, or set \
     WORKFLOW_TEST_RESTATE to the program restate-server";

/// Runs the server in the directory `$0`, and executes orders from standard input, each answered by a line, until that
/// ends, as it does with the process that holds the other end. Then kills the server and deletes the directory: a
/// test that is killed leaves nothing.
const SUPERVISE: &str = r#"
start() { "$@" >>"$0/log" 2>&1 & server=$!; }
stop() { [ -z "$server" ] || { kill -KILL "$server"; wait "$server"; }; server=; }
start "$@"
while read -r order; do
  stop
  case $order in
    start) start "$@" ;;
    lose) rm -rf "$0/data" ;;
  esac
  echo "$order"
done
stop
rm -rf "$0""#;

/// A Restate server of one node, with four partitions and little memory.
#[derive(Debug)]
pub struct Restate {
    ingress: u16,
    admin: u16,
    directory: PathBuf,
    supervisor: Mutex<Supervisor>,
}

/// Ends the server when it is dropped, since that closes its standard input.
#[derive(Debug)]
struct Supervisor {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Restate {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_with([])
    }

    /// Starts a server with further settings: environment variables such as `RESTATE_WORKER__INVOKER__…`.
    pub fn start_with<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let program = program();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [ingress, admin, node] = free_ports();
        // The supervisor deletes it.
        let directory = directory.keep();
        let mut server = server(&program, &directory, [ingress, admin, node]);
        server.envs(settings);
        let restate = Self {
            ingress,
            admin,
            directory,
            supervisor: Mutex::new(Supervisor::start(&mut server)),
        };
        restate.wait_until_ready();
        restate
    }

    /// Where services are called: `http://127.0.0.1:…`, the same after each start.
    pub fn ingress_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ingress)
    }

    /// Where deployments are registered: `http://127.0.0.1:…`, the same after each start.
    pub fn admin_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.admin)
    }

    /// Ends the server as `kill -9` does.
    pub fn kill(&self) {
        self.order("stop");
    }

    /// Kills the server, and deletes all that it had stored.
    pub fn lose_data(&self) {
        self.order("lose");
    }

    /// Starts the server again with the data that it has, and waits until it is ready.
    pub fn start_again(&self) {
        self.order("start");
        self.wait_until_ready();
    }

    /// What the servers have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    fn order(&self, order: &str) {
        let supervisor = self.supervisor.lock();
        let mut supervisor = supervisor.unwrap_or_else(PoisonError::into_inner);
        supervisor.order(order);
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + START_TIMEOUT;
        while !(answers(self.admin, "/health") && answers(self.ingress, "/restate/health")) {
            assert!(
                Instant::now() < deadline,
                "Restate does not start:\n{}",
                self.log()
            );
            sleep(Duration::from_millis(50));
        }
    }
}

impl Supervisor {
    fn start(server: &mut Command) -> Self {
        let mut process = server
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let orders = process.stdin.take();
        let answers = process.stdout.take().expect("it is piped");
        Self {
            process,
            orders,
            answers: BufReader::new(answers),
        }
    }

    /// Returns when the order is executed.
    fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("only `drop` takes it");
        writeln!(orders, "{order}").expect("the supervisor runs");
        let mut answer = String::new();
        let read = self.answers.read_line(&mut answer);
        read.expect("the supervisor answers");
        assert_eq!(answer.trim_end(), order, "the supervisor has ended");
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.process.wait();
    }
}

/// Where Restate is installed.
fn program() -> PathBuf {
    if let Some(set) = env::var_os("WORKFLOW_TEST_RESTATE") {
        return set.into();
    }
    let system = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("restate-server-{system}-{processor}");
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("restate/node_modules/@restatedev");
    let program = packages.join(package).join("bin/restate-server");
    assert!(program.exists(), "{MISSING}");
    program
}

/// The supervisor with the server. Nothing of the environment of the test reaches it.
fn server(program: &Path, directory: &Path, [ingress, admin, node]: [u16; 3]) -> Command {
    let address = |port: u16| format!("127.0.0.1:{port}");
    let mut command = Command::new("sh");
    command
        .args(["-c", SUPERVISE])
        .arg(directory)
        .arg(program)
        .args(["--no-logo", "--listen-mode", "tcp", "--base-dir"])
        .arg(directory.join("data"))
        .current_dir("/")
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .env("RESTATE_NODE_NAME", "test")
        .env("RESTATE_BIND_ADDRESS", address(node))
        .env(
            "RESTATE_ADVERTISED_ADDRESS",
            format!("http://{}/", address(node)),
        )
        .env("RESTATE_INGRESS__BIND_ADDRESS", address(ingress))
        .env("RESTATE_ADMIN__BIND_ADDRESS", address(admin))
        .env("RESTATE_DEFAULT_NUM_PARTITIONS", "4")
        .env("RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE", "256 MiB")
        .env("RESTATE_LOG_DISABLE_ANSI_CODES", "true")
        .env("RESTATE_DISABLE_TELEMETRY", "true");
    command
}

/// Whether a `GET` of this path is answered with 200.
fn answers(port: u16, path: &str) -> bool {
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(String::from_utf8_lossy(&status).into_owned())
    };
    answer().is_ok_and(|status| status.ends_with(" 200"))
}
