#!/usr/bin/env python3
"""Makes traces of N synthetic hosts out of recordings: other host names, shifted times.

    fleet/bench.py --hosts 1000 --out DIRECTORY [--tercel PATH] [--store s3://bucket/prefix] TRACE...

Host number i gets recording i modulo their number, the name bench-00000i, and times that are i milliseconds, and one hour per round through
the recordings, later. Names of files sort as hosts do, so that a directory in alphabetical order is the order of a plan. With --store the
files are also put below that URL (boto3; the endpoint from AWS_ENDPOINT_URL).
"""

import argparse
import os
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MACHINE = 0x201
# Event blocks and whether 32 bits of flags come before the event (format/src/block/mod.rs).
EVENTS = {0x216: False, 0x217: True, 0x221: False, 0x222: True}
HOUR = 3_600_000_000_000


def scap(tercel: str, trace: str) -> bytes:
    """The trace as plain scap."""
    return subprocess.run([tercel, "convert", "-q", trace, "--to", "scap", "-w", "-"], check=True, stdout=subprocess.PIPE).stdout


def places(stream: bytes) -> tuple[list[int], list[int]]:
    """Offsets of host names and of the times of events."""
    names, times, at = [], [], 0
    while at + 8 <= len(stream):
        kind, length = struct.unpack_from("<II", stream, at)
        if kind == MACHINE:
            names.append(at + 8 + 20)
        elif kind in EVENTS:
            times.append(at + 8 + 2 + (4 if EVENTS[kind] else 0))
        at += length
    return names, times


def host(tercel: str, template: tuple[bytes, list[int], list[int]], name: str, shift: int, path: Path) -> None:
    """Writes the trace of one host."""
    stream, names, times = template
    changed = bytearray(stream)
    for at in names:
        changed[at : at + 128] = name.encode().ljust(128, b"\0")
    for at in times:
        (time,) = struct.unpack_from("<Q", changed, at)
        # Events without a time are not the host's.
        if time not in (0, 2**64 - 1):
            struct.pack_into("<Q", changed, at, time + shift)
    subprocess.run([tercel, "convert", "-q", "-", "-w", str(path)], input=changed, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("traces", nargs="+")
    parser.add_argument("--hosts", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tercel", default="tercel")
    parser.add_argument("--store")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    templates = []
    for trace in args.traces:
        stream = scap(args.tercel, trace)
        templates.append((stream, *places(stream)))

    def one(number: int) -> None:
        name = f"bench-{number:06d}"
        shift = number * 1_000_000 + number // len(templates) * HOUR
        host(args.tercel, templates[number % len(templates)], name, shift, args.out / f"{name}.scap")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, range(args.hosts)))
    if args.store:
        import boto3

        bucket, _, prefix = args.store.removeprefix("s3://").partition("/")
        client = boto3.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
        for path in sorted(args.out.glob("bench-*.scap")):
            client.upload_file(str(path), bucket, f"{prefix.rstrip('/')}/{path.name}")


if __name__ == "__main__":
    main()
