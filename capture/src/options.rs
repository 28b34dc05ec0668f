//! What is recorded, as the user chooses it, and what of it did not reach the reader.

use std::path::PathBuf;
use std::time::Duration;

use tercel_probe_abi::scope;

/// What the user may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of read and written buffers that are kept; at most [`Options::MAX_SNAPLEN`].
    pub snaplen: u32,
    /// Bytes of the arguments of a process, with the name that it was started by, and of its environment that are kept; at most
    /// [`Options::MAX_ARGS`].
    pub max_args: u32,
    /// Bytes of the ring of every CPU; rounded up to a power of two of at least a page.
    pub ring: u32,
    /// Use classic tracepoints for system calls whatever the kernel's version.
    pub classic: bool,
    /// Codes of the events that are wanted; `None`: all. What nobody wants costs next to nothing.
    pub wanted: Option<Vec<u16>>,
    /// Which processes are wanted; `None`: all.
    pub scope: Option<ProcessScope>,
    /// Paths and addresses are read at the entry of calls, too, and compared with those at the exit.
    pub entries: bool,
    /// Functions of the kernel tell what is removed and renamed, where it lets programs attach to them.
    pub hooks: bool,
    /// Events say how long their calls took.
    pub latency: bool,
    /// How often events report what processes use: CPU time, memory, page faults; `None`: never.
    pub resources: Option<Duration>,
    /// File with the types of the running kernel, or a directory with them; `None`: the kernel's own, or what is on the host.
    pub btf: Option<PathBuf>,
}

/// What the probe captures from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Codes of the events that are wanted; `None`: all.
    pub wanted: Option<Vec<u16>>,
    /// Codes of the events of which every process may make `share` a second, together; what is more is lost in the kernel, and counted.
    pub shared: Vec<u16>,
    /// Events a second; 0 counts as 1.
    pub share: u32,
}

/// Processes to which events are limited in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessScope {
    /// Processes that run.
    pub pids: Vec<i64>,
    /// Also what they start.
    pub descendants: bool,
    /// Also what this process starts.
    pub children: bool,
    /// Codes of the events that are wanted of all processes.
    pub of_others: &'static [u16],
}

impl Options {
    /// Longest piece of a buffer: with it an event stays below the limit of events.
    pub const MAX_SNAPLEN: u32 = 32 << 10;
    /// Most bytes of arguments: with them, and what is left for the environment, an event stays below the limit of events.
    pub const MAX_ARGS: u32 = 32 << 10;
    /// Bytes of arguments that Falco's probe keeps.
    pub const USUAL_ARGS: u32 = 4 << 10;

    pub(crate) fn wants(&self, event: u16) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains(&event))
    }
}

impl ProcessScope {
    pub(crate) fn bits(&self) -> u32 {
        let bit = |is_set: bool, bit: u32| if is_set { bit } else { 0 };
        scope::LIMITED | bit(self.descendants, scope::DESCENDANTS) | bit(self.children, scope::CHILDREN)
    }
}

/// Whether the kernel can limit events to processes: its programs must not be skipped, or forks would be missed; and this process
/// has to know the kernel's numbers.
pub(crate) fn can_limit(kernel: (u32, u32)) -> bool {
    kernel < (6, 19) && crate::scope::sees_numbers_of_host()
}

impl Default for Options {
    fn default() -> Options {
        Options {
            snaplen: 80,
            max_args: Options::USUAL_ARGS,
            ring: 8 << 20,
            classic: false,
            wanted: None,
            scope: None,
            entries: true,
            hooks: true,
            latency: false,
            resources: None,
            btf: None,
        }
    }
}

/// Events that did not reach the reader, and parameters that were cut, since the probe was attached: of one CPU or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drops {
    /// Lost: the ring was full.
    pub full: u64,
    /// Lost: two programs met on one CPU.
    pub busy: u64,
    /// Lost: larger than an event may be.
    pub large: u64,
    /// Lost by a fault of the probe.
    pub faults: u64,
    /// Left out because their process had had its share ([`Selection::shared`]).
    pub throttled: u64,
    /// Runs that the kernel skipped. It counts them for all CPUs together: 0 in the counts of one.
    pub skipped: u64,
    /// Parameters that were cut at their limit.
    pub cut: u64,
}

impl Drops {
    /// All events that were lost.
    ///
    /// ```
    /// use tercel_capture::Drops;
    ///
    /// let drops = Drops { full: 3, skipped: 1, cut: 5, ..Drops::default() };
    /// assert_eq!(drops.lost(), 4); // what was cut is there
    /// ```
    pub fn lost(&self) -> u64 {
        self.unintended() + self.throttled
    }

    /// Those that were not left out on purpose.
    pub fn unintended(&self) -> u64 {
        self.full + self.busy + self.large + self.faults + self.skipped
    }

    pub(crate) fn plus(self, other: Drops) -> Drops {
        Drops {
            full: self.full + other.full,
            busy: self.busy + other.busy,
            large: self.large + other.large,
            faults: self.faults + other.faults,
            throttled: self.throttled + other.throttled,
            skipped: self.skipped + other.skipped,
            cut: self.cut + other.cut,
        }
    }
}

/// Which paths and names are recorded: what the kernel offers decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathCoverage {
    /// Those that callers give, as they are when a call returns.
    Caller,
    /// Those of the kernel, too.
    Kernel(Comparison),
}

/// How names and addresses of callers are compared with those at the entry of their calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// They are not.
    None,
    /// By a tracepoint of each call.
    EachCall,
    /// By one program on all calls, which costs all of them something.
    AllCalls,
}

impl PathCoverage {
    /// One line about it, for people.
    ///
    /// ```
    /// use tercel_capture::{Comparison, PathCoverage};
    ///
    /// assert_eq!(PathCoverage::Caller.text(), "Paths: the callers' only; the kernel's need Linux 5.17");
    /// let usual = PathCoverage::Kernel(Comparison::EachCall);
    /// assert_eq!(usual.text(), "Paths: the kernel's, too; arguments are compared at the entry of each call that has them");
    /// ```
    pub fn text(self) -> String {
        let compared = match self {
            PathCoverage::Caller => {
                return "Paths: the callers' only; the kernel's need Linux 5.17".to_owned();
            }
            PathCoverage::Kernel(Comparison::None) => "arguments are not compared",
            PathCoverage::Kernel(Comparison::EachCall) => {
                "arguments are compared at the entry of each call that has them"
            }
            PathCoverage::Kernel(Comparison::AllCalls) => "arguments are compared at the entry of all calls",
        };
        format!("Paths: the kernel's, too; {compared}")
    }
}
