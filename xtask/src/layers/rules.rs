//! Which crate may depend on, and mention, what.

use super::graph::Crate;

/// What a crate of the workspace may depend on.
enum Below {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

/// The arrows of ARCHITECTURE.md, top down. A crate that is not here fails the check.
const ARROWS: &[(&str, Below)] = &[
    ("weir", Below::AllBut(&["weir-connect", "weir-fuzz", "xtask"])),
    (
        "weir-server",
        Below::Only(&[
            "weir-analyse",
            "weir-audit",
            "weir-classify",
            "weir-config",
            "weir-dispatch",
            "weir-egress",
            "weir-index",
            "weir-label",
            "weir-local",
            "weir-policy",
            "weir-quality",
            "weir-rollout",
            "weir-store",
            "weir-task",
            "weir-tokens",
            "weir-wire",
        ]),
    ),
    ("weir-egress", Below::Only(&["weir-connect", "weir-label", "weir-wire"])),
    ("weir-local", Below::Only(&["weir-connect", "weir-label", "weir-wire"])),
    ("weir-connect", Below::Only(&["weir-label", "weir-wire"])),
    ("weir-extract", Below::Only(&[])),
    ("weir-store", Below::Only(&["weir-audit", "weir-label"])),
    (
        "weir-config",
        Below::Only(&[
            "weir-audit",
            "weir-classify",
            "weir-index",
            "weir-label",
            "weir-policy",
            "weir-rollout",
            "weir-task",
            "weir-tokens",
            "weir-wire",
        ]),
    ),
    ("weir-analyse", Below::Only(&["weir-label", "weir-policy"])),
    ("weir-rollout", Below::Only(&["weir-audit", "weir-label", "weir-policy"])),
    ("weir-simulate", Below::Only(&["weir-dispatch"])),
    ("weir-dispatch", Below::Only(&["weir-policy"])),
    ("weir-quality", Below::Only(&["weir-label", "weir-policy"])),
    ("weir-wire", Below::Only(&[])),
    ("weir-audit", Below::Only(&["weir-label"])),
    ("weir-policy", Below::Only(&["weir-label"])),
    ("weir-classify", Below::Only(&["weir-index", "weir-label", "weir-names"])),
    ("weir-names", Below::Only(&[])),
    ("weir-task", Below::Only(&[])),
    ("weir-tokens", Below::Only(&[])),
    ("weir-index", Below::Only(&[])),
    ("weir-label", Below::Only(&[])),
    // For development alone: nothing but `weir`, for its demonstration, and tests may use the rig.
    ("weir-rig", Below::Only(&[])),
    ("weir-train", Below::Only(&["weir-names", "weir-task", "weir-tokens"])),
    (
        "weir-fuzz",
        Below::Only(&[
            "weir-audit",
            "weir-classify",
            "weir-config",
            "weir-extract",
            "weir-index",
            "weir-label",
            "weir-policy",
            "weir-rollout",
            "weir-tokens",
            "weir-wire",
        ]),
    ),
    ("xtask", Below::Only(&[])),
];

/// No tokio, sockets, files, clocks, randomness or environment in these.
const PURE: &[&str] = &[
    "weir-analyse",
    "weir-audit",
    "weir-classify",
    "weir-config",
    "weir-dispatch",
    "weir-index",
    "weir-label",
    "weir-names",
    "weir-policy",
    "weir-quality",
    "weir-rollout",
    "weir-simulate",
    "weir-task",
    "weir-tokens",
    "weir-wire",
];

/// Crates that bring I/O, clocks or randomness along. Not complete: what is meant is in [`PURE`]'s line.
const IMPURE: &[&str] = &[
    "async-std",
    "chrono",
    "fastrand",
    "getrandom",
    "hyper",
    "hyper-util",
    "mio",
    "notify",
    "rand",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "time",
    "tokio",
    "tokio-util",
    "uuid",
];

/// Paths that the sources of a pure crate do not mention.
const IMPURE_PATHS: &[&str] = &[
    "std::*",
    "std::env",
    "std::fs",
    "std::net::*",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::*",
    "Instant::now",
    "SystemTime::now",
    // The calendar and the built-in time zones of jiff are arithmetic; these are not.
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "tz::db",
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
];

/// Where connections may be opened and names resolved: behind the doors, and in the development rig.
const MAY_CONNECT: &[&str] = &["weir-connect", "weir-rig"];

/// Paths that open connections or resolve names. Methods are clippy's, which knows types: see `clippy.toml`.
const CONNECTING_PATHS: &[&str] = &[
    "hyper::client",
    "hyper_util::client",
    "lookup_host",
    "TcpStream::connect",
    "TcpStream::connect_timeout",
    "ToSocketAddrs",
    "to_socket_addrs",
    "UdpSocket",
    "UnixDatagram",
    "UnixStream::connect",
];

/// The arrows of this crate that are not in the table.
pub fn arrows(member: &Crate) -> Vec<String> {
    let name = &member.name;
    let Some((_, below)) = ARROWS.iter().find(|(known, _)| known == name) else {
        return vec![format!("`{name}` has no layer; give it one in ARCHITECTURE.md and in {}", file!())];
    };
    let allowed = |other: &&String| match below {
        Below::Only(names) => names.contains(&other.as_str()),
        Below::AllBut(names) => !names.contains(&other.as_str()),
    };
    let wrong = member.below.iter().filter(|other| !allowed(other));
    wrong
        .map(|other| format!("`{name}` must not depend on `{other}`: no such arrow in ARCHITECTURE.md"))
        .collect()
}

/// How this crate, if it is a pure one, reaches what brings I/O along.
pub fn purity(member: &Crate) -> Vec<String> {
    if !PURE.contains(&member.name.as_str()) {
        return Vec::new();
    }
    let ways = IMPURE.iter().filter_map(|impure| member.reaches.get(*impure));
    ways.map(|way| format!("`{}` is a pure crate but depends on I/O: {}", member.name, way.join(" → ")))
        .collect()
}

/// What the sources of this crate must not mention.
pub fn bans(name: &str) -> Vec<&'static str> {
    let pure = PURE.contains(&name).then_some(IMPURE_PATHS);
    let closed = (!MAY_CONNECT.contains(&name)).then_some(CONNECTING_PATHS);
    let mut bans: Vec<&str> = pure.into_iter().chain(closed).flatten().copied().collect();
    bans.sort_unstable();
    bans.dedup();
    bans
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::PathBuf;

    fn member(name: &str, below: &[&str], reaches: &[&[&str]]) -> Crate {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let way = |way: &&[&str]| ((*way.last().unwrap()).to_owned(), owned(way));
        Crate {
            name: name.to_owned(),
            directory: PathBuf::new(),
            below: owned(below).into_iter().collect::<BTreeSet<_>>(),
            reaches: reaches.iter().map(way).collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found() {
        assert!(arrows(&member("weir-policy", &["weir-label"], &[])).is_empty());
        let wrong = arrows(&member("weir-policy", &["weir-label", "weir-wire"], &[]));
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].starts_with("`weir-policy` must not depend on `weir-wire`"));
    }

    #[test]
    fn the_binary_may_use_everything_but_the_client_behind_the_doors() {
        assert!(arrows(&member("weir", &["weir-server", "weir-rig"], &[])).is_empty());
        assert_eq!(arrows(&member("weir", &["weir-connect"], &[])).len(), 1);
    }

    #[test]
    fn only_the_doors_use_the_client() {
        for (name, _) in ARROWS {
            let wrong = !arrows(&member(name, &["weir-connect"], &[])).is_empty();
            assert_eq!(wrong, !["weir-egress", "weir-local"].contains(name), "{name}");
        }
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        assert!(arrows(&member("weir-new", &[], &[]))[0].contains("has no layer"));
    }

    #[test]
    fn io_is_found_however_deep_it_is_and_the_way_to_it_is_told() {
        let through = member("weir-wire", &[], &[&["weir-wire", "serde"], &["weir-wire", "x", "tokio"]]);
        assert_eq!(
            purity(&through),
            ["`weir-wire` is a pure crate but depends on I/O: weir-wire → x → tokio"]
        );
        assert!(purity(&member("weir-server", &[], &[&["weir-server", "tokio"]])).is_empty());
    }

    #[test]
    fn every_pure_crate_has_a_layer() {
        assert!(PURE.iter().all(|pure| ARROWS.iter().any(|(name, _)| name == pure)));
    }
}
