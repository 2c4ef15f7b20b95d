//! The files of a store: the lock that gives them to one process, and the checks while they are open.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use workflow_sqlkit::Cause;

use crate::error::OpenError;

/// The space that must be free for [`FileHealth::check_space`] to succeed: a few large writes.
const PROBE_BYTES: usize = 1024 * 1024;

/// The identity of a file whatever its path: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity(u64, u64);

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "there is none on other systems")]
fn identity(metadata: &fs::Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some(Identity(metadata.dev(), metadata.ino()))
}

/// Other systems do not allow to delete or replace an open file, so there is nothing to compare.
#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<Identity> {
    None
}

fn identity_at(path: &Path) -> io::Result<Option<Identity>> {
    fs::metadata(path).map(|metadata| identity(&metadata))
}

/// The files that this process has open.
///
/// Checked before a file is opened a second time: closing the second handle would release SQLite's locks,
/// because POSIX locks belong to the process and not to the handle (see "How To Corrupt An SQLite
/// Database File", section 2.2).
static OPEN: Mutex<Option<HashSet<Identity>>> = Mutex::new(None);

/// Locks the set. Poisoning is ignored: it would turn one panic into a failure of every later call.
fn open_files() -> MutexGuard<'static, Option<HashSet<Identity>>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock of a store's file. It is released when this is dropped or the process ends, however it ends.
pub(crate) struct FileLock {
    /// The file `….lock`.
    _beside: File,
    /// The database. Open at least as long as SQLite has it open; closing it earlier would release
    /// SQLite's locks.
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

/// Locks a store's file. Creates missing files, readable by this user only, and a missing directory. Also
/// returns the path without symbolic links.
pub(crate) fn claim(path: &Path) -> Result<(FileLock, PathBuf), OpenError> {
    if let Some(directory) = path.parent() {
        create_directory(directory).map_err(|source| OpenError::NoDirectory {
            path: path.to_owned(),
            source,
        })?;
    }
    let failed = |error| OpenError::of_io(path.to_owned(), error);
    // Lock the target of a link, so that all links to a file have the same lock.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = open_private(&with_suffix(&real, ".lock")).map_err(failed)?;
    lock(&beside, path)?;

    let mut open = open_files();
    let open = open.get_or_insert_default();
    let known = identity_at(&real).ok().flatten();
    if known.is_some_and(|identity| open.contains(&identity)) {
        return Err(locked(path));
    }
    // SQLite creates its other files with the permissions of this one.
    let itself = open_private(&real).map_err(failed)?;
    // A hard link has another name and thus another lock file, so the database itself is locked, too. Only
    // on Linux: elsewhere, `try_lock` conflicts with SQLite's own locks.
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

/// Locks a file exclusively without waiting. The system releases the lock when the process ends.
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

/// Creates a directory for this user only. Its parent must exist: a misspelt path must not create a tree.
fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for reading and writing. Creates it for this user only, and never truncates it.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The condition of the open files: whether they are still at their paths, and whether they are damaged.
///
/// An open file that was deleted can still be written, but everything is lost when it is closed. So the
/// store compares the files with their paths before and after each write.
#[derive(Debug)]
pub(crate) struct FileHealth {
    path: PathBuf,
    wal: PathBuf,
    /// The identities of the database and of its write-ahead log when they were opened.
    identities: [Option<Identity>; 2],
    /// The damage that the background check has found.
    damage: OnceLock<String>,
}

impl FileHealth {
    /// Records the identities of the files. The database must be open, so that its write-ahead log exists.
    pub(crate) fn of(path: PathBuf) -> io::Result<Self> {
        let wal = with_suffix(&path, "-wal");
        Ok(Self {
            identities: [identity_at(&path)?, identity_at(&wal)?],
            wal,
            path,
            damage: OnceLock::new(),
        })
    }

    /// Fails if a file is not at its path any more, so that writes would be lost.
    pub(crate) fn check_paths(&self) -> Result<(), Cause> {
        for (path, opened) in [&self.path, &self.wal].into_iter().zip(self.identities) {
            if identity_at(path).ok() != Some(opened) {
                return Err(Moved(path.clone()).into());
            }
        }
        Ok(())
    }

    /// Fails if the file is damaged or not at its path, and must not be written.
    pub(crate) fn check_writable(&self) -> Result<(), Cause> {
        match self.damage.get() {
            Some(found) => Err(Damaged(found.clone()).into()),
            None => self.check_paths(),
        }
    }

    /// Marks the file as damaged. It is not written any more.
    pub(crate) fn set_damaged(&self, found: String) {
        let _ = self.damage.set(found);
    }

    /// Fails if the disk has no space for the next writes. Writes a file and deletes it at once, because
    /// the free space that the system reports does not consider quotas and other limits. Blocks.
    pub(crate) fn check_space(&self) -> Result<(), Cause> {
        let path = with_suffix(&self.path, ".probe");
        let mut probe = open_private(&path)?;
        let written = probe.write_all(&vec![0; PROBE_BYTES]);
        // Delete the file even if writing failed.
        let removed = fs::remove_file(&path);
        written.map_err(NoSpace)?;
        Ok(removed?)
    }
}

/// A file is not at the path where it was opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path} was deleted, moved or replaced while it is open: put it back, or restart this program",
    path = .0.display()
)]
struct Moved(PathBuf);

#[derive(Debug, thiserror::Error)]
#[error(
    "the file is damaged ({0}) and is not written: stop this program and put a backup in its place"
)]
struct Damaged(String);

#[derive(Debug, thiserror::Error)]
#[error("the disk has no space for the next {PROBE_BYTES} bytes")]
struct NoSpace(#[source] io::Error);
