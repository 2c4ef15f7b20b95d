use schemars::JsonSchema;
use serde::Deserialize;

use super::{Control, KindInfo, data_type, nodes::Nodes, read};
use crate::{
    template::{Condition, Json},
    value::some_even_if_null,
};

pub(super) static KIND: KindInfo = KindInfo {
    name: "LoopNode",
    label: "Loop",
    icon: "loop",
    activity: "Repeating",
    is_container: true,
    path_segments: 1,
    data_type: data_type::<LoopNode>,
    read: |data| read(data, Control::Loop),
};

/// Repeats its nodes until an expression over them is true.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoopNode {
    /// When to stop, as a bare expression over the nodes of the round: `judge.output.score >= 0.8`.
    #[schemars(extend("x-workflow-reads" = "body", "examples" = ["index >= 2"]))]
    pub(crate) until: Condition,
    /// The most rounds.
    #[schemars(range(min = 1, max = 100), extend("examples" = [3]))]
    pub(crate) max: usize,
    /// What happens when `max` rounds have ended and `until` is still false: the loop completes with the result of the
    /// last round, or it fails with `max_rounds`.
    #[serde(default)]
    pub(crate) on_max: OnMax,
    /// The nodes of a round. `index` is the number of the round, from 0, `previous` the result of the round
    /// before, `null` in the first round, and `history` the list of the results before, the newest that fit into 1 MiB.
    #[expect(dead_code, reason = "it is read elsewhere")]
    nodes: Nodes,
    /// The result of a round, and of the last round for the loop: any JSON with templates. Default: the output of
    /// the last node.
    #[serde(default, deserialize_with = "some_even_if_null")]
    #[schemars(extend("x-workflow-reads" = "body"))]
    pub(crate) output: Option<Json>,
}

/// What happens when a loop has reached its `max`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnMax {
    /// The loop completes with the result of the last round, and `exhausted` is true.
    #[default]
    Continue,
    /// The loop fails with `max_rounds`.
    Fail,
}
