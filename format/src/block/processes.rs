//! Process lists of every version (reference B5 to B14).

use super::{Cursor, Entries, entries};
use crate::error::Fault;
use crate::record::ProcessRecord;

const WHAT: &str = "process list entry";

/// Longest path, name or root directory (reference B12).
const PATH: u16 = 1024;

/// Longest arguments, environment or cgroups (reference B12).
const LIST: u16 = 4096;

/// Size of the optional tail as it was before libs 0.10 put two fields in front of it (reference B9).
const OLD_TAIL: usize = 29;

/// Decodes the entries of a process list of `version` 1 to 9. `reserve` is 0 where `bytes` reach to the end of the list,
/// and otherwise how many bytes the longest entry takes.
pub fn processes(bytes: &[u8], version: u8, reserve: usize) -> Entries<ProcessRecord> {
    entries(bytes, reserve, |cursor| process(cursor, version))
}

fn process(cursor: &mut Cursor, version: u8) -> Result<ProcessRecord, Fault> {
    cursor.enter(WHAT);
    let start = cursor.position();
    let length = if version >= 9 { cursor.u32()? } else { 0 };
    if length > super::ENTRY_LIMIT {
        return Err(Fault::EntryTooLong { what: WHAT, length });
    }
    let mut record = ProcessRecord {
        tid: cursor.i64()?,
        pid: cursor.i64()?,
        ptid: cursor.i64()?,
        ..ProcessRecord::default()
    };
    if version >= 6 {
        record.sid = cursor.i64()?;
    }
    if version >= 8 {
        record.vpgid = cursor.i64()?;
    }
    record.comm = cursor.text16("process name", PATH)?;
    record.exe = cursor.text16("argv[0]", PATH)?;
    if version >= 7 {
        record.exepath = cursor.text16("path of an executable", PATH)?;
    }
    record.args = cursor.list16("arguments", LIST)?;
    record.cwd = cursor.text16("working directory", PATH)?;
    record.fdlimit = cursor.i64()?;
    record.flags = cursor.u32()?;
    record.uid = cursor.u32()?;
    record.gid = cursor.u32()?;
    later_fields(cursor, version, &mut record)?;
    if length != 0 {
        tail(cursor, start + length as usize, &mut record)?;
    }
    cursor.leave(WHAT, start, length)?;
    Ok(record)
}

/// What versions 2 to 5 appended (reference B6).
fn later_fields(cursor: &mut Cursor, version: u8, record: &mut ProcessRecord) -> Result<(), Fault> {
    if version >= 2 {
        record.vmsize_kb = cursor.u32()?;
        record.vmrss_kb = cursor.u32()?;
        record.vmswap_kb = cursor.u32()?;
        record.pfmajor = cursor.u64()?;
        record.pfminor = cursor.u64()?;
    }
    if version >= 3 {
        record.env = cursor.list16("environment", LIST)?;
    }
    if version >= 4 {
        record.vtid = cursor.i64()?;
        record.vpid = cursor.i64()?;
        record.cgroups = cursor.bytes16("cgroups", LIST)?.to_vec();
    }
    if version >= 5 {
        record.root = cursor.text16("root directory", PATH)?;
    }
    Ok(())
}

/// The fields that version 9 appended one by one; each is there only if it still fits before `end` (reference B8, B9).
fn tail(cursor: &mut Cursor, end: usize, record: &mut ProcessRecord) -> Result<(), Fault> {
    macro_rules! field {
        ($target:expr, $read:ident, $width:literal) => {
            if cursor.position() + $width <= end {
                $target = cursor.$read()?;
            }
        };
    }
    macro_rules! flag {
        ($target:expr) => {
            if cursor.position() < end {
                $target = cursor.u8()? != 0;
            }
        };
    }
    // An entry that is longer than it claims has no tail; `leave` reports it.
    if end.saturating_sub(cursor.position()) > OLD_TAIL {
        field!(record.pidns_init_start_ts, u64, 8);
        field!(record.tty, u32, 4);
    }
    field!(record.loginuid, u32, 4);
    flag!(record.exe_writable);
    field!(record.cap_inheritable, u64, 8);
    field!(record.cap_permitted, u64, 8);
    field!(record.cap_effective, u64, 8);
    flag!(record.exe_upper_layer);
    field!(record.exe_ino, u64, 8);
    field!(record.exe_ino_ctime, u64, 8);
    field!(record.exe_ino_mtime, u64, 8);
    flag!(record.exe_from_memfd);
    flag!(record.exe_lower_layer);
    field!(record.pgid, i64, 8);
    Ok(())
}
