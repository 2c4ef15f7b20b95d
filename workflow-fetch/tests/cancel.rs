//! Cancellation.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{local, run, saying};
use futures::StreamExt;
use serde_json::{Value, json};
use workflow_httpkit::testing::Then;

#[tokio::test]
async fn dropping_a_run_closes_the_connection() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi";
    for bytes in ["", half] {
        let server = saying(bytes, Then::Stall).await;
        let data = json!({"url": server.base_url});
        let mut run = run(local(&server.base_url), &data, Value::Null);
        tokio::select! {
            biased;
            answered = server.answered => answered.unwrap(),
            () = async { while run.next().await.is_some() {} } => panic!("it cannot end"),
        }
        drop(run);
        server.hung_up.await.unwrap();
    }
}
