//! The cost of the engine and of the service, compared to a floor: the least code that does the same.
//!
//! Every figure is a ratio of two medians that are measured alternately in one process, so a busy
//! machine slows both sides alike.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

pub mod fleet;
pub mod floor;
pub mod hosted;
pub mod many;
pub mod node;
pub mod sql;
pub mod storm;

/// The number of measurements of each side.
const ROUNDS: usize = 21;

/// The runtimes of all measurements, with their names.
///
/// # Panics
/// If a runtime cannot be created.
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

/// Measures two implementations alternately, and prints both times and their ratio.
///
/// `units` is the number of steps or runs per call; times are printed per unit. Words on the command
/// line select the measurements whose names contain one of them. Returns our time per unit, or `None`
/// if the measurement is not selected.
pub fn compare(
    name: &str,
    units: u32,
    floor: impl FnMut(),
    ours: impl FnMut(),
) -> Option<Duration> {
    let (floor, ours) = measured(name, units, floor, ours)?;
    let ratio = ours.as_secs_f64() / floor.as_secs_f64();
    println!("{name:<46} floor {floor:>10.2?}   ours {ours:>10.2?}   ratio {ratio:>5.2}");
    Some(ours)
}

/// As [`compare`], for concurrent work: prints how many units each side does in a second, and ours as a share of the floor's.
pub fn compare_rates(name: &str, units: u32, floor: impl FnMut(), ours: impl FnMut()) {
    let Some((floor, ours)) = measured(name, units, floor, ours) else {
        return;
    };
    let rate = |time: Duration| 1.0 / time.as_secs_f64();
    let (floor, ours) = (rate(floor), rate(ours));
    let ratio = ours / floor;
    println!("{name:<46} floor {floor:>8.0}/s   ours {ours:>8.0}/s   ratio {ratio:>5.2}");
}

/// The median times of both sides per unit; `None` if the measurement is not selected.
fn measured(
    name: &str,
    units: u32,
    mut floor: impl FnMut(),
    mut ours: impl FnMut(),
) -> Option<(Duration, Duration)> {
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
    Some((median(floors) / units, median(own) / units))
}

/// Whether the command line selects a measurement: it has no words, or the name contains one of them.
pub fn is_chosen(name: &str) -> bool {
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
