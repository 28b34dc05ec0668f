//! What a recording may still do once the probe captures. The first file is open by then, and a command is started by a thread that keeps
//! the rights of the start; further files, and ends of programs that changed their user, may need one right more each.

use std::io;
use std::path::Path;
use std::thread;

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::thread::CapabilitySet;

use crate::intent::Record;
use crate::privileges;

/// What is kept besides the rights to read the probe and processes.
#[derive(Debug)]
pub struct Kept {
    set: CapabilitySet,
    /// Why, for people.
    reasons: Vec<String>,
}

impl Kept {
    /// What a recording needs. `is_series`: it creates files later on.
    pub fn of(args: &Record, is_series: bool) -> Kept {
        let mut kept = Kept { set: CapabilitySet::empty(), reasons: Vec::new() };
        if !args.command.is_empty() {
            kept.add(CapabilitySet::KILL, "CAP_KILL to end the command, which may change its user");
        }
        if !is_series {
            return kept;
        }
        let directories = [Some(args.write.path.as_path()), args.control.as_deref()];
        let directories = directories.into_iter().flatten().map(directory);
        if args.write.creation.force {
            let all = CapabilitySet::DAC_OVERRIDE | CapabilitySet::FOWNER;
            kept.add(all, "CAP_DAC_OVERRIDE and CAP_FOWNER to write over files of others (--force)");
        } else if let Some(foreign) = directories.into_iter().find(|directory| needs_override(directory)) {
            let why = format!("CAP_DAC_OVERRIDE to create files in {}, which others own", foreign.display());
            kept.add(CapabilitySet::DAC_OVERRIDE, &why);
        }
        kept
    }

    fn add(&mut self, set: CapabilitySet, why: &str) {
        self.set |= set;
        self.reasons.push(why.to_owned());
    }

    /// Drops everything else, for this thread and those that it starts.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn give_up_rest(&self) -> io::Result<()> {
        Ok(privileges::give_up(self.set, false)?)
    }

    /// One line about it.
    pub fn text(&self) -> String {
        let least = "Rights: to read the probe and processes";
        [&[least.to_owned()], self.reasons.as_slice()].concat().join("; ")
    }
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether files can be created in a directory only by who may override its permissions: a thread without that right tries.
fn needs_override(directory: &Path) -> bool {
    let refused = || {
        privileges::give_up_in_thread();
        accessat(CWD, directory, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_err()
    };
    thread::scope(|scope| scope.spawn(refused).join()).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;

    #[test]
    fn only_a_directory_of_others_needs_a_right() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let place = std::env::temp_dir().join(format!("tercel-rights-{}", std::process::id()));
        std::fs::create_dir(&place).expect("a directory");
        assert!(!needs_override(&place));
        chown(&place, Some(12345), Some(12345)).expect("another owner");
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).expect("permissions");
        let found = needs_override(&place);
        std::fs::remove_dir(&place).expect("an empty directory");
        assert!(found);
    }
}
