//! [`OpenError`], and the meaning of the errors of the file system and of SQLite.

use std::{io, path::PathBuf};

use sqlx::error::DatabaseError;

/// The error of opening a store. The message is for the operator of the program: it names the file and
/// what to do. The error of the system is the source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory does not exist and cannot be created, or is a file.
    #[error("{path} cannot be opened: its directory does not exist and cannot be created")]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// The file system or the file is read-only.
    #[error("{path} cannot be opened: the file or its file system is read-only")]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: Source,
    },
    /// The user of the program has no permission to read and write the file.
    #[error(
        "{path} cannot be opened: this user has no permission to read and write it and its directory"
    )]
    NoRights {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: Source,
    },
    /// The disk is full.
    #[error("{path} cannot be opened: the disk is full; free some space, then start again")]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: Source,
    },
    /// The file is no database, or the database of another program.
    #[error("{path} is not a store of workflows: use another file; this one was not changed")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a version of this crate from before its first release.
    #[error(
        "{path} was written by a development version of this program (its format is {found}), which cannot be read: use another data directory; the file was not changed"
    )]
    Development {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
    },
    /// The file was written by a newer version of this crate.
    #[error(
        "{path} was written by a newer version (its format is {found}, this version reads up to {known}): use that version; the file was not changed"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The newest format that this version reads.
        known: i64,
    },
    /// Another process has the file open, or this process has opened it before.
    #[error("{path} is in use by another process: stop that process, or use another file")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is a damaged database.
    #[error(
        "{path} is damaged ({found}): put a backup in its place, or save what `sqlite3 {path} .recover` reads; the file was not changed"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damage, in the words of SQLite.
        found: String,
    },
    /// Any other error.
    #[error("{path} cannot be opened")]
    Other {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: Source,
    },
}

type Source = Box<dyn std::error::Error + Send + Sync>;

impl OpenError {
    /// Converts an error of the file system.
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

    /// Converts an error of SQLite, by its primary result code.
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

// SQLite's primary result codes: https://www.sqlite.org/rescode.html.
const PERM: u32 = 3;
const BUSY: u32 = 5;
const READONLY: u32 = 8;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
const AUTH: u32 = 23;
const NOTADB: u32 = 26;

/// Whether SQLite found damage in the part of the file that it read.
pub(crate) fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(primary_code);
    matches!(code, Some(CORRUPT | NOTADB))
}

/// The primary code: the lowest byte of the extended code that `sqlx` reports.
fn primary_code(error: &dyn DatabaseError) -> Option<u32> {
    let extended: u32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_file_system_are_converted() {
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
