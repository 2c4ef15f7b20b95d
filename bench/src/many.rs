//! Many runs as a service has them after a while, as rows.

use serde_json::json;
use workflow_core::{
    RunId, RunRecord, RunStatus, StepEvent,
    record::{WorkflowRecord, WorkflowRef},
    value::Timestamp,
};
use workflow_sqlkit::EncodedRun;

/// The number of runs. The last 3,576 are too few for a block of the search index, which is almost the worst case.
pub const RUNS: i64 = 1_003_000;

/// Frequent words first.
const WORDS: [&str; 48] = [
    "the", "of", "and", "to", "in", "is", "that", "for", "it", "was", "on", "with", "he", "be",
    "by", "at", "customer", "you", "are", "this", "from", "or", "had", "her", "not", "but", "what",
    "all", "were", "when", "we", "there", "order", "can", "an", "your", "which", "their", "said",
    "if", "will", "do", "each", "about", "how", "up", "out", "then",
];

const SYLLABLES: [&str; 24] = [
    "ba", "ter", "mon", "li", "ra", "con", "de", "sta", "per", "ing", "al", "ent", "tion", "ex",
    "pro", "ma", "ver", "no", "ser", "vi", "ces", "to", "ly", "qu",
];

/// All runs, in the order of their ids.
#[derive(Debug)]
pub struct Runs {
    workflows: Vec<WorkflowRef>,
    state: u64,
    made: i64,
}

impl Runs {
    /// The same runs each time, except for their ids.
    #[expect(
        clippy::new_without_default,
        reason = "an iterator of a million runs is no default"
    )]
    pub fn new() -> Self {
        let workflows = (0..20).map(|n| {
            let record = WorkflowRecord::new(
                Some(format!("Workflow {n} for tickets")),
                json!({"nodes": []}).into(),
            );
            WorkflowRef::from(&record)
        });
        Self {
            workflows: workflows.collect(),
            state: 1,
            made: 0,
        }
    }

    /// A number below `end`: Knuth's linear congruential generator.
    fn below(&mut self, end: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % end
    }

    fn word(&mut self) -> String {
        if self.below(10) < 6 {
            // The first ones are the most frequent.
            let end = self.below(WORDS.len()) + 1;
            return WORDS[self.below(end)].to_owned();
        }
        // Of some thousand others.
        let seed = self.below(4_000);
        let second = SYLLABLES[seed / 24 % 24];
        format!(
            "{}{second}{}",
            SYLLABLES[seed % 24],
            SYLLABLES[seed / 576 % 24]
        )
    }

    fn input(&mut self) -> String {
        let mut words: Vec<String> = (0..6 + self.below(14)).map(|_| self.word()).collect();
        let at = self.below(words.len());
        match self.below(1_000_000) {
            0..100 => words.insert(at, "needle in the haystack".to_owned()),
            100..5_000 => words.insert(at, "Привет".to_owned()),
            5_000..6_000 => words.insert(at, "热水".to_owned()),
            6_000..6_050 => words.insert(at, "🦀🦀".to_owned()),
            10_000..20_000 => words.insert(at, "100%".to_owned()),
            _ => {}
        }
        words.join(" ")
    }

    fn status(&mut self) -> RunStatus {
        match self.below(1_000) {
            0..2 if self.made + 10_000 > RUNS => RunStatus::Queued,
            2..10 => RunStatus::Waiting,
            10..60 => RunStatus::Failed,
            60..70 => RunStatus::Cancelled,
            _ => RunStatus::Completed,
        }
    }
}

impl Iterator for Runs {
    type Item = EncodedRun;

    fn next(&mut self) -> Option<EncodedRun> {
        self.made += 1;
        let first: StepEvent = serde_json::from_value(json!({
            "seq": 1, "run_id": RunId::new(), "time": Timestamp::now(), "type": "run.created", "spec_hash": "4f2a",
            "input": self.input(), "nodes": [],
        }))
        .ok()?;
        let workflow = self.below(self.workflows.len());
        let mut record = RunRecord::new(self.workflows.get(workflow)?.clone(), &first);
        record.head.status = self.status();
        EncodedRun::of(&record, &[first], None).ok()
    }
}
