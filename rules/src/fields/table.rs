//! The table of fields, in the order in which names are looked up (reference fields.json).

use super::{ArgRule, Class, FieldInfo, epf};
use tercel_format::catalogue::{ParamType, PrintFormat};

macro_rules! fields {
    ($($class:ident { $($id:ident $name:literal $ty:ident $format:ident $arg:ident [$($flag:ident)*] $note:literal;)* })*) => {
        /// A field of the filter language, named as in rules (`proc.name` is `ProcName`).
        #[allow(missing_docs)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Field { $($($id,)*)* }

        /// The catalogue of fields; [`Field::info`] finds the row of a field.
        pub static FIELDS: &[FieldInfo] = &[$($(
            FieldInfo {
                field: Field::$id,
                class: Class::$class,
                name: $name,
                ty: ParamType::$ty,
                format: PrintFormat::$format,
                arg: ArgRule::$arg,
                flags: 0 $(| epf::$flag)*,
                description: $note,
            },
        )*)*];
    };
}

#[rustfmt::skip]
fields! {
    GenEvent {
        EvtNum "evt.num" Uint64 Id No [] "1-based event counter";
        EvtTime "evt.time" CharBuf Na No [] "local HH:MM:SS.nnnnnnnnn";
        EvtTimeS "evt.time.s" CharBuf Na No [] "local HH:MM:SS";
        EvtTimeIso8601 "evt.time.iso8601" CharBuf Na No [] "UTC YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000";
        EvtDatetime "evt.datetime" CharBuf Na No [] "local YYYY-MM-DD HH:MM:SS.nnnnnnnnn";
        EvtDatetimeS "evt.datetime.s" CharBuf Na No [] "local YYYY-MM-DD HH:MM:SS";
        EvtRawtime "evt.rawtime" AbsTime Dec No [] "event timestamp ns since epoch";
        EvtRawtimeS "evt.rawtime.s" AbsTime Dec No [] "seconds part of timestamp";
        EvtRawtimeNs "evt.rawtime.ns" AbsTime PaddedDec No [] "nanosecond part, zero padded to 9";
        EvtReltime "evt.reltime" RelTime PaddedDec No [] "ns since first non-meta event, zero padded 9";
        EvtReltimeS "evt.reltime.s" RelTime Dec No [] "whole seconds since first non-meta event";
        EvtReltimeNs "evt.reltime.ns" RelTime PaddedDec No [] "ns remainder since first non-meta event";
        EvtPluginname "evt.pluginname" CharBuf Na No [] "name of plugin owning a plugin event";
        EvtPlugininfo "evt.plugininfo" CharBuf Na No [] "plugin's own rendering of its event";
        EvtSource "evt.source" CharBuf Na No [] "event source name, e.g. syscall";
        EvtIsAsync "evt.is_async" Bool Na No [] "true for meta (non-driver) events";
        EvtAsynctype "evt.asynctype" CharBuf Na No [] "meta-event name; async payload name for asyncevent";
        EvtHostname "evt.hostname" CharBuf Na No [] "hostname from the machine info block";
    }
    Event {
        EvtLatency "evt.latency" RelTime Dec No [DEPRECATED] "constant 0 in this revision";
        EvtLatencyS "evt.latency.s" RelTime Dec No [DEPRECATED] "constant 0 in this revision";
        EvtLatencyNs "evt.latency.ns" RelTime PaddedDec No [DEPRECATED] "constant 0 in this revision";
        EvtLatencyQuantized "evt.latency.quantized" Uint64 Dec No [TABLE_ONLY DEPRECATED] "constant 0 in this revision";
        EvtLatencyHuman "evt.latency.human" CharBuf Na No [DEPRECATED] "constant 0ns in this revision";
        EvtDeltatime "evt.deltatime" RelTime Dec No [] "ns since previous evaluation of this check";
        EvtDeltatimeS "evt.deltatime.s" RelTime Dec No [] "seconds since previous evaluation of this check";
        EvtDeltatimeNs "evt.deltatime.ns" RelTime PaddedDec No [] "ns remainder since previous evaluation";
        EvtOutputtime "evt.outputtime" CharBuf Na No [PRINT_ONLY] "time in configured output mode";
        EvtDir "evt.dir" CharBuf Dir No [DEPRECATED] "> for even codes, < for odd codes";
        EvtType "evt.type" CharBuf Na No [] "event name; real syscall name for generic events";
        EvtTypeIs "evt.type.is" Uint32 Na Required [ARG_REQUIRED] "1 if event is named type";
        SyscallType "syscall.type" CharBuf Na No [] "like evt.type but only for syscall events";
        EvtCategory "evt.category" CharBuf Na No [] "low category bits as word; io split by fd kind";
        EvtCpu "evt.cpu" Int16 Id No [] "cpu id of event block, read as i16";
        EvtArgs "evt.args" CharBuf Na No [] "name=value(resolved) pairs joined by spaces";
        EvtArg "evt.arg" CharBuf Na Required [ARG_REQUIRED NO_PTR_STABILITY] "one argument, resolved text preferred";
        EvtRawarg "evt.rawarg" Dyn Na Required [ARG_REQUIRED NO_RHS NO_TRANSFORMER] "one argument in its native type";
        EvtInfo "evt.info" CharBuf Na No [] "same as evt.args";
        EvtBuffer "evt.buffer" ByteBuf Na No [NO_PTR_STABILITY] "data argument bytes";
        EvtBuflen "evt.buflen" Uint64 Dec No [] "return value of io event when not negative";
        EvtRes "evt.res" CharBuf Dec No [NO_PTR_STABILITY] "SUCCESS or errno name";
        EvtRawres "evt.rawres" Int64 Dec No [] "return value as number";
        EvtFailed "evt.failed" Bool Na No [] "return value below zero";
        EvtIsIo "evt.is_io" Bool Na No [] "event reads or writes an fd by flag";
        EvtIsIoRead "evt.is_io_read" Bool Na No [] "event flagged reads-from-fd";
        EvtIsIoWrite "evt.is_io_write" Bool Na No [] "event flagged writes-to-fd";
        EvtIoDir "evt.io_dir" CharBuf Na No [] "word read or write; unset otherwise";
        EvtIsWait "evt.is_wait" Bool Na No [] "event flagged as waiting";
        EvtWaitLatency "evt.wait_latency" RelTime Dec No [DEPRECATED] "constant 0 in this revision";
        EvtIsSyslog "evt.is_syslog" Bool Na No [] "write to fd whose name contains /dev/log";
        EvtCount "evt.count" Uint32 Dec No [] "constant 1";
        EvtCountError "evt.count.error" Uint32 Dec No [] "1 if return value negative else 0";
        EvtCountErrorFile "evt.count.error.file" Uint32 Dec No [] "error counter restricted to file fds/opens";
        EvtCountErrorNet "evt.count.error.net" Uint32 Dec No [] "error counter restricted to sockets";
        EvtCountErrorMemory "evt.count.error.memory" Uint32 Dec No [] "error counter for memory category";
        EvtCountErrorOther "evt.count.error.other" Uint32 Dec No [] "error counter for everything else";
        EvtCountExit "evt.count.exit" Uint32 Dec No [] "1 on exit events, unset otherwise";
        EvtCountProcinfo "evt.count.procinfo" Uint32 Dec No [TABLE_ONLY] "1 on procinfo of main threads";
        EvtCountThreadinfo "evt.count.threadinfo" Uint32 Dec No [TABLE_ONLY] "1 on procinfo events";
        EvtAround "evt.around" Uint64 Dec Required [FILTER_ONLY ARG_REQUIRED NO_RHS NO_TRANSFORMER] "within value ms of bracketed timestamp";
        EvtAbspath "evt.abspath" CharBuf Na Optional [ARG_REQUIRED] "absolute path of *at style path argument";
        EvtBuflenIn "evt.buflen.in" Uint64 Dec No [TABLE_ONLY] "";
        EvtBuflenOut "evt.buflen.out" Uint64 Dec No [TABLE_ONLY] "";
        EvtBuflenFile "evt.buflen.file" Uint64 Dec No [TABLE_ONLY] "";
        EvtBuflenFileIn "evt.buflen.file.in" Uint64 Dec No [TABLE_ONLY] "";
        EvtBuflenFileOut "evt.buflen.file.out" Uint64 Dec No [TABLE_ONLY] "";
        EvtBuflenNet "evt.buflen.net" Uint64 Dec No [TABLE_ONLY] "";
        EvtBuflenNetIn "evt.buflen.net.in" Uint64 Dec No [TABLE_ONLY] "";
        EvtBuflenNetOut "evt.buflen.net.out" Uint64 Dec No [TABLE_ONLY] "";
        EvtIsOpenRead "evt.is_open_read" Bool Na No [] "open with read access bit";
        EvtIsOpenWrite "evt.is_open_write" Bool Na No [] "open with write access bit";
        EvtInfraDockerName "evt.infra.docker.name" CharBuf Na No [TABLE_ONLY] "";
        EvtInfraDockerContainerId "evt.infra.docker.container.id" CharBuf Na No [TABLE_ONLY] "";
        EvtInfraDockerContainerName "evt.infra.docker.container.name" CharBuf Na No [TABLE_ONLY] "";
        EvtInfraDockerContainerImage "evt.infra.docker.container.image" CharBuf Na No [TABLE_ONLY] "";
        EvtIsOpenExec "evt.is_open_exec" Bool Na No [] "creating open whose mode has any x bit";
        EvtIsOpenCreate "evt.is_open_create" Bool Na No [] "open that actually created the file";
    }
    Process {
        ProcExe "proc.exe" CharBuf Na No [] "argv[0]";
        ProcPexe "proc.pexe" CharBuf Na No [] "argv[0] of parent process";
        ProcAexe "proc.aexe" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "argv[0] of ancestor N; filter without N tests all";
        ProcExepath "proc.exepath" CharBuf Na No [] "executable path, \" (deleted)\" suffix removed";
        ProcPexepath "proc.pexepath" CharBuf Na No [] "executable path of parent process";
        ProcAexepath "proc.aexepath" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "executable path of ancestor N; filter without N tests all";
        ProcName "proc.name" CharBuf Na No [] "comm";
        ProcPname "proc.pname" CharBuf Na No [] "comm of parent process";
        ProcAname "proc.aname" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "comm of ancestor N; filter without N tests all";
        ProcArgs "proc.args" CharBuf Na Optional [ARG_ALLOWED] "argv[1..] joined by space, or one element";
        ProcAargs "proc.aargs" CharBuf Na Optional [ARG_ALLOWED] "args of ancestor N, or all ancestors joined";
        ProcCmdline "proc.cmdline" CharBuf Na No [] "comm then args joined by space";
        ProcPcmdline "proc.pcmdline" CharBuf Na No [] "command line of parent process";
        ProcAcmdline "proc.acmdline" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "command line of ancestor N; filter without N tests all";
        ProcCmdnargs "proc.cmdnargs" Uint64 Dec No [] "number of args excluding argv[0]";
        ProcCmdlenargs "proc.cmdlenargs" Uint64 Dec No [] "summed byte length of args";
        ProcExeline "proc.exeline" CharBuf Na No [] "argv[0], space, args";
        ProcEnv "proc.env" CharBuf Na Optional [ARG_ALLOWED] "environment joined by space, or one variable";
        ProcAenv "proc.aenv" CharBuf Na Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "environment of ancestors";
        ProcCwd "proc.cwd" CharBuf Na No [] "working directory with trailing slash";
        ProcLoginshellid "proc.loginshellid" Int64 Id No [] "pid of oldest ancestor whose comm ends sh";
        ProcTty "proc.tty" Uint32 Id No [] "controlling terminal number, 0 none";
        ProcPid "proc.pid" Int64 Id No [] "process id";
        ProcPpid "proc.ppid" Int64 Id No [] "pid of parent process leader";
        ProcApid "proc.apid" Int64 Id Optional [ARG_ALLOWED NO_RHS NO_TRANSFORMER] "pid of ancestor N";
        ProcVpid "proc.vpid" Int64 Id No [] "pid inside its namespace; unset when -1";
        ProcPvpid "proc.pvpid" Int64 Id No [] "vpid of thread named by ptid";
        ProcSid "proc.sid" Int64 Id No [] "session id";
        ProcSname "proc.sname" CharBuf Na No [] "comm of session leader";
        ProcSidExe "proc.sid.exe" CharBuf Na No [] "argv[0] of session leader";
        ProcSidExepath "proc.sid.exepath" CharBuf Na No [] "exe path of session leader";
        ProcVpgid "proc.vpgid" Int64 Id No [] "process group id in namespace";
        ProcVpgidName "proc.vpgid.name" CharBuf Na No [] "comm of virtual group leader";
        ProcVpgidExe "proc.vpgid.exe" CharBuf Na No [] "argv[0] of virtual group leader";
        ProcVpgidExepath "proc.vpgid.exepath" CharBuf Na No [] "exe path of virtual group leader";
        ProcPgid "proc.pgid" Int64 Id No [] "host process group id, set only by execve or proclist";
        ProcPgidName "proc.pgid.name" CharBuf Na No [] "comm of process group leader";
        ProcPgidExe "proc.pgid.exe" CharBuf Na No [] "argv[0] of process group leader";
        ProcPgidExepath "proc.pgid.exepath" CharBuf Na No [] "exe path of process group leader";
        ProcDuration "proc.duration" RelTime Dec No [] "event time minus clone time; unset if clone unknown";
        ProcPpidDuration "proc.ppid.duration" RelTime Dec No [] "event time minus parent's clone time";
        ProcPidTs "proc.pid.ts" RelTime Dec No [] "clone timestamp of thread";
        ProcPpidTs "proc.ppid.ts" RelTime Dec No [] "clone timestamp of ptid thread";
        ProcIsExeWritable "proc.is_exe_writable" Bool Na No [] "exec flag bit 0";
        ProcIsExeUpperLayer "proc.is_exe_upper_layer" Bool Na No [] "exec flag bit 1";
        ProcIsExeLowerLayer "proc.is_exe_lower_layer" Bool Na No [] "exec flag bit 3";
        ProcIsExeFromMemfd "proc.is_exe_from_memfd" Bool Na No [] "exec flag bit 2";
        ProcIsSidLeader "proc.is_sid_leader" Bool Na No [] "sid equals vpid";
        ProcIsVpgidLeader "proc.is_vpgid_leader" Bool Na No [] "vpgid equals vpid";
        ProcIsPgidLeader "proc.is_pgid_leader" Bool Na No [] "pgid equals pid";
        ProcExeIno "proc.exe_ino" Int64 Dec No [] "executable inode, unset when 0";
        ProcExeInoCtime "proc.exe_ino.ctime" AbsTime Dec No [] "executable inode change time ns";
        ProcExeInoMtime "proc.exe_ino.mtime" AbsTime Dec No [] "executable inode modify time ns";
        ProcExeInoCtimeDurationProcStart "proc.exe_ino.ctime_duration_proc_start" AbsTime Dec No [] "clone time minus exe ctime";
        ProcExeInoCtimeDurationPidnsStart "proc.exe_ino.ctime_duration_pidns_start" AbsTime Dec No [] "exe ctime minus pidns start";
        ProcPidnsInitStartTs "proc.pidns_init_start_ts" Uint64 Dec No [] "pid namespace init start, ns epoch";
        ThreadCapPermitted "thread.cap_permitted" CharBuf Na No [] "capability names joined by space";
        ThreadCapInheritable "thread.cap_inheritable" CharBuf Na No [] "capability names joined by space";
        ThreadCapEffective "thread.cap_effective" CharBuf Na No [] "capability names joined by space";
        ProcFdopencount "proc.fdopencount" Uint64 Dec No [] "fd table size of main thread";
        ProcFdlimit "proc.fdlimit" Int64 Dec No [] "NOFILE limit of main thread";
        ProcFdusage "proc.fdusage" Double Na No [] "open fds as percent of limit";
        ProcVmsize "proc.vmsize" Uint64 Dec No [] "virtual memory kB";
        ProcVmrss "proc.vmrss" Uint64 Dec No [] "resident memory kB";
        ProcVmswap "proc.vmswap" Uint64 Dec No [] "swapped memory kB";
        ThreadPfmajor "thread.pfmajor" Uint64 Dec No [] "major page faults";
        ThreadPfminor "thread.pfminor" Uint64 Dec No [] "minor page faults";
        ThreadTid "thread.tid" Int64 Id No [] "event tid";
        ThreadIsmain "thread.ismain" Bool Na No [] "tid equals pid (or main-thread flag)";
        ThreadVtid "thread.vtid" Int64 Id No [] "tid in namespace; unset when -1";
        ThreadNametid "thread.nametid" CharBuf Na No [TABLE_ONLY] "comm concatenated with tid";
        ThreadExectime "thread.exectime" RelTime Dec No [] "cpu slice, switch events only, else 0";
        ThreadTotexectime "thread.totexectime" RelTime Dec No [] "accumulated cpu time per thread";
        ThreadCgroups "thread.cgroups" CharBuf Na No [] "subsys=path pairs joined by space";
        ThreadCgroup "thread.cgroup" CharBuf Na Required [ARG_REQUIRED] "path of one subsystem";
        ProcNthreads "proc.nthreads" Uint64 Dec No [] "alive threads in group";
        ProcNchilds "proc.nchilds" Uint64 Dec No [] "alive non-leader threads in group";
        ThreadCpu "thread.cpu" Double Na No [] "procinfo events only";
        ThreadCpuUser "thread.cpu.user" Double Na No [] "procinfo events only";
        ThreadCpuSystem "thread.cpu.system" Double Na No [] "procinfo events only";
        ThreadVmsize "thread.vmsize" Uint64 Dec No [] "as proc.vmsize on main thread else 0";
        ThreadVmrss "thread.vmrss" Uint64 Dec No [] "as proc.vmrss on main thread else 0";
        ThreadVmsizeB "thread.vmsize.b" Uint64 Dec No [TABLE_ONLY] "bytes, main thread only";
        ThreadVmrssB "thread.vmrss.b" Uint64 Dec No [TABLE_ONLY] "bytes, main thread only";
        ProcStdinType "proc.stdin.type" CharBuf Na No [] "type word of fd 0";
        ProcStdoutType "proc.stdout.type" CharBuf Na No [] "type word of fd 1";
        ProcStderrType "proc.stderr.type" CharBuf Na No [] "type word of fd 2";
        ProcStdinName "proc.stdin.name" CharBuf Na No [] "name of fd 0";
        ProcStdoutName "proc.stdout.name" CharBuf Na No [] "name of fd 1";
        ProcStderrName "proc.stderr.name" CharBuf Na No [] "name of fd 2";
    }
    User {
        UserUid "user.uid" Uint32 Id No [] "thread uid";
        UserName "user.name" CharBuf Na No [] "user table name; root for 0; else <NA>";
        UserHomedir "user.homedir" CharBuf Na No [] "user table home; /root for 0; else <NA>";
        UserShell "user.shell" CharBuf Na No [] "user table shell else <NA>";
        UserLoginuid "user.loginuid" Int64 Id No [] "audit uid, -1 when unset";
        UserLoginname "user.loginname" CharBuf Na No [] "user table name of audit uid";
    }
    Group {
        GroupGid "group.gid" Uint32 Id No [] "thread gid";
        GroupName "group.name" CharBuf Na No [] "group table name; root for 0; else <NA>";
    }
    Fd {
        FdNum "fd.num" Int64 Id No [] "fd number the event works on";
        FdType "fd.type" CharBuf Dec No [] "fd kind word";
        FdTypechar "fd.typechar" CharBuf Dec No [] "fd kind letter";
        FdName "fd.name" CharBuf Na No [] "path, tuple or other fd name";
        FdDirectory "fd.directory" CharBuf Na No [] "name up to last slash, files and directories";
        FdFilename "fd.filename" CharBuf Na No [] "name after last slash, files only";
        FdIp "fd.ip" IpAddr Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "matches client or server address (filter only)";
        FdCip "fd.cip" IpAddr Na No [] "client address";
        FdSip "fd.sip" IpAddr Na No [] "server address";
        FdLip "fd.lip" IpAddr Na No [] "local address";
        FdRip "fd.rip" IpAddr Na No [] "remote address";
        FdPort "fd.port" Port Dec No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "matches either port (filter only)";
        FdCport "fd.cport" Port Dec No [] "client port";
        FdSport "fd.sport" Port Dec No [] "server port";
        FdLport "fd.lport" Port Dec No [] "local port";
        FdRport "fd.rport" Port Dec No [] "remote port";
        FdL4proto "fd.l4proto" CharBuf Na No [] "tcp udp icmp raw or <NA>";
        FdSockfamily "fd.sockfamily" CharBuf Na No [] "ip or unix, unset otherwise";
        FdIsServer "fd.is_server" Bool Na No [] "server address is one of ours";
        FdUid "fd.uid" CharBuf Na No [] "tid and fd number concatenated";
        FdContainername "fd.containername" CharBuf Na No [] "container id, colon, fd name";
        FdContainerdirectory "fd.containerdirectory" CharBuf Na No [] "container id, colon, directory";
        FdProto "fd.proto" Port Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "either port by service name (filter only)";
        FdCproto "fd.cproto" CharBuf Na No [] "client port as service text";
        FdSproto "fd.sproto" CharBuf Na No [] "server port as service text";
        FdLproto "fd.lproto" CharBuf Na No [] "local port as service text";
        FdRproto "fd.rproto" CharBuf Na No [] "remote port as service text";
        FdNet "fd.net" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "either address inside network (filter only)";
        FdCnet "fd.cnet" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "client address inside network";
        FdSnet "fd.snet" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "server address inside network";
        FdLnet "fd.lnet" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "local address inside network";
        FdRnet "fd.rnet" IpNet Na No [FILTER_ONLY NO_RHS NO_TRANSFORMER] "remote address inside network";
        FdConnected "fd.connected" Bool Na No [] "connected flag of socket";
        FdNameChanged "fd.name_changed" Bool Na No [] "event changed this fd's name";
        FdCipName "fd.cip.name" CharBuf Na No [NO_RHS NO_TRANSFORMER] "domain name of client address";
        FdSipName "fd.sip.name" CharBuf Na No [NO_RHS NO_TRANSFORMER] "domain name of server address";
        FdLipName "fd.lip.name" CharBuf Na No [NO_RHS NO_TRANSFORMER] "domain name of local address";
        FdRipName "fd.rip.name" CharBuf Na No [NO_RHS NO_TRANSFORMER] "domain name of remote address";
        FdDev "fd.dev" Int32 Hex No [] "device number (encoded)";
        FdDevMajor "fd.dev.major" Int32 Dec No [] "device major";
        FdDevMinor "fd.dev.minor" Int32 Dec No [] "device minor";
        FdIno "fd.ino" Int64 Dec No [] "inode";
        FdNameraw "fd.nameraw" CharBuf Na No [] "path as passed, duplicate slashes collapsed";
        FdTypes "fd.types" CharBuf Dec Optional [IS_LIST ARG_ALLOWED NO_RHS] "distinct kinds of all open fds";
        FdIsUpperLayer "fd.is_upper_layer" Bool Na No [] "overlayfs upper file";
        FdIsLowerLayer "fd.is_lower_layer" Bool Na No [] "overlayfs lower file";
    }
    FsPath {
        FsPathName "fs.path.name" CharBuf Na No [] "resolved path of path-taking syscall on success";
        FsPathNameraw "fs.path.nameraw" CharBuf Na No [] "unresolved path on success";
        FsPathSource "fs.path.source" CharBuf Na No [] "resolved source path of two-path syscall";
        FsPathSourceraw "fs.path.sourceraw" CharBuf Na No [] "unresolved source path";
        FsPathTarget "fs.path.target" CharBuf Na No [] "resolved target path of two-path syscall";
        FsPathTargetraw "fs.path.targetraw" CharBuf Na No [] "unresolved target path";
    }
    Util {
        UtilCnt "util.cnt" Uint64 Id No [] "counter per evaluation";
    }
    FdList {
        FdlistNums "fdlist.nums" CharBuf Id No [] "poll fds, comma joined";
        FdlistNames "fdlist.names" CharBuf Na No [] "poll fd names, comma joined";
        FdlistCips "fdlist.cips" CharBuf Na No [] "poll client addresses, comma joined";
        FdlistSips "fdlist.sips" CharBuf Na No [] "poll server addresses, comma joined";
        FdlistCports "fdlist.cports" CharBuf Dec No [] "client ports (buggy fallthrough also adds server ports)";
        FdlistSports "fdlist.sports" CharBuf Dec No [] "poll server ports, comma joined";
    }
    Container {
        ContainerId "container.id" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "first 12 id chars; host for host processes";
        ContainerFullId "container.full_id" CharBuf Na No [NO_PTR_STABILITY] "full runtime id";
        ContainerName "container.name" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "runtime name; host for host";
        ContainerImage "container.image" CharBuf Na No [NO_PTR_STABILITY] "image reference";
        ContainerImageId "container.image.id" CharBuf Na No [NO_PTR_STABILITY] "image id";
        ContainerType "container.type" CharBuf Na No [NO_PTR_STABILITY] "engine word: docker podman cri containerd cri-o lxc bpm host";
        ContainerPrivileged "container.privileged" Bool Na No [NO_PTR_STABILITY] "privileged flag";
        ContainerMounts "container.mounts" CharBuf Na No [NO_PTR_STABILITY] "mounts joined by comma";
        ContainerMount "container.mount" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "source:dest:mode:rw:propagation of one mount";
        ContainerMountSource "container.mount.source" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "source; key matches destination";
        ContainerMountDest "container.mount.dest" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "destination; key matches source";
        ContainerMountMode "container.mount.mode" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "mode; key matches source";
        ContainerMountRdwr "container.mount.rdwr" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "true or false; key matches source";
        ContainerMountPropagation "container.mount.propagation" CharBuf Na Required [ARG_REQUIRED ARG_INDEX ARG_KEY NO_PTR_STABILITY] "propagation; key matches source";
        ContainerImageRepository "container.image.repository" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "image repository";
        ContainerImageTag "container.image.tag" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "image tag";
        ContainerImageDigest "container.image.digest" CharBuf Na No [NO_PTR_STABILITY] "image digest";
        ContainerHealthcheck "container.healthcheck" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        ContainerLivenessProbe "container.liveness_probe" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        ContainerReadinessProbe "container.readiness_probe" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        ContainerStartTs "container.start_ts" AbsTime Dec No [NO_PTR_STABILITY] "same as pid namespace start";
        ContainerDuration "container.duration" RelTime Dec No [NO_PTR_STABILITY] "event time minus container.start_ts";
        ContainerIp "container.ip" CharBuf Na No [NO_PTR_STABILITY] "primary IPv4";
        ContainerCniJson "container.cni.json" CharBuf Na No [NO_PTR_STABILITY] "CNI result text";
        ContainerHostPid "container.host_pid" Bool Na No [NO_PTR_STABILITY] "shares host pid namespace";
        ContainerHostNetwork "container.host_network" Bool Na No [NO_PTR_STABILITY] "shares host network namespace";
        ContainerHostIpc "container.host_ipc" Bool Na No [NO_PTR_STABILITY] "shares host ipc namespace";
        ContainerLabel "container.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "one label by key";
        ContainerLabels "container.labels" CharBuf Na No [NO_PTR_STABILITY] "label pairs k:v joined by comma space";
        ProcIsContainerHealthcheck "proc.is_container_healthcheck" Bool Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        ProcIsContainerLivenessProbe "proc.is_container_liveness_probe" Bool Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        ProcIsContainerReadinessProbe "proc.is_container_readiness_probe" Bool Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sPodName "k8s.pod.name" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "label io.kubernetes.pod.name";
        K8sNsName "k8s.ns.name" CharBuf Na No [NO_PTR_STABILITY FORMAT_SUGGESTED] "label io.kubernetes.pod.namespace";
        K8sPodId "k8s.pod.id" CharBuf Na No [NO_PTR_STABILITY] "label io.kubernetes.pod.uid (legacy alias)";
        K8sPodUid "k8s.pod.uid" CharBuf Na No [NO_PTR_STABILITY] "label io.kubernetes.pod.uid";
        K8sPodSandboxId "k8s.pod.sandbox_id" CharBuf Na No [NO_PTR_STABILITY] "first 12 chars of sandbox id";
        K8sPodFullSandboxId "k8s.pod.full_sandbox_id" CharBuf Na No [NO_PTR_STABILITY] "full sandbox id";
        K8sPodLabel "k8s.pod.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "sandbox label by key";
        K8sPodLabels "k8s.pod.labels" CharBuf Na No [NO_PTR_STABILITY] "sandbox labels joined";
        K8sPodIp "k8s.pod.ip" CharBuf Na No [NO_PTR_STABILITY] "sandbox address";
        K8sPodCniJson "k8s.pod.cni.json" CharBuf Na No [NO_PTR_STABILITY] "sandbox CNI result";
        K8sRcName "k8s.rc.name" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sRcId "k8s.rc.id" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sRcLabel "k8s.rc.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sRcLabels "k8s.rc.labels" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sSvcName "k8s.svc.name" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sSvcId "k8s.svc.id" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sSvcLabel "k8s.svc.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sSvcLabels "k8s.svc.labels" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sNsId "k8s.ns.id" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sNsLabel "k8s.ns.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sNsLabels "k8s.ns.labels" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sRsName "k8s.rs.name" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sRsId "k8s.rs.id" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sRsLabel "k8s.rs.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sRsLabels "k8s.rs.labels" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sDeploymentName "k8s.deployment.name" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sDeploymentId "k8s.deployment.id" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sDeploymentLabel "k8s.deployment.label" CharBuf Na Required [ARG_REQUIRED ARG_KEY NO_PTR_STABILITY] "deprecated, never yields a value";
        K8sDeploymentLabels "k8s.deployment.labels" CharBuf Na No [NO_PTR_STABILITY] "deprecated, never yields a value";
    }
}
