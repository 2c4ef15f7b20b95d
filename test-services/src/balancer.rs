//! A balancer of TCP connections, as a cluster has in front of the workers.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Connects each client to the next worker that accepts.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    balancing: JoinHandle<()>,
}

impl Balancer {
    /// Starts a balancer in a task of the caller's runtime; it ends with this value.
    pub async fn start(workers: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let balancing = tokio::spawn(async move {
            let next = Arc::new(AtomicUsize::new(0));
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(forward(client, workers.clone(), Arc::clone(&next)));
            }
        });
        Self { address, balancing }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.balancing.abort();
    }
}

async fn forward(mut client: TcpStream, workers: Vec<SocketAddr>, next: Arc<AtomicUsize>) {
    for _ in 0..workers.len() {
        let worker = workers[next.fetch_add(1, Ordering::Relaxed) % workers.len()];
        if let Ok(mut worker) = TcpStream::connect(worker).await {
            let _ = copy_bidirectional(&mut client, &mut worker).await;
            return;
        }
    }
}
