use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::Duration;

/// CPU time and memory of a process and its descendants, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Use {
    /// User and system time, also of descendants that were waited for.
    pub(super) cpu: Duration,
    pub(super) resident_kb: u64,
    /// The sum of each one's peak.
    pub(super) peak_kb: u64,
}

/// Linux counts in `/proc/PID/stat` in hundredths of a second on every architecture (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// What `/proc` says of a process and its descendants.
///
/// # Errors
/// When there is no such process, or no `/proc`.
pub(super) fn usage(pid: u32) -> io::Result<Use> {
    let all = processes()?;
    if !all.contains_key(&pid) {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("no process {pid}")));
    }
    let family = descendants(pid, &all);
    Ok(family.into_iter().map(|pid| one(pid, &all)).fold(Use::default(), add))
}

/// Parent and ticks of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    parent: u32,
    ticks: u32,
}

fn processes() -> io::Result<BTreeMap<u32, Stat>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end between the listing and the reading.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        all.extend(parse_stat(&stat).map(|stat| (pid, stat)));
    }
    Ok(all)
}

/// Source: proc_pid_stat(5). The name, field 2, is in parentheses and may hold anything.
fn parse_stat(stat: &str) -> Option<Stat> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
    let ticks = (14..=17).map(number).sum::<Option<u32>>()?;
    Some(Stat { parent: number(4)?, ticks })
}

fn descendants(pid: u32, all: &BTreeMap<u32, Stat>) -> Vec<u32> {
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(all.iter().filter(|(_, stat)| stat.parent == parent).map(|(child, _)| *child));
        next += 1;
    }
    family
}

fn one(pid: u32, all: &BTreeMap<u32, Stat>) -> Use {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let ticks = all.get(&pid).map_or(0, |stat| stat.ticks);
    Use {
        cpu: TICK * ticks,
        resident_kb: kilobytes(&status, "VmRSS:"),
        peak_kb: kilobytes(&status, "VmHWM:"),
    }
}

fn kilobytes(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

fn add(a: Use, b: Use) -> Use {
    Use { cpu: a.cpu + b.cpu, resident_kb: a.resident_kb + b.resident_kb, peak_kb: a.peak_kb + b.peak_kb }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a ) b) S 7 1 1 0 -1 4194560 100 0 0 0 11 5 3 1 20 0 1 0 9 1 1";
        assert_eq!(parse_stat(stat), Some(Stat { parent: 7, ticks: 20 }));
    }

    #[test]
    fn descendants_are_found_at_every_depth() {
        let child_of = |parent| Stat { parent, ticks: 0 };
        let all = BTreeMap::from([(1, child_of(0)), (2, child_of(1)), (3, child_of(2)), (4, child_of(0))]);
        assert_eq!(descendants(1, &all), [1, 2, 3]);
    }

    #[test]
    fn this_process_takes_memory() {
        let usage = usage(std::process::id()).unwrap();
        assert!(usage.resident_kb > 0);
        assert!(usage.peak_kb >= usage.resident_kb);
    }
}
