//! The program runs without a key, prints its events and ends.

use std::process::Command;

#[test]
fn each_event_is_printed_as_it_comes() {
    let run = Command::new(env!("CARGO_BIN_EXE_embed")).output().unwrap();
    assert!(run.status.success());
    assert_eq!(
        String::from_utf8(run.stdout).unwrap(),
        "run.created\n\
         run.started\n\
         node.started\n\
         price: 4.5\n\
         node.started\n\
         offer: \"A pound of tea is 4.5 euros.\"\n\
         run.completed\n"
    );
}
