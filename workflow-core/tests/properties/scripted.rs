//! The leaf node of generated workflows, and the world it works in: the world counts what was
//! called, and decides which call fails.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_core::{Json, Node, NodeContext, NodeError, Registry};

use crate::flow::Pace;

/// What is outside the engine, and stays when a run is lost.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Mutex<Calls>>);

#[derive(Debug, Default)]
struct Calls {
    begun: BTreeMap<String, u32>,
    ended: BTreeMap<String, u32>,
    failed: BTreeMap<String, u32>,
}

impl World {
    /// Nothing was called, and these steps have failed so often.
    pub fn begin_anew(&self, failed: BTreeMap<String, u32>) {
        *self.lock() = Calls {
            failed,
            ..Calls::default()
        };
    }

    /// How often a step was called.
    pub fn calls(&self, path: &str) -> u32 {
        self.lock().begun.get(path).copied().unwrap_or_default()
    }

    /// How often a call of a step came to its end: it was not dropped before.
    pub fn ended_calls(&self, path: &str) -> u32 {
        self.lock().ended.get(path).copied().unwrap_or_default()
    }

    /// The built-in node types and `Script`.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        let world = self.clone();
        registry.register_with("Script", move |data: ScriptData| ScriptNode {
            data,
            world: world.clone(),
        });
        registry
    }

    fn note_begin(&self, path: &str) {
        *self.lock().begun.entry(path.to_owned()).or_default() += 1;
    }

    fn note_end(&self, path: &str) {
        *self.lock().ended.entry(path.to_owned()).or_default() += 1;
    }

    /// Whether this call is one of the first that fail.
    fn fails_again(&self, path: &str, failures: u32) -> bool {
        let mut calls = self.lock();
        let failed = calls.failed.entry(path.to_owned()).or_default();
        let fails = *failed < failures;
        *failed += u32::from(fails);
        fails
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScriptData {
    /// `instant`, `even` or `own`.
    pace: String,
    value: Json,
    #[serde(default)]
    fails_first: u32,
    #[serde(default)]
    breaks: Option<String>,
    #[serde(default)]
    panics: bool,
    #[serde(default)]
    pipes: bool,
}

struct ScriptNode {
    data: ScriptData,
    world: World,
}

#[async_trait]
impl Node for ScriptNode {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let Self { data, world } = self;
        let path = cx.step().path().to_string();
        world.note_begin(&path);
        let piped = if data.pipes { Some(cx.input()?) } else { None };
        let millis = millis(pace(&data.pace), &path);
        if millis > 0 {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        world.note_end(&path);
        if data.panics {
            // Not `panic!`, which would print a message for each of thousands.
            std::panic::resume_unwind(Box::new("as the script says"));
        }
        if let Some(code) = &data.breaks {
            return Err(NodeError::new(code.clone(), "as the script says"));
        }
        if world.fails_again(&path, data.fails_first) {
            return Err(NodeError::new("flaky", "as the script says").with_retry());
        }
        let value = cx.render_json(&data.value)?;
        Ok(match piped {
            Some(input) => json!({"in": input, "value": value}),
            None => value,
        })
    }

    fn reads_input(&self) -> bool {
        self.data.pipes
    }
}

fn pace(word: &str) -> Pace {
    match word {
        "even" => Pace::Even,
        "own" => Pace::Own,
        _ => Pace::Instant,
    }
}

/// How long one attempt at a step works. The reference counts with the same numbers: `Own` spreads
/// the steps over a thousand seconds, so that hardly two of a run end within the same moment.
pub fn millis(pace: Pace, path: &str) -> u64 {
    match pace {
        Pace::Instant => 0,
        Pace::Even => 5_000,
        Pace::Own => 1_000 + fnv(path) % 1_000_000,
    }
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
