//! User lists of both versions (reference B21).

use super::{Cursor, Entries, entries};
use crate::error::Fault;
use crate::record::Account;

const WHAT: &str = "user list entry";

/// Longest text that the reference accepts (reference B21).
const TEXT: u16 = 255;

/// Decodes the body of a user list.
pub(crate) fn accounts(body: &[u8], prefixed: bool) -> Entries<Account> {
    entries(body, 0, |cursor| account(cursor, prefixed))
}

fn account(cursor: &mut Cursor, prefixed: bool) -> Result<Account, Fault> {
    cursor.enter(WHAT);
    let start = cursor.position();
    let length = if prefixed { cursor.u32()? } else { 0 };
    let record = if cursor.u8()? == 0 {
        Account::User {
            uid: cursor.u32()?,
            gid: cursor.u32()?,
            name: cursor.text16("user name", TEXT)?,
            home: cursor.text16("home directory", TEXT)?,
            shell: cursor.text16("login shell", TEXT)?,
        }
    } else {
        Account::Group { gid: cursor.u32()?, name: cursor.text16("group name", TEXT)? }
    };
    cursor.leave(WHAT, start, length)?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &[u8] = b"\0\xe8\x03\0\0\x64\0\0\0\x03\0joe\x05\0/home\x02\0sh";
    const GROUP: &[u8] = b"\x01\x64\0\0\0\x05\0users";

    fn expected() -> [Account; 2] {
        [
            Account::User {
                uid: 1000,
                gid: 100,
                name: b"joe".to_vec(),
                home: b"/home".to_vec(),
                shell: b"sh".to_vec(),
            },
            Account::Group { gid: 100, name: b"users".to_vec() },
        ]
    }

    #[test]
    fn both_versions_hold_users_and_groups() {
        let list = accounts(&[USER, GROUP, &[0; 2]].concat(), false);
        assert_eq!((list.entries.as_slice(), list.fault), (&expected()[..], None));
        let prefix = |entry: &[u8], extra: u32| {
            let length = (entry.len() as u32 + 4 + extra).to_le_bytes();
            [&length[..], entry, &vec![0xee; extra as usize]].concat()
        };
        let list = accounts(&[prefix(USER, 5), prefix(GROUP, 0)].concat(), true);
        assert_eq!((list.entries.as_slice(), list.fault), (&expected()[..], None));
    }

    #[test]
    fn damage_is_named() {
        let fault = Fault::TextTooLong { what: "group name", length: 256, limit: TEXT };
        assert_eq!(accounts(b"\x01\0\0\0\0\0\x01", false).fault, Some(fault));
        assert_eq!(accounts(&USER[..USER.len() - 1], false).fault, Some(Fault::Short(WHAT)));
    }
}
