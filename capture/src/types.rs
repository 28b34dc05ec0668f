//! Where the types of the running kernel come from: a file that the user names, the kernel itself, or what packages of debug information
//! have left. Its BTF leaves.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::btf::{self, Btf};
use crate::error::CaptureError;

/// Where else the types of a release may be, as libbpf looks for them, and as an unpacked archive of BTFHub names them; `{}` is the release.
const PLACES: [&str; 9] = [
    "boot/{}.btf",
    "boot/vmlinux-{}",
    "lib/modules/{}/vmlinux-{}",
    "lib/modules/{}/build/vmlinux",
    "usr/lib/debug/{}.btf",
    "usr/lib/debug/boot/vmlinux-{}",
    "usr/lib/debug/boot/vmlinux-{}.debug",
    "usr/lib/debug/lib/modules/{}/vmlinux",
    "usr/lib/modules/{}/kernel/vmlinux",
];
/// Larger types are not believed: those of a kernel take 4 to 10 MB.
const LIMIT: u64 = 256 << 20;
/// Directories and entries of an archive that are looked at.
const DEPTH: u32 = 4;
const ENTRIES: usize = 1 << 18;

/// Types of the running kernel.
pub(crate) struct Types {
    pub(crate) btf: Btf,
    /// Where they were found.
    pub(crate) source: PathBuf,
    /// In bytes.
    pub(crate) size: usize,
    /// The kernel itself has them, so that its verifier knows them.
    pub(crate) are_the_kernels: bool,
}

/// The types of a release. `root` is the host's root directory, `given` what the user has named: a file of types (BTF, as it is or in an ELF file),
/// or a directory that holds `RELEASE.btf` at any place, as archives of BTFHub do (`debian/11/x86_64/RELEASE.btf`).
///
/// # Errors
/// There are none, or they are malformed.
pub(crate) fn find(root: &Path, release: &str, given: Option<&Path>) -> Result<Types, CaptureError> {
    let kernel = root.join(btf::KERNEL.trim_start_matches('/'));
    let are_the_kernels = kernel.exists();
    if let Some(given) = given {
        let source = in_archive(given, release)?;
        return load(source, are_the_kernels);
    }
    let missing = match load(kernel, true) {
        Err(CaptureError::NoBtf { cause, .. }) => cause,
        found => return found,
    };
    let places = PLACES.iter().map(|place| root.join(place.replace("{}", release)));
    for source in places.filter(|place| place.is_file()) {
        match load(source, false) {
            // A kernel's image without types.
            Err(CaptureError::NoBtf { .. }) => {}
            found => return found,
        }
    }
    Err(CaptureError::NoBtf {
        path: btf::KERNEL.to_owned(),
        cause: missing,
        remedy: format!(
            "neither /boot nor /usr/lib/debug has types of this kernel: name them by --btf FILE, which is {release}.btf of BTFHub's \
             archive, or the vmlinux of the distribution's package of debug information; or boot a kernel with CONFIG_DEBUG_INFO_BTF"
        ),
    })
}

/// The file that is meant by what the user has named.
fn in_archive(given: &Path, release: &str) -> Result<PathBuf, CaptureError> {
    if !given.is_dir() {
        return Ok(given.to_owned());
    }
    let (types, packed) = (format!("{release}.btf"), format!("{release}.btf.tar.xz"));
    let mut packed_at = None;
    let mut left = ENTRIES;
    let mut directories = vec![(given.to_owned(), 0)];
    while let Some((directory, depth)) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            left = left.saturating_sub(1);
            match entry.file_type() {
                Ok(ty) if ty.is_dir() && depth < DEPTH && left > 0 => {
                    directories.push((entry.path(), depth + 1));
                }
                Ok(ty) if !ty.is_dir() && name == types.as_str() => return Ok(entry.path()),
                Ok(ty) if !ty.is_dir() && name == packed.as_str() => packed_at = Some(entry.path()),
                _ => {}
            }
        }
    }
    let remedy = match packed_at {
        Some(path) => format!("unpack {} with tar -xJf, and name what is in it", path.display()),
        None => format!("there is no {types} in it, nor a {packed}"),
    };
    let cause = io::Error::from(ErrorKind::NotFound);
    Err(CaptureError::NoBtf { path: given.display().to_string(), cause, remedy })
}

fn load(source: PathBuf, are_the_kernels: bool) -> Result<Types, CaptureError> {
    let bytes = read(&source).map_err(|cause| CaptureError::NoBtf {
        path: source.display().to_string(),
        cause,
        remedy: "the kernel's types (BTF) cannot be read from it".to_owned(),
    })?;
    let size = bytes.len();
    let btf = Btf::parse(bytes).ok_or_else(|| CaptureError::BadBtf { path: source.display().to_string() })?;
    Ok(Types { btf, source, size, are_the_kernels })
}

/// The bytes of BTF in a file: the file itself, or the section `.BTF` of an ELF file (ELF-64, the byte order of this machine).
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut magic = [0; 6];
    let is_elf = file.read_exact_at(&mut magic, 0).is_ok() && magic.starts_with(b"\x7fELF\x02");
    if !is_elf {
        // Files of sysfs and devices do not say their size.
        let mut bytes = Vec::new();
        return match file.take(LIMIT + 1).read_to_end(&mut bytes)? as u64 {
            size if size > LIMIT => Err(ErrorKind::InvalidData.into()),
            _ => Ok(bytes),
        };
    }
    section(&file, ".BTF")
}

/// A section of an ELF file by its name.
fn section(file: &File, wanted: &str) -> io::Result<Vec<u8>> {
    let part = |offset: u64, size: u64| -> io::Result<Vec<u8>> {
        if size > LIMIT {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; size as usize];
        file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    };
    let number = |bytes: &[u8], at: usize, width: usize| -> u64 {
        bytes
            .get(at..at + width)
            .map_or(0, |bytes| bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    let header = part(0, 64)?;
    let (table, size) = (number(&header, 40, 8), number(&header, 58, 2));
    let (count, names) = (number(&header, 60, 2), number(&header, 62, 2));
    let entry = |index: u64| part(table.saturating_add(index * size), 64);
    let place = |entry: &[u8]| (number(entry, 24, 8), number(entry, 32, 8));
    let (offset, length) = place(&entry(names)?);
    let names = part(offset, length.min(1 << 20))?;
    for index in 0..count {
        let entry = entry(index)?;
        let name = names.get(number(&entry, 0, 4) as usize..).unwrap_or_default();
        if name.split(|byte| *byte == 0).next() == Some(wanted.as_bytes()) {
            let (offset, length) = place(&entry);
            return part(offset, length);
        }
    }
    Err(io::Error::new(ErrorKind::NotFound, "the file has no section .BTF"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tercel_test_support::{Place, recording, require};

    const RELEASE: &str = "1.2.3-test";

    fn write(path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, bytes).expect("a file");
    }

    /// An ELF file whose sections are the names and the given bytes.
    fn elf(name: &str, bytes: &[u8]) -> Vec<u8> {
        let names = format!("\0{name}\0");
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[40..48].copy_from_slice(&64u64.to_le_bytes());
        file[58..64].copy_from_slice(&[64, 0, 2, 0, 0, 0]);
        for (name, offset, length) in [(0u32, 192, names.len()), (1, 192 + names.len(), bytes.len())] {
            let mut entry = vec![0; 64];
            entry[..4].copy_from_slice(&name.to_le_bytes());
            entry[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
            entry[32..40].copy_from_slice(&(length as u64).to_le_bytes());
            file.extend(entry);
        }
        file.extend(names.as_bytes());
        file.extend(bytes);
        file
    }

    fn source(root: &Path, given: Option<&Path>) -> Result<(String, bool), String> {
        let found = find(root, RELEASE, given).map_err(|error| error.to_string())?;
        let source = found.source.strip_prefix(root).expect("below the root").display().to_string();
        Ok((source, found.are_the_kernels))
    }

    #[test]
    fn the_kernels_own_types_come_first() {
        let (place, types) = (Place::new("types"), btf::sample());
        let root = place.path("");
        let error = source(&root, None).expect_err("none");
        assert!(error.contains("--btf FILE, which is 1.2.3-test.btf"), "{error}");
        // A kernel's image without types, one with them, the kernel's own.
        write(&root.join("boot/vmlinux-1.2.3-test"), &elf(".text", &types));
        assert!(source(&root, None).is_err());
        write(&root.join("usr/lib/debug/boot/vmlinux-1.2.3-test"), &elf(".BTF", &types));
        let found = source(&root, None);
        assert_eq!(found, Ok(("usr/lib/debug/boot/vmlinux-1.2.3-test".to_owned(), false)));
        write(&root.join("sys/kernel/btf/vmlinux"), &types);
        assert_eq!(source(&root, None), Ok(("sys/kernel/btf/vmlinux".to_owned(), true)));
    }

    /// Where the types are hidden, the probe loads with those of a file, and without them an error says what to do. In a mount namespace of its
    /// own, by [`the_probe_loads_with_hidden_types`].
    #[test]
    fn types_of_a_file_are_enough() {
        const CHECK: &str = "the probe with types of a file";
        let kernel = Path::new(btf::KERNEL);
        if require(CHECK, recording()).is_none() {
            return;
        }
        let place = Place::new("hidden");
        let file = place.path("types.btf");
        fs::copy(kernel, &file).expect("types");
        let hidden = "mount -t tmpfs hidden /sys/kernel/btf && exec \"$0\" --ignored --exact types::tests::the_probe_loads_with_hidden_types";
        let output = std::process::Command::new("unshare")
            .args(["--mount", "sh", "-c", hidden])
            .arg(std::env::current_exe().expect("this program"))
            .env("TERCEL_TYPES", &file)
            .output()
            .expect("unshare");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    #[test]
    #[ignore = "run by types_of_a_file_are_enough"]
    fn the_probe_loads_with_hidden_types() {
        let file = PathBuf::from(std::env::var_os("TERCEL_TYPES").expect("a file"));
        assert!(!Path::new(btf::KERNEL).exists(), "the types are hidden");
        let start = |btf: Option<PathBuf>| {
            let options = crate::Options { btf, ..crate::Options::default() };
            crate::probe::Probe::start(&options).map(drop).map_err(|error| error.to_string())
        };
        let error = start(None).expect_err("no types");
        assert!(error.contains("--btf FILE"), "{error}");
        assert_eq!(start(Some(file)), Ok(()));
    }

    #[test]
    fn files_and_archives_can_be_named() {
        let (place, types) = (Place::new("archive"), btf::sample());
        let root = place.path("");
        let archive = root.join("hub");
        write(&archive.join("debian/11/x86_64/1.2.3-test.btf.tar.xz"), b"packed");
        let error = source(&root, Some(&archive)).expect_err("packed");
        assert!(error.contains("tar -xJf"), "{error}");
        let file = archive.join("debian/11/arm64/1.2.3-test.btf");
        write(&file, &types);
        let expected = Ok(("hub/debian/11/arm64/1.2.3-test.btf".to_owned(), false));
        assert_eq!(source(&root, Some(&archive)), expected);
        assert_eq!(source(&root, Some(&file)), expected);
        write(&file, b"no types");
        assert!(source(&root, Some(&file)).expect_err("malformed").contains("malformed"));
        assert!(source(&root, Some(&root.join("none"))).is_err());
        // Without an end.
        let error = source(Path::new("/"), Some(Path::new("/dev/zero"))).expect_err("no types");
        assert!(error.contains("/dev/zero"), "{error}");
        // No prefix and no changed byte of an ELF file brings anything down.
        let whole = elf(".BTF", &types);
        for length in 0..whole.len() {
            write(&file, &whole[..length]);
            let _ = source(&root, Some(&file));
            let mut changed = whole.clone();
            changed[length] ^= 0xff;
            write(&file, &changed);
            let _ = source(&root, Some(&file));
        }
    }
}
