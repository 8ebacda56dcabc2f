//! What an event says, and the bytes it is written as.
//!
//! An event is typed: numbers, enums and bounded words, no free text. Its canonical bytes are one
//! compact JSON object whose keys stand in the order of the structs here; what is unknown is left out
//! and never `null`. `docs/formats/audit.md` has the tables.

mod decision;
mod lifecycle;
mod outcome;
mod words;

pub use decision::{Action, AuthMethod, Candidate, Decision, Fact, FindingCount};
pub use lifecycle::{
    ConfigFile, KeyCreated, KeyRevoked, LogClosed, LogRecovered, LogStarted, PolicyLoaded, PolicyRejected,
};
pub use outcome::{FinishReason, Outcome, OutcomeKind};

use crate::{Ident, Name, WallTime};
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
            /// The word in the event's `type` field.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                match self {
                    $(Event::$variant(_) => $name,)+
                }
            }

            /// The fields of this event as a JSON object.
            fn body_json(&self) -> Result<Vec<u8>, serde_json::Error> {
                let mut json = Vec::with_capacity(USUAL_BODY_BYTES);
                match self {
                    $(Event::$variant(body) => serde_json::to_writer(&mut json, body)?,)+
                }
                Ok(json)
            }

            fn parse_body(type_name: &str, json: &[u8]) -> Result<Self, ParseEventError> {
                match type_name {
                    $($name => Ok(Event::$variant(parse_json(json)?)),)+
                    unknown => Err(ParseEventError::UnknownType(Ident::new(unknown))),
                }
            }
        }

        $(
            impl From<$body> for Event {
                fn from(body: $body) -> Self {
                    Event::$variant(Box::new(body))
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
    /// A policy came into force.
    PolicyLoaded(PolicyLoaded) = "policy.loaded",
    /// A policy or configuration was refused; the one before stays in force.
    PolicyRejected(PolicyRejected) = "policy.rejected",
    /// An API key was made.
    KeyCreated(KeyCreated) = "key.created",
    /// An API key was revoked.
    KeyRevoked(KeyRevoked) = "key.revoked",
    /// A process began to write this log.
    LogStarted(LogStarted) = "log.started",
    /// A process found this log unfinished and repaired it.
    LogRecovered(LogRecovered) = "log.recovered",
    /// A process ended in order.
    LogClosed(LogClosed) = "log.closed",
}

/// Room for the fields of most events, so that encoding them does not grow its buffer step by step.
const USUAL_BODY_BYTES: usize = 1536;

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

/// The part of an event that does not depend on its place: encoded before the place is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    type_name: &'static str,
    json: Vec<u8>,
}

/// Who writes, and since when: the part of the envelope that is the same for all events of a process.
#[derive(Debug, Clone)]
pub struct Author {
    boot_id: [u8; 16],
    boot_id_hex: Ident,
    node: Name,
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

impl Event {
    /// The same event with lists short enough for a frame; see [`Decision::bound`].
    #[must_use]
    pub fn bounded(mut self) -> Self {
        if let Event::Decision(decision) = &mut self {
            decision.bound();
        }
        self
    }

    /// Encodes the fields of this event.
    ///
    /// # Errors
    /// None that the types of this crate can cause; serialisation is fallible by signature.
    pub fn to_body(&self) -> Result<Body, serde_json::Error> {
        Ok(Body { type_name: self.type_name(), json: self.body_json()? })
    }
}

impl Author {
    /// A process that opened the log, by its random id, on a node.
    #[must_use]
    pub fn new(boot_id: [u8; 16], node: Name) -> Self {
        Self { boot_id, boot_id_hex: Ident::new(&hex(&boot_id)), node }
    }

    /// This opening's id as written in events.
    #[must_use]
    pub fn boot_id(&self) -> &Ident {
        &self.boot_id_hex
    }

    /// Appends the canonical bytes of an event to `out`.
    ///
    /// # Errors
    /// None that the types of this crate can cause.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        seq: u64,
        ts_wall: WallTime,
        ts_mono_ns: u64,
        body: &Body,
    ) -> Result<(), serde_json::Error> {
        let envelope = Envelope {
            v: EVENT_VERSION,
            seq,
            event_id: event_id(ts_wall, seq, &self.boot_id),
            type_name: Ident::new(body.type_name),
            ts_wall,
            ts_mono_ns,
            boot_id: self.boot_id_hex.clone(),
            node: self.node.clone(),
        };
        serde_json::to_writer(&mut *out, &envelope)?;
        // Two objects become one: `{"v":1,...}` and `{"a":..}` make `{"v":1,...,"a":..}`.
        let fields = body.json.strip_prefix(b"{").unwrap_or(b"}");
        if fields != b"}" {
            out.pop();
            out.push(b',');
            out.extend_from_slice(fields);
        }
        Ok(())
    }
}

impl Body {
    /// Length of the encoded fields.
    #[must_use]
    pub fn bytes_len(&self) -> usize {
        self.json.len()
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
        Self::parse_after(Envelope::parse(json)?, json)
    }

    /// Reads the rest of an event whose envelope was read before.
    ///
    /// # Errors
    /// [`ParseEventError`] if the bytes are no event of the type that the envelope says.
    pub fn parse_after(envelope: Envelope, json: &[u8]) -> Result<Self, ParseEventError> {
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
    let time = u128::from(ts_wall.unix_ms() & 0xffff_ffff_ffff) << 80;
    let counter_high = u128::from(seq >> 22 & 0xfff) << 64;
    let counter_low = u128::from(seq & 0x3f_ffff) << 40;
    let boot = u128::from_be_bytes(*boot_id) >> 88;
    let uuid = time | 0x7 << 76 | counter_high | 0b10 << 62 | counter_low | boot;
    let mut text = String::with_capacity(36);
    for (i, byte) in uuid.to_be_bytes().into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push_hex(&mut text, byte);
    }
    Ident::new(&text)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    bytes.iter().for_each(|&byte| push_hex(&mut text, byte));
    text
}

fn push_hex(text: &mut String, byte: u8) {
    let digits =
        [byte >> 4, byte & 0xf].map(|digit| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
    text.extend(digits.map(char::from));
}

fn parse_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json)
}

#[cfg(test)]
mod tests;
