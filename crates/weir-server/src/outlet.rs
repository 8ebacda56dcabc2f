//! What the gateway sends by itself, the events of its log and its checkpoints, through the two doors that requests take.

use crate::snapshot::{Snapshot, endpoint};
use crate::way::aws_keys;
use bytes::Bytes;
use ipnet::IpNet;
use std::sync::Arc;
use std::time::Duration;
use weir_config::{Remote, Server};
use weir_egress::CloudBackend;
use weir_label::{Classified, Cloud, Inspect, Label, Level, Local, Permit, Recipient, ZoneKind};
use weir_local::{Accept, Call, Credential, Endpoint, LocalBackend, Put, Response, SendError};
use weir_wire::{Destination, Encode};

/// The longest answer that is read.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024;
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// AWS's name of the service, and of the region that stores of others take for their own.
const S3: &str = "s3";
const REGION: &str = "us-east-1";

/// The name of a log as that of a file or of an object.
pub(crate) fn file_name(log: &str) -> String {
    log.replace(['/', ':', '@'], "-")
}

/// What is on its way: nothing of it is of a request's text.
pub(crate) struct Message {
    content: Bytes,
    media_type: &'static str,
}

impl Encode for Message {
    fn encode(&self, _to: &Destination<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.content);
    }

    fn media_type(&self) -> Option<String> {
        Some(self.media_type.to_owned())
    }
}

/// What every message of a kind is.
struct Always(Level);

impl Inspect<Message> for Always {
    fn inspect(&self, _message: &Message) -> Label {
        Label::at(self.0)
    }
}

/// Why nothing was sent, or not all of it.
#[derive(Debug)]
pub(crate) enum Unsent {
    NoPermit,
    Setting(String),
    Unreachable(&'static str),
}

impl Unsent {
    pub fn setting(error: impl std::error::Error) -> Self {
        Unsent::Setting(error.to_string())
    }
}

impl From<SendError> for Unsent {
    fn from(error: SendError) -> Self {
        Unsent::Unreachable(error.code())
    }
}

/// Messages of one level to one receiver, as the boundary in force has it.
pub(crate) struct Outlet<'a> {
    pub name: &'a str,
    pub level: Level,
    pub snapshot: &'a Snapshot,
}

impl Outlet<'_> {
    /// A permit for the receiver inside the network.
    pub fn local(&self, text: String, media_type: &'static str) -> Result<Permit<Message, Local>, Unsent> {
        let boundary = &self.snapshot.loaded.policy.boundary;
        let recipient = Recipient::new(self.name, boundary.local_clearance(self.level, None));
        boundary.permit(&self.classified(text, media_type), &recipient).map_err(|_| Unsent::NoPermit)
    }

    /// A permit for the receiver outside.
    fn cloud(&self, text: String, media_type: &'static str) -> Result<Permit<Message, Cloud>, Unsent> {
        let boundary = &self.snapshot.loaded.policy.boundary;
        let clearance = boundary.cloud_clearance(self.level, None).map_err(|_| Unsent::NoPermit)?;
        let recipient = Recipient::new(self.name, clearance);
        boundary.permit(&self.classified(text, media_type), &recipient).map_err(|_| Unsent::NoPermit)
    }

    fn classified(&self, text: String, media_type: &'static str) -> Classified<Message> {
        Classified::new(Message { content: text.into(), media_type }, &Always(self.level))
    }
}

/// The way to a receiver that is spoken to over HTTP.
pub(crate) struct Http {
    door: Door,
    timeout: Duration,
}

enum Door {
    Local(LocalBackend),
    Cloud(CloudBackend),
}

impl Http {
    /// A receiver that is shown the key as it is.
    ///
    /// # Errors
    /// [`Unsent::Setting`] when its parts do not fit together; so of the others.
    pub fn new(name: &Arc<str>, at: &Remote, timeout: Duration, inside: &[IpNet]) -> Result<Self, Unsent> {
        let endpoint = endpoint(name, &at.url, at.api_key.as_ref(), at.ca_pem.as_deref());
        Self::at(at.zone, endpoint.map_err(Unsent::setting)?, timeout, inside)
    }

    /// A store that requests are signed for, in this region.
    pub fn store(
        name: &Arc<str>,
        (at, region): (&Remote, Option<&str>),
        timeout: Duration,
        inside: &[IpNet],
    ) -> Result<Self, Unsent> {
        let keys = at.api_key.as_ref().map_or("", |key| key.expose());
        let keys = aws_keys(keys, region.unwrap_or(REGION), S3).map_err(Unsent::setting)?;
        let endpoint = endpoint(name, &at.url, None, at.ca_pem.as_deref()).map_err(Unsent::setting)?;
        Self::at(at.zone, endpoint.with_credential(Credential::aws(keys)), timeout, inside)
    }

    fn at(zone: ZoneKind, endpoint: Endpoint, timeout: Duration, inside: &[IpNet]) -> Result<Self, Unsent> {
        let endpoint = endpoint.with_connect_timeout(timeout);
        let door = match zone {
            ZoneKind::Local => LocalBackend::new(endpoint, inside).map(Door::Local),
            ZoneKind::Cloud => CloudBackend::new(endpoint).map(Door::Cloud),
        };
        Ok(Self { door: door.map_err(Unsent::setting)?, timeout })
    }

    pub async fn post(
        &self,
        path: &str,
        (text, media_type): (String, &'static str),
        outlet: &Outlet<'_>,
    ) -> Result<Response, Unsent> {
        let call = Call::new(path, "", Accept::Json, self.timeout);
        Ok(match &self.door {
            Door::Local(door) => door.send(outlet.local(text, media_type)?, &call).await?,
            Door::Cloud(door) => door.send(outlet.cloud(text, media_type)?, &call).await?,
        })
    }

    /// Puts an object, locked for a time or not.
    pub async fn put(
        &self,
        path: &str,
        locked_until: Option<&str>,
        (text, media_type): (String, &'static str),
        outlet: &Outlet<'_>,
    ) -> Result<Response, Unsent> {
        let put = Put { path, locked_until, first_byte_timeout: self.timeout };
        Ok(match &self.door {
            Door::Local(door) => door.put(outlet.local(text, media_type)?, &put).await?,
            Door::Cloud(door) => door.put(outlet.cloud(text, media_type)?, &put).await?,
        })
    }
}

/// A server inside the network that is spoken to otherwise.
///
/// # Errors
/// [`Unsent::Setting`] when its parts do not fit together.
pub(crate) fn server(name: &Arc<str>, server: &Server, timeout: Duration) -> Result<Endpoint, Unsent> {
    let endpoint = endpoint(name, &server.url, None, server.ca_pem.as_deref()).map_err(Unsent::setting)?;
    Ok(endpoint.with_connect_timeout(timeout))
}
