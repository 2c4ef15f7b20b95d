//! The files of a store: whose they are, and that one process at a time has them.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::error::OpenError;

/// Holds a store's file for this process, until it is dropped or the process ends.
pub(crate) struct FileLock {
    _locked: File,
}

/// Creates what is not there yet, readable by this user only, and locks it.
pub(crate) fn claim(path: &Path) -> Result<FileLock, OpenError> {
    if let Some(directory) = path.parent() {
        create_directory(directory).map_err(|source| OpenError::NoDirectory {
            path: path.to_owned(),
            source,
        })?;
    }
    let failed = |error| OpenError::of_io(path.to_owned(), error);
    let locked = open_private(&lock_path(path)).map_err(failed)?;
    match locked.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::Locked {
                path: path.to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // SQLite gives its other files the rights of this one.
    open_private(path).map_err(failed)?;
    Ok(FileLock { _locked: locked })
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
