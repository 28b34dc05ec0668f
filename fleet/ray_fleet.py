#!/usr/bin/env python3
"""Runs the shards of a plan on Ray: a task per shard, each the plain process `tercel fleet run`.

    fleet/ray_fleet.py --plan plan.json --out URL [--tercel PATH] [--workers N] [--kill 0.1]

Connects to the cluster of RAY_ADDRESS, or starts Ray on this machine. Every worker needs the program, the plan and the outputs' URL; what
a worker needs of the traces it reads itself. --kill is for tests: that share of the tasks ends its worker in the middle, once.
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


# A task whose worker is lost runs again elsewhere; a shard that fails runs again, too, as its outputs are the same bytes whoever
# writes them.
@ray.remote(num_cpus=1, max_retries=4, retry_exceptions=True)
def shard(tercel: str, plan: str, out: str, number: int, killed: str | None) -> int:
    if killed is not None and not os.path.exists(killed):
        Path(killed).touch()
        process = subprocess.Popen([tercel, "fleet", "run", "-q", "--plan", plan, "--shard", str(number), "--out", out])
        time.sleep(random.random() * 0.05)
        process.kill()
        os._exit(1)
    subprocess.run([tercel, "fleet", "run", "-q", "--plan", plan, "--shard", str(number), "--out", out], check=True)
    return number


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plan", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--tercel", default="tercel")
    parser.add_argument("--workers", type=int, help="CPUs of a Ray that is started here")
    parser.add_argument("--kill", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--marks", type=Path, default=Path("."), help=argparse.SUPPRESS)
    args = parser.parse_args()
    count = len(json.loads(Path(args.plan).read_text())["shards"])
    if args.workers:
        ray.init(address="local", num_cpus=args.workers, include_dashboard=False, logging_level="warning", log_to_driver=False)
    else:
        ray.init(logging_level="warning")
    chosen = set(random.sample(range(count), round(count * args.kill)))
    plan, started = os.path.abspath(args.plan), time.monotonic()
    mark = lambda number: str(args.marks / f"killed-{number}") if number in chosen else None
    waiting = [shard.remote(args.tercel, plan, args.out, number, mark(number)) for number in range(count)]
    done = failed = 0
    while waiting:
        ready, waiting = ray.wait(waiting, num_returns=min(len(waiting), 50))
        for task in ready:
            try:
                ray.get(task)
                done += 1
            except ray.exceptions.RayError as error:
                failed += 1
                print(f"a shard failed: {str(error).splitlines()[-1]}", file=sys.stderr)
        print(f"{done} of {count} shards done, {failed} failed, {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 4 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
