//! Strict parsing of JSON text: no part of the text is dropped or changed without a fault.
//!
//! Common JSON readers keep the last of two equal keys, round integers of more than 64 bits and read `1e-400` as
//! `0` (RFC 8259 permits all of this). Here each of these is a fault with its place.
//!
//! `serde_json` does the parsing. What it does not report is found beside it: duplicate keys while objects are
//! read, numbers and depth in a scan of the text before, since a parsed number no longer shows how it was
//! written. The feature `arbitrary_precision` would show it, but changes the numbers of every crate in the build.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Fault, FaultCode, InvalidWorkflow, Pointer, shown};

/// The deepest nesting of arrays and objects. `serde_json` has the same limit.
const MAX_TEXT_DEPTH: usize = 127;

/// Why a text is not accepted as JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is not JSON. The source names the line and the column.
    #[error("not JSON: {0}")]
    Syntax(serde_json::Error),
    /// Arrays and objects are nested more than 127 deep.
    #[error("the JSON is nested more than {MAX_TEXT_DEPTH} deep")]
    TooDeep,
    /// A key occurs twice, or a number cannot be represented exactly. Each fault has its place; at most 100 are
    /// reported.
    #[error("{}", first(.0))]
    Faults(Vec<Fault>),
}

impl JsonError {
    /// The error as faults, for callers that report faults anyway. Errors of the syntax point to `#`.
    pub fn into_faults(self) -> Vec<Fault> {
        match self {
            Self::Faults(faults) => faults,
            Self::TooDeep => vec![Fault::new(FaultCode::NestedTooDeep, "#", self.to_string())],
            Self::Syntax(_) => vec![Fault::new(FaultCode::InvalidValue, "#", self.to_string())],
        }
    }
}

fn first(faults: &[Fault]) -> String {
    let more = match faults.len() {
        0 | 1 => String::new(),
        several => format!(" (1 of {several} faults)"),
    };
    let first = faults.first().map(ToString::to_string);
    first.unwrap_or_default() + &more
}

/// Parses JSON text strictly: UTF-8, with or without a byte order mark. Keys keep their order.
///
/// Numbers with a fraction or an exponent become 64-bit floats, which may round their last digits; other numbers
/// must fit 64 bits.
///
/// ```
/// use workflow_core::value::{JsonError, read_json};
///
/// assert_eq!(read_json(b"\xef\xbb\xbf[1]").unwrap(), serde_json::json!([1]));
/// let Err(JsonError::Faults(faults)) = read_json(br#"{"a": 1, "b": {"c": 2, "c": 3}}"#) else {
///     panic!("the key `c` occurs twice");
/// };
/// assert_eq!(faults[0].pointer, "#/b/c");
/// ```
///
/// # Errors
/// [`JsonError`] if the text is not JSON, is nested too deep, has a key twice, or has a number that parsing
/// would change.
pub fn read_json(text: &[u8]) -> Result<Value, JsonError> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let scan = Scan::of(text);
    if scan.deepest > MAX_TEXT_DEPTH {
        return Err(JsonError::TooDeep);
    }
    let mut reader = Reader {
        changed: &scan.changed,
        numbers: 0,
        faults: Vec::new(),
    };
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = ValueSeed {
        reader: &mut reader,
        place: Place::Root,
    };
    let value = read.deserialize(&mut json);
    let value = value.and_then(|value| json.end().map(|()| value));
    let value = value.map_err(JsonError::Syntax)?;
    if reader.faults.is_empty() {
        return Ok(value);
    }
    Err(JsonError::Faults(reader.faults))
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The result of the scan before parsing. It is meaningless for a text that is not JSON, but the scan terminates.
///
/// Numbers are found by position: the scan and the parser count them in the same order, since both read the text
/// from left to right.
#[derive(Default)]
struct Scan<'t> {
    deepest: usize,
    /// The numbers that parsing would change: the position among all numbers, and the text.
    changed: Vec<(usize, &'t [u8])>,
}

impl<'t> Scan<'t> {
    /// It does not check the syntax. A text that is not JSON may give any result, and the parser then refuses it.
    fn of(text: &'t [u8]) -> Self {
        let mut scan = Self::default();
        let (mut depth, mut numbers, mut at) = (0_usize, 0, 0);
        while let Some(byte) = text.get(at) {
            let length = match byte {
                b'"' => string_length(&text[at..]),
                b'-' | b'0'..=b'9' => {
                    let length = number_length(&text[at..]);
                    let number = &text[at..at + length];
                    if is_changed(number) && scan.changed.len() < InvalidWorkflow::MAX {
                        scan.changed.push((numbers, number));
                    }
                    numbers += 1;
                    length
                }
                b'[' | b'{' => {
                    depth += 1;
                    scan.deepest = scan.deepest.max(depth);
                    1
                }
                b']' | b'}' => {
                    depth = depth.saturating_sub(1);
                    1
                }
                _ => 1,
            };
            at += length;
        }
        scan
    }
}

/// The length of a string in bytes, with both quotes.
///
/// An escape is skipped with the byte after it, so `\\"` does not end a string. A text without an end ends with the
/// input.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// It takes all characters that a number can have; a wrong order is an error of the parser.
fn number_length(text: &[u8]) -> usize {
    let part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    text.iter().take_while(|byte| part(byte)).count()
}

/// Whether parsing changes a number: an integer with more than 64 bits, or a non-zero number that becomes zero.
///
/// The rounding of fractions is accepted: `0.1` is never exact. Infinity cannot occur, since the parser refuses
/// `1e400`.
fn is_changed(number: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(number) else {
        return false;
    };
    if !is_float(number) {
        return text.parse::<i64>().is_err() && text.parse::<u64>().is_err();
    }
    let digits = number.split(|byte| matches!(byte, b'e' | b'E')).next();
    let is_zero = digits.is_none_or(|digits| !digits.iter().any(|it| matches!(it, b'1'..=b'9')));
    !is_zero && text.parse() == Ok(0.0_f64)
}

fn is_float(number: &[u8]) -> bool {
    number.iter().any(|it| matches!(it, b'.' | b'e' | b'E'))
}

/// The state of one parse.
///
/// `changed` is sorted by position, so only its first entry has to be compared.
struct Reader<'t> {
    changed: &'t [(usize, &'t [u8])],
    /// How many numbers are parsed so far. It matches the positions in `changed`, since both count in document order.
    numbers: usize,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, fault: impl FnOnce() -> Fault) {
        if self.faults.len() < InvalidWorkflow::MAX {
            self.faults.push(fault());
        }
    }

    /// Counts a number, and reports a fault if parsing changed it.
    fn number(&mut self, place: &Place) {
        let number = self.numbers;
        self.numbers += 1;
        if let [(next, written), rest @ ..] = self.changed
            && *next == number
        {
            self.changed = rest;
            self.fault(|| changed_number(written, place));
        }
    }
}

fn changed_number(written: &[u8], place: &Place) -> Fault {
    let number = shown(&String::from_utf8_lossy(written));
    let detail = if is_float(written) {
        format!("{number} is too close to 0: it would become 0")
    } else {
        format!("{number} has more than 64 bits: it would be rounded")
    };
    Fault::new(FaultCode::InvalidValue, place.pointer(), detail).with_hint("write it as a string")
}

/// The current place, as a list of borrowed links on the stack: only a fault allocates.
enum Place<'p> {
    Root,
    Field(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> Pointer {
        match self {
            Self::Root => Pointer::root(),
            Self::Field(object, name) => object.pointer().field(name),
            Self::Item(array, index) => array.pointer().item(*index),
        }
    }
}

/// Parses one value at a place. A seed, since `Deserialize` has no way to pass the place down.
struct ValueSeed<'r, 't, 'p> {
    reader: &'r mut Reader<'t>,
    place: Place<'p>,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_, '_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        self.reader.number(&self.place);
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        self.reader.number(&self.place);
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        self.reader.number(&self.place);
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let item = ValueSeed {
                reader: &mut *self.reader,
                place: Place::Item(&self.place, items.len()),
            };
            match array.next_element_seed(item)? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let place = || Place::Field(&self.place, &key);
            if members.contains_key(&key) {
                self.reader.fault(|| duplicate_key(&key, &place()));
            }
            let member = object.next_value_seed(ValueSeed {
                reader: &mut *self.reader,
                place: place(),
            })?;
            members.insert(key, member);
        }
        Ok(Value::Object(members))
    }
}

fn duplicate_key(key: &str, place: &Place) -> Fault {
    let detail = format!("the object has the key `{}` twice", shown(key));
    Fault::new(FaultCode::DuplicateField, place.pointer(), detail).with_hint("remove one of them")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(text: &str) -> Vec<String> {
        match read_json(text.as_bytes()) {
            Err(JsonError::Faults(faults)) => faults
                .iter()
                .map(|fault| format!("{} {}", fault.code, fault.pointer))
                .collect(),
            Ok(_) => Vec::new(),
            Err(error) => panic!("{text}: {error}"),
        }
    }

    #[test]
    fn duplicate_keys_are_faults() {
        for (text, found) in [
            (r#"{"a":1,"a":1}"#, "duplicate_field #/a"),
            (r#"{"a":1,"\u0061":2}"#, "duplicate_field #/a"),
            (r#"{"":1,"":2}"#, "duplicate_field #/"),
            (
                r#"[0,{"x/y":{"~":1,"~":2}}]"#,
                "duplicate_field #/1/x~1y/~0",
            ),
            (r#"{"a":{"b":1},"a":{"b":1}}"#, "duplicate_field #/a"),
        ] {
            assert_eq!(faults(text), [found], "{text}");
        }
        assert_eq!(
            faults(r#"{"a":1,"a":2,"a":{"b":1,"b":1},"c":1e-999}"#),
            [
                "duplicate_field #/a",
                "duplicate_field #/a",
                "duplicate_field #/a/b",
                "invalid_value #/c"
            ]
        );
        for text in [
            r#"[{"a":1},{"a":1}]"#,
            r#"{"a":{"a":1}}"#,
            r#"{"a":1,"A":1}"#,
        ] {
            assert_eq!(faults(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn numbers_that_parsing_would_change_are_faults() {
        for number in [
            "18446744073709551616",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "1e-400",
            "-1E-400",
            "0.0000001e-330",
        ] {
            assert_eq!(faults(number), ["invalid_value #"], "{number}");
            // Numbers in strings and before it are not counted as it.
            let inside =
                format!(r#"{{"1":[2.5e3,"-9 \" 18446744073709551616",-0,{number}],"b":1}}"#);
            assert_eq!(faults(&inside), ["invalid_value #/1/3"], "{inside}");
        }
    }

    #[test]
    fn other_numbers_are_kept() {
        for number in [
            "0",
            "-0",
            "0.0",
            "0e-999",
            "-0.000e-400",
            "18446744073709551615",
            "-9223372036854775808",
            "1e300",
            "5e-324",
            "0.1",
            "3.14159265358979323846264338327950288",
            "100000000000000000000000000.0",
        ] {
            assert_eq!(faults(number), [""; 0], "{number}");
            let read = read_json(number.as_bytes()).unwrap();
            assert_eq!(read, serde_json::from_str::<Value>(number).unwrap());
        }
    }

    #[test]
    fn other_text_is_read_as_serde_json_reads_it() {
        for text in [
            "null",
            " [true, false, \"\\u00e4\\n\\\"\", []] ",
            r#"{"z": {}, "a": [{"b": 1.5}], "ä": "{[1"}"#,
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            let read = read_json(text.as_bytes()).unwrap();
            assert_eq!(read.to_string(), expected.to_string());
            let marked = [BYTE_ORDER_MARK, text.as_bytes()].concat();
            assert_eq!(read_json(&marked).unwrap(), expected);
        }
        for text in [
            "", "{", "[1,]", "1 2", "nul", "\"", "\"\\", "-", "{1:2}", "\u{feff}",
        ] {
            let expected = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}'));
            match read_json(text.as_bytes()) {
                Err(JsonError::Syntax(error)) => {
                    assert_eq!(error.to_string(), expected.unwrap_err().to_string());
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert!(matches!(read_json(b"\xff"), Err(JsonError::Syntax(_))));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read_json(nested(MAX_TEXT_DEPTH).as_bytes()).is_ok());
        for depth in [MAX_TEXT_DEPTH + 1, 100_000] {
            let read = read_json(nested(depth).as_bytes());
            assert!(matches!(read, Err(JsonError::TooDeep)), "{depth}");
        }
        let in_a_string = json!("[".repeat(1_000));
        assert_eq!(
            read_json(in_a_string.to_string().as_bytes()).unwrap(),
            in_a_string
        );
    }

    #[test]
    fn faults_are_bounded() {
        let many = format!("[{}]", vec![r#"{"a":1,"a":2,"b":1e-400}"#; 1_000].join(","));
        assert_eq!(faults(&many).len(), InvalidWorkflow::MAX);
    }
}
