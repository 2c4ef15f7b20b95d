//! Checksums of rows.
//!
//! CRC-32 finds every change of up to 32 bits in a row, and all but one in four thousand million of the others:
//! what a failing disk, memory or cable does. It is no protection against someone who writes to the file.

use crc32fast::Hasher;

/// The checksum of a row's columns, in a fixed order.
pub(crate) struct Checksum(Hasher);

impl Checksum {
    pub(crate) fn new() -> Self {
        Self(Hasher::new())
    }

    /// Adds a column. Its length is part of it, so that bytes cannot move from one column to the next.
    pub(crate) fn with(mut self, column: impl AsRef<[u8]>) -> Self {
        let column = column.as_ref();
        self.0.update(&(column.len() as u64).to_le_bytes());
        self.0.update(column);
        self
    }

    /// Adds a column that may be NULL, which is not the same as an empty one.
    pub(crate) fn with_optional(mut self, column: Option<impl AsRef<[u8]>>) -> Self {
        self.0.update(&[u8::from(column.is_some())]);
        match column {
            Some(column) => self.with(column),
            None => self,
        }
    }

    /// Adds a whole number.
    pub(crate) fn with_number(mut self, column: i64) -> Self {
        self.0.update(&column.to_le_bytes());
        self
    }

    /// As it is stored.
    pub(crate) fn value(self) -> i64 {
        self.0.finalize().into()
    }
}

/// The checksum of an event.
pub(crate) fn of_event(seq: i64, body: &[u8]) -> i64 {
    Checksum::new().with_number(seq).with(body).value()
}

/// The checksum of a version of a workflow.
pub(crate) fn of_version(workflow: &[u8], version: i64, record: &[u8]) -> i64 {
    let key = Checksum::new().with(workflow).with_number(version);
    key.with(record).value()
}

/// The checksum of the row that the versions of a workflow share.
pub fn of_workflow(id: &[u8], name: Option<&[u8]>, newest: i64, deleted: bool) -> i64 {
    let key = Checksum::new().with(id).with_optional(name);
    key.with_number(newest).with_number(deleted.into()).value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_borders() {
        let of = |columns: &[&str]| {
            let sum = columns.iter().fold(Checksum::new(), Checksum::with);
            sum.value()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        let absent = Checksum::new().with_optional(None::<&str>).value();
        assert_ne!(absent, Checksum::new().with_optional(Some("")).value());
    }
}
