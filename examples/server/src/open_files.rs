//! The limit of open files of the process: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cli::ServeArgs;

/// Open files that are no connections of clients or to models: the store, the log, the runtime.
const OTHER_FILES: u64 = 128;

/// Raises the limit to the highest that the system allows without privileges. Systems often begin with 1,024, for the sake of
/// programs that cannot handle more.
///
/// A warning names what to do if it is too low for the connections that the settings allow: those of clients, and to the models of one
/// provider. Further providers and `HttpNode` need more.
pub(crate) fn raise_limit(args: &ServeArgs) {
    let connections = (args.limits.max_connections).saturating_add(args.nodes.model_in_flight);
    let needed = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHER_FILES);
    // `None` is no limit.
    let Some(limit) = raised(needed) else {
        return;
    };
    if limit < needed {
        tracing::warn!(
            "this process may open {limit} files, and needs at least {needed} for --max-connections and --model-in-flight: raise the limit \
             (`ulimit -Hn {needed}`, `LimitNOFILE` of systemd, `--ulimit nofile` of a container), or lower these settings"
        );
    }
}

/// The limit after it was raised. Some systems, such as macOS, have no highest limit and refuse none: there it is raised to what is
/// needed.
fn raised(needed: u64) -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    let enough = Some(needed.max(current));
    for highest in [limit.maximum, enough] {
        let raised = Rlimit {
            current: highest,
            maximum: limit.maximum,
        };
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => return highest,
            Err(error) => {
                tracing::debug!(%error, "the limit of open files cannot be raised to {highest:?}");
            }
        }
    }
    Some(current)
}
