use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Control, KindInfo, data_type, nodes::Nodes, read};
use crate::template::Expr;

pub(super) static KIND: KindInfo = KindInfo {
    name: "MapNode",
    label: "Map",
    icon: "map",
    activity: "Working through the items",
    is_container: true,
    path_segments: 1,
    data_type: data_type::<MapNode>,
    read: |data| read(data, Control::Map),
};

/// The default name of an item in the body.
pub(crate) const ITEM: &str = "item";

/// Runs its nodes once for each item of a list. The output is the list of their results, in order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MapNode {
    /// The list, as a bare expression: `input.docs`. At most 10,000 items.
    pub(crate) over: Expr,
    /// The name of an item in the body. Its number, from 0, is `index`.
    #[serde(rename = "as", default = "default_item")]
    #[schemars(extend("pattern" = "^[A-Za-z_][A-Za-z0-9_]{0,63}$"))]
    pub(crate) item: Arc<str>,
    /// How many items are processed at the same time.
    #[serde(default = "default_concurrency")]
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) concurrency: usize,
    /// What happens when an item fails: the map fails, or the result of the item is `null`.
    #[serde(default)]
    pub(crate) on_item_error: OnItemError,
    /// The nodes to run for each item.
    #[expect(dead_code, reason = "it is read elsewhere")]
    nodes: Nodes,
}

/// What happens when an item fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnItemError {
    /// The other items are cancelled, and the map fails.
    #[default]
    Fail,
    /// The result of the item is `null`.
    Null,
}

fn default_item() -> Arc<str> {
    ITEM.into()
}

fn default_concurrency() -> usize {
    4
}
