//! The probe in the kernel: options enter; it gets the offsets of this kernel's fields, is loaded and attached. Its rings and
//! counters leave.

use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use aya::maps::{Array, ArrayOfMaps, HashMap, Map, MapData, PerCpuArray, ProgramArray, RingBuf};
use aya::programs::{Program, ProgramFd, RawTracePoint, TracePoint};
use aya::{Ebpf, EbpfLoader, VerifierLogLevel};
use tercel_format::catalogue::{Machine, code};
use tercel_probe_abi::{Config, MISSING, Offsets, PATHS, Share, Throttled, stat, step, uring as abi_uring};

use crate::btf::Btf;
use crate::drain::Drain;
use crate::error::CaptureError;
use crate::hooks::{self, HookCoverage};
use crate::kernel::{
    cpus, has_entry_tracepoints, has_loops, host_mounts, kernel_release, kernel_version, own_tgid, says_paths,
};
use crate::options::{Comparison, Drops, Options, PathCoverage, ProcessScope, Selection, can_limit};
use crate::tables::{Plain, fill_calls, fill_entries, fill_tables, table_of};
use crate::types::{self, Types};
use crate::uring::{self, Points, UringCoverage};
use crate::{clock, syscalls};

/// The kernel side, built from capture-ebpf/ by its script.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../probe.bpf.o");

/// The machine whose calls the probe sees.
pub(crate) const MACHINE: Machine = Machine::OF_THIS_PROGRAM;

/// Processes in scope that there is room for. Beyond that, all are recorded.
const MOST_PROCESSES: u32 = 1 << 16;

/// Fewest processes that the probe remembers while events are shared out, and how many more there are per CPU: the kernel keeps some
/// entries back for every CPU.
const REMEMBERED: u32 = 4096;
const REMEMBERED_PER_CPU: u32 = 256;

/// Requests of io_uring under way that are kept, and those of them with names, which take 8 KiB each. Those beyond are recorded without
/// their results.
const MOST_REQUESTS: u32 = 8192;
const MOST_NAMES: u32 = 1024;
/// Slots for the times at which calls began; as in capture-ebpf/src/entry.rs.
const TIMES: u32 = 65536;

/// How far a process may be ahead of its share, in nanoseconds.
const BURST: u64 = 250_000_000;

/// Kernel: type of a ring buffer map.
const RING: u32 = 27;

/// The loaded probe. When it is dropped, the kernel forgets it.
pub(crate) struct Probe {
    ebpf: Ebpf,
    /// Arrays of programs must stay open: the kernel empties them when the last handle is closed.
    _steps: Vec<ProgramArray<MapData>>,
    attached: Vec<&'static str>,
    scope: Option<ProcessScope>,
    uring: UringCoverage,
    paths: PathCoverage,
    hooks: HookCoverage,
    /// Arguments are read at the entry of calls, too.
    entries: bool,
    /// Events say how long their calls took.
    timed: bool,
}

impl Probe {
    /// Loads and attaches the probe. From now on the rings fill.
    pub(crate) fn start(options: &Options) -> Result<(Probe, Drain), CaptureError> {
        let Types { btf, are_the_kernels, .. } =
            types::find(Path::new("/"), &kernel_release(), options.btf.as_deref())?;
        let mut offsets = offsets(&btf)?;
        let points = Points::find(&btf);
        // Kernels that cannot bind through a ring copy addresses later than its trace points tell.
        if offsets.0.io_bind == MISSING {
            offsets.0.msg_addr = MISSING;
        }
        let kernel = kernel_version();
        let classic = options.classic || kernel >= (7, 0);
        let cpus = cpus()?;
        let compared = options.entries && says_paths(kernel);
        let each = compared && !options.latency && has_entry_tracepoints(Path::new("/"));
        let hooked = options.hooks && hooks::are_known(kernel);
        let config = Plain(Config {
            epoch: clock::epoch(),
            own_tgid: own_tgid(),
            snaplen: options.snaplen.min(Options::MAX_SNAPLEN),
            typed: u32::from(kernel >= (5, 15) && are_the_kernels),
            guarded: u32::from(kernel >= (6, 19)),
            scope: options.scope.as_ref().filter(|_| can_limit(kernel)).map_or(0, ProcessScope::bits),
            max_args: options.max_args.clamp(1, Options::MAX_ARGS),
            host_mounts: host_mounts(),
            entries: u32::from(compared),
            latency: u32::from(options.latency),
            each: u32::from(each),
            hooked: u32::from(hooked),
            hook_scratch: if hooked && classic { 2 * cpus } else { 0 },
        });
        let mut ebpf = EbpfLoader::new()
            .verifier_log_level(VerifierLogLevel::DEBUG | VerifierLogLevel::STATS)
            .override_global("OFFSETS", &offsets, true)
            .override_global("CONFIG", &config, true)
            .map_max_entries("SCRATCH", if hooked && classic { 3 * cpus } else { 2 * cpus })
            .map_max_entries("THROTTLED", REMEMBERED.max(cpus.saturating_mul(REMEMBERED_PER_CPU)))
            .map_max_entries("REQUESTS", if points.is_some() { MOST_REQUESTS } else { 1 })
            .map_max_entries("MARKS", if points.is_some() { MOST_REQUESTS } else { 1 })
            .map_max_entries("NAMES", if points.is_some() { MOST_NAMES } else { 1 })
            .map_max_entries("FILES", if points.is_some() { MOST_REQUESTS } else { 1 })
            .map_max_entries("BEGAN", if options.latency { TIMES } else { 1 })
            .map_max_entries("SCOPE", if config.0.scope == 0 { 1 } else { MOST_PROCESSES })
            .load(OBJECT)
            .map_err(|cause| refused("loading the probe", &cause))?;
        let rings = make_rings(&mut ebpf, cpus, options.ring)?;
        fill_tables(&mut ebpf, options)?;
        let mut probe = Probe {
            _steps: load_steps(&mut ebpf, classic, kernel)?,
            ebpf,
            attached: Vec::new(),
            scope: options.scope.clone(),
            uring: UringCoverage::default(),
            paths: match (says_paths(kernel), compared, each) {
                (false, ..) => PathCoverage::Caller,
                (true, false, _) => PathCoverage::Kernel(Comparison::None),
                (true, true, true) => PathCoverage::Kernel(Comparison::EachCall),
                (true, true, false) => PathCoverage::Kernel(Comparison::AllCalls),
            },
            hooks: HookCoverage::Unused,
            entries: compared,
            timed: options.latency,
        };
        probe.uring = probe.attach_uring(&btf, points);
        if config.0.scope != 0 {
            probe.attach_raw("raw_fork", "sched_process_fork")?;
        }
        if compared {
            fill_entries(&mut probe.ebpf, options)?;
        }
        if compared || options.latency {
            probe.attach_entries(classic, each)?;
        }
        if hooked {
            probe.hooks = hooks::attach(&mut probe.ebpf);
        }
        probe.attach(classic, options)?;
        if let Some(scope) = options.scope.as_ref().filter(|_| config.0.scope != 0) {
            crate::scope::fill(&mut probe.ebpf, scope)?;
        }
        Ok((probe, Drain::new(rings, config.0.epoch)))
    }

    /// Where it is attached, for people.
    pub(crate) fn hooks(&self) -> String {
        let is_classic = self.attached.contains(&"classic_sys_exit");
        let point = if is_classic { "classic" } else { "raw" };
        format!("Hooks: trace points, the {point} one for system calls; {}", self.hooks.text())
    }

    /// What was lost so far.
    pub(crate) fn drops(&self) -> Drops {
        let mut drops = self.drops_by_cpu().into_iter().fold(Drops::default(), Drops::plus);
        drops.skipped = self.attached.iter().map(|name| self.skipped(name)).sum();
        drops
    }

    /// What was lost so far on each CPU, in the order of their numbers.
    pub(crate) fn drops_by_cpu(&self) -> Vec<Drops> {
        let counters =
            self.ebpf.map("STATS").and_then(|map| PerCpuArray::<_, [u64; stat::COUNT]>::try_from(map).ok());
        let Some(values) = counters.and_then(|counters| counters.get(&0, 0).ok()) else { return Vec::new() };
        let of_cpu = |value: &[u64; stat::COUNT]| Drops {
            full: value[stat::FULL],
            busy: value[stat::BUSY],
            large: value[stat::LARGE],
            faults: value[stat::LOST],
            throttled: value[stat::THROTTLED],
            skipped: 0,
            cut: value[stat::CUT],
        };
        values.iter().map(of_cpu).collect()
    }

    /// Captures these events from now on, and no others. Events of the scheduler (executed programs, ends, signals) go on coming as they
    /// were asked for at the start.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(crate) fn want(&mut self, selection: Selection) -> Result<(), CaptureError> {
        let Selection { wanted, shared, share } = selection;
        let mut table: Array<_, Plain<Share>> = table_of(&mut self.ebpf, "SHARE")?;
        let share = Share { interval: 1_000_000_000 / u64::from(share.max(1)), burst: BURST };
        table.set(0, Plain(share), 0).map_err(|cause| refused("setting the share of a process", &cause))?;
        let options =
            Options { wanted, scope: self.scope.clone(), latency: self.timed, ..Options::default() };
        fill_calls(&mut self.ebpf, &options, &shared)?;
        if self.entries {
            fill_entries(&mut self.ebpf, &options)?;
        }
        if shared.is_empty() {
            // What begins later begins anew.
            for (pid, _) in self.throttled() {
                let _ = remembered_mut(&mut self.ebpf)?.remove(&pid);
            }
        }
        Ok(())
    }

    /// Processes, as the kernel numbers them, that have had their share, and how many of their events were left out.
    pub(crate) fn throttled(&self) -> Vec<(u32, u64)> {
        let map = self.ebpf.map("THROTTLED");
        let map = map.and_then(|map| HashMap::<_, u32, Plain<Throttled>>::try_from(map).ok());
        let Some(map) = map else { return Vec::new() };
        map.iter().filter_map(Result::ok).map(|(pid, entry)| (pid, entry.0.events)).collect()
    }

    /// How often the kernel skipped a program because it was still running on that CPU.
    fn skipped(&self, program: &str) -> u64 {
        let Some(fd) = self.ebpf.program(program).and_then(fd_of) else { return 0 };
        let info =
            fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd())).unwrap_or_default();
        info.lines().find_map(|line| line.strip_prefix("recursion_misses:")?.trim().parse().ok()).unwrap_or(0)
    }

    fn attach(&mut self, classic: bool, options: &Options) -> Result<(), CaptureError> {
        let others = [
            ("raw_exec", "sched_process_exec", code::SYSCALL_EXECVE_19_X),
            ("raw_exit", "sched_process_exit", code::PROCEXIT_1_E),
            ("raw_signal", "signal_deliver", code::SIGNALDELIVER_E),
        ];
        if MACHINE == Machine::Aarch64 && syscalls::FORKS.iter().any(|event| options.wants(*event)) {
            self.attach_raw("raw_child", "sched_process_fork")?;
        }
        for (name, tracepoint, _) in others.into_iter().filter(|(_, _, event)| options.wants(*event)) {
            self.attach_raw(name, tracepoint)?;
        }
        if !classic {
            return self.attach_raw("raw_sys_exit", "sys_exit");
        }
        let program: &mut TracePoint = program(&mut self.ebpf, "classic_sys_exit")?;
        program.load().map_err(|cause| refused("loading classic_sys_exit", &cause))?;
        program
            .attach("raw_syscalls", "sys_exit")
            .map_err(|cause| refused("attaching to raw_syscalls:sys_exit", &cause))?;
        self.attached.push("classic_sys_exit");
        Ok(())
    }

    /// Which paths are recorded.
    pub(crate) fn paths(&self) -> PathCoverage {
        self.paths
    }

    /// Which operations of io_uring are recorded.
    pub(crate) fn uring(&self) -> &UringCoverage {
        &self.uring
    }

    /// Attaches what sees the operations of io_uring. A kernel that refuses it is recorded without them.
    fn attach_uring(&mut self, btf: &Btf, points: Option<Points>) -> UringCoverage {
        let none = |reason: String| UringCoverage {
            missing: syscalls::uring::OPERATIONS.iter().map(|op| op.name).collect(),
            reason: Some(reason),
            ..UringCoverage::default()
        };
        let Some(points) = points else {
            return none(
                "the trace points of this kernel do not say which request they are about".to_owned(),
            );
        };
        let (operations, coverage) = uring::operations(btf);
        let attached = (|| {
            let mut table: Array<_, Plain<abi_uring::Operation>> = table_of(&mut self.ebpf, "OPERATIONS")?;
            for (number, operation) in operations {
                table
                    .set(number, Plain(operation), 0)
                    .map_err(|cause| refused("filling the table of operations", &cause))?;
            }
            if btf.resolve("?io_kiocb.cqe.fd") == MISSING {
                self.attach_raw("raw_uring_file", "io_uring_file_get")?;
            }
            self.attach_raw(points.completed, "io_uring_complete")?;
            if points.tells_overflow() {
                self.attach_raw("raw_uring_overflow", "io_uring_cqe_overflow")?;
            }
            self.attach_raw(points.submitted, points.submit)
        })();
        match attached {
            Ok(()) => coverage,
            Err(error) => none(error.to_string()),
        }
    }

    /// Attaches what reads the entry of calls: to each of the calls that are compared, which costs other calls next to nothing; to all where
    /// they are to be timed, or the kernel has no tracepoint for each. Runs of this program that the kernel skips lose no event.
    fn attach_entries(&mut self, classic: bool, each: bool) -> Result<(), CaptureError> {
        if !classic && !each {
            let program: &mut RawTracePoint = program(&mut self.ebpf, "raw_sys_enter")?;
            program.load().map_err(|cause| refused("loading raw_sys_enter", &cause))?;
            program.attach("sys_enter").map_err(|cause| refused("attaching to sys_enter", &cause))?;
            return Ok(());
        }
        let program: &mut TracePoint = program(&mut self.ebpf, "classic_sys_enter")?;
        program.load().map_err(|cause| refused("loading classic_sys_enter", &cause))?;
        let mut attach = |group: &str, name: &str| {
            program
                .attach(group, name)
                .map_err(|cause| refused(&format!("attaching to {group}:{name}"), &cause))
        };
        if !each {
            attach("raw_syscalls", "sys_enter")?;
            return Ok(());
        }
        for name in syscalls::entry_tracepoints(MACHINE) {
            attach("syscalls", &name)?;
        }
        Ok(())
    }

    fn attach_raw(&mut self, name: &'static str, tracepoint: &str) -> Result<(), CaptureError> {
        let program: &mut RawTracePoint = program(&mut self.ebpf, name)?;
        program.load().map_err(|cause| refused(&format!("loading {name}"), &cause))?;
        program.attach(tracepoint).map_err(|cause| refused(&format!("attaching to {tracepoint}"), &cause))?;
        self.attached.push(name);
        Ok(())
    }
}

/// Whether the probe finds all it needs in these types.
pub(crate) fn check_types(btf: &Btf) -> Result<(), CaptureError> {
    offsets(btf).map(|_| ())
}

/// Offsets of this kernel; a field that is missing and not optional stops the load.
fn offsets(btf: &Btf) -> Result<Plain<Offsets>, CaptureError> {
    let mut found = [MISSING; PATHS.len()];
    for (slot, (field, path)) in found.iter_mut().zip(PATHS) {
        *slot = btf.resolve(path);
        if *slot == MISSING && !path.starts_with('?') {
            return Err(CaptureError::NoField { field, path });
        }
    }
    // SAFETY: `Offsets` is a repr(C) structure of as many u32 as there are paths; the sizes are compared at compile time.
    Ok(Plain(unsafe { std::mem::transmute::<[u32; PATHS.len()], Offsets>(found) }))
}

/// The rings of all CPUs, in the order of their numbers.
fn make_rings(ebpf: &mut Ebpf, cpus: u32, size: u32) -> Result<Vec<RingBuf<MapData>>, CaptureError> {
    let size = size.clamp(4096, 1 << 30).next_power_of_two();
    let mut outer: ArrayOfMaps<_, MapData> =
        ArrayOfMaps::try_from(ebpf.map_mut("RINGS").ok_or(CaptureError::NoPart("RINGS"))?)
            .map_err(|cause| refused("opening the array of rings", &cause))?;
    (0..cpus)
        .map(|cpu| {
            let what = || format!("making a ring of {size} bytes for CPU {cpu}");
            let definition = aya_obj::Map::new_from_params(RING, 0, 0, size, 0);
            let ring =
                MapData::create(definition, "tercel_ring", None).map_err(|cause| match code_of(&cause) {
                    Some(libc::EINVAL) => CaptureError::NoFeature {
                        feature: "BPF ring buffers",
                        since: "5.8",
                        running: kernel_release(),
                    },
                    _ => refused(&what(), &cause),
                })?;
            outer.set(cpu, &ring, 0).map_err(|cause| refused(&what(), &cause))?;
            RingBuf::try_from(Map::RingBuf(ring)).map_err(|cause| refused(&what(), &cause))
        })
        .collect()
}

/// The processes that the probe remembers while events are shared out.
fn remembered_mut(ebpf: &mut Ebpf) -> Result<HashMap<&mut MapData, u32, Plain<Throttled>>, CaptureError> {
    ebpf.map_mut("THROTTLED").and_then(|map| map.try_into().ok()).ok_or(CaptureError::NoPart("THROTTLED"))
}

/// Loads the programs of the steps: as raw tracepoints for events of the scheduler, and as classic ones where system calls
/// come that way.
fn load_steps(
    ebpf: &mut Ebpf,
    classic: bool,
    kernel: (u32, u32),
) -> Result<Vec<ProgramArray<MapData>>, CaptureError> {
    let mut arrays = Vec::new();
    let sets = [("raw", "RAW_STEPS"), ("classic", "CLASSIC_STEPS")];
    for (prefix, name) in sets.into_iter().take(if classic { 2 } else { 1 }) {
        let mut array =
            ProgramArray::try_from(ebpf.take_map(name).ok_or(CaptureError::NoPart("array of steps"))?)
                .map_err(|cause| refused("opening the array of steps", &cause))?;
        for (number, step) in step::PROGRAMS {
            if *number >= syscalls::FIRST_BESIDE && !says_paths(kernel) {
                continue;
            }
            let old = if !has_loops(kernel) && step::LOOPS.contains(number) { "_old" } else { "" };
            let name = format!("{prefix}_{step}{old}");
            let program = ebpf.program_mut(&name).ok_or(CaptureError::NoPart(step))?;
            let loaded = match program {
                Program::RawTracePoint(program) => program.load(),
                Program::TracePoint(program) => program.load(),
                _ => return Err(CaptureError::NoPart(step)),
            };
            loaded.map_err(|cause| refused(&format!("loading {name}"), &cause))?;
            let fd = fd_of(program).ok_or(CaptureError::NoPart(step))?;
            array
                .set(u32::from(*number), fd, 0)
                .map_err(|cause| refused(&format!("entering {name} among the steps"), &cause))?;
        }
        arrays.push(array);
    }
    Ok(arrays)
}

fn fd_of(program: &Program) -> Option<&ProgramFd> {
    match program {
        Program::RawTracePoint(program) => program.fd().ok(),
        Program::TracePoint(program) => program.fd().ok(),
        _ => None,
    }
}

fn program<'a, T>(ebpf: &'a mut Ebpf, name: &'static str) -> Result<&'a mut T, CaptureError>
where
    &'a mut T: TryFrom<&'a mut Program>,
{
    ebpf.program_mut(name).and_then(|program| program.try_into().ok()).ok_or(CaptureError::NoPart(name))
}

/// The kernel's number of an error.
fn code_of(cause: &(dyn std::error::Error + 'static)) -> Option<i32> {
    let mut source = Some(cause);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return error.raw_os_error();
        }
        source = error.source();
    }
    None
}

/// Turns an answer of the kernel into an error that says what to do.
pub(crate) fn refused(what: &str, cause: &(dyn std::error::Error + 'static)) -> CaptureError {
    // EACCES is how the verifier refuses a program; EPERM is what lacks a capability.
    if code_of(cause) == Some(libc::EPERM) {
        return CaptureError::not_allowed(what);
    }
    let mut text = cause.to_string();
    let mut source = cause.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    // The verifier's reason stands at the end of its log.
    const LINES: usize = 24;
    let lines: Vec<&str> = text.lines().collect();
    let cause = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n");
    CaptureError::Refused { what: what.to_owned(), cause }
}
