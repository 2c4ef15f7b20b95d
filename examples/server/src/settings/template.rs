//! The configuration file of `--help-config`: all settings with their defaults, commented out.

use std::fmt::Write as _;

use clap::Arg;

use super::{is_list, is_switch, key, settings, variable};

const HEAD: &str = "\
# Settings of workflow-server: `workflow-server --config workflow.toml`.
# Commented lines show the defaults. Precedence: option of the command line, environment variable, variable in the .env
# file, this file. In a variable, the items of a list are separated by commas.
# Sizes are in bytes, or have a unit: KiB, MiB or GiB. Times have a unit: ms, s, m or h.
";

/// The most characters of a line.
const WIDTH: usize = 118;

/// The file, for `--help-config`.
pub(crate) fn template() -> String {
    let mut text = String::from(HEAD);
    let mut heading = None;
    for setting in &settings() {
        if heading != setting.get_help_heading() {
            heading = setting.get_help_heading();
            write!(text, "\n### {}\n", heading.unwrap_or_default())
                .expect("writing to a string cannot fail");
        }
        text.push('\n');
        let help = setting.get_long_help().or(setting.get_help());
        // clap removes the last full stop.
        let help = help.map(|help| format!("{help}."));
        let help = help.unwrap_or_default().replace("..", ".");
        help.lines().for_each(|line| comment(&mut text, line));
        let long = setting.get_long().unwrap_or_default();
        comment(
            &mut text,
            &format!("Option --{long}, variable {}.", variable_of(setting)),
        );
        writeln!(text, "#{} = {}", key(setting), value(setting))
            .expect("writing to a string cannot fail");
    }
    text
}

fn variable_of(setting: &Arg) -> String {
    match setting.get_id().as_str() {
        "api_keys" => crate::keys::VARIABLE.to_owned(),
        _ => variable(setting),
    }
}

/// The default, or a placeholder.
fn value(setting: &Arg) -> String {
    if is_switch(setting) {
        return "false".to_owned();
    }
    if is_list(setting) {
        return "[]".to_owned();
    }
    if let [value] = setting.get_default_values() {
        let value = value.to_string_lossy();
        return match value.parse::<u64>() {
            Ok(number) => number.to_string(),
            Err(_) => format!("{value:?}"),
        };
    }
    let names = setting.get_value_names().unwrap_or_default();
    names
        .first()
        .map_or_else(String::new, |name| format!("{name} (not set)"))
}

/// Writes a comment, wrapped at the width.
fn comment(text: &mut String, line: &str) {
    let mut width = WIDTH + 1;
    for word in line.split_whitespace() {
        let length = word.chars().count();
        if width + 1 + length > WIDTH {
            if width <= WIDTH {
                text.push('\n');
            }
            text.push('#');
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + length;
    }
    text.push('\n');
}
