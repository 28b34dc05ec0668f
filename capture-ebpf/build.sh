#!/bin/bash
# Builds capture/probe.bpf.o from capture-ebpf/. With --check nothing is replaced: the script fails (exit code 1) where the
# committed object is not what the source gives.
#
# Needs: rustc of the version below (plain stable), a C compiler for cargo, and crates.io. Core's source comes from the
# toolchain (rustup component rust-src) or from Debian's package of the same version, fetched through the mirror that this
# machine already uses. No LLVM package, no clang, no nightly. What is downloaded and built stays in target/bpf-tools.
# Exit code 3: core's source of the right version cannot be had; nothing was checked.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
want=1.95.0 linker=0.13.0
tools=${BPF_TOOLS:-$root/target/bpf-tools}
object=$root/capture/probe.bpf.o
mkdir -p "$tools"
[ "$(rustc --version | cut -d' ' -f2)" = $want ] || { echo "build.sh: needs rustc $want" >&2; exit 2; }
sysroot=$(rustc --print sysroot)

# Core's source, which -Z build-std compiles for the kernel's virtual machine.
fetch_core() {
    local apt=$tools/apt uri codename
    command -v apt-get >/dev/null || return 1
    mkdir -p "$apt"/{lists,cache/archives/partial,deb}
    codename=$(. /etc/os-release; echo "$VERSION_CODENAME")
    uri=$(apt-get indextargets --format "\$(REPO_URI)" "Codename: $codename" | head -n 1)
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri trixie-backports main" >"$apt/sources.list"
    local options=(-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists"
        -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -qq)
    apt-get "${options[@]}" update && (cd "$apt/deb" && apt-get "${options[@]}" download "rust-src=$want*") &&
        dpkg -x "$apt"/deb/rust-src_*.deb "$tools/rust-src"
}
core=$sysroot/lib/rustlib/src/rust/library
if [ ! -d "$core" ]; then
    core=$tools/rust-src/usr/src/rustc-$want/library
    if [ ! -d "$core" ] && ! fetch_core; then
        echo "build.sh: SKIPPED: the source of core $want is neither in the toolchain nor to be had from Debian" >&2
        exit 3
    fi
fi

# The linker, bound to the LLVM that rustc itself brings; it only looks whether an llvm-config exists.
if [ ! -x "$tools/bin/bpf-linker" ]; then
    llvm=$tools/llvm
    mkdir -p "$llvm"/{bin,lib}
    library=$(ls "$sysroot"/lib/libLLVM.so.*)
    ln -sf "$library" "$llvm/lib/"
    ln -sf "$library" "$llvm/lib/libLLVM.so"
    : >"$llvm/bin/llvm-config"
    chmod +x "$llvm/bin/llvm-config"
    LLVM_PREFIX=$llvm RUSTFLAGS="-C link-arg=-Wl,-rpath,$sysroot/lib" \
        cargo install --quiet --locked --root "$tools" --target-dir "$tools/linker-target" \
        --no-default-features --features llvm-22 bpf-linker@$linker
fi

# The object. Debug information is what BTF is made from; the prefixes keep this machine's paths out of it.
cd "$here"
flags=("--cfg=bpf_target_arch=\"x86_64\"" -Cdebuginfo=2 -Cpanic=abort -Clink-arg=--btf
    --remap-path-prefix="$root"=/tercel --remap-path-prefix="$core"=/rust --remap-path-prefix="${CARGO_HOME:-$HOME/.cargo}"=/cargo)
out=$tools/probe-target
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' "${flags[@]}" | sed 's/\x1f$//') \
    CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER=$tools/bin/bpf-linker \
    RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT=$core \
    cargo build --quiet --locked --release --target bpfel-unknown-none -Z build-std=core --target-dir "$out"

# DWARF goes (BTF stays): its strings are all that differs from one machine to another.
(cd "$here/strip" && cargo build --quiet --locked --release --target-dir "$tools/strip-target")
"$tools/strip-target/release/tercel-strip" "$out/bpfel-unknown-none/release/probe" "$out/probe.bpf.o"
if grep -aq '_R[A-Za-z0-9_]*4core' "$out/probe.bpf.o"; then
    echo "build.sh: a function has the name of one of core, which has a hash of where its source is: pass a closure instead" >&2
    exit 1
fi
if [ "${1:-}" = --check ]; then
    cmp "$out/probe.bpf.o" "$object" && echo "build.sh: capture/probe.bpf.o is what capture-ebpf/ gives"
else
    cp "$out/probe.bpf.o" "$object"
    sha256sum "$object"
fi
