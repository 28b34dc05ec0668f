//! `tercel-strip IN OUT`: an eBPF object enters, the same object without what differs between machines leaves: DWARF, and the
//! hash of the crate (it depends on the place of the build) in the names of symbols. BTF stays, but functions that the kernel calls back
//! become static there, which it insists on and rustc cannot say of functions with plain names. GNU strip cannot read eBPF objects.
#![forbid(unsafe_code)]

use object::build::elf::{Builder, SectionData};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, input, output] = arguments.as_slice() else {
        return Err("usage: tercel-strip IN OUT".into());
    };
    let data = std::fs::read(input)?;
    let mut builder = Builder::read(&*data)?;
    for section in &mut builder.sections {
        let name = section.name.to_string();
        section.delete |= name.starts_with(".debug") || name.starts_with(".rel.debug");
        if let SectionData::Data(data) = &mut section.data
            && name == ".BTF"
        {
            make_static(data.to_mut()).ok_or("malformed BTF")?;
        }
    }
    for symbol in &mut builder.symbols {
        if let Some(name) = without_hash(&symbol.name) {
            symbol.name = name.into();
        }
    }
    builder.delete_orphans();
    // LLVM keeps the names of sections in .strtab; the writer wants a table of their own.
    let names = builder.sections.add();
    names.name = b".shstrtab"[..].into();
    names.sh_type = object::elf::SHT_STRTAB;
    names.data = SectionData::SectionString;
    let mut stripped = Vec::new();
    builder.write(&mut stripped)?;
    std::fs::write(output, stripped)?;
    Ok(())
}

/// Names of functions that the kernel calls back end in this.
const CALLED_BACK: &[u8] = b"_turn";

/// Makes functions that the kernel calls back static in BTF (Documentation/bpf/btf.rst): the number of members of a function is its
/// linkage, 0 for static. `None`: it is malformed.
fn make_static(btf: &mut [u8]) -> Option<()> {
    let word = |btf: &[u8], at: usize| Some(u32::from_le_bytes(*btf.get(at..)?.first_chunk()?) as usize);
    let header = word(btf, 4)?;
    let (mut at, strings) = (header + word(btf, 8)?, header + word(btf, 16)?);
    let end = at + word(btf, 12)?;
    while at < end {
        let (name, info) = (word(btf, at)?, word(btf, at + 4)?);
        let members = info & 0xffff;
        let kind = info >> 24 & 0x1f;
        let name = btf.get(strings + name..)?.split(|byte| *byte == 0).next()?;
        if kind == 12 && name.ends_with(CALLED_BACK) {
            btf.get_mut(at + 4..at + 6)?.fill(0);
        }
        at += 12
            + match kind {
                1 | 14 | 17 => 4,
                3 => 12,
                4 | 5 | 15 | 19 => 12 * members,
                6 | 13 => 8 * members,
                _ => 0,
            };
    }
    Some(())
}

/// A mangled name without the crate's hash, which stands between `Cs` and the next underscore; `None` for other names.
fn without_hash(name: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(name).ok()?.strip_prefix("_R")?;
    let (path, rest) = text.split_once("Cs")?;
    let (_, rest) = rest.split_once('_')?;
    Some(format!("_R{path}C{rest}").into_bytes())
}
