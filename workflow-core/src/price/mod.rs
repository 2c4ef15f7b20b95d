//! What models cost: a table of prices, and the arithmetic over it.
//!
//! A [`PriceTable`] is read from JSON by the host and given to the providers of models. It is data: nothing is fetched, and no
//! prices are built in. It has a [`Price`] for each model and time. A [`Charge`] is an exact amount; charges of one attempt are
//! added, and rounded up to a billionth of a dollar once.
//!
//! ```
//! use workflow_core::{price::PriceTable, value::{Timestamp, Usage, Usd}};
//!
//! let table = PriceTable::from_json(br#"{
//!     "gemini/gemini-3.8-flash": {"input": 0.75, "cached_input": 0.075, "output": 3.75, "service_tiers": {"flex": 0.5}}
//! }"#)?;
//! let price = table.price("gemini", "gemini-3.8-flash", Timestamp::now()).unwrap();
//! let cost = price.charge(Usage::new(1_000, 200), None).unwrap();
//! assert_eq!(cost.usd(), Usd::from_nano(1_500_000));
//! // What 4,000 tokens of input and 1,000 of output cost at most.
//! assert_eq!(price.most(4_000, 1_000, Some("flex")).unwrap().usd(), Usd::from_nano(3_375_000));
//! # Ok::<(), workflow_core::price::InvalidPrices>(())
//! ```

mod file;
mod rate;
mod table;

pub use self::{
    rate::{Charge, Price},
    table::{InvalidPrices, PriceTable},
};
