//! What an event says, and the bytes it is written as.
//!
//! An event is typed: numbers, enums and bounded words, no free text. Its canonical bytes are one
//! compact JSON object whose keys stand in the order of the structs here; what is unknown is left out
//! and never `null`. `docs/formats/audit.md` has the tables.

mod canonical;
mod decision;
mod head;
mod lifecycle;
mod outcome;
mod quality;
mod words;

pub use decision::{Action, AuthMethod, Candidate, Decision, Fact, FindingCount, Shadow};
pub use head::Head;
pub use lifecycle::{
    AdminAction, BackendHealth, ClockJump, ConfigFile, ContentDeleted, ContentKeyCreated,
    ContentKeyDestroyed, ExportGap, KeyCreated, KeyLimited, KeyRevoked, LogClosed, LogFailed, LogKeyRotated,
    LogPruned, LogRecovered, LogSealed, LogStarted, ObjectRead, ObjectRemoved, ObjectUse, PolicyLoaded,
    PolicyRejected, PolicyStaged, WitnessGap, WitnessResumed,
};
pub use outcome::{FinishReason, Outcome, OutcomeKind};
pub use quality::{AnswerChecked, AnswerRated, AnswersCompared};

use crate::{Ident, Name, WallTime};
use canonical::{Members, push_number, push_string, push_time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version of the event format that this crate writes, and the newest it reads.
///
/// A field may be added within a version; a field that changes its meaning makes a new one.
pub const EVENT_VERSION: u32 = 1;

// A new type of event is one more line in the list below and a struct.
macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $name:literal,)+) => {
        /// What happened.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $variant(Box<$body>),)+
        }

        impl Event {
            /// The words of all types.
            pub const TYPES: &'static [&'static str] = &[$($name,)+];

            /// The word in the event's `type` field.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                self.as_event().type_name()
            }

            fn parse_body(type_name: &str, json: &[u8]) -> Result<Self, ParseEventError> {
                match type_name {
                    $($name => Ok(Event::$variant(parse_json(json)?)),)+
                    unknown => Err(ParseEventError::UnknownType(Ident::new(unknown))),
                }
            }
        }

        /// The word of a type of event, if it is one.
        fn known_type(word: &str) -> Option<&'static str> {
            match word {
                $($name => Some($name),)+
                _ => None,
            }
        }

        /// What happened, as somebody else holds it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventRef<'e> {
            $($(#[$doc])* $variant(&'e $body),)+
        }

        impl EventRef<'_> {
            /// The word in the event's `type` field.
            #[must_use]
            pub fn type_name(self) -> &'static str {
                match self {
                    $(EventRef::$variant(_) => $name,)+
                }
            }
        }

        impl AsEvent for Event {
            fn as_event(&self) -> EventRef<'_> {
                match self {
                    $(Event::$variant(body) => EventRef::$variant(body),)+
                }
            }
        }

        $(
            impl From<$body> for Event {
                fn from(body: $body) -> Self {
                    Event::$variant(Box::new(body))
                }
            }

            impl AsEvent for $body {
                fn as_event(&self) -> EventRef<'_> {
                    EventRef::$variant(self)
                }
            }
        )+
    };
}

events! {
    /// Where a request shall go, and why: one for every attempt.
    Decision(Decision) = "decision",
    /// How a request ended: exactly one for every request.
    Outcome(Outcome) = "outcome",
    /// It was heard whether an answer was good.
    AnswerRated(AnswerRated) = "answer.rated",
    /// A cascade looked at an answer before it was given out.
    AnswerChecked(AnswerChecked) = "answer.checked",
    /// Answers of both zones to one request were compared.
    AnswersCompared(AnswersCompared) = "answers.compared",
    /// A policy came into force.
    PolicyLoaded(PolicyLoaded) = "policy.loaded",
    /// A policy came further on its way into force, or was taken back.
    PolicyStaged(PolicyStaged) = "policy.staged",
    /// A policy or configuration was refused; the one before stays in force.
    PolicyRejected(PolicyRejected) = "policy.rejected",
    /// An API key was made.
    KeyCreated(KeyCreated) = "key.created",
    /// It was said how much an API key may ask for.
    KeyLimited(KeyLimited) = "key.limited",
    /// An API key was revoked.
    KeyRevoked(KeyRevoked) = "key.revoked",
    /// Somebody used the admin API for something that takes a credential.
    AdminAction(AdminAction) = "admin.action",
    /// A tenant got a key that content is captured for.
    ContentKeyCreated(ContentKeyCreated) = "content.key_created",
    /// All keys of a tenant are destroyed.
    ContentKeyDestroyed(ContentKeyDestroyed) = "content.key_destroyed",
    /// Captured content was deleted because its time was over.
    ContentDeleted(ContentDeleted) = "content.deleted",
    /// What is kept for callers was given to one.
    ObjectRead(ObjectRead) = "object.read",
    /// What was kept for callers was removed by one.
    ObjectRemoved(ObjectRemoved) = "object.removed",
    /// A target went out of rotation, or came back.
    BackendHealth(BackendHealth) = "backend.health",
    /// The clock on the wall was set.
    ClockJump(ClockJump) = "clock.jump",
    /// A process began to write this log.
    LogStarted(LogStarted) = "log.started",
    /// A process found this log unfinished and repaired it.
    LogRecovered(LogRecovered) = "log.recovered",
    /// A segment was given up because it could not be written or synced.
    LogSealed(LogSealed) = "log.sealed",
    /// The log could not be written for a while; what has no record because of that.
    LogFailed(LogFailed) = "log.failed",
    /// The log is signed with another key from now on.
    LogKeyRotated(LogKeyRotated) = "log.key_rotated",
    /// A witness has got no checkpoint for a while, or refuses them.
    WitnessGap(WitnessGap) = "witness.gap",
    /// A witness has got a checkpoint again.
    WitnessResumed(WitnessResumed) = "witness.resumed",
    /// Events did not get to an export, and will not.
    ExportGap(ExportGap) = "export.gap",
    /// Events whose time was over were deleted.
    LogPruned(LogPruned) = "log.pruned",
    /// A process ended in order.
    LogClosed(LogClosed) = "log.closed",
}

/// Something that is an event.
pub trait AsEvent {
    /// The event.
    fn as_event(&self) -> EventRef<'_>;
}

impl<E: AsEvent> AsEvent for &E {
    fn as_event(&self) -> EventRef<'_> {
        (**self).as_event()
    }
}

/// The fields that every event begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Format version: [`EVENT_VERSION`].
    pub v: u32,
    /// Index of the event in the log, from 0: its leaf index in the tree.
    pub seq: u64,
    /// UUIDv7 made of the time, `seq` and `boot_id`; see [`event_id`].
    pub event_id: Ident,
    /// The word of [`Event::type_name`].
    #[serde(rename = "type")]
    pub type_name: Ident,
    /// The clock on the wall.
    pub ts_wall: WallTime,
    /// Nanoseconds of a clock that never jumps, since the log was opened: comparable within one `boot_id`.
    pub ts_mono_ns: u64,
    /// Random, one for every opening of the log: 32 hex digits.
    pub boot_id: Ident,
    /// The node's name.
    pub node: Name,
}

/// An event with its place and time: what one leaf of the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Place and time.
    pub envelope: Envelope,
    /// What happened.
    pub event: Event,
}

/// Who writes, and since when: the part of the envelope that is the same for all events of a process.
#[derive(Debug, Clone)]
pub struct Author {
    boot_id: [u8; 16],
    boot_id_hex: Ident,
    /// The members of the envelope that are always the same, which are its last.
    constant: Vec<u8>,
}

/// The bytes that cannot be an event.
#[derive(Debug, thiserror::Error)]
pub enum ParseEventError {
    /// The bytes are no JSON object with the fields of this type.
    #[error("not the JSON of an event: {0}")]
    Json(#[from] serde_json::Error),
    /// Written by a newer Weir.
    #[error("event format version {0} is newer than {EVENT_VERSION}; use a newer weir")]
    Version(u32),
    /// A type that this version does not know.
    #[error("event type `{0}` is not known")]
    UnknownType(Ident),
}

impl EventRef<'_> {
    /// Appends the members of the event's own, each behind a comma.
    fn write(self, out: &mut Vec<u8>) {
        match self {
            EventRef::Decision(decision) => decision.write(&mut Members(out)),
            EventRef::Outcome(outcome) => outcome.write(&mut Members(out)),
            EventRef::AnswerRated(body) => write_rare(out, body),
            EventRef::AnswerChecked(body) => write_rare(out, body),
            EventRef::AnswersCompared(body) => write_rare(out, body),
            EventRef::PolicyLoaded(body) => write_rare(out, body),
            EventRef::PolicyStaged(body) => write_rare(out, body),
            EventRef::PolicyRejected(body) => write_rare(out, body),
            EventRef::KeyCreated(body) => write_rare(out, body),
            EventRef::KeyLimited(body) => write_rare(out, body),
            EventRef::KeyRevoked(body) => write_rare(out, body),
            EventRef::AdminAction(body) => write_rare(out, body),
            EventRef::ContentKeyCreated(body) => write_rare(out, body),
            EventRef::ContentKeyDestroyed(body) => write_rare(out, body),
            EventRef::ContentDeleted(body) => write_rare(out, body),
            EventRef::ObjectRead(body) => write_rare(out, body),
            EventRef::ObjectRemoved(body) => write_rare(out, body),
            EventRef::BackendHealth(body) => write_rare(out, body),
            EventRef::ClockJump(body) => write_rare(out, body),
            EventRef::LogStarted(body) => write_rare(out, body),
            EventRef::LogRecovered(body) => write_rare(out, body),
            EventRef::LogSealed(body) => write_rare(out, body),
            EventRef::LogFailed(body) => write_rare(out, body),
            EventRef::LogKeyRotated(body) => write_rare(out, body),
            EventRef::WitnessGap(body) => write_rare(out, body),
            EventRef::WitnessResumed(body) => write_rare(out, body),
            EventRef::ExportGap(body) => write_rare(out, body),
            EventRef::LogPruned(body) => write_rare(out, body),
            EventRef::LogClosed(body) => write_rare(out, body),
        }
    }
}

/// The members of an event that is too rare to be written by hand.
fn write_rare(out: &mut Vec<u8>, body: &impl Serialize) {
    let start = out.len();
    // Writing values of these types to a `Vec` cannot fail.
    let written = serde_json::to_writer(&mut *out, body);
    debug_assert!(written.is_ok());
    // `{"a":1}`, which every such event has a member for, becomes `,"a":1`.
    if let Some(brace) = out.get_mut(start) {
        *brace = b',';
        out.pop();
    }
}

impl Author {
    /// A process that opened the log, by its random id, on a node.
    #[must_use]
    pub fn new(boot_id: [u8; 16], node: Name) -> Self {
        let boot_id_hex = Ident::new(&hex(&boot_id));
        let mut constant = b",\"boot_id\":".to_vec();
        push_string(&mut constant, boot_id_hex.as_str());
        constant.extend_from_slice(b",\"node\":");
        push_string(&mut constant, node.as_str());
        Self { boot_id, boot_id_hex, constant }
    }

    /// This opening's id as written in events.
    #[must_use]
    pub fn boot_id(&self) -> &Ident {
        &self.boot_id_hex
    }

    /// Appends the canonical bytes of an event to `out`.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        seq: u64,
        ts_wall: WallTime,
        ts_mono_ns: u64,
        event: EventRef<'_>,
    ) {
        out.extend_from_slice(b"{\"v\":");
        push_number(out, EVENT_VERSION.into());
        out.extend_from_slice(b",\"seq\":");
        push_number(out, seq);
        out.extend_from_slice(b",\"event_id\":\"");
        push_event_id(out, ts_wall, seq, &self.boot_id);
        out.extend_from_slice(b"\",\"type\":");
        push_string(out, event.type_name());
        out.extend_from_slice(b",\"ts_wall\":");
        push_time(out, ts_wall);
        out.extend_from_slice(b",\"ts_mono_ns\":");
        push_number(out, ts_mono_ns);
        out.extend_from_slice(&self.constant);
        event.write(out);
        out.push(b'}');
    }
}

impl Envelope {
    /// Reads the common fields of an event of any type and checks the version.
    ///
    /// # Errors
    /// [`ParseEventError`] if the bytes are no event or of a newer version.
    pub fn parse(json: &[u8]) -> Result<Self, ParseEventError> {
        let envelope: Self = parse_json(json)?;
        if envelope.v > EVENT_VERSION {
            return Err(ParseEventError::Version(envelope.v));
        }
        Ok(envelope)
    }
}

impl Record {
    /// Reads an event. Fields that this version does not know are passed over.
    ///
    /// # Errors
    /// [`ParseEventError`] if the bytes are no event, of a newer version, or of an unknown type.
    pub fn parse(json: &[u8]) -> Result<Self, ParseEventError> {
        let envelope = Envelope::parse(json)?;
        let event = Event::parse_body(envelope.type_name.as_str(), json)?;
        Ok(Self { envelope, event })
    }
}

/// The UUIDv7 of an event: 48 bits of milliseconds, the low 34 bits of `seq`, 40 bits of `boot_id`.
///
/// Unique without any randomness per event, because no two events of a log share `seq`, and ordered
/// like the log within a millisecond. Source: RFC 9562, sections 5.7 and 6.2 (method 1, counter).
#[must_use]
pub fn event_id(ts_wall: WallTime, seq: u64, boot_id: &[u8; 16]) -> Ident {
    let mut text = Vec::with_capacity(36);
    push_event_id(&mut text, ts_wall, seq, boot_id);
    Ident::new(&String::from_utf8_lossy(&text))
}

fn push_event_id(out: &mut Vec<u8>, ts_wall: WallTime, seq: u64, boot_id: &[u8; 16]) {
    let time = u128::from(ts_wall.unix_ms() & 0xffff_ffff_ffff) << 80;
    let counter_high = u128::from(seq >> 22 & 0xfff) << 64;
    let counter_low = u128::from(seq & 0x3f_ffff) << 40;
    let boot = u128::from_be_bytes(*boot_id) >> 88;
    let uuid = time | 0x7 << 76 | counter_high | 0b10 << 62 | counter_low | boot;
    let digits = hex_digits(uuid.to_be_bytes());
    let mut rest = digits.as_slice();
    for length in [8, 4, 4, 4] {
        let Some((group, others)) = rest.split_at_checked(length) else { return };
        out.extend_from_slice(group);
        out.push(b'-');
        rest = others;
    }
    out.extend_from_slice(rest);
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = vec![0; 2 * bytes.len()];
    text.as_chunks_mut().0.iter_mut().zip(bytes).for_each(|(digits, byte)| *digits = two_digits(*byte));
    // Digits are ASCII.
    String::from_utf8(text).unwrap_or_default()
}

/// The digits of an id of 16 bytes in lower-case hexadecimal.
#[must_use]
pub fn hex_digits(id: [u8; 16]) -> [u8; 32] {
    let mut digits = [0; 32];
    let (parts, _) = id.as_chunks();
    let (places, _) = digits.as_chunks_mut();
    places.iter_mut().zip(parts).for_each(|(place, part)| *place = eight_digits(u32::from_be_bytes(*part)));
    digits
}

/// The digits of a number, the highest first.
fn eight_digits(number: u32) -> [u8; 8] {
    const EACH: u64 = u64::MAX / 255;
    // Each half of a byte comes to stand in a byte of its own; all are then turned into digits at once.
    let mut halves = u64::from(number);
    halves = (halves | halves << 16) & 0x0000_ffff_0000_ffff;
    halves = (halves | halves << 8) & 0x00ff_00ff_00ff_00ff;
    halves = (halves | halves << 4) & (EACH * 0xf);
    let letters = (halves + EACH * 6) >> 4 & EACH;
    // Letters follow 39 places behind the digits.
    (halves + EACH * u64::from(b'0') + letters * 39).to_be_bytes()
}

fn two_digits(byte: u8) -> [u8; 2] {
    let [.., high, low] = eight_digits(byte.into());
    [high, low]
}

fn parse_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json)
}

#[cfg(test)]
pub(crate) mod tests;
