//! What the program can be told.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use jiff::SignedDuration;
use tracing_subscriber::filter::Targets;
use workflow_http::{ApiKey, Host, InvalidApiKey, Origin};

const ENVIRONMENT: &str = "\
Environment (or ./.env, or the file of --env-file; the environment wins):
  GEMINI_API_KEY            the key of the Gemini API, unless GOOGLE_API_KEY is set
  GEMINI_MODEL              the model of steps that name none
  GOOGLE_GEMINI_BASE_URL    the address of the Gemini API
  GOOGLE_GENAI_API_VERSION  its version
  WORKFLOW_API_KEYS         the keys of callers, separated by commas, in addition to --api-key
The keys, the address and the version of the Gemini API are all taken from the environment if it sets any of them.";

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
    Run(RunArgs),
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
#[derive(Debug, Default, Args)]
pub(crate) struct FileArgs {
    /// Read environment variables from this file, in place of `./.env`. Variables that are set already win.
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one. Beyond this machine only with an API key.
    #[arg(long, default_value = "127.0.0.1:8000", value_parser = address)]
    pub(crate) addr: SocketAddr,

    /// Let in only who sends this key, as `authorization: Bearer KEY` or `x-api-key: KEY`;
    /// repeatable. Others can see it in the list of processes: rather set `WORKFLOW_API_KEYS`.
    #[arg(long = "api-key", value_name = "KEY", value_parser = api_key)]
    pub(crate) api_keys: Vec<Result<ApiKey, InvalidApiKey>>,

    /// Answer to this host name, such as `flows.example.com`, besides `localhost`; repeatable.
    /// With an API key, any name will do as long as none is given.
    #[arg(long = "allowed-host", value_name = "HOST")]
    pub(crate) allowed_hosts: Vec<Host>,

    /// Let pages of this site use the service, such as `http://localhost:3000`; repeatable.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    pub(crate) cors_origins: Vec<Origin>,

    /// What to log: a level, or `target=level` pairs.
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub(crate) log: Targets,

    /// How long runs have to end once the program is asked to stop; those that do not are suspended,
    /// and go on when it is started again.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration)]
    pub(crate) drain: Duration,

    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// How to write the log: for people, or a JSON object a line.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,

    #[command(flatten)]
    pub(crate) nodes: NodeArgs,

    #[command(flatten)]
    pub(crate) files: FileArgs,
}

/// Where workflows and runs are kept, and for how long.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// The directory that workflows and runs are kept in; it is created when it is not there.
    #[arg(long, default_value = "workflow-data", value_name = "DIR")]
    pub(crate) data_dir: PathBuf,

    /// Keep nothing: workflows and runs are gone when the program ends.
    #[arg(long, conflicts_with_all = ["data_dir", "keep_days", "keep_runs"])]
    pub(crate) memory: bool,

    /// Forget runs so many days after they ended; they are kept for ever unless it is set.
    #[arg(long, value_name = "DAYS")]
    pub(crate) keep_days: Option<u32>,

    /// Forget the oldest runs that have ended once there are more than so many.
    #[arg(long, value_name = "RUNS")]
    pub(crate) keep_runs: Option<u32>,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// What the nodes of workflows work with.
#[derive(Debug, Default, Args)]
pub(crate) struct NodeArgs {
    /// Answer in place of the model: no key is needed and nothing is charged.
    #[arg(long)]
    pub(crate) simulate: bool,

    /// How long a simulated answer takes for each word.
    #[arg(long, default_value = "40ms", value_name = "TIME", value_parser = pace, requires = "simulate")]
    pub(crate) simulate_pace: Duration,

    /// The model of steps that name none.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) model: Option<String>,

    /// Let an `HttpNode` call this origin, such as `https://cms.example.com`; repeatable.
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub(crate) allow_origins: Vec<String>,

    /// Let an `HttpNode` send the environment variable of this name as a secret header, with
    /// `NAME=ORIGIN` to that origin only; repeatable.
    #[arg(long = "secret", value_name = "NAME[=ORIGIN]")]
    pub(crate) secrets: Vec<String>,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.strip_prefix("localhost:")
        .and_then(|port| port.parse().ok())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .or_else(|| text.parse().ok())
        .ok_or("an address is an IP address and a port, such as 127.0.0.1:8000")
}

/// A key, or that it is none: a refusal by the command line would repeat it.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the command line takes parsers that may fail"
)]
fn api_key(text: &str) -> Result<Result<ApiKey, InvalidApiKey>, Infallible> {
    Ok(text.parse())
}

fn pace(text: &str) -> Result<Duration, &'static str> {
    let millis = text.strip_suffix("ms").and_then(|n| n.parse::<u16>().ok());
    millis
        .map(|millis| Duration::from_millis(millis.into()))
        .ok_or("a pace is in whole milliseconds, such as 40ms")
}

/// A time such as `10s`, `1m 30s` or `500ms`.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let read = text.parse::<SignedDuration>().ok();
    read.and_then(|time| time.try_into().ok())
        .ok_or("a time is a number with a unit, such as 10s, 2m or 500ms")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for wrong in ["10", "-5s", "soon", ""] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_an_ip_address_and_a_port() {
        assert_eq!(address("localhost:80"), address("127.0.0.1:80"));
        assert!(address("[::1]:8000").is_ok());
        assert!(address("8000").is_err_and(|error| error.contains("an IP address")));
    }
}
