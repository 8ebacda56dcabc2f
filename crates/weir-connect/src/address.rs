use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses a backend may have.
///
/// No rule allows a cloud provider's metadata service: it hands out credentials to whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressRule {
    /// Inside the network: loopback, RFC 1918, unique local IPv6, and what the operator lists.
    /// Link-local addresses are refused even if listed.
    Inside {
        /// The operator's further networks.
        extra: Vec<IpNet>,
    },
    /// Public unicast addresses.
    Outside,
    /// Loopback only: the operator named a cloud backend's host `localhost`.
    Loopback,
    /// This address only, public or inside: the operator wrote it down as a cloud backend's host.
    Literal(IpAddr),
}

impl AddressRule {
    /// Whether a connection to `address` may be opened.
    ///
    /// # Errors
    /// [`AddressRefusal`] says why not.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressRefusal> {
        if is_metadata(address) {
            return Err(AddressRefusal::Metadata);
        }
        match self {
            AddressRule::Inside { extra } if is_inside(address, extra) => Ok(()),
            AddressRule::Inside { .. } => Err(AddressRefusal::NotInside),
            AddressRule::Outside if is_public(address) => Ok(()),
            AddressRule::Outside => Err(AddressRefusal::NotPublic),
            AddressRule::Loopback if address.to_canonical().is_loopback() => Ok(()),
            AddressRule::Literal(literal) if address == *literal && is_usable(address) => Ok(()),
            AddressRule::Loopback | AddressRule::Literal(_) => Err(AddressRefusal::NotAsNamed),
        }
    }
}

/// Why an address was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRefusal {
    /// It is a metadata service.
    Metadata,
    /// The backend is local and the address is outside the network.
    NotInside,
    /// The backend is a cloud one and the address is not a public one.
    NotPublic,
    /// It is not the address that the operator wrote.
    NotAsNamed,
}

impl fmt::Display for AddressRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressRefusal::Metadata => "which is a metadata service and never a backend",
            AddressRefusal::NotInside => {
                "which is outside the network, and the backend is local; \
                 if the address is inside, list its network under `network.inside`"
            }
            AddressRefusal::NotPublic => "which is not a public address, and the backend is a cloud one",
            AddressRefusal::NotAsNamed => "which is not the loopback or literal address that was configured",
        })
    }
}

fn is_inside(address: IpAddr, extra: &[IpNet]) -> bool {
    let address = address.to_canonical();
    !is_link_local(address)
        && (contains(&INSIDE_V4, &INSIDE_V6, address) || extra.iter().any(|net| net.contains(&address)))
}

fn is_usable(address: IpAddr) -> bool {
    is_inside(address, &[]) || is_public(address)
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match translated(address) {
            Some(address) => is_public_v4(address),
            None => GLOBAL_UNICAST.contains(&address) && !in_any(&NOT_PUBLIC_V6, &address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address))
}

fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => METADATA_V4.contains(&address),
        IpAddr::V6(address) => {
            METADATA_V6.contains(&address) || translated(address).is_some_and(|v4| METADATA_V4.contains(&v4))
        }
    }
}

/// The IPv4 address that an IPv6-only network reaches through its translator.
///
/// Source: RFC 6052, section 2.1, the well-known prefix `64:ff9b::/96`.
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    NAT64.contains(&address).then(|| Ipv4Addr::new(a, b, c, d))
}

fn contains(v4: &[Ipv4Net], v6: &[Ipv6Net], address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => v4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => in_any(v6, &address),
    }
}

fn in_any(nets: &[Ipv6Net], address: &Ipv6Addr) -> bool {
    nets.iter().any(|net| net.contains(address))
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// Loopback and RFC 1918.
const INSIDE_V4: [Ipv4Net; 4] =
    [v4(127, 0, 0, 0, 8), v4(10, 0, 0, 0, 8), v4(172, 16, 0, 0, 12), v4(192, 168, 0, 0, 16)];

/// Loopback and unique local addresses (RFC 4193).
const INSIDE_V6: [Ipv6Net; 2] = [
    Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128),
    Ipv6Net::new_assert(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
];

/// Source: IANA IPv4 special-purpose address registry (RFC 6890), with multicast and class E.
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// All of IPv6 that is given out for public use (RFC 4291, section 2.4).
const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 3);

/// What of it is not: protocol assignments with Teredo, documentation, 6to4.
///
/// Source: IANA IPv6 special-purpose address registry (RFC 6890, RFC 9637).
const NOT_PUBLIC_V6: [Ipv6Net; 4] =
    [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

/// Amazon EC2, Google, Azure and others; Amazon ECS and EKS; Alibaba; Azure's platform address; Oracle.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// Amazon EC2, Amazon EKS, Google.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

#[cfg(test)]
mod tests;
