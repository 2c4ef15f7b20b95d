//! The errors of the program.

use std::{borrow::Cow, error::Error, io, path::PathBuf};

use workflow_gemini::{ConfigError, GeminiError};

/// The reason why no answer was printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Gemini(#[from] GeminiError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{path} could not be read", path = .0.display())]
    File(PathBuf, #[source] io::Error),
    #[error("{path} is not JSON", path = .0.display())]
    NotJson(PathBuf, #[source] serde_json::Error),
    #[error("the prompt could not be read from standard input")]
    Input(#[source] io::Error),
    #[error("the answer could not be printed")]
    Output(#[source] io::Error),
    #[error("the answer ended without its last chunk")]
    NoEnd,
}

impl Failure {
    /// A stable code for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Gemini(error) => error.code(),
            Self::Config(ConfigError::MissingKey) => "no_key",
            Self::Config(_) => "invalid_configuration",
            Self::File(..) | Self::NotJson(..) | Self::Input(_) => "invalid_input",
            Self::Output(_) => "output_failed",
            Self::NoEnd => "answer_interrupted",
        }
    }

    /// The message and those of its sources.
    pub(crate) fn message(&self) -> String {
        let mut message = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            message = format!("{message}: {error}");
            source = error.source();
        }
        message
    }

    /// The HTTP status of a refusal by the API.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Gemini(error) => error.status(),
            _ => None,
        }
    }

    /// What the user can do.
    pub(crate) fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Gemini(error) => error.hint(),
            _ => None,
        }
    }

    /// Whether the reader of the output has closed it, as `head` does. This is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The wait that the API asks for, in seconds.
    pub(crate) fn retry_after(&self) -> Option<f64> {
        match self {
            Self::Gemini(error) => error.retry_after().map(|wait| wait.as_secs_f64()),
            _ => None,
        }
    }
}
