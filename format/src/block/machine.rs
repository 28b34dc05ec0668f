//! The section header and the machine info block (reference A6, A7, B2).

use super::Cursor;
use crate::error::Fault;
use crate::event::until_nul;
use crate::record::{MachineInfo, Section};

/// Magic number of a section header in the byte order of the writer.
pub(crate) const MAGIC: u32 = 0x1a2b_3c4d;

/// Decodes the body of a section header; options after the fields are ignored.
pub(crate) fn section(body: &[u8]) -> Result<Section, Fault> {
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
pub(crate) fn machine(body: &[u8]) -> Result<MachineInfo, Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_header_names_its_version() {
        let header = b"\x4d\x3c\x2b\x1a\x01\0\x02\0\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(section(header), Ok(Section { major: 1, minor: 2 }));
        assert_eq!(section(&[&header[..], b"options"].concat()), Ok(Section { major: 1, minor: 2 }));
        assert_eq!(section(&header[..15]), Err(Fault::Short("section header")));
        assert_eq!(section(b"\x1a\x2b\x3c\x4d"), Err(Fault::Magic(0x4d3c_2b1a)));
    }

    #[test]
    fn the_host_fills_180_bytes() {
        let mut body = [2u32.to_le_bytes().to_vec(), vec![0; 176]].concat();
        body[4] = 1;
        body[12] = 3;
        body[20..24].copy_from_slice(b"host");
        body[148] = 4;
        body[156] = 5;
        let expected =
            MachineInfo { cpus: 2, memory: 1, max_pid: 3, hostname: b"host".to_vec(), boot_ts: 4, flags: 5 };
        assert_eq!(machine(&body), Ok(expected.clone()));
        assert_eq!(machine(&body[..179]), Err(Fault::Short("machine info")));
        body.extend([0xff; 8]);
        assert_eq!(machine(&body), Ok(expected));
    }
}
