//! The directory in which a bundle is made, and the bundle made of it: files enter, an archive with their checksums leaves.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use sha2::{Digest, Sha256};
use tercel_format::bundle::TRACE;
use tercel_format::series::Creation;
use tercel_format::trace::Signer;
use tercel_signing::Key;

use crate::diagnostics::counted;
use crate::exit::Failure;
use crate::verify::hex;

/// The file with the checksums, as sha256sum writes and checks them.
pub const SUMS: &str = "SHA256SUMS";

/// The file with their signature.
pub const SIGNATURE: &str = "SHA256SUMS.sig";

/// Level of compression. The trace, which is most of it, is compressed already.
const LEVEL: i32 = 3;

/// The name under which the archive is made.
const ARCHIVE: &str = "bundle";

/// A directory next to the bundle.
pub struct Workplace {
    path: PathBuf,
}

/// What is in a bundle.
pub struct Packed {
    files: usize,
    bytes: u64,
    signed: bool,
}

impl fmt::Display for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = if self.signed { ", signed" } else { "" };
        write!(f, "{}, {}{signed}", counted(self.files as u64, "file"), counted(self.bytes, "byte"))
    }
}

impl Workplace {
    /// Creates the directory for a bundle of this path.
    ///
    /// # Errors
    /// It exists, or the operating system refuses.
    pub fn create(bundle: &Path) -> Result<Workplace, Failure> {
        // The paths in it become words of command lines, where a hyphen at the start would make them options.
        let is_like_option = bundle.as_os_str().as_encoded_bytes().starts_with(b"-");
        let place = if is_like_option { Path::new(".").join(bundle) } else { bundle.to_owned() };
        let mut path = place.into_os_string();
        path.push(".partial");
        let path = PathBuf::from(path);
        DirBuilder::new().mode(0o700).create(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::usage(format!(
                "{}: the directory exists; a collection was broken off, and what it left is in there",
                path.display()
            )),
            _ => Failure::io(format!("{}: {error}", path.display())),
        })?;
        Ok(Workplace { path })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates a directory in it.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn directory(&self, name: &str) -> Result<(), Failure> {
        let path = self.path.join(name);
        fs::create_dir(&path).map_err(|error| Failure::io(format!("{}: {error}", path.display())))
    }

    /// Writes a file.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path.join(name);
        fs::write(&path, bytes).map_err(|error| Failure::io(format!("{}: {error}", path.display())))
    }

    /// Removes it with all that is in it.
    pub fn remove(&self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("warning: {}: {error}", self.path.display());
        }
    }

    /// Makes the bundle of all files that are there, gives it its name, and removes the directory.
    ///
    /// # Errors
    /// The bundle cannot be written; what it was to be made of stays.
    pub fn pack(&self, bundle: &Path, creation: Creation, key: Option<&Key>) -> Result<Packed, Failure> {
        let packed = self.packed(bundle, creation, key).map_err(|error| {
            let (bundle, place) = (bundle.display(), self.path.display());
            Failure::io(format!("{bundle}: {error}; what it was to be made of is in {place}"))
        })?;
        self.remove();
        Ok(packed)
    }

    fn packed(&self, bundle: &Path, creation: Creation, key: Option<&Key>) -> io::Result<Packed> {
        let mut files = self.files()?;
        let mut sums = String::new();
        for name in &files {
            sums += &format!("{}  {name}\n", sum(&self.path.join(name))?);
        }
        fs::write(self.path.join(SUMS), &sums)?;
        files.push(SUMS.to_owned());
        if let Some(key) = key {
            let signature = key.sign(&sums).ok_or_else(|| io::Error::other("the key could not sign"))?;
            fs::write(self.path.join(SIGNATURE), signature)?;
            files.push(SIGNATURE.to_owned());
        }
        let archive = self.path.join(ARCHIVE);
        let file = OpenOptions::new().write(true).create_new(true).mode(creation.mode).open(&archive)?;
        let compressed = zstd::Encoder::new(file, LEVEL)?;
        let mut builder = tar::Builder::new(compressed);
        let directory = PathBuf::from(stem(bundle));
        for name in &files {
            builder.append_path_with_name(self.path.join(name), directory.join(name))?;
            // A bundle that is cut keeps what was before.
            builder.get_mut().flush()?;
        }
        let file = builder.into_inner()?.finish()?;
        file.sync_all()?;
        let flags = if creation.force { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
        renameat_with(CWD, &archive, CWD, bundle, flags)?;
        Ok(Packed { files: files.len(), bytes: file.metadata()?.len(), signed: key.is_some() })
    }

    /// The files in it and in directories in it, the trace first.
    fn files(&self) -> io::Result<Vec<String>> {
        let mut files = Vec::new();
        let mut directories = vec![String::new()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(self.path.join(&directory))? {
                let entry = entry?;
                let name = format!("{directory}{}", entry.file_name().to_string_lossy());
                if entry.file_type()?.is_dir() { directories.push(name + "/") } else { files.push(name) }
            }
        }
        files.sort_by_key(|name| (name != TRACE, name.clone()));
        Ok(files)
    }
}

/// The name of the directory in the archive: that of the file, up to the first point.
fn stem(bundle: &Path) -> String {
    let name = bundle.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = name.trim_end_matches(".zst").trim_end_matches(".zstd").trim_end_matches(".tar");
    if stem.is_empty() { name } else { stem.to_owned() }
}

/// The checksum of a file, in hexadecimal digits.
fn sum(path: &Path) -> io::Result<String> {
    sum_of(&mut File::open(path)?)
}

/// The SHA-256 of bytes, in hexadecimal digits.
///
/// # Errors
/// Those of the reader.
pub fn sum_of(bytes: &mut dyn Read) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match bytes.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            count => digest.update(&buffer[..count]),
        }
    }
}
