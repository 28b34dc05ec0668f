//! Addresses and names under a fixed key.

use std::net::IpAddr;

use tercel_format::catalogue::code;
use tercel_format::extras::{FdFile, FileId, fact, flag, kind};
use tercel_format::record::Account;
use tercel_format::writer::EventBuilder;

use super::addresses::Addresses;
use super::event::with_redacted;
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

#[test]
fn addresses_of_both_families_are_replaced_in_texts() {
    let mut texts = texts(SHIPPED);
    for (text, secrets) in [
        ("connect 2001:db8:1:2::77 now", &["2001:db8:1:2::77"][..]),
        ("http://[2001:db8:1:2::77]:443/x", &["2001:db8:1:2::77"]),
        ("a 2001:DB8:1:2:0:0:0:77, b", &["2001:DB8:1:2:0:0:0:77"]),
        ("2001:db8::77/64", &["2001:db8::77"]),
        ("fe80::1:2:3%eth0", &["1:2:3"]),
        ("::ffff:203.0.113.77", &["203.0.113.77", "cb00:714d"]),
        ("203.0.113.77:80->203.0.113.78:81", &["203.0.113.77", "203.0.113.78"]),
    ] {
        let new = String::from_utf8(texts.text(text.as_bytes())).expect("text");
        assert!(secrets.iter().all(|secret| !new.contains(secret)), "{text} became {new}");
    }
    for kept in ["::1", "[::1]:80", "ff02::1", "12:34:56", "a::b::c", "deadbeef", "std::fs::read"] {
        assert_eq!(texts.text(kept.as_bytes()), kept.as_bytes());
    }
    // A text and the address that it names stay equal.
    let mapped = texts.addresses.map(ip("2001:db8:1:2::77"));
    assert_eq!(texts.text(b"2001:db8:1:2::77"), mapped.to_string().into_bytes());
}

#[test]
fn relative_paths_are_matched_in_their_directory() {
    let mut texts =
        texts(&SHIPPED.replace("\npaths: []\n", "\npaths: ['/srv/customers/**', '/data/*/mail']\n"));
    for (base, path, hidden) in [
        ("/srv/customers/acme", "x/y", &["x", "y"][..]),
        ("/srv/customers/", "acme", &["acme"]),
        ("/srv", "customers/acme", &["acme"]),
        ("/", "./srv/customers/acme/../x", &["acme", "x"]),
        ("/srv/customers/acme", "../../public", &[]),
        ("/srv/other", "../customers/acme/..", &["acme"]),
        ("/srv/customers/acme", "/etc/passwd", &[]),
        ("/data", "alice/mail", &["alice", "mail"]),
        ("<UNKNOWN>", "acme", &[]),
        ("", "acme", &[]),
    ] {
        let new = String::from_utf8(texts.path_from(base.as_bytes(), path.as_bytes())).expect("text");
        let old = path.split('/');
        for (old, new) in old.zip(new.split('/')) {
            assert_eq!(new.starts_with("REDACTED-"), hidden.contains(&old), "{base} {path} became {new}");
        }
    }
    // Paths in texts, too.
    for text in [
        "cat /srv/customers/acme/x; ls",
        "--file=/srv/customers/acme",
        "PATH=/bin:/srv/customers/acme:/x",
        "\"/srv/customers/acme\"",
    ] {
        let new = String::from_utf8(texts.text(text.as_bytes())).expect("text");
        assert!(!new.contains("acme") && new.contains("/srv/customers/REDACTED-"), "{text} became {new}");
    }
    // What is equal as a whole path is equal as a part of one.
    let whole = String::from_utf8(texts.path(b"/srv/customers/acme/x")).expect("text");
    let part = String::from_utf8(texts.path_from(b"/srv/customers/acme", b"x")).expect("text");
    assert!(whole.ends_with(&format!("/{part}")), "{whole} {part}");
    // Arguments are paths too, options are not.
    let words = texts.arguments(b"/srv/customers", b"cat", b"-n\0acme/x\0");
    assert!(words.starts_with(b"-n\0REDACTED-") && !words.windows(4).any(|part| part == b"acme"));
}

#[test]
fn names_of_labels_are_texts() {
    let mut texts = texts(SHIPPED);
    texts.learn_accounts(&[user(1000, "image"), user(1001, "alice")]);
    let json = br#"{"container":{"image":"web","labels":{"owner-alice":"x","alice":"y","token=abcdef":"z","image":"i"},
        "port_mappings":[{"HostIp":1}],"cni_json":"{\"203.0.113.77\":1}"}}"#;
    let new = String::from_utf8(super::container::json(&mut texts, json)).expect("text");
    assert!(new.contains(r#""image":"web""#) && new.contains(r#""labels":{"#), "{new}");
    for secret in ["\"alice\"", "abcdef", "203.0.113.77", "\"image\":\"i\""] {
        assert!(!new.contains(secret), "{secret} in {new}");
    }
}

#[test]
fn what_the_kernel_says_is_redacted_as_the_parameters_are() {
    let mut texts = texts(SHIPPED);
    texts.learn_accounts(&[user(1000, "acme")]);
    let secret = |bytes: &[u8]| bytes.windows(4).any(|part| part == b"acme");
    let file = FileId { ino: 5, dev: 6, mode: 7 };
    let encoded = EventBuilder::new(code::SYSCALL_OPENAT_2_X, 1, 2)
        .set("name", "/home/acme/x")
        .extra(kind::PATH, flag::SAME, b"")
        .extra(kind::PATH_INSIDE, flag::CUT, b"/home/acme/x")
        .extra(kind::ENTRY_PATH, 0, b"/home/acme/x\0acme")
        .extra(kind::FILE, 0, &[&file.bytes()[..], b"acme"].concat())
        .extra(kind::FACTS, 0, &[&fact::CHANGED.to_le_bytes()[..], b"acme"].concat())
        .extra(kind::LATENCY, 0, &[&9u64.to_le_bytes()[..], b"acme"].concat())
        .extra(kind::ENTRY_ADDRESS, 0, b"\x02\x08\x08\x08\x08\x35\x00")
        .extra(kind::FD, 0, &FdFile { fd: 4, file, open_flags: 0, path: b"/home/acme/x" }.bytes())
        .extra(200, 0, b"acme")
        .encode()
        .expect("a valid event");
    let check = &mut |event: &tercel_format::Event<'_>| {
        let extras = event.extras();
        assert!(!secret(extras.bytes()), "{extras:?}");
        // It is the same path, and becomes the same wherever it stands.
        let path = event.kernel_path(kind::PATH).expect("a path");
        assert!(path.starts_with(b"/home/REDACTED-") && path.ends_with(b"/x"), "{path:?}");
        assert_eq!(event.kernel_path(kind::PATH_INSIDE), Some(path));
        assert_eq!(event.kernel_path(kind::ENTRY_PATH), Some(path));
        assert!(extras.get(kind::PATH_INSIDE).is_some_and(|item| item.has(flag::CUT)));
        assert_eq!((extras.file(), extras.facts(), extras.latency()), (Some(file), fact::CHANGED, Some(9)));
        let address = extras.get(kind::ENTRY_ADDRESS).expect("an address").value;
        assert!(address[1..5] != [8; 4] && address[5..] == [0x35, 0], "{address:?}");
        assert_eq!(extras.fds().map(|file| (file.fd, file.path)).collect::<Vec<_>>(), [(4, path)]);
        assert_eq!(extras.get(200), None);
        Ok::<(), ()>(())
    };
    with_redacted(&mut texts, None, &encoded.event(), check).expect("nothing fails");
}
