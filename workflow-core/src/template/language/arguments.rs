//! Arguments of filters, by position or by name.

use minijinja::{
    Error,
    value::{ArgType, Kwargs},
};

use super::json::refused;

/// An argument that has no position, or the one at its position. Both are an error.
pub(super) fn named_as<T>(
    position: Option<T>,
    named: &Kwargs,
    name: &str,
) -> Result<Option<T>, Error>
where
    T: for<'a> ArgType<'a, Output = T>,
{
    if !named.has(name) {
        return Ok(position);
    }
    if position.is_some() {
        return Err(refused(format!("the argument `{name}` is given twice")));
    }
    named.get::<T>(name).map(Some)
}

/// Refuses arguments with unknown names.
pub(super) fn no_more(named: &Kwargs) -> Result<(), Error> {
    named.assert_all_used()
}
