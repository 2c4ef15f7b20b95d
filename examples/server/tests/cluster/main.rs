//! Two instances, Restate and Postgres, all real. Each round something dies while runs of every kind are under way: every
//! run ends, every reader sees every event, no completed step is repeated.
//!
//! `CLUSTER_ROUNDS` sets the number of rounds, 10 by default; `CLUSTER_SEED` sets their moments and `CLUSTER_FAULT` lets the
//! same thing happen in every round.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod fault;
mod fleet;
mod runs;
mod settings;
mod shares;

use std::env;

use fastrand::Rng;

use self::{
    fault::Fault,
    fleet::Fleet,
    runs::{Kind, WatchedRun},
};

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_run_ends_whatever_dies() {
    let seed = number("CLUSTER_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("CLUSTER_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let mut fleet = Fleet::start().await;
    let mut recovered = 0;
    let mut kills_that_met_a_step = 0;
    for round in 0..number("CLUSTER_ROUNDS").unwrap_or(10) {
        let fault = Fault::of_round(round);
        let mut runs = Vec::new();
        for kind in Kind::ALL {
            runs.push(WatchedRun::start(&fleet, kind, round, &mut random).await);
        }
        let events = fault.happen(&mut fleet, &mut random).await;
        println!("round {round}: {fault:?} {events}");
        let mut recovered_now = 0;
        for run in runs {
            recovered_now += run.end(&fleet, fault).await;
        }
        if fault.is_harmless() {
            assert_eq!(recovered_now, 0, "{fault:?} alone repeats nothing");
        }
        recovered += recovered_now;
        kills_that_met_a_step += usize::from(recovered_now > 0);
    }
    println!("{recovered} steps were lost in flight, in {kills_that_met_a_step} rounds");
    if number("CLUSTER_FAULT").is_none() {
        assert!(recovered > 0, "nothing that died was at work");
    }
}
