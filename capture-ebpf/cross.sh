#!/bin/bash
# cargo for aarch64, static, with musl: cross.sh build|test ARGUMENTS… Needs gcc-aarch64-linux-gnu and the target of rustup.
# C code is compiled without calls into libraries that musl does not have.
set -euo pipefail
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=aarch64-linux-gnu-gcc
export CC_aarch64_unknown_linux_musl=aarch64-linux-gnu-gcc AR_aarch64_unknown_linux_musl=aarch64-linux-gnu-ar
export CFLAGS_aarch64_unknown_linux_musl="-mno-outline-atomics -U_FORTIFY_SOURCE"
exec cargo "$@" --target aarch64-unknown-linux-musl
