//! Users and groups.

use tercel_format::Block;
use tercel_format::catalogue::code;
use tercel_format::record::Account;
use tercel_format::writer::Value;

use super::{Host, State, string};

impl Host {
    fn user(&self, container: &[u8], uid: u32) -> Option<String> {
        self.state.accounts.user(container, uid).map(|user| string(&user.name))
    }

    fn user_added(&mut self, uid: u32, name: &str, container: &str) {
        let params: [(&str, Value); 6] = [
            ("uid", uid.into()),
            ("gid", 5.into()),
            ("name", name.into()),
            ("home", "/home/x".into()),
            ("shell", "/bin/sh".into()),
            ("container_id", container.into()),
        ];
        self.event(code::USER_ADDED_E, -1, &params);
    }
}

fn listed(uid: u32, name: &str) -> Account {
    let text = name.as_bytes().to_vec();
    Account::User { uid, gid: 1, name: text.clone(), home: text, shell: b"/bin/zsh".to_vec() }
}

#[test]
fn the_list_goes_over_what_is_known_from_processes() {
    let mut host = Host::new();
    host.state.block(&Block::Accounts(vec![
        listed(0, "toor"),
        listed(7, "seven"),
        listed(8, "+nis"),
        Account::Group { gid: 3, name: b"three".to_vec() },
    ]));
    host.settle();
    assert_eq!(host.user(b"", 0).as_deref(), Some("toor"));
    assert_eq!(host.user(b"", 7).as_deref(), Some("seven"));
    assert_eq!(host.user(b"", 8), None);
    assert_eq!(host.state.accounts.group(b"", 3).map(|group| string(&group.name)).as_deref(), Some("three"));
    assert_eq!(host.state.accounts.group(b"", 0).map(|group| string(&group.name)).as_deref(), Some("root"));
}

#[test]
fn account_events_add_change_and_remove() {
    let mut host = Host::new();
    assert_eq!(host.user(b"", 0).as_deref(), Some("root"));
    host.user_added(9, "nine", "");
    host.user_added(9, "neun", "");
    assert_eq!(host.user(b"", 9).as_deref(), Some("neun"));
    host.event(code::USER_DELETED_E, -1, &[("uid", 9.into()), ("container_id", "".into())]);
    assert_eq!(host.user(b"", 9), None);
    host.event(
        code::GROUP_ADDED_E,
        -1,
        &[("gid", 4.into()), ("name", "four".into()), ("container_id", "".into())],
    );
    assert!(host.state.accounts.group(b"", 4).is_some());
    host.event(
        code::GROUP_DELETED_E,
        -1,
        &[("gid", 4.into()), ("name", "four".into()), ("container_id", "".into())],
    );
    assert!(host.state.accounts.group(b"", 4).is_none());
}

#[test]
fn accounts_of_containers_are_kept_from_the_recorder_only() {
    const ID: &[u8] = b"0123456789ab";
    let mut host = Host::new();
    host.user_added(9, "nine", "0123456789ab");
    assert_eq!((host.user(ID, 9), host.user(b"", 9)), (None, None));
    let user = |name: &'static str| -> [(&str, Value); 6] {
        [
            ("uid", 9.into()),
            ("gid", 5.into()),
            ("name", name.into()),
            ("home", "/".into()),
            ("shell", "/bin/sh".into()),
            ("container_id", "0123456789ab".into()),
        ]
    };
    let group: [(&str, Value); 3] =
        [("gid", 5.into()), ("name", "five".into()), ("container_id", "0123456789ab".into())];
    host.state_only(code::USER_ADDED_E, -1, &user("neun"));
    host.state_only(code::GROUP_ADDED_E, -1, &group);
    for state in [&host.state, &State::restore(&host.state.snapshot().expect("small")).expect("a snapshot")] {
        assert_eq!(state.accounts.user(ID, 9).map(|user| string(&user.name)).as_deref(), Some("neun"));
        assert_eq!(state.accounts.group(ID, 5).map(|group| string(&group.name)).as_deref(), Some("five"));
        assert!(state.accounts.user(b"", 9).is_none() && state.accounts.user(b"other", 9).is_none());
    }
    host.state_only(code::USER_DELETED_E, -1, &user(""));
    assert!(host.user(ID, 9).is_none() && host.state.accounts.group(ID, 5).is_some());
    host.state_only(code::GROUP_DELETED_E, -1, &group);
    assert!(host.state.accounts.of_containers.is_empty());
}
