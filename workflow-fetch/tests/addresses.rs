//! Addresses that are not public are never connected to, in whatever notation.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::{
    io::ErrorKind,
    net::{TcpListener, ToSocketAddrs},
};

use common::{answering, error, local, output, redirect, resolving, text};
use serde_json::{Value, json};
use workflow_fetch::{HttpClient, HttpClientBuilder};

/// Notations of forbidden addresses, as hosts of URLs.
const FORBIDDEN: [&str; 66] = [
    // Loopback, in every notation of the URL standard.
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0X7F.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "0177.0x0.0.1",
    "00000177.0.0.1",
    "127.0x1",
    "%31%32%37.0.0.1",
    "127%2e0.0.1",
    "127。0。0。1",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "0",
    "0.0.0.0",
    "0x0",
    // Private networks.
    "10.0.0.1",
    "167772161",
    "100.64.0.1",
    "100.100.100.200",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.1",
    "3232235521",
    "169.254.0.1",
    // Metadata services.
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "168.63.129.16",
    "192.0.0.192",
    // Reserved, documentation, multicast.
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    // IPv6, and embedded IPv4 addresses.
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:169.254.169.254]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[2001:db8::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
];

/// Names that are local by convention.
const LOCAL_NAMES: [&str; 10] = [
    "localhost",
    "LocalHost",
    "localhost.",
    "a.b.localhost",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "local%68ost",
    "localhost.localdomain",
    "printer.local",
    "metadata.google.internal",
    "metadata.google.internal.",
];

/// Invalid hosts.
const NO_HOSTS: [&str; 10] = [
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::1",
    "[127.0.0.1]",
    "127.0.0.1.1",
    "256.256.256.256",
    "4294967296",
    "0x7f.0.0.0x100",
    "localhost%00.example.com",
    "127.0.0.1 .example.com",
];

/// A local port that records whether a client has connected.
struct Trap(TcpListener);

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn is_untouched(&self) -> bool {
        let accepted = self.0.accept();
        accepted.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

fn get(url: &str) -> Value {
    json!({ "url": url })
}

/// A client that may call the origin of this URL, but has no private addresses.
fn allowing(url: &str) -> HttpClientBuilder {
    HttpClient::builder().with_origin(url)
}

#[tokio::test]
async fn no_notation_of_a_forbidden_address_is_connected_to() {
    let trap = Trap::set();
    for host in FORBIDDEN.iter().chain(&LOCAL_NAMES) {
        let url = format!("http://{host}:{}/", trap.port());
        let resolver = resolving(&[&["127.0.0.1"]]);
        let error = error(allowing(&url).with_resolver(resolver.clone()), &get(&url)).await;
        assert_eq!(error["code"], "address_not_allowed", "{host}: {error:#}");
        assert!(trap.is_untouched(), "{host}");
        assert_eq!(resolver.asked.lock().unwrap().len(), 0, "{host}");
    }
}

#[tokio::test]
async fn slashes_and_spaces_make_no_difference() {
    let trap = Trap::set();
    let port = trap.port();
    for url in [
        format!("http:127.0.0.1:{port}"),
        format!("http:/127.0.0.1:{port}"),
        format!("http:\\\\127.0.0.1:{port}\\"),
        format!(" hTTp://127.0.0.1:{port}\t"),
        format!("http://127.0\n.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("http://@127.0.0.1:{port}/"),
    ] {
        let error = error(allowing(&url), &get(&url)).await;
        assert_eq!(error["code"], "address_not_allowed", "{url}: {error:#}");
        assert!(trap.is_untouched(), "{url}");
    }
}

#[tokio::test]
async fn an_invalid_host_is_refused() {
    for host in NO_HOSTS {
        let url = format!("http://{host}/");
        let error = error(local("http://127.0.0.1"), &get(&url)).await;
        assert_eq!(error["code"], "invalid_url", "{host}: {error:#}");
    }
}

#[tokio::test]
async fn a_name_is_refused_if_any_of_its_addresses_is_forbidden() {
    let trap = Trap::set();
    let url = format!("http://api.example.com:{}/", trap.port());
    for addresses in [
        &["127.0.0.1"][..],
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
        &["2606:4700::1", "::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["169.254.169.254"],
        &["fd00:ec2::254"],
        &["10.0.0.1"],
    ] {
        let client = allowing(&url).with_resolver(resolving(&[addresses]));
        let error = error(client, &get(&url)).await;
        assert_eq!(error["code"], "address_not_allowed", "{addresses:?}");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains("`api.example.com`"), "{detail}");
        assert!(
            error["hint"]
                .as_str()
                .unwrap()
                .contains("with_private_addresses")
        );
        assert!(trap.is_untouched(), "{addresses:?}");
    }
}

#[tokio::test]
async fn a_name_whose_address_changes_is_checked_again() {
    let server = answering(redirect(302, "/again").insert_header("connection", "close")).await;
    let origin = format!("http://api.example.com:{}", server.address().port());
    let resolver = resolving(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = local(&origin).with_resolver(resolver.clone());
    let error = error(client, &get(&origin)).await;
    assert_eq!(error["code"], "address_not_allowed", "{error:#}");
    assert!(error["detail"].as_str().unwrap().contains("127.0.0.2"));
    assert_eq!(resolver.asked.lock().unwrap().len(), 2);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_checked_address_is_the_one_connected_to() {
    let server = answering(text(200, "hi")).await;
    let origin = format!("http://api.example.com:{}", server.address().port());
    // A second resolution would be refused.
    let resolver = resolving(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = local(&origin).with_resolver(resolver.clone());
    assert_eq!(output(client, &get(&origin)).await["body"], "hi");
    assert_eq!(*resolver.asked.lock().unwrap(), ["api.example.com"]);
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_address_is_not_followed() {
    let trap = Trap::set();
    for host in [
        "127.0.0.1",
        "127.0.0.2",
        "2130706434",
        "127.2",
        "0x7f.2",
        "0177.0.0.2",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "169.254.169.254",
        "2852039166",
        "10.0.0.1",
        "[fd00:ec2::254]",
        "inner.example.com",
    ] {
        let target = format!("http://{host}:{}/", trap.port());
        let server = answering(redirect(307, &target)).await;
        let client = local(&server.uri())
            .with_origin(&target)
            .with_resolver(resolving(&[&["127.0.0.2"]]));
        let error = error(client, &get(&server.uri())).await;
        assert_eq!(error["code"], "address_not_allowed", "{host}: {error:#}");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.starts_with("the answer redirects, but"), "{detail}");
        assert!(trap.is_untouched(), "{host}");
    }
}

#[tokio::test]
async fn allowed_private_addresses_are_reached_by_any_name() {
    let server = answering(text(200, "hi")).await;
    let port = server.address().port();
    for host in [
        "127.0.0.1",
        "2130706433",
        "localhost",
        "cms.internal",
        "api.example.com",
    ] {
        let url = format!("http://{host}:{port}");
        let client = local(&url).with_resolver(resolving(&[&["127.0.0.1"]]));
        assert_eq!(output(client, &get(&url)).await["body"], "hi", "{host}");
    }
    let range = HttpClient::builder()
        .with_origin(server.uri())
        .with_private_addresses(server.uri(), "127.0.0.0/8");
    assert_eq!(output(range, &get(&server.uri())).await["body"], "hi");
}

#[tokio::test]
async fn private_addresses_of_one_origin_are_not_reached_by_another() {
    let trap = Trap::set();
    let server = answering(text(200, "hi")).await;
    let opened = format!("http://api.example.com:{}", server.address().port());
    for other in [
        format!("http://api.example.com:{}", trap.port()),
        format!("https://api.example.com:{}", trap.port()),
        format!("http://other.example.com:{}", trap.port()),
        format!("http://127.0.0.1:{}", trap.port()),
        format!("http://localhost:{}", trap.port()),
    ] {
        let client = || {
            let client = local(&opened).with_origin(&other);
            client.with_resolver(resolving(&[&["127.0.0.1"]]))
        };
        let error = error(client(), &get(&other)).await;
        assert_eq!(error["code"], "address_not_allowed", "{other}: {error:#}");
        assert!(trap.is_untouched(), "{other}");
        assert_eq!(output(client(), &get(&opened)).await["body"], "hi");
    }
}

#[tokio::test]
async fn by_default_the_operating_system_resolves_names() {
    let found = ("localhost", 0).to_socket_addrs().unwrap();
    let server = answering(text(200, "hi")).await;
    let url = format!("http://localhost:{}", server.address().port());
    let client = HttpClient::builder().with_origin(&url);
    let client = found.fold(client, |client, address| {
        client.with_private_addresses(&url, address.ip().to_string())
    });
    assert_eq!(output(client, &get(&url)).await["body"], "hi");
}
