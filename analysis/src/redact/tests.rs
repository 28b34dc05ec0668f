//! Addresses and names under a fixed key.

use std::net::IpAddr;

use tercel_format::record::Account;

use super::addresses::Addresses;
use super::text::Texts;
use super::{Key, Policy, SHIPPED};

fn texts(policy: &str) -> Texts {
    let policy = Policy::parse(policy).expect("a policy");
    let key = Key::of(b"a key");
    Texts::new(policy.clone(), key.clone(), Addresses::new(policy.addresses, key))
}

fn user(uid: u32, name: &str) -> Account {
    Account::User { uid, gid: uid, name: name.into(), home: Vec::new(), shell: Vec::new() }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// How many bits from the first on are the same.
fn common(one: IpAddr, other: IpAddr) -> u32 {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => panic!("{one} and {other} are of two kinds"),
    }
}

#[test]
fn addresses_change_and_keep_their_networks() {
    let mut texts = texts(SHIPPED);
    let mut map = |text: &str| texts.addresses.map(ip(text));
    for kept in ["0.0.0.0", "127.0.0.1", "127.1.2.3", "169.254.1.2", "224.0.0.251", "::", "::1", "ff02::1"] {
        assert_eq!(map(kept), ip(kept));
    }
    for (text, length) in [("10.1.2.3", 8), ("172.20.1.1", 12), ("192.168.7.9", 16), ("fe80::1:2:3", 10)] {
        let mapped = map(text);
        assert!(mapped != ip(text) && common(mapped, ip(text)) >= length, "{text} became {mapped}");
    }
    let all =
        ["8.8.8.8", "8.8.8.9", "8.8.4.4", "11.1.2.3", "126.255.0.1", "192.0.2.1", "10.1.2.3", "10.1.77.3"];
    for one in all {
        assert_ne!(map(one), ip(one));
        for other in all {
            assert_eq!(common(map(one), map(other)), common(ip(one), ip(other)), "{one} and {other}");
        }
    }
    let mapped = map("::ffff:8.8.8.8");
    assert_eq!(mapped.to_string(), format!("::ffff:{}", map("8.8.8.8")));
}

#[test]
fn names_of_people_are_replaced_in_texts_once_they_are_known() {
    let mut texts = texts(&SHIPPED.replace("keep: []", "keep: [deploy]"));
    let line = b"alice root deploy nobody staff malice";
    assert_eq!(texts.text(line), line);
    texts.learn_accounts(&[
        user(0, "root"),
        user(1000, "alice"),
        user(1001, "deploy"),
        user(65534, "nobody"),
        Account::Group { gid: 1002, name: b"staff".to_vec() },
    ]);
    let (alice, staff) = (texts.name(b"alice"), texts.name(b"staff"));
    assert!(alice.starts_with(b"REDACTED-") && alice != staff);
    let expected = [&alice[..], b" root deploy nobody ", &staff, b" malice"].concat();
    assert_eq!(texts.text(line), expected);
}
