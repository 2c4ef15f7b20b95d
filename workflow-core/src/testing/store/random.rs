//! Searches of random runs, compared with a filter of all records.

use std::cmp::Reverse;

use serde_json::json;

use super::sample::{SampleRun, cancelled, workflow};
use crate::{
    record::{PageRequest, RunCounts, RunQuery, RunRecord, RunStatus, WorkflowRecord},
    store::Store,
    value::RunId,
};

/// Parts of inputs. Some are parts of others, so that many runs have all parts of a text, and few the text.
const WORDS: [&str; 12] = [
    "the",
    "then",
    "hen",
    "100%",
    "snake_case",
    "it's",
    "\"so\"",
    "Żółć",
    "水",
    "🦀🦀",
    "a\0b",
    "ΟΔΟΣ",
];

const TEXTS: [&str; 34] = [
    "t",
    "th",
    "the",
    "then",
    "the then",
    "then the",
    "thethe",
    "hen the the",
    "%",
    "_",
    "0%",
    "'",
    "\"",
    "\\",
    "\0",
    "a\0b",
    "\0b t",
    "ż",
    "Ż",
    "ółć",
    "水",
    "水水",
    "🦀",
    "🦀🦀🦀",
    "☃",
    "ς",
    "σ",
    "ΟΔΟΣ",
    " ",
    "name 1",
    "0",
    "-7",
    "absent",
    "",
];

/// Runs with random inputs, in a store. For tests of what a store builds from them, such as an index.
#[expect(missing_debug_implementations, reason = "for tests")]
pub struct SearchedRuns {
    runs: Vec<SampleRun>,
    random: u64,
}

impl SearchedRuns {
    /// Creates runs, almost in the order of their ids, and ends half of them. The same ones each time, but for their ids.
    pub async fn stored(store: &dyn Store, runs: usize) -> Self {
        let workflows = ["Name 1", "The crab 🦀", ""].map(workflow);
        let mut all = Self {
            runs: Vec::new(),
            random: 1,
        };
        for _ in 0..runs {
            let run = all.run(&workflows);
            all.runs.push(run);
        }
        for at in 0..runs {
            let other = (at + all.below(8)).min(runs - 1);
            all.runs.swap(at, other);
        }
        for at in 0..runs {
            all.runs[at].create(store, None).await.unwrap();
            if all.below(2) == 0 {
                all.runs[at].append(store, [cancelled()]).await;
            }
        }
        all
    }

    fn run(&mut self, workflows: &[WorkflowRecord]) -> SampleRun {
        let words = (0..self.below(6)).map(|_| WORDS[self.below(WORDS.len())]);
        let words: Vec<&str> = words.collect();
        SampleRun::of(
            &workflows[self.below(workflows.len())],
            json!(words.join(" ")),
        )
    }

    /// A number below `end`: Knuth's linear congruential generator.
    fn below(&mut self, end: usize) -> usize {
        let next = self.random.wrapping_mul(6_364_136_223_846_793_005);
        self.random = next.wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % end
    }

    /// Ends some runs, and deletes others.
    pub async fn change(&mut self, store: &dyn Store, runs: usize) {
        for _ in 0..runs {
            let at = self.below(self.runs.len());
            if self.below(2) == 0 {
                self.delete(store, at).await;
            } else if !self.runs[at].record.head.status.has_ended() {
                self.runs[at].append(store, [cancelled()]).await;
            }
        }
    }

    /// Deletes the run that was created as number `at` of those that are left.
    pub async fn delete(&mut self, store: &dyn Store, at: usize) {
        let gone = self.runs.remove(at);
        assert!(store.delete_run(gone.id()).await.unwrap());
    }

    /// Compares pages and counts of hard texts, with and without other filters, with what a filter of all records finds.
    pub async fn compare(&self, store: &dyn Store) {
        let mut newest_first: Vec<&RunRecord> = self.runs.iter().map(|run| &run.record).collect();
        newest_first.sort_by_key(|record| Reverse(record.id));
        let newest = newest_first[0];
        let id = newest.id.to_string();
        let of_id = [&*id, &id[9..].to_uppercase(), &id[..14]].map(str::to_owned);
        for text in TEXTS.map(str::to_owned).into_iter().chain(of_id) {
            for (workflow_id, status) in [
                (None, None),
                (None, Some(RunStatus::Queued)),
                (Some(newest.workflow.id), Some(RunStatus::Cancelled)),
                (Some(newest.workflow.id), None),
            ] {
                let query = RunQuery {
                    workflow_id,
                    status,
                    text: Some(text.clone()),
                    ..RunQuery::default()
                };
                compare_one(store, &newest_first, query).await;
            }
        }
    }
}

async fn compare_one(store: &dyn Store, newest_first: &[&RunRecord], mut query: RunQuery) {
    const LIMIT: usize = 13;
    let expected = newest_first.iter().filter(|record| query.wants(record));
    let expected: Vec<RunId> = expected.map(|record| record.id).collect();
    let mut found: Vec<RunId> = Vec::new();
    query.page = PageRequest::new(LIMIT, None);
    loop {
        let page = store.runs(query.clone()).await.unwrap();
        found.extend(page.items.iter().map(|record| record.id));
        query.page.cursor = page.next_cursor;
        if query.page.cursor.is_none() {
            break;
        }
        assert_eq!(page.items.len(), LIMIT, "{query:?}");
    }
    assert_eq!(found, expected, "{query:?}");
    let counts = store.count_runs(&query).await.unwrap();
    query.status = None;
    let mut expected = RunCounts::default();
    for record in newest_first.iter().filter(|record| query.wants(record)) {
        expected.add(record.head.status, 1);
    }
    assert_eq!(counts, expected, "{query:?}");
}

pub async fn a_search_finds_what_a_filter_finds(store: &dyn Store) {
    let mut runs = SearchedRuns::stored(store, 100).await;
    runs.compare(store).await;
    runs.change(store, 30).await;
    runs.compare(store).await;
}
