//! Turns stored specifications into workflows, together with the workflows they call.

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

/// The most workflows that one calls, directly or not.
const MAX_CALLED: usize = 100;

/// How many compiled workflows are kept.
const MOST_KEPT: usize = 64;

pub(in crate::engine::local) struct Linker {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    /// So that a run does not compile its workflow again.
    compiled: Mutex<HashMap<(WorkflowId, u32), Arc<Workflow>>>,
}

/// How many names are looked at for "did you mean".
const MOST_NAMES: usize = 500;

/// How many workflows of one name are listed.
const MOST_OF_ONE_NAME: usize = 10;

/// What a specification calls.
#[derive(Default)]
struct Called {
    /// By name: the workflow that is called by it, or why none is.
    by_name: BTreeMap<String, Result<WorkflowRecord, Refusal>>,
    /// The names that could be meant, when one is unknown.
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

    /// Checks a specification that is not stored yet.
    pub(in crate::engine::local) async fn check(
        &self,
        spec: &Value,
    ) -> Result<Workflow, EngineError> {
        self.check_as(spec, None).await
    }

    /// Checks a specification that is to be a version of this workflow.
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

    /// A stored workflow, with the newest versions of what it calls.
    pub(in crate::engine::local) async fn newest(
        &self,
        record: &WorkflowRecord,
    ) -> Result<Arc<Workflow>, EngineError> {
        let called = self.find_called(&record.spec).await?;
        self.link(record, &called)
    }

    /// A stored workflow as a run pinned it.
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

    fn linking<'a>(&'a self, called: &'a Called) -> Linking<'a> {
        Linking {
            linker: self,
            called,
            own_name: None,
            chain: Vec::new(),
            linked: HashMap::new(),
        }
    }

    /// Everything that a specification calls, and that those call.
    async fn find_called(&self, spec: &Value) -> Result<Called, EngineError> {
        let mut called = Called::default();
        let mut asked: HashSet<String> = HashSet::new();
        let mut names: Vec<String> = calls(spec).into_iter().map(str::to_owned).collect();
        while let Some(name) = names.pop() {
            if !asked.insert(name.clone()) {
                continue;
            }
            if asked.len() > MAX_CALLED {
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
                    called.candidates = self.store.workflow_names(MOST_NAMES).await?.into();
                }
                None => {}
            }
        }
        Ok(called)
    }

    /// The workflow of this id, or the only one of this name.
    async fn find(
        &self,
        name: &str,
    ) -> Result<Option<Result<WorkflowRecord, Refusal>>, EngineError> {
        if let Ok(id) = name.parse()
            && let Some(record) = self.store.workflow(id, None).await?
        {
            return Ok(Some(Ok(record)));
        }
        let named = self.store.workflows_named(name, MOST_OF_ONE_NAME).await?;
        match named.as_slice() {
            [] => Ok(None),
            // It may have been deleted in between.
            [only] => Ok(self.store.workflow(*only, None).await?.map(Ok)),
            several => Ok(Some(Err(ambiguous(name, several)))),
        }
    }

    /// Warns of other stored workflows that have the name of this one.
    pub(in crate::engine::local) async fn name_in_use(
        &self,
        name: Option<&str>,
        own: Option<WorkflowId>,
    ) -> Result<Option<Fault>, EngineError> {
        let Some(name) = name else {
            return Ok(None);
        };
        let mut others = self.store.workflows_named(name, MOST_OF_ONE_NAME).await?;
        others.retain(|id| Some(*id) != own);
        if others.is_empty() {
            return Ok(None);
        }
        let detail = format!(
            "`{}` is also the name of {}: no workflow can be called by it",
            shown(name),
            listed(&others)
        );
        let warning = Fault::new(FaultCode::NameInUse, "#/name", detail);
        let hint =
            "choose another name, store this as a new version of that workflow, or delete that one";
        Ok(Some(warning.with_hint(hint)))
    }
}

/// The linking of one workflow.
struct Linking<'a> {
    linker: &'a Linker,
    called: &'a Called,
    /// The name of a workflow that is about to be stored: whoever calls it means this one.
    own_name: Option<&'a str>,
    /// Which workflow is called by which, outermost first.
    chain: Vec<WorkflowId>,
    linked: HashMap<WorkflowId, Result<Arc<Workflow>, Refusal>>,
}

impl Linking<'_> {
    /// What a specification calls.
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
            detail: format!("`{name}` would call itself{through}"),
            hint: None,
        }
    }

    fn compile(&mut self, record: &WorkflowRecord) -> Result<Arc<Workflow>, InvalidWorkflow> {
        let key = (record.id, record.version);
        let kept = lock(&self.linker.compiled).get(&key).cloned();
        if let Some(kept) = kept.filter(|kept| self.is_current(kept)) {
            return Ok(kept);
        }
        let library = self.library(&record.spec);
        let workflow = Workflow::with_library(&record.spec, &self.linker.registry, &library)?;
        let workflow = Arc::new(workflow.stored_as(record.id, record.version));
        let mut compiled = lock(&self.linker.compiled);
        if compiled.len() >= MOST_KEPT
            && let Some(any) = compiled.keys().next().copied()
        {
            compiled.remove(&any);
        }
        compiled.insert(key, Arc::clone(&workflow));
        Ok(workflow)
    }

    /// Whether what it calls is what is called by these names now.
    fn is_current(&self, workflow: &Workflow) -> bool {
        workflow.pins().iter().all(|pin| {
            let called = self.called.record(&pin.workflow);
            called.map(|record| (record.id, record.version)) == pin.workflow_id.zip(pin.version)
        })
    }
}

/// Why a name that several workflows have calls none of them.
fn ambiguous(name: &str, named: &[WorkflowId]) -> Refusal {
    Refusal {
        code: FaultCode::AmbiguousWorkflow,
        detail: format!("`{}` is the name of {}", shown(name), listed(named)),
        hint: Some("call one by its id, or rename or delete the others".to_owned()),
    }
}

/// How many workflows these are, and their ids.
fn listed(ids: &[WorkflowId]) -> String {
    let number = match ids.len() {
        1 => "workflow".to_owned(),
        MOST_OF_ONE_NAME => format!("at least {MOST_OF_ONE_NAME} workflows:"),
        several => format!("{several} workflows:"),
    };
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{number} {}", ids.join(", "))
}

/// Why a workflow that has faults cannot be called.
fn refusal(name: &str, invalid: &InvalidWorkflow) -> Refusal {
    let mut faults = invalid.faults().iter();
    if let Some(passed_on) = faults.find(|fault| {
        let code = fault.code;
        matches!(
            code,
            FaultCode::Cycle | FaultCode::NestedTooDeep | FaultCode::AmbiguousWorkflow
        )
    }) {
        return Refusal {
            code: passed_on.code,
            detail: format!("`{name}` cannot be called: {}", passed_on.detail),
            hint: passed_on.hint.clone(),
        };
    }
    Refusal {
        code: FaultCode::UnknownWorkflow,
        detail: format!("`{name}` cannot be called: {invalid}"),
        hint: None,
    }
}
