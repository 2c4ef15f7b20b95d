//! The files of a store: whose they are, and that one process at a time has them.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use workflow_sqlkit::Cause;

use crate::error::OpenError;

/// How much can still be written, at least, when the store says that it can be.
const PROBE_BYTES: usize = 1024 * 1024;

/// What names a file whatever its path: its device, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity(u64, u64);

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "there is none on other systems")]
fn identity(metadata: &fs::Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some(Identity(metadata.dev(), metadata.ino()))
}

/// Elsewhere an open file cannot be deleted or replaced.
#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<Identity> {
    None
}

fn identity_at(path: &Path) -> io::Result<Option<Identity>> {
    fs::metadata(path).map(|metadata| identity(&metadata))
}

/// The files that this process has open.
///
/// They are compared before a file is opened: closing a second handle of a file would free the locks that SQLite
/// has of it, since POSIX locks belong to the process and not to the handle.
static OPEN: Mutex<Option<HashSet<Identity>>> = Mutex::new(None);

fn open_files() -> MutexGuard<'static, Option<HashSet<Identity>>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds a store's file for this process, until it is dropped or the process ends.
pub(crate) struct FileLock {
    _beside: File,
    /// Open as long as SQLite has the file open, or its locks would be freed.
    _itself: File,
    identity: Option<Identity>,
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if let (Some(identity), Some(open)) = (self.identity, open_files().as_mut()) {
            open.remove(&identity);
        }
    }
}

/// Creates what is not there yet, readable by this user only, and locks it. Returns the path without links, too.
pub(crate) fn claim(path: &Path) -> Result<(FileLock, PathBuf), OpenError> {
    if let Some(directory) = path.parent() {
        create_directory(directory).map_err(|source| OpenError::NoDirectory {
            path: path.to_owned(),
            source,
        })?;
    }
    let failed = |error| OpenError::of_io(path.to_owned(), error);
    // What a link names is locked, whichever link a process was given.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = open_private(&with_suffix(&real, ".lock")).map_err(failed)?;
    lock(&beside, path)?;

    let mut open = open_files();
    let open = open.get_or_insert_default();
    let known = identity_at(&real).ok().flatten();
    if known.is_some_and(|identity| open.contains(&identity)) {
        return Err(locked(path));
    }
    // SQLite gives its other files the rights of this one.
    let itself = open_private(&real).map_err(failed)?;
    // A hard link has another name and another lock beside it. Only on Linux are these locks another kind than
    // SQLite's own, which they would conflict with elsewhere.
    #[cfg(target_os = "linux")]
    lock(&itself, path)?;
    let identity = identity(&itself.metadata().map_err(failed)?);
    open.extend(identity);
    let lock = FileLock {
        _beside: beside,
        _itself: itself,
        identity,
    };
    Ok((lock, fs::canonicalize(path).map_err(failed)?))
}

fn lock(file: &File, path: &Path) -> Result<(), OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(locked(path)),
        Err(TryLockError::Error(error)) => Err(OpenError::of_io(path.to_owned(), error)),
    }
}

fn locked(path: &Path) -> OpenError {
    OpenError::Locked {
        path: path.to_owned(),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
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

/// Whether the open files are those at their paths, and whether they are sound.
///
/// A file that was deleted while it is open can be written, and what was written is lost when it is closed.
#[derive(Debug)]
pub(crate) struct Condition {
    path: PathBuf,
    wal: PathBuf,
    identities: [Option<Identity>; 2],
    damage: OnceLock<String>,
}

impl Condition {
    /// The files as they are now: the database is open, and its write-ahead log is there.
    pub(crate) fn of(path: PathBuf) -> io::Result<Self> {
        let wal = with_suffix(&path, "-wal");
        Ok(Self {
            identities: [identity_at(&path)?, identity_at(&wal)?],
            wal,
            path,
            damage: OnceLock::new(),
        })
    }

    /// Fails when what is written could be lost, or what is read already is.
    pub(crate) fn check_place(&self) -> Result<(), Cause> {
        for (path, opened) in [&self.path, &self.wal].into_iter().zip(self.identities) {
            if identity_at(path).ok() != Some(opened) {
                return Err(Misplaced(path.clone()).into());
            }
        }
        Ok(())
    }

    /// Fails when the file must not be written.
    pub(crate) fn check_writable(&self) -> Result<(), Cause> {
        match self.damage.get() {
            Some(found) => Err(Damaged(found.clone()).into()),
            None => self.check_place(),
        }
    }

    /// From now on the file is not written.
    pub(crate) fn set_damaged(&self, found: String) {
        let _ = self.damage.set(found);
    }

    /// Fails when the disk has no space for the next writes. It is written to, since quotas and limits have
    /// their own rules; what is written is deleted before the system has moved it to the disk.
    pub(crate) fn check_space(&self) -> Result<(), Cause> {
        let path = with_suffix(&self.path, ".probe");
        let mut probe = open_private(&path)?;
        let written = probe.write_all(&vec![0; PROBE_BYTES]);
        // Not even the name of the file stays.
        let removed = fs::remove_file(&path);
        written.map_err(NoSpace)?;
        Ok(removed?)
    }
}

/// A file is no longer where it was opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path} was deleted, moved or replaced while it is open: put it back, or stop this program and start it again",
    path = .0.display()
)]
struct Misplaced(PathBuf);

#[derive(Debug, thiserror::Error)]
#[error(
    "the file is damaged ({0}), so it is not written: stop this program and put a backup in its place"
)]
struct Damaged(String);

#[derive(Debug, thiserror::Error)]
#[error("the disk has no space for the next {PROBE_BYTES} bytes")]
struct NoSpace(#[source] io::Error);
