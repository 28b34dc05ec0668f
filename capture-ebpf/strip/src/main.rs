//! `tercel-strip IN OUT`: an eBPF object enters, the same object without DWARF leaves; BTF stays. GNU strip cannot read
//! eBPF objects, and DWARF is what makes builds differ between machines.
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
