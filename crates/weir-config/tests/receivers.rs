//! Where events and checkpoints go when nothing is wrong with it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{EXAMPLE_POLICY, EXAMPLE_WEIR, loaded};
use weir_config::{Config, Receiver, Sink};

fn config(audit: &str) -> Config {
    loaded(&format!("{EXAMPLE_WEIR}\naudit: {audit}\n"), EXAMPLE_POLICY).config
}

#[test]
fn a_syslog_server_without_a_port_has_that_of_its_protocol_for_checkpoints_as_for_events() {
    for (at, url, is_udp) in [
        ("udp://10.0.0.9", "http://10.0.0.9:514", true),
        ("tcp://10.0.0.9", "http://10.0.0.9:514", false),
        ("tls://10.0.0.9", "https://10.0.0.9:6514", false),
        ("tls://[fd00::9]:7000", "https://[fd00::9]:7000", false),
    ] {
        let one = format!("[{{ name: siem, syslog: \"{at}\" }}]");
        let config = config(&format!("{{ witness: {one}, export: {one} }}"));
        let Receiver::Syslog { server: witness, datagrams } = &config.audit.witnesses[0].receiver else {
            panic!()
        };
        assert_eq!((witness.url.to_string(), *datagrams), (url.to_owned(), is_udp), "{at}");
        let Sink::Syslog { server, datagrams, .. } = &config.audit.exports[0].sink else { panic!() };
        assert_eq!((server, *datagrams), (witness, is_udp), "{at}");
    }
}
