use crate::scanner::Keyed;
use crate::{Segment, SegmentKind};
use std::collections::BTreeMap;

/// The keys that lead to a value: those that directly follow each other, the innermost last.
pub(super) struct Keys<'a> {
    known: &'a KnownKeys,
    pub(super) path: Vec<&'a str>,
    /// The numbers of the path's keys among all.
    numbers: [Option<usize>; PATH_MAX],
    /// The number of the key that came last.
    last: Option<usize>,
    /// Where in `said` is what the path says, from the first value under it on.
    keyed: Option<usize>,
    /// The same of all paths that led to a value so far.
    of_paths: BTreeMap<[Option<usize>; PATH_MAX], usize>,
    said: Vec<Keyed>,
    all: Vec<Key<'a>>,
    by_text: BTreeMap<ByLen<'a>, usize>,
    closed: bool,
}

/// What is known of keys before any body has them.
pub(super) type KnownKeys = BTreeMap<ByLen<'static>, KnownKey>;

#[derive(Debug)]
pub(super) struct KnownKey {
    /// The rows that it speaks of.
    pub(super) says: Vec<usize>,
    /// Whether it shows nothing and need not be read.
    pub(super) is_plain: bool,
}

/// A text after its length: most texts are told apart by that.
pub(super) type ByLen<'a> = (usize, &'a str);

pub(super) fn by_len(text: &str) -> ByLen<'_> {
    (text.len(), text)
}

/// Keys of the chat APIs and of JSON Schema, which are in most bodies.
pub(super) const PROTOCOL_KEYS: [&str; 44] = [
    "additionalProperties",
    "arguments",
    "cache_control",
    "content",
    "default",
    "description",
    "enum",
    "function",
    "id",
    "include_usage",
    "index",
    "input",
    "input_schema",
    "instructions",
    "items",
    "json_schema",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "n",
    "name",
    "object",
    "output",
    "parameters",
    "properties",
    "query",
    "required",
    "response_format",
    "role",
    "schema",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "strict",
    "system",
    "temperature",
    "text",
    "tool_calls",
    "tools",
    "type",
    "user",
];

/// More context than the innermost keys is not context any more.
const PATH_MAX: usize = 3;

/// A key, wherever in a body it stands.
pub(super) struct Key<'a> {
    text: &'a str,
    /// The rows that it speaks of, once a value under it was read.
    says: Option<Vec<usize>>,
    /// Whether it was read and shows nothing.
    pub(super) is_plain: bool,
    /// The number of the key that followed it last: in the objects of a list the same comes again.
    next: Option<usize>,
}

impl<'a> Keys<'a> {
    /// With room for the keys of so many segments, as far as most bodies have them.
    pub(super) fn new(known: &'a KnownKeys, segments: usize) -> Self {
        let room = segments.min(PROTOCOL_KEYS.len());
        Self {
            known,
            path: Vec::with_capacity(PATH_MAX),
            numbers: [None; PATH_MAX],
            last: None,
            keyed: None,
            of_paths: BTreeMap::new(),
            said: Vec::with_capacity(room),
            all: Vec::with_capacity(room),
            by_text: BTreeMap::new(),
            closed: false,
        }
    }

    pub(super) fn pass(&mut self, segment: &Segment<'a>) {
        if segment.kind != SegmentKind::Key {
            self.closed = true;
            return;
        }
        self.keyed = None;
        if std::mem::take(&mut self.closed) {
            self.path.clear();
            self.numbers = [None; PATH_MAX];
        }
        if self.path.len() == PATH_MAX {
            self.path.remove(0);
            self.numbers.rotate_left(1);
        }
        let number = self.number(segment.text);
        if let Some(place) = self.numbers.get_mut(self.path.len()) {
            *place = Some(number);
        }
        self.path.push(segment.text);
        self.last = Some(number);
    }

    fn number(&mut self, text: &'a str) -> usize {
        let Self { known, all, by_text, last, .. } = self;
        let next = last.and_then(|last| all.get(last)?.next);
        if let Some(next) = next.filter(|next| all.get(*next).is_some_and(|key| key.text == text)) {
            return next;
        }
        let number = *by_text.entry(by_len(text)).or_insert(all.len());
        if number == all.len() {
            let known = known.get(&by_len(text));
            let is_plain = known.is_some_and(|known| known.is_plain);
            all.push(Key { text, says: known.map(|known| known.says.clone()), is_plain, next: None });
        }
        if let Some(last) = last.and_then(|last| all.get_mut(last)) {
            last.next = Some(number);
        }
        number
    }

    /// The key that came last.
    pub(super) fn last(&mut self) -> Option<&mut Key<'a>> {
        self.all.get_mut(self.last?)
    }

    /// Notes what the keys of the path say: once for each path, for the objects of a list have the same. `of_key` gives the
    /// rows that a key speaks of.
    pub(super) fn hear(&mut self, of_key: impl Fn(&str) -> Vec<usize>) {
        let Self { numbers, keyed, of_paths, said, all, .. } = self;
        let of_path = || {
            let of_keys = || {
                let mut rows = Vec::new();
                for key in numbers.iter().flatten() {
                    let Some(Key { text, says, .. }) = all.get_mut(*key) else { continue };
                    rows.extend_from_slice(says.get_or_insert_with(|| of_key(text)));
                }
                said.push(Keyed::of(rows));
                said.len() - 1
            };
            *of_paths.entry(*numbers).or_insert_with(of_keys)
        };
        keyed.get_or_insert_with(of_path);
    }

    /// What was noted of the path.
    pub(super) fn said(&self) -> Option<&Keyed> {
        self.said.get(self.keyed?)
    }
}
