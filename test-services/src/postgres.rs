//! A Postgres server.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::port::free_ports;

/// How long a server may take to start, also on a machine that does much else.
const START_TIMEOUT: Duration = Duration::from_secs(60);

const MISSING: &str = "Postgres is missing: install the package postgresql, or set WORKFLOW_TEST_POSTGRES to the \
     directory of its programs";

/// Runs the server, and again after each end, until the standard input of this script ends, as it does with the process
/// that holds the other end. Then stops the server and deletes the directory `$0`: a test that is killed leaves
/// nothing. The server is found by its file of the process number, since `setpriv` may be between.
const SUPERVISE: &str = r#"
while :; do "$@"; sleep 0.1; done & loop=$!
cat >/dev/null
kill $loop
kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"
while [ -e "$0/data/postmaster.pid" ]; do sleep 0.1; done
rm -rf "$0""#;

/// The user `postgres` needs no password, every other user does.
const ACCESS: &str =
    "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

/// A Postgres server with an empty cluster, which does not wait for the disk.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    port: u16,
    databases: AtomicUsize,
    directory: PathBuf,
    /// Ends the server when it is dropped, since that closes the supervisor's standard input.
    supervisor: Child,
}

impl Postgres {
    /// Starts a server.
    pub fn start() -> Self {
        let programs = programs();
        let directory = tempfile::tempdir().expect("a temporary directory");
        prepare(&programs, directory.path());
        let [port] = free_ports();
        // The supervisor deletes it.
        let directory = directory.keep();
        let supervisor = supervise(&programs, &directory, port);
        let postgres = Self {
            programs,
            port,
            databases: AtomicUsize::new(0),
            directory,
            supervisor,
        };
        postgres.wait_until_ready();
        postgres
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + START_TIMEOUT;
        while !self.execute("postgres", "SELECT 1") {
            assert!(Instant::now() < deadline, "Postgres does not start");
            sleep(Duration::from_millis(50));
        }
    }

    /// Creates an empty database. Returns its URL; its user is the superuser.
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let created = self.execute("postgres", &format!("CREATE DATABASE {name}"));
        assert!(created, "the database {name} was not created");
        self.url("postgres", &name)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database for a user.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Ends the server as a crash does, and waits until it is there again. What was committed is recovered.
    pub fn crash(&self) {
        let pid_file = self.directory.join("data/postmaster.pid");
        let before = fs::read_to_string(&pid_file).expect("the server runs");
        let pid = before.lines().next().expect("its process number");
        let killed = Command::new("kill").args(["-QUIT", pid]).status();
        assert!(killed.is_ok_and(|killed| killed.success()), "kill {pid}");
        let deadline = Instant::now() + START_TIMEOUT;
        while fs::read_to_string(&pid_file).is_ok_and(|now| now.lines().next() == Some(pid)) {
            assert!(Instant::now() < deadline, "Postgres does not end");
            sleep(Duration::from_millis(20));
        }
        self.wait_until_ready();
    }

    /// Executes SQL as the superuser. Returns whether that worked.
    pub fn execute(&self, database: &str, sql: &str) -> bool {
        let url = self.url("postgres", database);
        let done = Command::new(self.programs.join("psql"))
            .args(["-d", &url, "-v", "ON_ERROR_STOP=1", "-q", "-X", "-c", sql])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        done.is_ok_and(|done| done.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Where Postgres is installed: of Debian's packages the newest version.
fn programs() -> PathBuf {
    if let Some(set) = env::var_os("WORKFLOW_TEST_POSTGRES") {
        return set.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let number = |path: &PathBuf| -> Option<u32> { path.file_name()?.to_str()?.parse().ok() };
    let newest = versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .max_by_key(number);
    newest.map(|path| path.join("bin")).expect(MISSING)
}

/// Creates the cluster.
fn prepare(programs: &Path, directory: &Path) {
    if is_root() {
        // Postgres refuses to run as root.
        let given = Command::new("chown")
            .arg("postgres")
            .arg(directory)
            .status();
        assert!(given.is_ok_and(|given| given.success()), "chown postgres");
    }
    let made = as_user(&programs.join("initdb"))
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
        .args(["--locale=C", "--no-sync", "--pgdata"])
        .arg(directory.join("data"))
        .stdout(Stdio::null())
        .current_dir("/")
        .status();
    let made = made.expect(MISSING);
    assert!(made.success(), "initdb: {made}");
    fs::write(directory.join("data/pg_hba.conf"), ACCESS).expect("pg_hba.conf");
}

fn supervise(programs: &Path, directory: &Path, port: u16) -> Child {
    let sockets = format!("unix_socket_directories={}", directory.display());
    let mut server = as_user(&programs.join("postgres"));
    server
        .arg("-D")
        .arg(directory.join("data"))
        .args(["-p", &port.to_string(), "-c", &sockets])
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
        .args(["-c", "max_connections=200"]);
    Command::new("sh")
        .args(["-c", SUPERVISE])
        .arg(directory)
        .arg(server.get_program())
        .args(server.get_args())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        .spawn()
        .expect("sh starts")
}

/// A program as a user who is not root.
fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program);
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout == b"0\n")
}
