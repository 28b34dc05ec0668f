//! Recordings against strace: programs run under `strace -f` while they are recorded. Of every thread, the recorded calls have
//! to be those that strace saw, one by one: names, arguments, return values. Needs root, BPF, strace and a C compiler.

mod output;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use output::{Arg, Call};
use tercel_capture::abi::{Param, kind, row, step};
use tercel_capture::flags;
use tercel_capture::syscalls::{self, Row};
use tercel_format::catalogue::{EventInfo, Machine, code};
use tercel_format::{Block, Reader};
use tercel_test_support::{Missing, Place, binary, require, root, tool};

use crate::turn;

/// Bytes of buffers and of strings that are recorded.
const SNAPLEN: usize = 80;
const TEXT: usize = 4096;

const SHELL: &str = "ls -lR /etc >list 2>&1; find /usr/share -maxdepth 2 | sort | head -n 40 | wc -l; cp list copy; \
    tar cf archive.tar list copy; gzip -c archive.tar | gunzip | cmp - archive.tar; sed -n 's/root/x/p' list | wc -c; \
    ln -s list name; readlink name; touch -d 2001-02-03 copy; chmod 600 copy; dd if=/dev/zero of=zeros bs=4096 count=16 2>&1; \
    sha256sum zeros; mkdir -p a/b/c; mv copy a/b; rm -r a; (sleep 0.1 & wait); kill -0 $$; date; id; df . ; env | tail -n 1";

const PYTHON: &str = "
import os, signal, socket, subprocess, tempfile, threading, time
def work(n):
    for i in range(30):
        with tempfile.TemporaryFile() as f:
            f.write(b'x' * 300); f.seek(3); f.read(10)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
server = socket.create_server(('127.0.0.1', 0)); client = socket.create_connection(server.getsockname())
peer, _ = server.accept(); client.sendall(b'y' * 5000); peer.recv(100); peer.close(); client.close()
one, two = socket.socketpair(); one.sendmsg([b'a', b'bc'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b'\\0\\0\\0\\0')]); two.recvmsg(9, 99)
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); udp.bind(('::1', 0)); udp.sendto(b'z', udp.getsockname()); udp.recvfrom(9)
signal.signal(signal.SIGALRM, lambda *a: None); signal.setitimer(signal.ITIMER_REAL, 0.02); time.sleep(0.05)
subprocess.run(['sh', '-c', 'echo hello; exit 3'], capture_output=True)
pid = os.fork()
if pid == 0: os._exit(7)
os.waitpid(pid, 0)
";

/// An event of a recording.
struct Recorded {
    info: &'static EventInfo,
    params: Vec<Vec<u8>>,
}

#[test]
fn recordings_and_strace_agree() {
    const CHECK: &str = "comparison with strace";
    let tools = ["strace", "cc"].iter().try_for_each(|name| tool(name).map(drop));
    if require(CHECK, tools).is_none() {
        return;
    }
    let Some(_turn) = turn::alone(CHECK) else { return };
    let directory = Place::new("strace");
    let place = directory.directory();
    let source = root().join("tests/strace/calls.c");
    let helper = place.join("calls");
    let built = Command::new("cc").args(["-O1", "-w", "-pthread", "-o"]).arg(&helper).arg(source).status();
    assert!(built.is_ok_and(|status| status.success()), "cc");
    // The system's own python, if there is one: others may start through a script.
    let system = Path::new("/usr/bin/python3");
    let python = if system.exists() { Ok(system.to_owned()) } else { tool("python3") };
    let python = require("comparison with strace, of python", python).map(|path| path.display().to_string());
    let mut programs =
        vec![("calls", vec![helper.to_str().expect("a path")]), ("shell", vec!["sh", "-c", SHELL])];
    if let Some(python) = &python {
        programs.push(("python", vec![python, "-c", PYTHON]));
    }
    let mut total = 0;
    let mut problems = Vec::new();
    for (name, command) in programs {
        let (recording, seen) = record(place, name, &command);
        let compared = compare(Machine::OF_THIS_PROGRAM, &recording, &seen, &mut problems);
        eprintln!("{name}: {compared} calls of {} threads", seen.len());
        total += compared;
    }
    for problem in problems.iter().take(20) {
        eprintln!("{problem}");
    }
    assert!(problems.is_empty(), "{} calls differ", problems.len());
    assert!(total > 3000, "only {total} calls");
}

#[test]
fn calls_of_32_bit_code_are_recorded() {
    const CHECK: &str = "recording of 32-bit calls";
    if require(CHECK, tool("cc").map(drop)).is_none() {
        return;
    }
    let Some(_turn) = turn::alone(CHECK) else { return };
    let directory = Place::new("strace32");
    let place = directory.directory();
    let source = root().join("tests/strace/calls32.c");
    let (helper, trace) = (place.join("calls32"), place.join("calls32.scap"));
    // The kernel's headers, which gcc-multilib has a link to; that package cannot be installed beside compilers for other machines.
    let headers = ["-idirafter", "/usr/include/x86_64-linux-gnu"];
    let built = Command::new("cc")
        .args(["-m32", "-O1", "-w", "-static"])
        .args(headers)
        .arg("-o")
        .arg(&helper)
        .arg(source)
        .output();
    if require(
        CHECK,
        built
            .ok()
            .filter(|built| built.status.success())
            .ok_or_else(|| Missing::new("multilib", "the C compiler makes no 32-bit programs")),
    )
    .is_none()
    {
        return;
    }
    let output = Command::new(binary())
        .args(["record", "-q", "-w"])
        .arg(&trace)
        .arg("--")
        .arg(&helper)
        .current_dir(place)
        .output();
    let output = output.expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let recorded: Vec<Recorded> = events(&trace).into_values().flatten().collect();
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(said.lines().count(), 11, "{said}");
    for line in said.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, ret, offset] = words.as_slice() else { panic!("{line}") };
        let param = |event: &Recorded, name: &str| {
            let index = event.info.params.iter().position(|param| param.name == name)?;
            Some(
                event.params.get(index)?.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte)),
            )
        };
        let (wanted, offset) =
            (ret.parse::<i64>().expect("a number") as u64, offset.parse::<u64>().expect("a number"));
        // The generic event has no result; it names its call.
        let generic = Machine::OF_THIS_PROGRAM.call_of_name(name);
        let found = recorded.iter().any(|event| match event.info.code {
            code::GENERIC_X => {
                param(event, "nativeID") == generic.map(|call| u64::from(call.number)) && *name == "uselib"
            }
            _ if event.info.name != *name => false,
            _ => {
                let place = param(event, "offset").or(param(event, "pos")).unwrap_or(0);
                param(event, "res") == Some(wanted) && place == offset
            }
        });
        assert!(found, "{line}");
    }
}

/// Runs a command under both. Yields the events of each thread, and the calls.
fn record(
    place: &Path,
    name: &str,
    command: &[&str],
) -> (HashMap<i64, Vec<Recorded>>, HashMap<i64, Vec<Call>>) {
    let (trace, text) = (place.join(format!("{name}.scap")), place.join(format!("{name}.strace")));
    let output = Command::new(binary())
        .args(["record", "-s", &SNAPLEN.to_string(), "-w"])
        .arg(&trace)
        .args(["--", "strace", "-f", "-qq", "-X", "raw", "-xx", "-s", "4200", "-o"])
        .arg(&text)
        .args(command)
        .current_dir(place)
        .output()
        .expect("the binary runs");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "record: {complaints}");
    assert!(!complaints.contains("lost"), "events were lost: {complaints}");
    (events(&trace), output::calls(&fs::read_to_string(text).expect("strace has written")))
}

fn events(trace: &Path) -> HashMap<i64, Vec<Recorded>> {
    let mut reader = Reader::new(File::open(trace).expect("a recording")).expect("a capture");
    let mut threads: HashMap<i64, Vec<Recorded>> = HashMap::new();
    while let Some(block) = reader.next().expect("a readable capture") {
        let Block::Event(event) = block else { continue };
        if matches!(event.code(), code::PROCEXIT_1_E | code::SIGNALDELIVER_E) {
            continue;
        }
        let params =
            (0..event.nparams()).map(|index| event.param(index).unwrap_or_default().to_vec()).collect();
        threads.entry(event.tid).or_default().push(Recorded { info: event.info, params });
    }
    threads
}

/// Compares thread by thread; returns how many calls were compared.
fn compare(
    machine: Machine,
    recording: &HashMap<i64, Vec<Recorded>>,
    seen: &HashMap<i64, Vec<Call>>,
    problems: &mut Vec<String>,
) -> usize {
    let rows: BTreeMap<u32, Row> = syscalls::rows(machine).into_iter().map(|row| (row.row, row)).collect();
    let mut compared = 0;
    for (tid, calls) in seen {
        let nothing = Vec::new();
        let events = recording.get(tid).unwrap_or(&nothing);
        let mut events = events.iter().skip(unseen(events, calls));
        for call in calls.iter().filter(|call| call.ret.is_some()) {
            let row = row_of(machine, call, &rows);
            let Some(event) = events.next() else {
                problems.push(format!("{tid}: {} is missing in the recording", call.name));
                break;
            };
            compared += 1;
            if event.info.code != row.event {
                problems.push(format!("{tid}: {call:?} is {} in the recording", event.info.name));
                break;
            }
            if let Some(messages) = messages(call) {
                for (number, message) in messages.iter().enumerate() {
                    let event = if number == 0 { Some(event) } else { events.next() };
                    let found = event
                        .filter(|event| event.info.code == row.event)
                        .map(|event| (&event.params[0], &event.params[3]));
                    if found.is_none_or(|(length, data)| *length != message.0 || *data != message.1) {
                        problems.push(format!(
                            "{tid}: message {number} is recorded as {found:02x?}, strace {message:02x?}"
                        ));
                    }
                }
                continue;
            }
            problems.extend(
                differences(machine, call, row, event).map(|text| format!("{tid}: {text}, of {call:?}")),
            );
        }
        if let Some(event) = events.next() {
            problems.push(format!(
                "{tid}: strace did not see {} {:?}",
                event.info.name,
                event.params.first()
            ));
        }
    }
    compared
}

/// Length and data of every message that a call has sent or received, as its events have them; `None` for other calls.
fn messages(call: &Call) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let number = call.ret.filter(|ret| *ret > 0 && matches!(call.name.as_str(), "sendmmsg" | "recvmmsg"))?;
    let Arg::Other(text) = call.args.get(1)? else { return None };
    let parts = text.split("{msg_hdr=").skip(1).take(usize::try_from(number).ok()?);
    let messages = parts.map(|part| {
        let (_, length) = part.split_once("msg_len=").expect("the length of a message");
        let length: usize = length
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .and_then(|text| text.parse().ok())
            .expect("a number");
        let mut data: Vec<u8> = part
            .split("iov_base=\"")
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .flat_map(output::bytes)
            .collect();
        data.truncate(SNAPLEN.min(length));
        ((length as u64).to_le_bytes().to_vec(), data)
    });
    Some(messages.collect())
}

/// How many events strace does not show: what it did itself before it executed the program, or a child's side of the call that
/// made it.
fn unseen(events: &[Recorded], calls: &[Call]) -> usize {
    match calls.first() {
        Some(call) if call.name == "execve" && call.ret == Some(0) => events
            .iter()
            .position(|event| event.info.code == code::SYSCALL_EXECVE_19_X && succeeded(event))
            .unwrap_or(0),
        _ => {
            let made = [
                code::SYSCALL_CLONE_20_X,
                code::SYSCALL_FORK_20_X,
                code::SYSCALL_VFORK_20_X,
                code::SYSCALL_CLONE3_X,
            ];
            usize::from(
                events.first().is_some_and(|event| made.contains(&event.info.code) && succeeded(event)),
            )
        }
    }
}

fn succeeded(event: &Recorded) -> bool {
    event.params.first().is_some_and(|ret| *ret == [0; 8])
}

fn row_of<'a>(machine: Machine, call: &Call, rows: &'a BTreeMap<u32, Row>) -> &'a Row {
    if matches!(call.name.as_str(), "execve" | "execveat") && call.ret == Some(0) {
        return &rows[&row::EXEC];
    }
    let number = machine
        .call_of_name(&call.name)
        .unwrap_or_else(|| panic!("no call of the name {}", call.name))
        .number;
    &rows[&u32::from(number)]
}

/// The parameters of an event that are not what strace shows.
fn differences<'a>(
    machine: Machine,
    call: &'a Call,
    row: &'a Row,
    event: &'a Recorded,
) -> impl Iterator<Item = String> {
    let mut params = event.params.iter().zip(event.info.params);
    let mut before: Option<Param> = None;
    row.words.iter().filter_map(move |word| {
        let step = before.replace(*word).filter(|before| before.kind == kind::STEP);
        if word.kind == kind::STEP {
            return None;
        }
        let (found, info) = params.next()?;
        let expected = match (word.kind, step) {
            (kind::COVERED, Some(step)) => covered(step, call)?,
            _ => expected(machine, word, call)?,
        };
        (*found != expected).then(|| {
            format!("{}.{}: recorded {found:02x?}, strace {expected:02x?}", event.info.name, info.name)
        })
    })
}

/// What a word makes of strace's arguments; `None` if strace does not show it.
fn expected(machine: Machine, word: &Param, call: &Call) -> Option<Vec<u8>> {
    let ret = call.ret?;
    let width = usize::from(word.width);
    let arg = call.args.get(usize::from(word.arg)).filter(|_| word.arg < 6);
    let value = || match arg? {
        Arg::Number(value) => Some(*value),
        _ => None,
    };
    let low = |value: i64| value.to_le_bytes().get(..width).map(<[u8]>::to_vec);
    match word.kind {
        kind::RET => Some(ret.to_le_bytes().to_vec()),
        kind::RET32 => low(i64::from(ret as i32)),
        kind::INT => low(value()?),
        kind::SIGNED => Some(i64::from(value()? as i32).to_le_bytes().to_vec()),
        kind::CONST => low(i64::from(word.value)),
        kind::BITS | kind::ENUM => {
            let table = flags::translation(machine, word.map)?;
            low(i64::from(table.translate(value()? as u32)))
        }
        kind::STR | kind::KERNEL_STR => match arg? {
            Arg::Bytes(text) => Some(ended(text)),
            Arg::Number(_) => Some(Vec::new()),
            Arg::Other(_) => None,
        },
        kind::DATA_IN if ret <= 0 => Some(Vec::new()),
        kind::DATA_IN | kind::DATA_OUT => match arg? {
            Arg::Bytes(data) => Some(data.get(..SNAPLEN).unwrap_or(data).to_vec()),
            _ => None,
        },
        kind::SIZE => low(ret.max(0)),
        _ => None,
    }
}

/// What some of the steps add.
fn covered(step: Param, call: &Call) -> Option<Vec<u8>> {
    let Arg::Other(text) = call.args.get(usize::from(step.map))? else { return None };
    match step.arg {
        step::IOV_DATA => {
            let mut data = Vec::new();
            for part in text.split("iov_base=\"").skip(1) {
                data.extend(output::bytes(part.split('"').next()?));
            }
            data.truncate(SNAPLEN.min(usize::try_from(call.ret?).ok()?));
            Some(data)
        }
        _ => None,
    }
}

/// A string with its NUL, cut at the limit.
fn ended(text: &[u8]) -> Vec<u8> {
    let mut text = text.get(..TEXT - 1).unwrap_or(text).to_vec();
    text.push(0);
    text
}
