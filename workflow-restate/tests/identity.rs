//! Who may call a worker.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{error::Error, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{
    Request, StatusCode,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use workflow_core::{fleet::Dispatcher, value::RunId};
use workflow_restate::{RestateError, RestateWorker, SettingsError};
use workflow_test_services::Restate;

use self::common::{Scripted, Worker, dispatcher, register, registration};

/// An Ed25519 private key in PKCS #8 (RFC 8410): this, then the 32 bytes of the key.
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The public key of a private one whose bytes are all 7.
const PUBLIC_KEY: &str = "publickeyv1_GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB";

/// The public key of another one.
const OTHER_KEY: &str = "publickeyv1_ChjENKeMvCtRnqG2mrBK1HmPKufgFUc98K8B3ononQvp";

/// A worker that requires signatures by one of these keys.
async fn worker(drive: &Scripted, keys: &[&str]) -> RestateWorker {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let builder = RestateWorker::builder(Arc::new(drive.clone()));
    let builder = keys
        .iter()
        .fold(builder, |builder, key| builder.with_identity_key(*key));
    builder.build(listener).unwrap()
}

/// Starts a worker. Returns its URL.
async fn serve(drive: &Scripted, keys: &[&str]) -> String {
    let worker = worker(drive, keys).await;
    let url = format!("http://{}", worker.local_addr());
    tokio::spawn(worker.serve(CancellationToken::new()));
    url
}

/// A connection to a worker in HTTP/2, as Restate opens it.
struct Caller {
    url: String,
    requests: SendRequest<String>,
}

impl Caller {
    async fn connect(url: &str) -> Self {
        let stream = TcpStream::connect(url.strip_prefix("http://").unwrap());
        let stream = TokioIo::new(stream.await.unwrap());
        let connected = http2::handshake(TokioExecutor::new(), stream).await;
        let (requests, connection) = connected.unwrap();
        tokio::spawn(connection);
        Self {
            url: url.to_owned(),
            requests,
        }
    }

    /// The status of the answer.
    async fn post(&mut self, path: &str) -> StatusCode {
        let request = Request::post(format!("{}{path}", self.url));
        let request = request.body(String::new()).unwrap();
        self.requests.send_request(request).await.unwrap().status()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_the_key_signed_are_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.pem");
    let key = STANDARD.encode([&PKCS8[..], &[7; 32]].concat());
    let pem = format!(
        "-----BEGIN {0}-----\n{key}\n-----END {0}-----\n",
        "PRIVATE KEY"
    );
    std::fs::write(&file, pem).unwrap();
    let setting = "RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE";
    let restate = Restate::start_with([(setting, file.to_str().unwrap())]);
    let log = restate.log();
    assert!(log.contains(PUBLIC_KEY), "{log}");

    let drive = Scripted::ending_after(Duration::ZERO);
    // The key is being changed.
    register(&restate, &serve(&drive, &[OTHER_KEY, PUBLIC_KEY]).await).await;
    let run = RunId::new();
    dispatcher(&restate).dispatch(run, None).await.unwrap();
    drive.ended(run, 1).await;

    let url = serve(&drive, &[OTHER_KEY]).await;
    let refused = registration(&restate, &url).register().await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_calls_are_refused() {
    let restate = Restate::start();
    let drive = Scripted::ending_after(Duration::ZERO);
    let url = serve(&drive, &[PUBLIC_KEY]).await;
    let refused = registration(&restate, &url).register().await.unwrap_err();
    let RestateError::Refused { message, .. } = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("401"), "{message}");
    // Whatever the path.
    let mut caller = Caller::connect(&url).await;
    for path in [
        "/discover",
        "/health",
        "/invoke/Runs/drive",
        "/",
        "/x",
        "/a/b/c/d",
    ] {
        assert_eq!(caller.post(path).await, 401, "{path}");
    }
    assert!(drive.all().is_empty());
}

#[tokio::test]
async fn an_unknown_path_does_not_break_the_connection() {
    let drive = Scripted::ending_after(Duration::ZERO);
    let worker = Worker::start(&drive, Duration::from_secs(10)).await;
    let mut caller = Caller::connect(&worker.url()).await;
    for path in [
        "/",
        "/x",
        "/x/y",
        "/invoke/Runs",
        "/invoke/Runs/other",
        "//",
        "/invoke/Other/drive",
    ] {
        let status = caller.post(path).await;
        assert!(status.is_client_error(), "{path}: {status}");
    }
    // It is the same connection.
    assert_eq!(caller.post("/health").await, 200);
}

#[tokio::test]
async fn other_machines_need_a_key() {
    let drive = || Arc::new(Scripted::ending_after(Duration::ZERO));
    for address in ["0.0.0.0:0", "[::]:0"] {
        let Ok(listener) = TcpListener::bind(address).await else {
            continue; // No IPv6 here.
        };
        let refused = RestateWorker::builder(drive()).build(listener).unwrap_err();
        assert!(
            matches!(refused, SettingsError::UnverifiedCalls(_)),
            "{refused:?}"
        );
        let text = refused.to_string();
        assert!(
            text.contains("publickeyv1_") && text.contains("loopback"),
            "{text}"
        );
    }
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let with_key = RestateWorker::builder(drive()).with_identity_key(OTHER_KEY);
    with_key.build(listener).unwrap();
    for address in ["127.0.0.1:0", "127.8.8.8:0", "[::1]:0"] {
        if let Ok(listener) = TcpListener::bind(address).await {
            RestateWorker::builder(drive()).build(listener).unwrap();
        }
    }
}

#[tokio::test]
async fn a_key_that_verifies_nothing_is_refused() {
    for key in [
        "",
        "ChjENKeMvCtRnqG2mrBK1HmPKufgFUc98K8B3ononQvp",
        "publickeyv1_",
        "publickeyv1_0OIl",
        "publickeyv1_abc",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let builder = RestateWorker::builder(Arc::new(Scripted::ending_after(Duration::ZERO)));
        let refused = builder.with_identity_key(key).build(listener).unwrap_err();
        assert!(
            matches!(refused, SettingsError::InvalidIdentityKey(_)),
            "{key}: {refused:?}"
        );
        assert!(refused.source().is_some());
    }
    let drive = Scripted::ending_after(Duration::ZERO);
    // Pasted.
    worker(&drive, &[&format!(" {OTHER_KEY}\n")]).await;
}
