//! A store in the memory of the process.
//!
//! Lock order: the map of runs, then one run. `workflows` is independent, and never locked together with the runs.
//! The count of bytes is atomic and approximate while writes are under way: two runs that are created at the same
//! time may together exceed the limit by one of them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    fmt, iter,
    ops::Bound,
    str::FromStr,
    sync::{
        Arc, Mutex, RwLock, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;

use super::{Append, Catalog, RunLog, Store, StoreError};
use crate::{
    event::StepEvent,
    record::{KeyedRun, Page, PageRequest, RunCounts, RunKey, RunQuery, RunRecord, WorkflowRecord},
    value::{RunId, WorkflowId, heap, lock, read, write},
};

/// Default of [`MemoryStore::with_ended_runs`].
const DEFAULT_ENDED_RUNS: usize = 1_000;

/// Default of [`MemoryStore::with_max_bytes`]: 512 MiB.
const DEFAULT_BYTES: usize = 512 * 1024 * 1024;

/// Estimated bytes of a run besides its events: its record, its key and the entries of the maps.
const RUN_OVERHEAD: usize = 1024;

/// The most runs that a list takes from the map at once.
const CHUNK: usize = 256;

/// A store in the memory of the process, for tests and for programs whose runs need not survive a restart.
///
/// It deletes ended runs, the oldest first, when it holds more than [`with_ended_runs`](Self::with_ended_runs) of them
/// or more than [`with_max_bytes`](Self::with_max_bytes). If that is not enough, because workflows and unfinished runs
/// fill the memory, it rejects new runs and workflows with [`StoreError::Full`]. Logs of unfinished runs may always
/// grow: a rejected append would stop a run that was paid for.
///
/// ```
/// use workflow_core::MemoryStore;
///
/// let store = MemoryStore::new()
///     .with_ended_runs(100)
///     .with_max_bytes(64 * 1024 * 1024);
/// ```
pub struct MemoryStore {
    workflows: Mutex<BTreeMap<WorkflowId, StoredWorkflow>>,
    runs: RwLock<Runs>,
    max_ended_runs: usize,
    /// Estimated memory of workflows, runs and logs. Atomic, since `append` holds only the lock of its run.
    bytes: AtomicUsize,
    max_bytes: usize,
}

struct StoredWorkflow {
    /// Oldest first; never empty.
    versions: Vec<WorkflowRecord>,
    /// A deleted workflow keeps its versions for the runs that pin them.
    deleted: bool,
}

#[derive(Default)]
struct Runs {
    /// Each run has a lock of its own, so that appends to different runs do not wait for each other. A run's lock may
    /// be taken while this map is locked, never the other way round.
    by_id: BTreeMap<RunId, Arc<Mutex<StoredRun>>>,
    /// By scope and key.
    by_key: HashMap<(String, String), RunId>,
    /// Ended runs in the order they ended.
    ended: VecDeque<RunId>,
}

impl Runs {
    /// Removes a run and its key. Its entry in `ended` is the caller's.
    #[must_use = "a long log takes its time to be dropped: not while the map is locked"]
    fn remove(&mut self, run: RunId) -> Option<Arc<Mutex<StoredRun>>> {
        let stored = self.by_id.remove(&run)?;
        if let Some(key) = &lock(&stored).key {
            self.by_key.remove(&scope_and_key(key));
        }
        Some(stored)
    }
}

fn scope_and_key(key: &RunKey) -> (String, String) {
    (key.scope.clone(), key.key.clone())
}

/// The newest version of each workflow that is not deleted, newest workflow first.
fn newest(
    workflows: &BTreeMap<WorkflowId, StoredWorkflow>,
) -> impl Iterator<Item = &WorkflowRecord> {
    let listed = workflows.values().rev().filter(|stored| !stored.deleted);
    listed.filter_map(|stored| stored.versions.last())
}

struct StoredRun {
    record: RunRecord,
    key: Option<RunKey>,
    log: Vec<StepEvent>,
    bytes: usize,
}

impl MemoryStore {
    /// An empty store with the default limits: 1,000 ended runs, 512 MiB.
    pub fn new() -> Self {
        Self {
            workflows: Mutex::default(),
            runs: RwLock::default(),
            max_ended_runs: DEFAULT_ENDED_RUNS,
            bytes: AtomicUsize::new(0),
            max_bytes: DEFAULT_BYTES,
        }
    }

    /// Sets how many ended runs the store keeps; 1,000 by default. It deletes the oldest first, by the time they ended.
    #[must_use]
    pub fn with_ended_runs(mut self, runs: usize) -> Self {
        self.max_ended_runs = runs;
        self
    }

    /// Sets how many bytes of memory workflows, runs and logs may hold, as estimated by
    /// [`heap_bytes`](crate::value::heap_bytes); 512 MiB by default. Logs of unfinished runs may grow beyond it.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Deletes ended runs until `bytes` more fit.
    ///
    /// # Errors
    /// [`StoreError::Full`] if they do not fit after that.
    fn ensure_capacity(&self, bytes: usize) -> Result<(), StoreError> {
        self.evict_ended(bytes);
        if self.bytes.load(Ordering::Relaxed).saturating_add(bytes) > self.max_bytes {
            return Err(StoreError::Full {
                most: self.max_bytes,
            });
        }
        Ok(())
    }

    /// Deletes ended runs, the oldest first, until `bytes` more fit or none is left.
    fn evict_ended(&self, bytes: usize) {
        let is_over_limit =
            || self.bytes.load(Ordering::Relaxed).saturating_add(bytes) > self.max_bytes;
        if !is_over_limit() {
            return;
        }
        self.evict(write(&self.runs), |_| is_over_limit());
    }

    /// Deletes ended runs, the oldest first, while there are too many. They are dropped after the map is unlocked: a long log
    /// takes its time.
    fn evict(&self, mut runs: RwLockWriteGuard<'_, Runs>, are_too_many: impl Fn(&Runs) -> bool) {
        let mut removed = Vec::new();
        while are_too_many(&runs)
            && let Some(oldest) = runs.ended.pop_front()
        {
            if let Some(run) = runs.remove(oldest) {
                self.uncount(&run);
                removed.push(run);
            }
        }
        drop(runs);
    }

    /// The bytes of a removed run are free. Called while the map is locked, so that nobody else finds it too full.
    fn uncount(&self, removed: &Mutex<StoredRun>) {
        let bytes = lock(removed).bytes;
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The map is unlocked when this returns. If the run is deleted before the caller locks it, a write goes to a
    /// run that cannot be read any more.
    fn find(&self, run: RunId) -> Result<Arc<Mutex<StoredRun>>, StoreError> {
        read(&self.runs)
            .by_id
            .get(&run)
            .cloned()
            .ok_or(StoreError::NoSuchRun(run))
    }

    /// The runs before this one, newest first. The map is not locked while the caller looks at them, since a filter may take long
    /// and nothing could be created meanwhile.
    fn newest_runs(&self, mut end: Bound<RunId>) -> impl Iterator<Item = Arc<Mutex<StoredRun>>> {
        let chunks = iter::from_fn(move || {
            let runs = read(&self.runs);
            let older = runs.by_id.range((Bound::Unbounded, end)).rev();
            let (ids, chunk): (Vec<_>, Vec<_>) = older
                .take(CHUNK)
                .map(|(id, stored)| (*id, Arc::clone(stored)))
                .unzip();
            end = Bound::Excluded(*ids.last()?);
            Some(chunk)
        });
        chunks.flatten()
    }

    /// Records that a run has ended, and deletes the oldest ended runs beyond the limit.
    fn mark_ended(&self, run: RunId) {
        let mut runs = write(&self.runs);
        runs.ended.push_back(run);
        self.evict(runs, |runs| runs.ended.len() > self.max_ended_runs);
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl RunLog for MemoryStore {
    async fn create_run(
        &self,
        record: RunRecord,
        events: &[StepEvent],
        key: Option<RunKey>,
    ) -> Result<(), StoreError> {
        let (id, has_ended) = (record.id, record.head.status.has_ended());
        let bytes = RUN_OVERHEAD + events.iter().map(StepEvent::memory).sum::<usize>();
        self.ensure_capacity(bytes)?;
        let by_key = key.as_ref().map(scope_and_key);
        let stored = StoredRun {
            record,
            key,
            log: events.to_vec(),
            bytes,
        };
        let stored = Arc::new(Mutex::new(stored));
        let mut runs = write(&self.runs);
        if let Some(by_key) = by_key {
            match runs.by_key.entry(by_key) {
                // Nothing has been changed yet: `ensure_capacity` may only have deleted ended runs.
                Entry::Occupied(_) => return Err(StoreError::KeyTaken),
                Entry::Vacant(free) => free.insert(id),
            };
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        runs.by_id.insert(id, stored);
        drop(runs);
        if has_ended {
            self.mark_ended(id);
        }
        Ok(())
    }

    async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError> {
        let runs = read(&self.runs);
        let run = runs.by_key.get(&scope_and_key(key));
        let stored = run.and_then(|run| runs.by_id.get(run)).map(|run| lock(run));
        Ok(stored.and_then(|stored| {
            let request = stored.key.as_ref()?.request.clone();
            Some(KeyedRun::new(stored.record.clone(), request))
        }))
    }

    async fn append(&self, run: RunId, append: Append<'_>) -> Result<(), StoreError> {
        let stored = self.find(run)?;
        let mut stored = lock(&stored);
        let actual = stored.record.head.last_seq;
        if actual != append.expected_seq {
            return Err(StoreError::Conflict {
                run,
                expected: append.expected_seq,
                actual,
            });
        }
        let bytes: usize = append.events.iter().map(StepEvent::memory).sum();
        stored.log.extend_from_slice(append.events);
        stored.record.head.replace(append.head);
        stored.bytes += bytes;
        drop(stored);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // After the lock of the run is released: eviction locks the map first, then runs.
        self.evict_ended(0);
        if append.head.status.has_ended() {
            self.mark_ended(run);
        }
        Ok(())
    }

    async fn read(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, StoreError> {
        let stored = self.find(run)?;
        let stored = lock(&stored);
        // Events are numbered from 1 without gaps, so a number is also an index.
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(stored.log.iter().skip(skip).take(limit).cloned().collect())
    }

    async fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        Ok(self
            .find(run)
            .ok()
            .map(|stored| lock(&stored).record.clone()))
    }

    async fn unfinished(
        &self,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let runs = read(&self.runs);
        let younger = runs.by_id.range((start, Bound::Unbounded));
        let records = younger.map(|(_, stored)| lock(stored).record.clone());
        Ok(records
            .filter(|record| !record.head.status.has_ended())
            .take(limit)
            .collect())
    }

    async fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
        let mut runs = write(&self.runs);
        runs.ended.retain(|ended| *ended != run);
        let removed = runs.remove(run);
        if let Some(removed) = &removed {
            self.uncount(removed);
        }
        drop(runs);
        Ok(removed.is_some())
    }
}

#[async_trait]
impl Catalog for MemoryStore {
    async fn create_workflow(&self, record: WorkflowRecord) -> Result<(), StoreError> {
        let bytes = heap::of_shared(&record.spec);
        self.ensure_capacity(bytes)?;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let stored = StoredWorkflow {
            versions: vec![record.clone()],
            deleted: false,
        };
        lock(&self.workflows).insert(record.id, stored);
        Ok(())
    }

    async fn update_workflow(&self, record: WorkflowRecord) -> Result<bool, StoreError> {
        let bytes = heap::of_shared(&record.spec);
        self.ensure_capacity(bytes)?;
        let mut workflows = lock(&self.workflows);
        let listed = workflows
            .get_mut(&record.id)
            .filter(|stored| !stored.deleted);
        let Some(stored) = listed else {
            return Ok(false);
        };
        let newest = stored.versions.last().map(|newest| newest.version);
        let follows = newest.and_then(|newest| newest.checked_add(1)) == Some(record.version);
        if follows {
            stored.versions.push(record);
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        Ok(follows)
    }

    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError> {
        let workflows = lock(&self.workflows);
        let Some(stored) = workflows.get(&id) else {
            return Ok(None);
        };
        Ok(match version {
            Some(version) => stored
                .versions
                .iter()
                .find(|record| record.version == version)
                .cloned(),
            None => stored.versions.last().filter(|_| !stored.deleted).cloned(),
        })
    }

    async fn workflows_named(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Vec<WorkflowId>, StoreError> {
        let workflows = lock(&self.workflows);
        let named = newest(&workflows).filter(|record| record.name.as_deref() == Some(name));
        Ok(named.map(|record| record.id).take(limit).collect())
    }

    async fn workflow_names(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let workflows = lock(&self.workflows);
        let names = newest(&workflows).filter_map(|record| record.name.clone());
        Ok(names.take(limit).collect())
    }

    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, StoreError> {
        let workflows = lock(&self.workflows);
        let end: Bound<WorkflowId> = before(&page)?;
        let older = workflows.range((Bound::Unbounded, end)).rev();
        let listed = older.filter(|(_, stored)| !stored.deleted);
        let records = listed.filter_map(|(_, stored)| stored.versions.last().cloned());
        Ok(take_page(records, page.limit, |record| record.id))
    }

    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, StoreError> {
        let before = match &page.cursor {
            None => u32::MAX,
            Some(cursor) => cursor.parse().map_err(|_| StoreError::BadCursor)?,
        };
        let workflows = lock(&self.workflows);
        let listed = workflows.get(&id).filter(|stored| !stored.deleted);
        let versions = listed
            .iter()
            .flat_map(|stored| stored.versions.iter().rev());
        let older = versions.filter(|record| record.version < before).cloned();
        Ok(take_page(older, page.limit, |record| record.version))
    }

    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<bool, StoreError> {
        let mut workflows = lock(&self.workflows);
        let listed = workflows.get_mut(&id).filter(|stored| !stored.deleted);
        let matching = listed.filter(|stored| {
            let newest = stored.versions.last().map(|newest| newest.version);
            if_version.is_none() || if_version == newest
        });
        Ok(matching.map(|stored| stored.deleted = true).is_some())
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, StoreError> {
        let runs = self.newest_runs(before(&query.page)?);
        let records = runs.map(|stored| lock(&stored).record.clone());
        let wanted = records.filter(|record| query.wants(record));
        Ok(take_page(wanted, query.page.limit, |record| record.id))
    }

    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, StoreError> {
        let mut counts = RunCounts::default();
        let of_any_status = RunQuery {
            status: None,
            ..query.clone()
        };
        for stored in self.newest_runs(Bound::Unbounded) {
            let record = &lock(&stored).record;
            if of_any_status.wants(record) {
                counts.add(record.head.status, 1);
            }
        }
        Ok(counts)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The end of the ids that are older than the cursor. Ids are UUIDs of version 7 (RFC 9562), which sort by creation time; a
/// cursor is the last id of a page.
fn before<Id: FromStr>(page: &PageRequest) -> Result<Bound<Id>, StoreError> {
    match &page.cursor {
        None => Ok(Bound::Unbounded),
        Some(cursor) => {
            let id = cursor.parse().map_err(|_| StoreError::BadCursor)?;
            Ok(Bound::Excluded(id))
        }
    }
}

/// Collects one page. The cursor is set only if another record follows, so that the last page has none.
fn take_page<T, Id: fmt::Display>(
    mut records: impl Iterator<Item = T>,
    limit: usize,
    id: fn(&T) -> Id,
) -> Page<T> {
    let items: Vec<T> = records.by_ref().take(limit).collect();
    let more = records.next().is_some();
    let next_cursor = items
        .last()
        .filter(|_| more)
        .map(|last| id(last).to_string());
    Page::new(items, next_cursor)
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
