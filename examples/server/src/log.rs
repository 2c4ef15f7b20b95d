//! The log: to standard error, as text or JSON.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};
use workflow_http::Metrics;

use crate::{cli::LogFormat, output::Output};

/// The target of the log lines of Restate's SDK.
const SDK: &str = "restate_sdk";

/// The interval at which dropped lines are counted.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);

/// Installs the log. A slow or closed standard error does not block the service: lines are dropped instead.
pub(crate) fn log(filter: Targets, format: LogFormat) -> io::Result<Output> {
    let stderr = Output::to(io::stderr())?;
    let filter = without_repeated_calls(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr.clone());
    let lines = match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .init();
    // The default hook writes to standard error directly and would block if it is not read.
    panic::set_hook(Box::new(log_panic));
    Ok(stderr)
}

/// Hides that calls of Restate fail and are repeated, which its SDK logs for each call: a drive that fails is logged by the
/// engine. A filter that names the SDK shows it.
fn without_repeated_calls(filter: Targets) -> Targets {
    let names_sdk = filter.iter().any(|(target, _)| target.starts_with(SDK));
    if names_sdk {
        filter
    } else {
        filter.with_target(SDK, LevelFilter::ERROR)
    }
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(ToString::to_string);
    let trace = Backtrace::capture();
    let trace = (trace.status() == BacktraceStatus::Captured).then_some(&trace);
    let trace = trace.map(tracing::field::display);
    tracing::error!(place, trace, "panicked: {message}");
}

/// Counts dropped lines for `/metrics`, and logs their number once standard error is read again. Never returns.
pub(crate) async fn watch(stderr: &Output, metrics: &Metrics) {
    let (mut counted, mut logged) = (0, 0);
    let mut times = interval(COUNT_INTERVAL);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        let dropped = stderr.dropped();
        metrics.add_dropped_log_lines(dropped - counted);
        counted = dropped;
        if dropped > logged && stderr.is_read() {
            tracing::warn!(
                lines = dropped - logged,
                "log lines were dropped: standard error was not read"
            );
            logged = dropped;
        }
    }
}
