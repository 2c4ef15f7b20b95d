//! Why a file was not opened.

use std::{io, path::PathBuf};

use sqlx::error::DatabaseError;

/// Why a store was not opened. The message is for whoever runs the program; the cause is its source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory is not there and cannot be made, or something else has its name.
    #[error("{path} cannot be opened: there is no such directory, and it cannot be created")]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file system or the file is read-only.
    #[error(
        "{path} cannot be opened: it, or its file system, is read-only, and a store must be written"
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Source,
    },
    /// This user may not read and write the file.
    #[error("{path} cannot be opened: this user may not read and write it and its directory")]
    NoRights {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Source,
    },
    /// There is no room.
    #[error("{path} cannot be opened: the disk is full; make room, then start again")]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Source,
    },
    /// The file is something else.
    #[error("{path} is not a store of workflows: name another file; this one was not changed")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A version of this crate from before its first release wrote the file.
    #[error(
        "{path} was written by a development version of this program (its format is {found}), which cannot be read: use another data directory; the file was not changed"
    )]
    Development {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
    },
    /// A later version of this crate wrote the file.
    #[error(
        "{path} was written by a newer version (its format is {found}, this version knows {known}): use that version; the file was not changed"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// Another process has it open.
    #[error("{path} is in use by another process: stop that one, or name another file")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file was a store.
    #[error(
        "{path} is damaged ({found}): put a backup in its place, or save what `sqlite3 {path} .recover` reads; the file was not changed"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// Something else.
    #[error("{path} cannot be opened")]
    Other {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Source,
    },
}

type Source = Box<dyn std::error::Error + Send + Sync>;

impl OpenError {
    /// What the file system's refusal means.
    pub(crate) fn of_io(path: PathBuf, error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let kind = error.kind();
        let source = Source::from(error);
        match kind {
            Kind::ReadOnlyFilesystem => Self::ReadOnly { path, source },
            Kind::PermissionDenied => Self::NoRights { path, source },
            Kind::StorageFull | Kind::QuotaExceeded => Self::DiskFull { path, source },
            _ => Self::Other { path, source },
        }
    }

    /// What SQLite's refusal means.
    pub(crate) fn of_sqlx(path: PathBuf, error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(primary_code);
        let source = Source::from(error);
        match code {
            Some(PERM | AUTH | CANTOPEN) => Self::NoRights { path, source },
            Some(READONLY) => Self::ReadOnly { path, source },
            Some(FULL) => Self::DiskFull { path, source },
            Some(NOTADB) => Self::NotADatabase { path },
            Some(CORRUPT) => Self::Damaged {
                path,
                found: source.to_string(),
            },
            Some(BUSY) => Self::Locked { path },
            _ => Self::Other { path, source },
        }
    }
}

// SQLite's primary result codes.
const PERM: u32 = 3;
const BUSY: u32 = 5;
const READONLY: u32 = 8;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
const AUTH: u32 = 23;
const NOTADB: u32 = 26;

/// Whether SQLite found the file damaged where it read.
pub(crate) fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(primary_code);
    matches!(code, Some(CORRUPT | NOTADB))
}

/// The lowest byte of the extended code.
fn primary_code(error: &dyn DatabaseError) -> Option<u32> {
    let extended: u32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_file_system_have_names() {
        let of = |kind| OpenError::of_io(PathBuf::new(), io::Error::from(kind));
        assert!(matches!(
            of(io::ErrorKind::ReadOnlyFilesystem),
            OpenError::ReadOnly { .. }
        ));
        assert!(matches!(
            of(io::ErrorKind::PermissionDenied),
            OpenError::NoRights { .. }
        ));
        assert!(matches!(
            of(io::ErrorKind::StorageFull),
            OpenError::DiskFull { .. }
        ));
        assert!(matches!(
            of(io::ErrorKind::IsADirectory),
            OpenError::Other { .. }
        ));
    }
}
