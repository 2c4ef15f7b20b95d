//! The file of `run --record`.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use futures::TryStreamExt;

use crate::{error::CliError, host::Lines};

/// The file that a recording is written to.
pub(crate) struct Recording {
    path: PathBuf,
    file: File,
}

impl Recording {
    /// Opens the file. What it has stays until the recording is written.
    pub(crate) fn to(path: &Path) -> Result<Self, CliError> {
        let options = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let file = options.map_err(|error| CliError::Write(path.to_owned(), error))?;
        let path = path.to_owned();
        Ok(Self { path, file })
    }

    /// Replaces what the file has. A run that was left before its end is recorded up to there.
    pub(crate) async fn write(self, mut lines: Lines<'_>) -> Result<(), CliError> {
        let failed = |error: io::Error| CliError::Write(self.path.clone(), error);
        self.file.set_len(0).map_err(failed)?;
        let mut file = BufWriter::new(&self.file);
        while let Some(line) = lines.try_next().await? {
            writeln!(file, "{line}").map_err(failed)?;
        }
        file.flush().map_err(failed)
    }
}
