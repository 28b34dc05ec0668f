//! What the running kernel reports of io_uring: its types enter; which of its trace points are attached, how the requests of every operation
//! are read, and which operations are recorded leave. The structures are private to the kernel; where they differ, so do their types.

use tercel_probe_abi::uring::Operation;
use tercel_probe_abi::{MISSING, uring};

use crate::btf::Btf;
use crate::syscalls::uring::{OPERATIONS, Op};

/// Which operations of io_uring become events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UringCoverage {
    /// Operations that are recorded as the system calls that do the same.
    pub recorded: Vec<&'static str>,
    /// Operations that this kernel does not have, or that are not recorded on it.
    pub missing: Vec<&'static str>,
    /// Why none is recorded.
    pub reason: Option<String>,
}

impl UringCoverage {
    /// One line about it, for people.
    ///
    /// ```
    /// use tercel_capture::UringCoverage;
    ///
    /// let coverage = UringCoverage { recorded: vec!["OPENAT", "READ"], missing: vec!["BIND"], reason: None };
    /// assert_eq!(coverage.text(), "io_uring: 2 operations are recorded as system calls; this kernel lacks BIND");
    /// ```
    pub fn text(&self) -> String {
        if let Some(reason) = &self.reason {
            return format!("io_uring: operations are not recorded: {reason}");
        }
        let lacks = if self.missing.is_empty() {
            String::new()
        } else {
            format!("; this kernel lacks {}", self.missing.join(", "))
        };
        format!("io_uring: {} operations are recorded as system calls{lacks}", self.recorded.len())
    }
}

/// The program for completions that do not name their request.
const MARKED: &str = "raw_uring_complete_mark";

/// How the kernel reports requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Points {
    /// The trace point where a request was taken.
    pub(crate) submit: &'static str,
    /// The program for it.
    pub(crate) submitted: &'static str,
    /// The program for the trace point where a request is complete.
    pub(crate) completed: &'static str,
}

impl Points {
    /// Those of this kernel; `None` if they do not say which request they are about.
    pub(crate) fn find(btf: &Btf) -> Option<Points> {
        let arguments = |name: &str| btf.arguments(&format!("btf_trace_{name}"));
        let (submit, submitted) = match (arguments("io_uring_submit_req"), arguments("io_uring_submit_sqe")) {
            (Some(1), _) => ("io_uring_submit_req", "raw_uring_submit"),
            (None, Some(2)) => ("io_uring_submit_sqe", "raw_uring_submit"),
            (None, Some(7)) => ("io_uring_submit_sqe", "raw_uring_submit_second"),
            _ => return None,
        };
        let completed = match arguments("io_uring_complete")? {
            3 if submit == "io_uring_submit_req" => "raw_uring_complete_entry",
            4 => MARKED,
            5 | 7 => "raw_uring_complete_request",
            _ => return None,
        };
        Some(Points { submit, submitted, completed })
    }

    /// Whether completions that overflow the ring have a trace point of their own.
    pub(crate) fn tells_overflow(self) -> bool {
        self.completed != MARKED
    }
}

/// How operations are read, by their numbers, and what is recorded.
pub(crate) fn operations(btf: &Btf) -> (Vec<(u32, Operation)>, UringCoverage) {
    let mut coverage = UringCoverage::default();
    let mut found = Vec::new();
    for op in OPERATIONS {
        match operation(btf, op) {
            Some(operation) => {
                coverage.recorded.push(op.name);
                found.push((u32::from(op.number), operation));
            }
            None => coverage.missing.push(op.name),
        }
    }
    (found, coverage)
}

fn operation(btf: &Btf, op: &Op) -> Option<Operation> {
    // Kernels before 6.0 do not name their operations in their types.
    let number = format!("enum:io_uring_op.IORING_OP_{}", op.name);
    if btf.resolve("?sizeof:io_uring_op") != MISSING && btf.resolve(&number) != u32::from(op.number) {
        return None;
    }
    let mut read = Operation {
        flags: op.flags | uring::KNOWN,
        names: [uring::NONE; 2],
        name_args: [0; 2],
        address: uring::NO_ARG,
        address_from: 0,
        loads: [uring::Load { offset: 0, arg: 0, width: 0 }; uring::LOADS],
    };
    if let Some((arg, from)) = op.address {
        (read.address, read.address_from) = (arg, from);
    }
    for (slot, (arg, path)) in op.names.iter().enumerate() {
        *read.names.get_mut(slot)? = offset(btf, path)?;
        *read.name_args.get_mut(slot)? = *arg;
    }
    let mut slots = read.loads.iter_mut();
    for (arg, width, path) in op.loads {
        match offset(btf, path) {
            Some(offset) => *slots.next()? = uring::Load { offset, arg: *arg, width: *width },
            None if path.starts_with('?') => {}
            None => return None,
        }
    }
    Some(read)
}

fn offset(btf: &Btf, path: &str) -> Option<u16> {
    u16::try_from(btf.resolve(path)).ok().filter(|offset| *offset != uring::NONE)
}
