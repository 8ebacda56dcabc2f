use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process opens besides connections of applications and to backends: the state, the admin listener's connections,
/// probes, exports.
const RESERVED: usize = 160;

/// How many connections of applications there is room for, of so many that are wanted: each may need one to a backend, and
/// when the process is out of descriptors nothing can be written down, and nobody can ask how it does.
///
/// Lets the process open as many files as that takes, as far as it may.
pub(super) fn connections(wanted: usize) -> usize {
    let needed = RESERVED.saturating_add(wanted.saturating_mul(2));
    let may_open = raise(needed);
    if may_open >= needed {
        return wanted;
    }
    let connections = (may_open.saturating_sub(RESERVED) / 2).max(1);
    tracing::warn!(
        wanted,
        connections,
        may_open,
        "fewer connections are taken than `limits.connections` says: the process may not open enough files; raise `ulimit -n`"
    );
    connections
}

/// Raises the soft limit of open files to `needed`, or to the hard one; gives what it is then.
fn raise(needed: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let open =
        |limit: Option<u64>| limit.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let wanted = open(limit.maximum).min(needed);
    if open(limit.current) >= wanted {
        return open(limit.current);
    }
    let raised = Rlimit { current: u64::try_from(wanted).ok(), maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => wanted,
        Err(_) => open(limit.current),
    }
}
