//! Compares what the log says was sent with what a firewall or a flow log saw leave.
//!
//! A connection is kept open for several requests, so that a flow may carry many records; a record has one flow at
//! least. Clocks differ, and flows are cut into periods: times fit if they are no more than a window apart.

use crate::{Ident, WallTime};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A connection that somebody else has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Where it stands in the flow log, from 1.
    pub line: u64,
    /// When it began.
    pub start: WallTime,
    /// When it ended, or the period that it was counted in.
    pub end: WallTime,
    /// Where it went.
    pub to: IpAddr,
    /// Bytes that went there, if that was counted.
    pub sent: Option<u64>,
}

/// A request that the log says went somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The id of the decision.
    pub decision_id: Ident,
    /// When it was decided.
    pub start: WallTime,
    /// When the answer was over.
    pub end: WallTime,
    /// The address of the backend.
    pub to: IpAddr,
    /// Bytes of the request's body.
    pub sent: u64,
}

/// How the two differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Flows that records explain.
    pub explained: u64,
    /// Flows without a record.
    pub unrecorded: Vec<Flow>,
    /// Records without a flow.
    pub unseen: Vec<Use>,
    /// Flows that carried more than their records, and the most that these explain.
    pub heavier: Vec<(Flow, u64)>,
}

/// What a flow may carry besides bodies: the TLS handshake; and for each request its head, frames and a translation
/// that doubles its body.
const FLOW_OVERHEAD_BYTES: u64 = 16 * 1024;
const REQUEST_OVERHEAD_BYTES: u64 = 8 * 1024;
const BODY_FACTOR: u64 = 2;

/// The requests to one address, by when they began.
#[derive(Default)]
struct To {
    uses: Vec<(Use, bool)>,
    longest_ms: u64,
}

/// Compares. `window_ms` is how far apart times may be, in milliseconds.
#[must_use]
pub fn reconcile(flows: Vec<Flow>, uses: Vec<Use>, window_ms: u64) -> Reconciled {
    let mut by_address = BTreeMap::<IpAddr, To>::new();
    for used in uses {
        let to = by_address.entry(used.to.to_canonical()).or_default();
        to.longest_ms = to.longest_ms.max(used.end.unix_ms().saturating_sub(used.start.unix_ms()));
        to.uses.push((used, false));
    }
    for to in by_address.values_mut() {
        to.uses.sort_by_key(|(used, _)| used.start);
    }
    let mut result = Reconciled::default();
    for flow in flows {
        let found = by_address.get_mut(&flow.to.to_canonical()).map(|to| to.take(&flow, window_ms));
        match found {
            None | Some(Carried { requests: 0, .. }) => result.unrecorded.push(flow),
            Some(carried) => {
                result.explained += 1;
                let most = carried.most();
                if flow.sent.is_some_and(|sent| sent > most) {
                    result.heavier.push((flow, most));
                }
            }
        }
    }
    let unseen = by_address.into_values().flat_map(|to| to.uses);
    result.unseen = unseen.filter(|(_, is_seen)| !is_seen).map(|(used, _)| used).collect();
    result.unseen.sort_by_key(|used| used.start);
    result
}

/// What went over a flow, as far as records say.
struct Carried {
    requests: u64,
    bytes: u64,
}

impl Carried {
    fn most(&self) -> u64 {
        FLOW_OVERHEAD_BYTES + self.requests * REQUEST_OVERHEAD_BYTES + self.bytes.saturating_mul(BODY_FACTOR)
    }
}

impl To {
    /// Counts the requests that may have gone over a flow, and marks them as seen.
    fn take(&mut self, flow: &Flow, window_ms: u64) -> Carried {
        let latest = flow.end.unix_ms().saturating_add(window_ms);
        let earliest = flow.start.unix_ms().saturating_sub(window_ms);
        let end = self.uses.partition_point(|(used, _)| used.start.unix_ms() <= latest);
        let mut carried = Carried { requests: 0, bytes: 0 };
        for (used, is_seen) in self.uses.iter_mut().take(end).rev() {
            if used.start.unix_ms().saturating_add(self.longest_ms) < earliest {
                break;
            }
            if used.end.unix_ms() >= earliest {
                *is_seen = true;
                carried.requests += 1;
                carried.bytes = carried.bytes.saturating_add(used.sent);
            }
        }
        carried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> WallTime {
        WallTime::from_unix_ms(seconds * 1000)
    }

    fn flow(line: u64, start: u64, end: u64, to: &str, sent: u64) -> Flow {
        Flow { line, start: at(start), end: at(end), to: to.parse().unwrap(), sent: Some(sent) }
    }

    fn used(id: &str, start: u64, end: u64, to: &str, sent: u64) -> Use {
        Use { decision_id: Ident::new(id), start: at(start), end: at(end), to: to.parse().unwrap(), sent }
    }

    #[test]
    fn flows_without_a_record_and_records_without_a_flow_are_named() {
        let flows = vec![
            flow(1, 100, 160, "203.0.113.1", 5_000),
            flow(2, 100, 101, "203.0.113.9", 5_000),
            flow(3, 500, 501, "203.0.113.1", 5_000),
        ];
        let uses = vec![
            used("a", 110, 112, "203.0.113.1", 1_000),
            used("b", 155, 170, "::ffff:203.0.113.1", 1_000),
            used("c", 300, 301, "203.0.113.1", 1_000),
            used("d", 110, 112, "203.0.113.2", 1_000),
        ];
        let result = reconcile(flows, uses, 5_000);
        assert_eq!(result.explained, 1);
        assert_eq!(result.unrecorded.iter().map(|flow| flow.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(
            result.unseen.iter().map(|used| used.decision_id.as_str()).collect::<Vec<_>>(),
            ["d", "c"]
        );
        assert_eq!(result.heavier, []);
    }

    #[test]
    fn times_may_be_a_window_apart_and_no_more() {
        let check = |window: u64| {
            let flows = vec![flow(1, 100, 101, "203.0.113.1", 1)];
            reconcile(flows, vec![used("a", 90, 95, "203.0.113.1", 1)], window).explained
        };
        assert_eq!((check(4_999), check(5_000)), (0, 1));
    }

    #[test]
    fn a_flow_that_carried_more_than_its_records_is_named() {
        let check = |sent: u64| {
            let flows = vec![flow(1, 100, 101, "203.0.113.1", sent)];
            let uses =
                vec![used("a", 100, 101, "203.0.113.1", 10_000), used("b", 100, 101, "203.0.113.1", 0)];
            reconcile(flows, uses, 0).heavier.len()
        };
        assert_eq!((check(52_768), check(52_769)), (0, 1));
    }

    #[test]
    fn a_long_request_is_found_behind_short_ones_that_began_later() {
        let mut uses = vec![used("long", 0, 1_000, "203.0.113.1", 1)];
        uses.extend((1..50).map(|n| used(&format!("short-{n}"), n * 10, n * 10 + 1, "203.0.113.1", 1)));
        let result = reconcile(vec![flow(1, 900, 901, "203.0.113.1", 1)], uses, 0);
        assert_eq!((result.explained, result.unseen.len()), (1, 49));
    }
}
