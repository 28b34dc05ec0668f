//! Programs at functions of the kernel (fentry): options enter; what is removed and renamed is known exactly where the kernel lets them attach.
//! Where it does not, recording goes on without.

use aya::programs::{FEntry, Program};
use aya::{Btf, Ebpf};

/// The programs and the functions that they hang on.
const PROGRAMS: [(&str, &str); 3] = [
    ("hook_unlink", "security_path_unlink"),
    ("hook_rmdir", "security_path_rmdir"),
    ("hook_rename", "security_path_rename"),
];

/// Which functions of the kernel tell what it is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookCoverage {
    /// None: this kernel is too old, or nothing of the kind is recorded.
    Unused,
    /// None: this kernel refuses them.
    Refused,
    /// What is removed and renamed.
    Attached,
}

/// Whether this kernel may take them: memory of maps has to be there when a program asks for it (6.1).
pub(crate) fn are_known(kernel: (u32, u32)) -> bool {
    kernel >= (6, 1)
}

/// Attaches all of them, or none.
pub(crate) fn attach(ebpf: &mut Ebpf) -> HookCoverage {
    let attached = (|| {
        let btf = Btf::from_sys_fs().ok()?;
        for (name, function) in PROGRAMS {
            let program: &mut FEntry = ebpf.program_mut(name)?.try_into().ok()?;
            program.load(function, &btf).ok()?;
            program.attach().ok()?;
        }
        Some(())
    })();
    if attached.is_some() {
        return HookCoverage::Attached;
    }
    for (name, _) in PROGRAMS {
        if let Some(Program::FEntry(program)) = ebpf.program_mut(name) {
            let _ = program.unload();
        }
    }
    HookCoverage::Refused
}

impl HookCoverage {
    /// For people, after what is said of trace points.
    pub(crate) fn text(self) -> &'static str {
        match self {
            HookCoverage::Unused => "no fentry, no LSM",
            HookCoverage::Refused => "no fentry, which this kernel refuses, no LSM",
            HookCoverage::Attached => "fentry for what is removed and renamed, no LSM",
        }
    }
}
