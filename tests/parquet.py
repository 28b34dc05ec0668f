#!/usr/bin/env python3
"""Compares the events of a Parquet file, as pyarrow and DuckDB read it, with the lines of 'tercel events --json'.

usage: tests/parquet.py TERCEL TRACE

Every row and every value has to be the same. Prints how many there are, and how many bytes of the file an event takes. Needs
pyarrow and duckdb (PyPI) and a tercel with the feature parquet.
"""

import json
import os
import subprocess
import sys
import tempfile

import duckdb
import pyarrow.parquet

TERCEL, TRACE = sys.argv[1:]


def same(found, expected):
    """Values of fields with several kinds of values are text in the file."""
    return found == expected or (isinstance(found, str) and found == json.dumps(expected))


def compare(name, rows, times, lines):
    values = 0
    for row, time, line in zip(rows, times, lines, strict=True):
        assert time == line["evt.rawtime"], (name, time, line)
        for field, found in row.items():
            assert same(found, line[field]), (name, field, found, line[field])
            values += 1
    print(f"{name}: {len(rows)} rows, {values} values equal")


with tempfile.TemporaryDirectory() as place:
    path = os.path.join(place, "events.parquet")
    subprocess.run([TERCEL, "export", "-q", TRACE, "-o", path], check=True)
    file = pyarrow.parquet.ParquetFile(path)
    fields = [field for field in file.schema_arrow.names if field != "time"]
    print(f"{len(fields) + 1} fields, {os.path.getsize(path) / max(file.metadata.num_rows, 1):.2f} bytes per event")
    shown = "*" + " ".join(f"%{field}" for field in [*fields, "evt.rawtime"])
    found = subprocess.run([TERCEL, "events", "-q", "--json", "-p", shown, TRACE], stdout=subprocess.PIPE, check=True)
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    table = file.read()
    times = table["time"].cast("int64").to_pylist()
    compare("pyarrow", table.drop_columns(["time"]).to_pylist(), times, lines)
    names = ", ".join(f'"{field}"' for field in fields)
    rows = duckdb.sql(f"select epoch_ns(time), {names} from read_parquet('{path}', file_row_number=true) order by file_row_number").fetchall()
    compare("DuckDB", [dict(zip(fields, row[1:])) for row in rows], [row[0] for row in rows], lines)
