//! The section header and the machine info block (reference A6, A7, B2).

use super::Cursor;
use crate::error::Fault;
use crate::event::until_nul;
use crate::record::{MachineInfo, Section};

/// Magic number of a section header in the byte order of the writer.
pub(crate) const MAGIC: u32 = 0x1a2b_3c4d;

/// Decodes the body of a section header; options behind the fields are ignored.
pub fn section(body: &[u8]) -> Result<Section, Fault> {
    let mut cursor = Cursor::new(body);
    cursor.enter("section header");
    let magic = cursor.u32()?;
    if magic != MAGIC {
        return Err(Fault::Magic(magic));
    }
    let section = Section { major: cursor.u16()?, minor: cursor.u16()? };
    cursor.u64()?;
    Ok(section)
}

/// Decodes the body of a machine info block. What follows the fields known here is ignored.
pub fn machine(body: &[u8]) -> Result<MachineInfo, Fault> {
    let mut cursor = Cursor::new(body);
    cursor.enter("machine info");
    let info = MachineInfo {
        cpus: cursor.u32()?,
        memory: cursor.u64()?,
        max_pid: cursor.u64()?,
        hostname: until_nul(&cursor.array::<128>()?).to_vec(),
        boot_ts: cursor.u64()?,
        flags: cursor.u64()?,
    };
    cursor.array::<16>()?;
    Ok(info)
}
