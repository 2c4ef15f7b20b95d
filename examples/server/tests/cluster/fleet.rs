//! The processes of a cluster.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use tokio::time::{sleep, timeout};
use workflow_test_services::{Balancer, Postgres, Restate};

use super::support::{Server, model::Model, program};

/// The number of instances.
pub(crate) const INSTANCES: usize = 2;

/// How long a restarted process may take until it serves.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Restate notices a frozen worker within interval and timeout.
const SETTINGS: [(&str, &str); 2] = [
    ("RESTATE_WORKER__INVOKER__HTTP2_KEEP_ALIVE_INTERVAL", "1s"),
    ("RESTATE_WORKER__INVOKER__HTTP2_KEEP_ALIVE_TIMEOUT", "1s"),
];

pub(crate) struct Fleet {
    pub(crate) postgres: Postgres,
    pub(crate) restate: Restate,
    pub(crate) model: Model,
    database: String,
    balancer: Balancer,
    workers: [SocketAddr; INSTANCES],
    /// More options of each instance.
    options: Vec<String>,
    /// `None` while an instance is down.
    instances: [Option<Server>; INSTANCES],
}

impl Fleet {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts all instances with these options.
    pub(crate) async fn start_with(options: &[&str]) -> Self {
        let postgres = Postgres::start();
        let workers = free_addresses();
        let mut fleet = Self {
            database: postgres.create_database(),
            postgres,
            restate: Restate::start_with(SETTINGS),
            model: Model::start().await,
            balancer: Balancer::start(workers.to_vec()).await,
            workers,
            options: options.iter().map(ToString::to_string).collect(),
            instances: [const { None }; INSTANCES],
        };
        for n in 0..INSTANCES {
            fleet.start_instance(n).await;
        }
        fleet
    }

    pub(crate) async fn start_instance(&mut self, n: usize) {
        let mut program = program();
        program
            .envs([
                ("GEMINI_API_KEY", "a-key"),
                ("GOOGLE_GEMINI_BASE_URL", self.model.url()),
                ("WORKFLOW_POSTGRES", &self.database),
                ("WORKFLOW_RESTATE", &self.restate.ingress_url()),
                ("WORKFLOW_RESTATE_ADMIN", &self.restate.admin_url()),
            ])
            .args(["--addr", "127.0.0.1:0", "--log", "warn", "--drain", "500ms"])
            .args(["--worker-addr", &self.workers[n].to_string()])
            .args(["--worker-url", &self.balancer.url()])
            .args(["--instance", &format!("instance-{n}")])
            .args(&self.options);
        self.instances[n] = Some(Server::start_as(&mut program).await);
        self.until_ready(n).await;
    }

    async fn until_ready(&self, n: usize) {
        let ready = async {
            while self.instance(n).get("/readyz").await.status() != 200 {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(START_TIMEOUT, ready)
            .await
            .expect("the instance gets ready");
    }

    /// An instance that is up.
    pub(crate) fn instance(&self, n: usize) -> &Server {
        self.instances[n].as_ref().expect("the instance is up")
    }

    pub(crate) async fn kill(&mut self, n: usize) {
        self.instances[n]
            .take()
            .expect("the instance is up")
            .kill()
            .await;
    }

    /// Asks an instance to end, and waits for it.
    pub(crate) async fn terminate(&mut self, n: usize) {
        let instance = self.instances[n].take().expect("the instance is up");
        instance.terminate();
        let ended = instance.end().await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    }

    /// Waits until an instance knows how many are alive.
    pub(crate) async fn until_alive(&self, n: usize, instances: usize) {
        let alive = async {
            while self.metric(n, "workflow_fleet_instances").await != instances {
                sleep(Duration::from_millis(100)).await;
            }
        };
        let alive = timeout(START_TIMEOUT, alive).await;
        alive.expect("the instance notices that others come and go");
        // Its share of the limits follows within a second.
        sleep(Duration::from_secs(2)).await;
    }

    /// How many runs an instance drives.
    pub(crate) async fn driving(&self, n: usize) -> usize {
        self.metric(n, "workflow_driving_runs").await
    }

    async fn metric(&self, n: usize, name: &str) -> usize {
        let metrics = self.instance(n).get("/metrics").await.text().await.unwrap();
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.expect("the metric is there").parse().unwrap()
    }

    /// An instance that drives runs; the one with more of them.
    pub(crate) async fn busiest(&self) -> usize {
        loop {
            let counts = [self.driving(0).await, self.driving(1).await];
            if counts.iter().sum::<usize>() > 0 {
                return usize::from(counts[1] > counts[0]);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Addresses that nothing listens on.
fn free_addresses() -> [SocketAddr; INSTANCES] {
    let listeners = [(); INSTANCES].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}
