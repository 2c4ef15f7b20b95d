//! A network that fails between a client and Postgres.

#![allow(dead_code, reason = "each file of tests uses a part")]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
};

/// The type of the message that carries a notification to a client.
const NOTIFICATION: u8 = b'A';

/// Passes connections on to a server.
pub(crate) struct Proxy {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    drops_notifications: AtomicBool,
    refuses: AtomicBool,
    holds_transactions: AtomicBool,
    /// An answer to BEGIN waits.
    held: Notify,
    /// It waits no longer.
    released: Notify,
    /// All connections end when it is notified.
    cut: Notify,
    /// Connections that listen are frozen up to this one.
    frozen: AtomicU64,
    connections: AtomicU64,
}

impl Proxy {
    /// A proxy of the server of this URL. It ends with the runtime.
    pub(crate) async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (user, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let shared = Arc::new(Shared::default());
        let (server, accepting) = (server.to_owned(), Arc::clone(&shared));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if accepting.refuses.load(Ordering::Relaxed) {
                    continue;
                }
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&accepting)));
            }
        });
        Self {
            url: format!("{user}@{address}/{database}?sslmode=disable"),
            shared,
        }
    }

    /// The URL of the database behind this proxy.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether notifications are left out, as by a pooler in transaction mode.
    pub(crate) fn drop_notifications(&self, drops: bool) {
        let shared = &self.shared.drops_notifications;
        shared.store(drops, Ordering::Relaxed);
    }

    /// Nothing more passes on the connections that listen now, and none of them is closed.
    pub(crate) fn freeze_listeners(&self) {
        let last = self.shared.connections.load(Ordering::Relaxed);
        self.shared.frozen.store(last, Ordering::Relaxed);
    }

    /// Whether the answers to BEGIN wait.
    pub(crate) fn hold_transactions(&self, holds: bool) {
        let shared = &self.shared;
        shared.holds_transactions.store(holds, Ordering::Relaxed);
        shared.released.notify_waiters();
    }

    /// Waits until a client has begun a transaction, and waits for the answer.
    pub(crate) async fn held_transaction(&self) {
        self.shared.held.notified().await;
    }

    /// Whether connections are closed, those that exist too.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.shared.refuses.store(refuses, Ordering::Relaxed);
        if refuses {
            self.shared.cut.notify_waiters();
        }
    }
}

/// What the client has sent: LISTEN at any time, BEGIN last.
#[derive(Default)]
struct Sent {
    listen: AtomicBool,
    begin: AtomicBool,
}

async fn pass(client: TcpStream, server: TcpStream, shared: Arc<Shared>) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let number = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
    let sent = Sent::default();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        _ = requests(from_client, to_server, &sent) => {}
        _ = answers(from_server, to_client, &sent, number, &shared) => {}
        () = shared.cut.notified() => {}
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, sent: &Sent) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let contains = |word: &[u8]| buffer[..read].windows(word.len()).any(|it| it == word);
        if contains(b"LISTEN") {
            sent.listen.store(true, Ordering::Relaxed);
        }
        sent.begin.store(contains(b"BEGIN"), Ordering::Relaxed);
        to.write_all(&buffer[..read]).await?;
    }
}

async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    sent: &Sent,
    number: u64,
    shared: &Shared,
) -> io::Result<()> {
    loop {
        let kind = from.read_u8().await?;
        let length = from.read_u32().await?;
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        from.read_exact(&mut body).await?;
        while sent.begin.load(Ordering::Relaxed)
            && shared.holds_transactions.load(Ordering::Relaxed)
        {
            let released = shared.released.notified();
            shared.held.notify_one();
            released.await;
        }
        if sent.listen.load(Ordering::Relaxed) && number <= shared.frozen.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if kind == NOTIFICATION && shared.drops_notifications.load(Ordering::Relaxed) {
            continue;
        }
        let message = [&[kind], &length.to_be_bytes()[..], &body].concat();
        to.write_all(&message).await?;
    }
}
