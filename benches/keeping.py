#!/usr/bin/env python3
"""Rotated recordings that end in every way: whether each event is in exactly one file, or told as lost.

A command makes calls that are numbered and says how many it has made. Recordings of it follow one another under the same name: they
rotate by time or by size, and are finished, killed, or lose their newest file (removed, moved, truncated, another one in its place), or their
disk, a tmpfs, becomes full. Then all files are read. Within a run calls may be missing only at its end, if it was killed, or as many as
the recorder told.

Usage: keeping.py [RUNS [SEED]]; TERCEL names the binary (else target/release/tercel). Needs root, BPF and a C compiler.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TERCEL = os.environ.get("TERCEL", str(ROOT / "target/release/tercel"))
ENDS = ["finished", "killed", "removed", "moved", "truncated", "replaced", "full"]
PATTERNS = ["t.scap", "day-%Y%m.scap"]
MARKS = r"""
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
/* marks COUNTER RUN SECONDS: numbered calls, and in COUNTER how many there were. */
int main(int argc, char **argv) {
    int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(long)) != 0) return 1;
    volatile long *count = mmap(0, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    time_t end = time(0) + atol(argv[3]);
    char path[64];
    while (time(0) < end) {
        for (int i = 0; i < 20; i++) {
            snprintf(path, sizeof path, "/mark/%s/%ld", argv[2], *count + 1);
            access(path, F_OK);
            ++*count;
        }
        usleep(1000);
    }
    return 0;
}
"""


def newest(place, run):
    """The file that is being written: the newest one of a recording. Those before it are complete, or are being completed."""
    stem = PATTERNS[run // len(ENDS) % len(PATTERNS)].split("-")[0].split(".")[0]
    return max(place.glob(f"{stem}*.scap"), key=lambda path: (len(path.name), path.name))


def fill(place):
    """Leaves no room on the disk."""
    with open(place / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def harm(end, run, place, recorder):
    """Does to a recording what it ends by."""
    if end == "killed":
        recorder.kill()
    elif end == "full":
        fill(place)
    elif end != "finished":
        path = newest(place, run)
        aside = place / f"aside-{run}"
        if end == "removed":
            path.unlink()
        elif end == "truncated":
            os.truncate(path, 0)
        else:
            path.rename(aside)
            if end == "replaced":
                path.write_bytes(b"another file")
    return time.monotonic()


def record(run, end, place, work):
    """A recording: what was done, how many calls were made, what the recorder told, its exit code, and how long it went on."""
    pattern = PATTERNS[run // len(ENDS) % len(PATTERNS)]
    rotation = ["-G", "0.25"] if run % 2 == 0 else ["-C", "24KiB"]
    counter = work / f"count-{run}"
    command = [str(work / "marks"), str(counter), str(run), "4"]
    recorder = subprocess.Popen(
        [TERCEL, "record", "--chunk", "16KiB", "-w", str(place / pattern), *rotation, "--", *command],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not counter.exists():
        time.sleep(0.01)
    time.sleep(random.uniform(1, 2))
    done = harm(end, run, place, recorder)
    told = recorder.stderr.read()
    code = recorder.wait()
    took = time.monotonic() - done
    (place / "filler").unlink(missing_ok=True)
    while subprocess.run(["pgrep", "-f", str(counter)], stdout=subprocess.DEVNULL).returncode == 0:
        time.sleep(0.05)  # of a recorder that was killed
    made = int.from_bytes(counter.read_bytes(), sys.byteorder)
    return {"end": end, "made": made, "told": told, "code": code, "took": took}


def marks(path):
    """The marks in a file, which may be damaged."""
    found = subprocess.run(
        [TERCEL, "events", "-q", "-p", "%evt.arg.name", str(path), "evt.type=access"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if found.returncode not in (0, 3, 4):
        sys.exit(f"{path}: {found.stderr}")
    for line in found.stdout.splitlines():
        if match := re.fullmatch(r"/mark/(\d+)/(\d+)", line):
            yield int(match[1]), int(match[2])


def check(runs, seen):
    """Prints how each run ended; whether all is right."""
    good = True
    for run, outcome in enumerate(runs):
        there = sorted(mark for of, mark in seen if of == run)
        last = there[-1] if there else 0
        gaps = last - len(there)
        told = re.search(r"lost: (\d+) events?", outcome["told"])
        lost = int(told[1]) if told else 0
        end, code = outcome["end"], outcome["code"]
        expected = {"finished": 0, "killed": -9}.get(end, 4)
        problems = []
        if code != expected:
            problems.append(f"exit code {code}: {outcome['told'].strip()}")
        if gaps > lost:
            problems.append(f"{gaps} calls missing in the middle, {lost} told")
        if end == "finished" and last != outcome["made"]:
            problems.append(f"{last} of {outcome['made']} calls")
        # A second until it is noticed, and what a busy machine takes to end the process.
        if expected == 4 and outcome["took"] > 10:
            problems.append(f"ended after {outcome['took']:.1f} s")
        good &= not problems
        print(f"{run:3} {end:10} made {outcome['made']:6} last recorded {last:6} missing before it {gaps:5} told as lost {lost:6}"
              f" ended after {outcome['took']:4.1f} s {'; '.join(problems)}")
    return good


def main():
    if os.environ.get("KEEPING_PLACE") is None:
        with tempfile.TemporaryDirectory() as work:
            environment = dict(os.environ, KEEPING_PLACE=work)
            sys.exit(subprocess.run(["unshare", "-m", sys.executable, *sys.argv], env=environment).returncode)
    work = Path(os.environ["KEEPING_PLACE"])
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 28
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    place = work / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "keeping", str(place)], check=True)
    (work / "marks.c").write_text(MARKS)
    subprocess.run(["cc", "-O1", "-o", str(work / "marks"), str(work / "marks.c")], check=True)
    runs = [record(run, ENDS[run % len(ENDS)], place, work) for run in range(count)]
    files = [path for path in sorted(place.iterdir()) if path.stat().st_size > 20]
    seen, twice = set(), 0
    for path in files:
        for mark in marks(path):
            twice += mark in seen
            seen.add(mark)
    good = check(runs, seen) and twice == 0
    print(f"{len(files)} files, {len(seen)} calls, {twice} of them twice")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
