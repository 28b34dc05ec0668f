//! Watches the files that rules and configuration come from. They are checked every second; a change counts once two checks in a
//! row see the same, so that a file that is being written is not read too early.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// A file as it was seen: its path, inode and length, and when its text and its inode changed.
type Sight = (PathBuf, u64, u64, (i64, i64), (i64, i64));

/// Watched files.
pub struct Files {
    paths: Vec<PathBuf>,
    /// The files as they were when they were read.
    known: Vec<Sight>,
    /// The files as they were at the last check.
    last: Vec<Sight>,
}

impl Files {
    /// Files and directories as they are now.
    pub fn new(paths: Vec<PathBuf>) -> Files {
        let known = look(&paths);
        Files { paths, last: known.clone(), known }
    }

    /// Checks the files: whether something has changed since they were read, and is the same as at the last check.
    pub fn changed(&mut self) -> bool {
        let seen = look(&self.paths);
        let changed = seen != self.known && seen == self.last;
        if changed {
            self.known.clone_from(&seen);
        }
        self.last = seen;
        changed
    }

    /// The files are being read now.
    pub fn read(&mut self) {
        self.known = look(&self.paths);
        self.last.clone_from(&self.known);
    }
}

fn look(paths: &[PathBuf]) -> Vec<Sight> {
    let mut seen = Vec::new();
    for path in paths {
        let mut inside: Vec<PathBuf> = match fs::read_dir(path) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(_) => vec![path.clone()],
        };
        inside.sort();
        for path in inside {
            // Links are followed: in a volume of Kubernetes it is the link that changes.
            if let Ok(found) = fs::metadata(&path) {
                let text = (found.mtime(), found.mtime_nsec());
                let inode = (found.ctime(), found.ctime_nsec());
                seen.push((path, found.ino(), found.len(), text, inode));
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_once_it_rests() {
        let directory = std::env::temp_dir().join(format!("tercel-reload-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let file = directory.join("a.yaml");
        fs::write(&file, "a").expect("a file");
        let mut files = Files::new(vec![directory.clone()]);
        assert!(!files.changed());
        fs::write(&file, "ab").expect("a file");
        assert!(!files.changed(), "it may still grow");
        assert!(files.changed());
        assert!(!files.changed());
        fs::remove_file(&file).expect("a file");
        assert!(!files.changed());
        assert!(files.changed(), "a file that vanishes is a change");
        fs::write(&file, "c").expect("a file");
        files.read();
        assert!(!files.changed() && !files.changed());
        fs::remove_dir_all(&directory).expect("a directory");
    }
}
