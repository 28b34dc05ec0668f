//! The table of fields, in the order in which names are looked up (reference fields.json).

use super::{ArgRule, Class, FieldFlags, FieldInfo};
use tercel_format::catalogue::{ParamType, PrintFormat};

macro_rules! fields {
    ($($class:ident $of_class:ident { $($id:ident $name:literal $ty:ident $format:ident $arg:ident [$($flag:ident)*] $note:literal;)* })*) => {
        /// A field of the filter language, named as in rules (`proc.name` is `ProcName`).
        #[allow(missing_docs)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Field { $($($id,)*)* }

        $(
            /// The fields of one class.
            #[allow(missing_docs)]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $of_class { $($id,)* }
        )*

        /// A field as a member of its class, so that code that gives values to the fields of a class cannot omit one.
        #[allow(missing_docs)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ClassField { $($class($of_class),)* }

        impl Field {
            /// The field as a member of its class.
            #[inline]
            pub const fn in_class(self) -> ClassField {
                match self { $($(Field::$id => ClassField::$class($of_class::$id),)*)* }
            }
        }

        /// The catalogue of fields; [`Field::info`] finds the row of a field.
        pub static FIELDS: &[FieldInfo] = &[$($(
            FieldInfo {
                field: Field::$id,
                class: Class::$class,
                name: $name,
                ty: ParamType::$ty,
                format: PrintFormat::$format,
                arg: ArgRule::$arg,
                flags: FieldFlags::empty()$(.union(FieldFlags::$flag))*,
                description: $note,
            },
        )*)*];
    };
}

#[rustfmt::skip]
fields! {
    GenEvent GenEventField {
        EvtNum "evt.num" Uint64 Id No [] "Number of the event in the capture, from 1";
        EvtTime "evt.time" CharBuf Na No [] "Time of day of the event with nanoseconds, HH:MM:SS.nnnnnnnnn, in the zone of the output";
        EvtTimeS "evt.time.s" CharBuf Na No [] "Time of day of the event, HH:MM:SS, in the zone of the output";
        EvtTimeIso8601 "evt.time.iso8601" CharBuf Na No [] "Date and time of the event in UTC, YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000";
        EvtDatetime "evt.datetime" CharBuf Na No [] "Date and time of the event with nanoseconds, in the zone of the output";
        EvtDatetimeS "evt.datetime.s" CharBuf Na No [] "Date and time of the event, in the zone of the output";
        EvtRawtime "evt.rawtime" AbsTime Dec No [] "Time of the event in nanoseconds since the epoch";
        EvtRawtimeS "evt.rawtime.s" AbsTime Dec No [] "Whole seconds of the event's time since the epoch";
        EvtRawtimeNs "evt.rawtime.ns" AbsTime PaddedDec No [] "Nanoseconds of the event's time within its second";
        EvtReltime "evt.reltime" RelTime PaddedDec No [] "Nanoseconds since the first event of the capture";
        EvtReltimeS "evt.reltime.s" RelTime Dec No [] "Whole seconds since the first event of the capture";
        EvtReltimeNs "evt.reltime.ns" RelTime PaddedDec No [] "Nanoseconds of the time since the first event, within their second";
        EvtPluginname "evt.pluginname" CharBuf Na No [] "Name of the plugin behind a plugin's event; missing, since plugins are not loaded";
        EvtPlugininfo "evt.plugininfo" CharBuf Na No [] "The plugin's summary of its event; missing, since plugins are not loaded";
        EvtSource "evt.source" CharBuf Na No [] "Where the event comes from: syscall; missing for events of plugins";
        EvtIsAsync "evt.is_async" Bool Na No [] "True for events that a program made, such as those about containers and users";
        EvtAsynctype "evt.asynctype" CharBuf Na No [] "Name of an event that a program made, for example container";
        EvtHostname "evt.hostname" CharBuf Na No [] "Name of the host that the capture was taken on";
    }
    Event EventField {
        EvtLatency "evt.latency" RelTime Dec No [DEPRECATED] "Nanoseconds between the entry and the exit of a system call; 0 unless it was recorded with --latency";
        EvtLatencyS "evt.latency.s" RelTime Dec No [DEPRECATED] "Whole seconds of evt.latency; 0 unless it was recorded with --latency";
        EvtLatencyNs "evt.latency.ns" RelTime PaddedDec No [DEPRECATED] "Nanoseconds of evt.latency within its second; 0 unless it was recorded with --latency";
        EvtLatencyQuantized "evt.latency.quantized" Uint64 Dec No [TABLE_ONLY DEPRECATED] "Deprecated, always 0: logarithm of evt.latency";
        EvtLatencyHuman "evt.latency.human" CharBuf Na No [DEPRECATED] "evt.latency with a unit, as 1.25ms; 0ns unless it was recorded with --latency";
        EvtDeltatime "evt.deltatime" RelTime Dec No [] "Nanoseconds since the event at which the check was evaluated before; 0 in JSON";
        EvtDeltatimeS "evt.deltatime.s" RelTime Dec No [] "Whole seconds since the event at which the check was evaluated before; 0 in JSON";
        EvtDeltatimeNs "evt.deltatime.ns" RelTime PaddedDec No [] "Nanoseconds within the second of evt.deltatime; 0 in JSON";
        EvtOutputtime "evt.outputtime" CharBuf Na No [PRINT_ONLY] "Time of the event as outputs show it, the same as evt.time";
        EvtDir "evt.dir" CharBuf Dir No [DEPRECATED] "Deprecated: > for the entry of a system call, < for its exit";
        EvtType "evt.type" CharBuf Na No [] "Name of the event, for system calls the name of the call, for example openat";
        EvtTypeIs "evt.type.is" Uint32 Na Required [ARG_REQUIRED] "1 if the event is of the named type, otherwise 0: evt.type.is.open";
        SyscallType "syscall.type" CharBuf Na No [] "Name of the system call; missing for events that are none";
        EvtCategory "evt.category" CharBuf Na No [] "What the event is about: file, net, process, memory, signal and others; reads and writes by what the fd is";
        EvtCpu "evt.cpu" Int16 Id No [] "Number of the CPU that the event happened on";
        EvtArgs "evt.args" CharBuf Na No [] "All arguments of the event, name=value, with what numbers mean in parentheses";
        EvtArg "evt.arg" CharBuf Na Required [ARG_REQUIRED NO_PTR_STABILITY] "One argument as text, by name or number, with what a number means in place of it: evt.arg.flags, evt.arg[0]";
        EvtRawarg "evt.rawarg" Dyn Na Required [ARG_REQUIRED NO_RHS NO_TRANSFORMER] "One argument in its own type, by name, for comparisons with numbers: evt.rawarg.res";
        EvtInfo "evt.info" CharBuf Na No [] "All arguments of the event, the same as evt.args";
        EvtBuffer "evt.buffer" ByteBuf Na No [NO_PTR_STABILITY] "The data that was read, written, sent or received, as far as it was captured";
        EvtBuflen "evt.buflen" Uint64 Dec No [] "Number of bytes that were read, written, sent or received";
        EvtRes "evt.res" CharBuf Dec No [NO_PTR_STABILITY] "SUCCESS, or the name of the error that the system call returned";
        EvtRawres "evt.rawres" Int64 Dec No [] "Return value of the system call as a number, negative for errors";
        EvtFailed "evt.failed" Bool Na No [] "True if the system call returned an error";
        EvtIsIo "evt.is_io" Bool Na No [] "True for system calls that read from or write to an fd";
        EvtIsIoRead "evt.is_io_read" Bool Na No [] "True for system calls that read from an fd";
        EvtIsIoWrite "evt.is_io_write" Bool Na No [] "True for system calls that write to an fd";
        EvtIoDir "evt.io_dir" CharBuf Na No [] "read or write, for system calls that read from or write to an fd";
        EvtIsWait "evt.is_wait" Bool Na No [] "True for system calls that may block, such as poll and nanosleep";
        EvtWaitLatency "evt.wait_latency" RelTime Dec No [DEPRECATED] "Deprecated, always 0: time that a blocking system call waited";
        EvtIsSyslog "evt.is_syslog" Bool Na No [] "True for writes to /dev/log";
        EvtCount "evt.count" Uint32 Dec No [] "Always 1, for counting events";
        EvtCountError "evt.count.error" Uint32 Dec No [] "1 if the system call returned an error, otherwise 0";
        EvtCountErrorFile "evt.count.error.file" Uint32 Dec No [] "1 if a call on a file returned an error, otherwise 0; missing for other calls";
        EvtCountErrorNet "evt.count.error.net" Uint32 Dec No [] "1 if a call on a socket returned an error, otherwise 0; missing for other calls";
        EvtCountErrorMemory "evt.count.error.memory" Uint32 Dec No [] "1 if a call about memory returned an error, otherwise 0; missing for other calls";
        EvtCountErrorOther "evt.count.error.other" Uint32 Dec No [] "1 if any other call returned an error, otherwise 0; missing for those counted elsewhere";
        EvtCountExit "evt.count.exit" Uint32 Dec No [] "1 for the exit of a system call, otherwise missing";
        EvtCountProcinfo "evt.count.procinfo" Uint32 Dec No [TABLE_ONLY] "1 for the resource reports of main threads, otherwise 0";
        EvtCountThreadinfo "evt.count.threadinfo" Uint32 Dec No [TABLE_ONLY] "1 for the resource reports of threads, otherwise 0";
        EvtAround "evt.around" Uint64 Dec Required [FILTER_ONLY ARG_REQUIRED NO_RHS NO_TRANSFORMER] "True if the event is within a number of milliseconds of a time: evt.around[TIMESTAMP]=1000";
        EvtAbspath "evt.abspath" CharBuf Na Optional [ARG_REQUIRED] "Absolute path of a call with a directory fd; evt.abspath.src and evt.abspath.dst where there are two";
        EvtBuflenIn "evt.buflen.in" Uint64 Dec No [TABLE_ONLY] "Number of bytes that were read or received";
        EvtBuflenOut "evt.buflen.out" Uint64 Dec No [TABLE_ONLY] "Number of bytes that were written or sent";
        EvtBuflenFile "evt.buflen.file" Uint64 Dec No [TABLE_ONLY] "Number of bytes that were read from or written to a file";
        EvtBuflenFileIn "evt.buflen.file.in" Uint64 Dec No [TABLE_ONLY] "Number of bytes that were read from a file";
        EvtBuflenFileOut "evt.buflen.file.out" Uint64 Dec No [TABLE_ONLY] "Number of bytes that were written to a file";
        EvtBuflenNet "evt.buflen.net" Uint64 Dec No [TABLE_ONLY] "Number of bytes that went through an IP socket";
        EvtBuflenNetIn "evt.buflen.net.in" Uint64 Dec No [TABLE_ONLY] "Number of bytes that were received from an IP socket";
        EvtBuflenNetOut "evt.buflen.net.out" Uint64 Dec No [TABLE_ONLY] "Number of bytes that were sent to an IP socket";
        EvtIsOpenRead "evt.is_open_read" Bool Na No [] "True if a file is opened for reading";
        EvtIsOpenWrite "evt.is_open_write" Bool Na No [] "True if a file is opened for writing";
        EvtInfraDockerName "evt.infra.docker.name" CharBuf Na No [TABLE_ONLY] "Name of an event of the Docker daemon, in captures that hold such events";
        EvtInfraDockerContainerId "evt.infra.docker.container.id" CharBuf Na No [TABLE_ONLY] "Container id in an event of the Docker daemon";
        EvtInfraDockerContainerName "evt.infra.docker.container.name" CharBuf Na No [TABLE_ONLY] "Container name in an event of the Docker daemon";
        EvtInfraDockerContainerImage "evt.infra.docker.container.image" CharBuf Na No [TABLE_ONLY] "Image name in an event of the Docker daemon";
        EvtIsOpenExec "evt.is_open_exec" Bool Na No [] "True if a file is created with a mode that lets it be executed";
        EvtIsOpenCreate "evt.is_open_create" Bool Na No [] "True if opening a file created it";
        EvtRealpath "evt.realpath" CharBuf Na No [] "Path of the file that the event is about as the kernel resolved it, from the root of the host, whatever the caller called it; missing where the capture does not say. tercel's own";
        EvtRealpathInside "evt.realpath.inside" CharBuf Na No [] "As evt.realpath, from the root directory of the process: in a container the path as the container has it. tercel's own";
        EvtRealpathSecond "evt.realpath.second" CharBuf Na No [] "As evt.realpath, of the second file: the new name of a rename or link, the source of a mount. tercel's own";
        EvtRealpathSecondInside "evt.realpath.second.inside" CharBuf Na No [] "As evt.realpath.second, from the root directory of the process. tercel's own";
        EvtEntryPath "evt.entry.path" CharBuf Na No [] "Path that the caller gave when the call began, where memory had another one when it ended; otherwise missing. tercel's own";
        EvtEntryPathSecond "evt.entry.path.second" CharBuf Na No [] "As evt.entry.path, of the second path of the call. tercel's own";
        EvtFileIno "evt.file.ino" Int64 Dec No [] "Inode of the file that the event is about, also without an fd. tercel's own";
        EvtFileDev "evt.file.dev" Int32 Hex No [] "Number of the device that holds the file that the event is about, in hexadecimal. tercel's own";
        EvtFileMode "evt.file.mode" Uint32 Oct No [] "Kind and permissions of the file that the event is about, in octal. tercel's own";
        EvtIsUring "evt.is_uring" Bool Na No [] "True if the operation came by io_uring and not by a system call. tercel's own";
        EvtIsArgChanged "evt.is_arg_changed" Bool Na No [] "True if an argument in memory changed between the start of the call and its end, as by a thread that hides what is opened. tercel's own";
        EvtIsArgsCut "evt.is_args_cut" Bool Na No [] "True if the arguments of an exec are not all there. tercel's own";
        EvtIsEnvCut "evt.is_env_cut" Bool Na No [] "True if the environment of an exec is not all there. tercel's own";
        EvtCapture "evt.capture" CharBuf Na No [] "File of the cut of the flight recorder that contains the alert; has a value in outputs only. tercel's own";
    }
    Process ProcessField {
        ProcExe "proc.exe" CharBuf Na No [] "First command line argument, usually the name of the executable";
        ProcPexe "proc.pexe" CharBuf Na No [] "First command line argument of the parent process";
        ProcAexe "proc.aexe" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "First command line argument of an ancestor: proc.aexe[1] is the parent; without a number any ancestor";
        ProcExepath "proc.exepath" CharBuf Na No [] "Full path of the executable, as the kernel has it";
        ProcPexepath "proc.pexepath" CharBuf Na No [] "Full path of the parent's executable";
        ProcAexepath "proc.aexepath" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Full path of an ancestor's executable: proc.aexepath[1] is the parent; without a number any ancestor";
        ProcName "proc.name" CharBuf Na No [] "Name of the process, at most 15 characters, without its path";
        ProcPname "proc.pname" CharBuf Na No [] "Name of the parent process";
        ProcAname "proc.aname" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Name of an ancestor: proc.aname[0] is the process, [1] its parent; without a number any ancestor";
        ProcArgs "proc.args" CharBuf Na Optional [ARG_ALLOWED] "Command line arguments behind the first, joined by spaces; proc.args[0] is the first of them";
        ProcAargs "proc.aargs" CharBuf Na Optional [ARG_ALLOWED] "Arguments of an ancestor: proc.aargs[1] is the parent; without a number those of all ancestors";
        ProcCmdline "proc.cmdline" CharBuf Na No [] "Command line: name and arguments of the process";
        ProcPcmdline "proc.pcmdline" CharBuf Na No [] "Command line of the parent process";
        ProcAcmdline "proc.acmdline" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Command line of an ancestor: proc.acmdline[1] is the parent; without a number any ancestor";
        ProcCmdnargs "proc.cmdnargs" Uint64 Dec No [] "Number of command line arguments behind the first";
        ProcCmdlenargs "proc.cmdlenargs" Uint64 Dec No [] "Total length of the command line arguments behind the first, in bytes";
        ProcExeline "proc.exeline" CharBuf Na No [] "First command line argument and the others, joined by spaces";
        ProcEnv "proc.env" CharBuf Na Optional [ARG_ALLOWED] "Environment joined by spaces; proc.env[NAME] is one variable, empty where it is not set";
        ProcAenv "proc.aenv" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Environment of an ancestor: by number, or the nearest ancestor's variable by name; in filters without an argument any ancestor";
        ProcCwd "proc.cwd" CharBuf Na No [] "Working directory, with a slash at the end";
        ProcLoginshellid "proc.loginshellid" Int64 Id No [] "Id of the eldest shell among the process and its ancestors";
        ProcTty "proc.tty" Uint32 Id No [] "Number of the controlling terminal, 0 where there is none";
        ProcPid "proc.pid" Int64 Id No [] "Process id";
        ProcPpid "proc.ppid" Int64 Id No [] "Process id of the parent";
        ProcApid "proc.apid" Int64 Id Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Process id of an ancestor: proc.apid[1] is the parent; without a number any ancestor";
        ProcVpid "proc.vpid" Int64 Id No [] "Process id in the process's own pid namespace";
        ProcPvpid "proc.pvpid" Int64 Id No [] "Process id of the parent in its own pid namespace";
        ProcSid "proc.sid" Int64 Id No [] "Session id";
        ProcSname "proc.sname" CharBuf Na No [] "Name of the session's leader, empty where it is not known";
        ProcSidExe "proc.sid.exe" CharBuf Na No [] "First command line argument of the session's leader";
        ProcSidExepath "proc.sid.exepath" CharBuf Na No [] "Full path of the executable of the session's leader";
        ProcVpgid "proc.vpgid" Int64 Id No [] "Process group id in the process's own pid namespace";
        ProcVpgidName "proc.vpgid.name" CharBuf Na No [] "Name of the leader of the process group proc.vpgid";
        ProcVpgidExe "proc.vpgid.exe" CharBuf Na No [] "First command line argument of the leader of the process group proc.vpgid";
        ProcVpgidExepath "proc.vpgid.exepath" CharBuf Na No [] "Full path of the executable of the leader of the process group proc.vpgid";
        ProcPgid "proc.pgid" Int64 Id No [] "Process group id on the host";
        ProcPgidName "proc.pgid.name" CharBuf Na No [] "Name of the leader of the process group proc.pgid";
        ProcPgidExe "proc.pgid.exe" CharBuf Na No [] "First command line argument of the leader of the process group proc.pgid";
        ProcPgidExepath "proc.pgid.exepath" CharBuf Na No [] "Full path of the executable of the leader of the process group proc.pgid";
        ProcDuration "proc.duration" RelTime Dec No [] "Nanoseconds since the process started; missing where it started before the capture";
        ProcPpidDuration "proc.ppid.duration" RelTime Dec No [] "Nanoseconds since the parent started; where it started before the capture, the number of the process's open fds (a slip of Falco's)";
        ProcPidTs "proc.pid.ts" RelTime Dec No [] "Start of the process in nanoseconds since the epoch; missing where it started before the capture";
        ProcPpidTs "proc.ppid.ts" RelTime Dec No [] "Start of the parent in nanoseconds since the epoch; 0 where it started before the capture";
        ProcIsExeWritable "proc.is_exe_writable" Bool Na No [] "True if the executable may be written by the user who runs it";
        ProcIsExeUpperLayer "proc.is_exe_upper_layer" Bool Na No [] "True if the executable is in the upper layer of an overlay file system: it was added or changed in the container";
        ProcIsExeLowerLayer "proc.is_exe_lower_layer" Bool Na No [] "True if the executable is in a lower layer of an overlay file system: it comes with the image";
        ProcIsExeFromMemfd "proc.is_exe_from_memfd" Bool Na No [] "True if the executable exists in memory only";
        ProcIsSidLeader "proc.is_sid_leader" Bool Na No [] "True if the process leads its session";
        ProcIsVpgidLeader "proc.is_vpgid_leader" Bool Na No [] "True if the process leads the process group proc.vpgid";
        ProcIsPgidLeader "proc.is_pgid_leader" Bool Na No [] "True if the process leads the process group proc.pgid";
        ProcExeIno "proc.exe_ino" Int64 Dec No [] "Inode of the executable";
        ProcExeInoCtime "proc.exe_ino.ctime" AbsTime Dec No [] "When the executable's inode changed last, in nanoseconds since the epoch";
        ProcExeInoMtime "proc.exe_ino.mtime" AbsTime Dec No [] "When the executable was written last, in nanoseconds since the epoch";
        ProcExeInoCtimeDurationProcStart "proc.exe_ino.ctime_duration_proc_start" AbsTime Dec No [] "Nanoseconds between the last change of the executable's inode and the start of the process";
        ProcExeInoCtimeDurationPidnsStart "proc.exe_ino.ctime_duration_pidns_start" AbsTime Dec No [] "Nanoseconds between the start of the pid namespace and the last change of the executable's inode";
        ProcPidnsInitStartTs "proc.pidns_init_start_ts" Uint64 Dec No [] "Start of the pid namespace's first process, in nanoseconds since the epoch";
        ThreadCapPermitted "thread.cap_permitted" CharBuf Na No [] "Permitted capabilities by name, joined by spaces";
        ThreadCapInheritable "thread.cap_inheritable" CharBuf Na No [] "Inheritable capabilities by name, joined by spaces";
        ThreadCapEffective "thread.cap_effective" CharBuf Na No [] "Effective capabilities by name, joined by spaces";
        ProcFdopencount "proc.fdopencount" Uint64 Dec No [] "Number of open fds of the process";
        ProcFdlimit "proc.fdlimit" Int64 Dec No [] "Most fds that the process may open";
        ProcFdusage "proc.fdusage" Double Na No [] "Open fds in percent of the limit";
        ProcVmsize "proc.vmsize" Uint64 Dec No [] "Virtual memory of the process in kB";
        ProcVmrss "proc.vmrss" Uint64 Dec No [] "Resident memory of the process in kB";
        ProcVmswap "proc.vmswap" Uint64 Dec No [] "Swapped memory of the process in kB";
        ThreadPfmajor "thread.pfmajor" Uint64 Dec No [] "Major page faults of the thread since it started";
        ThreadPfminor "thread.pfminor" Uint64 Dec No [] "Minor page faults of the thread since it started";
        ThreadTid "thread.tid" Int64 Id No [] "Thread id";
        ThreadIsmain "thread.ismain" Bool Na No [] "True for the main thread of a process";
        ThreadVtid "thread.vtid" Int64 Id No [] "Thread id in the thread's own pid namespace";
        ThreadNametid "thread.nametid" CharBuf Na No [TABLE_ONLY] "Name and id of the thread in one";
        ThreadExectime "thread.exectime" RelTime Dec No [] "CPU time of the slice that a context switch ends, in nanoseconds; 0 for other events";
        ThreadTotexectime "thread.totexectime" RelTime Dec No [] "CPU time of the thread's slices seen so far, in nanoseconds";
        ThreadCgroups "thread.cgroups" CharBuf Na No [] "Control groups of the thread, subsystem=path, joined by spaces";
        ThreadCgroup "thread.cgroup" CharBuf Na Required [ARG_REQUIRED] "Path of the thread's control group in one subsystem: thread.cgroup.cpu";
        ProcNthreads "proc.nthreads" Uint64 Dec No [] "Number of live threads of the process";
        ProcNchilds "proc.nchilds" Uint64 Dec No [] "Number of live threads of the process besides the main thread";
        ThreadCpu "thread.cpu" Double Na No [] "CPU time that the thread used since its last resource report; missing for other events";
        ThreadCpuUser "thread.cpu.user" Double Na No [] "User CPU time that the thread used since its last resource report; missing for other events";
        ThreadCpuSystem "thread.cpu.system" Double Na No [] "System CPU time that the thread used since its last resource report; missing for other events";
        ThreadVmsize "thread.vmsize" Uint64 Dec No [] "Virtual memory in kB for main threads, 0 for others";
        ThreadVmrss "thread.vmrss" Uint64 Dec No [] "Resident memory in kB for main threads, 0 for others";
        ThreadVmsizeB "thread.vmsize.b" Uint64 Dec No [TABLE_ONLY] "Virtual memory in bytes for main threads, 0 for others";
        ThreadVmrssB "thread.vmrss.b" Uint64 Dec No [TABLE_ONLY] "Resident memory in bytes for main threads, 0 for others";
        ProcStdinType "proc.stdin.type" CharBuf Na No [] "What the standard input is: file, pipe, ipv4, unix and others";
        ProcStdoutType "proc.stdout.type" CharBuf Na No [] "What the standard output is: file, pipe, ipv4, unix and others";
        ProcStderrType "proc.stderr.type" CharBuf Na No [] "What the standard error is: file, pipe, ipv4, unix and others";
        ProcStdinName "proc.stdin.name" CharBuf Na No [] "Name of the standard input, as fd.name";
        ProcStdoutName "proc.stdout.name" CharBuf Na No [] "Name of the standard output, as fd.name";
        ProcStderrName "proc.stderr.name" CharBuf Na No [] "Name of the standard error, as fd.name";
        ProcRealexe "proc.realexe" CharBuf Na No [] "Path of the executable as the kernel resolved it, from the root of the host; proc.exepath where the capture does not say that it is another one. tercel's own";
        ProcLineage "proc.lineage" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Names of the processes that led to this one, each as it was when it started the next, the eldest first: systemd>sshd>bash; proc.lineage[1] is the one that started it, whether or not it is still its parent; without a number any of them matches. tercel's own";
        ProcLineagePid "proc.lineage.pid" Int64 Id Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Process id of the process that started this one, with a number of one of those before it, as proc.lineage. tercel's own";
        ProcLineageExepath "proc.lineage.exepath" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Paths of the executables of the processes that led to this one, as proc.lineage. tercel's own";
        ProcLineageCmdline "proc.lineage.cmdline" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "Command lines of the processes that led to this one, as proc.lineage. tercel's own";
        ProcIsOrphan "proc.is_orphan" Bool Na No [] "True if the parent is not the process that started this one: that one ended, or gave it to its own parent; missing where nobody is known to have started it. tercel's own";
        ProcOriginSid "proc.origin.sid" Int64 Id No [] "Id of the session that the process comes from, whatever sessions were opened since: the eldest with a terminal among its own and those of the processes that led to it; where none had one, that of the service. tercel's own";
        ProcOriginTty "proc.origin.tty" Uint32 Id No [] "Terminal of the session that the process comes from, 0 where it has none. tercel's own";
        ProcOriginPid "proc.origin.pid" Int64 Id No [] "Process that was seen first in the session that the process comes from. tercel's own";
        ProcOriginName "proc.origin.name" CharBuf Na No [] "Name of the process that was seen first in the session that the process comes from. tercel's own";
    }
    User UserField {
        UserUid "user.uid" Uint32 Id No [] "User id of the thread";
        UserName "user.name" CharBuf Na No [] "User name by the capture's list of users; root for 0, <NA> where it is not listed";
        UserHomedir "user.homedir" CharBuf Na No [] "Home directory by the capture's list of users; /root for 0, <NA> where it is not listed";
        UserShell "user.shell" CharBuf Na No [] "Login shell by the capture's list of users; <NA> where it is not listed";
        UserLoginuid "user.loginuid" Int64 Id No [] "Id of the user who logged in (audit user), -1 where nobody did";
        UserLoginname "user.loginname" CharBuf Na No [] "Name of the user who logged in, by the capture's list of users";
    }
    Group GroupField {
        GroupGid "group.gid" Uint32 Id No [] "Group id of the thread";
        GroupName "group.name" CharBuf Na No [] "Group name by the capture's list of groups; root for 0, <NA> where it is not listed";
    }
    Fd FdField {
        FdNum "fd.num" Int64 Id No [] "Number of the fd that the event works on";
        FdType "fd.type" CharBuf Dec No [] "What the fd is: file, directory, ipv4, ipv6, unix, pipe, event, signalfd, eventpoll, inotify, timerfd and others";
        FdTypechar "fd.typechar" CharBuf Dec No [] "What the fd is in one letter: f file, d directory, 4 and 6 IP, u unix, p pipe and others";
        FdName "fd.name" CharBuf Na No [] "Full name of the fd: the path of a file, the addresses of a socket";
        FdDirectory "fd.directory" CharBuf Na No [] "Directory part of a file's path; a directory's path whole";
        FdFilename "fd.filename" CharBuf Na No [] "Last part of a file's path";
        FdIp "fd.ip" IpAddr Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "Matches the client's or the server's address; for filters only";
        FdCip "fd.cip" IpAddr Na No [] "Address of the client of a connection";
        FdSip "fd.sip" IpAddr Na No [] "Address of the server of a connection, or the address that a socket listens on";
        FdLip "fd.lip" IpAddr Na No [] "Address of this host's side of a connection";
        FdRip "fd.rip" IpAddr Na No [] "Address of the other side of a connection";
        FdPort "fd.port" Port Dec No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "Matches the client's or the server's port; for filters only";
        FdCport "fd.cport" Port Dec No [] "Port of the client of a connection";
        FdSport "fd.sport" Port Dec No [] "Port of the server of a connection, or the port that a socket listens on";
        FdLport "fd.lport" Port Dec No [] "Port of this host's side of a connection";
        FdRport "fd.rport" Port Dec No [] "Port of the other side of a connection";
        FdL4proto "fd.l4proto" CharBuf Na No [] "Transport of a socket: tcp, udp, icmp or raw; <NA> where it is not known";
        FdSockfamily "fd.sockfamily" CharBuf Na No [] "Family of a socket: ip or unix";
        FdIsServer "fd.is_server" Bool Na No [] "True if the process is the server of the connection: the server's address is one of this host's";
        FdUid "fd.uid" CharBuf Na No [] "Thread id and fd number in one, unique within a capture at one time";
        FdContainername "fd.containername" CharBuf Na No [] "Container id, a colon and the fd's name";
        FdContainerdirectory "fd.containerdirectory" CharBuf Na No [] "Container id, a colon and the fd's directory";
        FdProto "fd.proto" Port Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "Matches the client's or the server's port by number or name of its service; for filters only";
        FdCproto "fd.cproto" CharBuf Na No [] "Port of the client as text; services are not named";
        FdSproto "fd.sproto" CharBuf Na No [] "Port of the server as text; services are not named";
        FdLproto "fd.lproto" CharBuf Na No [] "Port of this host's side as text; services are not named";
        FdRproto "fd.rproto" CharBuf Na No [] "Port of the other side as text; services are not named";
        FdNet "fd.net" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "Matches if the client's or the server's address is in a network; for filters only";
        FdCnet "fd.cnet" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "Matches if the client's address is in a network; for filters only";
        FdSnet "fd.snet" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "Matches if the server's address is in a network; for filters only";
        FdLnet "fd.lnet" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "Matches if the address of this host's side is in a network; for filters only";
        FdRnet "fd.rnet" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "Matches if the address of the other side is in a network; for filters only";
        FdConnected "fd.connected" Bool Na No [] "True if the socket is connected";
        FdNameChanged "fd.name_changed" Bool Na No [] "True if the event changed the name of its fd";
        FdCipName "fd.cip.name" CharBuf Na No [NO_RHS NO_TRANSFORMER] "Domain name of the client's address; missing, since replay asks no name server";
        FdSipName "fd.sip.name" CharBuf Na No [NO_RHS NO_TRANSFORMER] "Domain name of the server's address; missing, since replay asks no name server";
        FdLipName "fd.lip.name" CharBuf Na No [NO_RHS NO_TRANSFORMER] "Domain name of the address of this host's side; missing, since replay asks no name server";
        FdRipName "fd.rip.name" CharBuf Na No [NO_RHS NO_TRANSFORMER] "Domain name of the address of the other side; missing, since replay asks no name server";
        FdDev "fd.dev" Int32 Hex No [] "Number of the device that holds the file, in hexadecimal";
        FdDevMajor "fd.dev.major" Int32 Dec No [] "Major number of the device that holds the file";
        FdDevMinor "fd.dev.minor" Int32 Dec No [] "Minor number of the device that holds the file";
        FdIno "fd.ino" Int64 Dec No [] "Inode of the file";
        FdNameraw "fd.nameraw" CharBuf Na No [] "Path of a file as the program gave it, not made absolute";
        FdTypes "fd.types" CharBuf Dec Optional [IS_LIST ARG_ALLOWED NO_RHS] "What all open fds of the process are, each kind once; fd.types[1] is the kind of fd 1";
        FdRealpath "fd.realpath" CharBuf Na No [] "Path of the file as the kernel resolved it, from the root of the host, whatever it was opened by; missing where the capture does not say. tercel's own";
        FdRealpathInside "fd.realpath.inside" CharBuf Na No [] "As fd.realpath, from the root directory of the process that opened the file: in a container the path as the container has it. tercel's own";
        FdIsUpperLayer "fd.is_upper_layer" Bool Na No [] "True if the file is in the upper layer of an overlay file system";
        FdIsLowerLayer "fd.is_lower_layer" Bool Na No [] "True if the file is in a lower layer of an overlay file system";
    }
    FsPath FsPathField {
        FsPathName "fs.path.name" CharBuf Na No [] "Absolute path that a successful file system call works on";
        FsPathNameraw "fs.path.nameraw" CharBuf Na No [] "Path that a successful file system call works on, as the program gave it";
        FsPathSource "fs.path.source" CharBuf Na No [] "Absolute source path of a successful call with two paths, such as rename";
        FsPathSourceraw "fs.path.sourceraw" CharBuf Na No [] "Source path of a successful call with two paths, as the program gave it";
        FsPathTarget "fs.path.target" CharBuf Na No [] "Absolute target path of a successful call with two paths, such as rename";
        FsPathTargetraw "fs.path.targetraw" CharBuf Na No [] "Target path of a successful call with two paths, as the program gave it";
    }
    Util UtilField {
        UtilCnt "util.cnt" Uint64 Id No [] "Counts up each time it is evaluated";
    }
    FdList FdListField {
        FdlistNums "fdlist.nums" CharBuf Id No [] "Fds that a poll waits for, with commas between";
        FdlistNames "fdlist.names" CharBuf Na No [] "Names of the fds that a poll waits for, with commas between";
        FdlistCips "fdlist.cips" CharBuf Na No [] "Client addresses of the sockets that a poll waits for, with commas between";
        FdlistSips "fdlist.sips" CharBuf Na No [] "Server addresses of the sockets that a poll waits for, with commas between";
        FdlistCports "fdlist.cports" CharBuf Dec No [] "Client ports of the sockets that a poll waits for, with commas between";
        FdlistSports "fdlist.sports" CharBuf Dec No [] "Server ports of the sockets that a poll waits for, with commas between";
    }
    Container ContainerField {
        ContainerId "container.id" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "First 12 characters of the container id; host outside of containers";
        ContainerFullId "container.full_id" CharBuf Na No [NO_PTR_STABILITY] "Full container id; host outside of containers";
        ContainerName "container.name" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "Name of the container; host outside of containers";
        ContainerImage "container.image" CharBuf Na No [NO_PTR_STABILITY] "Name of the container's image, with its tag";
        ContainerImageId "container.image.id" CharBuf Na No [NO_PTR_STABILITY] "Id of the container's image";
        ContainerType "container.type" CharBuf Na No [NO_PTR_STABILITY] "Engine of the container: docker, podman, cri-o, containerd and others; host outside of containers";
        ContainerPrivileged "container.privileged" Bool Na No [NO_PTR_STABILITY] "True for containers that run privileged";
        ContainerMounts "container.mounts" CharBuf Na No [NO_PTR_STABILITY] "Mounts of the container, source:destination:mode:writable:propagation, with commas between";
        ContainerMount "container.mount" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "One mount, by number or by a pattern of its source: container.mount[0], container.mount[/proc]";
        ContainerMountSource "container.mount.source" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "Source of a mount, by number or by a pattern of its destination";
        ContainerMountDest "container.mount.dest" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "Destination of a mount, by number or by a pattern of its source";
        ContainerMountMode "container.mount.mode" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "Mode of a mount, by number or by a pattern of its source";
        ContainerMountRdwr "container.mount.rdwr" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "Whether a mount is writable, true or false, by number or by a pattern of its source";
        ContainerMountPropagation "container.mount.propagation" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "Propagation of a mount, by number or by a pattern of its source";
        ContainerImageRepository "container.image.repository" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "Repository of the container's image";
        ContainerImageTag "container.image.tag" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "Tag of the container's image";
        ContainerImageDigest "container.image.digest" CharBuf Na No [NO_PTR_STABILITY] "Digest of the container's image";
        ContainerHealthcheck "container.healthcheck" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: health check of the container";
        ContainerLivenessProbe "container.liveness_probe" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: liveness probe of the container";
        ContainerReadinessProbe "container.readiness_probe" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: readiness probe of the container";
        ContainerStartTs "container.start_ts" AbsTime Dec No [NO_PTR_STABILITY] "Start of the container, more exactly of its pid namespace, in nanoseconds since the epoch";
        ContainerDuration "container.duration" RelTime Dec No [NO_PTR_STABILITY] "Nanoseconds since the container started";
        ContainerIp "container.ip" CharBuf Na No [NO_PTR_STABILITY] "IPv4 address of the container or pod";
        ContainerCniJson "container.cni.json" CharBuf Na No [NO_PTR_STABILITY] "Result of the network set-up of the container or pod, JSON";
        ContainerHostPid "container.host_pid" Bool Na No [NO_PTR_STABILITY] "True if the container shares the host's pid namespace";
        ContainerHostNetwork "container.host_network" Bool Na No [NO_PTR_STABILITY] "True if the container shares the host's network namespace";
        ContainerHostIpc "container.host_ipc" Bool Na No [NO_PTR_STABILITY] "True if the container shares the host's IPC namespace";
        ContainerLabel "container.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "One label of the container: container.label[app]";
        ContainerLabels "container.labels" CharBuf Na No [NO_PTR_STABILITY] "Labels of the container, key:value, with commas between";
        ProcIsContainerHealthcheck "proc.is_container_healthcheck" Bool Na No [NO_PTR_STABILITY] "Deprecated, never has a value: the process is a container's health check";
        ProcIsContainerLivenessProbe "proc.is_container_liveness_probe" Bool Na No [NO_PTR_STABILITY] "Deprecated, never has a value: the process is a container's liveness probe";
        ProcIsContainerReadinessProbe "proc.is_container_readiness_probe" Bool Na No [NO_PTR_STABILITY] "Deprecated, never has a value: the process is a container's readiness probe";
        ContainerIsProven "container.is_proven" Bool Na No [NO_PTR_STABILITY] "True if a container engine reported the container, false if only the name of a cgroup says that there is one, which whoever may make cgroups can choose; missing outside of containers. tercel's own";
        K8sPodName "k8s.pod.name" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "Name of the Kubernetes pod";
        K8sNsName "k8s.ns.name" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "Kubernetes namespace of the pod";
        K8sPodId "k8s.pod.id" CharBuf Na No [NO_PTR_STABILITY] "Unique id of the pod; an older name of k8s.pod.uid";
        K8sPodUid "k8s.pod.uid" CharBuf Na No [NO_PTR_STABILITY] "Unique id of the pod in Kubernetes";
        K8sPodSandboxId "k8s.pod.sandbox_id" CharBuf Na No [NO_PTR_STABILITY] "First 12 characters of the id of the pod's sandbox container";
        K8sPodFullSandboxId "k8s.pod.full_sandbox_id" CharBuf Na No [NO_PTR_STABILITY] "Full id of the pod's sandbox container";
        K8sPodLabel "k8s.pod.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "One label of the pod: k8s.pod.label[app]";
        K8sPodLabels "k8s.pod.labels" CharBuf Na No [NO_PTR_STABILITY] "Labels of the pod, key:value, with commas between";
        K8sPodIp "k8s.pod.ip" CharBuf Na No [NO_PTR_STABILITY] "IPv4 address of the pod";
        K8sPodCniJson "k8s.pod.cni.json" CharBuf Na No [NO_PTR_STABILITY] "Result of the pod's network set-up, JSON";
        K8sRcName "k8s.rc.name" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: name of the pod's replication controller";
        K8sRcId "k8s.rc.id" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: id of the pod's replication controller";
        K8sRcLabel "k8s.rc.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "Deprecated, never has a value: one label of the pod's replication controller";
        K8sRcLabels "k8s.rc.labels" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: labels of the pod's replication controller";
        K8sSvcName "k8s.svc.name" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: name of the pod's service";
        K8sSvcId "k8s.svc.id" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: id of the pod's service";
        K8sSvcLabel "k8s.svc.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "Deprecated, never has a value: one label of the pod's service";
        K8sSvcLabels "k8s.svc.labels" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: labels of the pod's service";
        K8sNsId "k8s.ns.id" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: id of the pod's namespace";
        K8sNsLabel "k8s.ns.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "Deprecated, never has a value: one label of the pod's namespace";
        K8sNsLabels "k8s.ns.labels" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: labels of the pod's namespace";
        K8sRsName "k8s.rs.name" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: name of the pod's replica set";
        K8sRsId "k8s.rs.id" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: id of the pod's replica set";
        K8sRsLabel "k8s.rs.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "Deprecated, never has a value: one label of the pod's replica set";
        K8sRsLabels "k8s.rs.labels" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: labels of the pod's replica set";
        K8sDeploymentName "k8s.deployment.name" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: name of the pod's deployment";
        K8sDeploymentId "k8s.deployment.id" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: id of the pod's deployment";
        K8sDeploymentLabel "k8s.deployment.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "Deprecated, never has a value: one label of the pod's deployment";
        K8sDeploymentLabels "k8s.deployment.labels" CharBuf Na No [NO_PTR_STABILITY] "Deprecated, never has a value: labels of the pod's deployment";
    }
}
