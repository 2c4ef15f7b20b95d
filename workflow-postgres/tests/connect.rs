//! Databases that cannot be used: what is wrong, without the password.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::time::Duration;

use sqlx::{Connection, PgConnection, query};
use workflow_postgres::{ConnectError, ConnectErrorKind as Kind, PostgresStore};

/// The error of a URL, and of its sources, as an operator reads it.
async fn refused(url: &str) -> (Kind, String) {
    let error = PostgresStore::connect(url).await.unwrap_err();
    (error.kind(), chain(&error))
}

fn chain(error: &ConnectError) -> String {
    let mut texts = vec![format!("{error} {error:?}")];
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        texts.push(error.to_string());
        source = error.source();
    }
    texts.join(": ")
}

#[tokio::test]
async fn every_refusal_has_a_name_and_no_password() {
    let server = common::server();
    assert!(server.execute("postgres", "CREATE ROLE guest LOGIN PASSWORD 'right'"));
    let database = server.create_database();
    let database = database.rsplit('/').next().unwrap();
    let closed = free_port();
    for (url, kind) in [
        (
            "mysql://user:wr0ng@localhost/db".to_owned(),
            Kind::InvalidUrl,
        ),
        (
            "postgres://user:wr0ng@localhost:port/db".to_owned(),
            Kind::InvalidUrl,
        ),
        ("wr0ng".to_owned(), Kind::InvalidUrl),
        (
            format!("postgres://guest:wr0ng@127.0.0.1:{closed}/{database}"),
            Kind::Unreachable,
        ),
        (server.url("guest:wr0ng", database), Kind::WrongCredentials),
        (server.url("nobody:wr0ng", database), Kind::WrongCredentials),
        (
            server.url("postgres:wr0ng", "nowhere"),
            Kind::NoSuchDatabase,
        ),
        (server.url("guest:right", database), Kind::NoRights),
        (
            format!("{}?sslmode=require", server.url("postgres:wr0ng", database)),
            Kind::Tls,
        ),
    ] {
        let (found, text) = refused(&url).await;
        assert_eq!(found, kind, "{url}: {text}");
        assert!(!text.contains("wr0ng"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://user@{}/db", silent.local_addr().unwrap());
    let store = PostgresStore::builder(&url).with_connection_timeout(Duration::from_millis(200));
    let error = store.connect().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
}

#[tokio::test]
async fn a_newer_database_is_left_as_it_is() {
    let server = common::server();
    let url = server.create_database();
    let name = url.rsplit('/').next().unwrap();
    PostgresStore::connect(&url).await.unwrap().close().await;
    let newer = "INSERT INTO workflow_runner._sqlx_migrations \
                 SELECT 99, 'later', installed_on, success, checksum, execution_time \
                 FROM workflow_runner._sqlx_migrations LIMIT 1";
    assert!(server.execute(name, newer));
    let (kind, _) = refused(&url).await;
    let expected = Kind::Newer {
        found: 99,
        known: 3,
    };
    assert_eq!(kind, expected);
}

#[tokio::test]
async fn stores_that_connect_at_once_create_the_tables_once() {
    let url = common::server().create_database();
    let all = (0..8).map(|_| PostgresStore::connect(&url));
    for store in futures::future::join_all(all).await {
        store.unwrap();
    }
}

#[tokio::test]
async fn an_update_may_take_longer_than_connecting() {
    let url = common::server().create_database();
    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut update = other.begin().await.unwrap();
    // As another instance that updates.
    let schema = query("CREATE SCHEMA workflow_runner");
    schema.execute(&mut *update).await.unwrap();
    let limit = Duration::from_millis(500);
    let store = PostgresStore::builder(&url).with_connection_timeout(limit);
    let mut connecting = Box::pin(store.connect());
    let early = tokio::time::timeout(limit * 2, &mut connecting).await;
    assert!(early.is_err(), "{early:?}");
    update.rollback().await.unwrap();
    connecting.await.unwrap();
}

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}
