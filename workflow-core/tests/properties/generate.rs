//! Random workflows. They are drawn without regard for meaning, as plain trees of choices, and made
//! into valid workflows afterwards: so they shrink well, and every one of them is valid.

mod names;
mod resolve;

use proptest::{prelude::*, sample::Index};

use crate::{
    flow::{Fate, Flow, Pace},
    reference::forecast,
};

/// No run is longer than this.
const MOST_STEPS: usize = 300;

/// How many nodes a list has at most, by depth.
const LONGEST_LIST: [usize; 4] = [8, 4, 3, 2];

pub fn flows() -> impl Strategy<Value = Flow> {
    let root = (
        list(0),
        proptest::option::of(0..3_u8),
        any::<Index>(),
        option(1, 4, 1..4_u32),
    );
    root.prop_map(|(nodes, output, input, attempts)| resolve::flow(&nodes, output, input, attempts))
        .prop_filter("a run of bounded length", |flow| {
            forecast(flow).steps.len() <= MOST_STEPS
        })
}

/// A list of nodes whose references are still numbers.
#[derive(Clone, Debug)]
pub struct RawList {
    nodes: Vec<RawStep>,
    /// Written from the end to the beginning.
    backwards: bool,
}

#[derive(Clone, Debug)]
pub struct RawStep {
    needs: Option<Vec<Index>>,
    when: Option<RawCondition>,
    on_error: RawOnError,
    dashed: bool,
    work: RawWork,
}

#[derive(Clone, Copy, Debug)]
pub enum RawOnError {
    Absent,
    Fail,
    Continue,
    Output(u8),
}

#[derive(Clone, Debug)]
pub enum RawWork {
    Script {
        pace: Pace,
        fate: Fate,
        attempts: Option<u32>,
        pipes: bool,
        shape: RawShape,
    },
    Transform(RawShape),
    Prompt(Vec<Index>),
    Map {
        over: RawOver,
        named: bool,
        concurrency: Option<usize>,
        null_for_failed: bool,
        body: RawList,
    },
    Loop {
        at_least: Option<u64>,
        until: RawCondition,
        max: usize,
        output: Option<RawShape>,
        body: RawList,
    },
}

#[derive(Clone, Debug)]
pub enum RawOver {
    Literal(Vec<u8>),
    Term(Index),
}

#[derive(Clone, Debug)]
pub struct RawShape {
    form: u8,
    /// A whole output. At most one, so that values do not double from node to node.
    large: Option<Index>,
    small: Vec<Index>,
    literal: u8,
}

#[derive(Clone, Debug)]
pub enum RawCondition {
    Test { term: Index, against: u8 },
    Not(Box<RawCondition>),
    Both(Box<RawCondition>, Box<RawCondition>),
    Either(Box<RawCondition>, Box<RawCondition>),
}

fn list(depth: usize) -> BoxedStrategy<RawList> {
    let nodes = proptest::collection::vec(step(depth), 1..=LONGEST_LIST[depth]);
    (nodes, proptest::bool::weighted(0.2))
        .prop_map(|(nodes, backwards)| RawList { nodes, backwards })
        .boxed()
}

fn step(depth: usize) -> BoxedStrategy<RawStep> {
    let needs = prop_oneof![
        4 => Just(None),
        3 => Just(Some(Vec::new())),
        6 => proptest::collection::vec(any::<Index>(), 1..4).prop_map(Some),
    ];
    let on_error = prop_oneof![
        10 => Just(RawOnError::Absent),
        1 => Just(RawOnError::Fail),
        4 => Just(RawOnError::Continue),
        5 => any::<u8>().prop_map(RawOnError::Output),
    ];
    let dashed = proptest::bool::weighted(0.2);
    (
        needs,
        option(1, 3, condition()),
        on_error,
        dashed,
        work(depth),
    )
        .prop_map(|(needs, when, on_error, dashed, work)| RawStep {
            needs,
            when,
            on_error,
            dashed,
            work,
        })
        .boxed()
}

fn work(depth: usize) -> BoxedStrategy<RawWork> {
    let leaf = prop_oneof![
        7 => script(),
        2 => shape().prop_map(RawWork::Transform),
        1 => proptest::collection::vec(any::<Index>(), 1..3).prop_map(RawWork::Prompt),
    ];
    if depth + 1 == LONGEST_LIST.len() {
        return leaf.boxed();
    }
    prop_oneof![
        4 => leaf,
        1 => map(depth),
        1 => repeat(depth),
    ]
    .boxed()
}

fn script() -> impl Strategy<Value = RawWork> {
    let pace = prop_oneof![2 => Just(Pace::Instant), 1 => Just(Pace::Even), 5 => Just(Pace::Own)];
    let fate = prop_oneof![
        14 => Just(Fate::Succeeds),
        3 => (1..4_u32).prop_map(Fate::FailsFirst),
        1 => Just(Fate::Breaks("broken")),
        1 => Just(Fate::Breaks("torn")),
        1 => Just(Fate::Panics),
    ];
    (
        pace,
        fate,
        option(2, 3, 1..5_u32),
        proptest::bool::weighted(0.3),
        shape(),
    )
        .prop_map(|(pace, fate, attempts, pipes, shape)| RawWork::Script {
            pace,
            fate,
            attempts,
            pipes,
            shape,
        })
}

fn map(depth: usize) -> impl Strategy<Value = RawWork> {
    let over = prop_oneof![
        2 => proptest::collection::vec(any::<u8>(), 0..6).prop_map(RawOver::Literal),
        1 => any::<Index>().prop_map(RawOver::Term),
    ];
    let concurrency = option(1, 1, 1..4_usize);
    (
        over,
        any::<bool>(),
        concurrency,
        any::<bool>(),
        list(depth + 1),
    )
        .prop_map(
            |(over, named, concurrency, null_for_failed, body)| RawWork::Map {
                over,
                named,
                concurrency,
                null_for_failed,
                body,
            },
        )
}

fn repeat(depth: usize) -> impl Strategy<Value = RawWork> {
    let at_least = option(2, 1, 0..4_u64);
    (
        at_least,
        condition(),
        1..5_usize,
        proptest::option::of(shape()),
        list(depth + 1),
    )
        .prop_map(|(at_least, until, max, output, body)| RawWork::Loop {
            at_least,
            until,
            max,
            output,
            body,
        })
}

fn shape() -> impl Strategy<Value = RawShape> {
    let small = proptest::collection::vec(any::<Index>(), 1..3);
    (
        0..5_u8,
        proptest::option::of(any::<Index>()),
        small,
        any::<u8>(),
    )
        .prop_map(|(form, large, small, literal)| RawShape {
            form,
            large,
            small,
            literal,
        })
}

fn condition() -> impl Strategy<Value = RawCondition> {
    let test = (any::<Index>(), any::<u8>())
        .prop_map(|(term, against)| RawCondition::Test { term, against });
    test.prop_recursive(2, 4, 2, |inner| {
        let pair = (inner.clone(), inner.clone())
            .prop_map(|(one, other)| (Box::new(one), Box::new(other)));
        prop_oneof![
            inner.prop_map(|inner| RawCondition::Not(Box::new(inner))),
            pair.clone()
                .prop_map(|(one, other)| RawCondition::Both(one, other)),
            pair.prop_map(|(one, other)| RawCondition::Either(one, other)),
        ]
    })
}

/// Something, in `some` of `some + none` cases.
fn option<S: Strategy>(some: u32, none: u32, inner: S) -> impl Strategy<Value = Option<S::Value>>
where
    S::Value: Clone,
{
    proptest::option::weighted(f64::from(some) / f64::from(some + none), inner)
}
