//! An audit log that cannot be written.
//!
//! The process is put under a limit of the size of files, at which every write of it fails as it would on
//! a full disk.
#![cfg(target_os = "linux")]

use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, two_zones, weir};
use crate::{classified, harmless, streamed};
use std::process::Command;

/// A gateway whose writes can be made to fail without the signal that ends the process.
fn stage(config: impl FnOnce(&str, &str) -> String) -> Stage {
    Stage::run_as(config, TWO_RULES, |_| {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(weir().get_program());
        command
    })
}

fn fail_writes(stage: &Stage) {
    let pid = stage.gateway.pid().to_string();
    let status = Command::new("prlimit").args(["--pid", &pid, "--fsize=1:1"]).status();
    assert!(status.expect("prlimit, of util-linux").success());
}

fn assert_refused(reply: &Reply) {
    assert_eq!((reply.status, reply.code().as_str()), (503, "audit_unavailable"), "{}", reply.text());
}

#[test]
fn without_a_record_nothing_goes_to_the_cloud() {
    let stage = stage(two_zones);
    fail_writes(&stage);
    for body in [harmless("cloud-only"), streamed(harmless("cloud-only")), harmless("cloud-only")] {
        assert_refused(&stage.chat(&body));
    }
    stage.assert_cloud_untouched();
}

#[test]
fn without_a_record_nothing_is_served_at_all_unless_the_operator_says_so() {
    let stage = stage(two_zones);
    fail_writes(&stage);
    assert_refused(&stage.chat(&harmless("auto")));
    assert_refused(&stage.chat(&classified("auto")));
    assert_refused(&stage.chat(&streamed(classified("local-only"))));
    assert_eq!(stage.here.requests(), 0);
    stage.assert_cloud_untouched();
    assert_eq!(stage.gateway.ready().0, 503, "an operator can see it");
}

#[test]
fn a_rule_that_requires_a_durable_record_is_not_served_without_one() {
    let policy = "policy: 1\nrules:\n  - { name: kept, use: local, require: [audit.durable] }\n";
    let config = |local: &str, cloud: &str| {
        format!("{}audit: {{ on_failure: local_only }}\n", two_zones(local, cloud))
    };
    let stage = Stage::run_as(config, policy, |_| {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(weir().get_program());
        command
    });
    assert_eq!(stage.chat(&harmless("auto")).status, 200);
    let served = stage.here.requests();
    fail_writes(&stage);
    for body in [harmless("auto"), streamed(classified("auto"))] {
        assert_refused(&stage.chat(&body));
    }
    assert_eq!(stage.here.requests(), served);
}

#[test]
fn with_local_only_what_stays_inside_is_served_without_a_record_and_the_rest_is_not() {
    let stage =
        stage(|local, cloud| format!("{}audit: {{ on_failure: local_only }}\n", two_zones(local, cloud)));
    fail_writes(&stage);
    assert_refused(&stage.chat(&harmless("cloud-only")));
    for body in [classified("auto"), streamed(classified("auto")), harmless("auto")] {
        let reply = stage.chat(&body);
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    }
    stage.assert_cloud_untouched();
}
