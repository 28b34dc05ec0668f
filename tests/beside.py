#!/usr/bin/env python3
"""Compares the tables of a recording with what ps, ss, lsof (or /proc) and strace say at the same time. Needs root.

usage: tests/beside.py [TERCEL]

A scenario runs (processes, connections, listeners, files, unix sockets) while tercel records. At one moment the other programs
are asked; `tercel ps|net|fds --at` then shows the same moment. Rows are equal, missing (only the other program has them) or extra
(only tercel has them); those that differ are printed with the class of their reason. Exit code 1 if one has no reason.
"""

import collections
import datetime
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TERCEL = sys.argv[1] if len(sys.argv) > 1 else "target/debug/tercel"
PLACE = tempfile.mkdtemp(prefix="tercel-beside-")
TRACE = os.path.join(PLACE, "t.scap")
unexplained = 0
waiting_for_parents = set()


def tercel(*words):
    ran = subprocess.run([TERCEL, *words, "-q", "--json"], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def compare(what, theirs, ours, missing, extra):
    """Prints how two sets of rows differ; `missing` and `extra` give the reason of a row, or None."""
    global unexplained
    classes = collections.Counter()
    for rows, reason, side in ((theirs - ours, missing, "missing"), (ours - theirs, extra, "extra")):
        for row in sorted(rows, key=str):
            why = reason(row)
            classes[f"{side}: {why or 'NO REASON'}"] += 1
            if why is None:
                unexplained += 1
                print(f"  {what} {side}: {row}")
    text = ", ".join(f"{count} {name}" for name, count in sorted(classes.items())) or "nothing missing, nothing extra"
    print(f"{what}: {len(theirs & ours)} equal, {text}")


def free(kind, address="127.0.0.1", family=socket.AF_INET):
    """A free port. A server that binds port 0 lets the kernel choose, which no event tells."""
    with socket.socket(family, kind) as found:
        found.bind((address, 0))
        return found.getsockname()[1]


def scenario():
    """Things that exist at the moment; what is returned has to live until then."""
    held = []
    server = socket.socket()
    server.bind(("127.0.0.1", free(socket.SOCK_STREAM)))
    server.listen()
    held.append(server)
    for index in range(5):
        client = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
        client.sendall(b"x" * (index + 1))
        peer.recv(index + 1)
        held += [client, peer]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", free(socket.SOCK_DGRAM)))
    held.append(udp)
    six = socket.socket(socket.AF_INET6)
    six.bind(("::1", free(socket.SOCK_STREAM, "::1", socket.AF_INET6)))
    six.listen()
    held.append(six)
    local = socket.socket(socket.AF_UNIX)
    local.bind(os.path.join(PLACE, "socket"))
    local.listen()
    held.append(local)
    for index in range(20):
        held.append(open(os.path.join(PLACE, f"file{index}"), "w"))
    for _ in range(5):
        held.append(subprocess.Popen(["sleep", "60"]))
    held.append(subprocess.Popen(["sh", "-c", "sleep 60; true"]))
    return held


def name_of(text):
    """As the kernel keeps it. Its own workers call themselves after what they do just now, which no event says."""
    return re.sub(r"^(kworker/[^-+]*)[-+].*", r"\1", text.removesuffix(" <defunct>"))[:15]


def processes():
    ran = subprocess.run(["ps", "-eo", "pid=,ppid=,stat=,comm="], stdout=subprocess.PIPE, text=True, check=True)
    rows = {}
    for line in ran.stdout.splitlines():
        pid, ppid, state, name = line.split(None, 3)
        if state.startswith("Z"):
            waiting_for_parents.add(int(pid))
        rows[int(pid)] = (int(ppid), name_of(name))
    return rows


def sockets():
    """Connections, sockets that wait, and of TCP connections the bytes that were sent and received."""
    ran = subprocess.run(["ss", "-tunapiH"], stdout=subprocess.PIPE, text=True, check=True)
    connected, waiting, moved = set(), set(), set()
    rows = set()
    for line in ran.stdout.splitlines():
        if line[:1].isspace():
            count = lambda name: int((re.search(rf"\b{name}:(\d+)", line) or [0, 0])[1])
            moved |= {(*row, count("bytes_sent"), count("bytes_received")) for row in rows if row[0] == "tcp"}
            continue
        parts = line.split(None, 6)
        protocol, state, local, remote = parts[0], parts[1], parts[4], parts[5]
        def end(text):
            address, port = text.rsplit(":", 1)
            address = re.sub("%.*", "", address.strip("[]"))
            return ("::" if address == "*" else address.removeprefix("::ffff:"), port)
        rows = set()
        for pid in set(re.findall(r"pid=(\d+)", parts[6] if len(parts) > 6 else "")):
            if state in ("ESTAB", "CLOSE-WAIT", "FIN-WAIT-1", "FIN-WAIT-2"):
                rows.add((protocol, int(pid), *end(local), *end(remote)))
            elif state in ("LISTEN", "UNCONN"):
                waiting.add((protocol, int(pid), end(local)[1]))
        connected |= rows
    return connected, waiting, moved


def descriptors(pids):
    """Open files of processes, as lsof lists them, or by /proc where it is not installed."""
    found = set()
    if shutil.which("lsof"):
        asked = ["lsof", "-n", "-P", "-w", "-F", "pftn", "-p", ",".join(map(str, pids))]
        pid = number = kind_of = None
        for line in subprocess.run(asked, stdout=subprocess.PIPE, text=True, errors="replace").stdout.splitlines():
            kind, value = line[:1], line[1:]
            if kind == "p":
                pid = int(value)
            elif kind == "f":
                number = int(value) if value.isdigit() else None
            elif kind == "t":
                kind_of = value
            elif kind == "n" and number is not None and kind_of in ("REG", "DIR", "CHR") and not value.startswith("/memfd:"):
                found.add((pid, number, value.removesuffix(" (deleted)")))
        return found
    for pid in pids:
        try:
            for number in os.listdir(f"/proc/{pid}/fd"):
                path = os.readlink(f"/proc/{pid}/fd/{number}")
                if path.startswith("/") and not path.startswith("/memfd:"):
                    found.add((pid, int(number), path.removesuffix(" (deleted)")))
        except OSError:
            pass
    return found


def traced():
    """Opens that strace counts of a program, and that tercel counts: of each path, the successful ones."""
    if not shutil.which("strace"):
        return print("strace: not installed")
    log = os.path.join(PLACE, "strace")
    program = f"for i in range(50): open('{PLACE}/traced%d' % (i % 7), 'a').close()"
    trace = os.path.join(PLACE, "s.scap")
    subprocess.run(
        [TERCEL, "record", "-q", "-w", trace, "--", "strace", "-f", "-e", "trace=openat,open,creat,openat2", "-o", log, "python3", "-c", program],
        check=True,
    )
    theirs = collections.Counter()
    for line in open(log, errors="replace"):
        call = re.search(r'open(?:at|at2)?\((?:AT_FDCWD, )?"([^"]*)".* = (-?\d+)', line)
        if call and int(call.group(2)) >= 0 and call.group(1).startswith("/"):
            theirs[os.path.normpath(call.group(1))] += 1
    ours = collections.Counter()
    for row in tercel("table", "files", trace, "proc.name=python3"):
        if row["opens"]:
            ours[row["path"]] += row["opens"]
    compare("strace", set(theirs.items()), set(ours.items()), lambda row: None, lambda row: None)


def clock(ns):
    """A moment as tercel reads it."""
    seconds = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc)
    return seconds.strftime("%Y-%m-%dT%H:%M:%S") + f".{ns % 10**9:09}Z"


def known(moment):
    """Processes at a moment: parent and name by pid."""
    return {row["pid"]: (row["ppid"], name_of(row["name"] or "")) for row in tercel("ps", "--at", clock(moment), TRACE)}


def meanwhile(before, after):
    """Why rows of ps, which reads /proc between two moments, differ from those of the first one. The recording says for each pid what
    happened to it in between; without that there is no reason."""
    first, last = known(before), known(after)
    lived = {row["pid"]: row for row in tercel("ps", "--from", clock(before), "--to", clock(after), TRACE)}

    ended = {row["pid"]: row["end"] for row in tercel("ps", TRACE) if row["end"]}

    def reason(row):
        pid, is_first = row[0], first.get(row[0]) == row[1:]
        if pid in last and pid not in first:
            return "began meanwhile"
        if pid in lived and pid not in first and pid not in last:
            return "began and ended meanwhile"
        if pid in waiting_for_parents and pid not in first:
            return "had ended, and waited for its parent" if ended.get(pid, "never") < clock(before) else None
        if pid in first and pid not in last:
            return "ended meanwhile" if pid in lived and lived[pid]["end"] else None
        if pid in first and pid in last and first[pid] != last[pid] and (is_first or last[pid] == row[1:]):
            return "executed, or got another parent meanwhile"
        return None

    return reason


def flat(address):
    return (address or "").removeprefix("::ffff:")


def connections(moment):
    """Connections at a moment, as ss prints them."""
    return {
        (row["protocol"], row["pid"], flat(row["local_address"]), str(row["local_port"]), flat(row["remote_address"]), str(row["remote_port"]))
        for row in tercel("net", "--at", clock(moment), TRACE) if row["local_address"] and row["remote_address"]
    }


def listeners(moment):
    """Sockets that wait at a moment."""
    return {(row["protocol"], row["pid"], str(row["port"])) for row in tercel("net", "-l", "--at", clock(moment), TRACE)}


def open_files(moment):
    """Open files and directories at a moment."""
    return {
        (row["pid"], row["fd"], row["path"].removesuffix(" (deleted)")) for row in tercel("fds", "--at", clock(moment), TRACE)
        if row["type"] in ("file", "directory") and (row["path"] or "").startswith("/")
    }


def namespaces(pid):
    """Of the network; None if the process is gone."""
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


def main():
    recorder = subprocess.Popen([TERCEL, "record", "-q", "-w", TRACE])
    while not os.path.exists(TRACE):
        time.sleep(0.05)
        assert recorder.poll() is None, "the recorder ended"
    before = scenario()
    at = time.time_ns()
    theirs = processes()
    asked = time.time_ns()
    connected, waiting, moved = sockets()
    files = descriptors(list(theirs))
    elsewhere = {pid for pid in theirs if namespaces(pid) not in (None, namespaces(os.getpid()))}
    done = time.time_ns()
    recorder.send_signal(signal.SIGINT)
    assert recorder.wait() == 0
    moment = clock(at)
    ours = known(at)
    changed = meanwhile(at, asked)
    compare(
        "ps", {(pid, *row) for pid, row in theirs.items()}, {(pid, *row) for pid, row in ours.items()}, changed, changed
    )
    now, later = connections(at), connections(done)
    compare(
        "ss connections", connected, now, lambda row: "opened meanwhile" if row in later else None,
        lambda row: "of another network namespace" if row[1] in elsewhere else "closed meanwhile" if row not in later else None,
    )
    # Of connections that were opened before the recording, only a part of the bytes is in it.
    net = tercel("net", "--to", moment, TRACE)
    counted = {
        (row["protocol"], row["pid"], flat(row["local_address"]), str(row["local_port"]), flat(row["remote_address"]), str(row["remote_port"]),
         row["sent"], row["received"])
        for row in net if row["pid"] == os.getpid() and row["protocol"] == "tcp" and row["remote_address"] and row["opened"]
    }
    compare("ss bytes", {row for row in moved if row[1] == os.getpid()}, counted, lambda row: None, lambda row: None)
    now, later = listeners(at), listeners(done)
    born = {row["pid"] for row in tercel("ps", TRACE) if row["start"]}
    compare(
        "ss listeners", waiting, now, lambda row: "bound meanwhile" if row in later else
        "bound before the recording: /proc says of datagram sockets no bound end" if row[0] == "udp" and row[1] not in born | {os.getpid()} else None,
        lambda row: "of another network namespace" if row[1] in elsewhere else "closed meanwhile" if row not in later else None,
    )
    now, later = open_files(at), open_files(done)
    mine = {os.getpid(), *(held.pid for held in before if isinstance(held, subprocess.Popen))}
    of_mine = lambda rows: {row for row in rows if row[0] in mine}
    compare(
        "lsof (own processes)", of_mine(files), of_mine(now), lambda row: "opened meanwhile" if row in later else None,
        lambda row: "closed meanwhile" if row not in later else None,
    )
    for held in before:
        if isinstance(held, subprocess.Popen):
            held.kill()
            held.wait()
    traced()
    shutil.rmtree(PLACE)
    sys.exit(1 if unexplained else 0)


main()
