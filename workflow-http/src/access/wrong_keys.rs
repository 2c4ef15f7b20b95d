//! Limits how many API keys a client can guess.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::budget::Budget;

/// The most addresses with a budget of their own. All others share one budget, so memory stays bounded under an
/// attack from many addresses. During such an attack, a user at a new address may be refused because of the others.
const MAX_ADDRESSES: usize = 10_000;

/// The wrong keys of each address.
///
/// While an address is above the limit, even a right key is refused there, so that a right guess looks like a wrong
/// one. Keys that this address has used before are exempt: a user behind the same address is not locked out.
///
/// One lock protects the state. Each budget has a lock of its own, which is taken while the state is locked and
/// never the other way round.
pub(crate) struct WrongKeys {
    per_minute: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The addresses that have sent a wrong key. An address that sends accepted keys only has no budget.
    budgets: HashMap<Address, Budget>,
    /// Addresses with the index of a key that was accepted from there.
    accepted: HashSet<(Address, usize)>,
}

/// The network part of a client's address; `None` is the budget that all further addresses share.
type Address = Option<IpAddr>;

impl WrongKeys {
    /// Allows this many wrong keys per minute and address; at least 1, see [`Budget`].
    pub(crate) fn per_minute(keys: u32) -> Self {
        Self {
            per_minute: keys,
            state: Mutex::default(),
        }
    }

    /// Records a request with a key: its index, or `None` for a wrong one.
    ///
    /// # Errors
    /// The time to wait, if the address is above the limit.
    pub(crate) fn check(&self, client: IpAddr, key: Option<usize>) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let address = state.budget_address(network(client));
        if let Some(key) = key {
            return state.accept(address, key);
        }
        let new = || Budget::per_minute(self.per_minute);
        let budget = state.budgets.entry(address).or_insert_with(new);
        budget.take()?;
        // The key that empties the bucket is logged, not each refused one: an attacker cannot write to the log
        // faster than the bucket refills.
        if budget.wait().is_some() {
            tracing::warn!(%client, "too many wrong API keys from one address: its further keys are refused");
        }
        Ok(())
    }
}

impl State {
    /// The address whose budget counts for a client. Before addresses share a budget, full budgets are removed.
    ///
    /// A full budget is equal to a new one, so its removal changes nothing. While the map is full, each request
    /// from a new address takes a pass over all addresses: the memory is bounded, not the time.
    fn budget_address(&mut self, address: IpAddr) -> Address {
        let known = Some(address);
        if self.budgets.contains_key(&known) || self.budgets.len() < MAX_ADDRESSES {
            return known;
        }
        self.budgets.retain(|_, budget| !budget.is_full());
        known.filter(|_| self.budgets.len() < MAX_ADDRESSES)
    }

    /// Checks an accepted key against the limit of the address, and remembers that it was used from there.
    ///
    /// # Errors
    /// The time to wait, if the address is above the limit and has not used this key before.
    fn accept(&mut self, address: Address, key: usize) -> Result<(), Duration> {
        let pair = (address, key);
        if self.accepted.contains(&pair) {
            return Ok(());
        }
        if let Some(wait) = self.budgets.get(&address).and_then(Budget::wait) {
            return Err(wait);
        }
        // After this, a known key needs to be sent once while its address is below the limit.
        if self.accepted.len() >= MAX_ADDRESSES {
            self.accepted.clear();
        }
        self.accepted.insert(pair);
        Ok(())
    }
}

/// The part of an address that a client cannot choose. In IPv6, a client has a /64 and 2^64 addresses in it.
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
        text.parse().expect("a valid address")
    }

    #[tokio::test(start_paused = true)]
    async fn only_an_address_with_too_many_wrong_keys_is_refused() {
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
        assert_eq!(keys.check(guesser, Some(0)), Ok(()), "accepted before");
        assert_eq!(keys.check(other, Some(1)), Ok(()));
        assert_eq!(keys.check(other, None), Ok(()));
        assert_eq!(
            keys.check(address("::ffff:192.0.2.1"), None),
            wait,
            "the same address, mapped to IPv6"
        );
        advance(Duration::from_secs(20)).await;
        assert_eq!(keys.check(guesser, Some(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_addresses_is_bounded() {
        let keys = WrongKeys::per_minute(1);
        let numbered = |number: u32| IpAddr::from(number.to_be_bytes());
        let many = u32::try_from(MAX_ADDRESSES).expect("a small number") + 10;
        for number in 0..many {
            keys.check(numbered(number), Some(0)).expect("accepted");
            keys.check(numbered(number), None).ok();
        }
        let sizes = {
            let state = keys.state.lock().expect("not poisoned");
            (state.budgets.len(), state.accepted.len())
        };
        assert!(sizes.0 <= MAX_ADDRESSES + 1 && sizes.1 <= MAX_ADDRESSES);
        assert!(
            keys.check(numbered(many), None).is_err(),
            "further addresses share a budget"
        );
        let one = address("2001:db8::1");
        advance(Duration::from_secs(60)).await;
        assert_eq!(keys.check(one, None), Ok(()));
        assert!(
            keys.check(address("2001:db8::2"), None).is_err(),
            "both are in one /64"
        );
    }
}
