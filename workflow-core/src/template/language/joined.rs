//! A text that is made piece by piece.

use minijinja::{Error, State, Value};

use super::{
    fuel::bytes_left,
    json::{defined_in, text_of},
};

/// A text that grows up to the bytes that are left.
///
/// It checks before it grows, so the text never exceeds what may be made.
pub(super) struct Joined {
    text: String,
    most: usize,
}

impl Joined {
    pub(super) fn new(state: &State) -> Self {
        let (text, most) = (String::new(), bytes_left(state));
        Self { text, most }
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), Error> {
        // The same condition as in `ensure_bytes`.
        if text.len() >= self.most - self.text.len() {
            return Err(minijinja::ErrorKind::OutOfFuel.into());
        }
        self.text.push_str(text);
        Ok(())
    }

    pub(super) fn push_value(&mut self, state: &State, value: &Value) -> Result<(), Error> {
        defined_in(state, value)?;
        if let Some(text) = value.as_str() {
            return self.push(text);
        }
        let text = text_of(value, self.most - self.text.len())?;
        self.push(&text)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn finish(self) -> Value {
        Value::from(self.text)
    }
}
