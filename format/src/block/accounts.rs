//! User lists of both versions (reference B21).

use super::{Cursor, Entries, entries};
use crate::error::Fault;
use crate::record::Account;

const WHAT: &str = "user list entry";

/// Longest text that the reference accepts (reference B21).
const TEXT: u16 = 255;

/// Decodes the body of a user list.
pub fn accounts(body: &[u8], prefixed: bool) -> Entries<Account> {
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
