//! Why the program stops.

use std::{error::Error, io, net::SocketAddr, path::PathBuf, process::ExitCode};

use workflow_core::{EngineError, Fault, store::StoreError, value::JsonError};
use workflow_gemini::ConfigError;
use workflow_http::InvalidApiKey;

use crate::{
    faults::{Listed, counted},
    file::named,
};

/// A sentence for the person who started the program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    #[error(
        "There is no Gemini API key: set GEMINI_API_KEY (in the environment or in ./.env), or start with --simulate \
         to get simulated answers.{0}"
    )]
    NoKey(String),
    #[error(
        "{0} can be reached by other machines: let in only who has a key, with --api-key or \
         WORKFLOW_API_KEYS, or listen on 127.0.0.1."
    )]
    Exposed(SocketAddr),
    /// The key is not shown.
    #[error("{0} cannot be used: {1}.")]
    ApiKey(&'static str, InvalidApiKey),
    #[error(
        "WORKFLOW_API_KEYS is set, but has no key in it: set keys, separated by commas, or unset it to serve without \
         keys."
    )]
    NoApiKeys,
    #[error(
        "WORKFLOW_API_KEYS has quotes around a key, which callers would have to send: remove them."
    )]
    QuotedApiKeys,
    #[error("The Gemini client could not be set up: {0}.")]
    Config(ConfigError),
    #[error("The nodes that call other servers could not be set up: {0}.")]
    Http(#[from] workflow_fetch::ConfigError),
    #[error("{path} {reason}", path = named(.0), reason = unreadable(.1))]
    NotJson(PathBuf, JsonError),
    #[error("The input cannot be used: {}", faults(.0))]
    Input(Vec<Fault>),
    #[error("{path} cannot be run: {reason}", path = named(.0), reason = refusal(.1))]
    Refused(PathBuf, EngineError),
    #[error("{path} has no `name`, so no workflow can call it.", path = named(.0))]
    NoName(PathBuf),
    #[error(
        "{first} and {second} have the same name, `{0}`: no workflow can call them.",
        first = named(&.1[0]),
        second = named(&.1[1])
    )]
    SameName(String, [PathBuf; 2]),
    #[error("Standard input can be read only once: name a file in place of one `-`.")]
    StandardInputTwice,
    #[error("{}.", told(.0))]
    Data(#[from] workflow_sqlite::OpenError),
    #[error("{}.", told(.0))]
    Database(#[from] workflow_postgres::ConnectError),
    #[error("The lock of the database could not be taken: {}.", told(.0))]
    Lock(StoreError),
    #[error("Another instance serves {0} now: the connection that held its lock was lost.")]
    Replaced(String),
    #[error("The engine failed: {}.", told(.0))]
    Engine(#[from] EngineError),
    /// A setting that cannot be used, and where it is from.
    #[error("{place}: {text}", text = sentence(.reason))]
    Setting { place: String, reason: String },
    /// The line is not shown: it may hold a key.
    #[error("{path}, line {line}: {reason}.", path = .path.display())]
    EnvFile {
        path: PathBuf,
        line: usize,
        reason: &'static str,
    },
    #[error("Another program listens on {0} already: stop it, or choose another --addr.")]
    AddressInUse(SocketAddr),
    #[error("Listening on {0} failed: {1}.")]
    Listen(SocketAddr, io::Error),
    #[error("{path} could not be read: {1}.", path = named(.0))]
    File(PathBuf, io::Error),
    #[error("The operating system failed: {0}.")]
    Io(#[from] io::Error),
}

impl Stopped {
    /// 2 where the person can mend it by starting the program differently.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoKey(_)
            | Self::NoApiKeys
            | Self::QuotedApiKeys
            | Self::Exposed(_)
            | Self::ApiKey(..)
            | Self::Config(_)
            | Self::Http(_)
            | Self::EnvFile { .. }
            | Self::Setting { .. }
            | Self::File(..)
            | Self::NotJson(..)
            | Self::Input(_)
            | Self::NoName(_)
            | Self::SameName(..)
            | Self::StandardInputTwice
            | Self::Refused(..) => ExitCode::from(2),
            Self::Data(_)
            | Self::Database(_)
            | Self::Lock(_)
            | Self::Replaced(_)
            | Self::AddressInUse(_)
            | Self::Listen(..)
            | Self::Engine(_)
            | Self::Io(_) => ExitCode::FAILURE,
        }
    }
}

/// A text with a full stop, unless it ends with a question.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// An error, and what caused it.
fn told(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", told(cause)),
        None => error.to_string(),
    }
}

/// Why a workflow was refused, with every fault of it or of its input.
fn refusal(error: &EngineError) -> String {
    match error {
        EngineError::Invalid(invalid) => faults(invalid.faults()),
        EngineError::InvalidInput(faults) => format!("{error}{}", Listed(faults)),
        other => format!("{other}."),
    }
}

/// How many faults there are, and a list of them.
fn faults(faults: &[Fault]) -> String {
    format!("{}{}", counted(faults.len(), "fault"), Listed(faults))
}

/// Why a file was not read as JSON.
fn unreadable(error: &JsonError) -> String {
    match error {
        JsonError::Faults(found) => format!("cannot be used: {}", faults(found)),
        other => format!("is {other}."),
    }
}

impl From<ConfigError> for Stopped {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::MissingKey => Self::NoKey(String::new()),
            other => Self::Config(other),
        }
    }
}
