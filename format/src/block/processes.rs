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

/// Decodes the entries of a process list of `version` 1 to 9. `reserve` is 0 if `bytes` reach to the end of the list,
/// and otherwise how many bytes the longest entry takes.
pub(crate) fn processes(bytes: &[u8], version: u8, reserve: usize) -> Entries<ProcessRecord> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &mut Vec<u8>, text: &[u8]) {
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text);
    }

    /// The fields that every version has, in the order of reference B5 and B6, without the length of version 9.
    fn fields(version: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        [11i64, 10, 1].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        if version >= 6 {
            bytes.extend(5i64.to_le_bytes());
        }
        if version >= 8 {
            bytes.extend(6i64.to_le_bytes());
        }
        text(&mut bytes, b"cat");
        text(&mut bytes, b"/bin/cat");
        if version >= 7 {
            text(&mut bytes, b"/usr/bin/cat");
        }
        text(&mut bytes, b"-n\0file");
        text(&mut bytes, b"/root");
        bytes.extend(1024i64.to_le_bytes());
        [0x2001u32, 1000, 100].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        if version >= 2 {
            [1u32, 2, 3].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
            [4u64, 5].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        }
        if version >= 3 {
            text(&mut bytes, b"A=1\0B=2\0");
        }
        if version >= 4 {
            [21i64, 20].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
            text(&mut bytes, b"cpu=/x");
        }
        if version >= 5 {
            text(&mut bytes, b"/jail\0behind the NUL");
        }
        bytes
    }

    fn expected(version: u8) -> ProcessRecord {
        let mut record = ProcessRecord {
            tid: 11,
            pid: 10,
            ptid: 1,
            comm: b"cat".to_vec(),
            exe: b"/bin/cat".to_vec(),
            args: b"-n\0file\0".to_vec(),
            cwd: b"/root".to_vec(),
            fdlimit: 1024,
            flags: 0x2001,
            uid: 1000,
            gid: 100,
            ..ProcessRecord::default()
        };
        if version >= 2 {
            (record.vmsize_kb, record.vmrss_kb, record.vmswap_kb) = (1, 2, 3);
            (record.pfmajor, record.pfminor) = (4, 5);
        }
        if version >= 3 {
            record.env = b"A=1\0B=2\0".to_vec();
        }
        if version >= 4 {
            (record.vtid, record.vpid) = (21, 20);
            record.cgroups = b"cpu=/x".to_vec();
        }
        if version >= 5 {
            record.root = b"/jail".to_vec();
        }
        if version >= 6 {
            record.sid = 5;
        }
        if version >= 7 {
            record.exepath = b"/usr/bin/cat".to_vec();
        }
        if version >= 8 {
            record.vpgid = 6;
        }
        record
    }

    fn with_tail(tail: &[u8], claimed: i64) -> Vec<u8> {
        let mut bytes = fields(9);
        bytes.extend(tail);
        let length = (bytes.len() + 4) as i64 + claimed;
        [&(length as u32).to_le_bytes()[..], &bytes].concat()
    }

    fn check(bytes: &[u8], version: u8, entries: &[ProcessRecord], fault: Option<Fault>) {
        let list = processes(bytes, version, 0);
        assert_eq!(list.entries, entries, "version {version}");
        assert_eq!(list.fault, fault, "version {version}");
    }

    #[test]
    fn every_version_has_its_fields() {
        for version in 1..=8 {
            let twice = [fields(version), fields(version), vec![0; 3]].concat();
            check(&twice, version, &[expected(version), expected(version)], None);
        }
    }

    #[test]
    fn the_tail_grows_field_by_field() {
        let numbers: Vec<u8> = (1..=76).collect();
        let u64_at = |at: usize| u64::from_le_bytes(numbers[at..at + 8].try_into().expect("8 bytes"));
        let u32_at = |at: usize| u32::from_le_bytes(numbers[at..at + 4].try_into().expect("4 bytes"));
        let none = expected(9);
        check(&with_tail(&[], 0), 9, std::slice::from_ref(&none), None);

        let old4 = ProcessRecord { loginuid: u32_at(0), ..none.clone() };
        check(&with_tail(&numbers[..4], 0), 9, &[old4], None);

        let old29 = ProcessRecord {
            loginuid: u32_at(0),
            exe_writable: true,
            cap_inheritable: u64_at(5),
            cap_permitted: u64_at(13),
            cap_effective: u64_at(21),
            ..none.clone()
        };
        check(&with_tail(&numbers[..29], 0), 9, &[old29], None);

        let new66 = ProcessRecord {
            pidns_init_start_ts: u64_at(0),
            tty: u32_at(8),
            loginuid: u32_at(12),
            exe_writable: true,
            cap_inheritable: u64_at(17),
            cap_permitted: u64_at(25),
            cap_effective: u64_at(33),
            exe_upper_layer: true,
            exe_ino: u64_at(42),
            exe_ino_ctime: u64_at(50),
            exe_ino_mtime: u64_at(58),
            ..none
        };
        check(&with_tail(&numbers[..66], 0), 9, std::slice::from_ref(&new66), None);

        let new76 =
            ProcessRecord { exe_from_memfd: true, exe_lower_layer: true, pgid: u64_at(68) as i64, ..new66 };
        check(&with_tail(&numbers, 0), 9, std::slice::from_ref(&new76), None);
        let longer = [numbers.clone(), vec![0xff; 30]].concat();
        check(&with_tail(&longer, 0), 9, std::slice::from_ref(&new76), None);
    }

    #[test]
    fn damage_stops_the_list_and_keeps_what_was_before() {
        let good = with_tail(&[], 0);
        let overrun = [good.clone(), with_tail(&[], -1)].concat();
        let length = good.len() as u32 - 1;
        check(&overrun, 9, &[expected(9)], Some(Fault::EntryOverrun { what: WHAT, length }));
        let short = [good.clone(), with_tail(&[], 40)].concat();
        check(&short, 9, &[expected(9)], Some(Fault::Short(WHAT)));
        let huge = [good, u32::MAX.to_le_bytes().to_vec()].concat();
        check(&huge, 9, &[expected(9)], Some(Fault::EntryTooLong { what: WHAT, length: u32::MAX }));
        let mut long_name = fields(1);
        long_name[24..26].copy_from_slice(&1025u16.to_le_bytes());
        let fault = Fault::TextTooLong { what: "process name", length: 1025, limit: 1024 };
        check(&long_name, 1, &[], Some(fault));
        let whole = fields(5);
        for end in 4..whole.len() {
            check(&whole[..end], 5, &[], Some(Fault::Short(WHAT)));
        }
    }
}
