//! The errors that end the program.
//!
//! Each message is one line, or a list of faults, in the form of clap's errors: `main` adds `error: `.

use std::{error::Error, io, net::SocketAddr, path::PathBuf, process::ExitCode};

use workflow_core::{
    EngineError, Fault, price::InvalidPrices, store::StoreError, value::JsonError,
};
use workflow_gemini::ConfigError;
use workflow_http::InvalidApiKey;

use crate::{
    faults::{FaultList, counted},
    file::named,
};

/// An error for the person who started the program. Messages state what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(
        "no Gemini API key: set GEMINI_API_KEY (in the environment or in ./.env), name another provider with --provider, \
         or start with --simulate to get simulated replies{0}"
    )]
    NoKey(String),
    #[error(
        "other machines can reach {0}: require an API key, with --api-key or WORKFLOW_API_KEYS, or listen on \
         127.0.0.1"
    )]
    Exposed(SocketAddr),
    /// The message does not contain the key.
    #[error("invalid key in {0}: {1}")]
    ApiKey(&'static str, InvalidApiKey),
    #[error(
        "WORKFLOW_API_KEYS is set but contains no key: set keys, separated by commas, or unset it to require no key"
    )]
    NoApiKeys,
    #[error(
        "WORKFLOW_API_KEYS has quotes around a key, which clients would have to send: remove them"
    )]
    QuotedApiKeys,
    #[error("failed to build the Gemini client: {0}")]
    Config(ConfigError),
    #[error("cannot use the provider `{0}`: {1}")]
    Provider(String, String),
    #[error("cannot use the providers in {path}: {1}", path = named(.0))]
    Providers(PathBuf, String),
    #[error("cannot use the providers: {0}")]
    ProviderName(#[from] workflow_llm::InvalidProvider),
    #[error("failed to build the HTTP client: {0}")]
    Http(#[from] workflow_fetch::ConfigError),
    #[error("{path} {reason}", path = named(.0), reason = json_error(.1))]
    NotJson(PathBuf, JsonError),
    #[error("cannot use the prices in {path}:{}", FaultList(.1.faults()), path = named(.0))]
    Prices(PathBuf, InvalidPrices),
    #[error("invalid input: {}", faults(.0))]
    Input(Vec<Fault>),
    #[error("cannot run {path}: {reason}", path = named(.0), reason = refusal(.1))]
    Refused(PathBuf, EngineError),
    /// The server refused the workflow or its input. The message has all faults.
    #[error("cannot run {path}: {}{}", .1.problem().detail, FaultList(.1.faults()), path = named(.0))]
    RefusedByServer(PathBuf, workflow_client::Error),
    #[error("{}", with_hint(.0))]
    Server(#[from] workflow_client::Error),
    #[error("cannot use --server: {0}")]
    Client(#[from] workflow_client::ConfigError),
    #[error("{path} has no `name`, so no workflow can call it: add one", path = named(.0))]
    NoName(PathBuf),
    #[error(
        "{first} and {second} have the same name, `{0}`: rename one",
        first = named(&.1[0]),
        second = named(&.1[1])
    )]
    SameName(String, [PathBuf; 2]),
    #[error("standard input can be read only once: replace one `-` by a file")]
    StandardInputTwice,
    #[error("{}", with_causes(.0))]
    Data(#[from] workflow_sqlite::OpenError),
    #[error("{}", with_causes(.0))]
    Database(#[from] workflow_postgres::ConnectError),
    #[error("the lock of the database could not be acquired: {}", with_causes(.0))]
    Lock(StoreError),
    #[error(
        "another instance serves {0} now, after this one lost the connection that held the lock"
    )]
    Replaced(String),
    #[error("the engine failed: {}", with_causes(.0))]
    Engine(#[from] EngineError),
    /// An invalid setting, with the variable, or the place in the file, that has it.
    #[error("{place}: {reason}")]
    Setting { place: String, reason: String },
    /// The message does not contain the line: it may have a key.
    #[error("{path}, line {line}: {reason}", path = .path.display())]
    EnvFile {
        path: PathBuf,
        line: usize,
        reason: &'static str,
    },
    #[error("{0} needs {1}: set it as an option, a variable or in the file of --config")]
    Needs(&'static str, &'static str),
    #[error("{}", with_causes(.0))]
    Fleet(#[from] workflow_restate::SettingsError),
    #[error(
        "Restate cannot call every address of a machine: set --worker-url to the URL at which it reaches the instances"
    )]
    NoWorkerUrl,
    #[error("address {0} is in use: stop the program that listens on it, or choose another {1}")]
    AddressInUse(SocketAddr, &'static str),
    #[error("failed to listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    #[error("failed to read {path}: {1}", path = named(.0))]
    File(PathBuf, io::Error),
    #[error("failed to write to {path}: {1}", path = .0.display())]
    Write(PathBuf, io::Error),
    #[error(
        "no tests: no file at {} is named `*.test.json`",
        .0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoTests(Vec<PathBuf>),
    #[error("no healthy service at {0}: {reason}", reason = with_causes(.1))]
    NotHealthy(SocketAddr, reqwest::Error),
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
}

impl CliError {
    /// 2 for errors of arguments, settings and files, as clap does; 1 for all others.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoKey(_)
            | Self::NoApiKeys
            | Self::QuotedApiKeys
            | Self::Exposed(_)
            | Self::ApiKey(..)
            | Self::Config(_)
            | Self::Provider(..)
            | Self::Providers(..)
            | Self::ProviderName(_)
            | Self::Http(_)
            | Self::EnvFile { .. }
            | Self::Setting { .. }
            | Self::File(..)
            | Self::NotJson(..)
            | Self::Prices(..)
            | Self::Input(_)
            | Self::NoName(_)
            | Self::SameName(..)
            | Self::Needs(..)
            | Self::Fleet(_)
            | Self::NoWorkerUrl
            | Self::StandardInputTwice
            | Self::NoTests(_)
            | Self::Client(_)
            | Self::RefusedByServer(..)
            | Self::Refused(..) => ExitCode::from(2),
            Self::Data(_)
            | Self::Database(_)
            | Self::Lock(_)
            | Self::Replaced(_)
            | Self::AddressInUse(..)
            | Self::Listen(..)
            | Self::Engine(_)
            | Self::Server(_)
            | Self::Write(..)
            | Self::NotHealthy(..)
            | Self::Io(_) => ExitCode::FAILURE,
        }
    }
}

/// An error with its causes.
fn with_causes(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_causes(cause)),
        None => error.to_string(),
    }
}

/// An error of the server with its causes, and what to do.
fn with_hint(error: &workflow_client::Error) -> String {
    let hint = match error.status() {
        Some(401) => Some("set WORKFLOW_API_KEY to a key of the server"),
        _ => error.hint(),
    };
    let hint = hint.map(|hint| format!("\n  hint: {hint}"));
    format!("{}{}", with_causes(error), hint.unwrap_or_default())
}

/// Why the engine refused a workflow, with the faults of the workflow or of its input.
fn refusal(error: &EngineError) -> String {
    match error {
        EngineError::Invalid(invalid) => faults(invalid.faults()),
        EngineError::InvalidInput(faults) => format!("{error}{}", FaultList(faults)),
        other => other.to_string(),
    }
}

/// The number of faults, and a list of them.
fn faults(faults: &[Fault]) -> String {
    format!("{}{}", counted(faults.len(), "fault"), FaultList(faults))
}

/// Why a file is not usable as JSON, as a predicate.
fn json_error(error: &JsonError) -> String {
    match error {
        JsonError::Faults(found) => format!("has {}", faults(found)),
        other => format!("is {other}"),
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::MissingKey => Self::NoKey(String::new()),
            other => Self::Config(other),
        }
    }
}
