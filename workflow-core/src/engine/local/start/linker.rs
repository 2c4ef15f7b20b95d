//! The linker: builds workflows from stored specifications, together with the workflows that they call.
//!
//! A call names a workflow by id or name. The linker first reads everything that is called, directly or not
//! ([`Linker::find_called`], async), then compiles from the inside out ([`Linking`], not async). Compiled workflows are
//! cached by id and version, and are reused only if their calls still resolve to the same versions.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::{
    engine::EngineError,
    error::{Fault, FaultCode, InvalidWorkflow, shown},
    event::PinnedWorkflow,
    node::Registry,
    record::WorkflowRecord,
    store::Store,
    value::{WorkflowId, lock},
    workflow::{Library, Refusal, Workflow, calls},
};

/// The most workflows that one workflow calls, directly or not.
const MAX_CALLED: usize = 100;

/// The most compiled workflows in the cache.
const MAX_COMPILED: usize = 64;

/// Validates and compiles workflows for an engine.
pub(in crate::engine::local) struct Linker {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    /// A cache, so that not every run compiles its workflow. When it is full, any entry is removed: the entries are cheap
    /// to rebuild, and few workflows are in use at a time.
    compiled: Mutex<HashMap<(WorkflowId, u32), Arc<Workflow>>>,
}

/// The most names that are candidates of a "did you mean" hint.
const MAX_CANDIDATES: usize = 500;

/// The most workflows of one name that a fault lists.
const MAX_SAME_NAME: usize = 10;

/// The workflows that a specification calls, directly or not.
#[derive(Default)]
struct Called {
    /// By name as written in the call: the workflow, or why it cannot be called. Unknown names are absent.
    by_name: BTreeMap<String, Result<WorkflowRecord, Refusal>>,
    /// Candidates of a hint. Read only if a name is unknown.
    candidates: Arc<[String]>,
}

impl Called {
    fn record(&self, name: &str) -> Option<&WorkflowRecord> {
        self.by_name.get(name)?.as_ref().ok()
    }
}

impl Linker {
    pub(in crate::engine::local) fn new(registry: Arc<Registry>, store: Arc<dyn Store>) -> Self {
        Self {
            registry,
            store,
            compiled: Mutex::default(),
        }
    }

    /// The node types of the engine.
    pub(in crate::engine::local) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A version of a stored workflow, the newest when none is named.
    pub(in crate::engine::local) async fn stored(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<WorkflowRecord, EngineError> {
        if let Some(record) = self.store.workflow(id, version).await? {
            return Ok(record);
        }
        match version {
            Some(version) if self.store.workflow(id, None).await?.is_some() => {
                let workflow = id;
                Err(EngineError::NoSuchVersion { workflow, version })
            }
            _ => Err(EngineError::NoSuchWorkflow(id)),
        }
    }

    /// Validates a specification that is not stored.
    pub(in crate::engine::local) async fn check(
        &self,
        spec: &Value,
    ) -> Result<Workflow, EngineError> {
        self.check_as(spec, None).await
    }

    /// Validates a specification as the next version of workflow `id`, so that a call of itself is found as a cycle.
    pub(in crate::engine::local) async fn check_as(
        &self,
        spec: &Value,
        id: Option<WorkflowId>,
    ) -> Result<Workflow, EngineError> {
        let called = self.find_called(spec).await?;
        let mut linking = self.linking(&called);
        linking.chain.extend(id);
        linking.own_name = spec["name"].as_str();
        let library = linking.library(spec);
        Ok(Workflow::with_library(spec, &self.registry, &library)?)
    }

    /// Compiles a stored workflow with the newest versions of those that it calls. For new runs.
    pub(in crate::engine::local) async fn newest(
        &self,
        record: &WorkflowRecord,
    ) -> Result<Arc<Workflow>, EngineError> {
        // A workflow that calls none is current as long as it is this version.
        if let Some(cached) = self.cached(record).filter(|it| it.pins().is_empty()) {
            return Ok(cached);
        }
        let called = self.find_called(&record.spec).await?;
        self.link(record, &called)
    }

    /// Compiles a stored workflow with the versions that a run has pinned. For runs that are resumed.
    pub(in crate::engine::local) async fn pinned(
        &self,
        record: &WorkflowRecord,
        pins: &[PinnedWorkflow],
    ) -> Result<Arc<Workflow>, EngineError> {
        let mut called = Called::default();
        for pin in pins {
            let Some((id, version)) = pin.workflow_id.zip(pin.version) else {
                continue;
            };
            if let Some(record) = self.store.workflow(id, Some(version)).await? {
                (called.by_name).insert(pin.workflow.to_string(), Ok(record));
            }
        }
        self.link(record, &called)
    }

    fn link(&self, record: &WorkflowRecord, called: &Called) -> Result<Arc<Workflow>, EngineError> {
        let mut linking = self.linking(called);
        linking.chain.push(record.id);
        Ok(linking.compile(record)?)
    }

    fn cached(&self, record: &WorkflowRecord) -> Option<Arc<Workflow>> {
        let key = (record.id, record.version);
        lock(&self.compiled).get(&key).cloned()
    }

    fn linking<'a>(&'a self, called: &'a Called) -> Linking<'a> {
        Linking {
            linker: self,
            called,
            own_name: None,
            chain: Vec::new(),
            linked: HashMap::new(),
        }
    }

    /// Reads all workflows that a specification calls, directly or not.
    async fn find_called(&self, spec: &Value) -> Result<Called, EngineError> {
        let mut called = Called::default();
        let mut visited: HashSet<String> = HashSet::new();
        let mut names: Vec<String> = calls(spec).into_iter().map(str::to_owned).collect();
        while let Some(name) = names.pop() {
            if !visited.insert(name.clone()) {
                continue;
            }
            if visited.len() > MAX_CALLED {
                let detail = format!("more than {MAX_CALLED} workflows are called");
                let fault = Fault::new(FaultCode::TooManyWorkflows, "#", detail);
                return Err(InvalidWorkflow::new(vec![fault]).into());
            }
            match self.find(&name).await? {
                Some(found) => {
                    if let Ok(record) = &found {
                        names.extend(calls(&record.spec).into_iter().map(str::to_owned));
                    }
                    called.by_name.insert(name, found);
                }
                None if called.candidates.is_empty() => {
                    called.candidates = self.store.workflow_names(MAX_CANDIDATES).await?.into();
                }
                None => {}
            }
        }
        Ok(called)
    }

    /// The workflow with this id, or the only one with this name; a refusal if several have it; `None` if none has.
    async fn find(
        &self,
        name: &str,
    ) -> Result<Option<Result<WorkflowRecord, Refusal>>, EngineError> {
        if let Ok(id) = name.parse()
            && let Some(record) = self.store.workflow(id, None).await?
        {
            return Ok(Some(Ok(record)));
        }
        let named = self.store.workflows_named(name, MAX_SAME_NAME).await?;
        match named.as_slice() {
            [] => Ok(None),
            // It may have been deleted between the two reads.
            [only] => Ok(self.store.workflow(*only, None).await?.map(Ok)),
            several => Ok(Some(Err(ambiguous(name, several)))),
        }
    }

    /// A warning if other stored workflows have this name: calls by name would be ambiguous.
    pub(in crate::engine::local) async fn name_in_use(
        &self,
        name: Option<&str>,
        own: Option<WorkflowId>,
    ) -> Result<Option<Fault>, EngineError> {
        let Some(name) = name else {
            return Ok(None);
        };
        let mut others = self.store.workflows_named(name, MAX_SAME_NAME).await?;
        others.retain(|id| Some(*id) != own);
        if others.is_empty() {
            return Ok(None);
        }
        let detail = format!(
            "`{}` is also the name of {}: calls by this name are ambiguous",
            shown(name),
            id_list(&others)
        );
        let warning = Fault::new(FaultCode::NameInUse, "#/name", detail);
        let hint = "choose another name, store this as a new version of that workflow, or delete that workflow";
        Ok(Some(warning.with_hint(hint)))
    }
}

/// The compilation of one workflow and of those that it calls.
struct Linking<'a> {
    linker: &'a Linker,
    called: &'a Called,
    /// The name of the workflow that is about to be stored. A call of this name refers to it and is a cycle.
    own_name: Option<&'a str>,
    /// The workflows that are being compiled, outermost first. A call of one of them is a cycle.
    chain: Vec<WorkflowId>,
    /// Results so far: a workflow that is called in several places is compiled once.
    linked: HashMap<WorkflowId, Result<Arc<Workflow>, Refusal>>,
}

impl Linking<'_> {
    /// The library with the compiled workflows that a specification calls directly.
    fn library(&mut self, spec: &Value) -> Library {
        let mut library = Library::new();
        for name in calls(spec) {
            match self.resolve(name) {
                None => library.suggest(Arc::clone(&self.called.candidates)),
                Some(Ok(workflow)) => library.insert(name, workflow),
                Some(Err(refusal)) => library.refuse(name, refusal),
            }
        }
        library
    }

    fn resolve(&mut self, name: &str) -> Option<Result<Arc<Workflow>, Refusal>> {
        if self.own_name == Some(name) {
            return Some(Err(self.cycle(name)));
        }
        let record = match self.called.by_name.get(name)? {
            Ok(record) => record,
            Err(refusal) => return Some(Err(refusal.clone())),
        };
        if self.chain.contains(&record.id) {
            return Some(Err(self.cycle(name)));
        }
        if let Some(linked) = self.linked.get(&record.id) {
            return Some(linked.clone());
        }
        self.chain.push(record.id);
        let linked = self
            .compile(record)
            .map_err(|invalid| refusal(name, &invalid));
        self.chain.pop();
        self.linked.insert(record.id, linked.clone());
        Some(linked)
    }

    fn cycle(&self, name: &str) -> Refusal {
        let through = match self.chain.len() {
            0 | 1 => String::new(),
            _ => " through the workflows it calls".to_owned(),
        };
        Refusal {
            code: FaultCode::Cycle,
            detail: format!("`{name}` calls itself{through}"),
            hint: None,
        }
    }

    fn compile(&mut self, record: &WorkflowRecord) -> Result<Arc<Workflow>, InvalidWorkflow> {
        let cached = self.linker.cached(record);
        if let Some(cached) = cached.filter(|cached| self.is_current(cached)) {
            return Ok(cached);
        }
        let library = self.library(&record.spec);
        let workflow = Workflow::with_library(&record.spec, &self.linker.registry, &library)?;
        let workflow = Arc::new(workflow.stored_as(record.id, record.version));
        let mut compiled = lock(&self.linker.compiled);
        if compiled.len() >= MAX_COMPILED
            && let Some(any) = compiled.keys().next().copied()
        {
            compiled.remove(&any);
        }
        compiled.insert((record.id, record.version), Arc::clone(&workflow));
        Ok(workflow)
    }

    /// Whether the calls of a cached workflow resolve to the versions that it was compiled with.
    fn is_current(&self, workflow: &Workflow) -> bool {
        workflow.pins().iter().all(|pin| {
            let called = self.called.record(&pin.workflow);
            called.map(|record| (record.id, record.version)) == pin.workflow_id.zip(pin.version)
        })
    }
}

/// The refusal of a call by a name that several workflows have.
fn ambiguous(name: &str, named: &[WorkflowId]) -> Refusal {
    Refusal {
        code: FaultCode::AmbiguousWorkflow,
        detail: format!("`{}` is the name of {}", shown(name), id_list(named)),
        hint: Some("call one by its id, or rename or delete the others".to_owned()),
    }
}

/// Formats the number of workflows and their ids.
fn id_list(ids: &[WorkflowId]) -> String {
    let number = match ids.len() {
        1 => "workflow".to_owned(),
        MAX_SAME_NAME => format!("at least {MAX_SAME_NAME} workflows:"),
        several => format!("{several} workflows:"),
    };
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{number} {}", ids.join(", "))
}

/// The refusal of a call of a workflow with faults. Faults that the caller can fix keep their code.
fn refusal(name: &str, invalid: &InvalidWorkflow) -> Refusal {
    let mut faults = invalid.faults().iter();
    if let Some(fault) = faults.find(|fault| {
        let code = fault.code;
        matches!(
            code,
            FaultCode::Cycle | FaultCode::NestedTooDeep | FaultCode::AmbiguousWorkflow
        )
    }) {
        return Refusal {
            code: fault.code,
            detail: format!("`{name}` cannot be called: {}", fault.detail),
            hint: fault.hint.clone(),
        };
    }
    Refusal {
        code: FaultCode::UnknownWorkflow,
        detail: format!("`{name}` cannot be called: {invalid}"),
        hint: None,
    }
}
