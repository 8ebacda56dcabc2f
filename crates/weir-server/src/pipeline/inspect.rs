//! `Request` → [`Label`](weir_label::Label) and findings.
//!
//! INVARIANT (fails closed): whatever goes wrong in here (a panic, the time limit, a limit of the
//! engine) gives the label of data that could not be inspected.

use super::identify::Caller;
use super::receive::Content;
use super::task::task_of;
use crate::counts::Counted;
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::ids::unforeseeable;
use crate::snapshot::Snapshot;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_audit::Ident;
use weir_classify::{Finding, Inspection, Segment, SegmentKind};
use weir_config::UnknownFields;
use weir_label::{Classified, Inspect, Label};
use weir_policy::{Target, TaskType};
use weir_task::Judgement;
use weir_tokens::Counter;
use weir_wire::json::Limits;
use weir_wire::request::{Api, ClientRequest};
use weir_wire::segment;
use weir_wire::tokens::Estimator;

/// Bodies above this are read and inspected away from the threads that serve everybody.
const LARGE_BODY_BYTES: usize = 256 * 1024;

/// Time for a large body, for each MiB of it and once more.
const TIME_PER_MIB: Duration = Duration::from_millis(250);

/// A request that was read and inspected.
#[derive(Debug)]
pub(crate) struct Inspected {
    /// The request with its label: what inspection found, joined with what the caller declared.
    pub request: Classified<ClientRequest>,
    pub seen: Seen,
    /// What it asks for and how hard it is, if that could be told.
    pub task: Option<Judgement>,
    /// What the caller says that it asks for, where the policy accepts that.
    pub declared_task: Option<TaskType>,
    /// Which detectors were asked besides; see [`Detectors::key`](crate::detect::Detectors::key).
    pub asked: String,
    /// Whether it was settled if the encoder is asked for the task type.
    pub consulted: bool,
    pub took: Duration,
    pub body_bytes: usize,
}

/// What inspection saw, without a word of the text.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    pub entities: BTreeMap<String, u32>,
    pub findings: Vec<weir_classify::Finding>,
    pub opaque: Vec<String>,
    pub complete: bool,
    /// Which engine with which settings looked.
    pub scanner: Option<Ident>,
    pub text_bytes: usize,
    /// Tokens of the prompt.
    pub counted: Counted,
}

impl Inspected {
    /// Looks again, with the engine of another snapshot. The label can only rise.
    pub fn again(&mut self, snapshot: &Snapshot) {
        let inspector = Inspector::new(snapshot);
        self.request = self.request.clone().inspected_again(&inspector);
        self.seen = inspector.seen();
    }

    /// Joins a label to the request's.
    pub fn raise(&mut self, label: &Label) {
        self.request = self.request.clone().raised(label);
    }

    /// Adds what a detector found.
    pub fn add(&mut self, finding: Finding) {
        self.raise(&Label::at(finding.level).with_category(finding.category.clone()));
        *self.seen.entities.entry(finding.entity.as_str().to_owned()).or_default() += 1;
        self.seen.findings.push(finding);
    }

    /// Tokens of the prompt, about, whoever counts them.
    pub fn prompt_tokens(&self) -> u64 {
        self.seen.counted.tokens
    }

    /// Tokens of the prompt as the target will count them, about.
    pub fn prompt_tokens_at(&self, target: Option<&Target>, gateway: &Gateway) -> u64 {
        target.map_or(self.prompt_tokens(), |target| gateway.counts.of(&target.name, &self.seen.counted))
    }
}

/// Reads a body and inspects all of it.
///
/// # Errors
/// [`Failure::BadRequest`] for a body that is no strict JSON, or not of the shape that the API has.
pub(crate) async fn inspect(
    gateway: &Arc<Gateway>,
    api: Api,
    content: Content,
    caller: &Caller,
    request_id: &Ident,
) -> Result<Inspected, Failure> {
    let snapshot = gateway.snapshot_for(request_id).snapshot;
    let length = content.len();
    if length <= LARGE_BODY_BYTES {
        let request = read(gateway, api, content)?.with_head(caller.anthropic.words());
        let request = snapshot.extractors.read(request, &gateway.metrics).await;
        return Ok(look(request, length, &snapshot, caller));
    }
    Box::pin(inspect_large(gateway, api, content, snapshot, caller)).await
}

async fn inspect_large(
    gateway: &Arc<Gateway>,
    api: Api,
    content: Content,
    snapshot: Arc<Snapshot>,
    caller: &Caller,
) -> Result<Inspected, Failure> {
    let (length, reader) = (content.len(), gateway.clone());
    let mebibytes = u32::try_from(length >> 20).unwrap_or(u32::MAX).saturating_add(1);
    let limit = TIME_PER_MIB.saturating_mul(mebibytes.saturating_add(1));
    let request = tokio::task::spawn_blocking(move || read(&reader, api, content)).await;
    let request = request.map_err(|_| Failure::Panicked)??.with_head(caller.anthropic.words());
    let request = snapshot.extractors.read(request, &gateway.metrics).await;
    let request = Arc::new(request);
    let (looked_at, by_whom, started) = (request.clone(), caller.clone(), Instant::now());
    let scanner = Some(snapshot.words.scanner.clone());
    let look = tokio::task::spawn_blocking(move || look(looked_at, length, &snapshot, &by_whom));
    match tokio::time::timeout(limit, look).await {
        Ok(Ok(inspected)) => Ok(inspected),
        Ok(Err(_)) | Err(_) => Ok(Inspected {
            request: Classified::new(request, &GaveUp).raised(&caller.label),
            seen: Seen { scanner, ..Seen::default() },
            task: None,
            declared_task: None,
            asked: String::new(),
            consulted: false,
            took: started.elapsed(),
            body_bytes: length,
        }),
    }
}

/// The inspector of what could not be inspected in time.
struct GaveUp;

impl Inspect<ClientRequest> for GaveUp {
    fn inspect(&self, _request: &ClientRequest) -> Label {
        Label::unknown()
    }
}

/// Looks again at a request that is under way, with the engine of another snapshot. The label can only rise.
pub(crate) fn look_again(
    request: Classified<ClientRequest>,
    snapshot: &Snapshot,
) -> Classified<ClientRequest> {
    request.inspected_again(&Inspector::new(snapshot))
}

/// Reads a body, with the pseudonyms and the makers of what is in it.
///
/// # Errors
/// [`Failure::BadRequest`], as [`inspect`].
pub(super) fn read(gateway: &Gateway, api: Api, content: Content) -> Result<ClientRequest, Failure> {
    let request = match content {
        Content::Json(bytes) => ClientRequest::read_as(api, &bytes, Limits::default()),
        Content::Form { parts, .. } => ClientRequest::read_form(api, parts, unforeseeable("weir-")),
    };
    let request = request.map_err(Failure::BadRequest)?;
    if gateway.snapshot().loaded.config.unknown_fields == UnknownFields::Refuse {
        request.refuse_unknown().map_err(Failure::BadRequest)?;
    }
    let request =
        request.with_pseudonyms(|identifier| gateway.pseudonyms.of("end-user", identifier.as_bytes()));
    if !request.has_sealed() {
        return Ok(request);
    }
    let snapshot = gateway.snapshot();
    let backends = || snapshot.loaded.config.backends.iter().map(|backend| &backend.name);
    Ok(request.with_makers(|value| gateway.makers.maker(value, backends())))
}

/// Inspects a request under a snapshot.
pub(crate) fn look(
    request: impl Into<Arc<ClientRequest>>,
    body_bytes: usize,
    snapshot: &Snapshot,
    caller: &Caller,
) -> Inspected {
    let started = Instant::now();
    let inspector = Inspector::new(snapshot);
    let request = Classified::new(request, &inspector).raised(&caller.label);
    let (seen, asked) = (inspector.seen(), String::new());
    let task = task_of(request.content());
    let declared_task = caller.task.filter(|_| snapshot.loaded.accepts_declared_task);
    let took = started.elapsed();
    Inspected { request, seen, task, declared_task, asked, consulted: false, took, body_bytes }
}

/// The engine, looking at one request.
pub(crate) struct Inspector<'e> {
    snapshot: &'e Snapshot,
    seen: RefCell<Seen>,
}

impl<'e> Inspector<'e> {
    pub fn new(snapshot: &'e Snapshot) -> Self {
        Self { snapshot, seen: RefCell::default() }
    }

    /// What it saw, once it has looked.
    pub fn seen(self) -> Seen {
        Seen { scanner: Some(self.snapshot.words.scanner.clone()), ..self.seen.into_inner() }
    }
}

impl Inspect<ClientRequest> for Inspector<'_> {
    fn inspect(&self, request: &ClientRequest) -> Label {
        let look = || {
            let strings = request.segments();
            let written =
                || strings.iter().filter(|string| !string.is_of_protocol()).map(|string| string.text);
            let text_bytes = written().map(str::len).sum();
            let counted = count(request, written(), self.snapshot);
            let segments: Vec<Segment<'_>> = strings.iter().map(to_classify).collect();
            (self.snapshot.engine.inspect(&segments), text_bytes, counted)
        };
        let Ok((inspection, text_bytes, counted)) = catch_unwind(AssertUnwindSafe(look)) else {
            return Label::unknown();
        };
        let Inspection { label, findings, entities, opaque, complete } = inspection;
        let entities =
            entities.into_iter().map(|(entity, count)| (entity.as_str().to_owned(), count)).collect();
        let opaque = opaque.into_iter().map(|opaque| opaque.reason).collect();
        *self.seen.borrow_mut() =
            Seen { entities, findings, opaque, complete, text_bytes, counted, scanner: None };
        if complete { label } else { label.join(&Label::unknown()) }
    }
}

/// Counted with the vocabulary of the alias that is asked for, or estimated.
fn count<'t>(request: &ClientRequest, texts: impl Iterator<Item = &'t str>, snapshot: &Snapshot) -> Counted {
    match snapshot.counters.of_alias(request.alias()) {
        Some(counter) => counted_with(counter, request),
        None => {
            let mut tokens = Estimator::default();
            texts.for_each(|text| tokens.push(text));
            Counted { tokens: tokens.tokens(), by: None }
        }
    }
}

/// The tokens of a prompt with a vocabulary.
pub(crate) fn counted_with(counter: &Counter, request: &ClientRequest) -> Counted {
    Counted { tokens: request.count_prompt(&|text| counter.count(text)), by: Some(counter.name().clone()) }
}

fn to_classify<'a>(segment: &segment::Segment<'a>) -> Segment<'a> {
    let kind = match segment.kind {
        segment::SegmentKind::Text => SegmentKind::Text,
        segment::SegmentKind::Key => SegmentKind::Key,
        segment::SegmentKind::Number => SegmentKind::Number,
        segment::SegmentKind::Opaque => SegmentKind::Opaque,
    };
    Segment { text: segment.text, kind }
}
