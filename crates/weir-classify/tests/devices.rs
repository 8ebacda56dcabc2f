//! Addresses and numbers of devices, and e-mail addresses of rarer forms.

mod common;

use common::{finds, finds_nothing};

#[test]
fn hardware_addresses_are_found() {
    for address in ["00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e", "001A.2B3C.4D5E", "f4:5c:89:ab:cd:e1"] {
        finds("MAC_ADDRESS", address, &format!("device {address}, up"));
    }
    finds("MAC_ADDRESS", "001A2B3C4D5E", "MAC: 001A2B3C4D5E");
    finds("MAC_ADDRESS", "00:1A:2b:3C:4d:5E", "seen 00:1A:2b:3C:4d:5E again");
    finds("MAC_ADDRESS", "3A:5f:1b:2c:aB:77", "mac address 3A:5f:1b:2c:aB:77");
}

#[test]
fn what_only_looks_like_a_hardware_address_is_none() {
    for text in [
        "00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "00:1A:2B:3C:4D",
        "00:1A:2B:3C:4D:5G",
        "00:1A-2B:3C-4D:5E",
        "3A:5f:1b:2c:aB:77",
        "fingerprint 16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
        "001A2B3C4D5E",
        "550e8400-e29b-41d4-a716-446655440000",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn numbers_of_devices_need_their_word() {
    finds("IMEI", "356938035643817", "IMEI: 356938035643817");
    finds("IMEI", "49-015420-323751-8", "imei 49-015420-323751-8");
    finds("IMSI", "262019384750163", "IMSI=262019384750163");
    finds("ICCID", "8949201938475016384", "ICCID 8949201938475016384");
    for text in ["356938035643817", "IMEI 356938035643818", "IMSI 862019384750163", "8949201938475016384"] {
        finds_nothing(text);
    }
}

#[test]
fn email_addresses_of_rarer_forms_are_found() {
    for address in
        ["\"jo doe\"@example.com", "jo@[192.0.2.1]", "jo@[IPv6:2001:db8::1]", "jo@example.photography"]
    {
        let found = common::found(&format!("write to {address} now"));
        assert!(found.contains(&("EMAIL_ADDRESS".to_owned(), address.to_owned())), "{found:?}");
    }
    finds("EMAIL_ADDRESS", "jo.doe@example.com", "mailto:jo.doe@example.com?subject=Hi");
    finds("EMAIL_ADDRESS", "jo@example.com", "https://example.org/login?email=jo@example.com&next=/");
}

#[test]
fn what_only_looks_like_a_rarer_address_is_none() {
    for text in [
        "\"x\"@y",
        "x@[a, b]",
        "m@[0]",
        "@types/node@20.1.0",
        "ssh deploy@host:/srv",
        "user@host: ~$",
        "a @ b.T",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn addresses_that_every_network_has_count_near_a_word_that_gives_them_to_one() {
    finds("IP_ADDRESS", "ff02::1", "Multicast ff02::1");
    finds("IP_ADDRESS", "255.255.255.255", "Broadcast 255.255.255.255");
    finds("IP_ADDRESS", "::ffff:127.0.0.1", "::ffff:127.0.0.1");
    for text in ["255.255.255.255", "240.0.0.1", "224.0.0.1", "netmask 255.255.255.0", "gateway 0.0.0.0"] {
        finds_nothing(text);
    }
}

#[test]
fn profiles_of_people_are_found() {
    finds("SOCIAL_PROFILE", "linkedin.com/in/jo-doe-4711", "https://www.linkedin.com/in/jo-doe-4711/");
    finds_nothing("https://www.linkedin.com/in/username");
    finds_nothing("https://www.linkedin.com/company/weir");
}
