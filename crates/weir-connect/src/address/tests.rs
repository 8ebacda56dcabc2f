use super::*;
use proptest::prelude::*;

fn inside() -> AddressRule {
    AddressRule::Inside { extra: Vec::new() }
}

fn inside_with(nets: &[&str]) -> AddressRule {
    AddressRule::Inside { extra: nets.iter().map(|net| net.parse().unwrap()).collect() }
}

#[track_caller]
fn check(rule: &AddressRule, address: &str, expect: Result<(), AddressRefusal>) {
    assert_eq!(rule.check(address.parse().unwrap()), expect, "{rule:?} {address}");
}

const NOT_INSIDE: Result<(), AddressRefusal> = Err(AddressRefusal::NotInside);
const NOT_PUBLIC: Result<(), AddressRefusal> = Err(AddressRefusal::NotPublic);
const METADATA: Result<(), AddressRefusal> = Err(AddressRefusal::Metadata);
const NOT_AS_NAMED: Result<(), AddressRefusal> = Err(AddressRefusal::NotAsNamed);

#[test]
fn loopback_and_private_addresses_are_inside() {
    for address in [
        "127.0.0.1",
        "127.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.168.0.0",
        "192.168.255.255",
        "::1",
        "fc00::",
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "::ffff:10.1.2.3",
        "::ffff:127.0.0.1",
    ] {
        check(&inside(), address, Ok(()));
    }
}

#[test]
fn all_else_is_not_inside() {
    for address in [
        "0.0.0.0",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.64.0.1",
        "126.255.255.255",
        "128.0.0.0",
        "169.254.1.1",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::2",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::",
        "2606:4700::1111",
        "fbff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "::ffff:8.8.8.8",
        "::ffff:169.254.1.1",
    ] {
        check(&inside(), address, NOT_INSIDE);
    }
}

#[test]
fn a_listed_network_is_inside_and_its_neighbour_is_not() {
    let rule = inside_with(&["100.64.0.0/10", "203.0.113.0/24", "2001:db8:1::/48"]);
    for address in ["100.64.0.1", "203.0.113.9", "2001:db8:1::9", "::ffff:203.0.113.9", "10.0.0.1"] {
        check(&rule, address, Ok(()));
    }
    for address in ["100.128.0.1", "203.0.114.1", "2001:db8:2::1"] {
        check(&rule, address, NOT_INSIDE);
    }
}

#[test]
fn link_local_addresses_are_refused_even_if_listed() {
    let rule = inside_with(&["0.0.0.0/0", "::/0"]);
    for address in ["169.254.1.1", "::ffff:169.254.1.1", "fe80::1"] {
        check(&rule, address, NOT_INSIDE);
    }
}

#[test]
fn metadata_services_are_refused_by_every_rule_in_every_form() {
    for address in [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "::ffff:168.63.129.16",
        "64:ff9b::169.254.169.254",
        "64:ff9b::168.63.129.16",
    ] {
        let literal = AddressRule::Literal(address.parse().unwrap());
        for rule in [inside(), inside_with(&["0.0.0.0/0", "::/0"]), AddressRule::Outside, literal] {
            check(&rule, address, METADATA);
        }
    }
}

#[test]
fn public_unicast_addresses_are_outside() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450::1",
        "64:ff9b::8.8.8.8",
    ] {
        check(&AddressRule::Outside, address, Ok(()));
    }
}

#[test]
fn whatever_is_not_public_unicast_is_refused_outside() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",
        "::ffff:8.8.8.8",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:db8::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fd12::1",
        "fe80::1",
        "ff02::1",
    ] {
        check(&AddressRule::Outside, address, NOT_PUBLIC);
    }
}

#[test]
fn a_literal_cloud_host_allows_that_address_alone() {
    let rule = |address: &str| AddressRule::Literal(address.parse().unwrap());
    for address in ["127.0.0.1", "10.0.0.1", "8.8.8.8", "::1", "fd12::1", "2606:4700::1111"] {
        check(&rule(address), address, Ok(()));
    }
    check(&rule("10.0.0.1"), "10.0.0.2", NOT_AS_NAMED);
    for address in ["169.254.1.1", "0.0.0.0", "224.0.0.1", "100.64.0.1", "fe80::1", "::"] {
        check(&rule(address), address, NOT_AS_NAMED);
    }
}

#[test]
fn a_cloud_host_called_localhost_allows_loopback_alone() {
    for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        check(&AddressRule::Loopback, address, Ok(()));
    }
    for address in ["10.0.0.1", "8.8.8.8", "fd12::1"] {
        check(&AddressRule::Loopback, address, NOT_AS_NAMED);
    }
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
        any::<u32>().prop_map(|bits| IpAddr::V6(Ipv4Addr::from(bits).to_ipv6_mapped())),
    ]
}

proptest! {
    /// No address is both inside and outside, so no name can be declared as both.
    #[test]
    fn inside_and_outside_are_disjoint(address in address()) {
        prop_assert!(inside().check(address).is_err() || AddressRule::Outside.check(address).is_err());
    }

    /// For inside, an IPv4 address is judged alike in both of its forms.
    #[test]
    fn a_mapped_address_is_judged_as_the_one_it_maps(bits in any::<u32>()) {
        let plain = Ipv4Addr::from(bits);
        let mapped = IpAddr::V6(plain.to_ipv6_mapped());
        prop_assert_eq!(inside().check(plain.into()), inside().check(mapped));
    }

    /// Listing networks opens no way to a metadata service or a link-local address.
    #[test]
    fn a_list_never_admits_link_local(low in any::<u16>()) {
        let [c, d] = low.to_be_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(169, 254, c, d));
        prop_assert!(inside_with(&["169.254.0.0/16"]).check(address).is_err());
    }
}
