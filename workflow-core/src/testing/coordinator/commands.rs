//! Commands to the engine that drives a run.

use std::{ops::Range, pin::pin, sync::Arc};

use futures::future::{join, join_all, poll_immediate};
use serde_json::{Value, json};

use super::sample::{assert_no_run, stored_run};
use crate::{
    fleet::{CommandNumber, Coordinator, RunCommand},
    store::Store,
    value::{RunId, WaitId},
};

/// How often a command is polled before it is dropped: not at all, and up to where any coordinator is done.
const POLLS: Range<usize> = 0..12;

fn answer(wait: u64, payload: Value) -> RunCommand {
    RunCommand::Answer {
        wait: WaitId::of_event(wait),
        payload: Arc::new(payload),
    }
}

/// The commands of a run, whose numbers are in order.
async fn read(coordinator: &dyn Coordinator, run: RunId) -> (Vec<CommandNumber>, Vec<RunCommand>) {
    let commands = coordinator.commands(run).await.unwrap();
    let (numbers, commands): (Vec<_>, Vec<_>) = commands.into_iter().unzip();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    (numbers, commands)
}

pub async fn commands_are_read_in_the_order_in_which_they_were_sent(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let run = stored_run(store).await;
    assert_eq!(read(a, run).await, (vec![], vec![]));
    let mut sent = Vec::new();
    for wait in 0..20 {
        let command = match wait % 7 {
            6 => RunCommand::Cancel,
            _ => answer(wait, json!(wait)),
        };
        let sender = if wait % 3 == 0 { a } else { b };
        sender.send(run, &command).await.unwrap();
        sent.push(command);
    }
    let of_a = read(a, run).await;
    assert_eq!(of_a.1, sent);
    assert_eq!(read(b, run).await, of_a);
}

pub async fn commands_belong_to_one_run(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (one, other) = (stored_run(store).await, stored_run(store).await);
    a.send(one, &answer(1, json!("one"))).await.unwrap();
    a.send(other, &RunCommand::Cancel).await.unwrap();
    a.send(one, &answer(2, json!("two"))).await.unwrap();
    let (numbers, commands) = read(b, one).await;
    assert_eq!(commands, [answer(1, json!("one")), answer(2, json!("two"))]);
    b.delete_commands(one, numbers[1]).await.unwrap();
    assert_eq!(read(a, one).await.1, []);
    assert_eq!(read(a, other).await.1, [RunCommand::Cancel]);
}

pub async fn runs_with_commands_are_found(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    assert_eq!(a.runs_with_commands(10).await.unwrap(), []);
    let (one, _, other) = (
        stored_run(store).await,
        stored_run(store).await,
        stored_run(store).await,
    );
    for run in [one, other, one] {
        a.send(run, &RunCommand::Cancel).await.unwrap();
    }
    let mut found = b.runs_with_commands(10).await.unwrap();
    found.sort_unstable();
    assert_eq!(found, [one, other]);
    assert_eq!(b.runs_with_commands(1).await.unwrap().len(), 1);
    assert_eq!(b.runs_with_commands(0).await.unwrap(), []);
    let (numbers, _) = read(b, one).await;
    b.delete_commands(one, numbers[1]).await.unwrap();
    assert_eq!(a.runs_with_commands(10).await.unwrap(), [other]);
    assert!(store.delete_run(other).await.unwrap());
    assert_eq!(a.runs_with_commands(10).await.unwrap(), []);
}

pub async fn commands_are_deleted_up_to_a_number(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let run = stored_run(store).await;
    for wait in 0..5 {
        a.send(run, &answer(wait, json!(null))).await.unwrap();
    }
    let (numbers, commands) = read(b, run).await;
    b.delete_commands(run, numbers[2]).await.unwrap();
    let left = read(a, run).await;
    assert_eq!(left, (numbers[3..].to_vec(), commands[3..].to_vec()));
    b.delete_commands(run, numbers[1]).await.unwrap();
    assert_eq!(read(a, run).await, left);
    b.delete_commands(run, numbers[4]).await.unwrap();
    assert_eq!(read(a, run).await.0, []);
}

pub async fn a_command_after_a_deleted_one_has_a_greater_number(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let run = stored_run(store).await;
    let mut last = CommandNumber(i64::MIN);
    for sender in [a, b, a] {
        sender.send(run, &RunCommand::Cancel).await.unwrap();
        let (numbers, _) = read(b, run).await;
        assert!(numbers[0] > last, "{numbers:?} after {last:?}");
        last = numbers[0];
        b.delete_commands(run, last).await.unwrap();
    }
}

pub async fn no_command_is_lost_while_others_are_deleted(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    const ROUNDS: u64 = 20;
    const AT_ONCE: u64 = 6;
    let run = stored_run(store).await;
    let sending = async {
        for round in 0..ROUNDS {
            let senders = (0..AT_ONCE).map(|n| async move {
                let sender = if n % 2 == 0 { a } else { b };
                let command = answer(round * AT_ONCE + n, json!(n));
                sender.send(run, &command).await.unwrap();
            });
            join_all(senders).await;
        }
    };
    let receiving = async {
        let mut received = Vec::new();
        let mut last = None;
        while received.len() < usize::try_from(ROUNDS * AT_ONCE).unwrap() {
            let (numbers, commands) = read(a, run).await;
            assert!(numbers.first() > last.as_ref() || numbers.is_empty());
            if let Some(upto) = numbers.last() {
                a.delete_commands(run, *upto).await.unwrap();
                last = Some(*upto);
            }
            received.extend(commands);
            tokio::task::yield_now().await;
        }
        received
    };
    let both = join(sending, receiving);
    let ((), received) = tokio::time::timeout(super::sample::DEADLINE, both)
        .await
        .expect("every command that was sent is read");
    let mut waits: Vec<WaitId> = received
        .iter()
        .map(|command| match command {
            RunCommand::Answer { wait, .. } => *wait,
            RunCommand::Cancel => panic!("no one cancelled"),
        })
        .collect();
    waits.sort_unstable();
    let expected: Vec<WaitId> = (0..ROUNDS * AT_ONCE).map(WaitId::of_event).collect();
    assert_eq!(waits, expected);
}

pub async fn every_command_is_kept_as_it_was_sent(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let run = stored_run(store).await;
    let deep = (0..120).fold(json!("bottom"), |value, _| json!([value]));
    let payloads = [
        json!(null),
        json!(""),
        json!({}),
        json!("a\u{0}b"),
        json!({"\u{0}": "\u{1}\u{1f}\u{7f}\u{85}\u{2028}\u{fffd}\u{10ffff}", "🦀": "日本語 é \\ \" '"}),
        json!([u64::MAX, i64::MIN, 0.1, 1e300, -0.0, 5e-324]),
        json!({"z": 1, "a": {"type": "cancel"}, "type": "answer", "wait": "w1"}),
        json!("x".repeat(1_000_000)),
        deep,
    ];
    let mut sent = vec![RunCommand::Cancel];
    sent.extend(payloads.map(|payload| answer(u64::MAX, payload)));
    for command in &sent {
        a.send(run, command).await.unwrap();
    }
    let (_, commands) = read(b, run).await;
    assert_eq!(commands.len(), sent.len());
    for (command, sent) in commands.iter().zip(&sent) {
        assert!(command == sent, "{command:?} is not {sent:?}");
        // The order of members, too.
        let json = |command| serde_json::to_string(command).unwrap();
        assert!(json(command) == json(sent), "{command:?} is not {sent:?}");
    }
}

pub async fn an_unknown_run_has_no_commands(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let run = RunId::new();
    assert_no_run(run, &a.send(run, &RunCommand::Cancel).await);
    assert_eq!(read(b, run).await.1, []);
    b.delete_commands(run, CommandNumber(1)).await.unwrap();
}

pub async fn the_commands_of_a_deleted_run_are_deleted(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, other) = (stored_run(store).await, stored_run(store).await);
    for to in [run, other] {
        a.send(to, &RunCommand::Cancel).await.unwrap();
    }
    assert!(store.delete_run(run).await.unwrap());
    for coordinator in [a, b] {
        assert_eq!(read(coordinator, run).await.1, []);
        assert_no_run(run, &coordinator.send(run, &RunCommand::Cancel).await);
    }
    assert_eq!(read(b, other).await.1, [RunCommand::Cancel]);
}

pub async fn a_dropped_command_is_sent_or_not(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    for polls in POLLS {
        let run = stored_run(store).await;
        let dropped = answer(1, json!("dropped"));
        let mut done = false;
        {
            let mut sending = pin!(a.send(run, &dropped));
            for _ in 0..polls {
                if poll_immediate(&mut sending).await.is_some() {
                    done = true;
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        a.send(run, &RunCommand::Cancel).await.unwrap();
        let (_, mut commands) = read(b, run).await;
        // The dropped one may still be on its way, or arrive after the other.
        if commands.len() == 2 || done {
            let place = commands.iter().position(|command| *command == dropped);
            commands.remove(place.expect("it was sent"));
        }
        assert_eq!(commands, [RunCommand::Cancel]);
    }
}
