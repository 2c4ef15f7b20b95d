//! Many clients, well-behaved or not, leave no descriptor open. The only test of its process, since it counts the
//! descriptors of the process.
#![cfg(target_os = "linux")]

mod support;

use std::fs;

use futures::future::join_all;
use support::{Api, Wire, idle, serve};

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux has it").count()
}

#[tokio::test(start_paused = true)]
async fn many_clients_leave_no_descriptor_open() {
    let api = Api::new();
    let run = api.start().await;
    let events = format!("{run}/events");
    let (address, _serving) = serve(&api).await;
    idle().await;
    let before = open_descriptors();
    let clients = join_all((0..200).map(|_| Wire::get(address, &events, &[]))).await;
    let mut streams = Vec::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        match number % 4 {
            0 => client.reset(),
            1 => drop(client),
            2 => {
                client.head().await;
                client.reset();
            }
            _ => {
                client.head().await;
                streams.push(client);
            }
        }
    }
    idle().await;
    assert_eq!(open_descriptors(), before + 2 * streams.len());
    api.script.finish("done");
    for stream in streams {
        let frames = stream.frames().await;
        assert!(frames.last().unwrap().contains("run.completed"));
    }
    idle().await;
    assert_eq!(open_descriptors(), before);
}
