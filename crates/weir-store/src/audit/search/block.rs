//! Events that lie together in one segment, as columns.

use super::column::{Column, ColumnBuilder};
use super::ids::IdOf;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use weir_audit::WallTime;
use weir_audit::search::{DECISION, MembersReader, OUTCOME, Value, is_unique};

/// Events of a block, at most: it is read as a whole, and what is not a whole block is read from the log.
pub(super) const BLOCK_EVENTS: usize = 2048;

/// Columns that are no members of events. `#` is in no member's path.
pub(super) const SLOT: &str = "#slot";
/// Milliseconds since 1970.
pub(super) const AT: &str = "#at";
/// Index of the first decision of the request, where it is another event.
pub(super) const REQUEST: &str = "#request";
/// Bytes of the frames of all events; of no type.
pub(super) const LENGTH: &str = "#length";

/// Where a block is, and when its events were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Index of the first event.
    pub(super) first: u64,
    /// Number of events.
    pub(super) events: u64,
    /// The segment they are in.
    pub(super) segment: u64,
    /// Where its first frame begins.
    pub(super) offset: u64,
    /// The earliest and the latest time of an event.
    pub(super) span: (WallTime, WallTime),
}

impl Place {
    /// Index of the event after the last.
    pub(super) fn end(&self) -> u64 {
        self.first + self.events
    }
}

/// A block in memory.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) place: Place,
    /// By type and path.
    pub(super) columns: BTreeMap<(String, String), Column>,
    /// Keys of the ids of events, but for outcomes whose decision is in the log, with their events.
    pub(super) ids: Vec<IdOf>,
}

/// Requests that have a decision and no outcome, with the index of their first decision.
pub(super) type OpenRequests = HashMap<String, u64>;

/// The bytes are no event, or not the one that is expected.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoEvent {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("another event is in its place")]
    Sequence,
}

/// Makes a block of events that follow each other.
#[derive(Debug)]
pub(super) struct BlockBuilder {
    segment: u64,
    offset: u64,
    first: u64,
    lengths: ColumnBuilder,
    events: usize,
    span: Option<(WallTime, WallTime)>,
    types: Vec<TypeBuilder>,
    ids: Vec<IdOf>,
    reader: MembersReader,
}

#[derive(Debug)]
struct TypeBuilder {
    name: String,
    rows: u32,
    columns: Vec<(String, ColumnBuilder)>,
    places: HashMap<String, usize>,
    /// Where the column of the next member probably is: members come in one order.
    guess: usize,
}

impl BlockBuilder {
    /// Begins with the event `first`, whose frame begins at `offset` of a segment.
    pub(super) fn new(segment: u64, offset: u64, first: u64) -> Self {
        let (lengths, types, ids) = (ColumnBuilder::default(), Vec::new(), Vec::new());
        let reader = MembersReader::default();
        Self { segment, offset, first, lengths, events: 0, span: None, types, ids, reader }
    }

    /// Number of events.
    pub(super) fn events(&self) -> usize {
        self.events
    }

    /// Takes the next event, whose frame has so many bytes.
    pub(super) fn push(
        &mut self,
        event: &[u8],
        frame_bytes: u64,
        open: &mut OpenRequests,
    ) -> Result<(), NoEvent> {
        let Self { first, lengths, events, span, types, ids, reader, .. } = self;
        let seq = *first + *events as u64;
        let mut head = Head::default();
        let mut place = None;
        reader.read(event, |path, value| {
            let Some(value) = head.take(path, value) else { return };
            let place = *place.get_or_insert_with(|| type_of(types, head.name()));
            if let Some(of_type) = types.get_mut(place) {
                of_type.push(path, value);
            }
        })?;
        if head.seq != Some(seq) {
            return Err(NoEvent::Sequence);
        }
        let place = place.unwrap_or_else(|| type_of(types, head.name()));
        let at = head.at.unwrap_or(WallTime::from_unix_ms(0));
        let request = link(&head, seq, open);
        note_ids(ids, &head, seq, request.is_some());
        if let Some(of_type) = types.get_mut(place) {
            of_type.push("type", Value::Word(head.name().into()));
            of_type.push(SLOT, Value::Number(*events as u64));
            of_type.push(AT, Value::Number(at.unix_ms()));
            if let Some(request) = request.filter(|request| *request != seq) {
                of_type.push(REQUEST, Value::Number(request));
            }
            of_type.end_row();
        }
        lengths.push(*events as u32, Value::Number(frame_bytes));
        *span = Some(span.map_or((at, at), |(least, most)| (least.min(at), most.max(at))));
        *events += 1;
        Ok(())
    }

    /// The block, if it has events.
    pub(super) fn finish(self) -> Option<Block> {
        let events = self.events as u64;
        let (segment, offset, first) = (self.segment, self.offset, self.first);
        let place = Place { first, events, segment, offset, span: self.span? };
        let mut columns = BTreeMap::new();
        columns.insert((String::new(), LENGTH.to_owned()), self.lengths.finish(self.events));
        for TypeBuilder { name, rows, columns: of_type, .. } in self.types {
            for (path, column) in of_type {
                columns.insert((name.clone(), path), column.finish(rows as usize));
            }
        }
        Some(Block { place, columns, ids: self.ids })
    }
}

/// The columns of events of this type.
fn type_of(types: &mut Vec<TypeBuilder>, name: &str) -> usize {
    if let Some(place) = types.iter().position(|of_type| of_type.name == name) {
        return place;
    }
    let (columns, places) = (Vec::new(), HashMap::new());
    types.push(TypeBuilder { name: name.to_owned(), rows: 0, columns, places, guess: 0 });
    types.len() - 1
}

/// Notes the ids of an event. An outcome is found with its decision.
fn note_ids(ids: &mut Vec<IdOf>, head: &Head<'_>, seq: u64, has_request: bool) {
    if head.name() == OUTCOME && has_request {
        return;
    }
    let of_event = [&head.request_id, &head.decision_id, &head.trace_id];
    let mut parts: Vec<&str> = of_event.into_iter().flatten().map(|id| without_prefix(id)).collect();
    parts.sort_unstable();
    parts.dedup();
    ids.extend(parts.into_iter().map(|part| (key_of(part), seq)));
}

impl TypeBuilder {
    fn push(&mut self, path: &str, value: Value<'_>) {
        let place = match self.columns.get(self.guess) {
            Some((known, _)) if known == path => self.guess,
            _ => self.place_of(path),
        };
        self.guess = place + 1;
        if let Some((_, column)) = self.columns.get_mut(place) {
            column.push(self.rows, value);
        }
    }

    fn place_of(&mut self, path: &str) -> usize {
        if let Some(place) = self.places.get(path) {
            return *place;
        }
        let place = self.columns.len();
        self.columns.push((path.to_owned(), ColumnBuilder::default()));
        self.places.insert(path.to_owned(), place);
        place
    }

    fn end_row(&mut self) {
        self.rows += 1;
        self.guess = 0;
    }
}

/// What of an event is not kept as a column of its own.
#[derive(Debug, Default)]
struct Head<'e> {
    seq: Option<u64>,
    type_name: Option<Cow<'e, str>>,
    at: Option<WallTime>,
    request_id: Option<Cow<'e, str>>,
    decision_id: Option<Cow<'e, str>>,
    trace_id: Option<Cow<'e, str>>,
}

impl<'e> Head<'e> {
    fn name(&self) -> &str {
        self.type_name.as_deref().unwrap_or_default()
    }

    /// Takes a member, or gives back what is to be a column.
    fn take(&mut self, path: &str, value: Value<'e>) -> Option<Value<'e>> {
        let place = match path {
            "seq" => {
                self.seq = if let Value::Number(seq) = value { Some(seq) } else { None };
                return None;
            }
            "ts_wall" => {
                self.at = value.text().parse().ok();
                return None;
            }
            "type" => &mut self.type_name,
            "request_id" => &mut self.request_id,
            "decision_id" => &mut self.decision_id,
            "trace_id" => &mut self.trace_id,
            _ => return Some(value).filter(|_| !is_unique(path)),
        };
        if let Value::Word(text) = value {
            *place = Some(text);
        }
        None
    }
}

/// The index of the first decision of the request that an event is about.
fn link(head: &Head<'_>, seq: u64, open: &mut OpenRequests) -> Option<u64> {
    let request = head.request_id.as_deref()?;
    match head.name() {
        DECISION => match open.get(request) {
            Some(first) => Some(*first),
            None => {
                open.insert(request.to_owned(), seq);
                Some(seq)
            }
        },
        OUTCOME => open.remove(request),
        _ => None,
    }
}

/// What an id is found by: the first bytes of a hash of what follows its prefix, which the ids of a request share.
pub(super) fn id_key(id: &str) -> u64 {
    key_of(without_prefix(id))
}

fn without_prefix(id: &str) -> &str {
    id.rsplit('_').next().unwrap_or(id)
}

fn key_of(part: &str) -> u64 {
    let bytes: [u8; 32] = Sha256::digest(part).into();
    bytes.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first))
}
