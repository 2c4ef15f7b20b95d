//! A simulation of the Gemini API: a server on a loopback port, so that workflows can be run without a key.
//!
//! It streams a short text that fits the prompt word by word, or JSON that matches the schema of the request. The same
//! request gets the same reply. Texts end with a mark, `(Simulated.)`. Prompts with a [`Marker`](marker::Marker) produce faults. Of
//! the functions of a request, each is called once, with arguments that match its schema; then the reply is made from the results. It
//! implements only the parts of the protocol that the client uses, and refuses a conversation that the API would refuse.

mod answer;
mod arguments;
mod call;
mod choice;
mod conversation;
mod frames;
mod functions;
mod limits;
mod marker;
mod measure;
mod prose;
mod question;
mod refusal;
mod reply;
mod results;
mod router;
mod schema;
mod signature;
mod task;
mod version;

use std::{io, net::Ipv4Addr, time::Duration};

use axum::serve::ListenerExt;
use tokio::{net::TcpSocket, task::JoinSet};

use self::router::router;

/// The connections that wait until they are accepted: as many as there may be requests to the models of a provider.
const QUEUED: u32 = 1_024;

/// The running server. Dropping it stops the server.
pub(crate) struct Simulation {
    base_url: String,
    _server: JoinSet<()>,
}

impl Simulation {
    /// Starts on a free port; `pace` is the time for each word.
    pub(crate) fn start(pace: Duration) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        // Many runs may call their models at once. With the queue of `TcpListener`, some would connect a second later.
        let listener = socket.listen(QUEUED)?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection to the simulation was closed before it was configured");
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

    /// The base URL for a Gemini client.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }
}
