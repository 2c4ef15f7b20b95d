//! Runs of every kind, and what must hold for them.

use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    fault::Fault,
    fleet::{Fleet, INSTANCES},
    support::{Server, data, log, model},
};

/// How long a run may take, with the fault and all that it delays: a run that the dispatcher lost is found after 90 s.
const END_TIMEOUT: Duration = Duration::from_secs(150);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Chain,
    Diamond,
    Map,
    Loop,
    Person,
    Delay,
    Stream,
    Once,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Chain,
        Self::Diamond,
        Self::Map,
        Self::Loop,
        Self::Person,
        Self::Delay,
        Self::Stream,
        Self::Once,
    ];

    /// The nodes, the output, and the output when nothing fails.
    fn workflow(self, run: &str) -> (Value, Value, Value) {
        let ask = |id: &str, needs: &[&str], prompt: &str| {
            json!({"id": id, "type": "LLMNode", "needs": needs, "data": {"prompt": format!("{{{{ input }}}}/{prompt}")},
                   "retry": {"max_attempts": 6, "delay": "100ms", "jitter": false}})
        };
        let inner = |id: &str, prompt: &str| {
            let mut node = ask(id, &[], prompt);
            node.as_object_mut().unwrap().remove("needs");
            node
        };
        let said = |prompt: &str| Value::from(model::answer(&format!("{run}/{prompt}")));
        let chain = |from: usize, to: usize| {
            (from..to).map(move |n| {
                let before = format!("s{}", n.wrapping_sub(1));
                let needs: &[&str] = if n == 0 { &[] } else { &[&before] };
                ask(&format!("s{n}"), needs, &format!("s{n}"))
            })
        };
        match self {
            Self::Chain => (chain(0, 6).collect(), json!("{{ s5.output }}"), said("s5")),
            Self::Diamond => (
                json!([
                    ask("a", &[], "a"),
                    ask("b", &["a"], "b busy"),
                    ask("c", &["a"], "c"),
                    ask("d", &["b", "c"], "d"),
                ]),
                json!("{{ d.output }}"),
                said("d"),
            ),
            Self::Map => (
                json!([{"id": "each", "type": "MapNode", "data": {"over": "range(20)", "concurrency": 4,
                        "nodes": [inner("one", "one {{ item }}")]}}]),
                json!("{{ each.output }}"),
                (0..20).map(|n| said(&format!("one {n}"))).collect(),
            ),
            Self::Loop => (
                json!([{"id": "rounds", "type": "LoopNode", "data": {"max": 4, "until": "false",
                        "nodes": [inner("round", "round {{ index }}")]}}]),
                json!("{{ rounds.output }}"),
                said("round 3"),
            ),
            Self::Person => (
                json!([
                    ask("first", &[], "first"),
                    {"id": "ask", "type": "HumanNode", "needs": ["first"], "data": {"message": "Well?"}},
                    ask("last", &["ask"], "{{ ask.output }}"),
                ]),
                json!("{{ last.output }}"),
                said("yes"),
            ),
            Self::Delay => (
                json!([
                    ask("first", &[], "first"),
                    {"id": "wait", "type": "DelayNode", "needs": ["first"], "data": {"for": "12s"}},
                    ask("last", &["wait"], "last"),
                ]),
                json!("{{ last.output }}"),
                said("last"),
            ),
            Self::Stream => (
                json!([{"id": "slow", "type": "LLMNode", "data": {"prompt": "slow/{{ input }}"}}]),
                json!("{{ slow.output }}"),
                Value::from(model::answer(&format!("slow/{run}"))),
            ),
            Self::Once => {
                let mut once = ask("once", &[], "once slow");
                once["on_ambiguous"] = json!("fail");
                once["data"]["prompt"] = json!("slow/{{ input }}/once");
                (
                    json!([once]),
                    json!("{{ once.output }}"),
                    Value::from(model::answer(&format!("slow/{run}/once"))),
                )
            }
        }
    }

    /// The prompt of the step at a path, if the step asks the model.
    fn prompt(self, run: &str, path: &str) -> Option<String> {
        let place = |n: usize| path.split('/').nth(n).unwrap_or_default().to_owned();
        let prompt = match (self, path) {
            (_, "ask" | "wait" | "each" | "rounds") => return None,
            (Self::Stream, _) => return Some(format!("slow/{run}")),
            (Self::Once, _) => return Some(format!("slow/{run}/once")),
            (Self::Diamond, "b") => "b busy".to_owned(),
            (Self::Map, _) => format!("one {}", place(1)),
            (Self::Loop, _) => format!("round {}", place(1)),
            (Self::Person, "last") => "yes".to_owned(),
            (_, path) => path.to_owned(),
        };
        Some(format!("{run}/{prompt}"))
    }
}

/// A run, with a reader on each instance.
pub(crate) struct WatchedRun {
    kind: Kind,
    name: String,
    id: String,
    readers: [JoinHandle<String>; INSTANCES],
}

impl WatchedRun {
    pub(crate) async fn start(fleet: &Fleet, kind: Kind, round: u64, random: &mut Rng) -> Self {
        let name = format!("{kind:?} {round}");
        let (nodes, output, _) = kind.workflow(&name);
        let spec = json!({"nodes": nodes, "output": output});
        let server = fleet.instance(random.usize(0..INSTANCES));
        let id = server.begin(&spec, &json!(name)).await;
        let readers = std::array::from_fn(|n| read(fleet.instance(n), &id, 0));
        Self {
            kind,
            name,
            id,
            readers,
        }
    }

    /// Waits for the end, and checks everything. Returns how many attempts were lost.
    pub(crate) async fn end(self, fleet: &Fleet, fault: Fault) -> usize {
        let Self {
            kind,
            name,
            id,
            readers,
        } = self;
        if kind == Kind::Person {
            answer(fleet, &id).await;
        }
        let mut logs = Vec::new();
        for (n, reader) in readers.into_iter().enumerate() {
            logs.push(self::follow_to_end(fleet, n, &id, &name, reader).await);
        }
        let stored = log::stored(fleet.instance(0).events(&id).await);
        for log in &logs {
            assert_eq!(log, &stored, "{name}: each reader has seen each event once");
        }
        log::assert_sound(&stored);
        let last = stored.last().unwrap();
        let (_, _, output) = kind.workflow(&name);
        let is_ambiguous = kind == Kind::Once && last["error"]["code"] == "ambiguous";
        if !is_ambiguous || fault.is_harmless() {
            assert_eq!(last["output"], output, "{name}: {last}");
        }
        for (path, attempts) in log::starts(&stored) {
            let Some(prompt) = kind.prompt(&name, path) else {
                continue;
            };
            let calls = fleet.model.calls(&prompt);
            let fewest = usize::from(!is_ambiguous);
            // A frozen instance may repeat a call whose result is then refused.
            let most = attempts + usize::from(fault == Fault::WorkerFrozen);
            assert!(
                (fewest..=most).contains(&calls),
                "{name} {path}: {calls} calls, {attempts} attempts"
            );
            if kind == Kind::Once && fault != Fault::WorkerFrozen {
                assert!(calls <= 1, "{name}: {calls} calls");
            }
        }
        log::recoveries(&stored) + usize::from(is_ambiguous)
    }
}

/// Reads the events of a run after a number, until the stream ends or fails.
fn read(server: &Server, run: &str, after: usize) -> JoinHandle<String> {
    let stream = server.stream(&format!("/api/runs/{run}/events?after={after}"));
    tokio::spawn(async move {
        let mut text = Vec::new();
        if let Ok(mut stream) = stream.await {
            while let Ok(Some(chunk)) = stream.chunk().await {
                text.extend_from_slice(&chunk);
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// All events that a reader on one instance sees. It reads on after the last event when the instance was restarted.
async fn follow_to_end(
    fleet: &Fleet,
    n: usize,
    run: &str,
    name: &str,
    mut reader: JoinHandle<String>,
) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    let following = async {
        loop {
            let text = (&mut reader).await.unwrap();
            let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
            seen.extend(log::stored(data(whole)));
            if seen.last().is_some_and(log::is_terminal) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
            reader = read(fleet.instance(n), run, seen.len());
        }
    };
    if timeout(END_TIMEOUT, following).await.is_err() {
        let mut reports = Vec::new();
        for other in 0..INSTANCES {
            reports.push(fleet.instance(other).report(run).await["status"].clone());
        }
        let last = seen.last();
        panic!(
            "{name} ({run}) does not end on instance {n}: {last:?}, the instances report {reports:?}"
        );
    }
    seen
}

/// Answers the person's step on some instance, until that is in the log.
async fn answer(fleet: &Fleet, run: &str) {
    let answering = async {
        let wait = fleet.instance(0).asked(run, "ask").await;
        loop {
            let answered = fleet.instance(1).answer(run, &wait, &json!("yes")).await;
            if answered.status() == 200 {
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(END_TIMEOUT, answering)
        .await
        .expect("the answer is taken");
}
