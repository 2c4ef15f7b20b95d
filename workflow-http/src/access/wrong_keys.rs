//! Slows down clients that guess API keys.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::budget::Budget;

/// The most addresses that are remembered; any more share one budget.
const MAX_ADDRESSES: usize = 10_000;

/// The wrong keys of each address. While an address has sent too many, its keys are not looked at, except for those
/// that were right from there before: a guess that is right then looks like one that is wrong.
pub(crate) struct WrongKeys {
    per_minute: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    budgets: HashMap<Address, Budget>,
    /// The keys, by their number, that were right from an address.
    right: HashSet<(Address, usize)>,
}

/// An address as far as one client has it; none stands for all that are too many to remember.
type Address = Option<IpAddr>;

impl WrongKeys {
    pub(crate) fn per_minute(keys: u32) -> Self {
        Self {
            per_minute: keys,
            state: Mutex::default(),
        }
    }

    /// Takes in what a client sent: the number of a key, or none for a wrong one. Fails with the time to wait if its
    /// address has sent too many wrong keys.
    pub(crate) fn check(&self, client: IpAddr, key: Option<usize>) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let address = state.known(network(client));
        if let Some(key) = key {
            return state.accept(address, key);
        }
        let new = || Budget::per_minute(self.per_minute);
        let budget = state.budgets.entry(address).or_insert_with(new);
        budget.take()?;
        if budget.wait().is_some() {
            tracing::warn!(%client, "too many wrong API keys from one address: more are not looked at");
        }
        Ok(())
    }
}

impl State {
    /// The address under which a client is remembered.
    fn known(&mut self, address: IpAddr) -> Address {
        let known = Some(address);
        if self.budgets.contains_key(&known) || self.budgets.len() < MAX_ADDRESSES {
            return known;
        }
        self.budgets.retain(|_, budget| !budget.is_full());
        known.filter(|_| self.budgets.len() < MAX_ADDRESSES)
    }

    fn accept(&mut self, address: Address, key: usize) -> Result<(), Duration> {
        let pair = (address, key);
        if self.right.contains(&pair) {
            return Ok(());
        }
        if let Some(wait) = self.budgets.get(&address).and_then(Budget::wait) {
            return Err(wait);
        }
        // What is forgotten has to be shown while its address is not slowed.
        if self.right.len() >= MAX_ADDRESSES {
            self.right.clear();
        }
        self.right.insert(pair);
        Ok(())
    }
}

/// The part of an address that one client has: of IPv6, it has 64 bits to choose from.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("it is an address")
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_with_too_many_wrong_keys_waits_and_no_other() {
        let keys = WrongKeys::per_minute(3);
        let (guesser, other) = (address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(keys.check(guesser, Some(0)), Ok(()));
        for _ in 0..3 {
            assert_eq!(keys.check(guesser, None), Ok(()));
        }
        let wait = Err(Duration::from_secs(20));
        assert_eq!(keys.check(guesser, None), wait);
        assert_eq!(
            keys.check(guesser, Some(1)),
            wait,
            "a right guess looks like a wrong one"
        );
        assert_eq!(keys.check(guesser, Some(0)), Ok(()), "it was right before");
        assert_eq!(keys.check(other, Some(1)), Ok(()));
        assert_eq!(keys.check(other, None), Ok(()));
        assert_eq!(
            keys.check(address("::ffff:192.0.2.1"), None),
            wait,
            "it is the same"
        );
        advance(Duration::from_secs(20)).await;
        assert_eq!(keys.check(guesser, Some(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let keys = WrongKeys::per_minute(1);
        let numbered = |number: u32| IpAddr::from(number.to_be_bytes());
        let many = u32::try_from(MAX_ADDRESSES).expect("it is small") + 10;
        for number in 0..many {
            keys.check(numbered(number), Some(0)).expect("it is right");
            keys.check(numbered(number), None).ok();
        }
        let remembered = {
            let state = keys.state.lock().expect("nobody panicked");
            (state.budgets.len(), state.right.len())
        };
        assert!(remembered.0 <= MAX_ADDRESSES + 1 && remembered.1 <= MAX_ADDRESSES);
        assert!(
            keys.check(numbered(many), None).is_err(),
            "the rest share a budget"
        );
        let one = address("2001:db8::1");
        advance(Duration::from_secs(60)).await;
        assert_eq!(keys.check(one, None), Ok(()));
        assert!(
            keys.check(address("2001:db8::2"), None).is_err(),
            "one client has both"
        );
    }
}
