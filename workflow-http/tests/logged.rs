//! The log lines of a request. The only test of its process, so that no other test logs.

mod support;

use std::{
    io,
    sync::{Arc, Mutex},
};

use support::{Api, Wire, serve};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The log so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn log_lines_have_the_ids_of_the_request() {
    let log = Log::default();
    let lines = log.clone();
    let logging = tracing_subscriber::fmt().with_ansi(false);
    let logging = logging.with_writer(move || lines.clone()).finish();
    // The service runs on this thread.
    let _logging = tracing::subscriber::set_default(logging);
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let parent = format!("traceparent: {PARENT}");
    let path = "/api/nowhere?token=not-for-the-log";
    let answer = Wire::get(address, path, &[&parent]).await.answer().await;
    let line = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let id = answer.header("x-request-id");
    assert_eq!(line.lines().count(), 1, "{line}");
    for part in [
        "method=GET",
        "path=\"/api/nowhere\"",
        "trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"",
        &format!("request_id=\"{id}\""),
        "status=404",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(!line.contains("not-for-the-log"), "{line}");
}
