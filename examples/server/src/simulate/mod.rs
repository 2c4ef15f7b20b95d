//! A small server on loopback that speaks the Gemini protocol, so that everything can be tried
//! without a key.
//!
//! It writes at the pace of a person who reads, says something about the prompt, and writes JSON
//! that fits a schema. Prompts that contain a [`Marker`](marker::Marker) show faults.

mod answer;
mod call;
mod frames;
mod limits;
mod marker;
mod question;
mod refusal;
mod reply;
mod router;
mod schema;
mod subject;

use std::{io, net::Ipv4Addr, time::Duration};

use axum::serve::ListenerExt;
use tokio::{net::TcpListener, task::JoinSet};

use self::router::router;

/// The server, which runs until this is dropped.
pub(crate) struct Simulation {
    base_url: String,
    _server: JoinSet<()>,
}

impl Simulation {
    /// Starts on a free port; `pace` is the time for each word.
    pub(crate) async fn start(pace: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection to the simulation was gone at once");
            }
        });
        let mut server = JoinSet::new();
        server.spawn(async move {
            if let Err(error) = axum::serve(listener, router(pace)).await {
                tracing::error!(%error, "the simulation stopped");
            }
        });
        Ok(Self {
            base_url,
            _server: server,
        })
    }

    /// Where it is, as a Gemini client wants it.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }
}
