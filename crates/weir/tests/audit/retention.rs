//! Records whose time is over.

use crate::support;
use crate::support::command::stdout;
use serde_json::Value;

/// A log of three segments of a hundred events from the year 2020, whose process ended in order.
fn write_old_log(dir: &std::path::Path) {
    use weir_audit::event::{AsEvent as _, Author, LogClosed, hex};
    use weir_audit::tree::{Frontier, Hash};
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let (seed, author) = ([7; 32], Author::new([1; 16], "vm".into()));
    let node = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let node = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty()).unwrap_or(node);
    let origin = weir_audit::checkpoint::Origin::of_node(&node.trim().into());
    let signer = weir_audit::checkpoint::Signer::new(origin, &seed);
    let mut tree = Frontier::new();
    for segment in 0..3_u64 {
        let mut bytes = weir_audit::frame::segment_header(segment * 100).to_vec();
        for seq in segment * 100..(segment + 1) * 100 {
            let (mut event, at) = (Vec::new(), weir_audit::WallTime::from_unix_ms(1_600_000_000_000 + seq));
            author.write(&mut event, seq, at, seq, LogClosed { events: seq }.as_event());
            weir_audit::frame::write(&mut bytes, &event).unwrap();
            tree.append(Hash::leaf(&event), |id, tile| put(&id.path(), &tile.to_bytes()));
        }
        bytes.resize(256 * 1024, 0);
        put(&format!("segments/{segment:08}.log"), &bytes);
    }
    tree.partial_tiles().for_each(|(id, tile)| put(&id.path(), &tile.to_bytes()));
    put("key", (hex(&seed) + "\n").as_bytes());
    put("key.pub", format!("{}\n", signer.verifier()).as_bytes());
    put("checkpoint", signer.sign(300, tree.root()).as_bytes());
    put("open", b"300\n");
}

#[test]
fn records_whose_time_is_over_are_deleted_unless_a_hold_keeps_them_and_the_rest_is_proved() {
    let start = |audit: &str| {
        let config = support::two_zones("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1");
        let home = support::Home::new(&format!("{config}\naudit: {audit}\n"), support::TWO_RULES);
        write_old_log(&home.path().join("state/audit"));
        support::Gateway::start_in(home)
    };
    let has = |home: &support::Home, segment: u64| {
        home.path().join(format!("state/audit/segments/{segment:08}.log")).exists()
    };
    let mut gateway = start("{ keep: 365d }");
    gateway.wait_for_log("older than `audit.keep` were deleted");
    let (home, _) = gateway.stop();
    assert!(!has(&home, 0) && !has(&home, 1) && has(&home, 2));
    let verified = home.weir(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", stdout(&verified));
    let (said, counts) = (stdout(&verified), stdout(&home.weir(&["audit", "verify", "--json"])));
    let counts: Value = serde_json::from_str(&counts).unwrap();
    let kept = counts["events"].as_u64().unwrap();
    assert!(said.contains(&format!("ok: {kept} events, {kept} of them under")), "{said}");
    assert!(said.contains("200 events before them were deleted"), "{said}");
    assert_eq!((&counts["deleted_events"], &counts["signed_events"]), (&200.into(), &(200 + kept).into()));
    // Of what is deleted nobody can say that it was as claimed.
    let attested = home.weir(&["audit", "attest", "--claim", "every record has zone local"]);
    assert!(
        stdout(&attested).contains("the first 200 were deleted before, and not checked"),
        "{}",
        stdout(&attested)
    );
    let pruned = home.audit(&["--event", "log.pruned"]);
    assert_eq!(
        (&pruned[0]["event"]["first_kept"], &pruned[0]["event"]["events"]),
        (&200.into(), &200.into())
    );
    let (home, _) = start("{ keep: 365d, hold: true }").stop();
    assert!(has(&home, 0) && has(&home, 1));
    let (home, _) = start("{ keep: 9999d }").stop();
    assert!(has(&home, 0) && has(&home, 1));
    // By what is in them: nothing of these is about a request.
    let (home, _) = start("{ keep: { restricted: 365d, default: 9999d } }").stop();
    assert!(has(&home, 0) && has(&home, 1));
    let mut gateway = start("{ keep: { restricted: 9999d, default: 365d } }");
    gateway.wait_for_log("older than `audit.keep` were deleted");
    let (home, _) = gateway.stop();
    assert!(!has(&home, 0) && !has(&home, 1) && has(&home, 2));
}
