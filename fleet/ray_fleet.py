#!/usr/bin/env python3
"""Runs the shards of a plan on Ray: tasks that each are the plain process `tercel fleet run`.

    fleet/ray_fleet.py --plan plan.json --out PLACE [--tercel PATH] [--workers N] [--batch SHARDS]

Connects to the cluster of RAY_ADDRESS; with --workers, starts Ray on this machine with so many CPUs. Every worker needs the program, the plan
and access to the captures and the outputs. A task runs --batch shards, one after the other. --kill is for tests: that share of the tasks
is lost with its worker in the middle, once.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import ray


# A task whose worker is lost runs again elsewhere; one that fails runs again, too: outputs are the same bytes whoever writes them.
@ray.remote(num_cpus=1, max_retries=4, retry_exceptions=True)
def run(command: list[str], first: int, last: int, killed: str | None) -> int:
    command = [*command, "--shard", f"{first}-{last}"]
    if killed is not None and not os.path.exists(killed):
        Path(killed).touch()
        process = subprocess.Popen(command)
        time.sleep(random.random())
        process.kill()
        os._exit(1)
    subprocess.run(command, check=True)
    return last - first + 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plan", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--tercel", default="tercel")
    parser.add_argument("--workers", type=int, help="start Ray here, with so many CPUs")
    parser.add_argument("--batch", type=int, default=1, help="shards of a task")
    parser.add_argument("--kill", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--marks", type=Path, default=Path("."), help=argparse.SUPPRESS)
    args = parser.parse_args()
    count = len(json.loads(Path(args.plan).read_text())["shards"])
    quiet = {"logging_level": "error", "log_to_driver": False}
    if args.workers:
        ray.init(address="local", num_cpus=args.workers, include_dashboard=False, **quiet)
    else:
        ray.init(**quiet)
    command = [args.tercel, "fleet", "run", "-q", "--plan", os.path.abspath(args.plan), "--out", args.out]
    batches = [(first, min(first + args.batch, count) - 1) for first in range(0, count, args.batch)]
    chosen = set(random.sample(range(len(batches)), round(len(batches) * args.kill)))
    marks = [str((args.marks / f"killed-{number}").absolute()) if number in chosen else None for number in range(len(batches))]
    started, done, failed = time.monotonic(), 0, 0
    waiting = [run.remote(command, first, last, mark) for (first, last), mark in zip(batches, marks)]
    while waiting:
        ready, waiting = ray.wait(waiting, timeout=10)
        for task in ready:
            try:
                done += ray.get(task)
            except ray.exceptions.RayError as error:
                failed += 1
                print(f"a task failed: {str(error).splitlines()[-1]}", file=sys.stderr)
        if not waiting or not ready or done % 100 < args.batch:
            print(f"{done} of {count} shards done, {failed} tasks failed, {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 4 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
