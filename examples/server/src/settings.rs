//! Settings from the command line, the environment, the `.env` file and the configuration file. An earlier source
//! takes precedence over a later one.
//!
//! A setting is described once, as an option of the command line. The key in the file (`max_running`) and the variable
//! (`WORKFLOW_MAX_RUNNING`) derive from the name of the option (`--max-running`). Settings of the other sources are
//! added to the command line unless the option is present, so all sources are parsed and checked by the same code.

mod file;
mod template;

use std::{collections::HashSet, env, ffi::OsString, path::Path};

use clap::{
    Arg, ArgAction, Command, CommandFactory, FromArgMatches, Id, error::ErrorKind,
    parser::ValueSource,
};

pub(crate) use self::template::template;
use crate::{
    cli::{Cli, FileArgs},
    error::CliError,
    variables::Variables,
};

/// The complete command line, and the variables for the clients.
pub(crate) struct Settings {
    pub(crate) cli: Cli,
    pub(crate) variables: Variables,
}

impl Settings {
    /// Reads all sources. For help, and for errors of the command line, clap prints a text and exits.
    ///
    /// # Errors
    /// If a file cannot be read, or a variable or a line of a file is not a setting or has an invalid value.
    pub(crate) fn read(arguments: Vec<OsString>) -> Result<Self, CliError> {
        let mut line = CommandLine::new(arguments);
        let cli = line.parse();
        if cli.files().is_none() {
            let variables = Variables::default();
            return Ok(Self { cli, variables });
        }
        let from_environment = |name: &str| match env::var(name) {
            Err(env::VarError::NotUnicode(_)) => Err("not UTF-8"),
            value => Ok(value.ok()),
        };
        let settings = settings();
        line.add_variables(&FileArgs::options(), "the environment", from_environment)?;
        line.add_variables(&settings, "the environment", from_environment)?;
        let files = line.parse().files().cloned().unwrap_or_default();
        let variables = Variables::read(files.env_file.as_deref())?;
        if let Some(path) = variables.path() {
            let place = path.display().to_string();
            line.add_variables(&settings, &place, |name| Ok(variables.in_file(name)))?;
        }
        if let Some(path) = &files.config {
            line.add_file(path)?;
        }
        let cli = line.parse();
        Ok(Self { cli, variables })
    }
}

/// The options that are settings: all with a long name, except those of files and `--help-config`.
fn settings() -> Vec<Arg> {
    let command = Cli::command();
    let files = FileArgs::options();
    let options = command.get_arguments();
    let settings = options.filter(|option| {
        let id = option.get_id();
        let is_file = files.iter().any(|file| file.get_id() == id);
        option.get_long().is_some() && !is_file && id != "help_config"
    });
    settings.cloned().collect()
}

/// The key in the configuration file.
fn key(setting: &Arg) -> String {
    setting.get_long().unwrap_or_default().replace('-', "_")
}

/// The environment variable. Two have the names that Google's tools use.
fn variable(setting: &Arg) -> String {
    match setting.get_id().as_str() {
        "model" => "GEMINI_MODEL".to_owned(),
        "model_store" => "GEMINI_STORE".to_owned(),
        _ => format!("WORKFLOW_{}", key(setting).to_uppercase()),
    }
}

/// Whether a setting is a list.
fn is_list(setting: &Arg) -> bool {
    matches!(setting.get_action(), ArgAction::Append)
}

/// Whether a setting is on or off.
fn is_switch(setting: &Arg) -> bool {
    matches!(setting.get_action(), ArgAction::SetTrue)
}

/// A command line to which each source adds its settings.
struct CommandLine {
    arguments: Vec<OsString>,
    /// The index at which options are inserted: after the names of program and subcommand.
    insert_at: usize,
    /// The invoked command.
    command: Command,
    /// The options that are present.
    present: HashSet<Id>,
}

impl CommandLine {
    fn new(arguments: Vec<OsString>) -> Self {
        let root = Cli::command();
        let matches = root.clone().get_matches_from(&arguments);
        let (insert_at, command, matches) = match matches.subcommand() {
            Some((name, matches)) => {
                let command = root.find_subcommand(name).cloned();
                (2, command.unwrap_or_default(), matches.clone())
            }
            None => (1, root, matches),
        };
        let present = command
            .get_arguments()
            .map(Arg::get_id)
            .filter(|id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine));
        Self {
            present: present.cloned().collect(),
            arguments,
            insert_at,
            command,
        }
    }

    /// Parses the command line. Exits if it is invalid.
    fn parse(&self) -> Cli {
        let matches = Cli::command().get_matches_from(&self.arguments);
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Adds settings from variables. An empty variable counts as not set: deployment tools often set all of them.
    fn add_variables(
        &mut self,
        settings: &[Arg],
        source: &str,
        read: impl Fn(&str) -> Result<Option<String>, &'static str>,
    ) -> Result<(), CliError> {
        let higher = self.present.clone();
        for setting in settings {
            // API keys add up over all sources, see `keys`.
            if setting.get_id() == "api_keys" {
                continue;
            }
            let name = variable(setting);
            let place = || format!("{name} ({source})");
            let value = read(&name).map_err(|reason| CliError::Setting {
                place: place(),
                reason: reason.to_owned(),
            })?;
            let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
                continue;
            };
            let values = if is_list(setting) {
                let values = value.split(',').map(str::trim);
                values
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
                    .collect()
            } else {
                vec![value.trim().to_owned()]
            };
            self.add(setting, &values, &higher, &place())?;
        }
        Ok(())
    }

    /// Adds the settings of a configuration file.
    fn add_file(&mut self, path: &Path) -> Result<(), CliError> {
        let higher = self.present.clone();
        for entry in file::read(path)? {
            self.add(&entry.setting, &entry.values, &higher, &entry.place)?;
        }
        Ok(())
    }

    /// Adds a setting, unless a source of higher precedence sets it or a conflicting one, or the command does not have
    /// it. The value is checked in any case, so that an invalid one is not accepted until it takes effect.
    fn add(
        &mut self,
        setting: &Arg,
        values: &[String],
        higher: &HashSet<Id>,
        place: &str,
    ) -> Result<(), CliError> {
        let words = words(setting, values).and_then(|words| check(&words).map(|()| words));
        let words = words.map_err(|reason| CliError::Setting {
            place: place.to_owned(),
            reason,
        })?;
        let id = setting.get_id();
        let is_known = self
            .command
            .get_arguments()
            .any(|known| known.get_id() == id);
        if !is_known
            || higher
                .iter()
                .any(|other| other == id || self.conflict(id, other))
        {
            return Ok(());
        }
        self.present.insert(id.clone());
        let place = self.insert_at..self.insert_at;
        self.arguments
            .splice(place, words.into_iter().map(OsString::from));
        Ok(())
    }

    /// Whether two options conflict. clap may store this with either of them.
    fn conflict(&self, one: &Id, other: &Id) -> bool {
        let conflicts = |one: &Id, other: &Id| {
            let mut options = self.command.get_arguments();
            let option = options.find(|option| option.get_id() == one);
            option.is_some_and(|option| {
                let conflicts = self.command.get_arg_conflicts_with(option);
                conflicts.iter().any(|conflict| conflict.get_id() == other)
            })
        };
        conflicts(one, other) || conflicts(other, one)
    }
}

/// A setting as arguments.
fn words(setting: &Arg, values: &[String]) -> Result<Vec<String>, String> {
    let long = setting.get_long().unwrap_or_default();
    if !is_switch(setting) {
        return Ok(values
            .iter()
            .map(|value| format!("--{long}={value}"))
            .collect());
    }
    match values {
        [value] if value == "true" => Ok(vec![format!("--{long}")]),
        [value] if value == "false" => Ok(Vec::new()),
        _ => Err("expected true or false".to_owned()),
    }
}

/// Checks the values of options, each by itself. Conflicts and missing options depend on the whole line, and are left
/// to its parsing.
fn check(words: &[String]) -> Result<(), String> {
    for word in words {
        let parsed = Cli::command().try_get_matches_from(["workflow-server", word.as_str()]);
        let Err(error) = parsed else { continue };
        if matches!(
            error.kind(),
            ErrorKind::ValueValidation | ErrorKind::InvalidValue
        ) {
            let text = error.to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let lines = text.lines().map(str::trim);
            let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
            return Err(lines.join(" "));
        }
    }
    Ok(())
}
