//! What the engine and the service cost, beside the least code that does the same.
//!
//! Every figure is a ratio of two medians taken in turns in one process, so that a busy machine
//! slows both sides alike.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

pub mod floor;
pub mod hosted;
pub mod node;

/// How often each side is measured.
const ROUNDS: usize = 21;

/// The runtimes that everything is measured on, by their names.
///
/// # Panics
/// When the system has no room for one.
pub fn runtimes() -> [(&'static str, Runtime); 2] {
    let built = |mut builder: Builder| {
        let runtime = builder.enable_all().build();
        runtime.unwrap_or_else(|error| panic!("{error}"))
    };
    [
        ("current-thread", built(Builder::new_current_thread())),
        ("multi-thread", built(Builder::new_multi_thread())),
    ]
}

/// Measures two ways to do the same thing in turns, and prints both and their ratio.
///
/// `units` is how many steps or runs one call is: times are printed per unit. Words given on the
/// command line choose the measurements whose names contain one of them. Tells how long ours took, per
/// unit, if it was chosen.
pub fn compare(
    name: &str,
    units: u32,
    mut floor: impl FnMut(),
    mut ours: impl FnMut(),
) -> Option<Duration> {
    if !is_chosen(name) {
        return None;
    }
    floor();
    ours();
    let (mut floors, mut own) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(timed(&mut floor));
        own.push(timed(&mut ours));
    }
    let (floor, ours) = (median(floors) / units, median(own) / units);
    let ratio = ours.as_secs_f64() / floor.as_secs_f64();
    println!("{name:<46} floor {floor:>10.2?}   ours {ours:>10.2?}   ratio {ratio:>5.2}");
    Some(ours)
}

fn is_chosen(name: &str) -> bool {
    let mut words = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .peekable();
    words.peek().is_none() || words.any(|word| name.contains(&word))
}

fn timed(work: &mut impl FnMut()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
