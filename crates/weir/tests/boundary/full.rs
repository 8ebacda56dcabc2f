//! A local backend without a free place.

use crate::support::http::Client;
use crate::support::stage::Stage;
use crate::{BURST_AT_ONCE, classified, harmless, local_first, streamed};
use std::time::{Duration, Instant};
use weir_rig::fake::Script;

/// One place, and a request that holds it until its client goes. Classified requests wait so long for it.
fn occupied(wait: &str) -> (Stage, Client) {
    occupied_under(local_first, &BURST_AT_ONCE.replace("queue 200ms", &format!("queue {wait}")))
}

/// The same with another configuration and policy.
pub fn occupied_under(config: impl FnOnce(&str, &str) -> String, policy: &str) -> (Stage, Client) {
    let one_place = |local: &str, cloud: &str| {
        config(local, cloud).replace("{ name: local-model }", "{ name: local-model, concurrency: 1 }")
    };
    let stage = Stage::with(one_place, policy);
    let long = "word ".repeat(10_000);
    stage
        .here
        .set(Script::default().text(&long).role_with_text().chunks(10_000).gap(Duration::from_millis(20)));
    let mut holder = stage.gateway.client();
    let body = streamed(classified("local-only")).to_string();
    holder.begin_post("/v1/chat/completions", &[], body.as_bytes());
    assert_eq!(holder.head().0, 200);
    (stage, holder)
}

#[test]
fn a_classified_request_waits_is_refused_and_does_not_burst() {
    let (stage, _holder) = occupied("200ms");
    for body in [classified("auto"), streamed(classified("auto"))] {
        let began = Instant::now();
        let reply = stage.chat(&body);
        assert_eq!((reply.status, reply.code().as_str()), (503, "overloaded"), "{}", reply.text());
        assert!(began.elapsed() >= Duration::from_millis(200), "it did not wait");
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait));
        let record = stage.record(&reply);
        assert_eq!(
            (&record["decision"]["action"], &record["outcome"]["outcome"]),
            (&"deny".into(), &"rejected".into())
        );
    }
    assert_eq!(stage.here.requests(), 1);
    stage.assert_cloud_untouched();
}

#[test]
fn a_harmless_request_bursts_and_the_record_says_so() {
    let (stage, _holder) = occupied("200ms");
    let reply = stage.chat(&harmless("auto"));
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    let record = stage.record(&reply);
    assert_eq!(
        (&record["decision"]["action"], &record["decision"]["reason"]),
        (&"burst".into(), &"burst".into())
    );
    assert_eq!(record["decision"]["egress_permitted"], true);
}

#[test]
fn a_place_that_comes_free_goes_to_the_classified_request_that_waits() {
    let (stage, holder) = occupied("20s");
    let mut waiting = stage.gateway.client();
    waiting.begin_post("/v1/chat/completions", &[], classified("auto").to_string().as_bytes());
    stage.here.set(Script::default());
    holder.abandon();
    let reply = waiting.reply();
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    stage.assert_cloud_untouched();
}
