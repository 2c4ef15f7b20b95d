//! Virtual time.

/// Runs a future on a clock that stands still while anything can be done, and jumps to the next timer
/// otherwise. Back-offs, time-outs and delays pass at once, and the times of events show them.
///
/// ```
/// use std::time::Duration;
/// use workflow_core::testing::run_in_virtual_time;
///
/// let before = std::time::Instant::now();
/// run_in_virtual_time(async { tokio::time::sleep(Duration::from_secs(3600)).await });
/// assert!(before.elapsed() < Duration::from_secs(60));
/// ```
///
/// The same as `#[tokio::test(start_paused = true)]`, for crates that do not have tokio's `test-util`.
///
/// # Panics
/// Within an asynchronous runtime, or if the system refuses one.
pub fn run_in_virtual_time<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime
        .expect("a runtime without IO needs no resource of the system")
        .block_on(test)
}
