//! What belongs to a command or a process that is recorded: a program starts something in every way there is, and what it started leaves
//! marks, which have to be in the recording or, if only the process itself is followed, must not be. Needs root, BPF and a C compiler.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tercel_test_support::{Missing, Place, ran, require, root, skip, tercel, tool, wait};

use crate::turn;

/// The ways, and whether it is still the process itself that leaves the mark.
const WAYS: [(&str, bool); 13] = [
    ("threads", true),
    ("exec_in_thread", true),
    ("leader_exit", true),
    ("vfork", false),
    ("posix_spawn", false),
    ("clone3", false),
    ("clone_parent", false),
    ("daemon", false),
    ("setsid", false),
    ("double_fork", false),
    ("subreaper", false),
    ("pid_namespace", false),
    ("container", false),
];

/// A directory for traces and marks, with the program.
struct Ways {
    place: Place,
    program: String,
}

impl Ways {
    /// Builds the program. Nothing if there is no compiler, which is said of the check.
    fn new(check: &str) -> Option<Ways> {
        let compiler = require(check, tool("cc"))?;
        let place = Place::new("follow");
        let program = place.name("ways");
        let source = root().join("tests/follow/ways.c");
        let built = Command::new(compiler).args(["-O1", "-pthread", "-o", &program]).arg(source).status();
        assert!(built.expect("cc runs").success());
        Some(Ways { place, program })
    }

    /// A new directory for marks.
    fn marks(&self, name: &str) -> String {
        fs::create_dir(self.place.path(name)).expect("a directory");
        self.place.name(name)
    }

    /// Records with these options and arguments to a trace of this name.
    #[track_caller]
    fn record(&self, name: &str, options: &[&str], command: &[&str], code: i32) -> String {
        let trace = self.place.name(&format!("{name}.scap"));
        ran(&[&["record", "-q", "-w", &trace], options, &["--"], command].concat(), code);
        trace
    }

    /// A process that waits until it is released and then becomes what these arguments say.
    fn waiting(&self, arguments: &[&str]) -> Waiting {
        let fifo = self.place.path(&format!("go-{}", arguments.join("-").replace('/', "_")));
        assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs").success());
        let script = "read -r line <\"$0\"; exec \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&fifo).arg(&self.program).args(arguments).stdout(Stdio::null());
        Waiting { child: command.spawn().expect("sh"), fifo }
    }
}

/// A process that waits at a fifo. It does not outlive the test.
struct Waiting {
    child: Child,
    fifo: PathBuf,
}

impl Waiting {
    fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Lets it go on.
    fn release(&self) {
        fs::write(&self.fifo, "\n").expect("the process reads");
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A session of its own with processes that wait until they are released. The session of the test may have been made outside of
/// this pid namespace, and then it has no number. No process of the session outlives the test.
struct Session {
    leader: Child,
    place: PathBuf,
}

impl Session {
    /// A process for each of these ways, with this directory for marks.
    fn new(ways: &Ways, names: &[&str], marks: &str) -> Session {
        let place = ways.place.path("session");
        fs::create_dir(&place).expect("a directory");
        for name in names {
            assert!(Command::new("mkfifo").arg(place.join(name)).status().expect("mkfifo runs").success());
        }
        let script = r#"
            marks=$1 program=$2; shift 2
            for way; do
                sh -c 'read -r line <"$2"; exec "$0" "$1" "$3"' "$program" "$way" "$way" "$marks" &
                echo $! >"$way.pid.new"; mv "$way.pid.new" "$way.pid"
            done
            wait"#;
        let mut command = Command::new("setsid");
        command.args(["sh", "-c", script, "-", marks, &ways.program]).args(names);
        let leader = command.current_dir(&place).stdout(Stdio::null()).spawn().expect("setsid");
        Session { leader, place }
    }

    /// Lets one of them go on.
    fn release(&self, name: &str) {
        fs::write(self.place.join(name), "\n").expect("the process reads");
    }

    /// What the kernel calls one of them.
    fn comm(&self, name: &str) -> Option<String> {
        let pid = fs::read_to_string(self.place.join(format!("{name}.pid"))).ok()?;
        fs::read_to_string(format!("/proc/{}/comm", pid.trim())).ok().map(|comm| comm.trim().to_owned())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let group = format!("-{}", self.leader.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.leader.wait();
    }
}

/// How many events there are of a mark: one that changes what is known of a process, and one that changes nothing.
fn seen(trace: &str, marks: &str, way: &str) -> (usize, usize) {
    let mark = format!("{marks}/{way}");
    let count = |filter: &str| ran(&["events", trace, filter], 0).out.lines().count();
    let opened = count(&format!("evt.type=openat and fd.name={mark} and evt.arg.flags contains O_CREAT"));
    (opened, count(&format!("evt.type=access and evt.arg.name={mark}")))
}

#[test]
fn whatever_a_command_starts_is_recorded() {
    const CHECK: &str = "follow::whatever_a_command_starts_is_recorded";
    let Some(_turn) = turn::shared(CHECK) else { return };
    let Some(ways) = Ways::new(CHECK) else { return };
    let names: Vec<&str> = WAYS.map(|(way, _)| way).to_vec();
    let marks = ways.marks("all");
    let script = format!(
        "for way in {}; do {} $way {marks}; until [ -e {marks}/$way ]; do sleep 0.01; done; done",
        names.join(" "),
        ways.program
    );
    let everything = ways.record("all", &["-a"], &["sh", "-c", &script], 0);
    for (way, is_itself) in WAYS {
        assert_eq!(seen(&everything, &marks, way), (1, 1), "{way}, the whole host");
        let own = ways.marks(way);
        let trace = ways.record(way, &["--until-idle"], &[&ways.program, way, &own], 0);
        assert_eq!(seen(&trace, &own, way), (1, 1), "{way}, descendants");
        let alone = ways.marks(&format!("{way}-alone"));
        let options = ["--follow", "command"];
        let trace = ways.record(&format!("{way}-alone"), &options, &[&ways.program, way, &alone], 0);
        let expected = if is_itself { (1, 1) } else { (0, 0) };
        assert_eq!(seen(&trace, &alone, way), expected, "{way}, --follow command");
    }
}

/// Events of others that reached the recorder.
fn of_others(summary: &str) -> u64 {
    let counts =
        summary.lines().filter_map(|line| line.strip_prefix("Events out of scope, ")?.split(": ").nth(1));
    counts.map(|count| count.parse::<u64>().expect("a number")).sum()
}

/// Whether the kernel leaves out other processes; that it does not is said of the check.
fn limits_processes(check: &str) -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("a kernel");
    let mut version = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let is_limited = (version.next(), version.next()) < (Some(6), Some(19));
    if !is_limited {
        skip(check, &Missing::new("kernel", "from 6.19 on the recorder sorts out events itself"));
    }
    is_limited
}

#[test]
fn what_others_do_is_left_out_in_the_kernel() {
    const CHECK: &str = "follow::what_others_do_is_left_out_in_the_kernel";
    let Some(_turn) = turn::shared(CHECK) else { return };
    let Some(ways) = Ways::new(CHECK) else { return };
    if !limits_processes(CHECK) {
        return;
    }
    for (name, options) in [("command", &[][..]), ("whole", &["proc.name=no-such-process"][..])] {
        let marks = ways.marks(name);
        let trace = ways.place.name(&format!("{name}.scap"));
        let is_whole = !options.is_empty();
        let command = [&ways.program, "await", &marks].map(String::from);
        let mut recorder = tercel(&["record", "-w", &trace]);
        recorder.args(is_whole.then_some("-a")).args(options).arg("--").args(&command);
        let recorder = recorder.stderr(Stdio::piped()).spawn().expect("it runs");
        wait("trace", || fs::metadata(&trace).is_ok_and(|file| file.len() > 0));
        turn::storm();
        fs::write(ways.place.path(&format!("{name}/await")), "").expect("a mark");
        let output = recorder.wait_with_output().expect("it ends");
        let summary = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{summary}");
        // Where the whole host is looked at, the storm is seen, so that this test can fail.
        assert_eq!(of_others(&summary) >= turn::ROUNDS.into(), is_whole, "{name}: {summary}");
    }
}

/// A command makes calls that neither the filter nor the state needs.
#[test]
fn what_the_filter_cannot_keep_is_left_out_in_the_kernel() {
    const CHECK: &str = "follow::what_the_filter_cannot_keep_is_left_out_in_the_kernel";
    // Far more calls than what a busy host does beside it for the state.
    const ROUNDS: u64 = 20_000;
    let Some(_turn) = turn::shared(CHECK) else { return };
    if !limits_processes(CHECK) {
        return;
    }
    let place = Place::new("filtered");
    // Each round asks whether there is a file.
    let script = format!(
        "i=0; while [ $i -lt {ROUNDS} ]; do [ -e /nonexistent ]; i=$((i+1)); done; exec true filtered"
    );
    let recorded = |name: &str, filter: &str| {
        let trace = place.name(name);
        let summary = ran(&["record", "-w", &trace, filter, "--", "sh", "-c", &script], 0).err;
        let executed = "evt.type=execve and proc.args=filtered";
        (
            of_others(&summary),
            ran(&["events", "-p", "%proc.name %proc.exepath %proc.cwd", &trace, executed], 0).out,
        )
    };
    let (all, expected) = recorded("all.scap", "evt.type=execve or evt.arg.name=no-such-name");
    let (few, found) = recorded("few.scap", "evt.type=execve");
    assert!(all >= ROUNDS && few < ROUNDS / 2, "{all} {few}");
    assert!(found.lines().count() == 1 && found == expected, "{found}{expected}");
}

#[test]
fn processes_are_followed_from_outside() {
    const CHECK: &str = "follow::processes_are_followed_from_outside";
    let Some(_turn) = turn::shared(CHECK) else { return };
    let Some(ways) = Ways::new(CHECK) else { return };
    let ours = ways.marks("ours");
    // Two of them in one recording, which ends with the last process of both.
    for pair in [["exec_in_thread", "leader_exit"], ["daemon", "double_fork"]] {
        let running = pair.map(|way| ways.waiting(&[way, &ours]));
        let trace = ways.place.name(&format!("{}.scap", pair[0]));
        let [first, second] = [running[0].pid(), running[1].pid()];
        let mut recorder = tercel(&["record", "-q", "-w", &trace, "-p", &first, "-p", &second]);
        let mut recorder = recorder.spawn().expect("it runs");
        wait("trace", || fs::metadata(&trace).is_ok_and(|file| file.len() > 0));
        running.iter().for_each(Waiting::release);
        for mut process in running {
            // The daemon waits for its parent to be gone.
            process.child.wait().expect("a process");
        }
        assert!(recorder.wait().expect("it ends").success());
        for way in pair {
            assert_eq!(seen(&trace, &ours, way), (1, 1), "{way}");
        }
    }
}

#[test]
fn processes_have_names_and_sessions() {
    const CHECK: &str = "follow::processes_have_names_and_sessions";
    let Some(_turn) = turn::shared(CHECK) else { return };
    let Some(mut ways) = Ways::new(CHECK) else { return };
    let marks = ways.marks("m");
    // A name that no other process of the host has.
    let name = format!("ways{}", std::process::id());
    fs::copy(&ways.program, ways.place.path(&name)).expect("a copy");
    ways.program = ways.place.name(&name);
    let missing = ["record", "-q", "-w", "/dev/null", "--name", &format!("{name}x")].map(str::to_owned);
    let missing = ran(&missing.each_ref().map(String::as_str), 2);
    assert!(missing.err.contains(&format!("--name: no process '{name}x' runs")), "{}", missing.err);
    // A process of this name, and another one of its session.
    let session = Session::new(&ways, &["await", "threads"], &marks);
    session.release("await");
    wait("process of this name", || session.comm("await").is_some_and(|comm| comm == name));
    let trace = ways.place.name("session.scap");
    let recorder = tercel(&["record", "-q", "-w", &trace, "--name", &name, "--follow", "session"]).spawn();
    let mut recorder = recorder.expect("it runs");
    wait("trace", || fs::metadata(&trace).is_ok_and(|file| file.len() > 0));
    let alone = ways.place.name("alone.scap");
    let second = tercel(&["record", "-q", "-w", &alone, "--name", &name]).spawn();
    let mut second = second.expect("it runs");
    wait("trace", || fs::metadata(&alone).is_ok_and(|file| file.len() > 0));
    session.release("threads");
    wait("mark", || ways.place.path("m/threads").exists());
    fs::write(ways.place.path("m/await"), "").expect("a mark");
    assert!(second.wait().expect("it ends").success());
    assert!(recorder.wait().expect("it ends").success());
    assert_eq!(seen(&trace, &marks, "threads"), (1, 1));
    assert_eq!(seen(&alone, &marks, "threads"), (0, 0));
    let awaited =
        ran(&["events", &alone, &format!("proc.name={name} and evt.type in (newfstatat, stat)")], 0);
    assert!(!awaited.out.is_empty());
}

#[test]
fn a_recording_ends_with_its_command_or_with_the_last_process() {
    const CHECK: &str = "follow::a_recording_ends_with_its_command_or_with_the_last_process";
    let Some(_turn) = turn::shared(CHECK) else { return };
    let Some(ways) = Ways::new(CHECK) else { return };
    let marks = ways.marks("m");
    // The exit code is the command's in both cases. What it leaves behind waits for a file that the test writes later.
    let command = [&ways.program, "await", &marks];
    let script = format!("{} >/dev/null 2>&1 & exit 7", command.join(" "));
    ways.record("command", &[], &["sh", "-c", &script], 7);
    fs::write(ways.place.path("m/await"), "").expect("a mark");
    let script =
        format!("({}; exec {} threads {marks}) >/dev/null 2>&1 & exit 7", command.join(" "), ways.program);
    let trace = ways.record("idle", &["--until-idle"], &["sh", "-c", &script], 7);
    assert_eq!(seen(&trace, &marks, "threads"), (1, 1));
    for (options, message) in [
        (&["--until-idle"][..], "--until-idle needs a command, -p or --name"),
        (&["--follow", "session"], "--follow needs a command, -p or --name"),
        (&["--follow", "session", "-a", "--", "true"], "--follow needs a command, -p or --name"),
    ] {
        let refused = ran(&[&["record", "-w", "/dev/null"], options].concat(), 2);
        assert!(refused.err.contains(message), "{}", refused.err);
    }
}
