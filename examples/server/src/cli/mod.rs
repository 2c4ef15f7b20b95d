//! The command line. `value` parses the values of options.
//!
//! The doc comment of a field is its help text, and its text in the configuration file of `--help-config`.

mod value;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Arg, Args, Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use clap_complete::Shell;
use tracing_subscriber::filter::Targets;
use workflow_gemini::ServiceTier;
use workflow_http::{ApiKey, Host, InvalidApiKey, Origin};

pub(crate) use self::value::{PrivateAddress, ProviderUrl, SecretUrl, duration};
use self::value::{address, api_key, base_path, boolean, bytes, pace, private_address, public_url};

/// The name of the program.
pub(crate) const PROGRAM: &str = "workflow-server";

/// The default of `--addr`, for the service and for `health`.
const ADDR: &str = "127.0.0.1:8000";

/// `-V` prints the version alone, `--version` this. The commit and the features are found by `build.rs`.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("WORKFLOW_COMMIT"),
    ", features: ",
    env!("WORKFLOW_FEATURES"),
    ")"
);

const ENVIRONMENT: &str = "\
Environment (or ./.env, or the file of --env-file; the environment wins):
  GEMINI_API_KEY            the key of the Gemini API, unless GOOGLE_API_KEY is set
  GEMINI_MODEL              its default model
  GEMINI_STORE              whether the API may store requests and replies: `true` or `false`
  GOOGLE_GEMINI_BASE_URL    the base URL of the Gemini API
  GOOGLE_GENAI_API_VERSION  the version of the Gemini API
  NAME_API_KEY              the key of the provider of this name, such as LOCAL_API_KEY for `local`
  NAME_MODEL                its default model
  WORKFLOW_API_KEY          the API key that `run --server` sends
  WORKFLOW_API_KEYS         the accepted API keys of clients, separated by commas, in addition to --api-key
If the environment sets any of the Gemini API's keys, base URL or version, the .env file is not used for the others.
Each option in the groups above can also be set by a variable, such as --max-running by WORKFLOW_MAX_RUNNING, and in the
file of --config; --help-config prints such a file. Options take precedence over variables, and variables over the file.";

const FAULTS: &str = "\
Faults that --simulate produces for a marker in a prompt:
  [[429]]     rate limit with a delay of 2 s; the next call with this prompt succeeds
  [[400]]     invalid request
  [[500]]     internal error of the API, on every call
  [[safety]]  no text, finish reason SAFETY
  [[cut]]     the connection fails in the middle of the reply";

/// Runs workflows: a REST service with live event streams, and a web page.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    long_version = LONG_VERSION,
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
    /// Print all faults of a workflow; the exit code is 1 if there are any. Needs no key.
    Validate {
        /// The workflow as JSON; `-` is standard input.
        file: PathBuf,

        /// A workflow that it calls by name; repeatable. Each may call those before it. `NAME.json` in the directory of the
        /// file is found without this option.
        #[arg(long = "with", value_name = "FILE")]
        library: Vec<PathBuf>,
    },
    /// Run a workflow, in this process or on a server: progress goes to standard error, the output to standard output.
    Run(Box<RunArgs>),
    /// Print what a run would do, without running anything that costs, waits or acts: its steps, the models and hosts that it
    /// calls, whom it asks, what acts, and what it costs at least and at most. Needs no key.
    Check(Box<CheckArgs>),
    /// Run workflows with the answers of recorded runs: nothing is called, and no key is needed. The exit code is 1 if a test
    /// fails.
    Test(Box<TestArgs>),
    /// Check that a service answers at the address of the settings; the exit code is 1 if not. For container health checks.
    Health(HealthArgs),
    /// Print the completion script of a shell.
    Completions { shell: Shell },
    /// Write the manual pages, one for each command, to a directory.
    Man {
        /// The directory, which must exist.
        directory: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// The address on which the service listens.
    #[arg(long, default_value = ADDR, value_parser = address)]
    pub(crate) addr: SocketAddr,

    #[command(flatten)]
    pub(crate) files: FileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The workflow as JSON; `-` is standard input.
    pub(crate) file: PathBuf,

    /// The input, as for `run`.
    #[arg(long, value_name = "INPUT", allow_negative_numbers = true)]
    pub(crate) input: Option<String>,

    /// A workflow that it calls by name, as for `run`; repeatable.
    #[arg(long = "with", value_name = "FILE")]
    pub(crate) library: Vec<PathBuf>,

    /// Print the prediction as JSON, as `POST /api/workflows/{id}/plan` returns it.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) nodes: NodeArgs,

    #[command(flatten)]
    pub(crate) files: FileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// A file named `*.test.json`, or a directory: all such files in it and below it.
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// Print one JSON object per test instead of text.
    #[arg(long)]
    pub(crate) json: bool,

    // A step is found by what it would send, so the model and the address have to be those of the recording.
    #[command(flatten)]
    pub(crate) nodes: NodeArgs,

    #[command(flatten)]
    pub(crate) files: FileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The workflow as JSON; `-` is standard input.
    pub(crate) file: PathBuf,

    /// The input: JSON, or else a string. `@FILE` reads it from a file, `@-` from standard input. In a file, a text that
    /// begins with `{` or `[` must be JSON, unless the name ends in `.txt` or `.md`. Without this option, it is the first of
    /// the `examples` in the workflow's `input` schema, or null.
    #[arg(long, value_name = "INPUT", allow_negative_numbers = true)]
    pub(crate) input: Option<String>,

    /// A workflow that it calls by name; repeatable. Each may call those before it. `NAME.json` in the directory of the file
    /// is found without this option.
    #[arg(long = "with", value_name = "FILE")]
    pub(crate) library: Vec<PathBuf>,

    /// Print events to standard output, one JSON object per line, instead of progress and output.
    #[arg(long)]
    pub(crate) json: bool,

    /// Write the recording of the run to this file when it ends: its whole log, one event per line. `workflow-server test`
    /// replays it without calling anything.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Run it on the server at this URL instead of in this process; its API key is in the variable `WORKFLOW_API_KEY`.
    /// The server stores the workflows: one that it has by name gets another text as its next version. Settings of the
    /// model and of `HttpNode` are those of the server.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,

    #[command(flatten)]
    pub(crate) nodes: NodeArgs,

    #[command(flatten)]
    pub(crate) files: FileArgs,
}

/// The files with settings.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FileArgs {
    /// Read settings from this file; `--help-config` prints a template. Options and variables take precedence.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Read environment variables from this file instead of `./.env`. Variables of the environment take precedence.
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
}

impl FileArgs {
    /// The options that name the files of settings. They cannot be set in such a file.
    pub(crate) fn options() -> Vec<Arg> {
        let command = Self::augment_args(clap::Command::new("files"));
        command.get_arguments().cloned().collect()
    }
}

impl Cli {
    /// The files of settings; `None` for commands without settings.
    pub(crate) fn files(&self) -> Option<&FileArgs> {
        match &self.command {
            None => Some(&self.serve.files),
            Some(Command::Run(args)) => Some(&args.files),
            Some(Command::Check(args)) => Some(&args.files),
            Some(Command::Test(args)) => Some(&args.files),
            Some(Command::Health(args)) => Some(&args.files),
            Some(_) => None,
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServeArgs {
    /// The address to listen on; port 0 selects a free port. Addresses that other machines can reach require an API key.
    #[arg(long, default_value = ADDR, value_parser = address)]
    pub(crate) addr: SocketAddr,

    /// The path under which a proxy serves this service, such as `/flows`. All links begin with it. The service accepts
    /// requests with and without it, so the proxy may remove it or not.
    #[arg(long, default_value = "/", value_name = "PATH", value_parser = base_path)]
    pub(crate) base_path: String,

    /// The address under which people reach this service, such as `https://flows.example.com`; the base path is added.
    /// Templates read the address of a run as `run.url`.
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<Origin>,

    /// Require this API key, as `authorization: Bearer KEY` or `x-api-key: KEY`; repeatable. Other users of the machine
    /// can see it in the list of processes; prefer `WORKFLOW_API_KEYS`.
    #[arg(long = "api-key", value_name = "KEY", value_parser = api_key)]
    pub(crate) api_keys: Vec<Result<ApiKey, InvalidApiKey>>,

    /// Accept requests for this host name, such as `flows.example.com`, besides `localhost`; repeatable. With an API key
    /// and without this option, any name is accepted.
    #[arg(long = "allowed-host", value_name = "HOST")]
    pub(crate) allowed_hosts: Vec<Host>,

    /// Allow pages of this site to use the service (CORS), such as `http://localhost:3000`; repeatable.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    pub(crate) cors_origins: Vec<Origin>,

    /// The log filter: a level, or `target=level` pairs. If standard error is not read, at most 1 MiB is queued; further
    /// lines are dropped and counted at `/metrics`.
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub(crate) log: Targets,

    /// The format of the log: text, or one JSON object per line.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,

    /// How long a shutdown waits for runs to end. Then the remaining runs are suspended; they are recovered at the next
    /// start.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration)]
    pub(crate) drain: Duration,

    #[command(flatten)]
    pub(crate) data: DataArgs,

    #[command(flatten)]
    pub(crate) fleet: FleetArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) nodes: NodeArgs,

    #[command(flatten)]
    pub(crate) files: FileArgs,

    /// Print all settings as a configuration file, and exit.
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

    /// Keep workflows and runs in memory only: they are lost when the program ends.
    #[arg(long, conflicts_with_all = ["data_dir", "postgres", "keep_days", "keep_runs"])]
    pub(crate) memory: bool,

    /// Store in this Postgres database, version 14 or newer, instead of a directory: a second program with the same URL
    /// waits as a standby, unless both have --restate. The URL holds a password, so set the variable of this option in its
    /// place.
    #[arg(long, conflicts_with = "data_dir", value_name = "URL")]
    pub(crate) postgres: Option<SecretUrl>,

    /// Delete runs this many days after they ended. By default, runs are not deleted.
    #[arg(long, value_name = "DAYS")]
    pub(crate) keep_days: Option<u32>,

    /// Keep at most this many ended runs, and delete the oldest. By default, all are kept.
    #[arg(long, value_name = "RUNS")]
    pub(crate) keep_runs: Option<u32>,
}

/// Several instances that share the runs of one database. [`Fleet::check`](crate::fleet::Fleet::check) has the rules: clap
/// would check them before it knows the settings of files and variables.
#[derive(Debug, Args)]
#[command(next_help_heading = "More than one instance")]
pub(crate) struct FleetArgs {
    /// Share the runs of the database with other instances: Restate, at this URL of its ingress, has some instance drive
    /// each run. All instances need the same database and the same Restate.
    #[arg(long, value_name = "URL")]
    pub(crate) restate: Option<SecretUrl>,

    /// The URL of Restate's admin API, to register the instances as its workers. By default, register them yourself.
    #[arg(long, value_name = "URL")]
    pub(crate) restate_admin: Option<SecretUrl>,

    /// The public key with which Restate signs its calls, `publickeyv1_…`; repeatable. Required if other machines can reach
    /// --worker-addr.
    #[arg(long = "restate-identity", value_name = "KEY")]
    pub(crate) restate_identities: Vec<String>,

    /// The address on which this instance takes the calls of Restate.
    #[arg(long, default_value = "127.0.0.1:9080", value_name = "ADDR", value_parser = address)]
    pub(crate) worker_addr: SocketAddr,

    /// The URL at which Restate reaches the instances: one for all of them, of a balancer in front. By default, the address
    /// of --worker-addr.
    #[arg(long, value_name = "URL")]
    pub(crate) worker_url: Option<String>,

    /// The name of this instance on the page and in `/api/node-types`. By default, the name of the machine.
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,

    /// Requests to the models of a provider that are in flight at once in all instances together. Each live instance gets an equal share,
    /// which replaces --model-in-flight.
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) fleet_model_in_flight: Option<usize>,

    /// Requests to the models of a provider per minute from all instances together. Each live instance gets an equal share, which replaces
    /// --model-per-minute.
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) fleet_model_per_minute: Option<u32>,
}

/// The limits of the service.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Runs that execute at once.
    #[arg(long, default_value_t = 1_024, value_name = "RUNS")]
    pub(crate) max_running: usize,

    /// Runs in the queue for execution; the next one is refused: 429 `busy`.
    #[arg(long, default_value_t = 10_000, value_name = "RUNS")]
    pub(crate) max_queued: usize,

    /// Memory of all executing runs together. A new run that does not fit is refused: 429 `busy`.
    #[arg(long, default_value = "1GiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) memory_budget: usize,

    /// Memory of one run. A run that needs more fails: `too_much_memory`.
    #[arg(long, default_value = "256MiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_run_memory: usize,

    /// Steps of one run that execute at once.
    #[arg(long, default_value_t = 16, value_name = "STEPS")]
    pub(crate) max_steps: usize,

    /// Events of one run. A run that needs more fails: `too_many_events`.
    #[arg(long, default_value_t = 1_000_000, value_name = "EVENTS")]
    pub(crate) max_events: u64,

    /// Items of maps, rounds of loops and calls of workflows that one run has open at once. A run that needs more fails:
    /// `too_many_frames`.
    #[arg(long, default_value_t = 10_000, value_name = "FRAMES")]
    pub(crate) max_open_frames: usize,

    /// Items of one map. A map with more fails: `too_many_items`.
    #[arg(long, default_value_t = 10_000, value_name = "ITEMS")]
    pub(crate) max_map_items: usize,

    /// Size of the output of one step. A step with more fails: `output_too_large`. At most 1 MiB.
    #[arg(long, default_value = "1MiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_output: usize,

    /// Size of the body of one request. A larger one is refused: 413 `body_too_large`.
    #[arg(long, default_value = "1MiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_body: usize,

    /// Size of all request bodies that are being received. A request with more is refused: 503 `too_many_bodies`.
    #[arg(long, default_value = "64MiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_bodies: usize,

    /// Open connections, each of which is an open file. The next one is refused: 503 `too_many_connections`. The limit of open files
    /// of the process is raised at the start as far as the system allows, and a warning says if that is not enough.
    #[arg(long, default_value_t = 4_096, value_name = "CONNECTIONS")]
    pub(crate) max_connections: usize,

    /// Event streams of one run. The next one is refused: 429 `too_many_readers`.
    #[arg(long, default_value_t = 2_048, value_name = "STREAMS")]
    pub(crate) max_readers: usize,

    /// Requests per minute with one API key. More are refused: 429 `too_many_requests`.
    #[arg(long, default_value_t = 6_000, value_name = "REQUESTS")]
    pub(crate) requests_per_minute: u32,

    /// Wrong API keys per minute from one address. More are refused: 429 `too_many_wrong_keys`.
    #[arg(long, default_value_t = 20, value_name = "KEYS")]
    pub(crate) wrong_keys_per_minute: u32,

    /// How long the head of a connection's first request may take to arrive.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) head_time: Duration,

    /// How long the body of a request may take to arrive. Then: 408 `body_too_slow`.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) body_time: Duration,

    /// How long a client may read nothing while data is ready for it. Then its connection is closed.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) write_time: Duration,

    /// How long an idle connection stays open for the next request. It must be longer than the idle timeout of a proxy in
    /// front, which is usually 60 s.
    #[arg(long, default_value = "75s", value_name = "TIME", value_parser = duration)]
    pub(crate) keep_alive: Duration,

    /// How long an event stream may be silent before it sends a comment; at least 100 ms.
    #[arg(long, default_value = "5s", value_name = "TIME", value_parser = duration)]
    pub(crate) heartbeat: Duration,

    /// Size of the operating system's send buffer of each connection.
    #[arg(long, default_value = "64KiB", value_name = "BYTES", value_parser = bytes)]
    pub(crate) send_buffer: usize,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// The settings of nodes: the model of `LLMNode`, and what `HttpNode` may call.
#[derive(Debug, Parser)]
#[command(next_help_heading = "Model")]
pub(crate) struct NodeArgs {
    /// Simulate the model: no key is needed and nothing is charged.
    #[arg(long)]
    pub(crate) simulate: bool,

    /// The time that a simulated reply takes for each word.
    #[arg(long, default_value = "40ms", value_name = "TIME", value_parser = pace, requires = "simulate")]
    pub(crate) simulate_pace: Duration,

    /// The model of the default provider for steps that name none.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) model: Option<String>,

    /// A further provider of models, with the API of OpenAI's chat completions, such as
    /// `local=http://127.0.0.1:11434/v1`; repeatable. Workflows name its models `local/qwen3:8b`. `LOCAL_API_KEY` has its key,
    /// if it needs one, and `LOCAL_MODEL` its default model. Without a key of the Gemini API, the first one is the default provider.
    #[arg(
        long = "provider",
        value_name = "NAME=URL",
        value_parser = ProviderUrl::parse
    )]
    pub(crate) providers: Vec<ProviderUrl>,

    /// Providers with more settings than an address, a JSON file such as `examples/providers.json`: listed models, headers, limits.
    #[arg(long, value_name = "FILE")]
    pub(crate) provider_file: Option<PathBuf>,

    /// Requests to the models of a provider that are in flight at once; more wait in a queue.
    #[arg(long, default_value_t = 1_024, value_name = "REQUESTS")]
    pub(crate) model_in_flight: usize,

    /// Requests to the models of a provider per minute; more wait in a queue. By default, no limit.
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) model_per_minute: Option<u32>,

    /// Requests in the queue of a provider. The next one fails with `queue_full`, and its step is retried.
    #[arg(long, default_value_t = 16_384, value_name = "REQUESTS")]
    pub(crate) model_queued: usize,

    /// The retry budget: retries in a row, over all requests to a provider. More wait until successes or time refill it.
    /// With 0, nothing is retried.
    #[arg(long, default_value_t = 100, value_name = "RETRIES")]
    pub(crate) model_retry_budget: u32,

    /// Whether the Gemini API may store requests and replies, for steps that do not set it: `true` or `false`. By default, the
    /// setting of the Google project applies.
    #[arg(long, value_name = "BOOLEAN", value_parser = boolean)]
    pub(crate) model_store: Option<bool>,

    /// The service tier of the Gemini API, for steps that do not set it: `flex`, `standard` or `priority`. By default, the API uses
    /// `standard`.
    #[arg(long, value_name = "TIER")]
    pub(crate) model_service_tier: Option<Tier>,

    /// The prices of models, a JSON file such as `examples/prices.json`: steps report what they cost, and budgets in
    /// dollars can limit them. By default, costs are not known.
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,

    /// How long connecting to the model's API may take.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration)]
    pub(crate) model_connect_time: Duration,

    /// How long the first byte of a reply of the model may take.
    #[arg(long, default_value = "5m", value_name = "TIME", value_parser = duration)]
    pub(crate) model_first_byte_time: Duration,

    /// How long a reply of the model may be silent after its first byte.
    #[arg(long, default_value = "2m", value_name = "TIME", value_parser = duration)]
    pub(crate) model_idle_time: Duration,

    /// How long one request to the model may take in total. By default, no limit.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) model_time: Option<Duration>,

    /// Allow `HttpNode` to call this origin, such as `https://cms.example.com`; repeatable.
    #[arg(
        long = "allow-origin",
        value_name = "ORIGIN",
        help_heading = "HttpNode"
    )]
    pub(crate) allow_origins: Vec<String>,

    /// Allow an allowed origin to resolve to this private address or range, such as
    /// `https://intranet.example.com=10.1.2.0/24`; repeatable. All other origins must resolve to public addresses.
    /// Dangerous: allow no more than you need.
    #[arg(
        long = "allow-private",
        value_name = "ORIGIN=ADDRESS",
        value_parser = private_address,
        help_heading = "HttpNode"
    )]
    pub(crate) allow_private: Vec<PrivateAddress>,

    /// Allow `HttpNode` to send the environment variable of this name as a secret header, or to call the URL in it; with
    /// `NAME=ORIGIN`, to that origin only; repeatable.
    #[arg(
        long = "secret",
        value_name = "NAME[=ORIGIN]",
        help_heading = "HttpNode"
    )]
    pub(crate) secrets: Vec<String>,

    /// How long connecting may take for an `HttpNode`.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration, help_heading = "HttpNode")]
    pub(crate) http_connect_time: Duration,

    /// How long a call of an `HttpNode` may take in total.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration, help_heading = "HttpNode")]
    pub(crate) http_time: Duration,
}

/// The service tier of requests to the model.
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
