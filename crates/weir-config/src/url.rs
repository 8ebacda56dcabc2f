//! Where a backend is, and whether it may be there.

use crate::report::{Place, Report};
use crate::yaml::{At, Wrong};
use crate::{BaseUrl, Host, Scheme};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};
use weir_label::ZoneKind;

/// Reads an API's base URL.
pub fn parse(written: &At<String>, report: &mut Report<'_>) -> Option<BaseUrl> {
    match base_url(&written.value) {
        Ok(url) => Some(url),
        Err(Wrong { message, help }) => {
            if written.value.contains(['@', '?']) {
                // A password, or a key in the query.
                report.hide(written.place, &written.value);
            }
            report.error(written.place, message, &help);
            None
        }
    }
}

/// Reports an address or host that the zone does not allow.
///
/// Names are checked again when they have been resolved, at connect time; this finds early what is
/// plain from the text.
pub fn check_zone(url: &BaseUrl, zone: ZoneKind, inside: &[IpNet], place: Place, report: &mut Report<'_>) {
    if let Host::Address(address) = url.host
        && is_no_server(address)
    {
        return report.error(
            place,
            format!("`{address}` is a link-local, metadata or unspecified address, where no backend may be"),
            "use the server's own address",
        );
    }
    match zone {
        ZoneKind::Local => check_local(&url.host, inside, place, report),
        ZoneKind::Cloud => check_cloud(url, place, report),
    }
}

/// Whether a server at this URL can be inside the network, as far as the text says.
pub fn may_be_inside(url: &BaseUrl, inside: &[IpNet]) -> bool {
    match &url.host {
        Host::Address(address) => !is_no_server(*address) && is_inside(*address, inside),
        Host::Name(name) => !is_public_api(name),
    }
}

fn check_local(host: &Host, inside: &[IpNet], place: Place, report: &mut Report<'_>) {
    match host {
        Host::Address(address) if !is_inside(*address, inside) => report.error(
            place,
            format!("the backend's zone is `local`, but `{address}` is outside the network"),
            "set `zone: cloud`, or list the network under `network.inside` if it is your own",
        ),
        Host::Name(name) if is_public_api(name) => report.error(
            place,
            format!("the backend's zone is `local`, but `{name}` is a public API"),
            "set `zone: cloud`",
        ),
        Host::Address(_) | Host::Name(_) => {}
    }
}

fn check_cloud(url: &BaseUrl, place: Place, report: &mut Report<'_>) {
    let host = &url.host;
    if is_near(host) {
        report.warning(
            place,
            format!("the backend's zone is `cloud`, but `{host}` is inside the network"),
            "set `zone: local` if it runs the model itself; leave it if it passes requests on to a cloud",
        );
    } else if url.scheme == Scheme::Http {
        report.error(
            place,
            format!("requests to `{host}` would leave the network unencrypted"),
            "use `https://`",
        );
    }
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Name(name) => name == "localhost",
        Host::Address(address) => is_inside(*address, &[]),
    }
}

/// Loopback, RFC 1918, unique local IPv6 (RFC 4193), and what the operator lists.
fn is_inside(address: IpAddr, listed: &[IpNet]) -> bool {
    let address = address.to_canonical();
    let private = match address {
        IpAddr::V4(v4) => v4.is_private(),
        IpAddr::V6(v6) => v6.is_unique_local(),
    };
    address.is_loopback() || private || listed.iter().any(|net| net.contains(&address))
}

/// Link-local addresses hold the metadata services of cloud providers, which give credentials to
/// whoever asks; Amazon's is at a unique local address too.
fn is_no_server(address: IpAddr) -> bool {
    const EC2_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let address = address.to_canonical();
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6 == EC2_METADATA,
    };
    link_local || address.is_unspecified() || address.is_multicast()
}

/// Whether a host is known to belong to a provider's public API, by itself or by its domain.
fn is_public_api(host: &str) -> bool {
    const DOMAINS: [&str; 19] = [
        "openai.com",
        "anthropic.com",
        "googleapis.com",
        "openai.azure.com",
        "services.ai.azure.com",
        "models.ai.azure.com",
        "amazonaws.com",
        "mistral.ai",
        "groq.com",
        "together.xyz",
        "together.ai",
        "openrouter.ai",
        "deepseek.com",
        "x.ai",
        "cohere.com",
        "fireworks.ai",
        "perplexity.ai",
        "huggingface.co",
        "ollama.com",
    ];
    DOMAINS
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

pub(crate) fn base_url(written: &str) -> Result<BaseUrl, Wrong> {
    const EXAMPLE: &str = "write scheme, host and path only, such as `http://127.0.0.1:8000/v1`";
    // The text is not repeated: it may hold a password.
    let wrong = |why: &str| Wrong::new(format!("this is no base URL: {why}"), EXAMPLE);
    if written.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(wrong("it holds a space, a control character or a backslash"));
    }
    let scheme = match written.split_once("://") {
        Some(("http", _)) => Scheme::Http,
        Some(("https", _)) => Scheme::Https,
        _ => return Err(wrong("it does not begin with `http://` or `https://`")),
    };
    let url = url::Url::parse(written).map_err(|error| wrong(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new(
            "the URL holds a user name or password",
            "put the credential under `api_key`",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a query (`?`) or a fragment (`#`)"));
    }
    let host = match url.host() {
        Some(url::Host::Domain(name)) => Host::Name(name.trim_end_matches('.').to_owned()),
        Some(url::Host::Ipv4(address)) => Host::Address(address.into()),
        Some(url::Host::Ipv6(address)) => Host::Address(address.into()),
        None => return Err(wrong("it has no host")),
    };
    let port = url.port_or_known_default().filter(|port| *port != 0).ok_or_else(|| wrong("its port is 0"))?;
    Ok(BaseUrl { scheme, host, port, path: url.path().trim_end_matches('/').to_owned() })
}
