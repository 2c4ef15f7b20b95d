//! The command line. What the text of an option means is in `value`.

mod value;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Arg, Args, Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use tracing_subscriber::filter::Targets;
use workflow_gemini::ServiceTier;
use workflow_http::{ApiKey, Host, InvalidApiKey, Origin};

pub(crate) use self::value::{DatabaseUrl, PrivateAddress};
use self::value::{address, api_key, base_path, boolean, bytes, duration, pace, private_address};

const ENVIRONMENT: &str = "\
Environment (or ./.env, or the file of --env-file; the environment wins):
  GEMINI_API_KEY            the key of the Gemini API, unless GOOGLE_API_KEY is set
  GEMINI_MODEL              the model of steps that name none
  GEMINI_STORE              whether the API may store requests and answers: `true` or `false`
  GOOGLE_GEMINI_BASE_URL    the address of the Gemini API
  GOOGLE_GENAI_API_VERSION  its version
  WORKFLOW_API_KEYS         the keys of callers, separated by commas, in addition to --api-key
The keys, the address and the version of the Gemini API are all taken from the environment if it sets any of them.
Each option in the groups above can also be set by a variable, --max-running by WORKFLOW_MAX_RUNNING, and in the file of
--config; --help-config prints such a file. Options win over variables, and these over the file.";

const FAULTS: &str = "\
Faults to try with --simulate, in the text of a prompt:
  [[429]]     over a limit, asks for 2 s of patience; the next call with this prompt succeeds
  [[400]]     refused
  [[500]]     a fault of the model's server, each time
  [[safety]]  no text, for reasons of safety
  [[cut]]     the answer breaks off in the middle";

/// Runs workflows: a REST service with live event streams, and a web page.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = ENVIRONMENT,
    after_long_help = format!("{ENVIRONMENT}\n\n{FAULTS}")
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say every fault of a workflow; the exit code is 1 if there is one. Needs no key.
    Validate {
        /// The workflow as JSON; `-` reads standard input.
        file: PathBuf,

        /// A workflow that it calls by name; repeatable, and each may call those before it.
        #[arg(long = "with", value_name = "FILE")]
        library: Vec<PathBuf>,
    },
    /// Run a workflow here and now: what happens goes to standard error, the result to standard output.
    Run(Box<RunArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The workflow as JSON; `-` reads standard input.
    pub(crate) file: PathBuf,

    /// What to run it with: JSON, or else a text. `@FILE` reads it from a file, `@-` from standard input;
    /// there, what begins with `{` or `[` has to be JSON, unless the name ends in `.txt` or `.md`.
    #[arg(
        long,
        value_name = "INPUT",
        default_value = "null",
        allow_negative_numbers = true
    )]
    pub(crate) input: String,

    /// A workflow that it calls by name; repeatable, and each may call those before it.
    #[arg(long = "with", value_name = "FILE")]
    pub(crate) library: Vec<PathBuf>,

    /// Print every event as a line of JSON to standard output instead.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) nodes: NodeArgs,

    #[command(flatten)]
    pub(crate) files: FileArgs,
}

/// The files that settings are read from.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FileArgs {
    /// Read settings from this file; `--help-config` prints one with all of them. Options and variables win over it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Read environment variables from this file, in place of `./.env`. Variables that are set already win.
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
}

impl FileArgs {
    /// The options that say where settings are, and so are none themselves.
    pub(crate) fn options() -> Vec<Arg> {
        let command = Self::augment_args(clap::Command::new("files"));
        command.get_arguments().cloned().collect()
    }
}

impl Cli {
    /// The files of the settings, if the command has any.
    pub(crate) fn files(&self) -> Option<&FileArgs> {
        match &self.command {
            None => Some(&self.serve.files),
            Some(Command::Run(args)) => Some(&args.files),
            Some(_) => None,
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServeArgs {
    /// The address to listen on; port 0 takes a free one. Other machines can only be let in with an API key.
    #[arg(long, default_value = "127.0.0.1:8000", value_parser = address)]
    pub(crate) addr: SocketAddr,

    /// The path under which a proxy in front serves this service, such as `/flows`. All links begin with it. Requests are
    /// answered with it and without it, so the proxy may remove it or not.
    #[arg(long, default_value = "/", value_name = "PATH", value_parser = base_path)]
    pub(crate) base_path: String,

    /// Accept only requests with this key, as `authorization: Bearer KEY` or `x-api-key: KEY`; repeatable. Other users
    /// of the machine can see it in the list of processes: better set `WORKFLOW_API_KEYS`.
    #[arg(long = "api-key", value_name = "KEY", value_parser = api_key)]
    pub(crate) api_keys: Vec<Result<ApiKey, InvalidApiKey>>,

    /// Answer to this host name, such as `flows.example.com`, besides `localhost`; repeatable. With an API key and
    /// without this option, any name is answered.
    #[arg(long = "allowed-host", value_name = "HOST")]
    pub(crate) allowed_hosts: Vec<Host>,

    /// Let pages of this site use the service, such as `http://localhost:3000`; repeatable.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    pub(crate) cors_origins: Vec<Origin>,

    /// What to log: a level, or `target=level` pairs. At most 1 MiB waits for the reader of standard error;
    /// what comes then is dropped, and counted at `/metrics`.
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub(crate) log: Targets,

    /// The format of the log: text, or a JSON object for each line.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,

    /// How long runs have to end when the program is asked to stop. Those that have not ended then are suspended, and
    /// continue when it is started again.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration)]
    pub(crate) drain: Duration,

    #[command(flatten)]
    pub(crate) data: DataArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) nodes: NodeArgs,

    #[command(flatten)]
    pub(crate) files: FileArgs,

    /// Print all settings as a configuration file, and end.
    #[arg(long)]
    pub(crate) help_config: bool,
}

/// Where workflows and runs are stored, and for how long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArgs {
    /// The directory for workflows and runs; it is created if it does not exist.
    #[arg(long, default_value = "workflow-data", value_name = "DIR")]
    pub(crate) data_dir: PathBuf,

    /// Store nothing: workflows and runs are gone when the program ends.
    #[arg(long, conflicts_with_all = ["data_dir", "postgres", "keep_days", "keep_runs"])]
    pub(crate) memory: bool,

    /// Store in this Postgres database, version 14 or newer, instead of a directory: a second program with the same URL
    /// waits as a standby. The URL holds a password, so set the variable of this option in its place.
    #[arg(long, conflicts_with = "data_dir", value_name = "URL")]
    pub(crate) postgres: Option<DatabaseUrl>,

    /// Delete runs this many days after they ended. Without this, they are not deleted.
    #[arg(long, value_name = "DAYS")]
    pub(crate) keep_days: Option<u32>,

    /// Delete the oldest runs that have ended once there are more than this many.
    #[arg(long, value_name = "RUNS")]
    pub(crate) keep_runs: Option<u32>,
}

/// The bounds of the service.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// How many runs may work at once.
    #[arg(long, default_value_t = 1_024, value_name = "RUNS")]
    pub(crate) max_running: usize,

    /// How many more runs may wait for their turn; the next one is refused: 429 `busy`.
    #[arg(long, default_value_t = 10_000, value_name = "RUNS")]
    pub(crate) max_queued: usize,

    /// How many bytes of memory all runs that work may hold together: 429 `busy` for a new one that does not fit.
    #[arg(long, default_value = "1GiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) memory_budget: usize,

    /// How many bytes of memory one run may hold; then it fails: `too_much_memory`.
    #[arg(long, default_value = "256MiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_run_memory: usize,

    /// How many steps of one run may work at once.
    #[arg(long, default_value_t = 16, value_name = "STEPS")]
    pub(crate) max_steps: usize,

    /// How many events a run may have; then it fails: `too_many_events`.
    #[arg(long, default_value_t = 1_000_000, value_name = "EVENTS")]
    pub(crate) max_events: u64,

    /// How many items of maps, rounds of loops and calls of workflows one run may have open at once; then it fails:
    /// `too_many_frames`.
    #[arg(long, default_value_t = 10_000, value_name = "FRAMES")]
    pub(crate) max_open_frames: usize,

    /// How many items a map may have; then it fails: `too_many_items`.
    #[arg(long, default_value_t = 10_000, value_name = "ITEMS")]
    pub(crate) max_map_items: usize,

    /// How many bytes the output of a step may have; then it fails: `output_too_large`. At most 1 MiB.
    #[arg(long, default_value = "1MiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_output: usize,

    /// How many bytes the body of a request may have: 413 `body_too_large`.
    #[arg(long, default_value = "1MiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_body: usize,

    /// How many bytes all bodies that are being received may have together: 503 `too_many_bodies`.
    #[arg(long, default_value = "64MiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_bodies: usize,

    /// How many connections may be open at once: 503 `too_many_connections`.
    #[arg(long, default_value_t = 4_096, value_name = "CONNECTIONS")]
    pub(crate) max_connections: usize,

    /// How many streams may follow one run: 429 `too_many_readers`.
    #[arg(long, default_value_t = 2_048, value_name = "STREAMS")]
    pub(crate) max_readers: usize,

    /// How many requests may be sent with one API key in a minute: 429 `too_many_requests`.
    #[arg(long, default_value_t = 6_000, value_name = "REQUESTS")]
    pub(crate) requests_per_minute: u32,

    /// How many wrong API keys one address may send in a minute: 429 `too_many_wrong_keys`.
    #[arg(long, default_value_t = 20, value_name = "KEYS")]
    pub(crate) wrong_keys_per_minute: u32,

    /// How long the first request of a connection may take to arrive, without its body.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) head_time: Duration,

    /// How long the body of a request may take to arrive: 408 `body_too_slow`.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) body_time: Duration,

    /// How long a client may read nothing of what is ready for it.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) write_time: Duration,

    /// How long a connection is kept for the next request. It has to be longer than a proxy in front keeps it, which
    /// usually is 60 s.
    #[arg(long, default_value = "75s", value_name = "TIME", value_parser = duration)]
    pub(crate) keep_alive: Duration,

    /// After how long without an event a stream sends a comment.
    #[arg(long, default_value = "5s", value_name = "TIME", value_parser = duration)]
    pub(crate) heartbeat: Duration,

    /// How many bytes the operating system keeps for a client that does not read.
    #[arg(long, default_value = "64KiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) send_buffer: usize,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// What the nodes of workflows use.
#[derive(Debug, Parser)]
#[command(next_help_heading = "Model")]
pub(crate) struct NodeArgs {
    /// Simulate the model: no key is needed and nothing is charged.
    #[arg(long)]
    pub(crate) simulate: bool,

    /// How long a simulated answer takes for each word.
    #[arg(long, default_value = "40ms", value_name = "TIME", value_parser = pace, requires = "simulate")]
    pub(crate) simulate_pace: Duration,

    /// The model of steps that name none.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) model: Option<String>,

    /// How many requests to the model may be on their way at once; more wait for their turn.
    #[arg(long, default_value_t = 256, value_name = "REQUESTS")]
    pub(crate) model_in_flight: usize,

    /// How many requests to the model may be sent in a minute; more wait for their turn. Without this, any number.
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) model_per_minute: Option<u32>,

    /// How many requests to the model may wait for their turn; the next one fails, and its step is retried:
    /// `queue_full`.
    #[arg(long, default_value_t = 16_384, value_name = "REQUESTS")]
    pub(crate) model_queued: usize,

    /// How many requests to the model may be retries in a row; more wait until successes or time allow them. With 0
    /// nothing is retried.
    #[arg(long, default_value_t = 100, value_name = "RETRIES")]
    pub(crate) model_retry_budget: u32,

    /// Whether the API may store requests and answers of steps that do not say, `true` or `false`. Without this, the
    /// setting of the project at Google decides.
    #[arg(long, value_name = "BOOLEAN", value_parser = boolean)]
    pub(crate) model_store: Option<bool>,

    /// The service tier of steps that name none: `flex`, `standard` or `priority`. Without this, the API uses
    /// `standard`.
    #[arg(long, value_name = "TIER")]
    pub(crate) model_service_tier: Option<Tier>,

    /// How long connecting to the model may take.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration)]
    pub(crate) model_connect_time: Duration,

    /// How long the first byte of an answer of the model may take.
    #[arg(long, default_value = "5m", value_name = "TIME", value_parser = duration)]
    pub(crate) model_first_byte_time: Duration,

    /// How long an answer of the model may be silent once it has begun.
    #[arg(long, default_value = "2m", value_name = "TIME", value_parser = duration)]
    pub(crate) model_idle_time: Duration,

    /// How long one request to the model may take in all. Without this, any time.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) model_time: Option<Duration>,

    /// Let an `HttpNode` call this origin, such as `https://cms.example.com`; repeatable.
    #[arg(
        long = "allow-origin",
        value_name = "ORIGIN",
        help_heading = "HttpNode"
    )]
    pub(crate) allow_origins: Vec<String>,

    /// Let this allowed origin be at a private address, or in a range of them, such as
    /// `https://intranet.example.com=10.1.2.0/24`; repeatable. Other origins stay at public addresses. Dangerous: open
    /// no more than you need.
    #[arg(
        long = "allow-private",
        value_name = "ORIGIN=ADDRESS",
        value_parser = private_address,
        help_heading = "HttpNode"
    )]
    pub(crate) allow_private: Vec<PrivateAddress>,

    /// Let an `HttpNode` send the environment variable of this name as a secret header, with
    /// `NAME=ORIGIN` to that origin only; repeatable.
    #[arg(
        long = "secret",
        value_name = "NAME[=ORIGIN]",
        help_heading = "HttpNode"
    )]
    pub(crate) secrets: Vec<String>,

    /// How long an `HttpNode` may take to connect.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration, help_heading = "HttpNode")]
    pub(crate) http_connect_time: Duration,

    /// How long a call of an `HttpNode` may take in all.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration, help_heading = "HttpNode")]
    pub(crate) http_time: Duration,
}

/// How the model's API serves a request.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Tier {
    Flex,
    Standard,
    Priority,
}

impl From<Tier> for ServiceTier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Flex => Self::Flex,
            Tier::Standard => Self::Standard,
            Tier::Priority => Self::Priority,
        }
    }
}

impl Default for NodeArgs {
    fn default() -> Self {
        Self::parse_from(["defaults"])
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
