//! Settings: from the command line, the environment, the `.env` file and the configuration file, in this order, and
//! otherwise from their defaults.
//!
//! A setting is described once, as an option of the command line. Its name there makes its key in the file
//! (`--max-running` is `max_running`) and its variable (`WORKFLOW_MAX_RUNNING`). What one of these sets is added to the
//! command line, unless the option is there already: so it is read and checked in one way, wherever it is from.

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
    error::Stopped,
    variables::Variables,
};

/// What the program is to do, and what it was read from.
pub(crate) struct Settings {
    pub(crate) cli: Cli,
    pub(crate) variables: Variables,
}

impl Settings {
    /// Reads every source. Prints help, or what is wrong with the command line, and ends the program where clap does.
    ///
    /// # Errors
    /// A file cannot be read; or a variable, or a line of a file, is not a setting or has a value that cannot be used.
    pub(crate) fn read(arguments: Vec<OsString>) -> Result<Self, Stopped> {
        let mut line = Line::new(arguments);
        let cli = line.parse();
        if cli.files().is_none() {
            let variables = Variables::default();
            return Ok(Self { cli, variables });
        }
        let of_environment = |name: &str| match env::var(name) {
            Err(env::VarError::NotUnicode(_)) => Err("it is not UTF-8"),
            value => Ok(value.ok()),
        };
        let settings = settings();
        line.add_variables(&FileArgs::options(), "the environment", of_environment)?;
        line.add_variables(&settings, "the environment", of_environment)?;
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

/// The options that are settings.
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

/// The key of a setting in the configuration file.
fn key(setting: &Arg) -> String {
    setting.get_long().unwrap_or_default().replace('-', "_")
}

/// The variable of a setting.
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

/// A command line that is completed source by source.
struct Line {
    arguments: Vec<OsString>,
    /// Where options can be added: behind the name of the program and of the subcommand.
    place: usize,
    /// The command that is invoked.
    command: Command,
    /// The options that are there.
    given: HashSet<Id>,
}

impl Line {
    fn new(arguments: Vec<OsString>) -> Self {
        let root = Cli::command();
        let matches = root.clone().get_matches_from(&arguments);
        let (place, command, matches) = match matches.subcommand() {
            Some((name, matches)) => {
                let command = root.find_subcommand(name).cloned();
                (2, command.unwrap_or_default(), matches.clone())
            }
            None => (1, root, matches),
        };
        let given = command
            .get_arguments()
            .map(Arg::get_id)
            .filter(|id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine));
        Self {
            given: given.cloned().collect(),
            arguments,
            place,
            command,
        }
    }

    /// Ends the program where the command line cannot be parsed.
    fn parse(&self) -> Cli {
        let matches = Cli::command().get_matches_from(&self.arguments);
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Adds the settings of variables. An empty one counts as not set.
    fn add_variables(
        &mut self,
        settings: &[Arg],
        source: &str,
        read: impl Fn(&str) -> Result<Option<String>, &'static str>,
    ) -> Result<(), Stopped> {
        let higher = self.given.clone();
        for setting in settings {
            // Callers' keys are read apart: those of all sources count.
            if setting.get_id() == "api_keys" {
                continue;
            }
            let name = variable(setting);
            let place = || format!("{name} ({source})");
            let value = read(&name).map_err(|reason| Stopped::Setting {
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
    fn add_file(&mut self, path: &Path) -> Result<(), Stopped> {
        let higher = self.given.clone();
        for entry in file::read(path)? {
            self.add(&entry.setting, &entry.values, &higher, &entry.place)?;
        }
        Ok(())
    }

    /// Adds values of a setting, unless a higher source has set it or one that excludes it, or the command does not
    /// take it.
    fn add(
        &mut self,
        setting: &Arg,
        values: &[String],
        higher: &HashSet<Id>,
        place: &str,
    ) -> Result<(), Stopped> {
        let words = words(setting, values).and_then(|words| check(&words).map(|()| words));
        let words = words.map_err(|reason| Stopped::Setting {
            place: place.to_owned(),
            reason,
        })?;
        let id = setting.get_id();
        let is_taken = self
            .command
            .get_arguments()
            .any(|known| known.get_id() == id);
        if !is_taken
            || higher
                .iter()
                .any(|other| other == id || self.exclude(id, other))
        {
            return Ok(());
        }
        self.given.insert(id.clone());
        let place = self.place..self.place;
        self.arguments
            .splice(place, words.into_iter().map(OsString::from));
        Ok(())
    }

    /// Whether two options cannot be given together.
    fn exclude(&self, one: &Id, other: &Id) -> bool {
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

/// The values of a setting as options.
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
        _ => Err("it is true or false".to_owned()),
    }
}

/// Whether options have values that can be used, each by itself.
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
