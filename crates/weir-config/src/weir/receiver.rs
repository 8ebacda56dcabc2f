//! Where what the gateway sends by itself goes, its events and its checkpoints, from raw to domain values.

use super::Reading;
use super::backend::{ca_pem, present};
use super::credential::api_key;
use crate::scalar::Name;
use crate::yaml::{At, Field, take_or};
use crate::{Remote, Secret, Server, url};
use std::collections::BTreeSet;
use weir_label::ZoneKind;

/// What is written of a receiver beside its address.
pub struct Access<'a> {
    pub zone: Option<&'a Field<ZoneKind>>,
    pub api_key: Option<&'a At<String>>,
    pub ca_file: Option<&'a At<String>>,
}

/// Two of one name cannot be told apart.
pub fn check_names<'a>(
    what: &str,
    names: impl Iterator<Item = &'a Field<Name>>,
    reading: &mut Reading<'_, '_>,
) {
    let mut seen = BTreeSet::new();
    for written in names {
        if let Some(name) = written.get().filter(|name| !seen.insert(*name)) {
            let message = format!("there are two {what} `{}`", name.0);
            reading.report.error(written.place, message, "rename one of them");
        }
    }
}

/// A server that is spoken to over HTTP.
pub fn remote(at: &At<String>, access: &Access<'_>, reading: &mut Reading<'_, '_>) -> Option<Remote> {
    let zone = take_or(access.zone, ZoneKind::Local, reading.report);
    let base = url::parse(at, reading.report);
    if let (Some(base), Some(zone)) = (&base, zone) {
        url::check_zone(base, zone, &reading.inside, at.place, reading.report);
    }
    let (key, pem) = (access.key(reading), access.pem(reading));
    Some(Remote { url: base?, zone: zone?, api_key: key?, ca_pem: pem? })
}

/// A bucket of a store that speaks S3.
pub fn store(at: &At<String>, access: &Access<'_>, reading: &mut Reading<'_, '_>) -> Option<Remote> {
    let remote = remote(at, access, reading)?;
    if remote.url.path.is_empty() || remote.api_key.is_none() {
        let help = "write `s3: https://HOST/BUCKET` and `api_key: \"${NAME}\"`, which holds ID:SECRET";
        reading.report.error(at.place, "a store needs a bucket and keys", help);
        return None;
    }
    Some(remote)
}

/// A way of writing the address of a server that is not spoken to over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Scheme {
    /// What stands before `://`.
    pub name: &'static str,
    pub is_tls: bool,
    /// The port of an address without one.
    pub port: u16,
}

/// A server inside the network at such an address, and how that is written. It is read as the address of a web server in
/// other words.
pub fn server(
    at: &At<String>,
    schemes: &[Scheme],
    access: &Access<'_>,
    reading: &mut Reading<'_, '_>,
) -> Option<(Server, Scheme)> {
    access.check_inside(reading)?;
    let found = at.value.split_once("://").and_then(|(name, place)| {
        let scheme = schemes.iter().find(|scheme| scheme.name == name)?;
        Some((*scheme, place))
    });
    let Some((scheme, place)) = found else {
        let known: Vec<String> = schemes.iter().map(|scheme| format!("`{}://`", scheme.name)).collect();
        let help = format!("write {}, host and port", known.join(" or "));
        reading.report.error(at.place, "this is no address of such a server", &help);
        return None;
    };
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let port = if has_port { String::new() } else { format!(":{}", scheme.port) };
    let web = if scheme.is_tls { "https" } else { "http" };
    let as_url = At { value: format!("{web}://{authority}{port}/{path}"), place: at.place };
    let base = url::parse(&as_url, reading.report)?;
    url::check_zone(&base, ZoneKind::Local, &reading.inside, at.place, reading.report);
    let pem = access.pem(reading);
    Some((Server { url: base, ca_pem: pem? }, scheme))
}

/// A syslog server, and whether it takes datagrams.
///
/// Source: RFC 5424's transports, with the ports of RFC 6587, RFC 5425 and RFC 5426.
pub fn syslog(at: &At<String>, access: &Access<'_>, reading: &mut Reading<'_, '_>) -> Option<(Server, bool)> {
    const UDP: Scheme = Scheme { name: "udp", is_tls: false, port: 514 };
    const TCP: Scheme = Scheme { name: "tcp", is_tls: false, port: 514 };
    const TLS: Scheme = Scheme { name: "tls", is_tls: true, port: 6514 };
    let (server, scheme) = server(at, &[UDP, TCP, TLS], access, reading)?;
    Some((server, scheme.name == UDP.name))
}

impl Access<'_> {
    /// What authorises Weir there; `None` if it is wrong.
    pub fn key(&self, reading: &mut Reading<'_, '_>) -> Option<Option<Secret>> {
        present(self.api_key.map(|written| api_key(written, reading)))
    }

    /// That nobody means it to be outside, for what can be inside only.
    pub fn check_inside(&self, reading: &mut Reading<'_, '_>) -> Option<()> {
        let Some(written) = self.zone else { return Some(()) };
        if written.take(reading.report)? == ZoneKind::Local {
            return Some(());
        }
        let help = "only what is spoken to over HTTP can be outside the network: it goes through the same door as cloud \
                    backends";
        reading.report.error(written.place, "this cannot leave the network", help);
        None
    }

    fn pem(&self, reading: &mut Reading<'_, '_>) -> Option<Option<String>> {
        present(self.ca_file.map(|written| ca_pem(written, reading)))
    }
}
