//! Notifications. Each may be lost, so the cases publish again what does not arrive.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures::{StreamExt, stream::BoxStream};
use tokio::time::{Instant, timeout};

use super::sample::DEADLINE;
use crate::{
    event::{Delta, TextKind},
    fleet::{Coordinator, Notification, RemoteText},
    store::Store,
    value::{InstanceId, NodeId, RunId, StepPath, StepRef},
};

/// After how long a notification is published again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Where the text of a test begins.
const OFFSET: u64 = 7;

/// A subscription that is known to work.
struct Inbox {
    instance: InstanceId,
    notifications: BoxStream<'static, Notification>,
    /// The run of the notifications that found out whether it works.
    tested_with: RunId,
    received: Vec<Notification>,
}

impl Inbox {
    /// Subscribes to `at`, and waits until what `from` publishes arrives.
    async fn open(at: &dyn Coordinator, from: &dyn Coordinator) -> Self {
        let instance = InstanceId::new();
        let mut inbox = Self {
            instance,
            notifications: at.subscribe(instance),
            tested_with: RunId::new(),
            received: Vec::new(),
        };
        let test = text_of(inbox.tested_with, instance, "test");
        inbox
            .receive(from, &test, |received| *received == test)
            .await;
        inbox.received.clear();
        inbox
    }

    /// The next notification, unless there is none for a while.
    async fn next(&mut self) -> Option<Notification> {
        let next = timeout(AGAIN_AFTER, self.notifications.next()).await.ok()?;
        let next = next.expect("the stream of an open coordinator does not end");
        self.received.push(next.clone());
        Some(next)
    }

    /// Publishes a notification, again if nothing arrives, until one arrives that is expected.
    async fn receive(
        &mut self,
        from: &dyn Coordinator,
        notification: &Notification,
        mut is_expected: impl FnMut(&Notification) -> bool,
    ) {
        let started = Instant::now();
        from.publish(notification.clone());
        loop {
            match self.next().await {
                Some(received) if is_expected(&received) => return,
                Some(_) => {}
                None => from.publish(notification.clone()),
            }
            assert!(
                started.elapsed() < DEADLINE,
                "{notification:?} does not arrive"
            );
        }
    }

    /// Waits until everything that was published before has arrived or is lost.
    async fn catch_up(&mut self, from: &dyn Coordinator) {
        let last = Notification::CommandQueued { run: RunId::new() };
        self.receive(from, &last, |received| *received == last)
            .await;
    }

    /// The text for this engine that was received, without that of its beginning.
    fn texts(&self) -> impl Iterator<Item = (InstanceId, &RemoteText)> {
        self.received.iter().filter_map(|it| match it {
            Notification::Text { to, text } if text.delta.run_id != self.tested_with => {
                Some((*to, text))
            }
            _ => None,
        })
    }
}

fn text_of(run: RunId, to: InstanceId, text: &str) -> Notification {
    let place = StepPath::from("each/2");
    let step = StepRef::within(&place, NodeId::parse("write").unwrap());
    let delta = Delta::new(run, step, 1, TextKind::Thought, text.to_owned(), OFFSET);
    Notification::Text {
        to,
        text: RemoteText::new(3, delta),
    }
}

fn appended(run: RunId, last_seq: u64) -> Notification {
    Notification::Appended { run, last_seq }
}

pub async fn every_kind_reaches_every_engine(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let mut inboxes = [Inbox::open(b, a).await, Inbox::open(b, a).await];
    let run = RunId::new();
    for sent in [
        appended(run, 1 << 40),
        Notification::CommandQueued { run },
        Notification::Followed {
            run,
            by: InstanceId::new(),
            restart: true,
        },
        Notification::Followed {
            run,
            by: InstanceId::new(),
            restart: false,
        },
    ] {
        for inbox in &mut inboxes {
            inbox.receive(a, &sent, |received| *received == sent).await;
        }
    }
}

pub async fn text_reaches_the_engine_that_it_is_for(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let mut at_a = Inbox::open(a, b).await;
    let mut at_b = Inbox::open(b, a).await;
    let mut also_at_b = Inbox::open(b, a).await;
    for round in 0..3 {
        for inbox in [&mut at_a, &mut at_b, &mut also_at_b] {
            let sent = text_of(RunId::new(), inbox.instance, &round.to_string());
            inbox.receive(a, &sent, |received| *received == sent).await;
            a.publish(text_of(RunId::new(), InstanceId::new(), "for no one here"));
        }
    }
    for inbox in [&mut at_a, &mut at_b, &mut also_at_b] {
        inbox.catch_up(a).await;
        assert!(inbox.texts().count() >= 3);
        assert!(inbox.texts().all(|(to, _)| to == inbox.instance));
    }
}

/// Publishes text until it is received whole: in any number of pieces, each at its place.
async fn assert_received(inbox: &mut Inbox, from: &dyn Coordinator, text: &str) {
    let started = Instant::now();
    loop {
        let run = RunId::new();
        let sent = text_of(run, inbox.instance, text);
        from.publish(sent.clone());
        inbox.catch_up(from).await;
        let pieces = inbox.texts().filter(|(_, text)| text.delta.run_id == run);
        let mut joined = String::new();
        let mut is_whole = true;
        for (to, piece) in pieces {
            let delta = &piece.delta;
            let units = joined.encode_utf16().count() as u64;
            is_whole &= delta.offset == OFFSET + units;
            joined.push_str(&delta.text);
            let mut same = piece.clone();
            same.delta.offset = OFFSET;
            text.clone_into(&mut same.delta.text);
            let same = Notification::Text { to, text: same };
            assert!(same == sent, "a piece of the text is of something else");
        }
        if is_whole && joined == text {
            return;
        }
        let has_lagged = inbox.received.contains(&Notification::Lagged);
        assert!(has_lagged, "the text was received as {joined:?}");
        assert!(
            started.elapsed() < DEADLINE,
            "the text is lost again and again"
        );
        inbox.received.clear();
    }
}

pub async fn any_text_is_received(_: &dyn Store, a: &dyn Coordinator, b: &dyn Coordinator) {
    let mut inbox = Inbox::open(b, a).await;
    let every_ascii: String = (0..128_u8).map(char::from).collect();
    for text in [
        "a",
        "\0",
        "a\0b\0",
        "line\nline\r\nline\u{2028}",
        "\"quoted\" \\back\\ 'single' $1 %s ; --",
        "é 日本語 🦀🇳🇱 e\u{301}",
        "\u{1f}\u{7f}\u{85}\u{fffd}\u{ffff}\u{10ffff}",
        &every_ascii,
    ] {
        assert_received(&mut inbox, a, text).await;
    }
}

pub async fn long_text_is_received_whole(_: &dyn Store, a: &dyn Coordinator, b: &dyn Coordinator) {
    let mut inbox = Inbox::open(b, a).await;
    for (sample, bytes) in [
        ("x", 8_001),
        ("\0", 8_001),
        ("\"\\", 20_000),
        ("🦀", 50_000),
        ("aé日🦀\0\n", 200_000),
    ] {
        let text = sample.repeat(bytes / sample.len() + 1);
        assert_received(&mut inbox, a, &text).await;
    }
}

pub async fn the_newest_length_of_a_run_arrives_last(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    const LAST: u64 = 2_000;
    let mut inbox = Inbox::open(b, a).await;
    let run = RunId::new();
    for seq in 1..LAST {
        a.publish(appended(run, seq));
    }
    let last = appended(run, LAST);
    inbox.receive(a, &last, |received| *received == last).await;
    inbox.catch_up(a).await;
    let lengths: Vec<u64> = inbox
        .received
        .iter()
        .filter_map(|received| match received {
            Notification::Appended { run: of, last_seq } if *of == run => Some(*last_seq),
            _ => None,
        })
        .collect();
    assert!(lengths.is_sorted(), "{lengths:?}");
    assert_eq!(lengths.last(), Some(&LAST));
}

pub async fn runs_do_not_replace_each_other(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let mut inbox = Inbox::open(b, a).await;
    let runs: Vec<RunId> = (0..50).map(|_| RunId::new()).collect();
    let started = Instant::now();
    loop {
        for seq in 1..=3 {
            for run in &runs {
                a.publish(appended(*run, seq));
            }
        }
        inbox.catch_up(a).await;
        let mut lengths = HashMap::new();
        for received in &inbox.received {
            if let Notification::Appended { run, last_seq } = received {
                lengths.insert(*run, *last_seq);
            }
        }
        if runs.iter().all(|run| lengths.get(run) == Some(&3)) {
            return;
        }
        assert!(
            inbox.received.contains(&Notification::Lagged),
            "{lengths:?}"
        );
        assert!(started.elapsed() < DEADLINE, "{lengths:?}");
        inbox.received.clear();
    }
}

pub async fn an_engine_that_reads_too_slowly_is_notified_of_it(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let mut inbox = Inbox::open(b, a).await;
    let runs: HashSet<RunId> = (0..20_000).map(|_| RunId::new()).collect();
    for run in &runs {
        a.publish(appended(*run, 1));
    }
    inbox.catch_up(a).await;
    let received: HashSet<RunId> = inbox
        .received
        .iter()
        .filter_map(|received| match received {
            Notification::Appended { run, .. } => Some(*run),
            _ => None,
        })
        .collect();
    assert!(received.is_subset(&runs));
    let has_lagged = inbox.received.contains(&Notification::Lagged);
    assert!(
        has_lagged || received == runs,
        "{} of {}",
        received.len(),
        runs.len()
    );
}

pub async fn a_subscriber_that_is_dropped_affects_no_other(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let dropped = Inbox::open(b, a).await;
    let mut inbox = Inbox::open(b, a).await;
    let nobody = dropped.instance;
    drop(dropped);
    for _ in 0..3 {
        a.publish(text_of(RunId::new(), nobody, "for no one"));
        let sent = text_of(RunId::new(), inbox.instance, "text");
        inbox.receive(a, &sent, |received| *received == sent).await;
    }
}
