//! `tercel-strip IN OUT`: an eBPF object enters, the same object without what differs between machines leaves: DWARF, and the
//! hash of the crate (it depends on the place of the build) in the names of symbols. BTF stays. GNU strip cannot read eBPF objects.
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

/// A mangled name without the crate's hash, which stands between `Cs` and the next underscore; `None` for other names.
fn without_hash(name: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(name).ok()?.strip_prefix("_R")?;
    let (path, rest) = text.split_once("Cs")?;
    let (_, rest) = rest.split_once('_')?;
    Some(format!("_R{path}C{rest}").into_bytes())
}
