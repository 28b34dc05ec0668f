#!/usr/bin/env bash
# Builds the fuzz targets and runs them, each for some seconds: fuzz/run.sh [SECONDS [TARGET…]]
#
# cargo-fuzz works, too (nightly; fuzz_targets are in targets/). This needs neither it nor nightly: coverage is LLVM's, which
# stable has, and libFuzzer is built by libfuzzer-sys, which wants a C++ compiler. The shipped traces and rules, and
# seeds/, are where it starts. What a target breaks on is left in fuzz/artifacts. Exit code 3: there is no C++ compiler, or crates that
# only the targets need cannot be downloaded.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true
targets=${*:-capture trace columns keyframe upgrade yaml rules suite config filter output cgroups engine proc}
command -v c++ >/dev/null || { echo "libFuzzer needs a C++ compiler" >&2; exit 3; }
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags="$flags -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
# With a target, build scripts are built without the flags.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo fetch --target "$host" || exit 3
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target} RUSTFLAGS="$flags" cargo build --release --target "$host" --bins
binaries=${CARGO_TARGET_DIR:-target}/$host/release

# Copies files into the corpus of a target under names made of their paths.
into() {
    local target=$1 file name
    shift
    for file; do
        name=${file#../}
        cp "$file" "corpus/$target/${name//\//-}"
    done
}

seed() {
    mkdir -p "corpus/$1" "artifacts/$1"
    local captures=()
    case $1 in
        capture | trace)
            mapfile -t captures < <(find ../testdata -name '*.scap' -size -40k)
            into "$1" "${captures[@]}"
            ;;
        rules | yaml) into "$1" ../rules/*.yaml seeds/yaml/* ;;
        suite) into "$1" ../testdata/tests/*.yaml seeds/yaml/* ;;
        config) into "$1" ../docs/packaging/tercel.yaml seeds/yaml/* seeds/config/* ;;
        cgroups | engine | proc) into "$1" "seeds/$1"/* ;;
        filter) printf 'proc.name in (a, "b c") and not (fd.name glob /etc/* or evt.type=open)' > "corpus/$1/seed" ;;
        output) printf '%%evt.time %%20proc.name (%%proc.aname[2] %%toupper(fd.name) %%join(",", (user.uid)))' > "corpus/$1/seed" ;;
    esac
}

for target in $targets; do
    seed "$target"
    echo "== $target, $seconds s"
    status=0
    "$binaries/$target" "corpus/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
        -artifact_prefix="artifacts/$target/" -print_final_stats=1 >"artifacts/$target.log" 2>&1 || status=$?
    grep -E '^(stat::(number|peak)|==|SUMMARY|Test unit)|panicked|ERROR' "artifacts/$target.log" || true
    [ $status = 0 ] || { echo "$target ended with $status: see fuzz/artifacts/$target.log" >&2; exit 1; }
done
