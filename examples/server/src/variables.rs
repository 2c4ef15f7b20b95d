//! Environment variables, and as a fallback those of a `.env` file.

use std::{
    cell::Cell,
    collections::BTreeMap,
    env,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use crate::error::CliError;

/// The default file. Parent directories are not searched: a file there may belong to another project, and it decides
/// where the API key is sent.
const DEFAULT_FILE: &str = ".env";

/// The variables of the environment and of a `.env` file. The process's own environment is not changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    file: Option<EnvFile>,
}

#[derive(Clone)]
struct EnvFile {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

impl std::fmt::Debug for EnvFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // No values: they may be keys.
        f.debug_tuple("EnvFile").field(&self.path).finish()
    }
}

impl Variables {
    /// Reads `named`, which must exist; without it `./.env`, if it exists.
    ///
    /// # Errors
    /// If the file cannot be read, or a line is not `NAME=value`.
    pub(crate) fn read(named: Option<&Path>) -> Result<Self, CliError> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(CliError::File(path.to_owned(), error)),
        };
        let values = parse(file).map_err(|(line, reason)| CliError::EnvFile {
            path: path.to_owned(),
            line,
            reason,
        })?;
        let path = path.to_owned();
        let file = Some(EnvFile { path, values });
        Ok(Self { file })
    }

    /// The path of the file that was read.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.path.as_path())
    }

    /// A variable of the environment, otherwise of the file. An empty one counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        in_environment(name).or_else(|| self.in_file(name))
    }

    /// A variable of the file. An empty one counts as not set.
    pub(crate) fn in_file(&self, name: &str) -> Option<String> {
        let value = self.file.as_ref()?.values.get(name)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// A variable of the environment, otherwise of the file. In contrast to [`get`](Self::get), an empty one counts as
    /// set, and the value is not trimmed.
    ///
    /// # Errors
    /// If the value is not UTF-8.
    pub(crate) fn verbatim(&self, name: &str) -> Result<Option<String>, env::VarError> {
        match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(env::VarError::NotPresent) => Ok(self
                .file
                .as_ref()
                .and_then(|file| file.values.get(name).cloned())),
            Err(error) => Err(error),
        }
    }
}

/// A variable of the environment. An empty one counts as not set.
pub(crate) fn in_environment(name: &str) -> Option<String> {
    let value = env::var(name).ok()?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// The variables of a file; the first of several with one name counts.
///
/// # Errors
/// The number of the first invalid line, and the reason.
fn parse(file: impl Read) -> Result<BTreeMap<String, String>, (usize, &'static str)> {
    let line = Rc::new(Cell::new(0));
    let lines = Lines {
        file: BufReader::new(file),
        line: Rc::clone(&line),
        rest: Vec::new(),
    };
    let mut values = BTreeMap::new();
    for item in dotenvy::Iter::new(lines) {
        let (name, value) = item.map_err(|error| refusal(error, line.get()))?;
        values.entry(name).or_insert(value);
    }
    Ok(values)
}

/// The line and the reason of an error, without the text of the line, which may have a key.
fn refusal(error: dotenvy::Error, line: usize) -> (usize, &'static str) {
    match error {
        // A quoted value may have several lines; report its first one.
        dotenvy::Error::LineParse(text, _) => {
            let more = text.trim_end().lines().count().saturating_sub(1);
            (line.saturating_sub(more), "expected NAME=value")
        }
        dotenvy::Error::Io(error) if error.kind() == io::ErrorKind::Unsupported => (
            line,
            "`$NAME` is not substituted: put the value in single quotes",
        ),
        dotenvy::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            (line, "not UTF-8")
        }
        _ => (line, "not readable"),
    }
}

/// A reader that returns one line at a time, to count lines: dotenvy's errors have no line numbers.
struct Lines<R> {
    file: BufReader<R>,
    line: Rc<Cell<usize>>,
    rest: Vec<u8>,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.file.read_until(b'\n', &mut self.rest)?;
            if self.line.get() == 0 && self.rest.starts_with(b"\xef\xbb\xbf") {
                self.rest.drain(..3);
            }
            if !self.rest.is_empty() {
                self.line.set(self.line.get() + 1);
            }
            // dotenvy substitutes `$NAME` by a variable of the environment. With that, a file could send any variable
            // as a key to a base URL that the same file sets.
            if substitutes(&self.rest) {
                return Err(io::ErrorKind::Unsupported.into());
            }
        }
        let bytes = self.rest.len().min(buf.len());
        buf[..bytes].copy_from_slice(&self.rest[..bytes]);
        self.rest.drain(..bytes);
        Ok(bytes)
    }
}

/// Whether a line has a `$` that is neither escaped nor within single quotes nor in a comment line.
fn substitutes(line: &[u8]) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    if line.trim_ascii_start().starts_with(b"#") {
        return false;
    }
    for &byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if !quoted => escaped = true,
            b'\'' => quoted = !quoted,
            b'$' if !quoted => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_line_is_reported_by_number() {
        for (text, line, reason) in [
            ("A=1\n\n# comment\nB: 2\n", 4, "NAME=value"),
            ("A=1\nonly words\n", 2, "NAME=value"),
            ("A=1\n=2", 2, "NAME=value"),
            ("A=1\nB=\"two\nthree\nfour", 2, "NAME=value"),
            ("\u{feff}A=1\nB 2\n", 2, "NAME=value"),
            ("A=1\nB=$A\n", 2, "single quotes"),
            ("A=\"${HOME}\"", 1, "single quotes"),
        ] {
            let (found, why) = parse(text.as_bytes()).unwrap_err();
            assert_eq!(found, line, "{text:?}: {why}");
            assert!(why.contains(reason), "{text:?}: {why}");
        }
        assert_eq!(parse(&b"A=1\nB=\xff\n"[..]).unwrap_err().0, 2);
    }

    #[test]
    fn values_are_read_without_substitution() {
        let text = "\u{feff}A=1\r\nexport B='$C \"x\"'\n#D=$E\nF=\"two\nlines\"\nG=\\$x\nA=2\nH=\n";
        let values = parse(text.as_bytes()).unwrap();
        let expected = [
            ("A", "1"),
            ("B", "$C \"x\""),
            ("F", "two\nlines"),
            ("G", "$x"),
            ("H", ""),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values, BTreeMap::from(expected));
    }
}
