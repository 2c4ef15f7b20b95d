//! [`PriceTable`]: the prices of models, by pattern and time.

use std::{fmt, sync::Arc};

use serde_json::Value;

use super::{file::Reader, rate::Price};
use crate::{
    error::{Fault, FaultCode, InvalidWorkflow, Pointer, shown},
    value::{Timestamp, read_json},
};

/// The prices of models. Cheap to clone.
///
/// Its JSON is an object of patterns. A pattern is `provider/model`, or ends with `*`: `gemini/gemini-3.8-flash*`. Of the patterns that match
/// a model, the exact one applies, else the longest. Its value is a price, or a list of prices for several periods:
///
/// | field of a price | is | default |
/// |---|---|---|
/// | `input`, `output` | US dollars per million tokens, from 0 to 10,000 with at most nine decimals | required |
/// | `cached_input`, `cache_write` | as above, for tokens read from and written to a cache of the provider | that of `input` |
/// | `tiers` | `[{"above": 200000, "input": …, "output": …}]`: the rates of requests with more tokens of input, ascending | none |
/// | `service_tiers` | factors of the provider's tiers: `{"flex": 0.5}`, from 0 to 100 with at most three decimals | `{"standard": 1}`; requests of other tiers have no price |
/// | `context` | the most tokens of request and response together | not known |
/// | `max_output` | the most tokens of a response | not known |
/// | `valid_from` | the day from which on the price applies, from 00:00 UTC: `"2026-12-01"` | always |
/// | `source` | where the figures are from | |
///
/// ```
/// use workflow_core::price::PriceTable;
///
/// let refused = PriceTable::from_json(br#"{"gemini/pro": {"input": -1, "output": 10}}"#).unwrap_err();
/// assert_eq!(refused.faults()[0].pointer, "#/gemini~1pro/input");
/// ```
#[derive(Clone, Default)]
pub struct PriceTable(Arc<[Row]>);

struct Row {
    /// Without the `*`.
    pattern: Box<str>,
    is_prefix: bool,
    /// By time, without two from the same day.
    prices: Vec<Price>,
}

impl Row {
    fn matches(&self, name: (&str, &str)) -> bool {
        let (provider, model) = name;
        let rest = self.pattern.strip_prefix(provider);
        let Some(pattern) = rest.and_then(|rest| rest.strip_prefix('/')) else {
            return false;
        };
        if self.is_prefix {
            model.starts_with(pattern)
        } else {
            model == pattern
        }
    }
}

impl PriceTable {
    /// The most bytes of the JSON: 4 MiB.
    pub const MAX_BYTES: usize = 4 * 1024 * 1024;

    /// The most patterns.
    pub const MAX_PATTERNS: usize = 2_000;

    /// Reads a table from JSON.
    ///
    /// # Errors
    /// [`InvalidPrices`] with all faults: text that is not JSON, a key twice, a pattern without `/` or with a `*` before its end, a price that is
    /// negative, missing or above 10,000 dollars per million tokens, unknown fields, two prices of a pattern from the same day. Nothing is
    /// loaded then.
    pub fn from_json(text: &[u8]) -> Result<Self, InvalidPrices> {
        if text.len() > Self::MAX_BYTES {
            let detail = format!("the table has more than {} bytes", Self::MAX_BYTES);
            return Err(InvalidPrices(vec![Fault::new(
                FaultCode::InvalidValue,
                "#",
                detail,
            )]));
        }
        let value = read_json(text).map_err(|error| InvalidPrices(error.into_faults()))?;
        Self::from_value(&value)
    }

    fn from_value(value: &Value) -> Result<Self, InvalidPrices> {
        let Some(members) = value.as_object() else {
            let fault = Fault::new(
                FaultCode::InvalidValue,
                "#",
                "a table of prices is an object",
            )
            .with_hint("write `{\"provider/model\": {\"input\": 1, \"output\": 2}}`");
            return Err(InvalidPrices(vec![fault]));
        };
        if members.len() > Self::MAX_PATTERNS {
            let detail = format!("the table has more than {} patterns", Self::MAX_PATTERNS);
            return Err(InvalidPrices(vec![Fault::new(
                FaultCode::InvalidValue,
                "#",
                detail,
            )]));
        }
        let (reader, mut faults) = (Reader::new(), Vec::new());
        let mut rows = Vec::with_capacity(members.len());
        for (pattern, prices) in members {
            let at = Pointer::root().field(pattern);
            if let Some(fault) = pattern_fault(pattern, &at) {
                faults.push(fault);
            }
            let prices = reader.read(prices, &at, &mut faults);
            if faults.len() >= InvalidWorkflow::MAX {
                break;
            }
            rows.push(Row {
                is_prefix: pattern.ends_with('*'),
                pattern: pattern.trim_end_matches('*').into(),
                prices,
            });
        }
        if !faults.is_empty() {
            faults.truncate(InvalidWorkflow::MAX);
            return Err(InvalidPrices(faults));
        }
        // The first that matches applies: exact ones before prefixes, long before short.
        rows.sort_by_key(|row| (row.is_prefix, std::cmp::Reverse(row.pattern.len())));
        Ok(Self(rows.into()))
    }

    /// The price of a model at a time. `None` if no pattern matches, or the price of the one that applies begins later.
    pub fn price(&self, provider: &str, model: &str, at: Timestamp) -> Option<&Price> {
        let started = |price: &&Price| price.valid_from.is_none_or(|from| from <= at);
        self.prices(provider, model).iter().rfind(started)
    }

    /// All prices of a model, by time, later ones included: what is planned now may run later.
    pub fn prices(&self, provider: &str, model: &str) -> &[Price] {
        let row = self.0.iter().find(|row| row.matches((provider, model)));
        row.map_or(&[], |row| &row.prices)
    }

    /// The table without prices that others have replaced before `now`. Bounds are those of the dearest price, so a host that starts
    /// leaves out what is over.
    #[must_use]
    pub fn from_now(&self, now: Timestamp) -> Self {
        let rows = self.0.iter().map(|row| {
            let started = |price: &Price| price.valid_from.is_none_or(|from| from <= now);
            let current = row.prices.iter().rposition(started).unwrap_or(0);
            Row {
                pattern: row.pattern.clone(),
                is_prefix: row.is_prefix,
                prices: row.prices.iter().skip(current).cloned().collect(),
            }
        });
        Self(rows.collect())
    }

    /// The number of patterns.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no prices.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn pattern_fault(pattern: &str, at: &Pointer) -> Option<Fault> {
    let refuse = |detail| Some(Fault::new(FaultCode::InvalidValue, at, detail));
    let Some((provider, model)) = pattern.split_once('/') else {
        let fault = refuse(format!("`{}` names no provider", shown(pattern)));
        return fault
            .map(|it| it.with_hint("write `provider/model`, such as `gemini/gemini-3.8-flash`"));
    };
    let star = pattern.find('*');
    if provider.is_empty() || model.is_empty() || pattern.contains(char::is_whitespace) {
        return refuse(format!("`{}` is not `provider/model`", shown(pattern)));
    }
    if star.is_some_and(|at| at < provider.len() || at + 1 < pattern.len()) {
        return refuse(format!("`*` in `{}` is not at the end", shown(pattern)));
    }
    None
}

impl fmt::Debug for PriceTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PriceTable")
            .field("patterns", &self.len())
            .finish()
    }
}

/// Why a table of prices is refused: its faults, at least one and at most 100. Each has the place in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPrices(Vec<Fault>);

impl InvalidPrices {
    /// The faults; at least one.
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for InvalidPrices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "1 fault in the table of prices: {one}"),
            many => {
                write!(f, "{} faults in the table of prices", many.len())?;
                many.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for InvalidPrices {}
